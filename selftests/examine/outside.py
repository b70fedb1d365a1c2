# SPDX-License-Identifier: GPL-2.0
"""A machine of the lab with a program of this machine at the other end of its --link:
for tests that look at a guest with tools that are here. Results of the machine are
passed on and counted with those of the test.
"""
import gzip
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("PVHV_BUILD") or os.path.join(TOP, "build"))
sys.path.insert(0, os.path.join(TOP, "selftests", "lab"))

import tap    # noqa: E402


class Machine:
    """Use as a context: starts the lab, and at its end waits for that, too."""

    def __init__(self, writer, options):
        self.writer, self.options = writer, options
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "link")
        self.lab = self.reader = self.socket = None

    def __enter__(self):
        command = [os.path.join(TOP, "selftests", "lab", "lab"), "--link", self.path]
        self.lab = subprocess.Popen(command + self.options, stdout=subprocess.PIPE, text=True,
                                    errors="replace")
        self.reader = threading.Thread(target=self.pass_on, daemon=True)
        self.reader.start()
        return self

    def pass_on(self):
        """The machine's results become ours."""
        reader = tap.Reader()
        for line in self.lab.stdout:
            result = reader.feed(line.rstrip("\n"))
            if result:
                self.writer.result(*result)
            elif line.startswith("#"):
                self.writer.line(line.rstrip("\n"))

    def wait_for_link(self):
        """Waits until the other end can be opened; no if the machine ends first."""
        while not os.path.exists(self.path):
            if self.lab.poll() is not None:
                return False
            time.sleep(0.1)
        return True

    def connect(self):
        """Opens the other end; None if the machine ends first."""
        while self.wait_for_link():
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(self.path)
                return self.socket
            except OSError:
                if self.lab.poll() is not None:
                    return None
                time.sleep(0.1)
        return None

    def receive_file(self, path):
        """What `lab-link FILE` sends in the machine; whether all of it came."""
        link = self.connect()
        if not link:
            return False
        data = bytearray()
        while part := link.recv(1 << 16):
            data += part
            if len(data) >= 8 and struct.unpack("<Q", data[-8:])[0] == len(data) - 8:
                break
        link.close()
        with open(path, "wb") as f:
            f.write(data[:-8])
        return len(data) >= 8 and struct.unpack("<Q", data[-8:])[0] == len(data) - 8

    def __exit__(self, *_):
        if self.socket:
            self.socket.close()
        status = self.lab.wait()
        self.reader.join()
        if status and not self.writer.failed:
            self.writer.result("not ok", "the machine: status %d" % status)
        self.directory.cleanup()


def gdb(program, commands, interrupt=None):
    """Runs gdb in batch mode; returns what it says. Some time after it has said the word
    @interrupt it gets a Ctrl-C."""
    argv = ["gdb", "-q", "-nx", "-batch", "-ex", "set pagination off", "-ex", "set confirm off"]
    # Reading a kernel's symbols takes long; the next time they are here.
    argv += ["-iex", "set index-cache directory " + os.path.join(BUILD, "examine", "index"),
             "-iex", "set index-cache enabled on"]
    for command in commands:
        argv += ["-ex", command]
    process = subprocess.Popen(argv + ([program] if program else []), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace",
                               stdin=subprocess.DEVNULL)
    text = ""
    for line in process.stdout:
        text += line
        if interrupt and line.rstrip() == interrupt:
            threading.Timer(3, process.send_signal, [signal.SIGINT]).start()
    process.wait()
    return text


def report(writer, checks, text):
    """Results, and what they were made from if one is bad."""
    for name, good in checks.items():
        writer.result("ok" if good else "not ok", name)
    if not all(checks.values()):
        for line in text.splitlines():
            writer.note(line)


def converse(writer, program, start, commands):
    """One run of gdb: what it is to do first, then (command, what it has to say, name of
    the result if there is to be one)."""
    marked = []
    for number, (command, _, _) in enumerate(commands):
        marked += ["echo [%d]\\n" % number, command]
    text = gdb(program, start + marked, interrupt="INTERRUPT")
    parts = re.split(r"\[(\d+)\]\n", text)
    answers = dict(zip(map(int, parts[1::2]), parts[2::2]))
    checks = {}
    for number, (command, pattern, name) in enumerate(commands):
        if name:
            checks["[%d] %s: %s" % (number, command, name)] = \
                re.search(pattern, answers.get(number, ""))
    report(writer, checks, text)


def session(writer, program, path, commands):
    """One connection of gdb to a guest."""
    converse(writer, program, ["set remotetimeout 3600", "target remote " + path], commands)


def unpack(packed, path):
    """Unpacks a gzip file; zeros become holes."""
    with gzip.open(packed, "rb") as source, open(path, "wb") as out:
        while block := source.read(1 << 16):
            if block.count(0) == len(block):
                out.seek(len(block), os.SEEK_CUR)
            else:
                out.write(block)
        out.truncate(out.tell())
