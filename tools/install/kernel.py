# SPDX-License-Identifier: GPL-2.0 OR MIT
"""The kernel's side of an installation: where modules are, their index, their
signatures, and the module that is loaded now."""
import os
import subprocess

# What depmod writes, each by renaming a new file into place.
INDEX = ("alias", "alias.bin", "builtin.alias.bin", "builtin.bin", "dep", "dep.bin", "devname",
         "softdep", "symbols", "symbols.bin", "weakdep")
LOADED = "/sys/module/pvhv"
ENVIRONMENT = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Failure(Exception):
    """Why something could not be done, and what to do about it."""


def run(*command, **options):
    """Runs a command; its complaint is the failure."""
    try:
        done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              **options)
    except OSError as error:
        raise Failure("%s: %s" % (command[0], error.strerror)) from error
    if done.returncode:
        raise Failure("`%s` failed (status %d)%s" % (
            " ".join(command), done.returncode, ": " + done.stdout.strip() if done.stdout else ""))
    return done.stdout


def modules(release):
    """Where the modules of a kernel are."""
    return "/lib/modules/" + release


def has_index(root, release):
    """A kernel lives here. A tree for a package has none: its index would replace that
    of the system it is unpacked on; nor does a kernel that was removed."""
    base = root + modules(release)
    return os.path.exists(base + "/modules.order") or os.path.isdir(base + "/kernel")


def index(transaction, root, release):
    """Makes the module index anew."""
    if not has_index(root, release):
        return
    for name in INDEX:
        transaction.keep("%s%s/modules.%s" % (root, modules(release), name))
    run("depmod", *(["-b", root] if root else []), release)


def sign(module, release, key, certificate):
    """Appends a signature, as the kernel's own build does."""
    for base in ("/lib/modules/%s/build" % release, "/usr/src/linux-headers-" + release):
        tool = base + "/scripts/sign-file"
        if os.access(tool, os.X_OK):
            run(tool, "sha256", key, certificate, module)
            return
    raise Failure("no scripts/sign-file in the headers of kernel %s" % release)


def loaded():
    """(version, number of users) of the loaded module, or None."""
    values = []
    for name in ("version", "refcnt"):
        try:
            with open(os.path.join(LOADED, name), encoding="ascii") as f:
                values.append(f.read().strip())
        except OSError:
            return None
    return values[0], int(values[1])


def unload():
    """Takes the module out, for good; refuses while a domain uses it."""
    now = loaded()
    if now is None:
        return
    if now[1]:
        raise Failure("pvhv is in use (%d open descriptors of domains): `pvctl list` shows them; "
                      "end them first. Nothing was removed." % now[1])
    run("rmmod", "pvhv")
