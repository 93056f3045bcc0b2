# SPDX-License-Identifier: Apache-2.0
"""axe-core, which finds what keeps people from using a page."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import npm

Missing = npm.Missing


def source(out):
    """Its text."""
    with open(os.path.join(npm.packages(HERE, out), "axe-core", "axe.min.js"),
              encoding="utf-8") as file:
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
