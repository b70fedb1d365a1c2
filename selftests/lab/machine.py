# SPDX-License-Identifier: GPL-2.0
"""The machines of the lab: QEMU's TCG and Bochs, each with the same face: start() gives
the emulator's process, stop() ends it, and two files grow meanwhile, .console (first
serial port) and .report (second). Must never use KVM by itself.
"""
import os
import pty
import re
import shutil
import socket
import subprocess
import threading
import time
import tty

import kernels

# Bochs says where it shows the screen of its machine.
SCREEN = re.compile(rb'connected to screen "([^"]+)"')


# For the debug kernel. KASAN finds what unmapped free pages and SLUB's own checks find, and
# each of these costs as much as the rest together. Lockdep complains, rightly and for
# good, when the serial port's driver takes its lock in an interrupt handler that prints:
# errors only go there, and all of the log in a panic.
DEBUG_WORDS = ["panic_on_warn=1", "debug_pagealloc=off", "slub_debug=-", "loglevel=4",
               "panic_print=0x20"]


def command_line(args):
    """For the host's kernel. Its own hang detectors are slowed down, and it does not
    wait for its first ticks: on a busy machine an emulator may stand still for longer
    than it expects."""
    words = ["console=ttyS0,115200", "panic=-1", "nmi_watchdog=0", "watchdog_thresh=60",
             "rcupdate.rcu_cpu_stall_timeout=240", "no_timer_check"]
    words.append("quiet loglevel=1" if args.interactive else "loglevel=7")
    if args.host == kernels.DEBUG:
        words += DEBUG_WORDS
    if args.nopti:
        words.append("nopti")
    if not args.la57:
        words.append("no5lvl")
    if args.bochs:
        # The size in CPUID leaf 0xd, subleaf 1, is wrong in Bochs 2.7 with AVX-512:
        # Linux would warn and do without XSAVE altogether.
        words.append("tsc=reliable clearcpuid=xsaves,xsavec")
    return " ".join(words + [args.append]).strip()


def memory(args):
    """Megabytes: a debug kernel's checkers need much of their own."""
    return args.memory * 3 // 2 if args.host == kernels.DEBUG else args.memory


def size(path):
    """Length of a file, 0 if there is none."""
    return os.path.getsize(path) if os.path.exists(path) else 0


def at_terminal(args):
    """Somebody is typing: then nothing is too slow."""
    return args.interactive and os.isatty(0)


class Qemu:
    """QEMU's TCG. No TLB to speak of, see Documentation; but fast and complete."""

    silence, cap = 300, 5400

    def __init__(self, args, directory, initrd):
        self.args = args
        self.monitor = os.path.join(directory, "monitor")
        self.console, self.report = args.log + ".console", args.log + ".report"
        if args.host == kernels.DEBUG:
            self.silence = Bochs.silence    # it is slow, and its console says little
        self.command = self.build_command(initrd)
        self.stop_nmi = threading.Event()

    def build_command(self, initrd):
        """The emulator's command line."""
        args = self.args
        cpu = args.cpu or "max,smap=off%s%s" % ("" if args.la57 else ",la57=off",
                                                ",erms=off" if args.icount else "")
        accel = os.environ.get("PVHV_LAB_ACCEL") or "tcg"
        command = ["qemu-system-x86_64", "-accel", accel, "-cpu", cpu, "-nodefaults",
                   "-m", str(memory(args)), "-smp", str(args.smp), "-display", "none",
                   "-kernel", kernels.image(args.host), "-initrd", initrd, "-no-reboot",
                   "-append", command_line(args)]
        if args.interactive:
            command += ["-chardev", "stdio,id=console,mux=on,signal=off,logfile=" + self.console,
                        "-serial", "chardev:console", "-mon", "chardev=console"]
        else:
            command += ["-serial", "file:" + self.console]
        command += ["-serial", "file:" + self.report]
        if args.disk:
            command += ["-drive", "file=%s,format=raw,if=virtio,snapshot=on" % args.disk]
        if args.icount:
            command += ["-icount", "shift=0,sleep=off"]
        if args.link:
            command += ["-chardev", "socket,id=link,server=on,wait=off,path=" + args.link,
                        "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=link"]
        if args.nmi:
            command += ["-monitor", "unix:%s,server=on,wait=off" % self.monitor]
        if args.gdb:
            command += ["-s", "-S"]
        return command

    def start(self):
        """Starts the emulator; returns the process."""
        stdin = None if at_terminal(self.args) else subprocess.DEVNULL
        process = subprocess.Popen(self.command, stdin=stdin)
        if self.args.nmi:
            threading.Thread(target=self.inject_nmis, daemon=True).start()
        return process

    def inject_nmis(self):
        """Sends NMIs through the monitor from the first report line to the end."""
        while not self.stop_nmi.is_set() and not size(self.report):
            time.sleep(0.2)
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(self.monitor)
            threading.Thread(target=swallow, args=(monitor.fileno(),), daemon=True).start()
            while not self.stop_nmi.wait(self.args.nmi / 1000):
                try:
                    monitor.send(b"nmi\n")
                except OSError:
                    return    # the machine is gone

    def stop(self, process):
        """Ends the emulator, whatever it is doing."""
        self.stop_nmi.set()
        process.kill()
        process.wait()
        if at_terminal(self.args):
            subprocess.run(["stty", "sane"], check=False)


