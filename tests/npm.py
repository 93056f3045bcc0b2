# SPDX-License-Identifier: Apache-2.0
"""What tests need of npm: fetched into the build folder, in the versions and with the digests of a
package-lock.json, and kept there. "npm.py FOLDER" prints where those of a folder's are."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

FILES = ("package.json", "package-lock.json")


class Missing(Exception):
    """It cannot be had; the message says why, and how to get it."""


def packages(here, out):
    """The node_modules of what the two files in a folder name; a folder below out."""
    digest = hashlib.sha256()
    for name in FILES:
        with open(os.path.join(here, name), "rb") as file:
            digest.update(file.read())
    place = os.path.join(out, "npm", digest.hexdigest()[:16])
    if not os.path.isdir(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        _fetch(here, place)
    return os.path.join(place, "node_modules")


def _fetch(here, place):
    what = os.path.relpath(here, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if not shutil.which("npm"):
        raise Missing(f"what {what} needs comes by npm, which is not installed (apt-get install npm)")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(place)) as folder:
        for name in FILES:
            shutil.copy(os.path.join(here, name), folder)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                               "--legacy-peer-deps", "--fetch-retries=1"], cwd=folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or ["no reason"]
            raise Missing(f"npm ci cannot fetch what {what} needs: {lines[0][:200]}")
        whole = folder + ".whole"
        os.mkdir(whole)
        for name in (*FILES, "node_modules"):
            os.rename(os.path.join(folder, name), os.path.join(whole, name))
        try:
            os.rename(whole, place)
        except OSError:  # another test was quicker
            shutil.rmtree(whole)


if __name__ == "__main__":
    try:
        print(packages(sys.argv[1], os.environ["OUT"]))
    except Missing as missing:
        sys.exit(str(missing))
