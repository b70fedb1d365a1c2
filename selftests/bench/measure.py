# SPDX-License-Identifier: GPL-2.0
"""The measurements of `make bench`, each a function of a Series: it runs one or two
machines and returns numbers. What exactly a number means is said here, where it is
taken. Must never print a result.
"""
import os
import re
import shlex
import shutil
import subprocess

import series
from symbols import kernel_symbols

HOST = GUEST = "6.1"
ITEMS_MEMORY, BOOT_MEMORY, IDLE_MEMORY = 256, 256, 128    # MiB of a guest

# The monitor's half of the address space, and the pvhv.ko's neighbourhood.
MONITOR = (0xffff800000000000, 0xffff880000000000)
MODULES = (0xffffffffc0000000, 0xffffffffff000000)
FIRST_AREA = 0xffff808000100000    # of vCPU 0: the image is mapped at its start
KERNEL_ENTRY = 0x1000000           # of a stock kernel that is not moved, paging still 1:1

# What one operation causes: column -> counters of debugfs that add up to it.
EVENTS = {
    "switch": re.compile(r"exit_\w+"),
    "cr3": re.compile(r"cr3_write"),
    "flush": re.compile(r"tlb_flush|invlpg"),
    "hcall": re.compile(r"hypercall"),
    "bounce": re.compile(r"bounce"),
    "fault": re.compile(r"page_fault"),
    "emul": re.compile(r"emulate_insn"),
}


class Series:
    """One module, one pvctl, one set of programs: copies, so that a build meanwhile
    changes nothing."""

    def __init__(self, build, module, pvctl, progress):
        self.build, self.progress = build, progress
        self.module, self.pvctl = os.path.join(build, "series.ko"), os.path.join(build, "series.pvctl")
        shutil.copy(module, self.module)
        shutil.copy(pvctl, self.pvctl)
        monitor = os.path.join(os.path.dirname(module), "module", "monitor")
        self.monitor_elf = os.path.join(build, "series.monitor.elf")
        self.monitor_bin = os.path.join(build, "series.monitor.bin")
        for source, target in (("monitor.elf", self.monitor_elf), ("monitor.bin", self.monitor_bin)):
            shutil.copy(os.path.join(monitor, source), target)
        with open(self.module, "rb") as ko, open(self.monitor_bin, "rb") as image:
            if image.read() not in ko.read():
                raise series.Failed("%s is being built: its monitor is another" % module)

    def path(self, name):
        """A file of the build directory."""
        return os.path.join(self.build, name)

    def machine(self, name, *words, on_line=lambda line: None, qemu=()):
        """A machine with the module and a guest's files, for one --run."""
        args = series.options("--host", HOST, "--guest-kernel", GUEST, "--module", self.module,
                              "--pvctl", self.pvctl, *words)
        return series.run(args, self.path("log/" + name), on_line, qemu)

    def guest(self, name, memory, script="/bin/bench", files=(), texts=(), on_line=lambda line: None,
              qemu=(), init=None):
        """A machine with one guest in it, watched by ./run-guest; returns its lines."""
        image = self.path("%s.initrd" % name)
        series.guest_image(image, files, texts, init)
        command = "/t/run-guest /guest/vmlinuz /guest/bench %dM %s # guest" % (memory, script)
        try:
            output = self.machine(
                name, "--guest", "--add", "%s:/guest/bench" % image,
                "--add", "%s/run-guest:/t/run-guest" % series.HERE,
                "--run", command, on_line=on_line, qemu=qemu)
        finally:
            os.unlink(image)
        return output["guest"]


def sampled(lines):
    """run-guest's output: [(mark, {counter: value})]."""
    samples = []
    for line in lines:
        if line.startswith("PVBMARK\t"):
            samples.append((line.split("\t")[1:], {}))
        elif line.startswith("| ") and len(line.split()) == 3:
            samples[-1][1][line.split()[1]] = int(line.split()[2])
    return samples


