# SPDX-License-Identifier: GPL-2.0
"""The debug kernel of the lab: Debian's linux-source-6.1 built with debug.config, that is
with KASAN, lockdep, kmemleak and the other checkers of the kernel itself.

It is built in the cache directory, below a name made of the version of the source
package, the compiler and the configuration: a change of any of them is another kernel.
"vmlinuz" is written there last; a directory without one is what an interrupted build
left, and is built anew. Kept is what a module is built against, not the objects.
"""
import hashlib
import os
import shutil
import subprocess
import sys

from cache import CACHE, Missing, lock

HERE = os.path.dirname(os.path.abspath(__file__))
FRAGMENT = os.path.join(HERE, "debug.config")
PACKAGE = "linux-source-6.1"
ARCHIVE = "/usr/src/%s.tar.xz" % PACKAGE
# Most of the sources, and nothing of what debug.config chooses. Kconfig files stay: the
# ones above include them.
UNWANTED = ["arch/[!x]*/*.[chS]", "arch/[!x]*/*.dts*", "drivers/gpu/*.[ch]",
            "drivers/net/*/*.[ch]", "drivers/media/*.[ch]", "drivers/staging/*.[ch]",
            "drivers/scsi/*.[ch]", "drivers/infiniband/*.[ch]", "sound/*.[ch]",
            "Documentation/*.rst", "Documentation/devicetree/*", "tools/testing/*",
            "tools/perf/*"]
OBJECTS = (".o", ".a", ".cmd", ".ko", ".lz4", ".bin")


def run(command, **options):
    """A command's standard output, as text."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def source_version():
    """Version of the installed source package."""
    try:
        version = run(["dpkg-query", "-W", "-f", "${Version}", PACKAGE],
                      stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        version = ""
    if not version or not os.path.exists(ARCHIVE):
        raise Missing("the debug kernel is built from the package %s, which is not installed: "
                      "see `make packages`" % PACKAGE)
    return version


def directory():
    """Where the kernel is, built or not."""
    version = source_version()
    made_of = hashlib.sha256(version.encode())
    made_of.update(run(["gcc", "--version"]).encode())
    with open(FRAGMENT, "rb") as f:
        made_of.update(f.read())
    return os.path.join(CACHE, "debug", "%s-%s" % (version, made_of.hexdigest()[:12]))


def image():
    """Path of the bzImage."""
    path = os.path.join(directory(), "vmlinuz")
    if not os.path.exists(path):
        raise Missing("the debug kernel is not built yet: `make kernels` does it")
    return path


def headers():
    """The directory to build modules against."""
    return os.path.join(os.path.dirname(image()), "build")


def release():
    """What `uname -r` says in it."""
    with open(os.path.join(headers(), "include/config/kernel.release"), encoding="ascii") as f:
        return f.read().strip()


def wanted_lines():
    """The lines of the fragment that choose something."""
    with open(FRAGMENT, encoding="ascii") as f:
        return [line.strip() for line in f if line.startswith("CONFIG_")]


def unpack(target):
    """The sources, without what is never looked at."""
    os.makedirs(target)
    subprocess.run(["tar", "-x", "-f", ARCHIVE, "-C", target, "--strip-components=1",
                    "--wildcards"] +
                   ["--exclude=%s/%s" % (PACKAGE, pattern) for pattern in UNWANTED], check=True)


def configure(source, build, log):
    """Makes .config; fails if a choice of the fragment does not survive."""
    subprocess.run(["make", "-s", "-C", source, "O=" + build, "KCONFIG_ALLCONFIG=" + FRAGMENT,
                    "allnoconfig"], check=True, stdout=log, stderr=log)
    with open(os.path.join(build, ".config"), encoding="ascii") as f:
        got = set(f.read().splitlines())
    lost = [line for line in wanted_lines() if line not in got]
    if lost:
        raise Missing("debug.config asks for what this kernel cannot have together: " +
                      ", ".join(lost))


def compile_kernel(build, log):
    """The image, and all that modules need: their symbol table is otherwise a product of
    the kernel's own modules, and of those none is built."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-s", "-j%d" % (os.cpu_count() or 1), "-C", build, "bzImage",
                    "modules_prepare"], check=True, stdout=log, stderr=log, env=environment)
    shutil.copyfile(os.path.join(build, "vmlinux.symvers"), os.path.join(build, "Module.symvers"))


def prune(source, build):
    """Drops what only the build of the kernel itself has used."""
    keep = [os.path.join(build, name) for name in ("scripts", "tools")]
    for top, _, files in os.walk(build):
        if any(os.path.commonpath([top, kept]) == kept for kept in keep):
            continue
        for name in files:
            if name.endswith(OBJECTS) or name.startswith("vmlinux") or name.startswith(".tmp"):
                os.unlink(os.path.join(top, name))
    for name in os.listdir(source):
        if os.path.isdir(os.path.join(source, name)) and \
           name not in ("arch", "include", "scripts", "tools"):
            shutil.rmtree(os.path.join(source, name))


def build_all(base):
    """Builds below @base."""
    source, build = os.path.join(base, "source"), os.path.join(base, "build")
    with open(os.path.join(base, "log"), "w", encoding="utf-8") as log:
        unpack(source)
        os.makedirs(build)
        configure(source, build, log)
        compile_kernel(build, log)
    shutil.copyfile(os.path.join(build, "arch/x86/boot/bzImage"), os.path.join(base, "new"))
    shutil.copyfile(os.path.join(build, "System.map"), os.path.join(base, "System.map"))
    prune(source, build)
    os.rename(os.path.join(base, "new"), os.path.join(base, "vmlinuz"))


def fetch():
    """Builds the kernel unless it is there; returns where."""
    base = directory()
    with lock("debug"):
        if os.path.exists(os.path.join(base, "vmlinuz")):
            return base
        print("building the debug kernel in %s: some minutes" % base, file=sys.stderr, flush=True)
        shutil.rmtree(base, ignore_errors=True)
        os.makedirs(base, exist_ok=True)
        try:
            build_all(base)
        except subprocess.CalledProcessError as error:
            raise Missing("the debug kernel cannot be built (%s), see %s/log" % (error, base)) \
                from error
    return base
