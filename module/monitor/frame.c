// SPDX-License-Identifier: GPL-2.0
/*
 * Uses of frames: taken and dropped here, and nowhere else. Taking one may first have
 * to end another that nobody needs any more: tables without references are demoted
 * one by one, each in at most 512 steps.
 *
 * Entries in guest tables only ever serve as hints to where a frame is; what they say
 * is checked against the shadow. When it does not fit, the process that owns the
 * memory has written to it, and the domain ends.
 */
#include "frame.h"
#include "restart.h"
#include "shadow.h"
#include "tlb.h"
#include "../shared/lock.h"

#define MAX_REFS	0xffffffffu

bool frame_lock(struct vcpu *v)
{
	if (likely(lock_take(v->d, &v->d->lock, 1 + v->id)))
		return true;
	vcpu_exit(v, EXIT_KICK, 0);
	return false;
}

void frame_unlock(struct vcpu *v)
{
	lock_drop(&v->d->lock);
}

static void foreign_write(struct vcpu *v, u64 g)
{
	vcpu_crash(v, CRASH_FOREIGN_WRITE,
		   "page tables were changed from outside, at frame 0x%lx", g);
}

/* ------------------------------------------------------- ending a table */

/* Drop what the present entries of one half of a table refer to. */
static void clear_half(struct vcpu *v, u32 i, u32 half, const u64 *gtable)
{
	struct domain *d = v->d;
	const struct shadow *s = &d->shadows[i];
	const u64 *spte = shadow_half(d, i, half);
	u32 first = half * SHADOW_HALF, n = 0;

	if (s->level == PTE_LEVELS && half)
		n = LAYOUT_SLOT_LAST + 1 - SHADOW_HALF;	/* the monitor's own */
	for (; s->present && n < SHADOW_HALF; n++) {
		u64 old = spte[n];

		if (!(n & 7) && !pte_any(&spte[n])) {
			n += 7;
			continue;
		}
		if (!old)
			continue;
		shadow_set(d, i, first + n, 0);
		frame_unmap(v, s->level, READ_ONCE(gtable[first + n]), old);
	}
}

/* The shadow has no present entry afterwards. */
static void clear_table(struct vcpu *v, u32 i, const u64 *gtable)
{
	clear_half(v, i, 0, gtable);
	clear_half(v, i, 1, gtable);
}

void frame_demote(struct vcpu *v, gfn_t g)
{
	struct domain *d = v->d;
	struct frame *f = &d->frames[g.n];
	u32 i = f->u.shadow;

	assert(v, frame_level(f) && d->shadows[i].gfn == g.n);
	vcpu_count(v, COUNTER_demote);
	if (!(f->flags & FRAME_VALIDATING)) {
		assert(v, !d->shadows[i].typed);
		shadow_unlink(d, i);
	}
	clear_table(v, i, frame_ptr(d, g));
	f->flags &= ~FRAME_VALIDATING;
	f->type = FRAME_NONE;
	f->u.typed = 0;
	shadow_free(d, i);
}

bool frame_collect(struct vcpu *v, int lowest)
{
	u32 i = shadow_unreferenced(v->d, lowest);

	if (i == SHADOW_NONE)
		return false;
	frame_demote(v, gfn(v->d->shadows[i].gfn));
	return true;
}

/*
 * End the use as a table that keeps @g from being used otherwise, if nobody needs it.
 * The references to it may come from tables which have none themselves: those go
 * first, from the top.
 */
static int release(struct vcpu *v, gfn_t g)
{
	struct domain *d = v->d;
	struct frame *f = &d->frames[g.n];
	int level = frame_level(f);

	if (!level || f->flags & (FRAME_PINNED | FRAME_VALIDATING))
		return -EINVAL;
	while (d->shadows[f->u.shadow].typed) {
		if (!frame_collect(v, level + 1))
			return -EINVAL;
		if (need_restart(v))
			return -RESTART;
	}
	frame_demote(v, g);
	/* A table that is being filled may need hundreds of such frames. */
	return need_restart(v) ? -RESTART : 0;
}

/*
 * End the use of @g, whatever it is, if nobody needs it. Writable mappings may be those
 * of tables without references.
 */
static int end_use(struct vcpu *v, gfn_t g)
{
	struct frame *f = &v->d->frames[g.n];

	while (f->type == FRAME_WRITABLE) {
		if (!frame_collect(v, 1))
			return -EINVAL;
		if (f->type == FRAME_WRITABLE && need_restart(v))
			return -RESTART;
	}
	return f->type == FRAME_NONE ? 0 : release(v, g);
}

int frame_want_table(struct vcpu *v, gfn_t g)
{
	if (!frame_owned(v->d, g) || v->d->frames[g.n].flags & FRAME_SPECIAL)
		return -EINVAL;
	return end_use(v, g);
}

/* ----------------------------------------- references and typed uses */

static int get_ref(struct frame *f)
{
	/* A guest of hundreds of gigabytes could make that many entries. */
	if (unlikely(f->refs == MAX_REFS))
		return -EINVAL;
	f->refs++;
	return 0;
}

static void put_ref(struct vcpu *v, gfn_t g)
{
	if (unlikely(!v->d->frames[g.n].refs))
		foreign_write(v, g.n);
	else
		v->d->frames[g.n].refs--;
}

