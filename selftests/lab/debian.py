# SPDX-License-Identifier: GPL-2.0
"""Debian's kernel packages, unpacked into the cache instead of installed: an image that is
installed is what the developer's machine boots next, and since 6.12 Debian's header
packages ask for the image as well. Works without root; must never install anything.
"""
import glob
import os
import re
import subprocess
import sys

from cache import CACHE, Missing

TREE = os.path.join(CACHE, "kernels")
SYMBOLS = os.path.join(CACHE, "dbg")


def depends(package):
    """Packages that the newest version of @package needs; [] if apt knows none."""
    done = subprocess.run(["apt-cache", "show", "--no-all-versions", package],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    match = re.search(r"^Depends: (.*)$", done.stdout, re.MULTILINE)
    return [word.split()[0] for word in match.group(1).split(",")] if match else []


def newest_release(name):
    """The release that Debian's metapackage of headers stands for."""
    version, _, flavour = name.partition("-")
    middle = "" if version == "6.1" else version + "-"
    package = "linux-headers-" + middle + (flavour + "-" if flavour else "") + "amd64"
    for needed in depends(package):
        if needed.startswith("linux-headers-"):
            return needed[len("linux-headers-"):]
    raise Missing("apt knows no kernel %s (%s): `apt-get update` may help" % (name, package))


def download(package, tree):
    """Downloads a package; the archive's path. Whoever unpacks it removes it."""
    os.makedirs(tree, exist_ok=True)
    print("fetching %s into %s" % (package, tree), file=sys.stderr, flush=True)
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package],
                   cwd=tree, check=True, stdout=subprocess.DEVNULL)
    return glob.glob(os.path.join(tree, package + "_*.deb"))


def unpack(package):
    """Downloads a package into the cache."""
    for archive in download(package, TREE):
        subprocess.run(["dpkg-deb", "-x", archive, TREE], check=True)
        os.unlink(archive)


def symbols(full):
    """Path of a kernel's image with debugging symbols, if it is here; or None."""
    for base in ("/", SYMBOLS):
        path = os.path.join(base, "usr/lib/debug/boot/vmlinux-" + full)
        if os.path.exists(path):
            return path
    return None


def unpack_symbols(full):
    """Of the package with those only the kernel: its modules take ten times the room."""
    for archive in download("linux-image-%s-dbg" % full, SYMBOLS):
        member = "./usr/lib/debug/boot/vmlinux-" + full
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive],
                              stdout=subprocess.PIPE) as package:
            subprocess.run(["tar", "-x", "-C", SYMBOLS, "--transform", "s/$/.new/", member],
                           stdin=package.stdout, check=True)
        path = os.path.join(SYMBOLS, member)
        os.rename(path + ".new", path)
        os.unlink(archive)


def unpack_image(full):
    """The kernel and its modules."""
    unpack("linux-image-" + full)


def unpack_headers(full):
    """Headers, and what they share with other flavours. They name each other by relative
    links, but for one line in the Makefile. That is put right last: without it nothing
    can be built, and whatever was interrupted is unpacked again."""
    package = "linux-headers-" + full
    for needed in depends(package):
        if re.match(r"linux-(headers|kbuild)-", needed):
            unpack(needed)
    unpack(package)
    makefile = headers(full) + "/Makefile"
    with open(makefile, encoding="ascii") as f:
        text = f.read()
    with open(makefile + ".new", "w", encoding="ascii") as f:
        f.write(text.replace("include /usr/src/", "include %s/usr/src/" % TREE))
    os.rename(makefile + ".new", makefile)


def headers(full):
    """Where headers of this release are in the cache, if they are."""
    return os.path.join(TREE, "usr/src/linux-headers-" + full)


def has_headers(full):
    """Can modules be built for it?"""
    try:
        with open(headers(full) + "/Makefile", encoding="ascii") as f:
            return TREE in f.read()
    except FileNotFoundError:
        return False
