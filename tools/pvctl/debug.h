/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a debugger can do to a guest that stands still: breakpoints, watchpoints, memory
 * and registers. The guest's memory has breakpoints in it only while it runs.
 */
#ifndef PVCTL_DEBUG_H
#define PVCTL_DEBUG_H

#include "core.h"
#include "vcpu.h"

#define DEBUG_BREAKPOINTS	256
#define DEBUG_WATCHPOINTS	4	/* of the CPU */

/** enum debug_kind - in the order of the protocol's Z packets */
enum debug_kind {
	DEBUG_SOFTWARE, DEBUG_EXECUTE, DEBUG_WRITE, DEBUG_READ, DEBUG_ACCESS, DEBUG_KINDS
};

/** struct breakpoint - @at: the byte in the guest's memory, whose address now is @va */
struct breakpoint {
	u8 *at;
	u64 va;
	u8 old;
};

/** struct watchpoint - a debug register; @len 0: free. A DEBUG_SOFTWARE one can move to memory */
struct watchpoint {
	u64 va;
	u32 len;
	enum debug_kind kind;
};

struct debug {
	struct vcpu *vcpu;
	const struct domain *domain;
	struct pvhv_regs regs;		/* while it stands still */
	struct breakpoint breakpoint[DEBUG_BREAKPOINTS];
	size_t nr_breakpoints;
	struct watchpoint watchpoint[DEBUG_WATCHPOINTS];
};

/** debug_load - after a stop: take the registers over */
int debug_load(struct debug *d, struct error *e) __must_check;

/** debug_store - registers that were changed */
int debug_store(struct debug *d, struct error *e) __must_check;

/** debug_insert, debug_remove - false: there is no such thing, or no more room */
bool debug_insert(struct debug *d, enum debug_kind kind, u64 va, u32 len);
bool debug_remove(struct debug *d, enum debug_kind kind, u64 va, u32 len);

/** debug_remove_all - as if there never had been a debugger */
void debug_remove_all(struct debug *d);

/** debug_hit - the software breakpoint at rip, NULL: the `int3` there is the guest's own */
const struct breakpoint *debug_hit(const struct debug *d);

/** debug_watch - the watchpoint that DR6 names, NULL: none */
const struct watchpoint *debug_watch(const struct debug *d, u64 dr6);

/**
 * debug_control - before the guest runs on: tell the module what ends the run
 * @step: one instruction; @pass: the last breakpoint was the guest's own
 * @off: no debugger any more
 */
int debug_control(const struct debug *d, bool step, bool pass, bool off,
		  struct error *e) __must_check;

/** debug_read, debug_write - memory, as the guest has it without breakpoints */
size_t debug_read(const struct debug *d, u64 va, void *buf, size_t n);
size_t debug_write(struct debug *d, u64 va, const void *buf, size_t n);

#endif
