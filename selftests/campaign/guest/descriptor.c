// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Descriptor tables made of toys: random descriptors, tables of them, and selectors
 * that use them, with whatever else happens to the frames meanwhile.
 */
#include "campaign.h"

static u64 random_descriptor(void)
{
	static const u64 good[] = {
		0x00cff3000000ffff, 0x00affb000000ffff, 0x00cffb000000ffff, 0x0000f20000000000,
		0x00cf93000000ffff, 0x00af9b000000ffff, 0x0000f60000001fff, 0x00c0f10000000000,
		0x0020fb0000000000, 0x0060fb0000000000, 0x0000ec00e0080000, 0x0000890000000067,
	};
	u64 d = one_in(8) ? random64() : PICK(good);

	while (one_in(4))
		d ^= 1ULL << below(64);
	return d;
}

static void call_and_note(u64 nr, u64 a, u64 b)
{
	const struct call c = { nr, { a, b, 0, 0, 0 } };

	call_do(&c);
}

static void update(u64 gfn)
{
	call_and_note(__HYPERVISOR_update_descriptor, gfn * PAGE_SIZE + below(24) * 8 + (one_in(16) ? below(8) : 0),
		      random_descriptor());
}

static void set_gdt(void)
{
	u64 n = 1 + below(3), i, *frames = scratch(n * 8);

	for (i = 0; i < n; i++)
		frames[i] = one_in(16) ? random_gfn() : random_toy();
	call_and_note(__HYPERVISOR_set_gdt, (u64)frames, n * 512 - below(500));
}

static void set_ldt(void)
{
	struct mmuext_op *op = scratch(sizeof(*op));
	const struct call c = { __HYPERVISOR_mmuext_op, { (u64)op, 1, 0, DOMID_SELF, 0 } };

	op->cmd = MMUEXT_SET_LDT;
	op->arg1.linear_addr = one_in(8) ? random_address() : PHYS + random_toy() * PAGE_SIZE;
	op->arg2.nr_ents = (unsigned int)(one_in(8) ? random_value() : below(1025));
	call_do(&c);
}

/* Through PHYS: only update_descriptor may write there while it is a table. */
static void write_directly(void)
{
	u64 at = PHYS + random_toy() * PAGE_SIZE + below(24) * 8;

	note(at, 1, 0, 0, 0, 0);
	*(volatile u64 *)at = random_descriptor();
}

static void load_selector(void)
{
	u64 sel = one_in(3) ? below(0x10000) : below(24) * 8 + below(8), out = 0;

	note(sel, 2, 0, 0, 0, 0);
	switch (below(8)) {
	case 0: asm volatile("mov %0, %%ds" : : "r" (sel)); break;
	case 1: asm volatile("mov %0, %%es" : : "r" (sel)); break;
	case 2: asm volatile("mov %0, %%fs" : : "r" (sel)); break;
	case 3: asm volatile("mov %0, %%gs" : : "r" (sel)); break;
	case 4: asm volatile("lar %1, %0" : "+r" (out) : "r" (sel)); break;
	case 5: asm volatile("lsl %1, %0" : "+r" (out) : "r" (sel)); break;
	case 6: asm volatile("verr %w0; verw %w0" : : "r" (sel)); break;
	case 7: asm volatile("push %0; lea 1f(%%rip), %0; push %0; lretq; 1:" : "+r" (sel)); break;
	}
	note_result(out);
}

/* A world switch with selectors loaded: they come back as they are, or null. */
static void switch_worlds(void)
{
	load_selector();
	call_and_note(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

void op_descriptor(void)
{
	spoilt |= one_in(4) ? SPOILT_SEGMENTS : 0;
	switch (below(8)) {
	case 0:
		set_gdt();
		return;
	case 1:
		set_ldt();
		return;
	case 2:
	case 3:
		update(random_toy());
		return;
	case 4:
		write_directly();
		return;
	case 5:
		switch_worlds();
		return;
	default:
		load_selector();
	}
}
