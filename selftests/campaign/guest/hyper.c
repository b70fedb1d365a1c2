// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Hypercalls: every number, with the arguments that the ABI wants and then one or two
 * members of them changed; their structs in memory that ends too early, cannot be
 * written, or is somebody else's.
 */
#include "campaign.h"

#define SCRATCH_BYTES	(2 * PAGE_SIZE)

static u8 build[8192];
static size_t built, placed;

void scratch_reset(void)
{
	built = placed = 0;
}

void *scratch(size_t size)
{
	void *p = &build[built];

	size = (size + 7) & ~7UL;
	if (built + size > sizeof(build))
		return build;
	built += size;
	memset(p, 0, size);
	return p;
}

/* The part that lies in a page which can be written. */
static u64 place_at_edge(const void *data, size_t size)
{
	u64 end = WINDOW(WIN_EDGE + 2 + 2 * below(3)), head = below(size + 1);

	if (head > PAGE_SIZE)
		head = PAGE_SIZE;
	if (one_in(2))
		head &= ~7UL;
	memcpy((void *)(end - head), data, head);
	return end - head;
}

u64 scratch_place(const void *data, size_t size)
{
	u64 at = WINDOW(WIN_EDGE) + placed;

	switch (below(12)) {
	case 0:
	case 1:
		return place_at_edge(data, size);
	case 2:
		return random_place(size);
	}
	if (placed + size + 8 > SCRATCH_BYTES)
		return random_address();
	placed += (size + 7) & ~7UL;
	memcpy((void *)at, data, size);
	return at;
}

/* Most structs are right but for one member. */
static u64 finish(void *data, size_t size)
{
	while (one_in(3))
		perturb(data, size);
	return scratch_place(data, size);
}

static u64 domid(void)
{
	static const u64 ids[] = { DOMID_SELF, DOMID_SELF, DOMID_SELF, DOMID_SELF, 0, 1, 2, DOMID_IO,
				   DOMID_XEN, DOMID_COW, DOMID_INVALID, 0xffff };

	return PICK(ids);
}

/* ----------------------------------------------------- one by one */

static u64 handler_address(void)
{
	return one_in(2) ? (u64)upcall_entry : random_address();
}

static void make_set_trap_table(struct call *c)
{
	size_t n = 1 + below(4), i;
	struct trap_info *t = scratch((n + 1) * sizeof(*t));

	for (i = 0; i < n; i++)
		t[i] = (struct trap_info){ (u8)random64(), (u8)below(8), (u16)(one_in(2) ? FLAT_KERNEL_CS : random64()),
					   handler_address() };
	c->arg[0] = one_in(200) ? 0 : finish(t, (n + 1) * sizeof(*t));
	spoilt |= SPOILT_TRAPS;
}

static void make_mmu_update(struct call *c)
{
	size_t n = 1 + below(6), i;
	struct mmu_update *u = scratch(n * sizeof(*u));

	for (i = 0; i < n; i++) {
		unsigned int level = 1 + (unsigned int)below(4);

		u[i].ptr = toy_with_role(level, one_in(16)) * PAGE_SIZE + below(512) * 8;
		u[i].ptr |= one_in(8) ? below(8) : one_in(4) ? MMU_PT_UPDATE_PRESERVE_AD : 0;
		u[i].val = u[i].ptr % 8 == MMU_MACHPHYS_UPDATE ? random_value() : random_pte(level);
	}
	c->arg[0] = finish(u, n * sizeof(*u));
	c->arg[1] = one_in(8) ? random_value() : n;
	c->arg[2] = one_in(3) ? random_place(4) : 0;
	c->arg[3] = domid();
}

static void make_set_gdt(struct call *c)
{
	size_t n = 1 + below(one_in(4) ? 16 : 3), i;
	u64 *frames = scratch(n * 8);

	for (i = 0; i < n; i++)
		frames[i] = one_in(3) ? random_gfn() : random_toy();
	c->arg[0] = finish(frames, n * 8);
	c->arg[1] = one_in(4) ? random_value() : n * 512 - below(512);
	spoilt |= SPOILT_SEGMENTS;
}

static void make_stack_switch(struct call *c)
{
	c->arg[0] = random_value();
	c->arg[1] = random_address();
	spoilt |= SPOILT_STACK;
}

