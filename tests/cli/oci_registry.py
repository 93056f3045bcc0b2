#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An OCI registry for tests that keeps everything in memory, and misbehaves where it is told to.

    oci_registry.py FOLDER [CERTIFICATE KEY]

See misbehaving.py for what is in FOLDER. What it wants to know of its clients is in FOLDER/auth:
"open", "basic", or "bearer", whose tokens it gives out itself. The one user is jo, the password
sesame. Nobody may pull with a token, and jo push."""

import base64
import hashlib
import json
import re
import threading
import urllib.parse

import misbehaving
from misbehaving import setting

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INVOICE = "application/vnd.wpkg.invoice.v1+toml"
BASIC = "Basic " + base64.b64encode(b"jo:sesame").decode()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.blobs = {}  # (repository, digest) -> bytes
        self.manifests = {}  # (repository, digest) -> (type, bytes)
        self.tags = {}  # (repository, tag) -> digest
        self.tokens = {}  # token -> may push
        self.sessions = 0


STORE = Store()


class Handler(misbehaving.Handler):
    def who(self):
        given = self.headers.get("Authorization")
        return "anonymous" if given is None else given.split(" ")[0]

    def begin(self):
        super().begin()
        self.split = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(self.split.query))

    def refuse(self, status, code, message="", **headers):
        body = json.dumps({"errors": [{"code": code, "message": message}]})
        self.answer(status, body, "application/json", **headers)

    # Who asks.

    def allowed(self, push):
        """Is the request allowed? If not, it has been answered."""
        auth = setting("auth", "open")
        given = self.headers.get("Authorization")
        if auth == "open" or (auth == "basic" and given == BASIC):
            return True
        if auth == "bearer" and given and given.startswith("Bearer "):
            may_push = STORE.tokens.get(given[len("Bearer "):])
            if may_push or (may_push is not None and not push):
                return True
        if self.command in ("POST", "PUT"):
            self.body()
        challenge = 'Basic realm="test"'
        if auth == "bearer":
            realm = setting("realm", f"http://{self.headers['Host']}/token")
            challenge = f'Bearer realm="{realm}",service="test service"'
        self.refuse(401, "UNAUTHORIZED", "who are you", WWW_Authenticate=challenge)
        return False

    def give_token(self):
        given = self.headers.get("Authorization")
        if given not in (None, BASIC):
            return self.refuse(401, "UNAUTHORIZED", "wrong password")
        if self.query.get("service") != "test service":
            return self.refuse(400, "UNSUPPORTED", "no such service")
        with STORE.lock:
            token = f"token{len(STORE.tokens)}"
            STORE.tokens[token] = given == BASIC
        life = 1 if self.defect == "short-tokens" else 300
        return self.answer(200, json.dumps({"token": token, "expires_in": life}),
                           "application/json")

    # Requests.

    def parts(self, kind):
        match = re.fullmatch(rf"/v2/(.+)/{kind}/(.*)", self.split.path)
        return match.groups() if match else (None, None)

    def do_GET(self):
        self.begin()
        if self.split.path == "/token":
            return self.give_token()
        if not self.allowed(False):
            return None
        if self.defect == "busy" and self.first_failures(2):
            return self.refuse(503, "TOOMANYREQUESTS", "come back later")
        if self.defect == "page":
            return self.answer(200, "<html><title>Welcome</title></html>", "text/html")
        if self.split.path == "/v2/":
            return self.answer(200, "{}", "application/json")
        for kind, get in (("manifests", self.get_manifest), ("blobs", self.get_blob),
                          ("referrers", self.get_referrers)):
            name, reference = self.parts(kind)
            if name:
                return get(name, reference)
        return self.refuse(404, "UNSUPPORTED")

    do_HEAD = do_GET

    def get_manifest(self, name, reference):
        digest = STORE.tags.get((name, reference), reference)
        kind, data = STORE.manifests.get((name, digest), (None, None))
        if self.defect == "others-signed" and data is None:
            kind, data = next(m for (_, d), m in STORE.manifests.items() if d == digest)
        if data is None:
            return self.refuse(404, "MANIFEST_UNKNOWN", "no such manifest")
        is_package = b'"subject"' not in data and kind == MANIFEST
        if self.defect == "other-manifest" and is_package:
            data += b" "
        if self.defect == "lying-digest":
            digest = sha256(b"something else")
        if self.defect == "endless-manifest":
            return self.endless(kind)
        return self.answer(200, data, kind, Docker_Content_Digest=digest)

    def get_blob(self, name, digest):
        data = STORE.blobs.get((name, digest))
        if data is None:
            return self.refuse(404, "BLOB_UNKNOWN", "no such blob")
        is_invoice = data.startswith(b"bindleVersion")
        if self.defect == "redirect-blob":
            self.send_response(307)
            self.send_header("Location", setting("elsewhere", "") + self.path)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.defect == "swapped-invoice" and is_invoice:
            data = data.replace(b"1.0.0", b"9.9.9")
        if self.command == "HEAD" or is_invoice:
            return self.answer(200, data)
        if self.defect == "swapped-blob":
            data = max((d for (n, _), d in STORE.blobs.items() if d != data), key=len)
        if self.defect == "wrong-bytes":
            data = bytes([data[0] ^ 1]) + data[1:]
        if self.defect == "short-blob":
            data = data[:-1]
        if self.defect == "long-blob":
            data += b"x"
        if self.defect == "endless-blob":
            return self.endless()
        if self.defect == "lying-length":
            self.close_connection = True
            return self.answer(200, data[:-1], length=str(len(data)))
        return self.answer(200, data)

    def referrers_of(self, name, subject):
        found = []
        for (where, digest), (kind, data) in sorted(STORE.manifests.items()):
            manifest = json.loads(data)
            if where == name and manifest.get("subject", {}).get("digest") == subject:
                found.append({"mediaType": kind, "digest": digest, "size": len(data),
                              "artifactType": manifest.get("artifactType")})
        return found

    def forge(self, name, subject, layer):
        """A referrer with that subject and a layer that is not about it."""
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": INVOICE,
                    "config": layer, "layers": [layer],
                    "subject": {"mediaType": MANIFEST, "digest": subject, "size": 1}}
        data = json.dumps(manifest).encode()
        STORE.manifests[name, sha256(data)] = (MANIFEST, data)
        return {"mediaType": MANIFEST, "digest": sha256(data), "size": len(data),
                "artifactType": INVOICE}

    def get_referrers(self, name, subject):
        if self.defect in ("no-referrers", "old"):
            return self.refuse(404, "UNSUPPORTED")
        found = self.referrers_of(name, subject)
        headers = {}
        invoices = [d for (n, _), d in STORE.blobs.items() if d.startswith(b"bindleVersion")]
        if self.defect == "others-signed":
            found = [r for (n, d) in list(STORE.manifests) if d != subject
                     for r in self.referrers_of(n, d)]
        if self.defect in ("forged-signed", "forged-too"):
            data = next(d for d in invoices if b"test.example/other" in d)
            STORE.blobs[name, sha256(data)] = data
            layer = {"mediaType": INVOICE, "digest": sha256(data), "size": len(data)}
            forged = self.forge(name, subject, layer)
            found = [forged] + (found if self.defect == "forged-too" else [])
        if self.defect == "unsigned":
            found = []
        if self.defect == "endless-referrers":
            headers["Link"] = f'<{self.split.path}?more>; rel="next"'
        if self.defect == "referrers-elsewhere":
            headers["Link"] = '<http://registry.invalid/v2/x>; rel="next"'
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found})
        return self.answer(200, body, INDEX, **headers)

    def do_POST(self):
        self.begin()
        if not self.allowed(True):
            return None
        self.body()
        if self.defect == "busy":
            return self.refuse(429, "TOOMANYREQUESTS", "come back later", Retry_After="1")
        name, _ = self.parts("blobs/uploads")
        mount, source = self.query.get("mount"), self.query.get("from")
        if mount and (source, mount) in STORE.blobs and self.defect != "no-mount":
            STORE.blobs[name, mount] = STORE.blobs[source, mount]
            return self.answer(201, Location=f"/v2/{name}/blobs/{mount}")
        with STORE.lock:
            STORE.sessions += 1
            where = f"/v2/{name}/blobs/uploads/{STORE.sessions}?state=a%2Fb"
        if self.defect == "upload-elsewhere":
            where = setting("elsewhere", "") + where
        if self.defect == "location":
            where = "ftp://registry.invalid/"
        if self.defect == "no-location":
            return self.answer(202)
        return self.answer(202, Location=where)

    def do_DELETE(self):
        self.begin()
        return self.answer(204)

    def do_PUT(self):
        self.begin()
        if self.defect == "cut-upload" and "/uploads/" in self.path and self.first_failures(1):
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            return self.break_off()
        if setting("auth", "open") != "open" and not self.allowed(True):
            return None
        data = self.body()
        name, reference = self.parts("manifests")
        if name:
            return self.put_manifest(name, reference, data)
        name, _ = self.parts("blobs/uploads")
        digest = self.query.get("digest")
        if sha256(data) != digest:
            return self.refuse(400, "DIGEST_INVALID", "other bytes")
        STORE.blobs[name, digest] = data
        return self.answer(201, Location=f"/v2/{name}/blobs/{digest}")

    def put_manifest(self, name, reference, data):
        if self.defect == "refuse-manifest":
            return self.refuse(400, "MANIFEST_INVALID", "0x2f: \x1b[31mtype mismatch")
        manifest, digest = json.loads(data), sha256(data)
        for blob in [manifest.get("config")] + manifest.get("layers", []):
            if blob and (name, blob["digest"]) not in STORE.blobs:
                return self.refuse(400, "MANIFEST_BLOB_UNKNOWN", blob["digest"])
        STORE.manifests[name, digest] = (self.headers["Content-Type"], data)
        if not reference.startswith("sha256:"):
            STORE.tags[name, reference] = digest
        headers = {"Location": f"/v2/{name}/manifests/{digest}"}
        if "subject" in manifest and self.defect != "old":
            headers["OCI_Subject"] = manifest["subject"]["digest"]
        return self.answer(201, **headers)


misbehaving.serve(Handler)
