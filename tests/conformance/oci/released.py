# SPDX-License-Identifier: Apache-2.0
"""What a registry must do by the released specification (1.1): the four workflows."""

import json
import os
from urllib.parse import urlsplit

from registry import CONFIG, EMPTY, INDEX, LAYER, MANIFEST, Repository, digest_of

LAYER_DATA = bytes.fromhex("1f8b0800000000000003") + bytes(range(158))
WRONG_NAME = ".INVALID_MANIFEST_NAME"
ANNOTATION = "org.opencontainers.conformance.test"


def descriptor(data, media_type, **more):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


def make_config(seed):
    return json.dumps({"architecture": "amd64", "os": "linux", "author": seed,
                       "rootfs": {"type": "layers", "diff_ids": []}}, indent="\t").encode()


def make_manifest(config, layers, **more):
    document = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": descriptor(config, CONFIG, newUnspecifiedField="kept"),
                "layers": layers, **more}
    return json.dumps(document, indent="\t").encode()


def path_of(location):
    return urlsplit(location or "").path


def good(answer):
    return 200 <= answer.status < 300


def deleted(answer, *more):
    return good(answer) or answer.status in (404, 405, *more)


class Released:
    def __init__(self, registry, results, name, cross, automatic_mount):
        self.registry, self.results = registry, results
        self.repository = Repository(registry, name)
        self.cross = Repository(registry, cross)
        self.automatic_mount = automatic_mount

    def check(self, name, passed, detail=""):
        return self.results.check(name, passed, detail)

    def status(self, name, answer, *wanted):
        return self.check(name, answer.status in wanted, f"{answer}, not {wanted}")

    def digest_header(self, name, answer, digest):
        header = answer.header("docker-content-digest")
        self.check(f"{name}: digest header, if sent", header in (None, digest), str(header))

    def run(self):
        self.pull()
        self.push()
        self.discover()
        self.manage()

    def clean(self, name, manifests, blobs):
        for digest in manifests:
            self.check(f"{name}: manifest deleted",
                       deleted(self.registry.delete(self.repository.manifest(digest))))
        for digest in blobs:
            self.check(f"{name}: blob deleted",
                       deleted(self.registry.delete(self.repository.blob(digest))))

    def pull(self):
        r, registry = self.repository, self.registry
        configs = [make_config(f"pull {i} {os.getpid()}") for i in range(2)]
        manifests = [make_manifest(c, [descriptor(LAYER_DATA, LAYER)]) for c in configs]
        digests = [digest_of(m) for m in manifests]
        for data in (*configs, LAYER_DATA):
            self.check("pull: set-up blob", good(r.push_blob(data)))
        self.check("pull: set-up tag", good(r.push_manifest("tagtest0", manifests[0])))
        self.check("pull: set-up digest", good(r.push_manifest(digests[1], manifests[1])))
        missing = digest_of(b"hello world")
        self.status("P1 HEAD of a missing blob", registry.head(r.blob(missing)), 404)
        answer = registry.head(r.blob(digest_of(configs[0])))
        self.status("P2 HEAD of a blob", answer, 200)
        self.digest_header("P2", answer, digest_of(configs[0]))
        self.status("P3 GET of a missing blob", registry.get(r.blob(missing)), 404)
        answer = registry.get(r.blob(digest_of(configs[0])))
        self.check("P4 GET of a blob", answer.status == 200 and answer.body == configs[0],
                   str(answer))
        self.status("P5 HEAD of a wrong name", registry.head(r.manifest(WRONG_NAME)), 404)
        for name, reference, digest in (("P6", digests[0], digests[0]),
                                        ("P7", digests[1], digests[1]),
                                        ("P8", "tagtest0", digests[0])):
            answer = registry.head(r.manifest(reference))
            self.status(f"{name} HEAD of a manifest", answer, 200)
            self.digest_header(name, answer, digest)
        self.status("P9 GET of a wrong name", registry.get(r.manifest(WRONG_NAME)), 404)
        for name, reference, data in (("P10", digests[0], manifests[0]),
                                      ("P11", digests[1], manifests[1]),
                                      ("P12", "tagtest0", manifests[0])):
            answer = registry.get(r.manifest(reference))
            self.check(f"{name} GET of a manifest",
                       answer.status == 200 and answer.body == data, str(answer))
        answer = registry.request("GET", r.manifest("sha256:totallywrong"), body=b"blablabla")
        self.check("P13 GET of a wrong digest, with a body",
                   answer.status == 404 or (answer.status == 400 and answer.has_error_code()),
                   str(answer))
        self.clean("P14", digests, [digest_of(c) for c in configs] + [digest_of(LAYER_DATA)])

    def push(self):
        self.push_whole()
        self.push_chunks()
        self.push_mounts()
        self.push_manifests()

    def push_whole(self):
        r, registry = self.repository, self.registry
        data = b"a blob that comes in a stream, once and " + os.urandom(2)
        started = r.start()
        answer = r.patch(started.location or "", data)
        self.status("U1 PATCH of a stream", answer, 202)
        answer = r.put(answer.location or started.location or "", digest_of(data))
        self.status("U2 PUT without a body", answer, 201)
        self.check("U2 Location", bool(answer.location))
        self.status("U3 GET of a missing blob", registry.get(r.blob(digest_of(b"nothing"))), 404)
        config = make_config(f"push {os.getpid()}")
        single = r.registry.request("POST", f"{r.base}/blobs/uploads/?digest={digest_of(config)}",
                                    {"Content-Type": "application/octet-stream"}, config)
        self.status("U4 POST of a whole blob", single, 201, 202)
        self.check("U4 Location", bool(single.location))
        self.status("U5 GET of it", registry.get(r.blob(digest_of(config))),
                    200 if single.status == 201 else 404)
        for name, data in (("U6-8", config), ("U9-10", LAYER_DATA)):
            started = r.start()
            self.status(f"{name} POST", started, 202)
            answer = r.put(started.location or "", digest_of(data), data)
            self.status(f"{name} PUT", answer, 201)
            self.check(f"{name} Location", bool(answer.location))
            self.status(f"{name} GET", registry.get(r.blob(digest_of(data))), 200)

    def push_chunks(self):
        r, registry = self.repository, self.registry
        data = b"forty-two bytes that are sent in two parts"
        split = 22
        started = r.start()
        least = int(started.header("oci-chunk-min-length") or 0)
        if least > split:
            data, split = os.urandom(least * 2), least
        last = len(data) - 1
        answer = r.patch(started.location or "", data[split:], f"{split}-{last}")
        self.status("U11 the second chunk first", answer, 416)
        first = r.start().location or ""
        answer = r.patch(first, data[:split], f"0-{split - 1}")
        self.status("U12 the first chunk", answer, 202)
        self.check("U12 Range", answer.header("range") == f"0-{split - 1}",
                   str(answer.header("range")))
        self.status("U13 the first chunk again", r.patch(first, data[:split], f"0-{split - 1}"),
                    416)
        answer = registry.get(first)
        self.status("U14 GET of the session", answer, 204)
        self.check("U14 Location", bool(answer.location))
        self.check("U14 Range", answer.header("range") == f"0-{split - 1}",
                   str(answer.header("range")))
        answer = r.patch(answer.location or first, data[split:], f"{split}-{last}")
        self.status("U15 the second chunk", answer, 202)
        answer = r.put(answer.location or first, digest_of(data))
        self.status("U16 PUT", answer, 201)
        self.check("U16 Location", bool(answer.location))

    def push_mounts(self):
        r, cross = self.repository, self.cross
        absent = digest_of(os.urandom(16))
        answer = cross.start(f"?mount={absent}")
        self.status("U17 mount of what nobody has", answer, 202)
        self.check("U17 Location", bool(answer.location))
        digest = digest_of(LAYER_DATA)
        answer = cross.start(f"?mount={digest}&from={r.name}")
        self.status("U18 mount from the other repository", answer, 201, 202)
        if answer.status == 201:
            self.check("U19 Location", path_of(answer.location) == cross.blob(digest),
                       str(answer.location))
            self.status("U19 GET of it", self.registry.get(cross.blob(digest)), 200)
        else:
            self.check("U20 Location",
                       path_of(answer.location).startswith(f"{cross.base}/blobs/uploads/"),
                       str(answer.location))
        if self.automatic_mount is not None:
            answer = cross.start(f"?mount={digest}")
            self.status("U21 mount without from", answer, 201 if self.automatic_mount else 202)

    def push_manifests(self):
        r = self.repository
        config = make_config(f"push {os.getpid()}")
        manifest = make_manifest(config, [descriptor(LAYER_DATA, LAYER)])
        self.status("U22 GET of a missing manifest", self.registry.get(r.manifest("nothing")), 404)
        for i in range(4):
            answer = r.push_manifest(f"test{i}", manifest)
            self.status(f"U23 PUT of tag test{i}", answer, 201)
            self.check(f"U23 Location of test{i}", bool(answer.location))
        bare = json.dumps({"schemaVersion": 2, "config": descriptor(config, CONFIG),
                           "layers": []}).encode()
        answer = r.push_manifest("emptylayer", bare)
        self.status("U24 PUT without layers and mediaType", answer, 201)
        self.check("U24 Location", bool(answer.location))
        self.status("U25 GET by digest", self.registry.get(r.manifest(digest_of(manifest))), 200)
        self.clean("U26", [digest_of(manifest), digest_of(bare)],
                   [digest_of(config), digest_of(LAYER_DATA)])

    def refer(self, name, subject, config_type=None, artifact_type=None):
        """A manifest that refers to a subject."""
        document = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": descriptor(b"{}", config_type or EMPTY),
                    "layers": [descriptor(b"{}", EMPTY)], "subject": subject,
                    "annotations": {ANNOTATION: name}}
        if artifact_type:
            document["artifactType"] = artifact_type
        return json.dumps(document, indent="\t").encode()

    def discover(self):
        r, registry = self.repository, self.registry
        kinds = ("application/vnd.nhl.peanut.butter.bagel", "application/vnd.nba.strawberry.jam",
                 "application/vnd.food.index")
        subject = make_manifest(make_config(f"subject {os.getpid()}"),
                                [descriptor(LAYER_DATA, LAYER)])
        absent = make_manifest(make_config(f"absent {os.getpid()}"), [])
        for data in (b"{}", make_config(f"subject {os.getpid()}"), LAYER_DATA):
            self.check("discovery: set-up blob", good(r.push_blob(data)))
        to_subject, to_absent = descriptor(subject, MANIFEST), descriptor(absent, MANIFEST)
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "artifactType": kinds[2],
                            "manifests": [], "subject": to_subject,
                            "annotations": {ANNOTATION: "index"}}, indent="\t").encode()
        before = [(self.refer("A-config", to_subject, config_type=kinds[0]), MANIFEST),
                  (self.refer("A-layer", to_subject, artifact_type=kinds[0]), MANIFEST),
                  (index, INDEX)]
        after = [(self.refer("B-config", to_subject, config_type=kinds[1]), MANIFEST),
                 (self.refer("B-layer", to_subject, artifact_type=kinds[1]), MANIFEST)]
        lonely = self.refer("C-layer", to_absent, artifact_type=kinds[1])
        for i in range(4):
            self.check("discovery: set-up tag", good(r.push_manifest(f"test{i}", subject)))
        self.registry.delete(r.manifest(digest_of(subject)))
        for data, kind in before:
            self.referrer("D1", data, kind, digest_of(subject))
        for i in range(4):
            self.check("discovery: set-up tag", good(r.push_manifest(f"test{i}", subject)))
        for data, kind in after:
            self.referrer("D1", data, kind, digest_of(subject))
        self.referrer("D1 of a subject that never comes", lonely, MANIFEST, digest_of(absent))
        self.tags()
        self.referrers(digest_of(subject), digest_of(absent), kinds[0])
        all_data = [d for d, _ in before + after] + [lonely, subject]
        self.clean("D9", [digest_of(d) for d in all_data],
                   [digest_of(b"{}"), digest_of(LAYER_DATA)])
        self.check("D9 referrers of nothing",
                   registry.get(f"{r.base}/referrers/{digest_of(subject)}").status == 200)

    def referrer(self, name, data, kind, subject):
        answer = self.repository.push_manifest(digest_of(data), data, kind)
        self.check(f"{name} PUT of a referrer", good(answer), str(answer))
        self.check(f"{name} OCI-Subject", answer.header("oci-subject") == subject,
                   str(answer.header("oci-subject")))

    def tags(self):
        r, registry = self.repository, self.registry
        answer = registry.get(f"{r.base}/tags/list")
        tags = (answer.json() or {}).get("tags") or []
        self.check("D2 tags", answer.status == 200 and len(tags) >= 4, str(answer))
        half = max(len(tags) // 2, 1)
        answer = registry.get(f"{r.base}/tags/list?n={half}")
        first = (answer.json() or {}).get("tags") or []
        self.check("D3 half of the tags", answer.status == 200 and len(first) == half,
                   str(answer))
        last = first[-1] if first else ""
        answer = registry.get(f"{r.base}/tags/list?n={half}&last={last}")
        self.status("D4 the tags behind them", answer, 200)

    def referrers(self, subject, absent, kind):
        r, registry = self.repository, self.registry
        answer = registry.get(f"{r.base}/referrers/{digest_of(os.urandom(8))}")
        self.check("D5 referrers of what nobody has",
                   answer.status == 200 and answer.header("content-type") == INDEX and
                   (answer.json() or {}).get("manifests") == [], str(answer))
        answer = registry.get(f"{r.base}/referrers/{subject}")
        listed = (answer.json() or {}).get("manifests") or []
        self.check("D6 all referrers", answer.status == 200 and len(listed) == 5, str(answer))
        self.check("D6 they differ", len({m["digest"] for m in listed}) == len(listed))
        self.check("D6 annotations",
                   all(list(m.get("annotations", {})) == [ANNOTATION] for m in listed),
                   str(listed))
        answer = registry.get(f"{r.base}/referrers/{subject}?artifactType={kind}")
        listed = (answer.json() or {}).get("manifests") or []
        filtered = answer.header("oci-filters-applied") == "artifactType"
        self.check("D7 referrers of a type", answer.status == 200 and
                   len(listed) == (2 if filtered else 5), f"{len(listed)} {filtered}")
        answer = registry.get(f"{r.base}/referrers/{absent}")
        self.check("D8 referrers of a subject that never came", answer.status == 200 and
                   len((answer.json() or {}).get("manifests") or []) == 1, str(answer))

    def manage(self):
        r, registry = self.repository, self.registry
        config = make_config(f"manage {os.getpid()}")
        manifest = make_manifest(config, [descriptor(LAYER_DATA, LAYER)])
        for data in (config, LAYER_DATA):
            self.check("management: set-up blob", good(r.push_blob(data)))
        self.check("management: set-up tag", good(r.push_manifest("tagtest0", manifest)))
        self.check("management: another tag", good(r.push_manifest("tagtest1", manifest)))
        before = len((registry.get(f"{r.base}/tags/list").json() or {}).get("tags") or [])
        answer = registry.delete(r.manifest("tagtest0"))
        self.check("M1 DELETE of a tag", answer.status in (202, 405) or
                   (answer.status == 400 and b"UNSUPPORTED" in answer.body), str(answer))
        self.status("M2 DELETE by digest", registry.delete(r.manifest(digest_of(manifest))), 202,
                    404)
        self.status("M3 GET of it", registry.get(r.manifest(digest_of(manifest))), 404)
        answer = registry.get(f"{r.base}/tags/list")
        left = (answer.json() or {}).get("tags") or []
        self.check("M4 its tags are gone", answer.status == 404 or len(left) == before - 2,
                   str(answer))
        gone = True
        for data in (config, LAYER_DATA):
            answer = registry.delete(r.blob(digest_of(data)))
            self.status("M5 DELETE of a blob", answer, 202, 404, 405)
            gone = gone and answer.status != 405
        if gone:
            self.status("M6 GET of it", registry.get(r.blob(digest_of(config))), 404)
