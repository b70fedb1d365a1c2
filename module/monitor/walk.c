// SPDX-License-Identifier: GPL-2.0
/* The software page walk. Changes nothing; see fault.c for what makes entries usable. */
#include "walk.h"

bool walk_va(const struct vcpu *v, u64 va, struct walk *w)
{
	const struct domain *d = v->d;
	gfn_t table = v->user_mode ? v->cr3_user : v->cr3_kernel;

	w->level = PTE_LEVELS + 1;
	w->gpte = 0;
	w->rights = PTE_RW;
	if (table.n == GFN_NONE.n || !lib_canonical(va) || pte_reserved(va))
		return true;
	for (;;) {
		int level = w->level - 1;
		const u64 *entries;

		if (table.n >= d->nr_frames || frame_level(&d->frames[table.n]) != level)
			return false;
		entries = frame_ptr(d, table);
		w->level = level;
		w->table = table;
		w->index = pte_index(va, level);
		w->gpte = READ_ONCE(entries[w->index]);
		if (!(w->gpte & PTE_P))
			return true;
		w->rights = (w->rights & (w->gpte | ~PTE_RW)) | (w->gpte & PTE_NX);
		if (level == 1)
			return true;
		table = pte_gfn(w->gpte);
	}
}

bool walk_allows(const struct walk *w, u64 access)
{
	if (w->level != 1 || !(w->gpte & PTE_P))
		return false;
	if (access & PF_WRITE && !(w->rights & PTE_RW))
		return false;
	return !(access & PF_FETCH && w->rights & PTE_NX);
}