static void make_set_callbacks(struct call *c)
{
	size_t i;

	for (i = 0; i < 3; i++)
		c->arg[i] = handler_address();
	spoilt |= SPOILT_TRAPS;
}

static void make_fpu(struct call *c)
{
	c->arg[0] = random_value();
	spoilt |= SPOILT_FPU;
}

static void make_debugreg(struct call *c)
{
	c->arg[0] = one_in(8) ? random_value() : below(9);
	c->arg[1] = one_in(2) ? random_address() : random64() & 0xffff07ff;
	spoilt |= SPOILT_DEBUG;
}

static u64 descriptor(void)
{
	static const u64 good[] = {
		0x00cff3000000ffff, 0x00affb000000ffff, 0x00cffb000000ffff, 0x0000f20000000000,
		0x008f9b000000ffff, 0x00cf93000000ffff, 0x0000890000000067, 0x0000820000000fff,
		0x00008c0000080000, 0x00008e00e0080000, 0x0000e500e0080000, 0x0020fb0000000000,
	};
	u64 d = one_in(6) ? random64() : PICK(good);

	while (one_in(3))
		d ^= 1ULL << below(64);
	return d;
}

static void make_update_descriptor(struct call *c)
{
	c->arg[0] = one_in(8) ? random_value() : random_toy() * PAGE_SIZE + below(64) * 8;
	c->arg[1] = descriptor();
	spoilt |= SPOILT_SEGMENTS;
}

static void make_memory_op(struct call *c)
{
	u64 *s = scratch(64);

	s[0] = scratch_place(scratch(64), 64);
	s[1] = one_in(2) ? below(10) : random_value();
	s[2] = one_in(2) ? below(12) << 32 : random_value();
	s[3] = domid();
	c->arg[0] = one_in(8) ? random_value() : below(30);
	c->arg[1] = finish(s, 64);
}

static void make_update_va(struct call *c)
{
	c->arg[0] = one_in(3) ? random_address() : WINDOW(WIN_TOY + below(24));
	c->arg[1] = random_pte(1);
	c->arg[2] = one_in(4) ? random_value() : below(9);
	c->arg[3] = domid();
}

static void make_timer(struct call *c)
{
	c->arg[0] = one_in(2) ? random_value() : now() + below(1000000);
}

/* Commands with a struct, whatever is in it. */
static void make_struct_op(struct call *c, u64 commands)
{
	size_t size = 16 + below(8) * 8, i;
	u64 *s = scratch(size);

	for (i = 0; i < size / 8; i++)
		s[i] = one_in(2) ? below(8) | below(8) << 32 : random_value();
	c->arg[0] = one_in(8) ? random_value() : below(commands);
	c->arg[1] = finish(s, size);
	c->arg[2] = random_value();
}

static void make_event(struct call *c)
{
	make_struct_op(c, 16);
	/* Or the guest would never hear of anything again. */
	if (c->arg[0] == EVTCHNOP_reset && !one_in(8))
		c->arg[0] = EVTCHNOP_send;
}

static void make_version(struct call *c)
{
	make_struct_op(c, 13);
}

static void make_console(struct call *c)
{
	c->arg[0] = one_in(6) ? random_value() : below(2);
	c->arg[1] = one_in(3) ? random_value() : below(5000);
	c->arg[2] = random_place(256);
}

static void make_physdev(struct call *c)
{
	make_struct_op(c, 32);
	if (one_in(3)) {
		u32 *iopl = scratch(8);

		*iopl = (u32)below(5);
		c->arg[0] = PHYSDEVOP_set_iopl;
		c->arg[1] = scratch_place(iopl, 4);
	}
	spoilt |= SPOILT_IOPL;
}

static void make_vm_assist(struct call *c)
{
	c->arg[0] = one_in(8) ? random_value() : below(3);
	c->arg[1] = one_in(4) ? random_value() : below(8);
}

static void make_vcpu(struct call *c)
{
	u64 *s = scratch(64);

	s[0] = one_in(2) ? random_gfn() : random_place(64);
	s[1] = below(4096) & (one_in(2) ? ~7UL : ~0UL);
	s[2] = random_value();
	c->arg[0] = one_in(8) ? random_value() : below(16);
	c->arg[1] = one_in(6) ? random_value() : 0;
	c->arg[2] = finish(s, 64);
}