def parse_items(lines):
    """pvbench's output: {item: executed instructions per operation}."""
    found = {}
    for line in lines:
        if line.startswith("PVBERR"):
            raise series.Failed("pvbench: " + line)
        if line.startswith("PVB\t"):
            _, item, median = line.split("\t")[:3]
            found[item] = float(median)
    return found


def events_per_operation(lines):
    """{item: {column of EVENTS: count}}, less what the marks cost themselves."""
    begun, found, cost = {}, {}, dict.fromkeys(EVENTS, 0)
    for mark, counters in sampled(lines):
        if mark[0] == "begin":
            begun = counters
        elif mark[0] == "end":
            change = {column: sum(counters[name] - begun[name] for name in counters
                                  if names.fullmatch(name))
                      for column, names in EVENTS.items()}
            if mark[1] == "nothing":
                cost = change
            else:
                found[mark[1]] = {column: max(0, change[column] - cost[column]) / float(mark[2])
                                  for column in EVENTS}
    return found


def items_native(s, arguments):
    """The items on the lab's host itself."""
    def on_line(line):
        if line.startswith("PVB\t"):
            s.progress.say("native: " + line.split("\t")[1])

    args = series.options(
        "--host", HOST, "--no-module", "--add", s.path("pvbench") + ":/bin/pvbench",
        "--add", s.path("pvtiny") + ":/bin/pvtiny", "--run", "pvbench %s # items" % shlex.join(arguments))
    return parse_items(series.run(args, s.path("log/native"), on_line)["items"])


def items_guest(s, arguments):
    """The items in a guest: (instructions per operation, events per operation). The
    events are those of the timed samples with what surrounds them in pvbench: the
    munmap() of anon_fault, which its clock leaves out, is among them."""
    def on_line(line):
        if line.startswith("PVB\t"):
            s.progress.say("guest: " + line.split("\t")[1])

    script = "#!/bin/sh\nstty -echo\nexec pvbench -w %s\n" % shlex.join(arguments)
    lines = s.guest("guest", ITEMS_MEMORY, on_line=on_line,
                    files=[(s.path("pvbench"), "bin/pvbench"), (s.path("pvtiny"), "bin/pvtiny")],
                    texts=[("bin/bench", script)])
    if not any(line.startswith("PVB_END") for line in lines):
        raise series.Failed("pvbench in the guest: " + "; ".join(lines[-3:]))
    return parse_items(lines), events_per_operation(lines)


def within(counts, low, high):
    """Executed instructions at addresses from low to high."""
    return sum(n for address, n in counts.items() if low <= address < high)


def switch_counts(s, rounds):
    """Runs switch.c; ({"stay", "leave": {address: count}}, lines of the machine)."""
    output = s.path("switch.insns")
    start, stay, leave = series.symbols(s.path("switch.elf"), "mark_start", "mark_stay", "mark_leave")
    lines = s.machine(
        "switch", "--add", s.path("switch.elf") + ":/guest/switch.elf", "--run",
        "sed 's/^/MODULE\t/' /sys/module/pvhv/sections/.text\n"
        "exec pvctl run --name switch --kernel /guest/switch.elf --memory 32M -- n=%d # switch" % rounds,
        qemu=series.plugin(s.path("insns.so"), output, mark=(start, stay, leave)))["switch"]
    counts = dict(series.read_marks(output))
    os.unlink(output)
    return {"stay": counts[stay], "leave": counts[leave]}, lines


def world_switch(s, rounds=20000):
    """A hypercall that leaves for the host (SCHEDOP_yield) beside one that stays in the
    monitor (xen_version), from a micro-guest: executed instructions per call, counted by
    address. Of the first, the monitor's and pvhv.ko's part is entry, dispatch, leaving, the
    host's run loop, entering and the return; the rest of the host's kernel is yield() in
    its scheduler, and its interrupts."""
    result = {}
    for name, counts in switch_counts(s, rounds)[0].items():
        monitor, module = within(counts, *MONITOR), within(counts, *MODULES)
        guest, total = within(counts, 0, 1 << 47), sum(counts.values())
        parts = {"total": total, "guest": guest, "monitor": monitor, "module": module,
                 "kernel": total - guest - monitor - module}
        result[name] = {part: n / rounds for part, n in parts.items()}
    return result


