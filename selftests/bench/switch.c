// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What a hypercall costs that leaves for the host (SCHEDOP_yield) and one that does
 * not (xen_version): each n times, between marks that the emulator looks for, and by
 * the TSC, which counts executed instructions under -icount shift=0.
 */
#include "guest.h"

/* Not inlined, not merged: each is an address of its own. */
#define MARK(name) \
	__attribute__((noinline)) void name(void); \
	void name(void) { asm volatile("nop # " #name); }
MARK(mark_start)
MARK(mark_stay)
MARK(mark_leave)

static u64 tsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (u64)hi << 32 | lo;
}

void guest_main(void)
{
	u64 n = option("n", 20000), i, start, stay, leave;

	/* Once before: what is done only the first time. */
	H(xen_version, XENVER_version);
	H(sched_op, SCHEDOP_yield);
	start = tsc();
	mark_start();
	for (i = 0; i < n; i++)
		H(xen_version, XENVER_version);
	mark_stay();
	stay = tsc();
	for (i = 0; i < n; i++)
		H(sched_op, SCHEDOP_yield);
	mark_leave();
	leave = tsc();
	print("SWITCH\t%lu\t%lu\t%lu\n", n, stay - start, leave - stay);
}
