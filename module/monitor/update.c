// SPDX-License-Identifier: GPL-2.0
/*
 * Updates of single entries. The order is always the same: take the references of the
 * new entry, which may fail; write guest entry and shadow; drop those of the old one,
 * which cannot fail.
 */
#include "update.h"
#include "pgtable.h"
#include "promote.h"
#include "shadow.h"
#include "tlb.h"
#include "walk.h"

/*
 * A level-1 entry that keeps its frame keeps its reference, too, unless it becomes
 * writable. What changes are bits like NX, ones that the hardware never sees, or that
 * writing is over.
 */
static bool keeps_reference(u64 old, u64 gpte, u64 ospte)
{
	return ospte && pte_is_mapped(gpte, 1) && !((old ^ gpte) & PTE_ADDR) &&
	       (ospte & PTE_RW || !pte_writable(gpte));
}

static int update_l1(struct vcpu *v, u32 i, u64 *gentry, u32 index, u64 gpte)
{
	struct domain *d = v->d;
	u64 ospte = shadow_page(d, i)[index];
	u64 old = READ_ONCE(*gentry);
	u64 spte = 0;
	int err;

	if (keeps_reference(old, gpte, ospte)) {
		WRITE_ONCE(*gentry, gpte);
		spte = pte_shadow(gpte, 1, pte_hfn(ospte));
		if (spte != ospte)
			WRITE_ONCE(shadow_page(d, i)[index], spte);
		if ((ospte ^ spte) & PTE_RW)
			frame_protect(v, pte_gfn(gpte), ospte);
		return 0;
	}
	if (gpte & PTE_P) {
		err = frame_map(v, gpte, &spte);
		if (unlikely(err))
			return err;
	}
	WRITE_ONCE(*gentry, gpte);
	if (!(spte | ospte))
		return 0;
	WRITE_ONCE(shadow_page(d, i)[index], spte);
	d->shadows[i].present += !!spte - !!ospte;
	if (ospte)
		frame_unmap(v, 1, old, ospte);
	return 0;
}

static int update_upper(struct vcpu *v, u32 i, u64 *gentry, u32 index, u64 gpte)
{
	struct domain *d = v->d;
	int level = d->shadows[i].level;
	u64 old = READ_ONCE(*gentry), ospte, spte = 0;
	int err;

	if (level == PTE_LEVELS && index >= LAYOUT_SLOT_FIRST && index <= LAYOUT_SLOT_LAST)
		return -EINVAL;
	if (!pte_acceptable(gpte, level))
		return -EINVAL;
	if (gpte & PTE_P) {
		err = promote_get(v, pte_gfn(gpte), level - 1);
		if (err)
			return err;
		spte = pte_shadow(gpte, level, frame_shadow(d, pte_gfn(gpte)));
		gpte |= PTE_A;
	}
	ospte = shadow_entry(d, i, index);
	WRITE_ONCE(*gentry, gpte);
	shadow_set(d, i, index, spte);
	if (ospte)
		frame_unmap(v, level, old, ospte);
	return 0;
}

int update_entry(struct vcpu *v, gfn_t table, u32 index, u64 gpte)
{
	struct domain *d = v->d;
	u32 i = d->frames[table.n].u.shadow;
	u64 *gentry = (u64 *)frame_ptr(d, table) + index;
	int err;

	shadow_get(d, i);
	if (likely(d->shadows[i].level == 1))
		err = update_l1(v, i, gentry, index, gpte);
	else
		err = update_upper(v, i, gentry, index, gpte);
	shadow_put(d, i);
	return err;
}

/* ------------------------------------------------------------ the ABI's calls */

/*
 * Is @g in use as a table? One that nobody refers to is just memory to the guest: it
 * stops being a table.
 */
static bool table_in_use(struct vcpu *v, gfn_t g)
{
	const struct frame *f = &v->d->frames[g.n];

	if (!frame_level(f))
		return false;
	if (v->d->shadows[f->u.shadow].typed)
		return true;
	frame_demote(v, g);
	return false;
}

/* Compare-exchange in a frame that is not a table. *@old NULL: any value. */
static int write_plain(struct vcpu *v, gfn_t g, u32 index, const u64 *old, u64 val)
{
	u64 *entry = (u64 *)frame_ptr(v->d, g) + index;
	u64 expected;

	if (v->d->frames[g.n].type == FRAME_SEGMENT)
		return -EINVAL;
	if (!old) {
		WRITE_ONCE(*entry, val);
		return 0;
	}
	expected = *old;
	return __atomic_compare_exchange_n(entry, &expected, val, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED) ? 0 : -EBUSY;
}

int pgtable_update(struct vcpu *v, u64 maddr, u64 gpte, bool keep_ad)
{
	gfn_t g = gfn(maddr >> PVHV_PAGE_SHIFT);
	u32 index = (maddr & (PVHV_PAGE_SIZE - 1)) / sizeof(u64);
	int err;

	if (unlikely(!frame_owned(v->d, g)))
		return -EINVAL;
	if (unlikely(!frame_lock(v)))
		return -RESTART;
	if (likely(table_in_use(v, g))) {
		if (keep_ad)
			gpte |= ((u64 *)frame_ptr(v->d, g))[index] & (PTE_A | PTE_D);
		err = update_entry(v, g, index, gpte);
	} else {
		err = write_plain(v, g, index, NULL, gpte);
	}
	frame_unlock(v);
	return err;
}

int pgtable_cmpxchg(struct vcpu *v, gfn_t table, u32 index, u64 old, u64 new)
{
	int err;

	if (!frame_owned(v->d, table) || index >= PTE_ENTRIES)
		return -EINVAL;
	if (!frame_lock(v))
		return -RESTART;
	if (!table_in_use(v, table))
		err = write_plain(v, table, index, &old, new);
	else if (READ_ONCE(((u64 *)frame_ptr(v->d, table))[index]) != old)
		err = -EBUSY;
	else
		err = update_entry(v, table, index, new);
	frame_unlock(v);
	return err;
}

int pgtable_update_va(struct vcpu *v, u64 va, u64 gpte)
{
	struct walk w;
	int err = -EINVAL;

	if (unlikely(!frame_lock(v)))
		return -RESTART;
	if (likely(walk_va(v, va, &w) && w.level == 1))
		err = update_entry(v, w.table, w.index, gpte);
	frame_unlock(v);
	return err;
}
