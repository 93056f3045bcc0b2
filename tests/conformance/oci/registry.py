# SPDX-License-Identifier: Apache-2.0
"""A registry as a client of the distribution specification sees it."""

import base64
import hashlib
import http.client
import json
import re
import ssl
from urllib.parse import urlencode, urljoin, urlsplit

ERROR_CODES = {
    "BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID",
    "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED", "DENIED", "UNSUPPORTED", "TOOMANYREQUESTS",
}

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCTETS = "application/octet-stream"
ACCEPT = f"{MANIFEST}, {INDEX}, */*"  # some registries hide what is not asked for


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return self.headers.get(name.lower())

    @property
    def location(self):
        return self.header("location")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def has_error_code(self):
        """Is the body what the specification says of errors?"""
        document = self.json()
        errors = document.get("errors") if isinstance(document, dict) else None
        return bool(errors) and all(e.get("code") in ERROR_CODES for e in errors)

    def __str__(self):
        return f"{self.status} {self.body[:160]!r}"


class Registry:
    """One connection a request, as the strictest clients do. Credentials go along when a request is
    refused without them: as Basic, or for a token of the realm that the refusal names."""

    def __init__(self, url, user=None, password=None):
        self.url = url.rstrip("/")
        self.basic = None
        if user is not None:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.basic = f"Basic {pair}"
        self.tokens = {}

    def send(self, method, url, headers, body):
        parts = urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.netloc, timeout=120, context=context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=120)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {}, repr(error).encode())
        finally:
            connection.close()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data)

    def token(self, challenge):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        key = (fields.get("realm"), fields.get("scope"))
        if key not in self.tokens:
            query = {k: fields[k] for k in ("service", "scope") if k in fields}
            headers = {"Authorization": self.basic} if self.basic else {}
            url = fields.get("realm", "") + ("?" + urlencode(query) if query else "")
            answer = self.send("GET", url, headers, None)
            document = answer.json() or {}
            self.tokens[key] = document.get("token") or document.get("access_token")
        return self.tokens[key]

    def request(self, method, path, headers=None, body=None):
        url = urljoin(self.url + "/", path) if "://" not in path else path
        headers = dict(headers or {})
        headers.setdefault("Accept", ACCEPT)
        if body is None and method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = "0"
        answer = self.send(method, url, headers, body)
        if answer.status != 401:
            return answer
        challenge = answer.header("www-authenticate") or ""
        if challenge.startswith("Bearer "):
            token = self.token(challenge)
            if token is None:
                return answer
            headers["Authorization"] = f"Bearer {token}"
        elif self.basic:
            headers["Authorization"] = self.basic
        else:
            return answer
        return self.send(method, url, headers, body)

    def get(self, path, **headers):
        return self.request("GET", path, {k.replace("_", "-"): v for k, v in headers.items()})

    def head(self, path):
        return self.request("HEAD", path)

    def delete(self, path):
        return self.request("DELETE", path)


class Repository:
    def __init__(self, registry, name):
        self.registry, self.name, self.base = registry, name, f"/v2/{name}"

    def blob(self, digest):
        return f"{self.base}/blobs/{digest}"

    def manifest(self, reference):
        return f"{self.base}/manifests/{reference}"

    def start(self, query=""):
        return self.registry.request("POST", f"{self.base}/blobs/uploads/{query}")

    @staticmethod
    def with_query(location, **query):
        return location + ("&" if "?" in location else "?") + urlencode(query)

    def put(self, location, digest, body=None, **headers):
        fields = {"Content-Type": OCTETS, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.registry.request("PUT", self.with_query(location, digest=digest), fields, body)

    def patch(self, location, body, content_range=None):
        headers = {"Content-Type": OCTETS}
        if content_range:
            headers["Content-Range"] = content_range
        return self.registry.request("PATCH", location, headers, body)

    def push_blob(self, data, algorithm="sha256"):
        """POST and PUT; the answer to the last."""
        started = self.start()
        if not started.location:
            return started
        return self.put(started.location, digest_of(data, algorithm), data)

    def push_manifest(self, reference, data, media_type=MANIFEST):
        return self.registry.request("PUT", self.manifest(reference),
                                     {"Content-Type": media_type}, data)


class Results:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.names = []

    def check(self, name, passed, detail=""):
        if passed:
            self.passed += 1
        else:
            self.failed += 1
            self.names.append(name)
            print(f"FAILED: {name}: {detail}")
        return passed

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip: {name}: {reason}")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 0 if self.failed == 0 and self.passed > 0 else 1
