// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults. An entry that the guest's tables allow may be missing from the shadow
 * for one reason only: it has not been accessed, or not been written to yet. A fault
 * that the shadow would not have caused comes from old translations, of the host's
 * global pages, or of the guest's own before its flush.
 */
#include "fault.h"
#include "pgtable.h"
#include "shadow.h"
#include "tlb.h"
#include "update.h"

u64 fault_error(const struct vcpu *v, const struct walk *w, u64 access)
{
	return (w->gpte & PTE_P ? PF_PRESENT : 0) | (access & (PF_WRITE | PF_FETCH)) |
	       (v->user_mode ? PF_USER : 0);
}

static int foreign_tables(struct vcpu *v, u64 va)
{
	vcpu_crash(v, CRASH_FOREIGN_WRITE,
		   "page tables were changed from outside, found at address 0x%lx", va);
	return -EFAULT;
}

static int touch_locked(struct vcpu *v, u64 va, u64 access, struct touch *t)
{
	struct domain *d = v->d;
	struct walk *w = &t->walk;
	u64 needed = access & PF_WRITE ? PTE_P | PTE_RW : PTE_P;
	u64 gpte;
	int err;

	if (unlikely(!walk_va(v, va, w)))
		return foreign_tables(v, va);
	if (!walk_allows(w, access))
		return -EFAULT;
	t->spte_at = &shadow_page(d, d->frames[w->table.n].u.shadow)[w->index];
	t->spte = *t->spte_at;
	if ((t->spte & needed) == needed) {
		/* What the caller will use is what the guest's CPU uses. */
		if (unlikely(!frame_owned(d, pte_gfn(w->gpte)) ||
			     d->frames[pte_gfn(w->gpte).n].hfn != pte_hfn(t->spte).n))
			return foreign_tables(v, va);
		return 0;
	}
	gpte = w->gpte | PTE_A | (access & PF_WRITE ? PTE_D : 0);
	if (unlikely(gpte == w->gpte))
		return foreign_tables(v, va);
	err = update_entry(v, w->table, w->index, gpte);
	t->changed = !err;
	t->spte = *t->spte_at;
	return err == -EINVAL ? -EFAULT : err;
}

int fault_touch(struct vcpu *v, u64 va, u64 access, struct touch *t)
{
	int err;

	t->changed = false;
	if (unlikely(!frame_lock(v)))
		return -RESTART;
	err = touch_locked(v, va, access, t);
	frame_unlock(v);
	return err;
}

/* A guest kernel may write to its tables as if they were mapped writable. */
static bool writes_table(const struct vcpu *v, const struct walk *w, u64 access)
{
	gfn_t g = pte_gfn(w->gpte);

	return access & PF_WRITE && !v->user_mode && w->level == 1 && w->gpte & PTE_P &&
	       frame_owned(v->d, g) && frame_level(&v->d->frames[g.n]);
}

static enum fault_action refuse(const struct vcpu *v, const struct walk *w, u64 access,
				u64 *guest_error)
{
	*guest_error = fault_error(v, w, access);
	return writes_table(v, w, access) ? FAULT_WRITE_TABLE : FAULT_BOUNCE;
}

/*
 * Addresses between the guest's halves: the m2p, and what does not exist for it, be it
 * mapped or not.
 */
static u64 reserved_error(const struct vcpu *v, u64 va, u64 error)
{
	u64 told = (error & (PF_WRITE | PF_FETCH)) | (v->user_mode ? PF_USER : 0);

	if (((va >> LAYOUT_SLOT_SHIFT) & 511) == LAYOUT_SLOT_M2P)
		told |= error & PF_PRESENT;
	return told;
}

enum fault_action pgtable_fault(struct vcpu *v, u64 va, u64 error, u64 *guest_error)
{
	u64 access = error & (PF_WRITE | PF_FETCH);
	struct touch t;
	int err;

	*guest_error = 0;
	if (!lib_canonical(va))
		return FAULT_GP;
	if (pte_reserved(va)) {
		*guest_error = reserved_error(v, va, error);
		return FAULT_BOUNCE;
	}
	/* What the guest's tables forbid, now, is the guest's: no lock is needed to say so. */
	if (likely(walk_va(v, va, &t.walk) && !walk_allows(&t.walk, access)))
		return refuse(v, &t.walk, access, guest_error);
	err = fault_touch(v, va, access, &t);
	if (err == -RESTART)
		return FAULT_RETRY;
	if (err)
		return refuse(v, &t.walk, access, guest_error);
	if (!t.changed) {
		vcpu_count(v, COUNTER_fault_spurious);
		tlb_invlpg(v, va);
	} else if (!(t.walk.gpte & PTE_A)) {
		vcpu_count(v, COUNTER_fault_accessed);
	} else {
		vcpu_count(v, COUNTER_fault_dirty);
	}
	return FAULT_RETRY;
}
