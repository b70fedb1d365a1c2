// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Ways for a guest to end its own domain, chosen by how=N on the command line. None
 * may print "still alive"; the host says why it ended. selftests/lab/crash-guests has
 * the same list, with what the host must say.
 */
#include "guest.h"

#define NOWHERE		0xffffffffc0000000	/* the guest's, not mapped */
#define MONITOR		0xffff808000142000
#define M2P		0xffff800000001000

#define UD_ON_STACK(rsp) asm volatile("mov %0, %%rsp; ud2" : : "r" (rsp))

/* No handler for anything. */
static void no_traps(void)
{
	H(set_trap_table, 0);
}

/* The iret hypercall with a frame at @frame. */
static void iret(const void *frame)
{
	asm volatile("mov %0, %%rsp; mov $23, %%eax; syscall" : : "r" (frame));
}

static void bad_stack(void)
{
	UD_ON_STACK(NOWHERE);
}

static void monitor_stack(void)
{
	UD_ON_STACK(MONITOR);
}

static void no_handler(void)
{
	no_traps();
	asm volatile("ud2");
}

static void garbage_jump(void)
{
	no_traps();
	asm volatile("jmp *%0" : : "r" (0x1234567890));
}

static void bad_iret(void)
{
	iret((void *)NOWHERE);
}

static void iret_bad_segments(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x1000, 0x10, 0x202, 0x2000, 0x10 };

	iret(frame);
}

static void iret_noncanonical(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x8000000000000000, 0xe030, 0x202, 0x2000, 0xe028 };

	no_traps();
	iret(frame);
}

static void user_without_root(void)
{
	static u64 frame[9] = { 0, 0, 0, 0, 0x1000, 0x33, 0x202, 0x2000, 0x2b };

	iret(frame);
}

static void handler_faults(void)
{
	static struct trap_info t[2] = { { 6, 0, FLAT_KERNEL_CS, NOWHERE } };

	no_traps();
	H(set_trap_table, t);
	asm volatile("ud2");
}

/* The handler of page faults is not there: a frame for each try, until the stack ends. */
static void fault_in_fault(void)
{
	static struct trap_info t[2] = { { 14, 0, FLAT_KERNEL_CS, NOWHERE } };

	H(set_trap_table, t);
	asm volatile("movb (%0), %%al" : : "r" (NOWHERE) : "rax");
}

static void m2p_stack(void)
{
	UD_ON_STACK(M2P);
}

static void noncanonical_stack(void)
{
	UD_ON_STACK(0x8000000000000000);
}

static void stack_at_zero(void)
{
	UD_ON_STACK(8UL);
}

static void table_stack(void)
{
	UD_ON_STACK((u64)pte_of((u64)guest_image, 1) + 2048);
}

static void readonly_stack(void)
{
	char *page = page_alloc();

	set_page_bits(page, PTE_ROX);
	UD_ON_STACK(page + 2048);
}

static void descriptor_stack(void)
{
	char *page = page_alloc();
	u64 frame = va_to_gfn(page);

	set_page_bits(page, PTE_ROX);
	H(set_gdt, &frame, 512);
	UD_ON_STACK(page + 2048);
}

/* The frame begins on a good page. */
static void half_a_stack(void)
{
	u64 *page = page_alloc();

	window_map(8, page, PTE_RWX);
	UD_ON_STACK(WINDOW(8) + 32);
}

static void user_stack_bad(u64 kernel_stack)
{
	user_init();
	H(stack_switch, FLAT_KERNEL_SS, kernel_stack);
	USER(0, "nop");
}

static void user_stack_monitor(void)
{
	user_stack_bad(MONITOR);
}

static void user_stack_table(void)
{
	user_stack_bad((u64)pte_of((u64)guest_image, 1) + 2048);
}

static void user_stack_user(void)
{
	user_stack_bad(USER_STACK);
}

static void user_no_handler(void)
{
	user_init();
	no_traps();
	USER(0, "ud2");
}

static void jump_monitor(void)
{
	no_traps();
	asm volatile("jmp *%0" : : "r" (MONITOR));
}

