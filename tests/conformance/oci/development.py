# SPDX-License-Identifier: Apache-2.0
"""What the suite of the specification's development branch asks: every primitive, on every kind of
content, with SHA-256 and SHA-512."""

import json
import os
import random

from registry import CONFIG, EMPTY, INDEX, LAYER, MANIFEST, Repository, digest_of

GONE = (202, 404)


def describe(content, media_type, algorithm="sha256", **more):
    return {"mediaType": media_type, "digest": digest_of(content, algorithm),
            "size": len(content), **more}


def encode(document):
    return json.dumps(document, indent="  ").encode()


class Content:
    """A set of blobs and manifests that belong together, in the order of pushing."""

    def __init__(self, name, algorithm="sha256"):
        self.name, self.algorithm = name, algorithm
        self.blobs, self.manifests, self.tags = [], [], {}

    def blob(self, data):
        self.blobs.append(data)
        return data

    def describe(self, content, media_type, **more):
        return describe(content, media_type, self.algorithm, **more)

    def image(self, seed, layers=1, tag=None, **more):
        """An image manifest of its own blobs."""
        config = self.blob(encode({"architecture": "wasm", "os": "wasip1", "author": seed}))
        parts = [self.blob(f"layer {i} of {seed}".encode() * 40) for i in range(layers)]
        data = encode({"schemaVersion": 2, "mediaType": MANIFEST,
                       "config": self.describe(config, CONFIG),
                       "layers": [self.describe(p, LAYER) for p in parts], **more})
        return self.manifest(data, MANIFEST, tag)

    def artifact(self, kind, seed, layers=1, tag=None, **more):
        self.blob(b"{}")
        parts = [self.blob(f"part {i} of {seed}".encode()) for i in range(layers)]
        data = encode({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind,
                       "config": self.describe(b"{}", EMPTY),
                       "layers": [self.describe(p, "application/octet-stream") for p in parts]
                       or [self.describe(b"{}", EMPTY)], **more})
        return self.manifest(data, MANIFEST, tag)

    def index(self, members, tag=None, **more):
        data = encode({"schemaVersion": 2, "mediaType": INDEX,
                       "manifests": [self.describe(m, kind) for m, kind in members], **more})
        return self.manifest(data, INDEX, tag)

    def manifest(self, data, kind, tag=None):
        self.manifests.append((data, kind))
        if tag:
            self.tags[tag] = data
        return data


def contents(seed):
    """Each kind of content that the suite pushes."""
    def new(name, algorithm="sha256"):
        content = Content(name, algorithm)
        made.append(content)
        return content

    made = []
    new("image").image(f"{seed} image", 2, "image")
    c = new("image of many tags")
    data = c.image(f"{seed} tags")
    c.tags.update({f"tag-{i}": data for i in ("a", "B", "b", "Z", "9", "_")})
    notes = {f"note-{i:03}": "x" * 10000 for i in range(390)}
    new("large manifest").image(f"{seed} large", tag="large", annotations=notes)
    c = new("index")
    members = [(c.image(f"{seed} member {i}"), MANIFEST) for i in range(2)]
    c.index(members, "index")
    c = new("nested index")
    inner = c.index([(c.image(f"{seed} inner"), MANIFEST)])
    c.index([(inner, INDEX)], "nested")
    new("empty index").index([], "empty-index", annotations={"seed": seed})
    new("artifact").artifact("application/vnd.example.a", f"{seed} artifact", tag="artifact")
    c = new("artifact index")
    member = c.artifact("application/vnd.example.a", f"{seed} in index")
    c.index([(member, MANIFEST)], "artifact-index", artifactType="application/vnd.example.index")
    new("artifact without layers").artifact("application/vnd.example.none", seed, 0, "no-layers",
                                            annotations={"seed": seed})
    c = new("referrers")
    subject = c.image(f"{seed} subject", tag="subject")
    to = c.describe(subject, MANIFEST)
    c.artifact("application/vnd.example.sbom", f"{seed} sbom", subject=to,
               annotations={"kind": "sbom"})
    c.artifact("application/vnd.example.signature", f"{seed} signature", subject=to,
               annotations={"kind": "signature"})
    c.image(f"{seed} untyped", subject=to)
    c = new("index with subject")
    subject = c.image(f"{seed} indexed subject", tag="indexed-subject")
    c.index([], subject=c.describe(subject, MANIFEST), artifactType="application/vnd.example.i")
    c = new("missing subject")
    absent = encode({"schemaVersion": 2, "mediaType": MANIFEST, "absent": seed})
    c.artifact("application/vnd.example.lonely", f"{seed} lonely", tag="lonely",
               subject=c.describe(absent, MANIFEST))
    c = new("data field")
    config = c.blob(b"{}")
    c.manifest(encode({"schemaVersion": 2, "mediaType": MANIFEST,
                       "artifactType": "application/vnd.example.data",
                       "config": c.describe(config, EMPTY, data="e30="),
                       "layers": [c.describe(config, EMPTY, data="e30=")],
                       "annotations": {"seed": seed}}), MANIFEST, "data")
    c = new("layers that are elsewhere")
    config = c.blob(encode({"author": f"{seed} elsewhere"}))
    foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    away = [describe(f"{seed} away {i}".encode(), foreign, urls=["https://example.com/layer"])
            for i in range(2)]
    c.manifest(encode({"schemaVersion": 2, "mediaType": MANIFEST,
                       "config": c.describe(config, CONFIG), "layers": away}), MANIFEST, "away")
    new("unknown members").image(f"{seed} unknown", tag="unknown", org_example_extra={"a": [1]})
    c = new("no layers")
    config = c.blob(encode({"author": f"{seed} bare"}))
    c.manifest(encode({"schemaVersion": 2, "mediaType": MANIFEST,
                       "config": c.describe(config, CONFIG), "layers": []}), MANIFEST, "bare")
    c = new("sha512", "sha512")
    c.image(f"{seed} sha512", 2)
    return made


