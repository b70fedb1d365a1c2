# SPDX-License-Identifier: GPL-2.0 OR MIT
"""Changes to files of which all are made, or none.

Each change first puts what was there aside, in the same directory and without a copy,
so that going back needs no space. Names put aside start with a dot and end in SUFFIX,
which no program takes for a module, a rule or a page; what a run that was killed left
of them is removed by the next. Must never go on after a change failed.
"""
import os
import shutil
import signal
import sys

SUFFIX = ".pvhv-old"
STAGED = ".pvhv-new"


def beside(path, suffix):
    """The name next to `path` for what is put aside or not yet in place."""
    directory, name = os.path.split(path)
    return os.path.join(directory, "." + name + suffix)


def discard(path):
    """Removes a file, link or tree; nothing there is fine."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def restore(saved, path):
    """Back in its place. Renaming one link of a file onto another does nothing at all,
    so what was never replaced leaves a link to remove."""
    os.rename(saved, path)
    discard(saved)


class Transaction:
    """with Transaction() as t: changes; an exception inside takes them all back."""

    def __init__(self):
        self.undo = []     # calls that go back, first change first
        self.saved = []    # what was put aside, and goes when all is well
        self.created = []  # directories that are new
        self.emptied = []  # directories to remove when all is well

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)    # too late, or needless
        if kind is None:
            for path in self.saved:
                discard(path)
            for path in self.emptied:
                os.rmdir(path)
            return
        for step in reversed(self.undo):
            try:
                step()
            except OSError as error:    # the others are still worth it
                print("install: could not go back: %s" % error, file=sys.stderr)

    def directory(self, path):
        """Makes a directory and the ones above it; remembers which are new."""
        if os.path.isdir(path):
            return
        parent = os.path.dirname(path)
        if parent != path:
            self.directory(parent)
        os.mkdir(path, 0o755)
        os.chmod(path, 0o755)    # whatever the umask
        self.created.append(path)
        self.undo.append(lambda: os.rmdir(path))

    def file(self, path, write, mode):
        """Makes `path` what write(name) puts into a file beside it."""
        self.directory(os.path.dirname(path))
        staged = beside(path, STAGED)
        discard(staged)
        self.undo.append(lambda: discard(staged))
        write(staged)
        os.chmod(staged, mode)
        with open(staged, "rb") as f:
            os.fsync(f.fileno())    # a full disk may say so only now
        self.keep(path)
        os.rename(staged, path)

    def keep(self, path):
        """Somebody is about to put another file in the place of `path`, by renaming."""
        if not os.path.lexists(path):
            self.undo.append(lambda: discard(path))
            return
        saved = beside(path, SUFFIX)
        discard(saved)
        os.link(path, saved, follow_symlinks=False)
        self.saved.append(saved)
        self.undo.append(lambda: restore(saved, path))

    def aside(self, path):
        """Takes a file or tree away; whatever comes in its place goes on undoing."""
        if not os.path.lexists(path):
            self.undo.append(lambda: discard(path))
            return
        saved = beside(path, SUFFIX)
        discard(saved)
        os.rename(path, saved)
        self.saved.append(saved)

        def back():
            discard(path)
            restore(saved, path)
        self.undo.append(back)

    def rmdir(self, path):
        """Removes a directory if only what was taken away in this transaction is in it."""
        try:
            names = set(os.listdir(path))
        except FileNotFoundError:
            return
        gone = {os.path.basename(other) for other in self.saved + self.emptied
                if os.path.dirname(other) == path}
        if names <= gone and path not in self.emptied:
            self.emptied.append(path)
