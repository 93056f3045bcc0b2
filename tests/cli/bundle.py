#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bundle.py ARCHIVE FOLDER VOLUME [NAME=VALUE...]: makes of an image (docker-archive) a bundle as
runtimes take it, in the way that an orchestrator with a strict policy does: the image's user and
command, a root that is read-only, no capability, a volume, variables; the machine's network, so
that the test reaches it."""

import json
import os
import sys
import tarfile


def main(archive, folder, volume, variables):
    with tarfile.open(archive) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]
        config = json.load(image.extractfile(manifest["Config"]))["config"]
        os.makedirs(os.path.join(folder, "rootfs"))
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                files.extractall(os.path.join(folder, "rootfs"), numeric_owner=True)
    user, group = (int(number) for number in config["User"].split(":"))
    assert user != 0 and group != 0, config["User"]
    os.makedirs(volume, exist_ok=True)
    os.chown(volume, user, group)
    everybody = [{"containerID": 0, "hostID": 0, "size": 65536}]
    spec = {
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": user, "gid": group}, "cwd": config["WorkingDir"],
                    "args": config["Entrypoint"] + config["Cmd"], "env": config["Env"] + variables,
                    "noNewPrivileges": True, "capabilities": {}},
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": next(iter(config["Volumes"])), "type": "bind", "source": volume,
             "options": ["bind", "rw"]}],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "user", "mount")],
                  "uidMappings": everybody, "gidMappings": everybody},
    }
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(spec, file)
    print(json.dumps(config["Healthcheck"]["Test"][1:]))


main(*sys.argv[1:4], sys.argv[4:])
