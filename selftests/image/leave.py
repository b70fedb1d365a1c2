# SPDX-License-Identifier: GPL-2.0
"""Follows all paths through world_leave(), for a set of features, and tells which of the
host's barriers are missing where the first branch, handler or return of the host could
follow a prediction that the guest has trained."""
import itertools

from machinecode import FEATURES_OFFSET

PRED_CMD, SPEC_CTRL = 0x49, 0x48
FILL = 32            # entries of the return stack
STUFFING = 16        # a call that only fills: its target is this near


class Path:
    """Where we are, and what has been done."""

    def __init__(self, addr, msr=None, fills=0, done=frozenset(), flag=None, loaded=None):
        self.addr, self.msr, self.fills, self.done = addr, msr, fills, done
        self.flag = flag        # of the last test: True if it was zero, None if unknown
        self.loaded = loaded    # address that rax was loaded from

    def key(self):
        """Equal for paths that go on alike."""
        return (self.addr, self.msr, self.fills, self.done, self.flag, self.loaded)

    def at(self, addr, **change):
        """The same path, elsewhere."""
        fields = dict(msr=self.msr, fills=self.fills, done=self.done, flag=self.flag,
                      loaded=self.loaded)
        fields.update(change)
        return Path(addr, **fields)


class Leave:
    """One walk."""

    def __init__(self, code, features):
        self.code, self.features, self.errors, self.ends = code, features, [], 0
        self.clear_bhb = code.hostctx("CLEAR_BHB")
        self.thunk = code.symbols["__x86_indirect_thunk_rax"]
        wanted = {"IBPB": code.feature["EXIT_IBPB"], "IBRS": code.feature["EXIT_IBRS"],
                  "return stack": code.feature["RSB_FILL"],
                  "history": code.feature["EXIT_BHB"]}
        self.wanted = {name for name, bit in wanted.items() if features & bit}

    def walk(self):
        """All paths; returns the list of errors."""
        todo, seen = [Path(self.code.symbols["world_leave"])], set()
        while todo:
            path = todo.pop()
            if path.key() not in seen:
                seen.add(path.key())
                todo += self.step(path)
        if not self.ends:
            self.errors.append("no path leads to the host")
        return self.errors

    def end(self, path, insn, wanted):
        """The host's own code could be mispredicted from here."""
        self.ends += 1
        missing = sorted(wanted - path.done)
        if missing:
            self.errors.append("%s: %s %s, but not done: %s" % (
                self.code.where(insn.addr), insn.name, insn.operands, ", ".join(missing)))
        return []

    def step(self, path):
        """What may come after one instruction."""
        insn = self.code.insns.get(path.addr)
        if insn is None:
            self.errors.append("leaves the program at %x" % path.addr)
            return []
        feature = self.code.patches.get(insn.addr)
        if feature and not self.features & feature:
            return [path.at(insn.end)]
        handler = getattr(self, "on_" + insn.name, None)
        if insn.is_jump():
            return self.jump(path, insn)
        if handler:
            return handler(path, insn)
        return [path.at(insn.end)]

    def jump(self, path, insn):
        """Both ways, unless the test was of something that we know."""
        taken, on = path.at(insn.target, flag=None), path.at(insn.end, flag=None)
        if not insn.is_conditional():
            return [taken]
        if path.flag is None or insn.name not in ("je", "jne"):
            return [taken, on]
        return [taken if path.flag == (insn.name == "je") else on]

    def on_mov(self, path, insn):
        """Constants for ecx, and where rax comes from."""
        source, _, rest = insn.operands.partition(",")
        if rest == "%ecx" and source.startswith("$"):
            return [path.at(insn.end, msr=int(source[1:], 16))]
        if rest.startswith("%cr3"):
            return [path.at(insn.end, done=path.done | {"CR3"})]
        if ",%rax" in insn.operands:
            return [path.at(insn.end, loaded=insn.memory)]
        return [path.at(insn.end)]

    def on_testl(self, path, insn):
        """Of the image's features: known."""
        if insn.memory != FEATURES_OFFSET:
            return [path.at(insn.end, flag=None)]
        mask = int(insn.operands[1:].partition(",")[0], 16)
        return [path.at(insn.end, flag=not self.features & mask)]

    def on_cmpl(self, path, insn):
        """Not known."""
        return [path.at(insn.end, flag=None)]

    on_test = on_cmp = on_cmpl

    def on_wrmsr(self, path, insn):
        """The barrier, or IBRS, if the host is mapped already."""
        name = {PRED_CMD: "IBPB", SPEC_CTRL: "IBRS"}.get(path.msr)
        done = path.done | {name} if name and "CR3" in path.done else path.done
        return [path.at(insn.end, done=done)]

    def on_call(self, path, insn):
        """Fills the return stack, or goes to the host's function."""
        if insn.target is not None and insn.end < insn.target < insn.end + STUFFING:
            return [path.at(insn.target, fills=path.fills + 1)]
        if path.loaded == self.clear_bhb and insn.target == self.thunk:
            self.end(path, insn, self.wanted & {"IBPB", "IBRS"})
            return [path.at(insn.end, done=path.done | {"history"})]
        return self.end(path, insn, self.wanted)

    def on_lfence(self, path, insn):
        """Ends the filling."""
        full = path.fills >= FILL and "CR3" in path.done
        return [path.at(insn.end, fills=0,
                        done=path.done | {"return stack"} if full else path.done)]

    def ends_here(self, path, insn):
        """The host's handlers, or a return."""
        return self.end(path, insn, self.wanted)

    on_ret = on_retq = on_lret = on_lretq = on_lidt = on_int = on_sti = ends_here


def combinations(code):
    """All sets of features that make a difference."""
    bits = [code.feature[name] for name in ("FSGSBASE", "RSB_FILL", "EXIT_IBPB", "EXIT_IBRS",
                                            "EXIT_BHB")]
    for chosen in itertools.product((False, True), repeat=len(bits)):
        yield sum(bit for bit, on in zip(bits, chosen) if on)


def errors(code):
    """What is wrong on the way out, with any features: a list."""
    return sorted({error for features in combinations(code)
                   for error in Leave(code, features).walk()})


def barriers(code):
    """(name, address) of each instruction whose loss must be noticed."""
    start = code.symbols["world_leave"]
    msr, fills = None, 0
    for insn in (i for i in code.all() if i.addr >= start):
        if insn.name == "mov" and insn.operands.endswith(",%ecx") and insn.operands[0] == "$":
            msr = int(insn.operands[1:].partition(",")[0], 16)
        if insn.name == "wrmsr" and msr in (PRED_CMD, SPEC_CTRL):
            yield "IBPB" if msr == PRED_CMD else "SPEC_CTRL", insn.addr
        if insn.name == "call" and insn.end < insn.target < insn.end + STUFFING:
            fills += 1
            if fills == FILL:
                yield "a call that fills the return stack", insn.addr
        if insn.name == "call" and insn.target == code.symbols["__x86_indirect_thunk_rax"] \
                and not fills:
            yield "the call of the host's function", insn.addr
        if insn.name == "lfence":
            yield "LFENCE", insn.addr
            return