static void make_segment_base(struct call *c)
{
	c->arg[0] = one_in(8) ? random_value() : below(5);
	c->arg[1] = one_in(2) ? random_address() : random_value();
	spoilt |= SPOILT_SEGMENTS;
}

static void mmuext_one(struct mmuext_op *op)
{
	op->cmd = one_in(12) ? (unsigned int)random_value() : (unsigned int)below(22);
	if (op->cmd <= MMUEXT_UNPIN_TABLE)
		op->arg1.mfn = toy_with_role(1 + op->cmd % 4, one_in(4));
	else if (op->cmd == MMUEXT_SET_LDT)
		op->arg1.linear_addr = one_in(3) ? random_address() : PHYS + random_toy() * PAGE_SIZE;
	else
		op->arg1.mfn = one_in(2) ? random_gfn() : random_value();
	if (op->cmd == MMUEXT_NEW_BASEPTR && !has_kernel(op->arg1.mfn) && !one_in(100))
		op->cmd = MMUEXT_NEW_USER_BASEPTR;
	op->arg2.nr_ents = (unsigned int)random_value();
	if (op->cmd == MMUEXT_COPY_PAGE)
		op->arg2.src_mfn = random_gfn();
	spoilt |= SPOILT_ROOT | (op->cmd == MMUEXT_SET_LDT ? SPOILT_SEGMENTS : 0);
}

static void make_mmuext(struct call *c)
{
	size_t n = 1 + below(4), i;
	struct mmuext_op *op = scratch(n * sizeof(*op));

	for (i = 0; i < n; i++)
		mmuext_one(&op[i]);
	c->arg[0] = finish(op, n * sizeof(*op));
	c->arg[1] = one_in(8) ? random_value() : n;
	c->arg[2] = one_in(3) ? random_place(4) : 0;
	c->arg[3] = domid();
}

/* Sleep is rare, since somebody must wake the guest; the end rarer still. */
static void make_sched(struct call *c)
{
	u64 *s = scratch(64), cmd = below(8);

	s[0] = one_in(2) ? below(8) : random_value();
	s[1] = below(4);
	s[2] = now() + below(100000);
	if (cmd == SCHEDOP_block || cmd == SCHEDOP_shutdown)
		cmd = one_in(24) ? cmd : SCHEDOP_yield;
	if (cmd == SCHEDOP_poll) {
		s[0] = scratch_place(scratch(64), 64);
		s[1] = below(12);
	}
	c->arg[0] = one_in(8) ? random_value() + 8 : cmd;
	c->arg[1] = finish(s, 64);
}

static void make_callback(struct call *c)
{
	struct callback_register *cb = scratch(sizeof(*cb));

	cb->type = (u16)(one_in(8) ? random_value() : below(9));
	cb->flags = (u16)below(3);
	cb->address = handler_address();
	c->arg[0] = one_in(8) ? random_value() : below(3);
	c->arg[1] = finish(cb, sizeof(*cb));
	spoilt |= SPOILT_TRAPS;
}

/* Each entry a call by itself, and sometimes one of this kind. */
static void make_multicall(struct call *c, unsigned int depth)
{
	size_t n = 1 + below(5), i;
	struct multicall_entry *m = scratch(n * sizeof(*m));

	for (i = 0; i < n; i++) {
		struct call inner;

		call_make(&inner, depth + 1);
		m[i].op = inner.nr;
		memcpy(m[i].args, inner.arg, sizeof(inner.arg));
	}
	c->arg[0] = finish(m, n * sizeof(*m));
	c->arg[1] = one_in(8) ? random_value() : n;
	/* The changed ones, and what is in memory behind them. */
	spoilt |= SPOILT_ALL;
}

static void make_any(struct call *c)
{
	size_t i;

	c->nr = one_in(4) ? random_value() : below(64);
	for (i = 0; i < 5; i++)
		c->arg[i] = random_value();
	/* Bad ends are rare. */
	if ((c->nr == __HYPERVISOR_iret || c->nr == __HYPERVISOR_sched_op) && !one_in(16))
		c->nr = __HYPERVISOR_xen_version;
	spoilt |= SPOILT_ALL;
}

static void make_grant(struct call *c)
{
	make_struct_op(c, 13);
}

