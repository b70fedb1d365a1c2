// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Numbers, addresses, frames and page-table entries that are likely to find something:
 * mostly close to what is right, since what is wrong in every respect is refused at the
 * first check.
 */
#include "campaign.h"

static u64 state;
static u8 roles[TOY_PAGES];	/* level that a toy was last used as */

static u64 mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void random_start(u64 seed, u64 n)
{
	state = mix(seed * 0x9e3779b97f4a7c15 + n);
}

u64 random64(void)
{
	state += 0x9e3779b97f4a7c15;
	return mix(state);
}

void random_fill(void *data, size_t size)
{
	u8 *p = data;
	size_t i;
	u64 r;

	for (i = 0; i < size; i += 8) {
		r = random64();
		memcpy(p + i, &r, size - i < 8 ? size - i : 8);
	}
}

/* --------------------------------------------------------------- frames */

u64 random_toy(void)
{
	return TOY_GFN + (one_in(4) ? below(TOY_PAGES) : below(48));
}

u64 toy_with_role(unsigned int level, bool claim)
{
	u64 gfn = random_toy();
	unsigned int tries;

	for (tries = 0; tries < 24 && roles[gfn - TOY_GFN] != level; tries++)
		gfn = random_toy();
	if (claim)
		roles[gfn - TOY_GFN] = (u8)level;
	return gfn;
}

static u64 random_table(void)
{
	return va_to_gfn((void *)start_info->pt_base) + below(start_info->nr_pt_frames);
}

/* Never KEEP: nothing may write there, and no entry should. */
u64 random_gfn(void)
{
	switch (below(24)) {
	case 0:
		return TOY_GFN + TOY_PAGES + below(start_info->nr_pages - TOY_GFN - TOY_PAGES -
						   REPORT_PAGES);
	case 1:
		return special_gfn;
	case 2:
		return special_gfn + below(4) - 1;
	case 3:
		return start_info->nr_pages + below(64);
	case 4:
		return 1ULL << below(52);
	case 5:
		return random64() >> (12 + below(52));
	case 6:
		return random_table();
	default:
		return random_toy();
	}
}

/* Of the guest's own image: read-only, or a random store would end the fun. */
static u64 core_entry(void)
{
	return (0x100 + below(0x40)) * PAGE_SIZE | PTE_ROX;
}

static u64 random_flags(unsigned int level)
{
	static const u64 bits[] = {
		PTE_P, PTE_RW, PTE_US, PTE_PWT, PTE_PCD, PTE_A, PTE_D, PTE_PSE, PTE_G, PTE_NX,
		1ULL << 9, 1ULL << 11, 1ULL << 52, 1ULL << 58, 1ULL << 59, 1ULL << 62, 1ULL << 51,
		1ULL << 46, 1ULL << 36,
	};
	u64 flags;

	switch (below(8)) {
	case 0:
		flags = PTE_ROX;
		break;
	case 1:
		flags = PTE_P | PTE_RW | PTE_US;
		break;
	case 2:
		flags = PTE_P | PTE_US | (random64() & PTE_RW);
		break;
	case 3:
		flags = PTE_RWX | PTE_NX;
		break;
	case 4:
		flags = random64() & 0xfff;
		if (level > 1 && !one_in(8))
			flags &= ~PTE_PSE;
		break;
	default:
		flags = PTE_RWX;
	}
	while (one_in(5))
		flags ^= PICK(bits);
	return flags;
}

u64 random_pte(unsigned int level)
{
	u64 gfn;

	switch (below(16)) {
	case 0:
		return 0;
	case 1:
		return random64() & ~PTE_P;
	case 2:
		return core_entry();
	case 3:
		return one_in(4) ? random64() : 0;
	default:
		gfn = level > 1 && !one_in(6) ? toy_with_role(level - 1, false) : random_gfn();
		return gfn * PAGE_SIZE | random_flags(level);
	}
}

/* ------------------------------------------------------------ addresses */

