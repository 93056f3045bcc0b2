#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry for tests that speaks Bindle's protocol in memory, and wrongly where it is told to.

    registry.py FOLDER [CERTIFICATE KEY]

See misbehaving.py for what is in FOLDER. It believes everything that is pushed, signs nothing and
keeps nothing."""

import hashlib
import json
import os
import threading
import time
import tomllib

import misbehaving
from misbehaving import FOLDER, setting


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.invoices = {}  # id -> TOML text
        self.parcels = {}  # digest -> bytes
        self.uploads = 0  # under way now
        self.most_uploads = 0  # and at most so far


STORE = Store()


def quote(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if ord(c) >= 0x20 and ord(c) != 0x7F else f"\\u{ord(c):04x}"
                         for c in escaped) + '"'


def label_text(label):
    return (f'[[missing]]\nsha256 = {quote(label["sha256"])}\nmediaType = '
            f'{quote(label["mediaType"])}\nname = {quote(label["name"])}\nsize = {label["size"]}\n')


def nested(text):
    """An invoice's TOML as an entry of [[invoices]]: each header below it."""
    lines = []
    for line in text.splitlines():
        if line.startswith("[["):
            line = "[[invoices." + line[2:]
        elif line.startswith("["):
            line = "[invoices." + line[1:]
        lines.append(line)
    return "[[invoices]]\n" + "\n".join(lines) + "\n"


