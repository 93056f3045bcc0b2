# SPDX-License-Identifier: Apache-2.0
"""What a test in Python counts, and the closing line that tests/run adds up."""

import os
import sys


def seed():
    """What a test takes its chances from: SEED, else always the same, so that a commit is judged the
    same each time."""
    chosen = int(os.environ.get("SEED", "1"))
    print(f"seed {chosen}")
    return chosen


class Results:
    """Counts checks; close() prints the line and ends the program."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, sentence, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {sentence} {detail}", flush=True)
        return good

    def equal(self, sentence, got, wanted):
        return self.check(sentence, got == wanted, f"({got!r}, not {wanted!r})")

    def skip(self, reason):
        self.skipped += 1
        print(f"skip: {reason}")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed or self.passed + self.skipped == 0 else 0)
