# SPDX-License-Identifier: GPL-2.0
"""Writes initramfs archives (cpio "newc", gzip) from files of this machine.

A dynamically linked program brings its shared libraries. Nothing is unpacked or
copied on the way and no privilege is needed: an archive is a list of entries in
memory, so device nodes and root's ownership are only bytes. Must never look
outside the files it was given, their libraries and busybox.
"""
import gzip
import os
import re
import stat
import subprocess

BUSYBOX = "/bin/busybox"


class Initramfs:
    """An archive in the making; add things, then write() it."""

    def __init__(self):
        self.entries = {}    # path without leading slash -> (mode, data, rdev)
        for name in ("proc", "sys", "dev", "tmp", "bin", "sbin", "root", "etc", "mnt"):
            self.directory(name)
        self.node("dev/console", stat.S_IFCHR | 0o600, 5, 1)
        self.node("dev/null", stat.S_IFCHR | 0o666, 1, 3)

    def _put(self, path, mode, data=b"", rdev=(0, 0)):
        path = os.path.normpath(path).lstrip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.directory(parent)
        self.entries[path] = (mode, data, rdev)

    def directory(self, path):
        """Adds an empty directory (and the ones above it)."""
        self._put(path, stat.S_IFDIR | 0o755)

    def node(self, path, mode, major, minor):
        """Adds a device node."""
        self._put(path, mode, b"", (major, minor))

    def link(self, path, target):
        """Adds a symbolic link."""
        self._put(path, stat.S_IFLNK | 0o777, target.encode())

    def text(self, path, text, mode=0o644):
        """Adds a file with the given contents (str or bytes)."""
        data = text.encode() if isinstance(text, str) else text
        self._put(path, stat.S_IFREG | mode, data)

    def file(self, source, path):
        """Adds a file or a directory tree; of programs also the libraries."""
        if os.path.isdir(source):
            self.directory(path)
            for name in sorted(os.listdir(source)):
                self.file(os.path.join(source, name), os.path.join(path, name))
            return
        with open(source, "rb") as f:
            data = f.read()
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        self._put(path, stat.S_IFREG | mode, data)
        if mode == 0o755 and data.startswith(b"\x7fELF"):
            for library in libraries(source):
                if library.lstrip("/") not in self.entries:
                    self.file(library, library)

    def busybox(self):
        """Adds busybox under the name of each of its applets."""
        if not os.access(BUSYBOX, os.X_OK):
            raise SystemExit("lab: %s is missing (package busybox-static)" % BUSYBOX)
        self.file(BUSYBOX, "bin/busybox")
        applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
        for applet in applets.stdout.split():
            if applet != "busybox":
                self.link("bin/" + applet, "busybox")

    def write(self, output):
        """Writes the archive, compressed for speed of writing."""
        with gzip.open(output, "wb", compresslevel=1) as out:
            for number, path in enumerate(sorted(self.entries), 1):
                write_entry(out, number, path, *self.entries[path])
            write_entry(out, 0, "TRAILER!!!", 0, b"", (0, 0))


def write_entry(out, inode, path, mode, data, rdev):
    """One cpio newc record: header of 13 hexadecimal fields, name, contents."""
    name = path.encode() + b"\0"
    fields = (inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data),
              0, 0, rdev[0], rdev[1], len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    out.write(head + b"\0" * (-len(head) % 4))
    out.write(data + b"\0" * (-len(data) % 4))


def libraries(program):
    """Paths of the shared libraries of a program; none if it is static."""
    result = subprocess.run(["ldd", program], capture_output=True, text=True)
    return re.findall(r"(?:=> |^\s+)(/\S+)", result.stdout, re.M) if result.returncode == 0 else []
