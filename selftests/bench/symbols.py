# SPDX-License-Identifier: GPL-2.0
"""Names of addresses, and those of a stock kernel, whose packages have no symbol table:
a running one is asked. Must never guess: what is not in a table has no name.
"""
import bisect
import os

import series


class Symbols:
    """Names of addresses, in one address space."""

    def __init__(self, pairs):
        self.pairs = sorted(set(pairs))
        self.addresses = [address for address, _ in self.pairs]

    def find(self, address):
        """(name, offset) of an address."""
        index = bisect.bisect_right(self.addresses, address) - 1
        if index < 0:
            return "?", 1
        start, name = self.pairs[index]
        return name, address - start

    def extent(self, name):
        """(first address, address of what follows) of a symbol; nothing if unknown."""
        for start, other in self.pairs:
            if other == name:
                return start, self.addresses[bisect.bisect_right(self.addresses, start)]
        return 0, 0


def kernel_symbols(kernel, directory):
    """The stock kernel's symbols where it is linked; fetched from a running one once."""
    path = os.path.join(directory, "kallsyms-" + series.lab.kernels.release(kernel))
    if not os.path.exists(path):
        args = series.options("--host", kernel, "--no-module", "--append", "nokaslr",
                              "--run", r"grep -i ' [tw] [^[]*$' /proc/kallsyms # symbols")
        lines = series.run(args, os.path.join(directory, "log/symbols"))["symbols"]
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
    with open(path, encoding="ascii") as f:
        return Symbols((int(line.split()[0], 16), line.split()[2]) for line in f)
