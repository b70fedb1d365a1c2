# SPDX-License-Identifier: GPL-2.0
"""Turns what PID 1 of a lab machine reports (see init.c) into TAP: each result that a
program printed is one, and so is everything else that went wrong with it.
"""
import tap


class Report:
    """Turns init's report (see init.c) into TAP."""

    def __init__(self, writer):
        self.writer = writer
        self.name = self.reader = None
        self.kernel = []
        self.ended = False

    def feed(self, line):
        """One line of the report."""
        if line.startswith("| "):
            self.output(line[2:])
        elif line.startswith("lab: kernel "):
            self.kernel.append(line[len("lab: kernel "):])
        elif line.startswith("lab: begin "):
            self.name, self.reader, self.kernel = line[len("lab: begin "):], tap.Reader(), []
            self.writer.note("-- " + self.name)
        elif line.startswith("lab: result "):
            self.finish(line[len("lab: result "):])
        elif line == "lab: end":
            self.ended = True
        elif line:
            self.writer.note("? " + line)

    def output(self, text):
        """A line the program wrote."""
        result = self.reader.feed(text) if self.reader else None
        if result:
            self.writer.result(result[0], ": ".join(filter(None, (self.name, result[1]))))
        elif not tap.PLAN.match(text):
            self.writer.note(text)

    def finish(self, ending):
        """The end of an item."""
        status = int(ending[5:]) if ending.startswith("exit ") else ending
        verdict = self.reader.verdict(status)
        if verdict:
            outcome, text = verdict
            self.writer.result(outcome, self.name + (": " + text if text else ""))
        if self.kernel:
            self.writer.result("not ok", self.name + ": the kernel complained")
            for line in self.kernel:
                self.writer.note("kernel: " + line)
        self.name = None

    def stopped(self, why, outcome="not ok"):
        """The machine is gone before its time."""
        where = " in " + self.name if self.name else ""
        self.writer.result(outcome, "machine%s: %s" % (where, why))