static u64 monitor_address(void)
{
	static const u64 bases[] = {
		0xffff800000000000, 0xffff800000004000, 0xffff800000200000, 0xffff807ffffff000,
		0xffff808000000000, 0xffff808000100000, 0xffff808000142000, 0xffff810000000000,
		0xffff820000000000, 0xffff830000000000, 0xffff840000000000, 0xffff87fffffff000,
	};
	u64 base = one_in(3) ? MONITOR_FIRST + below(MONITOR_END - MONITOR_FIRST) : PICK(bases);

	return base + (one_in(2) ? below(0x2000) : 0) - (one_in(4) ? 8 : 0);
}

static u64 host_address(void)
{
	static const u64 bases[] = {
		0xffffffff81000000, 0xffffffffff600000, 0xffffffffff5fd000, 0xfffffe0000000000,
		0xffffea0000000000, 0xffffc90000000000, 0xffff888000000000, 0xffff888001000000,
		0xffffffffa0000000, 0xffffffffc0200000, 0xff00000000000000, 0xff11000000000000,
		0xffa0000000000000, 0xffffff0000000000,
	};

	return PICK(bases) + (one_in(2) ? below(0x800000) : 0);
}

static u64 window_address(void)
{
	return WINDOW(WIN_TOY + (one_in(3) ? below(WIN_END - WIN_TOY) : below(24))) +
	       (one_in(3) ? below(PAGE_SIZE) : 0);
}

u64 random_address(void)
{
	switch (below(14)) {
	case 0:
		return monitor_address();
	case 1:
		return host_address();
	case 2:
		return random64();
	case 3:
		return 0x0000800000000000 - 16 + below(32);
	case 4:
		return below(0x800000000000);
	case 5:
		return (u64)0 - below(0x2000);
	case 6:
		return PHYS + random_table() * PAGE_SIZE + below(512) * 8;
	case 7:
		return PHYS + random_toy() * PAGE_SIZE + below(PAGE_SIZE);
	case 8:
		return PHYS + (KEEP_GFN + below(KEEP_PAGES)) * PAGE_SIZE + below(512) * 8;
	case 9:
		return TREE + (below(4) << 39 | below(4) << 30 | below(4) << 21 | below(4) << 12);
	case 10:
		return WINDOW(WIN_EDGE + below(EDGE_PAGES)) + below(PAGE_SIZE);
	case 11:
		return WINDOW(WIN_CODE) + below(2 * PAGE_SIZE);
	default:
		return window_address();
	}
}

/* Pages of WIN_EDGE: the end of one is the beginning of another kind. */
u64 random_place(size_t size)
{
	u64 boundary = WINDOW(WIN_EDGE + 1 + below(EDGE_PAGES));

	switch (below(4)) {
	case 0:
		return boundary - size;
	case 1:
		return boundary - below(size + 1);
	case 2:
		return boundary - (below(size + 1) & ~7UL);
	default:
		return random_address();
	}
}

/* -------------------------------------------------------------- numbers */

u64 random_value(void)
{
	static const u64 values[] = {
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
		0x8000000000000000, 0x7ff0, 0x7ff1, 0x7ff2, 0x7ff3, 0x7ff4, 0x7fff, 0xe000, 0xe008,
		0xe010, 0xe023, 0xe02b, 0xe033, 0xe040, 0x1000, 0xfff, 0x1001, 4095, 4096, 8191, 8192,
	};

	switch (below(9)) {
	case 0:
		return random64();
	case 1:
		return 0 - below(32);
	case 2:
		return (1ULL << below(64)) + below(3) - 1;
	case 3:
		return random_gfn();
	case 4:
		return random_gfn() * PAGE_SIZE + below(512) * 8 + below(4);
	case 5:
		return random_address();
	case 6:
		return PICK(values);
	default:
		return below(40);
	}
}

void perturb(void *data, size_t size)
{
	size_t width = 1UL << below(4), at;
	u64 val = random_value();

	if (size < width)
		return;
	at = below(size / width) * width;
	memcpy((u8 *)data + at, &val, width);
}
