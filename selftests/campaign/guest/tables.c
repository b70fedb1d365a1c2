// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Page tables: single updates by each way there is, whole trees with mistakes in them,
 * roots, and memory that becomes a table while it is mapped and used.
 */
#include "campaign.h"

static long do_call(u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	const struct call call = { nr, { a, b, c, d, 0 } };

	return call_do(&call);
}

/* One request of an array of one, in scratch memory. */
static long do_mmuext(unsigned int cmd, u64 arg1, u64 arg2)
{
	struct mmuext_op op = { .cmd = cmd };
	u64 *at = (u64 *)WINDOW(WIN_EDGE);
	long ret;

	op.arg1.mfn = arg1;
	op.arg2.src_mfn = arg2;
	memcpy(at, &op, sizeof(op));
	ret = do_call(__HYPERVISOR_mmuext_op, (u64)at, 1, 0, DOMID_SELF);
	note(cmd, arg1, arg2, 0, 0, 0);
	note_result((u64)ret);
	return ret;
}

static long do_mmu_update(u64 ptr, u64 val)
{
	u64 *at = (u64 *)WINDOW(WIN_EDGE);
	long ret;

	at[0] = ptr;
	at[1] = val;
	ret = do_call(__HYPERVISOR_mmu_update, (u64)at, 1, 0, DOMID_SELF);
	note(ptr, val, 0, 0, 0, 0);
	note_result((u64)ret);
	return ret;
}

/* A root that the guest survives. */
bool has_kernel(u64 gfn)
{
	const u64 *mine = (u64 *)start_info->pt_base;
	u64 e = 0;

	return try_read(PHYS + gfn * PAGE_SIZE + 511 * 8, &e) && e == mine[511] &&
	       try_read(PHYS + gfn * PAGE_SIZE + 272 * 8, &e) && e == mine[272];
}

static u64 index_of_slot(unsigned int level)
{
	if (level == 4)
		return one_in(4) ? below(512) : one_in(4) ? 256 + below(16) : below(4);
	return one_in(3) ? below(512) : below(8);
}

/* Low flag bits of UVMF_*, and what there is none of. */
static u64 flush_flags(void)
{
	return one_in(6) ? random_value() : below(6);
}

void op_table_update(void)
{
	unsigned int level = 1 + (unsigned int)below(4);
	u64 command = one_in(8) ? below(8) : one_in(3) ? MMU_PT_UPDATE_PRESERVE_AD : 0;

	switch (below(4)) {
	case 0:
		do_call(__HYPERVISOR_update_va_mapping, WINDOW(WIN_TOY + below(one_in(4) ? 448 : 24)),
			random_pte(1), flush_flags(), 0);
		return;
	case 1:
		do_call(__HYPERVISOR_update_va_mapping,
			TREE + (below(8) << (12 + 9 * below(4))), random_pte(1), flush_flags(), 0);
		return;
	case 2:
		/* The tree of toys gets a place in the guest's own root. */
		if (one_in(4)) {
			do_mmu_update(current_root() * PAGE_SIZE + (TREE_SLOT + below(2)) * 8,
				      one_in(4) ? 0 : toy_with_role(3, false) * PAGE_SIZE | PTE_RWX);
			return;
		}
		if (one_in(32)) {
			do_mmu_update(current_root() * PAGE_SIZE + (256 + below(16)) * 8, random_pte(4));
			return;
		}
		/* fall through */
	default:
		do_mmu_update(toy_with_role(level, one_in(20)) * PAGE_SIZE + index_of_slot(level) * 8 + command,
			      random_pte(level));
	}
}

/* ------------------------------------------------------ emulated writes */

#define WRITE(insns)	asm volatile(insns : "+a" (a), "+d" (d), "+c" (c), "+D" (at) : : "memory", "cc")

