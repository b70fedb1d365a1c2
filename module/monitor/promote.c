// SPDX-License-Identifier: GPL-2.0
/*
 * Promotion: a frame's content is validated as a page table and its shadow filled, in
 * one go, children first. The path from the table wanted down to the one at work is
 * an explicit stack of at most four tables, which are incomplete (FRAME_VALIDATING)
 * and hold references to the children finished so far. Whatever ends the work early
 * takes the incomplete ones back, and leaves the finished ones, unreferenced, for the
 * next try to find: that is all the progress there is to remember.
 *
 * No table can come to refer to an incomplete one, so there are no cycles, and no
 * table is ever below itself.
 */
#include "promote.h"
#include "restart.h"
#include "shadow.h"
#include "tlb.h"

/* An incomplete table, and the entry to continue with. */
struct step {
	gfn_t g;
	u32 index;
};

/* Not an error: a child must become a table first. */
#define NEED_CHILD	1

static int get_shadow(struct vcpu *v, gfn_t g, int level, u32 *i)
{
	struct domain *d = v->d;
	u32 wanted;

	for (;;) {
		*i = shadow_alloc(v, g, level, &wanted);
		if (*i != SHADOW_NONE)
			return 0;
		if (READ_ONCE(d->pool_pages) < d->pool_limit) {
			vcpu_exit(v, EXIT_TOPUP, max(wanted, 1u));
			return -RESTART;
		}
		if (!wanted) {
			/* By the time we are back the other CPU has been here, too. */
			vcpu_exit(v, EXIT_KICK, 0);
			return -RESTART;
		}
		if (!frame_collect(v, 1)) {
			vcpu_crash(v, CRASH_POOL, "page-table memory: all %u pages are in use",
				   d->pool_limit);
			return -RESTART;
		}
		if (need_restart(v))
			return -RESTART;
	}
}

/* From here on the frame is a table that nobody can write to, or refer to. */
static int begin(struct vcpu *v, gfn_t g, int level)
{
	struct frame *f = &v->d->frames[g.n];
	u32 i;
	int err = frame_want_table(v, g);

	if (err)
		return err;
	err = get_shadow(v, g, level, &i);
	if (err)
		return err;
	tlb_expire(v, tlb_widen(v->d, f->stamp, 16));
	f->type = FRAME_L1 + level - 1;
	f->u.shadow = i;
	f->flags |= FRAME_VALIDATING;
	return 0;
}

static void finish(struct vcpu *v, gfn_t g)
{
	struct frame *f = &v->d->frames[g.n];

	f->flags &= ~FRAME_VALIDATING;
	shadow_put(v->d, f->u.shadow);
	vcpu_count(v, COUNTER_promote);
}

static int fill_l1(struct vcpu *v, const u64 *gtable, u32 shadow)
{
	u64 *page = shadow_page(v->d, shadow);
	u32 index;
	u64 gpte, spte;
	int err;

	for (index = 0; index < PTE_ENTRIES; index++) {
		if (!(index & 7) && !(pte_any(&gtable[index]) & PTE_P)) {
			index += 7;
			continue;
		}
		gpte = READ_ONCE(gtable[index]);
		if (!(gpte & PTE_P))
			continue;
		err = frame_map(v, gpte, &spte);
		if (unlikely(err))
			return err;
		if (!spte)
			continue;
		WRITE_ONCE(page[index], spte);
		v->d->shadows[shadow].present++;
	}
	return 0;
}

/* Until done, or a child is needed that is not a table yet: *child. */
static int fill_upper(struct vcpu *v, struct step *step, int level, gfn_t *child)
{
	struct domain *d = v->d;
	u64 *gtable = frame_ptr(d, step->g);
	u32 shadow = d->frames[step->g.n].u.shadow;
	u64 gpte;

	for (; step->index < PTE_ENTRIES; step->index++) {
		if (level == PTE_LEVELS && step->index == LAYOUT_SLOT_FIRST)
			step->index = LAYOUT_SLOT_LAST + 1;
		if (!(step->index & 7) && !(pte_any(&gtable[step->index]) & PTE_P)) {
			step->index += 7;
			continue;
		}
		gpte = READ_ONCE(gtable[step->index]);
		if (!(gpte & PTE_P))
			continue;
		*child = pte_gfn(gpte);
		if (!pte_acceptable(gpte, level) || !frame_owned(d, *child))
			return -EINVAL;
		if (!frame_get_table(d, *child, level - 1))
			return NEED_CHILD;
		if (!(gpte & PTE_A))
			WRITE_ONCE(gtable[step->index], gpte | PTE_A);
		shadow_set(d, shadow, step->index,
			   pte_shadow(gpte, level, frame_shadow(d, *child)));
	}
	return 0;
}

/* One round of work on the table at @step. */
static int fill(struct vcpu *v, struct step *step, int level, gfn_t *child)
{
	if (level > 1)
		return fill_upper(v, step, level, child);
	return fill_l1(v, frame_ptr(v->d, step->g), v->d->frames[step->g.n].u.shadow);
}

static int promote(struct vcpu *v, gfn_t g, int top)
{
	struct step stack[PTE_LEVELS + 1];	/* by level */
	int level = top;
	int err = begin(v, g, top);

	if (err)
		return err;
	stack[top] = (struct step){ g, 0 };
	for (;;) {
		gfn_t child = GFN_NONE;

		err = fill(v, &stack[level], level, &child);
		if (err == NEED_CHILD) {
			err = begin(v, child, level - 1);
			if (err)
				break;
			stack[--level] = (struct step){ child, 0 };
			continue;
		}
		if (err)
			break;
		finish(v, stack[level].g);
		if (level == top)
			return 0;
		level++;
		if (need_restart(v)) {
			err = -RESTART;
			break;
		}
	}
	for (; level <= top; level++)
		frame_demote(v, stack[level].g);
	return err;
}

int promote_get(struct vcpu *v, gfn_t g, int level)
{
	int err;

	if (likely(frame_get_table(v->d, g, level)))
		return 0;
	if (!frame_owned(v->d, g))
		return -EINVAL;
	err = promote(v, g, level);
	if (err)
		return err;
	return frame_get_table(v->d, g, level) ? 0 : -EINVAL;
}