static void jump_noncanonical(void)
{
	no_traps();
	asm volatile("jmp *%0" : : "r" (0x8000000000000000));
}

static void iret_monitor_frame(void)
{
	iret((void *)MONITOR);
}

static void iret_m2p_frame(void)
{
	iret((void *)M2P);
}

static void iret_noncanonical_frame(void)
{
	iret((void *)0x8000000000000000);
}

static void iret_half_a_frame(void)
{
	window_map(8, page_alloc(), PTE_RWX);
	iret((void *)(WINDOW(9) - 40));
}

/* An event when there is no stack for it. */
static void upcall_bad_stack(void)
{
	struct evtchn_bind_ipi ipi = { 0 };
	struct evtchn_send send;

	event_op(EVTCHNOP_bind_ipi, &ipi);
	send.port = ipi.port;
	event_op(EVTCHNOP_send, &send);
	vcpu_info->evtchn_upcall_mask = 0;
	asm volatile("mov %0, %%rsp; mov $17, %%eax; xor %%edi, %%edi; syscall" : : "r" (NOWHERE));
}

/* An event when its handler is not there, and that of page faults neither. */
static void upcall_nowhere(void)
{
	struct evtchn_bind_ipi ipi = { 0 };
	struct evtchn_send send;

	register_callback(CALLBACKTYPE_event, 0, (void *)NOWHERE);
	no_traps();
	event_op(EVTCHNOP_bind_ipi, &ipi);
	send.port = ipi.port;
	event_op(EVTCHNOP_send, &send);
	events_enable();
}

/* A root without the kernel. */
static void empty_root(void)
{
	void *root = page_alloc();

	set_page_bits(root, PTE_ROX);
	mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(root), 0);
}

/* The kernel takes its own memory away. */
static void unmap_kernel(void)
{
	u64 *l4 = (u64 *)start_info->pt_base;

	mmu_update(pte_machine(&l4[511]), 0);
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

/* Page tables without end, in memory that is not mapped anywhere. */
static void many_tables(void)
{
	u64 n, gfn = start_info->nr_pages;

	for (n = 1; n < start_info->nr_pages; n++) {
		if (mmuext(MMUEXT_PIN_L1_TABLE, --gfn, 0))
			break;
		if (n % 100 == 0)
			print("%lu tables\n", n);
	}
}

/* The same with references: each table in an entry, none pinned. */
static void many_references(void)
{
	u64 n, gfn = start_info->nr_pages, *l2 = page_alloc(), *l2b = page_alloc();

	set_page_bits(l2, PTE_ROX);
	set_page_bits(l2b, PTE_ROX);
	mmuext(MMUEXT_PIN_L2_TABLE, va_to_gfn(l2), 0);
	mmuext(MMUEXT_PIN_L2_TABLE, va_to_gfn(l2b), 0);
	for (n = 1; n <= 1024; n++) {
		if (mmu_update(pte_machine(n <= 512 ? &l2[n - 1] : &l2b[n - 513]),
			       --gfn * PAGE_SIZE | PTE_RWX))
			break;
		if (n % 100 == 0)
			print("%lu tables\n", n);
	}
}

static void own_report(void)
{
	guest_exit(SHUTDOWN_crash);
}

static void (*const ways[])(void) = {
	bad_stack, monitor_stack, no_handler, garbage_jump, bad_iret, iret_bad_segments,
	iret_noncanonical, user_without_root, handler_faults, fault_in_fault, m2p_stack,
	noncanonical_stack, stack_at_zero, table_stack, readonly_stack, descriptor_stack,
	half_a_stack, user_stack_monitor, user_stack_table, user_stack_user, user_no_handler,
	jump_monitor, jump_noncanonical, iret_monitor_frame, iret_m2p_frame,
	iret_noncanonical_frame, iret_half_a_frame, upcall_bad_stack, upcall_nowhere,
	empty_root, unmap_kernel, many_tables, many_references, own_report,
};

void guest_main(void)
{
	u64 how = option("how", 0);

	if (how < ARRAY_SIZE(ways))
		ways[how]();
	print("still alive\n");
}
