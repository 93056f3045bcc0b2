# SPDX-License-Identifier: Apache-2.0
"""What the registries of these tests share: an HTTP server that a test tells what to do wrong.

Called with FOLDER [CERTIFICATE KEY]. Writes its port to FOLDER/port, a line for each request to
FOLDER/requests, and reads before each answer the name of the defect that it shall have from
FOLDER/defect (absent or "none": it behaves)."""

import http.server
import os
import ssl
import sys
import threading

FOLDER = sys.argv[1]
CHUNK = b"x" * 65536


def setting(name, default):
    """What the test has written to the file of that name."""
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            return file.read().strip() or default
    except FileNotFoundError:
        return default


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms
    kind = "application/octet-stream"  # of an answer that says nothing else
    lock = threading.Lock()
    spoilt = ["none", 0]  # the last defect, and the answers that it has spoilt so far

    def log_message(self, *args):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def who(self):
        """What is written down of whoever asks."""
        return "authorized" if self.headers.get("Authorization") else "anonymous"

    def begin(self):
        self.defect = setting("defect", "none")
        with self.lock:
            if self.spoilt[0] != self.defect:
                self.spoilt[:] = self.defect, 0
        with open(os.path.join(FOLDER, "requests"), "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {self.who()}\n")

    def first_failures(self, count):
        """Is this one of the first answers that the defect spoils?"""
        with self.lock:
            self.spoilt[1] += 1
            return self.spoilt[1] <= count

    def answer(self, status, body=b"", kind=None, **headers):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind or self.kind)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self, kind=None):
        self.send_response(200)
        self.send_header("Content-Type", kind or self.kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))

    def break_off(self):
        """In the middle of an answer, so that the client cannot think that none was begun."""
        self.wfile.write(b"HTTP/1.1 2")
        self.close_connection = True

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    port = os.path.join(FOLDER, "port")
    with open(port + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_port))
    os.rename(port + ".new", port)
    server.serve_forever()
