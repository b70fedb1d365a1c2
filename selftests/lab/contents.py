# SPDX-License-Identifier: GPL-2.0
"""What is in a lab machine: its initramfs, with the programs to run and the plan that
PID 1 (init.c) follows. Takes the options of ./lab as they are; starts nothing.
"""
import os
import shlex
import subprocess

import kernels
from initramfs import Initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("PVHV_BUILD") or os.path.join(TOP, "build"))

LINK_MODULES = ["virtio_pci", "virtio_console"]


def add_files(image, specs):
    """SRC[:DST] arguments into an archive."""
    for spec in specs:
        source, _, target = spec.partition(":")
        if not os.path.exists(source):
            raise SystemExit("lab: %s does not exist" % source)
        image.file(source, target or source)


def find_pvctl(args):
    """pvctl as built, or None: the lab is of use without it."""
    built = args.pvctl or os.path.join(BUILD, "pvctl", "pvctl")
    return built if os.path.exists(built) else None


def find_module(args):
    """The module for the host's kernel, or None if none is wanted."""
    if args.no_module:
        return None
    path = args.module or os.path.join(BUILD, kernels.release(args.host), "pvhv.ko")
    if not os.path.exists(path):
        raise SystemExit("lab: %s is not built (`make modules`, or --no-module)" % path)
    return path


def build(directory, name, *more):
    """A program of the lab, compiled: static, so that it runs before anything else is there."""
    binary = os.path.join(directory, name)
    subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-Wall", "-Wextra", "-static",
                    "-D_GNU_SOURCE", "-o", binary] +
                   [os.path.join(HERE, source + ".c") for source in (name,) + more], check=True)
    return binary


def guest_initramfs(args, output):
    """The initramfs of guests: busybox, guest-init, and what was asked for."""
    image = Initramfs()
    image.busybox()
    image.file(os.path.join(HERE, "guest-init"), "init")
    add_files(image, args.guest_add)
    image.write(output)


def command_name(command):
    """How the results call a command of --run: its comment if it has one."""
    return " ".join(command.rpartition(" # ")[2].split())


def add_command(image, number, command):
    """Puts a command of --run into the machine; returns what a shell has to run."""
    path = "/t/command%d" % number
    image.text(path, "#!/bin/sh\n%s\n" % command, 0o755)
    return "exec " + path


def plan(args, image, module):
    """Copies the programs in; returns the text of /lab/plan (see init.c)."""
    items = []
    stock = args.stock + (LINK_MODULES if args.link else [])
    if stock:
        for name, data in kernels.stock_modules(args.host, stock):
            image.text("lab/" + name, data)
            items.append(("insmod", "/lab/" + name, ""))
    if module:
        image.file(module, "lab/pvhv.ko")
        items.append(("insmod", "/lab/pvhv.ko", ("audit=1 " + args.module_args).strip()))
    for number, program in enumerate(args.program):
        path, *rest = shlex.split(program)
        inside = "/t/%d/%s" % (number, os.path.basename(path))
        if not os.access(path, os.X_OK):
            raise SystemExit("lab: %s is no program" % path)
        image.file(path, inside)
        items.append(("run", " ".join([os.path.basename(path)] + rest),
                      "exec " + shlex.join([inside] + rest)))
    commands = args.run or (["exec sh -i"] if args.interactive else [])
    for number, command in enumerate(commands):
        last = args.interactive and number == len(commands) - 1
        items.append(("console" if last else "run", command_name(command),
                      add_command(image, number, command)))
    if module:
        items.append(("rmmod", "pvhv", ""))
    return "".join("\t".join(item) + "\n" for item in items)


def build_initramfs(args, directory):
    """Everything the machine has; returns the archive's path."""
    image = Initramfs()
    image.busybox()
    image.file(build(directory, "init", "checkers"), "init")
    if args.link:
        image.file(build(directory, "lab-link"), "bin/lab-link")
    pvctl = find_pvctl(args)
    if pvctl:
        image.file(pvctl, "bin/pvctl")
    if args.guest:
        guest = os.path.join(directory, "guest")
        guest_initramfs(args, guest)
        image.file(guest, "guest/initrd")
        image.file(kernels.image(args.guest_kernel), "guest/vmlinuz")
    add_files(image, args.add)
    image.text("lab/plan", plan(args, image, find_module(args)))
    output = os.path.join(directory, "initrd")
    image.write(output)
    return output
