// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A guest to be looked at from outside, with functions and variables that a debugger can
 * name: selftests/examine. how=N on the command line says what happens in the innermost
 * function: 0 nothing, 1 a crash with no handler, 2 the guest's own report of a crash, 3
 * a loop that counts until somebody sets examine_stop, 4 as 3 with the guest's own
 * breakpoints and single steps.
 */
#include "guest.h"

#define NOINLINE __attribute__((noinline, noclone))

struct examined {
	u32 id;
	u32 count;
	const char *text;
};

struct examined examine_table[3] = {
	{ 17, 100, "seventeen" }, { 18, 200, "eighteen" }, { 19, 300, "nineteen" },
};
volatile u64 examine_count, examine_stop, examine_zero;
volatile u64 examine_breakpoints, examine_steps;
/* How often there was an int3 in examine_tick() that is not ours. */
volatile u64 examine_foreign;

/* Registers with patterns, then the end. */
static NOINLINE void crash(void)
{
	H(set_trap_table, 0);
	asm volatile("mov $0x1111111122222222, %%rax; mov $0xbbbbbbbb, %%ebx; mov $0x12, %%r12d;"
		     "mov $0x1515151515151515, %%r15; .globl examine_ud2; examine_ud2: ud2"
		     : : : "rax", "rbx", "r12", "r15");
}

NOINLINE void examine_tick(u64 n)
{
	examine_count = n;
}

/* The guest's own use of what a debugger uses, too. */
NOINLINE void examine_own(void)
{
	asm volatile("int3");
	asm volatile("pushf; orq $0x100, (%%rsp); popf; nop; pushf; andq $~0x100, (%%rsp); popf"
		     : : : "memory", "cc");
}

static bool own_debug(struct trap_regs *r)
{
	if (r->vector == 3)
		examine_breakpoints++;
	else
		examine_steps++;
	return true;
}

NOINLINE void examine_inner(u64 how, struct examined *e)
{
	u64 n;

	e->count++;
	if (how == 1)
		crash();
	if (how == 2)
		guest_exit(SHUTDOWN_crash);
	for (n = 1; how >= 3 && !examine_stop; n++) {
		examine_tick(n);
		examine_foreign += *(volatile u8 *)(u64)examine_tick == 0xcc;
		if (how == 4)
			examine_own();
	}
}

NOINLINE u64 examine_outer(u64 how)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(examine_table); i++) {
		if (i == 1)
			examine_inner(how, &examine_table[i]);
		sum += examine_table[i].count;
	}
	return sum;
}

void guest_main(void)
{
	u64 how = option("how", 0);

	trap_handlers[1] = trap_handlers[3] = own_debug;
	ok(examine_outer(how) == 601, "looked at");
	if (how == 4)
		ok(examine_breakpoints && examine_steps, "the guest's own debugging worked");
}
