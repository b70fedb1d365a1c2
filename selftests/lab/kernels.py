# SPDX-License-Identifier: GPL-2.0
"""Finds stock Debian kernels by short name: 6.1, 6.1-cloud, 6.1-rt, 6.12, 6.12-cloud.

Kernel images are looked for in /boot and in a cache directory of our own
($PVHV_CACHE, else ~/.cache/pvhv), where `fetch` unpacks them from their packages:
installing them would change what the developer's machine boots next. Headers come
from installed packages, and the image fetched is always the one of those headers.
Must never change /boot.

    kernels.py release NAME     print the full release, e.g. 6.1.0-56-cloud-amd64
    kernels.py image NAME       print the path of its bzImage
    kernels.py headers NAME     print the directory to build modules against
    kernels.py fetch NAME...    download and unpack images that are not there
"""
import glob
import lzma
import os
import re
import subprocess
import sys

NAMES = ("6.1", "6.1-cloud", "6.1-rt", "6.12", "6.12-cloud")
CACHE = os.environ.get("PVHV_CACHE") or os.path.expanduser("~/.cache/pvhv")
ROOTS = ("/", os.path.join(CACHE, "kernels"))


class Missing(Exception):
    """No such kernel on this machine."""


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
    found = (os.path.basename(path) for path in glob.glob("/usr/src/linux-headers-*"))
    return [name[len("linux-headers-"):] for name in found if "-common" not in name]


def release(name):
    """Full release of a short name: the newest with headers, else with an image."""
    if "/" in name:
        return embedded_release(name)
    images = [os.path.basename(path)[len("vmlinuz-"):]
              for root in ROOTS for path in glob.glob(os.path.join(root, "boot/vmlinuz-*"))]
    found = newest(name, with_headers()) or newest(name, images)
    if not found:
        raise Missing("no kernel %s here: `make packages` installs headers and fetches images" % name)
    return found


def embedded_release(path):
    """The release a bzImage says it is (setup header, kernel_version at 0x20e)."""
    with open(path, "rb") as f:
        data = f.read(0x10000)
    start = int.from_bytes(data[0x20e:0x210], "little") + 0x200
    return data[start:data.index(b"\0", start)].decode().split()[0]


def root(name):
    """The directory that has boot/vmlinuz-RELEASE in it, '/' if it is installed."""
    full = release(name)
    for candidate in ROOTS:
        if os.access(os.path.join(candidate, "boot/vmlinuz-" + full), os.R_OK):
            return candidate
    raise Missing("no image of kernel %s here: `make packages` fetches it" % full)


def image(name):
    """Path of the bzImage; a path is its own image."""
    if "/" in name:
        return name
    return os.path.join(root(name), "boot/vmlinuz-" + release(name))


def headers(name):
    """Directory for `make -C`."""
    full = release(name)
    for path in ("/lib/modules/%s/build" % full, "/usr/src/linux-headers-" + full):
        if os.path.isdir(path):
            return path
    raise Missing("no headers of kernel %s here: `make packages` installs them" % full)


def fetch(name):
    """Unpacks the image package into the cache, unless there is an image."""
    try:
        return root(name)
    except Missing:
        full = release(name)
    target = ROOTS[1]
    os.makedirs(target, exist_ok=True)
    package = "linux-image-" + full
    print("fetching %s into %s" % (package, target), flush=True)
    subprocess.run(["apt-get", "-q", "download", package], cwd=target, check=True)
    for archive in glob.glob(os.path.join(target, package + "_*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, target], check=True)
        os.unlink(archive)
    return root(name)


def stock_modules(name, wanted):
    """(file name, contents) of modules and all they depend on, in loading order."""
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
    verbs = {"release": release, "image": image, "headers": headers, "fetch": fetch}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        raise SystemExit(__doc__)
    for name in sys.argv[2:]:
        try:
            print(verbs[sys.argv[1]](name))
        except (Missing, subprocess.CalledProcessError) as error:
            raise SystemExit("kernels: %s" % error)


if __name__ == "__main__":
    main()