static void write_moves(u64 at, u64 a, u64 d, u64 c)
{
	switch (below(8)) {
	case 0: WRITE("mov %%rax, (%%rdi)"); break;
	case 1: WRITE("mov %%eax, (%%rdi)"); break;
	case 2: WRITE("mov %%ax, (%%rdi)"); break;
	case 3: WRITE("mov %%ah, (%%rdi)"); break;
	case 4: WRITE("movq $0x67, (%%rdi)"); break;
	case 5: WRITE("movnti %%rax, (%%rdi)"); break;
	case 6: WRITE("xchg %%rax, (%%rdi)"); break;
	case 7: c = 1 + below(4); WRITE("rep stosq"); break;
	}
}

static void write_locked(u64 at, u64 a, u64 d, u64 c)
{
	switch (below(10)) {
	case 0: WRITE("lock andb $0xfd, (%%rdi)"); break;
	case 1: WRITE("lock orb $2, (%%rdi)"); break;
	case 2: WRITE("lock btsq $1, (%%rdi)"); break;
	case 3: WRITE("lock btr %%rdx, (%%rdi)"); break;
	case 4: WRITE("lock btcl $5, 4(%%rdi)"); break;
	case 5: WRITE("lock cmpxchg %%rdx, (%%rdi)"); break;
	case 6: WRITE("lock cmpxchg %%edx, (%%rdi)"); break;
	case 7: WRITE("lock xadd %%rax, (%%rdi)"); break;
	case 8: WRITE("lock xor %%rax, (%%rdi)"); break;
	case 9: WRITE("lock cmpxchg16b (%%rdi)"); break;
	}
}

static void write_arithmetic(u64 at, u64 a, u64 d, u64 c)
{
	switch (below(10)) {
	case 0: WRITE("add %%rax, (%%rdi)"); break;
	case 1: WRITE("stc; adcq $0, (%%rdi)"); break;
	case 2: WRITE("sub %%al, (%%rdi)"); break;
	case 3: WRITE("notq (%%rdi)"); break;
	case 4: WRITE("negl (%%rdi)"); break;
	case 5: WRITE("incb (%%rdi)"); break;
	case 6: WRITE("decq (%%rdi)"); break;
	case 7: WRITE("shlq $1, (%%rdi)"); break;
	case 8: WRITE("movsq"); break;
	case 9: WRITE("pushq %%rax; popq (%%rdi)"); break;
	}
}

/* Through PHYS, where all tables can be read, and where their mapping forbids writes. */
void op_table_write(void)
{
	static void (*const ways[])(u64 at, u64 a, u64 d, u64 c) = {
		write_moves, write_moves, write_locked, write_arithmetic,
	};
	unsigned int level = 1 + (unsigned int)below(4);
	u64 slot = index_of_slot(level), val = random_pte(level), way = below(4), at, old = 0;

	at = PHYS + toy_with_role(level, false) * PAGE_SIZE + slot * 8 + (one_in(6) ? below(8) : 0);
	if (one_in(30))
		at = random_address();
	try_read(at & ~7UL, &old);
	note(at, val, way, old, 0, 0);
	ways[way](at, one_in(2) ? val : old, val, below(64));
}

/* ----------------------------------------------------------- operations */

void op_table_op(void)
{
	unsigned int level = 1 + (unsigned int)below(4);
	u64 gfn = toy_with_role(level, one_in(8));

	switch (below(10)) {
	case 0:
	case 1:
		do_mmuext(MMUEXT_PIN_L1_TABLE + level - 1, gfn, 0);
		return;
	case 2:
	case 3:
		do_mmuext(MMUEXT_UNPIN_TABLE, gfn, 0);
		return;
	case 4:
		spoilt |= SPOILT_ROOT;
		do_mmuext(MMUEXT_NEW_USER_BASEPTR, one_in(8) ? 0 : toy_with_role(4, false), 0);
		return;
	case 5:
		spoilt |= SPOILT_ROOT;
		gfn = toy_with_role(4, false);
		if (has_kernel(gfn) || one_in(200))
			do_mmuext(MMUEXT_NEW_BASEPTR, gfn, 0);
		return;
	case 6:
		do_mmuext(MMUEXT_CLEAR_PAGE, random_gfn(), 0);
		return;
	case 7:
		do_mmuext(MMUEXT_COPY_PAGE, random_gfn(), random_gfn());
		return;
	case 8:
		do_mmuext(MMUEXT_TLB_FLUSH_LOCAL + (unsigned int)below(6), random_address(), 0);
		return;
	default:
		do_mmuext((unsigned int)random_value(), random_value(), random_value());
	}
}

