// SPDX-License-Identifier: GPL-2.0
/*
 * The software page walk. Changes nothing; see fault.c for what makes entries usable.
 * Where level-1 tables are is remembered: it changes only with an entry for a table.
 */
#include "walk.h"

#define WALK_VALID	BIT(63)		/* in vcpu_walk.key; a region number is shorter */

static struct vcpu_walk *cache_slot(struct vcpu *v, u64 va)
{
	return &v->walk[(va >> 21) & (VCPU_WALKS - 1)];
}

void walk_cache_clear(struct vcpu *v, u64 now)
{
	memset(v->walk, 0, sizeof(v->walk));
	memset(v->translation, 0, sizeof(v->translation));
	v->translations = now;
}

/* The last step, in a level-1 table that may have come from the cache. */
static void walk_end(const struct vcpu *v, u64 va, gfn_t table, u64 rights, struct walk *w)
{
	const u64 *entries = frame_ptr(v->d, table);

	w->level = 1;
	w->table = table;
	w->index = pte_index(va, 1);
	w->gpte = READ_ONCE(entries[w->index]);
	w->rights = (rights & (w->gpte | ~PTE_RW)) | (w->gpte & PTE_NX);
}

static bool walk_full(struct vcpu *v, u64 va, struct walk *w)
{
	const struct domain *d = v->d;
	gfn_t root = walk_root(v), table = root;
	int level;

	w->level = PTE_LEVELS + 1;
	w->gpte = 0;
	w->rights = PTE_RW;
	if (table.n == GFN_NONE.n || !lib_canonical(va) || pte_reserved(va))
		return true;
	for (level = PTE_LEVELS; level > 1; level--) {
		const u64 *entries = frame_ptr(d, table);

		if (table.n >= d->nr_frames || frame_level(&d->frames[table.n]) != level)
			return false;
		w->level = level;
		w->table = table;
		w->index = pte_index(va, level);
		w->gpte = READ_ONCE(entries[w->index]);
		if (!(w->gpte & PTE_P))
			return true;
		w->rights = (w->rights & (w->gpte | ~PTE_RW)) | (w->gpte & PTE_NX);
		table = pte_gfn(w->gpte);
	}
	if (table.n >= d->nr_frames || frame_level(&d->frames[table.n]) != 1)
		return false;
	*cache_slot(v, va) = (struct vcpu_walk){ va >> 21 | WALK_VALID, root.n, table, w->rights };
	walk_end(v, va, table, w->rights, w);
	return true;
}

bool walk_va(struct vcpu *v, u64 va, struct walk *w)
{
	const struct vcpu_walk *c = cache_slot(v, va);

	walk_cache_check(v);
	/* That it still is a table: somebody else may have written the entry that led there. */
	if (likely(c->key == (va >> 21 | WALK_VALID) && c->root == walk_root(v).n &&
		   frame_level(&v->d->frames[c->table.n]) == 1)) {
		walk_end(v, va, c->table, c->rights, w);
		return true;
	}
	return walk_full(v, va, w);
}

bool walk_allows(const struct walk *w, u64 access)
{
	if (w->level != 1 || !(w->gpte & PTE_P))
		return false;
	if (access & PF_WRITE && !(w->rights & PTE_RW))
		return false;
	return !(access & PF_FETCH && w->rights & PTE_NX);
}
