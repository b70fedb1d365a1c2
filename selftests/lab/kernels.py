# SPDX-License-Identifier: GPL-2.0
"""Finds kernels by short name: Debian's 6.1, 6.1-cloud, 6.1-rt, 6.12 and 6.12-cloud, and
"debug", built from Debian's sources with the kernel's own checkers (debugkernel.py).

Images and headers are looked for where packages install them and in a cache directory
of our own ($PVHV_CACHE, else ~/.cache/pvhv), where `fetch` unpacks the packages. The
image is always the one of the newest headers. Must never change /boot.

    kernels.py release NAME     print the full release, e.g. 6.1.0-56-cloud-amd64
    kernels.py image NAME       print the path of its bzImage
    kernels.py headers NAME     print the directory to build modules against
    kernels.py symbols NAME     print the path of its vmlinux with debugging symbols
    kernels.py fetch NAME...    download and unpack what is not there, or build it
    kernels.py fetch-symbols NAME...    the same for debugging symbols: 1 GB
"""
import glob
import lzma
import os
import re
import subprocess
import sys

import debian
import debugkernel
from cache import Missing, lock

NAMES = ("6.1", "6.1-cloud", "6.1-rt", "6.12", "6.12-cloud", "debug")
DEBUG = "debug"
ROOTS = ("/", debian.TREE)


def version_key(release):
    """Orders releases by their numbers."""
    return [int(number) for number in re.findall(r"\d+", release)]


def newest(name, releases):
    """The newest release that a short name (or the release itself) stands for."""
    if name in releases:
        return name
    version, _, flavour = name.partition("-")
    pattern = re.compile(r"%s\.[0-9][-.+0-9a-z]*?-%samd64$" %
                         (re.escape(version), flavour + "-" if flavour else ""))
    fits = [r for r in releases if pattern.match(r) and
            (flavour or not re.search(r"-(cloud|rt)-", r))]
    return max(fits, key=version_key) if fits else None


def with_headers():
    """Releases that modules can be built for."""
    found = [os.path.basename(path)[len("linux-headers-"):] for root in ROOTS
             for path in glob.glob(os.path.join(root, "usr/src/linux-headers-*"))]
    found += [path.split("/")[3] for path in glob.glob("/lib/modules/*/build/Makefile")]
    return [full for full in found if "-common" not in full and headers_of(full)]


def headers_of(full):
    """Directory to build modules of a release, or None."""
    for path in ("/lib/modules/%s/build" % full, "/usr/src/linux-headers-" + full):
        if os.path.isdir(path):
            return path
    return debian.headers(full) if debian.has_headers(full) else None


def release(name):
    """Full release of a short name: the newest with headers, else with an image."""
    if "/" in name:
        return embedded_release(name)
    if name == DEBUG:
        return debugkernel.release()
    images = [os.path.basename(path)[len("vmlinuz-"):]
              for root in ROOTS for path in glob.glob(os.path.join(root, "boot/vmlinuz-*"))]
    found = newest(name, with_headers()) or newest(name, images)
    if not found:
        raise Missing("no headers or image of kernel %s here: %s" % (name, remedy(name)))
    return found


def remedy(name):
    """What brings headers."""
    if name in NAMES:
        return "`make kernels` fetches it"
    return "`apt-get install linux-headers-%s` brings its headers" % name


def embedded_release(path):
    """The release a bzImage says it is (setup header, kernel_version at 0x20e)."""
    with open(path, "rb") as f:
        data = f.read(0x10000)
    start = int.from_bytes(data[0x20e:0x210], "little") + 0x200
    return data[start:data.index(b"\0", start)].decode().split()[0]


def root(name):
    """The directory that has boot/vmlinuz-RELEASE in it, '/' if it is installed."""
    full = release(name)
    if "/" in name:    # an image in a root of its own has its modules there
        own = os.path.dirname(os.path.dirname(os.path.abspath(name)))
        return own if os.path.isdir(os.path.join(own, "lib/modules", full)) else "/"
    for candidate in ROOTS:
        if os.access(os.path.join(candidate, "boot/vmlinuz-" + full), os.R_OK):
            return candidate
    raise Missing("no image of kernel %s here: `make kernels` fetches it" % full)


def image(name):
    """Path of the bzImage; a path is its own image."""
    if "/" in name:
        return name
    if name == DEBUG:
        return debugkernel.image()
    return os.path.join(root(name), "boot/vmlinuz-" + release(name))


def headers(name):
    """Directory for `make -C`."""
    if name == DEBUG:
        return debugkernel.headers()
    path = headers_of(release(name))
    if not path:
        raise Missing("no headers of kernel %s here: %s" % (release(name), remedy(name)))
    return path


def fetch(name):
    """Unpacks an image and headers into the cache, or builds them, unless they are there."""
    if name == DEBUG:
        return debugkernel.fetch()
    with lock("kernels"):
        full = newest(name, with_headers())
        if not full:
            full = debian.newest_release(name)
            debian.unpack_headers(full)
        try:
            return root(full)
        except Missing:
            debian.unpack_image(full)
        return root(full)


def symbols(name):
    """Path of the vmlinux that gdb wants."""
    full = release(name)
    path = debian.symbols(full)
    if not path:
        raise Missing("no debugging symbols of kernel %s here: `python3 selftests/lab/kernels.py "
                      "fetch-symbols %s` fetches them (1 GB)" % (full, name))
    return path


def fetch_symbols(name):
    """Unpacks those into the cache."""
    with lock("symbols"):
        full = release(name)
        if not debian.symbols(full):
            debian.unpack_symbols(full)
    return symbols(name)


def stock_modules(name, wanted):
    """(file name, contents) of modules and all they depend on, in loading order."""
    if name == DEBUG:
        raise Missing("the debug kernel has no modules of its own")
    base = os.path.join(root(name), "lib/modules", release(name))
    paths, order = module_index(base), []

    def visit(module):
        if module not in paths:
            raise Missing("kernel %s has no module %s" % (name, module))
        data = read_module(paths[module])
        for needed in module_depends(data):
            visit(needed)
        entry = (module + ".ko", data)
        if entry not in order:
            order.append(entry)

    for module in wanted:
        visit(module.replace("-", "_"))
    return order


def module_index(base):
    """Module name -> path; the files themselves, as a fetched tree has no modules.dep."""
    index = {}
    for directory, _, files in os.walk(os.path.join(base, "kernel")):
        for name in files:
            if ".ko" in name:
                index[name.split(".ko")[0].replace("-", "_")] = os.path.join(directory, name)
    return index


def read_module(path):
    """A module's ELF image, unpacked if Debian packed it."""
    with (lzma.open if path.endswith(".xz") else open)(path, "rb") as f:
        return f.read()


def module_depends(data):
    """Names in the module's own "depends=" record."""
    match = re.search(rb"\0depends=([^\0]*)\0", data)
    names = match.group(1).decode().split(",") if match else []
    return [name.replace("-", "_") for name in names if name]


def main():
    """Command line: see above."""
    verbs = {"release": release, "image": image, "headers": headers, "fetch": fetch,
             "symbols": symbols, "fetch-symbols": fetch_symbols}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        raise SystemExit(__doc__)
    for name in sys.argv[2:]:
        try:
            print(verbs[sys.argv[1]](name))
        except (Missing, subprocess.CalledProcessError) as error:
            raise SystemExit("kernels: %s" % error)


if __name__ == "__main__":
    main()
