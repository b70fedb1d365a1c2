// SPDX-License-Identifier: GPL-2.0
/*
 * Whole tables: pins, roots, and the m2p. A vCPU's hardware root is always one of its
 * two roots, which it holds a reference to, or the idle root, so that no CPU ever runs
 * on a shadow that can be taken back.
 */
#include "pgtable.h"
#include "promote.h"
#include "shadow.h"
#include "tlb.h"

void pgtable_init(struct vcpu *v)
{
	if (v->id == 0)
		shadow_init(v->d);
	v->cr3_kernel = v->cr3_user = GFN_NONE;
	v->root_kernel = v->root_user = v->root = v->w->idle_root;
	/* The caches of walks are empty: no domain gets to this value. */
	v->translations = ~0ULL;
}

int pgtable_pin(struct vcpu *v, gfn_t g, enum frame_type type)
{
	int err;

	if (!frame_owned(v->d, g))
		return -EINVAL;
	if (!frame_lock(v))
		return -RESTART;
	if (v->d->frames[g.n].flags & FRAME_PINNED)
		err = -EINVAL;
	else
		err = promote_get(v, g, type - FRAME_L1 + 1);
	if (!err)
		v->d->frames[g.n].flags |= FRAME_PINNED;
	frame_unlock(v);
	return err;
}

int pgtable_unpin(struct vcpu *v, gfn_t g)
{
	struct frame *f;
	int err = -EINVAL;

	if (!frame_owned(v->d, g))
		return -EINVAL;
	if (!frame_lock(v))
		return -RESTART;
	f = &v->d->frames[g.n];
	if (f->flags & FRAME_PINNED) {
		f->flags &= ~FRAME_PINNED;
		frame_put_table(v->d, g);
		err = 0;
	}
	frame_unlock(v);
	return err;
}

/* Entry of a level-5 table for one of the pages of an L4. */
static u64 root5_entry(const struct domain *d, u32 shadow)
{
	return d->shadows[shadow].hfn << PVHV_PAGE_SHIFT | PTE_P | PTE_RW | PTE_US | PTE_A;
}

/*
 * LA57: the vCPU's top-level table stays, its entries change. The guest's half with
 * the sign bit hangs under the last slot.
 */
static u64 root_la57(struct vcpu *v, u32 shadow, bool user)
{
	struct domain *d = v->d;
	u64 *root5 = user ? v->root5_user : v->root5_kernel;
	bool meltdown = d->features & FEATURE_MELTDOWN;

	WRITE_ONCE(root5[LAYOUT_SLOT_M2P], d->monitor5[user && meltdown]);
	WRITE_ONCE(root5[0], root5_entry(d, shadow));
	WRITE_ONCE(root5[PTE_ENTRIES - 1], root5_entry(d, d->shadows[shadow].second));
	return user ? v->w->root5_user : v->w->root5_kernel;
}

/* The CR3 value that makes @root the root of one mode. */
static u64 root_value(struct vcpu *v, gfn_t root, bool user)
{
	const struct domain *d = v->d;
	u32 shadow = d->frames[root.n].u.shadow;

	if (d->features & FEATURE_LA57)
		return root_la57(v, shadow, user);
	if (user && d->features & FEATURE_MELTDOWN)
		shadow = d->shadows[shadow].second;
	return d->shadows[shadow].hfn << PVHV_PAGE_SHIFT |
	       (user ? v->w->pcid_user : v->w->pcid_kernel);
}

/*
 * Make @root, which we hold a reference to, or GFN_NONE, the root of one mode. The old
 * one may be in use by this CPU: leave it before the reference goes.
 */
static void set_root(struct vcpu *v, gfn_t root, bool user)
{
	gfn_t *current = user ? &v->cr3_user : &v->cr3_kernel;
	gfn_t old = *current;
	u64 value = root.n == GFN_NONE.n ? v->w->idle_root : root_value(v, root, user);

	*current = root;
	if (user)
		v->root_user = value;
	else
		v->root_kernel = value;
	v->root = v->user_mode ? v->root_user : v->root_kernel;
	tlb_request(v, user ? TLB_FLUSH_USER : TLB_FLUSH_KERNEL);
	if (old.n == GFN_NONE.n)
		return;
	tlb_switch_root(v);
	frame_put_table(v->d, old);
}

int pgtable_load(struct vcpu *v, gfn_t root, bool user)
{
	gfn_t current = user ? v->cr3_user : v->cr3_kernel;
	int err = 0;

	vcpu_count(v, COUNTER_load_root);
	if (user && !root.n)
		root = GFN_NONE;
	if (root.n == current.n) {
		tlb_request(v, user ? TLB_FLUSH_USER : TLB_FLUSH_KERNEL);
		return root.n == GFN_NONE.n && !user ? -EINVAL : 0;
	}
	if (!frame_lock(v))
		return -RESTART;
	if (root.n != GFN_NONE.n)
		err = promote_get(v, root, PTE_LEVELS);
	else if (!user)
		err = -EINVAL;
	if (!err)
		set_root(v, root, user);
	frame_unlock(v);
	return err;
}

int pgtable_load_initial(struct vcpu *v, gfn_t root)
{
	int err = 0;

	if (v->id == 0 && !(frame_owned(v->d, root) &&
			    v->d->frames[root.n].flags & FRAME_PINNED))
		err = pgtable_pin(v, root, FRAME_L4);
	if (!err)
		err = pgtable_load(v, root, false);
	if (err && err != -RESTART)
		vcpu_crash(v, CRASH_PAGETABLE,
			   "the initial page tables are not valid (root: frame 0x%lx)", root.n);
	return err;
}

int pgtable_machphys(struct vcpu *v, gfn_t g, u64 pfn)
{
	if (!frame_owned(v->d, g) || g.n >= v->d->max_pages)
		return -EINVAL;
	WRITE_ONCE(v->d->m2p[g.n], pfn);
	return 0;
}
