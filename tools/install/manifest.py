# SPDX-License-Identifier: GPL-2.0 OR MIT
"""What is installed: PREFIX/share/pvhv/installed, a line for each file and for each
directory that was made for it. Paths are those that the installed system sees, without
DESTDIR. Only what stands there is ever removed again.

    version VERSION
    dir PATH                  outer ones first
    file PATH
    module RELEASE PATH       a file, in the module index of that kernel
"""
import os


class Manifest:
    """The file as it is, or an empty one."""

    def __init__(self, root, prefix):
        self.path = os.path.join(prefix, "share/pvhv/installed")
        self.root = root
        self.version, self.directories, self.files, self.modules = None, [], [], {}
        try:
            with open(root + self.path, encoding="utf-8") as f:
                for line in f:
                    self.read(line.rstrip("\n"))
        except FileNotFoundError:
            pass

    def read(self, line):
        """One line; one that is not known is of a later version, and its to remove."""
        verb, _, rest = line.partition(" ")
        if verb == "version":
            self.version = rest
        elif verb == "dir":
            self.directories.append(rest)
        elif verb == "file":
            self.files.append(rest)
        elif verb == "module":
            release, _, path = rest.partition(" ")
            self.modules[release] = path
        else:
            raise SystemExit("install: %s is not of this version: line '%s'" % (self.path, line))

    def text(self):
        """The file's contents."""
        lines = ["version " + self.version]
        lines += ["dir " + path for path in self.directories]
        lines += ["file " + path for path in self.files]
        lines += ["module %s %s" % item for item in self.modules.items()]
        return "\n".join(lines) + "\n"

    def made(self, created):
        """Directories that a transaction created are ours to remove."""
        for path in created:
            path = path[len(self.root):]
            if path and path not in self.directories:
                self.directories.append(path)
