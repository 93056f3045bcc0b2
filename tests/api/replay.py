"""Replays the recordings of the original Bindle server against a running wpkgd.

    replay.py RECORDINGS SERVER-NAME URL

Each exchange must have the recorded status, media type and body (parsed; signatures and times of the
host are its own), or stand in DEVIATIONS with what wpkgd answers instead and why.
"""
import json
import sys
import tomllib
from http.client import HTTPConnection
from urllib.parse import urlsplit

# Reasons, each for one or more exchanges: status, and the body is then not compared.
DEVIATIONS = {}


def deviate(reason, answers):
    for number, status in answers.items():
        DEVIATIONS[number] = (status, reason)


deviate("a route is a path, not the beginning of one", {2: 404})
deviate("an unknown path says so in its body",
        {3: 404, 4: 404, 5: 404, 6: 404, 28: 404, 29: 404, 30: 404, 219: 404})
deviate("a wrong method is 405, with Allow",
        {21: 405, 22: 405, 178: 405, 179: 405, 181: 405, 182: 405, 183: 405, 185: 405, 186: 405})
deviate("HEAD has the status that GET would have", {25: 404, 53: 404, 168: 403})
deviate("ranges are served", {63: 206})
deviate("paths are percent-decoded", {71: 200, 105: 200, 191: 200})
deviate("what would be a trap later is refused on create: a key's second signature, empty and "
        "hostile names, an unknown bindleVersion, undeclared groups",
        {82: 400, 91: 400, 92: 400, 101: 400, 106: 400, 108: 400, 110: 400, 112: 400})
deviate("and so it is not there later", {111: 404, 113: 404})
deviate("origin beside annotations can be stored", {98: 202, 99: 409})
deviate("queries are sorted by precedence, highest first",
        {n: 200 for n in (122, 123, 126, 129, 130, 131, 132, 133, 134, 135, 137, 140, 144, 145,
                          146, 148)})
deviate("a limit of 0 is no limit at any offset", {149: 200})
deviate("strict=false searches name and description by terms, and says so", {151: 200})
deviate("yanked=true asks for what was yanked, too, and is echoed; without it, it is not listed",
        {152: 200, 170: 200, 171: 200, 172: 200})
deviate("HEAD is as public as GET", {201: 200})
deviate("without a login it is 401, as a login would help", {202: 401, 203: 401, 214: 401})
deviate("the path and the method are looked at first", {204: 405, 218: 404})
deviate("a version that lacks parcels is its pusher's alone, and cannot be yanked",
        {213: 404, 220: 409})
deviate("a failed upload leaves nothing behind: the right one succeeds",
        {196: 200, 197: 200, 199: 200})


def load(path, server):
    with open(path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [r for r in records if r["server"] == server]


def send(netloc, request):
    connection = HTTPConnection(netloc, timeout=30)
    body = request["body"]
    data = body.encode() if body is not None else None
    connection.putrequest(request["method"], request["path"], skip_accept_encoding=True)
    for name, value in request["headers"].items():
        connection.putheader(name, value)
    if request["chunked"]:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        if data:
            connection.send(b"%x\r\n%s\r\n" % (len(data), data))
        connection.send(b"0\r\n\r\n")
    else:
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
    response = connection.getresponse()
    text = response.read().decode()
    kind = (response.getheader("Content-Type") or "").split(";")[0]
    connection.close()
    return response.status, kind, text


def parse(kind, text):
    if not text:
        return None
    if kind == "application/toml":
        return tomllib.loads(text)
    if kind == "application/json":
        return json.loads(text)
    return text


def clean(value):
    """Without nulls, what the host signed, versions of programs, and the words of errors."""
    if isinstance(value, list):
        return [clean(v) for v in value if not (isinstance(v, dict) and v.get("role") == "host")]
    if isinstance(value, dict):
        out = {k: clean(v) for k, v in value.items() if v is not None}
        for key in ("error", "version") if "status" in out or "error" in out else ():
            if key in out:
                out[key] = "..."
        if set(out) <= {"version", "key"} and "key" in out:
            out["key"] = sorted(k["label"] for k in value["key"])
        if out.get("signature") == []:
            del out["signature"]
        if "invoices" in out:
            out["invoices"] = [i["bindle"] for i in out["invoices"]]
        return out
    return value


def compare(record, got):
    want = record["response"]
    headers = {k.lower(): v for k, v in want["headers"].items()}
    kind = headers.get("content-type", "").split(";")[0]
    if got[0] != want["status"]:
        return f"status {got[0]}, not {want['status']}"
    if kind and got[1] != kind:
        return f"media type {got[1]}, not {kind}"
    if record["request"]["method"] == "HEAD":
        return None
    ours, theirs = clean(parse(got[1], got[2])), clean(parse(kind, want["body"]))
    if ours != theirs:
        return f"body {ours}, not {theirs}"
    return None


def main():
    path, server, url = sys.argv[1:]
    netloc = urlsplit(url).netloc
    passed = failed = 0
    for record in load(path, server):
        number = record["seq"]
        got = send(netloc, record["request"])
        line = f"{number} {record['request']['method']} {record['request']['path']}"
        if number in DEVIATIONS:
            status, reason = DEVIATIONS[number]
            problem = None if got[0] == status else f"status {got[0]}, not {status} ({reason})"
            if problem is None and compare(record, got) is None:
                problem = "the deviation is none any more"
        else:
            problem = compare(record, got)
        passed += problem is None
        failed += problem is not None
        if problem:
            print(f"FAILED: {line}: {problem}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(failed > 0)


main()
