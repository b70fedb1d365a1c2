# SPDX-License-Identifier: GPL-2.0
"""Runs the machines of a series of measurements and returns what they wrote. All run
under QEMU's -icount shift=0,sleep=off: one nanosecond of the machine is one executed
instruction, whatever else this computer does.

It drives the lab's own parts (../lab), with a report of its own instead of TAP. Must
never judge a number: only a machine that does not come to its end is an error.
"""
import contextlib
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(TOP, "selftests", "lab")
sys.path.insert(0, LAB)

from contents import build_initramfs                # noqa: E402
from initramfs import Initramfs                     # noqa: E402
from machine import Qemu                            # noqa: E402


def load_lab():
    """The lab's program as a module: its name has no .py."""
    path = os.path.join(LAB, "lab")
    loader = importlib.machinery.SourceFileLoader("lab", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab", loader))
    loader.exec_module(module)
    return module


lab = load_lab()


class Failed(Exception):
    """A machine that did not come to its end."""


class Report:
    """What programs wrote, by item of the plan; see ../lab/init.c for the format."""

    def __init__(self, on_line):
        self.on_line, self.ended = on_line, False
        self.name, self.output, self.troubles = None, {}, []

    def feed(self, line):
        """One line of the report."""
        if line.startswith("| "):
            self.output[self.name].append(line[2:])
            self.on_line(line[2:])
        elif line.startswith("lab: begin "):
            self.name = line[len("lab: begin "):]
            self.output[self.name] = []
        elif line.startswith("lab: kernel "):
            self.troubles.append(line[len("lab: kernel "):])
        elif line.startswith("lab: result ") and line != "lab: result exit 0":
            self.troubles.append("%s: %s" % (self.name, line[len("lab: result "):]))
        elif line == "lab: end":
            self.ended = True


def options(*words):
    """Options of the lab, as from its command line."""
    with mock.patch.object(sys, "argv", ["lab", "--icount", *words]):
        return lab.arguments()


def plugin(library, output, once=(), mark=()):
    """Options of QEMU for counting instructions (insns.c)."""
    words = [library, "out=" + output]
    words += ["once=%x" % address for address in once] + ["mark=%x" % address for address in mark]
    return ["-plugin", ",".join(words)]


def run(args, log, on_line=lambda line: None, qemu=(), initrd=None):
    """One machine from start to end; {item of the plan: lines it wrote}.

    qemu: more options for QEMU. initrd: boot this instead of what the lab would build;
    such a machine reports nothing and ends by itself.
    """
    args.log = log
    os.makedirs(os.path.dirname(log), exist_ok=True)
    report = Report(on_line)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(log)) as directory:
        machine = Qemu(args, directory, initrd or build_initramfs(args, directory))
        machine.command += qemu
        for path in (machine.console, machine.report):
            open(path, "wb").close()
        process = machine.start()
        try:
            if initrd:
                process.wait(timeout=machine.cap)
                report.ended = process.returncode == 0
                why = "see its console"
            else:
                why = lab.watch(args, machine, process, report)
        finally:
            machine.stop(process)
    if report.troubles or not report.ended:
        raise Failed("%s.console: %s" % (log, "; ".join(report.troubles[:3]) or why))
    return report.output


def symbols(elf, *names):
    """Addresses of symbols of an ELF file."""
    listed = subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout
    table = {name: int(address, 16) for address, _, name in
             (line.split() for line in listed.splitlines() if len(line.split()) == 3)}
    return [table[name] for name in names]


def read_marks(path):
    """The plugin's file: [(address of the mark, {address: count})]."""
    marks = []
    with open(path, encoding="ascii") as f:
        for line in f:
            first, second = line.split()
            if first == "mark":
                marks.append((int(second, 16), {}))
            else:
                marks[-1][1][int(first, 16)] = int(second)
    return marks


def guest_image(path, files=(), texts=(), init=None):
    """An initramfs for a guest: busybox, the lab's guest-init or another, and files."""
    image = Initramfs()
    image.busybox()
    image.file(init or os.path.join(LAB, "guest-init"), "init")
    for source, target in files:
        image.file(source, target)
    for target, text in texts:
        image.text(target, text, 0o755)
    image.write(path)


class Progress:
    """Lines on standard error that say how far it is; one line if that is a terminal."""

    def __init__(self):
        self.started, self.terminal = time.monotonic(), sys.stderr.isatty()

    def say(self, text):
        """What is going on now."""
        line = "bench: %4d s  %s" % (time.monotonic() - self.started, text)
        end = "\033[K\r" if self.terminal else "\n"
        print(line, end=end, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def step(self, text):
        """Announces a part."""
        self.say(text)
        yield
        self.say(text + ": done")
