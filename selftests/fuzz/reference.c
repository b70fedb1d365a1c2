// SPDX-License-Identifier: GPL-2.0
/* See reference.h. */
#include "reference.h"

#include <stdlib.h>

#define WRITES	(PTE_P | PTE_RW | PTE_A | PTE_D)

void reference_new(struct reference *r, u64 frames)
{
	u32 i;

	memset(r, 0, sizeof(*r));
	r->frames = frames;
	r->mem = calloc(frames + 1, sizeof(r->mem[0]));
	if (!r->mem)
		abort();
	for (i = 0; i < MMU_MAX_VCPUS; i++)
		r->root[i][0] = r->root[i][1] = GFN_NONE;
}

void reference_delete(struct reference *r)
{
	free(r->mem);
}

bool reference_owned(const struct reference *r, u64 g)
{
	return g <= r->frames;
}

static bool reserved_index(int level, u32 index)
{
	return level == 4 && index >= 256 && index <= 271;
}

void reference_add_leaf(const struct reference *r, struct reference_uses *u, u64 gpte)
{
	u64 g = (gpte & PTE_ADDR) >> 12;

	if (!(gpte & PTE_P))
		return;
	if (!reference_owned(r, g))
		u->bad = true;
	else if ((gpte & WRITES) == WRITES)
		u->writable[g] = true;
}

void reference_add_table(const struct reference *r, struct reference_uses *u, u64 g, int level)
{
	u32 index;

	if (g >= r->frames || (u->level[g] && u->level[g] != level)) {
		u->bad = true;
		return;
	}
	if (u->level[g])
		return;
	u->level[g] = (u8)level;
	for (index = 0; index < PTE_ENTRIES; index++) {
		u64 gpte = r->mem[g][index];

		if (!(gpte & PTE_P) || reserved_index(level, index))
			continue;
		if (level == 1)
			reference_add_leaf(r, u, gpte);
		else if (gpte & PTE_PSE)
			u->bad = true;
		else
			reference_add_table(r, u, (gpte & PTE_ADDR) >> 12, level - 1);
	}
}

void reference_uses(const struct reference *r, struct reference_uses *u)
{
	u64 g;
	u32 i, n;

	memset(u, 0, sizeof(*u));
	for (g = 0; g < r->frames; g++)
		if (r->pin[g])
			reference_add_table(r, u, g, r->pin[g]);
	for (i = 0; i < MMU_MAX_VCPUS; i++)
		for (n = 0; n < 2; n++)
			if (r->root[i][n].n != GFN_NONE.n)
				reference_add_table(r, u, r->root[i][n].n, 4);
}

bool reference_good(const struct reference *r, const struct reference_uses *u)
{
	u64 g;

	for (g = 0; g <= r->frames; g++)
		if (!!u->level[g] + (u->writable[g] || r->writable[g]) + !!r->segment[g] > 1)
			return false;
	return !u->bad;
}

void reference_walk(const struct reference *r, gfn_t root, u64 va, struct reference_walk *w)
{
	u64 table = root.n;

	*w = (struct reference_walk){ .level = 5, .writable = true, .executable = true };
	if (root.n == GFN_NONE.n || !lib_canonical(va) || reserved_index(4, va >> 39 & 511))
		return;
	for (;;) {
		w->level--;
		w->table = table;
		w->index = va >> (3 + 9 * w->level) & 511;
		w->gpte = r->mem[table][w->index];
		if (!(w->gpte & PTE_P))
			return;
		w->writable &= !!(w->gpte & PTE_RW);
		w->executable &= !(w->gpte & PTE_NX);
		if (w->level == 1)
			return;
		table = (w->gpte & PTE_ADDR) >> 12;
	}
}
