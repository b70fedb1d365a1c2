# SPDX-License-Identifier: GPL-2.0
"""The monitor's machine code, as objdump shows it, with what the image says of itself:
symbols, and the instructions that the host takes out on CPUs without a feature."""
import os
import re
import struct
import subprocess

FEATURE = re.compile(r"#define FEATURE_(\w+)\s+\(1ULL << (\d+)\)")
OFFSET = re.compile(r"#define (\w+) (-?\d+)")
LINE = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)$")
LABEL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
TARGET = re.compile(r"^([0-9a-f]+) <")
MEMORY = re.compile(r"# ([0-9a-f]+)(?: <|$)")

# struct image_header of module/shared/image.h, up to what the host fills.
HEADER = struct.Struct("<Q11I")
HEADER_FIELDS = ("magic version text size rela rela_end stubs syscall64 syscall32 enter patches "
                 "patches_end").split()
PATCH = struct.Struct("<iIQ")
FEATURES_OFFSET = HEADER.size + 4 + 8


class Insn:
    """One instruction: where, how long, what."""

    def __init__(self, addr, size, text):
        self.addr, self.size, self.end = addr, size, addr + size
        text = re.sub(r"^(?:(?:bnd|notrack|cs|ds|data16|rex\.W) )+", "", text.strip())
        self.name, _, self.operands = text.partition(" ")
        self.operands = self.operands.strip()
        found = TARGET.match(self.operands)
        self.target = int(found.group(1), 16) if found else None
        found = MEMORY.search(self.operands)
        self.memory = int(found.group(1), 16) if found else None

    def __repr__(self):
        return "%x: %s %s" % (self.addr, self.name, self.operands)

    def is_jump(self):
        """A direct jump, conditional or not."""
        return self.name.startswith("j") and self.target is not None

    def is_conditional(self):
        """A jump that may not be taken."""
        return self.is_jump() and self.name not in ("jmp", "jmpq")


class Code:
    """All of it, by address."""

    def __init__(self, directory, top):
        elf = os.path.join(directory, "monitor.elf")
        self.insns, self.symbols, self.at_symbol = {}, {}, {}
        text = subprocess.run(["objdump", "-dw", "-j", ".text", elf], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        for line in text.splitlines():
            self.read(line)
        listing = subprocess.run(["nm", elf], check=True, stdout=subprocess.PIPE, text=True).stdout
        for line in listing.splitlines():
            value, _, name = line.rpartition(" ")
            if value.split():
                self.symbols[name] = int(value.split()[0], 16)
        with open(os.path.join(directory, "monitor.bin"), "rb") as f:
            self.bytes = f.read()
        self.header = dict(zip(HEADER_FIELDS, HEADER.unpack_from(self.bytes)))
        self.patches = dict(self.read_patches())
        with open(os.path.join(top, "module/shared/image.h"), encoding="utf-8") as f:
            self.feature = {name: 1 << int(bit) for name, bit in FEATURE.findall(f.read())}
        with open(os.path.join(directory, "offsets.h"), encoding="utf-8") as f:
            self.offsets = {name: int(value) for name, value in OFFSET.findall(f.read())}

    def read(self, line):
        """Takes one line of objdump's."""
        label = LABEL.match(line)
        if label:
            self.at_symbol[int(label.group(1), 16)] = label.group(2)
        found = LINE.match(line)
        if found:
            addr, size = int(found.group(1), 16), len(found.group(2).split())
            self.insns[addr] = Insn(addr, size, found.group(3))

    def read_patches(self):
        """(address, feature) of what is NOPs without the feature."""
        for at in range(self.header["patches"], self.header["patches_end"], PATCH.size):
            offset, _, feature = PATCH.unpack_from(self.bytes, at)
            yield at + offset, feature

    def hostctx(self, field):
        """Address of a field of struct pvhv_hostctx."""
        return self.symbols["area_hostctx"] + self.offsets["HOSTCTX_" + field]

    def all(self):
        """Instructions by address."""
        return [self.insns[addr] for addr in sorted(self.insns)]

    def where(self, addr):
        """symbol+offset."""
        below = [start for start in self.at_symbol if start <= addr]
        start = max(below) if below else 0
        return "%s+0x%x" % (self.at_symbol.get(start, "?"), addr - start)

    def targets(self):
        """Addresses that a direct jump or call goes to."""
        return {i.target for i in self.insns.values() if i.target is not None}

    def without(self, addr):
        """A copy in which one instruction is a NOP: to see that its loss is noticed."""
        copy = object.__new__(Code)
        copy.__dict__.update(self.__dict__)
        old = self.insns[addr]
        copy.insns = dict(self.insns)
        copy.insns[addr] = Insn(addr, old.size, "nop")
        return copy