def boot_image(s):
    """An initramfs whose /init marks its own start and powers off."""
    image = s.path("boot.initrd")
    series.guest_image(image, init=s.path("boot"))
    return image


def boot_native(s):
    """Instructions by address from the kernel's entry (after decompression) to /init."""
    output, image = s.path("boot-native.insns"), boot_image(s)
    end, = series.symbols(s.path("boot"), "_start")
    args = series.options("--host", GUEST, "--no-module", "--memory", str(BOOT_MEMORY),
                          "--append", "quiet nokaslr")
    series.run(args, s.path("log/boot-native"), initrd=image, qemu=series.plugin(
        s.path("insns.so"), output, once=(KERNEL_ENTRY,), mark=(end,)))
    os.unlink(image)
    return counts_at(output, end)


def boot_guest(s):
    """The same for a guest, from the first world switch to /init: what pvctl does before,
    among it the decompression, is left out, what the monitor and the host do is not."""
    output, (end,) = s.path("boot-guest.insns"), series.symbols(s.path("boot"), "_start")
    enter, = series.symbols(s.monitor_elf, "world_enter")
    s.guest("boot-guest", BOOT_MEMORY, init=s.path("boot"), qemu=series.plugin(
        s.path("insns.so"), output, once=(FIRST_AREA + enter,), mark=(end,)))
    return counts_at(output, end)


def counts_at(output, end):
    """The counts up to the last mark at an address."""
    counts = [counts for mark, counts in series.read_marks(output) if mark == end][-1]
    os.unlink(output)
    return counts


def boot(s):
    """Executed instructions of a boot: "native", "guest", and of the guest's "monitor" and
    "p2m", a loop of the guest's kernel over a list for as much memory as it is configured
    to accept later (CONFIG_XEN_MEMORY_HOTPLUG_LIMIT, 512 GiB), however small it is."""
    s.progress.say("boot, natively")
    native = boot_native(s)
    s.progress.say("boot, in a guest")
    guest = boot_guest(s)
    start, end = kernel_symbols(GUEST, s.build).extent("xen_vmalloc_p2m_tree")
    return {"native": sum(native.values()), "guest": sum(guest.values()),
            "monitor": within(guest, *MONITOR), "p2m": within(guest, start, end)}


def idle_memory(s):
    """Bytes that an idle guest costs the host beyond its RAM, two ways: what pvhv counts
    (overhead_bytes), and by how much free memory went down, which has pvctl's own memory,
    its page tables and the kernel's for it, too."""
    script = ("#!/bin/sh\nsleep 5\nprintf 'PVBMARK\\tidle\\n'\nread -r line\n"
              "sleep 5\nprintf 'PVBMARK\\tidle\\n'\nread -r line\n")
    samples = sampled(s.guest("idle", IDLE_MEMORY, texts=[("bin/bench", script)]))
    before, idle = samples[0][1], samples[-1][1]
    taken = (before["free_kb"] - idle["free_kb"]) * 1024
    return {"overhead": idle["overhead_bytes"], "taken": taken - (IDLE_MEMORY << 20),
            "pool_pages": idle["pool_pages"]}


def count_lines(directory):
    """Lines of source under a directory."""
    total = 0
    for where, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".c", ".h", ".S")):
                with open(os.path.join(where, name), encoding="utf-8") as f:
                    total += sum(1 for _ in f)
    return total


def sizes(s):
    """Bytes of pvhv.ko's sections and of the monitor's image, lines of module/."""
    listed = subprocess.run(["size", s.module], check=True, capture_output=True, text=True).stdout
    text, data, bss = (int(number) for number in listed.splitlines()[1].split()[:3])
    module = os.path.join(series.TOP, "module")
    return {"text": text, "data": data, "bss": bss, "monitor": os.path.getsize(s.monitor_bin),
            "lines": count_lines(module)} | {
                "lines_" + room: count_lines(os.path.join(module, room))
                for room in ("shared", "monitor", "host")}