/* A reference that also holds the frame to a type. */
static int get_typed(struct vcpu *v, gfn_t g, enum frame_type type)
{
	struct frame *f = &v->d->frames[g.n];
	int err = get_ref(f);

	if (unlikely(err))
		return err;
	if (likely(f->type == type)) {
		f->u.typed++;
		return 0;
	}
	err = end_use(v, g);
	if (unlikely(err)) {
		f->refs--;
		return err;
	}
	f->type = type;
	f->u.typed = 1;
	if (type == FRAME_SEGMENT)
		tlb_expire(v, tlb_widen(v->d, f->stamp, 16));
	return 0;
}

static void drop_type(struct vcpu *v, struct frame *f, enum frame_type type)
{
	if (--f->u.typed)
		return;
	f->type = FRAME_NONE;
	if (type == FRAME_WRITABLE)
		f->stamp = tlb_stamp(v->d) & 0xffff;
}

static void put_typed(struct vcpu *v, gfn_t g, enum frame_type type)
{
	struct frame *f = &v->d->frames[g.n];

	/* Two gfns with the same host page behind them could bring us here. */
	if (unlikely(f->type != type || !f->u.typed)) {
		foreign_write(v, g.n);
		return;
	}
	put_ref(v, g);
	drop_type(v, f, type);
}

int frame_map(struct vcpu *v, u64 gpte, u64 *spte)
{
	struct domain *d = v->d;
	gfn_t g = pte_gfn(gpte);
	int err;

	*spte = 0;
	if (unlikely(!pte_acceptable(gpte, 1) || !frame_owned(d, g)))
		return -EINVAL;
	if (!pte_is_mapped(gpte, 1))
		return 0;
	if (pte_writable(gpte))
		err = get_typed(v, g, FRAME_WRITABLE);
	else
		err = get_ref(&d->frames[g.n]);
	if (unlikely(err))
		return err;
	*spte = pte_shadow(gpte, 1, hfn(d->frames[g.n].hfn));
	return 0;
}

/* The table that an upper-level entry refers to: its spte names a page of the pool. */
static void unmap_table(struct vcpu *v, int level, gfn_t g, u64 spte)
{
	struct domain *d = v->d;
	const struct shadow *s;

	if (g.n >= d->nr_frames || frame_level(&d->frames[g.n]) != level - 1) {
		foreign_write(v, g.n);
		return;
	}
	s = &d->shadows[d->frames[g.n].u.shadow];
	if (s->hfn != pte_hfn(spte).n || !s->typed || d->frames[g.n].flags & FRAME_VALIDATING)
		foreign_write(v, g.n);
	else
		frame_put_table(d, g);
}

void frame_unmap(struct vcpu *v, int level, u64 gpte, u64 spte)
{
	struct domain *d = v->d;
	gfn_t g = pte_gfn(gpte);

	if (level > 1) {
		/* What was cached of walks may have gone this way. */
		d->translations++;
		unmap_table(v, level, g, spte);
	} else if (unlikely(g.n >= d->nr_frames || d->frames[g.n].hfn != pte_hfn(spte).n)) {
		foreign_write(v, g.n);
	} else if (spte & PTE_RW) {
		put_typed(v, g, FRAME_WRITABLE);
	} else {
		put_ref(v, g);
	}
}

void frame_protect(struct vcpu *v, gfn_t g, u64 spte)
{
	struct domain *d = v->d;
	struct frame *f = &d->frames[g.n];

	if (unlikely(g.n >= d->nr_frames || f->hfn != pte_hfn(spte).n ||
		     f->type != FRAME_WRITABLE || !f->u.typed))
		foreign_write(v, g.n);
	else
		drop_type(v, f, FRAME_WRITABLE);
}

bool frame_get_table(struct domain *d, gfn_t g, int level)
{
	struct frame *f = &d->frames[g.n];

	if (!frame_owned(d, g) || frame_level(f) != level || f->flags & FRAME_VALIDATING)
		return false;
	if (get_ref(f))
		return false;
	shadow_get(d, f->u.shadow);
	return true;
}

void frame_put_table(struct domain *d, gfn_t g)
{
	struct frame *f = &d->frames[g.n];

	f->refs--;
	shadow_put(d, f->u.shadow);
}

/* ------------------------------------------------------ uses by the monitor */

static int get_use(struct vcpu *v, gfn_t g, enum frame_type type)
{
	int err;

	if (!frame_owned(v->d, g))
		return -EINVAL;
	if (!frame_lock(v))
		return -RESTART;
	err = get_typed(v, g, type);
	frame_unlock(v);
	return err;
}

static void put_use(struct vcpu *v, gfn_t g, enum frame_type type)
{
	if (!frame_lock(v))
		return;
	put_typed(v, g, type);
	frame_unlock(v);
}

int frame_get_writable(struct vcpu *v, gfn_t g)
{
	return get_use(v, g, FRAME_WRITABLE);
}

void frame_put_writable(struct vcpu *v, gfn_t g)
{
	put_use(v, g, FRAME_WRITABLE);
}

int frame_get_segment(struct vcpu *v, gfn_t g)
{
	return get_use(v, g, FRAME_SEGMENT);
}

void frame_put_segment(struct vcpu *v, gfn_t g)
{
	put_use(v, g, FRAME_SEGMENT);
}
