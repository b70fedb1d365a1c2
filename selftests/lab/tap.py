# SPDX-License-Identifier: GPL-2.0
"""Reads and writes TAP, the Test Anything Protocol, as kselftest uses it.

One rule above all: what cannot be understood as success is a failure. A program
that reports fewer results than it planned, or ends with a status of its own, has
failed even if each line it wrote says "ok".
"""
import re
import sys

SKIP_STATUS = 4    # kselftest: the test could not run here
RESULT = re.compile(r"^\s*(not )?ok\b\s*(\d+)?\s*-?\s*(.*)$")
PLAN = re.compile(r"^\s*1\.\.(\d+)\b\s*(#\s*skip.*)?$", re.I)
SKIP = re.compile(r"#\s*skip", re.I)


class Reader:
    """Counts the results in the output of one program, line by line."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.planned = None

    @property
    def results(self):
        return self.passed + self.failed + self.skipped

    def feed(self, line):
        """Returns (outcome, description) if the line is a result, else None."""
        plan = PLAN.match(line)
        if plan:
            # A script may run several programs in a row: their plans add up.
            self.planned = (self.planned or 0) + int(plan.group(1))
            return None
        result = RESULT.match(line)
        if not result:
            return None
        if SKIP.search(result.group(3)):
            self.skipped += 1
            return "skip", result.group(3)
        if result.group(1):
            self.failed += 1
            return "not ok", result.group(3)
        self.passed += 1
        return "ok", result.group(3)

    def verdict(self, status):
        """What the results alone do not say: (outcome, text) or None.

        status is the exit status, or a text if there was none (a signal, a hang).
        """
        if status == SKIP_STATUS and not self.failed:
            return None if self.skipped else ("skip", "")
        if status != 0 and not self.failed:
            return "not ok", status if isinstance(status, str) else "exit status %d" % status
        if not self.results and self.planned is None:
            return "ok", ""
        if self.planned is None:
            return "not ok", "results without a plan"
        if self.planned != self.results:
            return "not ok", "%d results of %d planned" % (self.results, self.planned)
        return None


class Writer:
    """Writes results, numbered, and the plan at the end."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.count = self.failed = 0

    def result(self, outcome, text):
        """outcome is one of ok, not ok, skip."""
        self.count += 1
        self.failed += outcome == "not ok"
        if outcome == "skip" and not SKIP.search(text):
            text += " # SKIP"
        self.line("%s %d - %s" % ("not ok" if outcome == "not ok" else "ok", self.count, text))

    def note(self, text):
        """A diagnostic line."""
        self.line("# " + text)

    def line(self, text):
        """Any other line."""
        print(text, file=self.out, flush=True)

    def end(self):
        """The plan; nothing follows it."""
        self.line("1..%d" % self.count)
