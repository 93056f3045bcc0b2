# SPDX-License-Identifier: Apache-2.0
"""What the fault tests share: a real server process, packages to push over Bindle's protocol, and
the bookkeeping of what the server acknowledged."""

import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(ROOT, "tests"))
from results import Results, seed

OUT = os.environ.get("OUT", os.path.join(ROOT, "build", "release"))


class Server:
    """wpkgd over a data folder; may be killed and started again on the same folder."""

    def __init__(self, data, *options):
        self.data = data
        self.options = options
        self.environment = {}
        self.process = None
        self.port = None

    def start(self):
        port_file = tempfile.mktemp(prefix="wpkg-port-")
        self.log = open(self.data + ".log", "ab")
        self.process = subprocess.Popen(
            [os.path.join(OUT, "wpkgd"), "--data", self.data, "--listen", "127.0.0.1:0",
             "--port-file", port_file, "--unauthenticated", "--unsigned", "allow",
             *self.options], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with open(port_file) as file:
                    text = file.read().strip()
                if text:
                    self.port = int(text)
                    os.unlink(port_file)
                    return self
            except FileNotFoundError:
                pass
            time.sleep(0.005)
        raise RuntimeError("wpkgd did not start; its log is " + self.tail())

    def tail(self):
        with open(self.data + ".log", "rb") as file:
            return file.read()[-2000:].decode("utf-8", "replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.log.close()
        return code

    def request(self, method, path, body=None, headers=None, timeout=20):
        """(status, body), or (None, reason) when the connection broke."""
        status, _, body = self.exchange(method, path, body, headers, timeout)
        return status, body

    def exchange(self, method, path, body=None, headers=None, timeout=20):
        """The same with headers, names in lower case, between."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, headers, response.read()
        except (OSError, http.client.HTTPException) as broken:
            return None, {}, str(broken)
        finally:
            connection.close()


class Package:
    """A version with some parcels of random bytes, and what the server said of it so far."""

    def __init__(self, number, sizes, seed):
        source = random.Random(seed)
        self.id = f"fault/p{number}/1.0.0"
        self.parcels = [source.randbytes(size) for size in sizes]
        self.digests = [hashlib.sha256(parcel).hexdigest() for parcel in self.parcels]
        self.acknowledged = False
        name, version = self.id.rsplit("/", 1)
        lines = ['bindleVersion = "1.0.0"', "", "[bindle]", f'name = "{name}"',
                 f'version = "{version}"']
        for i, (parcel, digest) in enumerate(zip(self.parcels, self.digests)):
            lines += ["", "[[parcel]]", "[parcel.label]", f'sha256 = "{digest}"',
                      'mediaType = "application/octet-stream"', f'name = "part-{i}.bin"',
                      f"size = {len(parcel)}"]
        self.invoice = ("\n".join(lines) + "\n").encode()

    def push(self, server):
        """Sends what the server lacks. True once everything was acknowledged; else the status
        and text of the first answer that was not."""
        status, body = server.request("POST", "/v1/_i", self.invoice,
                                      {"Content-Type": "application/toml"})
        if status not in (201, 202, 409):
            return status, body
        for parcel, digest in zip(self.parcels, self.digests):
            status, body = server.request("POST", f"/v1/_i/{self.id}@{digest}", parcel)
            if status not in (200, 409):
                return status, body
        self.acknowledged = True
        return True

    def defect(self, server):
        """None when the server serves the whole package; else what is wrong."""
        status, body = server.request("GET", f"/v1/_i/{self.id}")
        if status != 200:
            return f"{self.id}: invoice is {status} {body!r}"
        for parcel, digest in zip(self.parcels, self.digests):
            status, body = server.request("GET", f"/v1/_i/{self.id}@{digest}")
            if status != 200 or body != parcel:
                return f"{self.id}: parcel {digest} is {status}, {len(body)} bytes"
        return None


def fsck(data):
    """(exit code, output) of the server's own check of a folder."""
    done = subprocess.run([os.path.join(OUT, "wpkgd"), "fsck", "--data", data],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    return done.returncode, done.stdout.decode("utf-8", "replace")