static const struct {
	u64 nr;
	void (*make)(struct call *c);
} makers[] = {
	{ __HYPERVISOR_set_trap_table, make_set_trap_table },
	{ __HYPERVISOR_mmu_update, make_mmu_update }, { __HYPERVISOR_mmu_update, make_mmu_update },
	{ __HYPERVISOR_set_gdt, make_set_gdt },
	{ __HYPERVISOR_stack_switch, make_stack_switch },
	{ __HYPERVISOR_set_callbacks, make_set_callbacks },
	{ __HYPERVISOR_fpu_taskswitch, make_fpu },
	{ __HYPERVISOR_set_debugreg, make_debugreg },
	{ __HYPERVISOR_get_debugreg, make_debugreg },
	{ __HYPERVISOR_update_descriptor, make_update_descriptor },
	{ __HYPERVISOR_memory_op, make_memory_op },
	{ __HYPERVISOR_update_va_mapping, make_update_va },
	{ __HYPERVISOR_set_timer_op, make_timer },
	{ __HYPERVISOR_xen_version, make_version },
	{ __HYPERVISOR_console_io, make_console },
	{ __HYPERVISOR_grant_table_op, make_grant },
	{ __HYPERVISOR_vm_assist, make_vm_assist },
	{ __HYPERVISOR_update_va_mapping_otherdomain, make_update_va },
	{ __HYPERVISOR_vcpu_op, make_vcpu },
	{ __HYPERVISOR_set_segment_base, make_segment_base },
	{ __HYPERVISOR_mmuext_op, make_mmuext }, { __HYPERVISOR_mmuext_op, make_mmuext },
	{ __HYPERVISOR_sched_op, make_sched },
	{ __HYPERVISOR_callback_op, make_callback },
	{ __HYPERVISOR_event_channel_op, make_event },
	{ __HYPERVISOR_physdev_op, make_physdev },
};

void call_make(struct call *c, unsigned int depth)
{
	size_t i = below(ARRAY_SIZE(makers));

	memset(c, 0, sizeof(*c));
	if (depth < 3 && one_in(depth ? 8 : 24)) {
		c->nr = __HYPERVISOR_multicall;
		make_multicall(c, depth);
		return;
	}
	if (one_in(16)) {
		make_any(c);
		return;
	}
	c->nr = makers[i].nr;
	makers[i].make(c);
	if (one_in(16))
		c->arg[below(5)] = random_value();
	if (one_in(200)) {
		c->nr ^= 1ULL << below(64);
		spoilt |= SPOILT_ALL;
	}
}

/* ------------------------------------------------------------ the call */

#define SENTINEL(n)	(0x5e5e5e5e00000000UL + (n))

static bool secret(u64 val)
{
	return val >= MONITOR_SECRET && val < MONITOR_END;
}

/* What the ABI keeps must be kept, and what it loses must not tell anything. */
static void check_registers(const struct registers *r)
{
	const u64 kept[] = { r->rbx, r->rbp, r->r12, r->r13, r->r14, r->r15 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] != SENTINEL(i))
			found(FOUND_SAVED_REGISTER, i, kept[i]);
	if (secret(r->rcx))
		found(FOUND_MONITOR_REGISTER, 1, r->rcx);
	if (secret(r->r11))
		found(FOUND_MONITOR_REGISTER, 11, r->r11);
	scan_registers(&r->rax, 16);
}

long call_do(const struct call *c)
{
	struct registers r = {
		.rax = c->nr, .rdi = c->arg[0], .rsi = c->arg[1], .rdx = c->arg[2], .r10 = c->arg[3],
		.r8 = c->arg[4], .rbx = SENTINEL(0), .rbp = SENTINEL(1), .r12 = SENTINEL(2),
		.r13 = SENTINEL(3), .r14 = SENTINEL(4), .r15 = SENTINEL(5),
	};

	note(c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4]);
	report->calls++;
	call_captured(&r);
	report->succeeded += (long)r.rax >= 0;
	note_result(r.rax);
	check_registers(&r);
	return (long)r.rax;
}

void op_hypercall(void)
{
	struct call c;

	call_make(&c, 1);
	call_do(&c);
}

void op_multicall(void)
{
	struct call c = { .nr = __HYPERVISOR_multicall };

	make_multicall(&c, 0);
	call_do(&c);
}
