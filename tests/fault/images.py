# SPDX-License-Identifier: Apache-2.0
"""What the fault tests push over the OCI protocol: images with blobs of random bytes, sent in each
way that clients send them; with a tag that moves, or as a version that admission judges."""

import hashlib
import json
import random

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCTETS = {"Content-Type": "application/octet-stream"}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def number(value):
    """LEB128."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def module(data):
    """A valid module: one custom section with that content."""
    content = b"\x01x" + data
    return b"\0asm\1\0\0\0\0" + number(len(content)) + content


class Image:
    """As Package of pushing.py: push, defect, acknowledged."""

    def __init__(self, number_, sizes, seed, is_version=None):
        self.source = random.Random(seed)
        self.name = f"fault/i{number_}"
        self.is_version = self.source.random() < 0.3 if is_version is None else is_version
        self.tag = "1.0.0" if self.is_version else "latest"
        self.id = f"{self.name}:{self.tag}"
        layers = [self.source.randbytes(size) for size in sizes]
        if self.is_version:
            layers = [module(layer) for layer in layers]
        self.blobs = [json.dumps({"author": str(seed)}).encode(), *layers]
        self.acknowledged = False
        kind = "application/wasm" if self.is_version else "application/octet-stream"
        kinds = ["application/vnd.wasm.config.v0+json", *[kind] * len(layers)]
        config, *layers = [{"mediaType": kind, "digest": digest_of(blob), "size": len(blob)}
                           for kind, blob in zip(kinds, self.blobs)]
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                    "layers": layers}, indent=2).encode()

    def push_blob(self, server, blob):
        """None once it is acknowledged; else what was answered."""
        digest, uploads = digest_of(blob), f"/v2/{self.name}/blobs/uploads/"
        style = self.source.choice(("single", "put", "stream", "chunks"))
        if style == "single":
            status, body = server.request("POST", f"{uploads}?digest={digest}", blob, OCTETS)
            return None if status == 201 else (status, body)
        status, headers, body = server.exchange("POST", uploads, b"")
        if status != 202:
            return status, body
        session = headers["location"]
        size = {"put": 0, "stream": len(blob), "chunks": max(1, len(blob) // 3)}[style]
        at = 0
        while size > 0 and at < len(blob):
            chunk = blob[at:at + size]
            headers = dict(OCTETS)
            if style == "chunks":
                headers["Content-Range"] = f"{at}-{at + len(chunk) - 1}"
            status, body = server.request("PATCH", session, chunk, headers)
            if status != 202:
                return status, body
            at += len(chunk)
        status, body = server.request("PUT", f"{session}?digest={digest}", blob[at:], OCTETS)
        return None if status == 201 else (status, body)

    def push(self, server):
        """True once everything was acknowledged; else the first answer that was not."""
        for blob in self.blobs:
            refusal = self.push_blob(server, blob)
            if refusal:
                return refusal
        status, body = server.request("PUT", f"/v2/{self.name}/manifests/{self.tag}",
                                      self.manifest, {"Content-Type": MANIFEST})
        if status != 201:
            return status, body
        self.acknowledged = True
        return True

    def defect(self, server):
        """None when the server serves all of it; else what is wrong."""
        for reference in (self.tag, digest_of(self.manifest)):
            status, body = server.request("GET", f"/v2/{self.name}/manifests/{reference}")
            if status != 200 or body != self.manifest:
                return f"{self.id}: manifest {reference} is {status} {body[:200]!r}"
        for blob in self.blobs:
            status, body = server.request("GET", f"/v2/{self.name}/blobs/{digest_of(blob)}")
            if status != 200 or body != blob:
                return f"{self.id}: blob {digest_of(blob)} is {status}, {len(body)} bytes"
        return None