/* Memory that is no table: directly, through the window. */
static bool fill_toy(u64 gfn, unsigned int level, unsigned int density)
{
	u64 *at = (u64 *)WINDOW(WIN_TOY + 447), i;

	if (do_call(__HYPERVISOR_update_va_mapping, (u64)at, gfn * PAGE_SIZE | PTE_RWX, UVMF_INVLPG, 0))
		return false;
	memset(at, 0, PAGE_SIZE);
	for (i = 0; i < density; i++)
		at[index_of_slot(level)] = random_pte(level);
	/* Left writable now and then: then it cannot be a table. */
	if (!one_in(12))
		do_call(__HYPERVISOR_update_va_mapping, (u64)at, 0, UVMF_INVLPG, 0);
	return true;
}

void op_fill(void)
{
	unsigned int level = 1 + (unsigned int)below(4);
	u64 gfn = toy_with_role(level, true);

	if (one_in(8) && fill_toy(gfn, level, 0))
		random_fill((void *)WINDOW(WIN_TOY + 447), PAGE_SIZE);
	else
		fill_toy(gfn, level, (unsigned int)below(20));
	note(gfn, level, 0, 0, 0, 0);
}

/* Entries that a root needs for the guest to live on it. */
static void copy_kernel(u64 *l4)
{
	const u64 *mine = (u64 *)start_info->pt_base;

	l4[272] = mine[272];
	l4[511] = mine[511];
	l4[0] = mine[0];
	if (one_in(4))
		l4[256 + below(16)] = random_pte(4);
}

/* Level by level: garbage with a way down through it; then the root is pinned and used. */
void op_tree(void)
{
	u64 *at = (u64 *)WINDOW(WIN_TOY + 447), child = random_gfn(), gfn, i;
	unsigned int level;

	for (level = 1; level <= 4; level++) {
		gfn = toy_with_role(level, true);
		if (do_call(__HYPERVISOR_update_va_mapping, (u64)at, gfn * PAGE_SIZE | PTE_RWX,
			    UVMF_INVLPG, 0))
			return;
		memset(at, 0, PAGE_SIZE);
		if (one_in(2))
			for (i = below(4); i; i--)
				at[index_of_slot(level)] = random_pte(level);
		for (i = 1 + below(3); i; i--)
			at[below(4)] = child * PAGE_SIZE | (one_in(12) ? random64() & 0xfff : PTE_RWX);
		if (level == 4)
			copy_kernel(at);
		if (!one_in(16))
			do_call(__HYPERVISOR_update_va_mapping, (u64)at, 0, UVMF_INVLPG, 0);
		child = gfn;
	}
	if (!one_in(4) && do_mmuext(MMUEXT_PIN_L4_TABLE, gfn, 0))
		return;
	spoilt |= SPOILT_ROOT;
	do_mmuext(one_in(3) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR, gfn, 0);
	if (one_in(2))
		op_touch();
}

/* --------------------------------------------------------------- access */

static u64 mapped_address(void)
{
	switch (below(5)) {
	case 0:
		return below(4) << 39 | below(4) << 30 | below(8) << 21 | below(8) << 12 | below(512) * 8;
	case 1:
		return TREE + (below(4) << 30 | below(8) << 21 | below(8) << 12) + below(PAGE_SIZE);
	case 2:
		return random_address();
	default:
		return WINDOW(WIN_TOY + below(24)) + below(PAGE_SIZE);
	}
}

void op_touch(void)
{
	u64 at = mapped_address(), val = 0, way = below(4);

	note(at, way, 0, 0, 0, 0);
	switch (way) {
	case 0:
		*(volatile u64 *)at = random64();
		return;
	case 1:
		__atomic_fetch_or((u64 *)at, 1, __ATOMIC_SEQ_CST);
		return;
	default:
		try_read(at, &val);
		note_result(val);
	}
}
