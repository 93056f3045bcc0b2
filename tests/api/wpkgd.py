# SPDX-License-Identifier: Apache-2.0
"""What the API tests in Python share: a real server in a folder of its own, requests that are sent
as they are written, and the closing line that tests/run adds up."""

import base64
import hashlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(ROOT, "tests"))
from results import Results

OUT = os.environ.get("OUT", os.path.join(ROOT, "build", "release"))
VECTORS = os.environ.get("WPKG_VECTORS", os.path.join(os.path.dirname(ROOT), "shared", "vectors"))


class Answer:
    """Status, headers (names in lower case) and body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Server:
    """wpkgd over a data folder. As a context it is started, stopped and its folder removed."""

    def __init__(self, *options, data=None, address="127.0.0.1", environment=None):
        self.folder = tempfile.mkdtemp(prefix="wpkg-api-")
        self.data = data or os.path.join(self.folder, "data")
        self.options = list(options)
        self.address = address
        self.environment = environment or {}
        self.process = None
        self.port = None

    def path(self, name, text=None, mode=0o600):
        """A path in the server's folder, written when a text is given."""
        path = os.path.join(self.folder, name)
        if text is not None:
            data = text if isinstance(text, bytes) else text.encode()
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
                file.write(data)
        return path

    def start(self):
        port_file = self.path("port")
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(OUT, "wpkgd"), "--data", self.data, "--listen",
                 f"{self.address}:0", "--port-file", port_file, *self.options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment})
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            if os.path.exists(port_file) and os.path.getsize(port_file) > 0:
                with open(port_file) as file:
                    self.port = int(file.read())
                os.unlink(port_file)
                return self
            time.sleep(0.005)
        raise RuntimeError("wpkgd did not start: " + self.log())

    def log(self):
        with open(self.path("log"), "rb") as file:
            return file.read().decode("utf-8", "replace")

    def wait_for_log(self, text, count=1, seconds=10):
        """True once the log holds the text so many times."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.log().count(text) >= count:
                return True
            time.sleep(0.01)
        return False

    def reload(self):
        """Sends SIGHUP and waits for the outcome; the line of the log that tells it."""
        before = self.log().count("event=reload")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log("event=reload", before + 1)
        lines = [line for line in self.log().splitlines() if "event=reload" in line]
        return lines[-1] if len(lines) > before else ""

    def stop(self):
        """Ends it as an operator would; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process:
            code = self.stop()
            if code != 0:
                print(f"wpkgd ended with {code}: {self.log()[-3000:]}")
                raise RuntimeError(f"wpkgd ended with {code}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def connection(self, timeout=30):
        return http.client.HTTPConnection(self.address.strip("[]"), self.port, timeout=timeout)

    def request(self, method, target, body=None, headers=None, chunked=False, connection=None):
        """One exchange; what is sent is exactly what is given, and a Host."""
        connection, mine = (connection, False) if connection else (self.connection(), True)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
                connection.endheaders()
                for at in range(0, len(body or b""), 16384):
                    piece = body[at:at + 16384]
                    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
                connection.send(b"0\r\n\r\n")
            else:
                if body is not None and not any(n.lower() == "content-length"
                                                for n in headers or {}):
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status,
                          {name.lower(): value for name, value in response.getheaders()},
                          response.read())
        finally:
            if mine:
                connection.close()

    def raw(self, data, seconds=10, half_close=False):
        """What comes back for these bytes until the server closes or the time is up."""
        with socket.create_connection((self.address.strip("[]"), self.port), seconds) as sock:
            try:
                sock.sendall(data)
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return receive(sock, seconds)


def receive(sock, seconds):
    """(bytes until the end, whether the other side closed)."""
    received = b""
    deadline = time.monotonic() + seconds
    while True:
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            return received, False
        except OSError:
            return received, True
        if not piece:
            return received, True
        received += piece


def make_certificate(server, name, kind="ec"):
    """Paths of a self-signed certificate and its key."""
    cert, key = server.path(name + ".pem"), server.path(name + ".key")
    kinds = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"],
             "ed25519": ["ed25519"]}
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-newkey",
                    *kinds[kind], "-keyout", key, "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def invoice(name, version, parcels=(), extra=""):
    """An unsigned invoice in TOML; parcels are (file name, bytes[, media type])."""
    lines = ['bindleVersion = "1.0.0"', extra, "[bindle]", f'name = "{name}"',
             f'version = "{version}"']
    for file_name, data, *media_type in parcels:
        media_type = media_type[0] if media_type else "application/octet-stream"
        lines += ["[[parcel]]", "[parcel.label]", f'sha256 = "{sha256(data)}"',
                  f'mediaType = "{media_type}"', f'name = "{file_name}"', f"size = {len(data)}"]
    return ("\n".join(lines) + "\n").encode()


def push(server, name, version, parcels=(), headers=None, extra=""):
    """The statuses of creating a version and of sending its parcels."""
    headers = headers or {}
    answer = server.request("POST", "/v1/_i", invoice(name, version, parcels, extra),
                            {"Content-Type": "application/toml", **headers})
    statuses = [answer.status]
    if answer.status == 202:
        for _, data, *_ in parcels:
            statuses.append(server.request("POST", f"/v1/_i/{name}/{version}@{sha256(data)}", data,
                                           headers).status)
    return statuses
