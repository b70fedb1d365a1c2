// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Exceptions reach the guest kernel with the right vector, error code and rip: each
 * one that CPL 3 code can raise, by instruction and by `int n`.
 */
#include "guest.h"

static u64 bad_address = 0xffffffffc0000000;	/* canonical, the guest's, not mapped */

static void test_faults(void)
{
	ok(TRY("ud2") == 6, "ud2 raises #UD");
	ok(TRY("int3") == 3, "int3 raises #BP");
	ok(TRY("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx") == 0, "division by zero raises #DE");
	ok(TRY("mov (%0), %%rcx", "r" (bad_address)) == 14, "load from nowhere raises #PF");
	ok(trapped.cr2 == bad_address && trapped.error == 0,
	   "not present, read: error code 0, CR2 (error %lx, cr2 %lx)", trapped.error, trapped.cr2);
	ok(TRY("movb $1, 1(%0)", "r" (bad_address)) == 14 && trapped.error == 2,
	   "not present, write: error code 2 (%lx)", trapped.error);
	ok(TRY("jmp *%0", "r" (bad_address)) == 14 && trapped.rip == bad_address,
	   "jump to nowhere: rip is the target (%lx)", trapped.rip);
	ok(TRY("mov (%0), %%rcx", "r" (0x8000000000000000)) == 13,
	   "non-canonical address raises #GP");
	ok(TRY("mov (%0), %%rcx", "r" (0x0080000000000000)) == 13,
	   "an address canonical only for 5 levels raises #GP");
}

static void test_software_interrupts(void)
{
	ok(TRY("int $0x80") == 0x80, "int 0x80 reaches its handler");
	ok(TRY("int $0x21") == 13 && trapped.error == 0x21 * 8 + 2,
	   "int n with a gate of too low DPL raises #GP with n * 8 + 2 (%lx)", trapped.error);
	ok(TRY("int $14") == 13 && trapped.error == 14 * 8 + 2,
	   "int 14 raises #GP, not #PF (%lx)", trapped.error);
	ok(TRY("int $2") == 13, "int 2 is not an NMI");
	ok(TRY("int $0xf0") == 13, "int 0xf0 is not a host interrupt");
}

static void test_privileged(void)
{
	ok(TRY("hlt") == 13, "hlt raises #GP");
	ok(TRY("lgdt (%0)", "r" (&bad_address)) == 13, "lgdt raises #GP");
	ok(TRY("mov %0, %%cr3", "r" (0UL)) != -1, "mov to cr3 is refused");
	ok(TRY("mov $0x10, %%ecx; mov %%ecx, %%ss") == 13, "a selector without descriptor: #GP");
	ok(TRY("mov $0xe010, %%ecx; mov %%ecx, %%ds") == 13, "the monitor's data segment: #GP");
	ok(TRY("mov $0xe008, %%ecx; mov %%ecx, %%es") == 13, "the monitor's code segment: #GP");
}

static void test_monitor_memory(void)
{
	static const u64 slots[] = { 0xffff808000000000, 0xffff810000000000, 0xffff818000000000,
				     0xffff820000000000, 0xffff87ffffffffff };
	u64 i;

	for (i = 0; i < ARRAY_SIZE(slots); i++)
		ok(TRY("movb (%0), %%cl", "r" (slots[i])) == 14, "the monitor's memory at 0x%lx: #PF",
		   slots[i]);
	ok(TRY("movb (%0), %%cl", "r" (0xffff800000000000)) == -1, "the m2p table can be read");
	ok(*(volatile u64 *)0xffff800000000000 == 0, "and says gfn 0 is pfn 0");
	ok(TRY("movb $0, (%0)", "r" (0xffff800000000000)) == 14 && (trapped.error & 2),
	   "but not written");
}

/* One step is enough: without TF the interrupted code runs on. */
static bool stop_stepping(struct trap_regs *r)
{
	r->rflags &= ~0x100UL;
	return true;
}

static void test_single_step(void)
{
	unsigned int before = trapped.count;
	u64 expected;

	trap_handlers[1] = stop_stepping;
	asm volatile("pushf; orq $0x100, (%%rsp); popf\n nop\n 1: lea 1b(%%rip), %0"
		     : "=r" (expected) : : "memory", "cc");
	trap_handlers[1] = NULL;
	ok(trapped.count == before + 1 && trapped.vector == 1, "TF raises #DB once");
	ok(trapped.rip == expected, "after the instruction behind popf (%lx)", trapped.rip);
	ok(H(get_debugreg, 6) & 0x4000, "DR6 says single step (%lx)", (u64)H(get_debugreg, 6));
}

/* Where handlers may be: anywhere but in the monitor. */
static void test_registration(void)
{
	static const u64 bad[] = { 0xffff800000000000, 0xffff808000000000, 0xffff87ffffffffff,
				   0x0000800000000000, 0x8000000000000000 };
	static struct trap_info table[258];
	u64 i, refused = 0;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		table[0] = (struct trap_info){ 6, 0, FLAT_KERNEL_CS, bad[i] };
		refused += H(set_trap_table, table) == -22;
		refused += register_callback(CALLBACKTYPE_event, 0, (void *)bad[i]) == -22;
		refused += register_callback(CALLBACKTYPE_failsafe, 0, (void *)bad[i]) == -22;
		refused += register_callback(CALLBACKTYPE_syscall, 0, (void *)bad[i]) == -22;
		refused += register_callback(CALLBACKTYPE_sysenter, 0, (void *)bad[i]) == -22;
		refused += H(set_callbacks, bad[i], bad[i], bad[i]) == -22;
	}
	ok(refused == 6 * ARRAY_SIZE(bad), "handlers in the monitor or nowhere are refused (%lu)",
	   refused);
	ok(TRY("ud2") == 6, "the old one stays");
	ok(register_callback(99, 0, upcall_entry) == -38, "an unknown callback");
	ok(H(callback_op, CALLBACKOP_register, 0x123000) == -14, "a callback from nowhere");
	ok(H(callback_op, 99, table) == -38, "an unknown operation");
	ok(H(set_trap_table, 0x123000) == -14, "a table from nowhere");
	for (i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = (struct trap_info){ (u8)i, 0, FLAT_KERNEL_CS, (u64)failsafe_entry };
	ok(H(set_trap_table, table) == -22, "a table without end");
	traps_init();
}

void guest_main(void)
{
	test_registration();
	test_faults();
	test_software_interrupts();
	test_privileged();
	test_monitor_memory();
	test_single_step();
}
