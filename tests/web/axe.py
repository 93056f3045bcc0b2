# SPDX-License-Identifier: Apache-2.0
"""axe-core, which finds what keeps people from using a page: fetched by npm into the build folder,
in the version and with the digest of package-lock.json, and kept there."""

import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("package.json", "package-lock.json")


class Missing(Exception):
    """It cannot be had; the message says why, and how to get it."""


def _wanted():
    with open(os.path.join(HERE, "package-lock.json"), encoding="utf-8") as file:
        return json.load(file)["packages"]["node_modules/axe-core"]["version"]


def _fetch(place):
    if not shutil.which("npm"):
        raise Missing("axe-core comes by npm, which is not installed (apt-get install npm)")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(place)) as folder:
        for name in FILES:
            shutil.copy(os.path.join(HERE, name), folder)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                               "--fetch-retries=1"], cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or ["no reason"]
            raise Missing(f"npm ci in tests/web cannot fetch axe-core: {lines[0][:200]}")
        os.makedirs(place, exist_ok=True)
        # Another test may do the same: whole files take each other's place.
        os.replace(os.path.join(folder, "node_modules", "axe-core", "axe.min.js"),
                   os.path.join(place, "axe.min.js"))


def source(out):
    """Its text, from the build folder."""
    place = os.path.join(out, "axe-core", _wanted())
    path = os.path.join(place, "axe.min.js")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        _fetch(place)
    with open(path, encoding="utf-8") as file:
        return file.read()


def violations(page, text, *rules):
    """What is wrong with the page that is open, by all rules or these: a line each."""
    if page.run("return typeof axe") != "object":
        page.run(text)  # by the driver, whom no policy of pages binds
    found = page.run_async("""
        const rules = given[0];
        const { violations } = await axe.run(document, { resultTypes: ["violations"],
            ...(rules.length > 0 ? { runOnly: { type: "rule", values: rules } } : {}) });
        return violations.map(({ id, help, nodes }) =>
            `${id}: ${help}: ` +
                nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | "))""",
                           list(rules))
    return found if isinstance(found, list) else [str(found)]
