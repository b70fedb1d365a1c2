// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lists of hypercalls, and hypercalls that do not finish at once. Expected: each entry
 * has the result it would have had alone; a list goes on after an entry failed; and
 * what must leave for the host in between continues by itself, once.
 */
#include "guest.h"

static struct multicall_entry list[64];

static void set(unsigned int i, u64 op, u64 a, u64 b, u64 c, u64 d)
{
	list[i] = (struct multicall_entry){ .op = op, .result = 0x7777, .args = { a, b, c, d } };
}

static void test_results(void)
{
	u64 *page = page_alloc();
	long ret;

	window_map(0, page, PTE_RWX);
	set(0, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0);
	set(1, 63, 0, 0, 0, 0);
	set(2, __HYPERVISOR_update_va_mapping, WINDOW(0), va_to_gfn(page) * PAGE_SIZE | PTE_ROX,
	    UVMF_INVLPG, 0);
	set(3, __HYPERVISOR_update_va_mapping, WINDOW(0), 0x123456789000 | PTE_ROX, UVMF_INVLPG, 0);
	set(4, __HYPERVISOR_multicall, (u64)list, 1, 0, 0);
	set(5, __HYPERVISOR_iret, 0, 0, 0, 0);
	set(6, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0);
	set(7, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0);
	ret = H(multicall, list, 7);
	ok(!ret, "a list (%ld)", ret);
	ok((long)list[0].result == H(xen_version, XENVER_version), "the first result");
	ok((long)list[1].result == -38, "a number that does not exist");
	ok(!list[2].result && TRY("movq $1, (%0)", "r" (WINDOW(0))) == 14, "an update");
	ok((long)list[3].result == -22, "one that is refused");
	ok((long)list[4].result < 0, "no list in a list (%ld)", (long)list[4].result);
	ok((long)list[5].result < 0, "no iret in a list (%ld)", (long)list[5].result);
	ok(list[6].result == PAGE_SIZE && list[7].result == 0x7777, "the last; and none behind it");
	ok(list[2].op == __HYPERVISOR_update_va_mapping && list[2].args[0] == WINDOW(0),
	   "entries keep their arguments");
	window_map(0, NULL, 0);
}

static void test_addresses(void)
{
	struct multicall_entry *e = (struct multicall_entry *)(WINDOW(1) - 40);
	char *first = page_alloc(), *second = page_alloc();

	ok(!H(multicall, list, 0), "an empty list");
	ok(H(multicall, WINDOW(9), 1) == -14, "one that is not there");
	ok(H(multicall, 0xffff808000000000, 1) == -14, "one in the monitor");
	ok(H(multicall, ~0UL - 100, 50) == -14, "one at the end of the address space");
	window_map(0, second, PTE_RWX);
	window_map(1, first, PTE_RWX);
	set(0, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0);
	memcpy(e, list, sizeof(*e));
	ok(!H(multicall, e, 1) && e->result == PAGE_SIZE, "an entry on two pages");
	window_map(0, second, PTE_ROX);
	ok(H(multicall, WINDOW(0), 1) == -14, "a list that cannot be written to");
	window_map(1, NULL, 0);
	window_map(0, second, PTE_RWX);
	memcpy((void *)(WINDOW(1) - sizeof(*e)), list, sizeof(*e));
	ok(H(multicall, WINDOW(1) - sizeof(*e), 2) == -14 &&
	   ((struct multicall_entry *)(WINDOW(1) - sizeof(*e)))->result == PAGE_SIZE,
	   "a list that ends too early has been done as far as it is there");
	window_map(0, NULL, 0);
}

/* Each of these leaves for the host. */
static void test_exits(void)
{
	static char text[] = "# part . of a list\n";
	long timer = bind_virq(VIRQ_TIMER);
	unsigned int i, bad = 0;

	for (i = 0; i < 30; i++) {
		if (i % 3 == 0)
			set(i, __HYPERVISOR_console_io, 0, sizeof(text) - 1, (u64)text, 0);
		else if (i % 3 == 1)
			set(i, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
		else
			set(i, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0);
	}
	ok(!H(multicall, list, 30), "a list with calls that leave for the host");
	for (i = 0; i < 30; i++)
		bad += list[i].result != (i % 3 == 2 ? PAGE_SIZE : 0);
	ok(!bad, "all of it was done (%u not)", bad);
	events_enable();
	event_count[timer] = 0;
	for (i = 0; i < 10; i++)
		set(i, __HYPERVISOR_set_timer_op, now() + 1000000000000UL + i, 0, 0, 0);
	set(10, __HYPERVISOR_set_timer_op, 1, 0, 0, 0);
	ok(!H(multicall, list, 11) && event_count[timer] == 1, "a list of timers (%u)",
	   event_count[timer]);
	events_disable();
}

/* A text that is longer than what goes to the host at a time. */
static void test_long(void)
{
	static char text[20000];
	unsigned int i;
	long ret;

	for (i = 0; i < sizeof(text); i++)
		text[i] = i % 100 == 99 ? '\n' : i % 100 == 0 ? '#' : (char)('a' + i / 100 % 26);
	ret = H(console_io, 0, sizeof(text), text);
	ok(!ret, "20000 bytes for the console (%ld)", ret);
	ok(H(console_io, 0, 100, WINDOW(9)) == -14, "from where nothing is");
	ok(H(console_io, 0, 0x80000000UL, text) == -22, "more than there can be");
	ok(H(console_io, 99, 1, text) == -38, "an unknown command");
	ok(H(console_io, 1, 10, text) == 0 && H(console_io, 1, 10, text) == 0,
	   "nobody has typed anything");
}

/* Registers that a hypercall does not use for its result stay as they were. */
static void test_registers(void)
{
	u64 bad;

	asm volatile("mov $1, %%edi; mov $2, %%esi; mov $3, %%edx; mov $4, %%r10d; mov $5, %%r8d\n"
		     "mov $6, %%r9d; mov $7, %%r12d; mov $8, %%r13d; mov $9, %%r14d; mov $10, %%r15d\n"
		     "mov $11, %%ebx; mov $63, %%eax; syscall\n"
		     "xor $-38, %%rax; sub $1, %%rdi; sub $2, %%rsi; sub $3, %%rdx; sub $4, %%r10\n"
		     "sub $5, %%r8; sub $6, %%r9; sub $7, %%r12; sub $8, %%r13; sub $9, %%r14\n"
		     "sub $10, %%r15; sub $11, %%rbx; or %%rdi, %%rax; or %%rsi, %%rax; or %%rdx, %%rax\n"
		     "or %%r10, %%rax; or %%r8, %%rax; or %%r9, %%rax; or %%r12, %%rax; or %%r13, %%rax\n"
		     "or %%r14, %%rax; or %%r15, %%rax; or %%rbx, %%rax"
		     : "=a" (bad) : : "rdi", "rsi", "rdx", "rcx", "rbx", "r8", "r9", "r10", "r11",
		     "r12", "r13", "r14", "r15", "memory");
	ok(!bad, "a hypercall changes rax, rcx and r11 only (%lx)", bad);
}

void guest_main(void)
{
	test_results();
	test_addresses();
	test_exits();
	test_long();
	test_registers();
}
