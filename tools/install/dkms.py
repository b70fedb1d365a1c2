# SPDX-License-Identifier: GPL-2.0 OR MIT
"""The module by DKMS: a source tree in /usr/src/pvhv-VERSION with what building needs and
no more, known to DKMS, which builds it for kernels of today and of later.

One version at a time: a second would be built again, and could win, at each kernel upgrade.
"""
import glob
import os
import platform
import re
import shutil

import kernel
from kernel import Failure
from transaction import STAGED, beside, discard

STATE = "/var/lib/dkms/pvhv"
SOURCES = "/usr/src"
XEN = "/usr/include/xen"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
LOG_LINES = 30    # of a build that failed


def refuse(root, why):
    """DKMS and `make install` must not both have a module there."""
    if os.path.isdir(root + STATE):
        raise Failure("DKMS has pvhv here (`dkms status pvhv`): " + why)


def includes(path):
    """Names that a source includes."""
    with open(path, encoding="utf-8") as f:
        return INCLUDE.findall(f.read())


def xen_headers(sources):
    """Files of XEN that these sources include, and those include, and so on."""
    found = []
    waiting = [os.path.join(os.path.dirname(XEN), name) for source in sources
               for name in includes(source) if name.startswith("xen/")]
    while waiting:
        path = os.path.normpath(waiting.pop())
        if path in found:
            continue
        if not os.path.exists(path):
            raise Failure("%s is missing: package libxen-dev has it" % path)
        found.append(path)
        # Some are for other machines, or tools: these are not there, or not needed.
        near = [os.path.join(os.path.dirname(path), name) for name in includes(path)]
        waiting += [name for name in near if os.path.exists(name) and "arm" not in name]
    return found


def write_tree(top, version, tree):
    """What building the module needs."""
    os.makedirs(tree)
    for name in ("Kbuild", "VERSION"):
        shutil.copyfile(os.path.join(top, name), os.path.join(tree, name))
    for name in ("module", "uapi"):
        shutil.copytree(os.path.join(top, name), os.path.join(tree, name),
                        ignore=shutil.ignore_patterns("*.o", "*.d", "*.cmd", ".*"))
    # The driver's own are the kernel's.
    sources = [path for room in ("monitor", "shared")
               for path in glob.glob("%s/module/%s/*.[chS]" % (tree, room))]
    for header in xen_headers(sources):
        target = os.path.join(tree, "xen", os.path.relpath(header, XEN))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(header, target)
    with open(os.path.join(top, "tools/install/dkms.conf"), encoding="utf-8") as f:
        conf = f.read().replace("@VERSION@", version)
    with open(os.path.join(tree, "dkms.conf"), "w", encoding="utf-8") as f:
        f.write(conf)
    readable(tree)


def readable(tree):
    """For everybody, whatever the umask."""
    for path, directories, names in os.walk(tree):
        for name in directories + names:
            os.chmod(os.path.join(path, name), 0o755 if name in directories else 0o644)
    os.chmod(tree, 0o755)


def contents(tree):
    """Relative path -> contents, to compare."""
    found = {}
    for path, _, names in os.walk(tree):
        for name in names:
            with open(os.path.join(path, name), "rb") as f:
                found[os.path.relpath(os.path.join(path, name), tree)] = f.read()
    return found


def active():
    """Kernel release -> version that DKMS has installed for it."""
    found, ending = {}, "-" + platform.machine()
    for link in glob.glob(STATE + "/kernel-*" + ending):
        release = os.path.basename(link)[len("kernel-"):-len(ending)]
        found[release] = os.readlink(link).split("/")[0]
    return found


def versions():
    """Those that DKMS knows."""
    return [os.path.basename(os.path.dirname(link)) for link in glob.glob(STATE + "/*/source")]


def installed(release):
    """Module files of DKMS for a kernel."""
    return glob.glob(kernel.modules(release) + "/updates/dkms/pvhv.ko*")


def has_headers(release):
    """As DKMS looks for them."""
    return os.path.exists(kernel.modules(release) + "/build/include")


def kernels_to_build(release):
    """This one, and those that have a module of DKMS now."""
    if not has_headers(release):
        raise Failure("no headers of kernel %s here: `apt-get install linux-headers-%s`"
                      % (release, release))
    chosen = [release]
    for other in sorted(active()):
        if other != release and has_headers(other):
            chosen.append(other)
        elif other != release:
            print("install: kernel %s has no headers any more: pvhv is removed from it" % other)
    return chosen


def build(version, release):
    """The steps of DKMS for one kernel."""
    try:
        for step in ("build", "install"):
            kernel.run("dkms", step, "pvhv/" + version, "-k", release)
    except Failure as failure:
        log = ""
        for path in glob.glob("%s/%s/build/make.log" % (STATE, version)):
            with open(path, encoding="utf-8", errors="replace") as f:
                log = "\n" + "".join(f.readlines()[-LOG_LINES:])
        raise Failure("DKMS: %s%s" % (failure, log)) from failure


def install(transaction, top, version, release):
    """Puts the tree in place of all others, and has it built."""
    if not shutil.which("dkms", path=kernel.ENVIRONMENT["PATH"]):
        raise Failure("DKMS is not here: `apt-get install dkms`")
    kernels = kernels_to_build(release)
    tree = "%s/pvhv-%s" % (SOURCES, version)
    staged = beside(tree, STAGED)
    discard(staged)
    transaction.undo.append(lambda: discard(staged))
    write_tree(top, version, staged)
    if versions() == [version] and active().get(release) == version and installed(release) \
            and contents(staged) == contents(tree):
        discard(staged)
        return
    dropped = set(active()) - set(kernels)
    put_aside(transaction, kernels)
    transaction.aside(tree)
    os.rename(staged, tree)
    kernel.run("dkms", "add", "pvhv/" + version)
    for each in kernels:
        print("install: DKMS builds pvhv %s for kernel %s" % (version, each), flush=True)
        build(version, each)
    for each in dropped:
        transaction.rmdir(kernel.modules(each) + "/updates/dkms")
        transaction.rmdir(kernel.modules(each) + "/updates")
        kernel.index(transaction, "", each)


def put_aside(transaction, kernels):
    """All that DKMS and its module now have, where going back finds it."""
    for release in sorted(set(kernels) | set(active())):
        if os.path.isdir(kernel.modules(release)):
            for name in kernel.INDEX:
                transaction.keep("%s/modules.%s" % (kernel.modules(release), name))
            if release in kernels:
                transaction.directory(kernel.modules(release) + "/updates/dkms")
            for name in {"pvhv.ko"} | {os.path.basename(path) for path in installed(release)}:
                transaction.aside("%s/updates/dkms/%s" % (kernel.modules(release), name))
    for version in versions():
        transaction.aside("%s/pvhv-%s" % (SOURCES, version))
    transaction.aside(STATE)


def remove():
    """Takes all versions from DKMS, and their trees; yields the versions."""
    for version in versions():
        said = kernel.run("dkms", "remove", "pvhv/" + version, "--all")
        if os.path.lexists("%s/%s/source" % (STATE, version)):    # whatever its status was
            raise Failure("DKMS has not removed pvhv %s: %s" % (version, said.strip()))
        discard("%s/pvhv-%s" % (SOURCES, version))
        yield version
    if os.path.isdir(STATE) and not os.listdir(STATE):
        os.rmdir(STATE)
