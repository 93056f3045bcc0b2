# SPDX-License-Identifier: Apache-2.0
"""A strict reader of what Prometheus reads: its text format 0.0.4 and OpenMetrics 1.0.0. It takes
less than Prometheus does, and says what is wrong with the rest."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)$")
NUMBER = re.compile(r"(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$")
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


class Malformed(Exception):
    pass


def require(good, line, what):
    if not good:
        raise Malformed(f"{what}: {line!r}")


class Family:
    """samples: {(name, ((label, value), ...)): number}, in the order that they came."""

    def __init__(self, name, help_text):
        self.name, self.help, self.kind, self.samples = name, help_text, None, {}


def read_labels(text, line):
    labels = []
    at = 0
    while at < len(text):
        found = LABEL.match(text, at)
        require(found, line, "no label")
        labels.append((found[1], found[2]))
        at = found.end()
        require(at == len(text) or text[at] == "," and at + 1 < len(text), line, "behind a label")
        at += 1
    require(len({name for name, _ in labels}) == len(labels), line, "a label twice")
    return tuple(labels)


def check_histogram(family):
    """Of each set of labels: bounds that rise, counts that do not fall, and a sum of all."""
    series = {}
    for (name, labels), value in family.samples.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        series.setdefault(rest, []).append((name[len(family.name):], dict(labels).get("le"), value))
    for labels, samples in series.items():
        bounds = [(float(le), value) for suffix, le, value in samples if suffix == "_bucket"]
        require(bounds == sorted(bounds, key=lambda pair: pair[0]), labels, "bounds do not rise")
        counts = [value for _, value in bounds]
        require(counts == sorted(counts), labels, "counts fall")
        require(bounds and math.isinf(bounds[-1][0]), labels, "no +Inf")
        others = {suffix: value for suffix, _, value in samples if suffix != "_bucket"}
        require(set(others) == {"_sum", "_count"}, labels, "no sum or count")
        require(others["_count"] == counts[-1], labels, "the count is not that of +Inf")
        require(others["_sum"] >= 0, labels, "a sum below zero")


def close(family, line):
    if family is None:
        return
    require(family.kind, line, f"{family.name} has no type")
    if family.kind == "histogram":
        check_histogram(family)


def read(text, open_metrics=False):
    """{name: Family}; a counter's name is the one on its TYPE line."""
    families = {}
    family = None
    require(text.endswith("\n"), text[-40:], "no line feed at the end")
    lines = text[:-1].split("\n")
    if open_metrics:
        require(lines.pop() == "# EOF", text[-40:], "no EOF")
    for line in lines:
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            close(family, line)
            require(len(words) == 4 and re.fullmatch(NAME, words[2]), line, "no help")
            require(words[2] not in families, line, "a family twice")
            family = families[words[2]] = Family(words[2], words[3])
        elif line.startswith("# TYPE "):
            require(family and len(words) == 4 and words[2] == family.name and not family.kind and
                    words[3] in SUFFIXES, line, "no type")
            family.kind = words[3]
            require(family.kind != "counter" or
                    family.name.endswith("_total") != open_metrics, line, "a counter's name")
        else:
            found = SAMPLE.match(line)
            require(family and family.kind and found, line, "no sample")
            bare = family.kind == "counter" and not open_metrics
            names = [family.name + ("" if bare else suffix) for suffix in SUFFIXES[family.kind]]
            require(found[1] in names, line, f"not of {family.name}")
            require(NUMBER.match(found[3]), line, "no number")
            labels = read_labels(found[2] or "", line)
            require(("le" in dict(labels)) == found[1].endswith("_bucket"), line, "a bound")
            if open_metrics and "le" in dict(labels):
                require(re.search(r"[.e]|Inf", dict(labels)["le"]), line, "a bound's form")
            require((found[1], labels) not in family.samples, line, "a sample twice")
            family.samples[found[1], labels] = float(found[3])
            require(family.kind != "counter" or float(found[3]) >= 0, line, "below zero")
    close(family, "the end")
    return families


class Page:
    """What a server says, to be asked for single numbers."""

    def __init__(self, text, open_metrics=False):
        self.families = read(text, open_metrics)
        self.samples = {}
        for family in self.families.values():
            for (name, labels), value in family.samples.items():
                self.samples.setdefault(name, []).append((dict(labels), value))

    def get(self, name, **labels):
        """The sum of the samples that have these labels; None when there is none."""
        found = [value for has, value in self.samples.get(name, [])
                 if all(has.get(label) == wanted for label, wanted in labels.items())]
        return sum(found) if found else None