class Development:
    def __init__(self, registry, results, name, cross, version):
        self.registry, self.results, self.version = registry, results, version
        self.repository = Repository(registry, name)
        self.cross = Repository(registry, cross)
        self.is_dev = version == "dev"
        self.random = random.Random(os.getpid())

    def check(self, name, passed, detail=""):
        return self.results.check(name, passed, detail)

    def status(self, name, answer, *wanted):
        return self.check(name, answer.status in wanted, f"{answer}, not {wanted}")

    def run(self):
        self.status("B1 ping", self.registry.get("/v2/"), 200)
        answer = self.registry.get(f"{self.repository.base}/tags/list")
        self.status("B2 tags of no repository", answer, 200, 404)
        if self.version != "1.0":
            answer = self.registry.get(f"{self.repository.base}/referrers/{digest_of(b'none')}")
            self.check("B2 referrers in no repository", answer.status == 200 and
                       (answer.json() or {}).get("manifests") == [], str(answer))
        for algorithm in ("sha256",) if self.version == "1.0" else ("sha256", "sha512"):
            self.uploads(algorithm)
        self.ranges()
        for data in (b"", b"{}"):
            self.whole(f"B5 {len(data)} bytes", data, "sha256")
        self.bad_digests()
        for content in contents(f"{os.getpid()}"):
            if content.algorithm == "sha512" and self.version == "1.0":
                continue
            self.content(content)
        if self.is_dev:
            self.tag_parameters("sha256")
            self.tag_parameters("sha512")
        self.bad_image()
        self.unknown()

    def bytes(self, size=6000):
        return self.random.randbytes(size)

    def digest_header(self, name, answer, digest):
        header = answer.header("docker-content-digest")
        needed = self.is_dev
        self.check(f"{name}: digest header", header == digest or (header is None and not needed),
                   str(header))

    def present(self, name, repository, data, algorithm):
        """HEAD and GET of a blob, its DELETE, and that it is gone at once."""
        digest = digest_of(data, algorithm)
        answer = self.registry.head(repository.blob(digest))
        self.check(f"{name}: HEAD", answer.status == 200 and not answer.body and
                   answer.header("content-length") == str(len(data)), str(answer))
        self.digest_header(f"{name}: HEAD", answer, digest)
        answer = self.registry.get(repository.blob(digest))
        self.check(f"{name}: GET", answer.status == 200 and answer.body == data, str(answer))
        self.digest_header(f"{name}: GET", answer, digest)

    def removed(self, name, repository, data, algorithm):
        digest = digest_of(data, algorithm)
        self.status(f"{name}: DELETE", self.registry.delete(repository.blob(digest)), *GONE)
        self.status(f"{name}: HEAD behind it", self.registry.head(repository.blob(digest)), 404)

    def stored(self, name, answer, data, algorithm, repository=None):
        """The end of an upload: 201, and what Location names is what was sent."""
        repository = repository or self.repository
        self.status(f"{name}: 201", answer, 201)
        if self.check(f"{name}: Location", bool(answer.location)):
            served = self.registry.get(answer.location)
            self.check(f"{name}: Location serves it", served.body == data, str(served))
        self.present(name, repository, data, algorithm)
        self.removed(name, repository, data, algorithm)

    def whole(self, name, data, algorithm):
        self.stored(name, self.repository.push_blob(data, algorithm), data, algorithm)

    def chunks(self, name, data, algorithm, last_in_put, out_of_order):
        r = self.repository
        query = f"?digest-algorithm={algorithm}" if self.is_dev else ""
        started = r.start(query)
        self.status(f"{name}: POST", started, 202)
        location = started.location or ""
        size = max(1024, -(-len(data) // 3), int(started.header("oci-chunk-min-length") or 0))
        pieces = [(at, data[at:at + size]) for at in range(0, len(data), size)]
        for i, (at, piece) in enumerate(pieces):
            span = f"{at}-{at + len(piece) - 1}"
            if out_of_order:
                wrong_at = pieces[i + 1][0] if i + 1 < len(pieces) else 0
                wrong = data[wrong_at:wrong_at + size]
                wrong_span = f"{wrong_at}-{wrong_at + len(wrong) - 1}"
                self.status(f"{name}: wrong chunk", r.patch(location, wrong, wrong_span), 416)
                answer = r.put(location, digest_of(data, algorithm), wrong,
                               Content_Range=wrong_span)
                self.status(f"{name}: wrong chunk in PUT", answer, 416)
                session = self.registry.get(location)
                self.status(f"{name}: session", session, 204)
                if at > 0:
                    self.check(f"{name}: session's Range",
                               session.header("range") == f"0-{at - 1}",
                               str(session.header("range")))
            if last_in_put and i == len(pieces) - 1:
                answer = r.put(location, digest_of(data, algorithm), piece, Content_Range=span)
                self.stored(name, answer, data, algorithm)
                return
            answer = r.patch(location, piece, span)
            self.status(f"{name}: PATCH", answer, 202)
            location = answer.location or location
        self.stored(name, r.put(location, digest_of(data, algorithm)), data, algorithm)

    def uploads(self, algorithm):
        r, registry = self.repository, self.registry
        name = f"B3 {algorithm}"
        absent = digest_of(self.bytes(), algorithm)
        self.status(f"{name} GET of a missing blob", registry.get(r.blob(absent)), 404)
        data = self.bytes()
        query = f"?digest={digest_of(data, algorithm)}"
        answer = registry.request("POST", f"{r.base}/blobs/uploads/{query}",
                                  {"Content-Type": "application/octet-stream"}, data)
        if answer.status == 202:
            self.results.skip(f"{name} single POST: answered 202")
        else:
            self.stored(f"{name} single POST", answer, data, algorithm)
        self.whole(f"{name} POST and PUT", self.bytes(), algorithm)
        data = self.bytes()
        started = r.start()
        patched = r.patch(started.location or "", data)
        self.status(f"{name} stream", patched, 202)
        answer = r.put(patched.location or "", digest_of(data, algorithm))
        self.stored(f"{name} stream", answer, data, algorithm)
        for last_in_put in (False, True):
            for out_of_order in (False, True):
                kind = f"{name} chunks{' last in PUT' if last_in_put else ''}" \
                       f"{' out of order' if out_of_order else ''}"
                self.chunks(kind, self.bytes(), algorithm, last_in_put, out_of_order)
        self.mounts(name, algorithm)
        started = r.start()
        if self.is_dev:
            self.status(f"{name} cancel", registry.delete(started.location or ""), 204)
            self.status(f"{name} cancelled", registry.get(started.location or ""), 404)

    def mounts(self, name, algorithm):
        data = self.bytes()
        digest = digest_of(data, algorithm)
        self.status(f"{name} mount: set-up", self.repository.push_blob(data, algorithm), 201)
        answer = self.cross.start(f"?mount={digest}&from={self.repository.name}")
        if self.status(f"{name} mount", answer, 201):
            self.present(f"{name} mount", self.cross, data, algorithm)
            self.removed(f"{name} mount", self.cross, data, algorithm)
        answer = self.cross.start(f"?mount={digest}")
        if answer.status == 202:
            self.results.skip(f"{name} mount without from: answered 202")
        else:
            self.status(f"{name} mount without from", answer, 201)
            self.removed(f"{name} mount without from", self.cross, data, algorithm)
        absent = digest_of(self.bytes(), algorithm)
        answer = self.cross.start(f"?mount={absent}&from={self.repository.name}")
        self.check(f"{name} mount of what is not there", answer.status == 202, str(answer))
        self.removed(f"{name} mount: clean-up", self.repository, data, algorithm)

    def ranges(self):
        data = self.bytes(2048)
        digest = digest_of(data)
        path = self.repository.blob(digest)
        self.status("B4 set-up", self.repository.push_blob(data), 201)
        for span, first, last in (("500-1499", 500, 1499), ("500-", 500, 2047),
                                  ("-500", 1548, 2047), ("2000-5000", 2000, 2047)):
            answer = self.registry.get(path, Range=f"bytes={span}")
            if answer.status == 200:
                self.results.skip(f"B4 range {span}: served whole")
                continue
            wanted = data[first:last + 1]
            self.check(f"B4 range {span}", answer.status == 206 and answer.body == wanted and
                       answer.header("content-length") == str(len(wanted)) and
                       answer.header("content-range") in (f"bytes {first}-{last}/2048",
                                                          f"bytes {first}-{last}/*"),
                       f"{answer} {answer.header('content-range')}")
        for span in ("500-0", "5000-10000"):
            answer = self.registry.get(path, Range=f"bytes={span}")
            self.check(f"B4 range {span}", answer.status == 416 or
                       (answer.status == 200 and answer.body == data), str(answer))
        self.removed("B4", self.repository, data, "sha256")

    def bad_digests(self):
        """Longer content than the digest names: in each way to send it, refused."""
        r = self.repository
        data = self.bytes()
        digest, more = digest_of(data), data + b"more"
        answer = self.registry.request(
            "POST", f"{r.base}/blobs/uploads/?digest={digest}",
            {"Content-Type": "application/octet-stream"}, more)
        if answer.status == 202:
            answer = r.put(answer.location or "", digest, more)
        self.status("B6 single POST", answer, 400)
        self.status("B6 POST and PUT", r.put(r.start().location or "", digest, more), 400)
        started = r.start()
        patched = r.patch(started.location or "", more)
        self.status("B6 stream", r.put(patched.location or "", digest), 400)
        started = r.start()
        patched = r.patch(started.location or "", more, f"0-{len(more) - 1}")
        self.status("B6 chunk", r.put(patched.location or "", digest), 400)
        started = r.start()
        patched = r.patch(started.location or "", more[:3000], "0-2999")
        answer = r.put(patched.location or "", digest, more[3000:],
                       Content_Range=f"3000-{len(more) - 1}")
        self.status("B6 chunk in PUT", answer, 400)
        self.status("B6 nothing is there", self.registry.head(r.blob(digest)), 404)

    def served(self, name, reference, data, kind, digest):
        for method in ("HEAD", "GET"):
            answer = self.registry.request(method, self.repository.manifest(reference))
            self.check(f"{name}: {method}", answer.status == 200 and
                       answer.header("content-type") == kind and
                       answer.header("content-length") == str(len(data)) and
                       (method == "HEAD" or answer.body == data), str(answer))
            self.digest_header(f"{name}: {method}", answer, digest)

    def pushed(self, name, reference, data, kind, digest):
        answer = self.repository.push_manifest(reference, data, kind)
        self.status(f"{name}: PUT", answer, 201)
        self.digest_header(f"{name}: PUT", answer, digest)
        subject = json.loads(data).get("subject")
        if subject and self.version != "1.0":
            self.check(f"{name}: OCI-Subject",
                       answer.header("oci-subject") == subject["digest"],
                       str(answer.header("oci-subject")))
        if self.check(f"{name}: Location", bool(answer.location)):
            served = self.registry.get(answer.location)
            self.check(f"{name}: Location serves it", served.body == data and
                       served.header("content-type") == kind, str(served))

    def content(self, content):
        r, registry, name = self.repository, self.registry, f"B7 {content.name}"
        for data in dict.fromkeys(content.blobs):
            self.status(f"{name}: blob", r.push_blob(data, content.algorithm), 201)
        for data, kind in content.manifests:
            digest = digest_of(data, content.algorithm)
            self.pushed(f"{name} by digest", digest, data, kind, digest)
        kinds = dict(content.manifests)
        for tag, data in content.tags.items():
            self.pushed(f"{name} by tag", tag, data, kinds[data], digest_of(data))
        self.listed(name, content)
        for data, kind in content.manifests:
            digest = digest_of(data, content.algorithm)
            self.served(f"{name} by digest", digest, data, kind, digest)
        for tag, data in content.tags.items():
            self.served(f"{name} by tag", tag, data, kinds[data], digest_of(data))
        if self.version != "1.0":
            self.referred(name, content)
        for tag in content.tags:
            self.status(f"{name}: DELETE of a tag", registry.delete(r.manifest(tag)), *GONE)
            self.status(f"{name}: the tag is gone", registry.head(r.manifest(tag)), 404)
        for data, _ in reversed(content.manifests):
            path = r.manifest(digest_of(data, content.algorithm))
            self.status(f"{name}: DELETE", registry.delete(path), *GONE)
            self.status(f"{name}: it is gone", registry.head(path), 404)
        for data in dict.fromkeys(content.blobs):
            self.removed(f"{name}: blob", r, data, content.algorithm)

    def listed(self, name, content):
        if not content.tags:
            return
        path = f"{self.repository.base}/tags/list"
        tags = (self.registry.get(path).json() or {}).get("tags") or []
        self.check(f"{name}: tags", set(content.tags) <= set(tags), str(tags))
        ordered = sorted(tags, key=str.encode) or [""]
        middle = ordered[len(ordered) // 2]
        answer = self.registry.get(f"{path}?last={middle}")
        behind = (answer.json() or {}).get("tags") or []
        self.check(f"{name}: tags behind {middle}",
                   behind == [t for t in ordered if t.encode() > middle.encode()], str(behind))

    def referred(self, name, content):
        wanted = {}
        for data, kind in content.manifests:
            document = json.loads(data)
            if "subject" in document:
                entry = content.describe(data, kind)
                entry["artifactType"] = document.get("artifactType") or (
                    document["config"]["mediaType"] if "config" in document else None)
                entry["annotations"] = document.get("annotations") or {}
                wanted.setdefault(document["subject"]["digest"], []).append(entry)
        for subject, entries in wanted.items():
            path = f"{self.repository.base}/referrers/{subject}"
            answer = self.registry.get(path)
            listed = {m["digest"]: m for m in (answer.json() or {}).get("manifests") or []}
            for entry in entries:
                got = listed.get(entry["digest"], {})
                same = all(got.get(k) == entry[k] for k in ("mediaType", "size", "artifactType"))
                notes = got.get("annotations") or {}
                self.check(f"B8 {content.name}: referrer", same and
                           entry["annotations"].items() <= notes.items(), f"{got} {entry}")
            kind = entries[0]["artifactType"]
            answer = self.registry.get(f"{path}?artifactType={kind}")
            listed = (answer.json() or {}).get("manifests") or []
            self.check(f"B8 {content.name}: filter",
                       answer.header("oci-filters-applied") == "artifactType" and listed and
                       all(m.get("artifactType") == kind for m in listed), str(answer))

    def tag_parameters(self, algorithm):
        content = Content("tag parameters", algorithm)
        data = content.image(f"{os.getpid()} {algorithm} parameters")
        r, name = self.repository, f"B7 tag parameters {algorithm}"
        for blob in content.blobs:
            self.status(f"{name}: blob", r.push_blob(blob, algorithm), 201)
        digest = digest_of(data, algorithm)
        tags = [f"parameter-{i}" for i in range(10)]
        query = "&".join(f"tag={t}" for t in tags)
        answer = r.push_manifest(f"{digest}?{query}", data)
        self.status(f"{name}: PUT", answer, 201)
        named = [t.strip() for t in (answer.header("oci-tag") or "").split(",")]
        self.check(f"{name}: OCI-Tag", named == tags, str(named))
        for tag in tags:
            self.served(f"{name} {tag}", tag, data, MANIFEST, digest)
            self.status(f"{name}: DELETE", self.registry.delete(r.manifest(tag)), *GONE)
        self.status(f"{name}: DELETE", self.registry.delete(r.manifest(digest)), *GONE)
        for blob in content.blobs:
            self.removed(name, r, blob, algorithm)

    def bad_image(self):
        content = Content("bad digest")
        data = content.image(f"{os.getpid()} bad")
        for blob in content.blobs:
            self.status("B7 bad digest: blob", self.repository.push_blob(blob), 201)
        digest = digest_of(data)
        answer = self.repository.push_manifest(digest, data + b"  ")
        self.status("B7 bad digest: PUT", answer, 400)
        self.status("B7 bad digest: nothing is there",
                    self.registry.head(self.repository.manifest(digest)), 404)

    def unknown(self):
        r, registry = self.repository, self.registry
        absent = digest_of(self.bytes())
        self.status("B9 unknown digest", registry.get(r.manifest(absent)), 404)
        self.status("B9 unknown tag", registry.get(r.manifest("nothing")), 404)
        answer = r.push_manifest("sha256:baddigeststring", b"{}")
        self.status("B10 PUT of a bad digest", answer, 400)
        self.status("B10 GET of a bad digest",
                    registry.get(r.manifest("sha256:baddigeststring")), 400, 404)
        self.check("B10 the refusal has a code", answer.has_error_code(), str(answer))
