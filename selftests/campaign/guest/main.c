// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The loop: one operation, recovery from it, repair, and from time to time a scan. */
#include "campaign.h"

struct report *report;
u64 special_gfn;
u64 canary_inverse[REPORT_CANARIES];
struct jump *recovery;
unsigned int spoilt;

bool no_iret, user_reads;
u64 user_word;

static bool tracing;
static u64 seed, poke_port;
static struct report_op *current;
static char edge_backing[EDGE_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static char code_backing[2][PAGE_SIZE] __attribute__((aligned(4096)));
static char stack_backing[2][PAGE_SIZE] __attribute__((aligned(4096)));

/* ---------------------------------------------------------------- trace */

void note(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	memcpy(current->arg, (u64[]){ a, b, c, d, e, f }, sizeof(current->arg));
	if (tracing)
		print("%lu %lu: %lx %lx %lx %lx %lx %lx\n", current->number, current->kind, a, b, c, d, e, f);
}

void note_result(u64 result)
{
	current->result = result;
}

void found(enum found_kind kind, u64 a, u64 b)
{
	u64 n = report->nr_found++;

	if (n >= REPORT_FOUND)
		return;
	report->found[n].kind = kind;
	report->found[n].op = report->ops;
	report->found[n].a = a;
	report->found[n].b = b;
}

static void trace_begin(u64 n, u64 kind)
{
	current = &report->trace[report->next++ % REPORT_TRACE];
	*current = (struct report_op){ .number = n, .kind = kind, .result = 0x7e57 };
	report->kinds[kind]++;
	report->ops++;
}

/* ---------------------------------------------------------------- traps */

/* Read the word, or come back here by a trap. */
bool read_word(u64 va, u64 *val);

bool try_read(u64 va, u64 *val)
{
	struct jump here, *outer = recovery;
	bool good = false;

	recovery = &here;
	if (!jump_set(&here))
		good = read_word(va, val);
	recovery = outer;
	return good;
}

static void count_trap(u64 vector)
{
	report->traps[vector < 32 ? vector : vector < 256 ? 35 : vector - VECTOR_UPCALL + 32]++;
}

/* The VMM rings when nothing has happened for a while. */
static bool handle_upcall(void)
{
	unsigned int before = event_count[poke_port];

	events_handle();
	return event_count[poke_port] == before;
}

static bool hook(struct trap_regs *r)
{
	count_trap(r->vector);
	scan_registers((u64 *)r, sizeof(*r) / 8);
	if (r->vector == VECTOR_UPCALL && handle_upcall())
		return true;
	if (!recovery)
		return false;
	if (user_reads && r->vector == VECTOR_SYSCALL) {
		user_word = r->rdi;
		jump_back(recovery, 2);
	}
	user_reads = false;
	jump_back(recovery, 1);
}

/* ----------------------------------------------------------------- view */

#define VIEW_TABLES	8

static u64 *view[VIEW_TABLES];		/* level 3, 2, and all of level 1 */
static u64 view_tables;

static u64 *new_table(void)
{
	u64 *table = page_alloc();

	view[view_tables++] = table;
	return table;
}

static u64 view_entry(u64 gfn)
{
	return gfn * PAGE_SIZE | PTE_ROX | PTE_NX;
}

static void map_phys(void)
{
	u64 *l3 = new_table(), *l2 = new_table(), *l1, gfn;

	for (gfn = 0; gfn < start_info->nr_pages; gfn++) {
		l1 = gfn % 512 ? view[view_tables - 1] : new_table();
		l1[gfn % 512] = view_entry(gfn);
		l2[gfn / 512] = va_to_gfn(l1) * PAGE_SIZE | PTE_RWX;
	}
	l3[0] = va_to_gfn(l2) * PAGE_SIZE | PTE_RWX;
	for (gfn = 0; gfn < view_tables; gfn++)
		set_page_bits(view[gfn], PTE_ROX);
	if (mmu_update(current_root() * PAGE_SIZE + 272 * 8, va_to_gfn(l3) * PAGE_SIZE | PTE_RWX))
		print("# no view of memory\n");
}

/* The address of a table must be that of its frame, then its content can be believed. */
static bool table_is_mapped(const u64 *table)
{
	const u64 *e = pte_of((u64)table, 1);

	return e && PTE_GFN(*e) == va_to_gfn(table);
}

bool view_is_intact(void)
{
	u64 gfn, i;

	for (i = 0; i < view_tables; i++)
		if (!table_is_mapped(view[i]))
			return false;
	if (PTE_GFN(((u64 *)start_info->pt_base)[272]) != va_to_gfn(view[0]) ||
	    PTE_GFN(view[0][0]) != va_to_gfn(view[1]))
		return false;
	for (gfn = 0; gfn < start_info->nr_pages; gfn++)
		if (PTE_GFN(view[1][gfn / 512]) != va_to_gfn(view[2 + gfn / 512]) ||
		    view[2 + gfn / 512][gfn % 512] != view_entry(gfn))
			return false;
	return true;
}

/* What operations have changed in it is put right. */
static void repair_view(void)
{
	u64 gfn, *l1;

	mmu_update(current_root() * PAGE_SIZE + 272 * 8, va_to_gfn(view[0]) * PAGE_SIZE | PTE_RWX);
	for (gfn = 0; gfn < start_info->nr_pages; gfn++) {
		l1 = view[2 + gfn / 512];
		if (l1[gfn % 512] != view_entry(gfn))
			mmu_update(pte_machine(&l1[gfn % 512]), view_entry(gfn));
	}
}

/* -------------------------------------------------------------- windows */

/* In both roots: whatever mode the guest is in after an iret, its stack is there. */
static void map_low(u64 va, const void *page)
{
	u64 user = user_root;

	user_map(va, page, PTE_RWX);
	user_root = current_root();
	user_map(va, page, PTE_RWX);
	user_root = user;
}

/* Again from time to time: operations aim at these, too. */
static void map_windows(void)
{
	static const u64 edge[EDGE_PAGES] = { PTE_RWX, PTE_RWX, 0, PTE_RWX, PTE_ROX, PTE_RWX, PTE_ROX, 0 };
	u64 i;

	for (i = 0; i < EDGE_PAGES; i++)
		window_map((unsigned int)(WIN_EDGE + i), edge[i] ? edge_backing[i] : NULL, edge[i]);
	window_map(WIN_EDGE + 6, (void *)start_info->pt_base, PTE_ROX);
	for (i = 0; i < 2; i++) {
		window_map((unsigned int)(WIN_CODE + i), code_backing[i], PTE_RWX);
		window_map((unsigned int)(WIN_STACK + i), stack_backing[i], PTE_RWX);
		map_low(LOW_CODE + i * PAGE_SIZE, code_backing[i]);
		map_low(LOW_STACK + i * PAGE_SIZE, stack_backing[i]);
	}
}

static void map_report(void)
{
	u64 first = start_info->nr_pages - REPORT_PAGES, i;

	window_pte(0);
	for (i = 0; i < REPORT_PAGES; i++)
		H(update_va_mapping, WINDOW(WIN_REPORT + i), (first + i) * PAGE_SIZE | PTE_RWX, UVMF_INVLPG);
	report = (struct report *)WINDOW(WIN_REPORT);
}

/* --------------------------------------------------------------- repair */

static void repair_segments(void)
{
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" : : "r" (0));
	if (!one_in(8))
		return;
	mmuext(MMUEXT_SET_LDT, 0, 0);
	H(set_gdt, 0, 0);
}

static void repair_root(void)
{
	mmuext(MMUEXT_NEW_BASEPTR, current_root(), 0);
	if (!one_in(8))
		mmuext(MMUEXT_NEW_USER_BASEPTR, user_root, 0);
}

static void repair(void)
{
	static struct physdev_set_iopl iopl;

	if (spoilt & SPOILT_TRAPS)
		traps_init();
	else if (spoilt & SPOILT_STACK)
		H(stack_switch, FLAT_KERNEL_SS, trap_stack + 4 * PAGE_SIZE);
	if (spoilt & SPOILT_ROOT)
		repair_root();
	if (spoilt & SPOILT_SEGMENTS)
		repair_segments();
	if (spoilt & SPOILT_DEBUG)
		H(set_debugreg, 7, 0);
	if (spoilt & SPOILT_FPU)
		H(fpu_taskswitch, 0);
	if (spoilt & SPOILT_IOPL)
		H(physdev_op, PHYSDEVOP_set_iopl, &iopl);
	if (report->ops % 16 == 0) {
		map_windows();
		repair_view();
	}
	spoilt = 0;
	scratch_reset();
	events_enable();
}

/* ---------------------------------------------------------------- setup */

/* The text cannot be written, so a random store into it is only a trap. */
static void protect_text(void)
{
	char *at;

	for (at = guest_image + 0x100000; at < guest_text_end; at += PAGE_SIZE)
		set_page_bits(at, PTE_ROX);
}

static void setup(void)
{
	u64 i;
	char name[] = "canary0";

	special_gfn = start_info->shared_info / PAGE_SIZE;
	no_iret = on_tcg();
	poke_port = option("poke", 0);
	seed = option("seed", 1);
	for (i = 0; i < REPORT_CANARIES; i++) {
		name[6] = (char)('0' + i);
		canary_inverse[i] = option(name, 0);
	}
	user_init();
	map_report();
	map_windows();
	map_phys();
	keep_init();
	protect_text();
	trap_hook = hook;
}

/* Mostly at a place of its own, or the first random one would be the last. */
static void place_vcpu_info(void)
{
	static char page[PAGE_SIZE] __attribute__((aligned(4096)));
	struct vcpu_register_vcpu_info at = { .mfn = va_to_gfn(page), .offset = 128 };

	if (one_in(4) || H(vcpu_op, VCPUOP_register_vcpu_info, 0, &at))
		return;
	vcpu_info = (struct vcpu_info *)(page + 128);
}

/* ----------------------------------------------------------------- loop */

static const struct {
	void (*run)(void);
	unsigned int weight;
} operations[OP_KINDS] = {
	[OP_HYPERCALL] = { op_hypercall, 24 },
	[OP_MULTICALL] = { op_multicall, 4 },
	[OP_TABLE_UPDATE] = { op_table_update, 20 },
	[OP_TABLE_WRITE] = { op_table_write, 20 },
	[OP_TABLE_OP] = { op_table_op, 12 },
	[OP_TREE] = { op_tree, 4 },
	[OP_TOUCH] = { op_touch, 10 },
	[OP_FILL] = { op_fill, 6 },
	[OP_DESCRIPTOR] = { op_descriptor, 6 },
	[OP_CODE_KERNEL] = { op_code_kernel, 6 },
	[OP_CODE_USER] = { op_code_user, 10 },
	[OP_TRAP] = { op_trap, 8 },
	[OP_IRET] = { op_iret, 8 },
	[OP_PROBE] = { op_probe, 6 },
};

static u64 choose(u64 mask)
{
	unsigned int total = 0, kind;
	u64 r;

	for (kind = 0; kind < OP_KINDS; kind++)
		total += mask >> kind & 1 ? operations[kind].weight : 0;
	r = below(total);
	for (kind = 0; kind < OP_KINDS; kind++) {
		if (!(mask >> kind & 1))
			continue;
		if (r < operations[kind].weight)
			return kind;
		r -= operations[kind].weight;
	}
	return OP_HYPERCALL;
}

/* What an operation has spoilt can make the repair trap, too; then it is tried again. */
static void repair_all(void)
{
	struct jump here;
	static unsigned int tries;

	tries = 0;
	recovery = &here;
	jump_set(&here);
	if (tries++ < 4)
		repair();
	else
		guest_exit(SHUTDOWN_crash);
	recovery = NULL;
}

static void one_operation(u64 n, u64 mask)
{
	struct jump here;
	u64 kind;

	random_start(seed, n);
	kind = choose(mask);
	trace_begin(n, kind);
	recovery = &here;
	if (jump_set(&here))
		report->recovered++;
	else
		operations[kind].run();
	repair_all();
}

/* The view of all memory may be gone, by an entry of the root. */
static void scan_all(void)
{
	struct jump here;

	recovery = &here;
	if (!jump_set(&here)) {
		if (option("plant", 0))
			*(volatile u64 *)WINDOW(WIN_EDGE) = ~canary_inverse[0];
		scan();
	}
	recovery = NULL;
}

/* Another domain: all that it has is a canary. It runs until it is stopped. */
static void be_neighbour(u64 value)
{
	u64 i, *page = (u64 *)(guest_image + 0x280000);

	for (i = 0; i < 0x100000 / 8; i++)
		page[i] = value;
	for (;;) {
		for (i = 0; i < 8; i++)
			canary_yield(value);
		H(set_timer_op, now() + 10000000);
		H(sched_op, SCHEDOP_block, 0);
	}
}

void guest_main(void)
{
	u64 n, ops = option("ops", 1000), mask = option("kinds", (1 << OP_KINDS) - 1);

	if (option("neighbour", 0))
		be_neighbour(~option("neighbour", 0));
	setup();
	random_start(seed, ~0UL);
	place_vcpu_info();
	tracing = option("trace", 0);
	report->ready = REPORT_READY;
	for (n = 0; n < ops; n++) {
		one_operation(n, mask);
		if (n % 128 == 127)
			scan_all();
	}
	scan_all();
}
