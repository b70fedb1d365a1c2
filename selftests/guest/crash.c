// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Ways for a guest to end its own domain, chosen by how=N on the command line. None
 * may print "still alive"; the host says why it ended.
 */
#include "guest.h"

static void bad_stack(void)
{
	asm volatile("mov $0xffffffffc0000000, %rsp; ud2");
}

static void monitor_stack(void)
{
	asm volatile("mov $0xffff808000142000, %rsp; ud2");
}

static void no_handler(void)
{
	H(set_trap_table, 0);
	asm volatile("ud2");
}

static void garbage_jump(void)
{
	H(set_trap_table, 0);
	asm volatile("jmp *%0" : : "r" (0x1234567890));
}

static void bad_iret(void)
{
	asm volatile("mov $0xffffffffc0000000, %rsp; mov $23, %eax; syscall");
}

static void iret_bad_segments(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x1000, 0x10, 0x202, 0x2000, 0x10 };

	asm volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r" (frame));
}

static void iret_noncanonical(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x8000000000000000, 0xe033, 0x202, 0x2000, 0xe02b };

	H(set_trap_table, 0);
	asm volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r" (frame));
}

static void user_without_root(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x1000, 0x33, 0x202, 0x2000, 0x2b };

	asm volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r" (frame));
}

static void handler_faults(void)
{
	static struct trap_info t[2] = { { 6, 0, FLAT_KERNEL_CS, 0xffffffffc0000000 } };

	H(set_trap_table, 0);
	H(set_trap_table, t);
	asm volatile("ud2");
}

static void (*const ways[])(void) = {
	bad_stack, monitor_stack, no_handler, garbage_jump, bad_iret, iret_bad_segments,
	iret_noncanonical, user_without_root, handler_faults,
};

void guest_main(void)
{
	u64 how = option("how", 0);

	if (how < ARRAY_SIZE(ways))
		ways[how]();
	print("still alive\n");
}