class Handler(misbehaving.Handler):
    kind = "application/toml"

    def who(self):
        part = " from " + self.headers["Range"] if self.headers.get("Range") else ""
        return super().who() + part

    # What a handler works with.

    def refuse(self, status, text):
        self.answer(status, f"error = {quote(text)}\n")

    def redirect(self, where):
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def silence(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x")
        self.wfile.flush()
        threading.Event().wait(60)

    def drip(self, data):
        """Everything, in ten pieces over more than a second."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        piece = len(data) // 10 + 1
        for start in range(0, len(data), piece):
            self.wfile.write(data[start:start + piece])
            self.wfile.flush()
            time.sleep(0.13)

    # Requests.

    def do_GET(self):
        self.begin()
        path, _, query = self.path.partition("?")
        if self.defect == "page":
            return self.answer(200, "<html><title>Welcome</title></html>", "text/html")
        if self.defect == "silence":
            return self.silence()
        if self.defect == "busy" and self.first_failures(2):
            return self.refuse(503, "come back later")
        if self.defect == "unauthorized":
            return self.refuse(401, "unauthorized")
        if self.defect == "escapes":
            return self.refuse(403, "gone \x1b[2J\x1b]0;owned\x07 \u202egnp.exe")
        if path.startswith("/api/v1/verdicts/") and self.defect.startswith("verdict"):
            return self.get_verdict()
        if path == "/api/v1/search" and self.defect.startswith("search"):
            return self.get_search(query)
        if path.startswith("/v1/_i/"):
            ident, at, digest = path[len("/v1/_i/"):].partition("@")
            return self.get_parcel(ident, digest) if at else self.get_invoice(ident)
        if path.startswith("/v1/_r/missing/"):
            return self.get_missing(path[len("/v1/_r/missing/"):])
        if path == "/v1/_q":
            return self.get_query(query)
        if path == "/v1/bindle-keys":
            return self.answer(200, 'version = "1.0"\n[[key]]\nlabel = "Test registry"\n'
                               'roles = ["host", "creator"]\n'
                               'key = "Kj7+lDVMOW/EkzWPR3pyjzPmwL7smHxrzSWaNjzI+0Y="\n')
        return self.refuse(404, "no such thing")

    def get_invoice(self, ident):
        text = STORE.invoices.get(ident)
        if text is None:
            return self.refuse(404, "no such invoice")
        if self.defect == "endless-invoice":
            return self.endless()
        if self.defect == "other-invoice":
            text = next(t for i, t in STORE.invoices.items() if i != ident)
        if self.defect == "changed-invoice":
            text = text.replace('name = "', 'name = "other-', 2).replace('"other-', '"', 1)
        if self.defect == "escaping-name":
            text = text.replace('name = "data.bin"', 'name = "../../escaped"')
        if self.defect == "redirect-home":
            return self.redirect(f"/v1/_i/{ident}")
        if self.defect == "redirect-file":
            return self.redirect("file:///etc/passwd")
        if self.defect == "redirect-away":
            with open(os.path.join(FOLDER, "elsewhere"), encoding="utf-8") as file:
                return self.redirect(file.read().strip() + f"/v1/_i/{ident}")
        if self.defect == "yanked":
            text = 'yanked = true\n' + text
        return self.answer(200, text)

    def get_parcel(self, ident, digest):
        data = STORE.parcels.get(digest)
        if data is None:
            return self.refuse(404, "no such parcel")
        if self.defect == "wrong-bytes":
            data = bytes([data[0] ^ 1]) + data[1:]
        if self.defect == "short-parcel":
            data = data[:-1]
        if self.defect == "long-parcel":
            data += b"x"
        if self.defect == "endless-parcel":
            return self.endless()
        if self.defect == "slow":
            return self.drip(data)
        if self.defect.startswith("range-"):
            return self.get_part(data)
        if self.defect == "cut" or (self.defect == "cut-once" and self.first_failures(1)):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return None
        return self.answer(200, data, "application/octet-stream")

    def get_part(self, data):
        """A registry that knows ranges, and breaks longer answers off after 100,000 bytes."""
        first = 0
        wanted = None if self.defect == "range-ignored" else self.headers.get("Range")
        if len(data) <= 100000:
            return self.answer(200, data, "application/octet-stream")
        if wanted:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
        rest = data[first:]
        told = 0 if self.defect == "range-lies" else first
        if wanted and self.defect == "range-wrong":
            rest = rest[::-1]
        if not wanted and self.defect != "range-cut" and not self.first_failures(1):
            return self.answer(200, data, "application/octet-stream")
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {told}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[:100000])
        self.close_connection = True
        return None

    def missing_of(self, ident):
        labels = [p["label"] for p in tomllib.loads(STORE.invoices[ident]).get("parcel", [])]
        return [label for label in labels if label["sha256"] not in STORE.parcels]

    def get_missing(self, ident):
        if ident not in STORE.invoices:
            return self.refuse(404, "no such invoice")
        missing = self.missing_of(ident)
        return self.answer(200, "".join(map(label_text, missing)) or "missing = []\n")

    def get_query(self, query):
        pairs = dict(part.split("=", 1) for part in query.split("&"))
        wanted = pairs["query"].replace("%2F", "/")
        offset, limit = int(pairs["offset"]), int(pairs["limit"])
        found = [text for ident, text in sorted(STORE.invoices.items())
                 if wanted in ident.rsplit("/", 1)[0]]
        page = found[offset:offset + limit]
        more = len(found) > offset + limit
        if self.defect == "more":
            page, more = found[:1] * limit, True
        if self.defect == "escaping-text":
            page = [text.replace("a package for", "\\u001b[31mred for") for text in page]
        head = (f'query = ""\nstrict = true\noffset = {offset}\nlimit = {limit}\n'
                f"total = {len(found)}\nmore = {str(more).lower()}\nyanked = false\n")
        return self.answer(200, head + ("".join(map(nested, page)) or "invoices = []\n"))

    def get_search(self, query):
        """The JSON API, which this registry has only to misuse it."""
        limit = int(dict(part.split("=", 1) for part in query.split("&"))["limit"])
        one = {"name": "test.example/good", "latest_version": "1.0.0", "description": "a package",
               "yanked": False, "size": 12}
        wrong = {"search-escapes": {"description": "\x1b[31mred \u202egnp"},
                 "search-name": {"name": "../../etc/passwd"},
                 "search-version": {"latest_version": "1.0.0 && reboot"},
                 "search-number": {"name": 7},
                 "search-null": {"description": None}}.get(self.defect, {})
        answer = {"packages": [{**one, **wrong}]}
        if self.defect == "search-endless":
            answer["next"] = "0"
        if self.defect == "search-nothing":
            answer = {"packages": [], "next": "7"}
        if self.defect == "search-many":
            answer["packages"] *= limit + 1
        if self.defect == "search-object":
            answer["packages"] = {}
        if self.defect == "search-refusal":
            body = json.dumps({"title": "x", "detail": "no such \x1b[2Jqualifier", "status": 400})
            return self.answer(400, body, "application/problem+json")
        body = json.dumps(answer)
        if self.defect == "search-cut":
            body = body[:-9]
        if self.defect == "search-deep":
            body = "[" * 100000
        if self.defect == "search-large":
            body = " " * 9000000 + body
        return self.answer(200, body, "application/json")

    def get_verdict(self):
        """Where a version is on its way: this registry tells only nonsense about it."""
        if self.defect == "verdict-endless":
            return self.endless()
        escapes = "\x1b[31mred \u202egnp"
        texts = {
            "verdict-page": "<html>",
            "verdict-list": "[]",
            "verdict-number": json.dumps({"state": 7}),
            "verdict-state": json.dumps({"state": escapes}),
            "verdict-silent": json.dumps({"state": "rejected"}),
            "verdict-strange": json.dumps({"state": "rejected", "verdict": {
                "reason": {"a": 1}, "stages": {"a": {"problems": {"b": 7}}}}}),
            "verdict-escapes": json.dumps({"state": "rejected", "verdict": {
                "reason": escapes, "stages": [7, {"name": escapes, "problems": [escapes * 2, 7]}]}}),
            "verdict-published": json.dumps({"state": "published"}),
        }
        if self.defect not in texts:
            return self.refuse(404, "no such resource")
        return self.answer(200, texts[self.defect], "application/json")

    def do_POST(self):
        self.begin()
        path = self.path
        if self.defect == "busy" and self.first_failures(2):
            self.body()
            return self.refuse(503, "come back later")
        if path in ("/v1/_i", "/v1/_i/"):
            return self.post_invoice(self.body().decode())
        ident, _, digest = path[len("/v1/_i/"):].partition("@")
        if self.defect == "cut-upload" and self.first_failures(1):
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            # So that it is known what the cut leaves to be sent.
            self.await_more(lambda: len(self.missing_of(ident)) == 1)
            return self.break_off()
        if self.defect == "slow-upload":
            self.count_slowly()
        if self.defect == "hold-upload" and not self.first_failures(5):
            self.await_more(lambda: setting("defect", "none") != "hold-upload")
            return self.break_off()
        data = self.body()
        if self.defect == "refuse-parcel":
            return self.refuse(400, "parcel data.bin: 0x2f: \x1b[31mtype mismatch")
        if hashlib.sha256(data).hexdigest() != digest:
            return self.refuse(400, "digest mismatch")
        with STORE.lock:
            if digest in STORE.parcels:
                return self.refuse(409, "exists")
            STORE.parcels[digest] = data
        if self.defect == "lost-answer" and self.first_failures(1):
            return self.break_off()
        return self.answer(200, 'message = "parcel created"\n')

    @staticmethod
    def await_more(has_come):
        """Until that is so; a test that waits in vain fails by what it looks at next."""
        deadline = time.monotonic() + 20
        while not has_come() and time.monotonic() < deadline:
            time.sleep(0.01)

    def count_slowly(self):
        """Takes its time, until three do so at once, and writes down how many there were."""
        with STORE.lock:
            STORE.uploads += 1
            STORE.most_uploads = max(STORE.most_uploads, STORE.uploads)
            with open(os.path.join(FOLDER, "most-uploads"), "w", encoding="utf-8") as file:
                file.write(str(STORE.most_uploads))
        self.await_more(lambda: STORE.most_uploads >= 3)
        time.sleep(0.05)  # for one too many
        with STORE.lock:
            STORE.uploads -= 1

    def post_invoice(self, text):
        bindle = tomllib.loads(text)["bindle"]
        ident = f'{bindle["name"]}/{bindle["version"]}'
        with STORE.lock:
            if ident in STORE.invoices:
                return self.refuse(409, "exists")
            STORE.invoices[ident] = text
        missing = self.missing_of(ident)
        if self.defect == "ask-unknown":
            missing = [{"sha256": "0" * 64, "mediaType": "a/b", "name": "secret", "size": 1}]
        if self.defect.startswith("verdict"):
            return self.answer(202, 'message = "later"\n', Preference_Applied="respond-async")
        body = "".join(map(label_text, missing)) + "[invoice]\n"
        return self.answer(202 if missing else 201, body)

    def do_DELETE(self):
        self.begin()
        return self.answer(200, 'message = "invoice yanked"\n')


misbehaving.serve(Handler)