class Bochs:
    """Bochs: a slow interpreter with PCID, SMAP, and a TLB that behaves as one."""

    silence, cap = 1200, 10800

    def __init__(self, args, directory, initrd):
        for option in ("la57", "icount", "nmi", "gdb", "link", "disk", "interactive"):
            if getattr(args, option):
                raise SystemExit("lab: --%s is for QEMU" % option)
        self.args, self.directory = args, directory
        self.console, self.report = args.log + ".console", args.log + ".report"
        self.build_iso(initrd)
        self.build_config()

    def build_iso(self, initrd):
        """A disc that boots the kernel at once."""
        tree = os.path.join(self.directory, "iso")
        os.makedirs(os.path.join(tree, "boot/grub"))
        shutil.copyfile(kernels.image(self.args.host), os.path.join(tree, "vmlinuz"))
        os.rename(initrd, os.path.join(tree, "initrd"))
        with open(os.path.join(tree, "boot/grub/grub.cfg"), "w", encoding="ascii") as f:
            f.write("set timeout=0\nmenuentry lab {\n linux /vmlinuz %s\n initrd /initrd\n}\n"
                    % command_line(self.args))
        self.iso = os.path.join(self.directory, "lab.iso")
        subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", self.iso, tree],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def build_config(self):
        """bochsrc, and a debugger script: Debian's Bochs starts in its debugger."""
        model = self.args.cpu or "corei7_skylake_x"
        lines = [
            "plugin_ctrl: unmapped=1, biosdev=1, speaker=0, parallel=0, serial=1, e1000=0",
            "config_interface: textconfig",
            "display_library: term",
            "cpu: model=%s, count=%d, ips=50000000, reset_on_triple_fault=0, "
            "ignore_bad_msrs=1" % (model, self.args.smp),
            "memory: guest=%d, host=%d" % (memory(self.args), memory(self.args)),
            "romimage: file=/usr/share/bochs/BIOS-bochs-latest",
            "vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest",
            "ata0-master: type=cdrom, path=%s, status=inserted" % self.iso,
            "boot: cdrom",
            "com1: enabled=1, mode=file, dev=%s" % self.console,
            "com2: enabled=1, mode=file, dev=%s" % self.report,
            "clock: sync=none",
            "log: %s.bochs" % self.args.log,
            "panic: action=fatal", "error: action=report", "info: action=ignore",
        ]
        with open(os.path.join(self.directory, "bochsrc"), "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        with open(os.path.join(self.directory, "debugger"), "w", encoding="ascii") as f:
            f.write("c\n")

    def start(self):
        """Starts Bochs on a terminal of its own, whose output nobody wants."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            ["bochs", "-q", "-f", "bochsrc", "-rc", "debugger"], cwd=self.directory,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=dict(os.environ, TERM="vt100", LINES="30", COLUMNS="100"))
        os.close(slave)
        threading.Thread(target=swallow_bochs, args=(master,), daemon=True).start()
        return process

    def stop(self, process):
        """Ends Bochs, whatever it is doing."""
        process.kill()
        process.wait()


def swallow_bochs(fd):
    """The same for what Bochs says, and for the screen of its machine: that is another
    terminal, and without a reader Bochs stops when the machine has drawn enough."""
    text = b""
    while not (screen := SCREEN.search(text)):
        try:
            text += os.read(fd, 65536)
        except OSError:
            return
    reader = os.open(screen.group(1), os.O_RDWR | os.O_NOCTTY)
    tty.setraw(reader)    # or it would answer
    threading.Thread(target=swallow, args=(reader,), daemon=True).start()
    swallow(fd)


def swallow(fd):
    """Reads what nobody wants, to its end."""
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass
