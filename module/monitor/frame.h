/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each guest frame is used as. The invariant of the whole MMU is owned here: a
 * frame has one type at a time, so no page table can be written by the guest. A
 * reference exists if and only if a present shadow entry (or a use by the monitor)
 * does.
 *
 * Functions return 0, -EINVAL when the frame's present use or its owner forbids the
 * wanted one, or -RESTART (see lib.h).
 */
#ifndef PVHV_MONITOR_FRAME_H
#define PVHV_MONITOR_FRAME_H

#include "panic.h"
#include "pte.h"

/** frame_owned - is @g a frame of this domain? */
static inline bool frame_owned(const struct domain *d, gfn_t g)
{
	return g.n < d->nr_frames && d->frames[g.n].hfn;
}

/* Level of the table a frame is used as, 0 if it is not one. */
static inline int frame_level(const struct frame *f)
{
	return f->type >= FRAME_L1 && f->type <= FRAME_L4 ? (int)f->type - FRAME_L1 + 1 : 0;
}

/* A frame in the physmap; the domain must own it. */
static inline void *frame_ptr(const struct domain *d, gfn_t g)
{
	return d->physmap + g.n * PVHV_PAGE_SIZE;
}

/* Host frame of the shadow of a table. */
static inline hfn_t frame_shadow(const struct domain *d, gfn_t table)
{
	return hfn(d->shadows[d->frames[table.n].u.shadow].hfn);
}

/*
 * Uses by the monitor, for as long as it keeps a pointer into the physmap. These take
 * the domain lock.
 */

/** frame_get_writable - the monitor will write to the frame: it must not be a table */
int __must_check frame_get_writable(struct vcpu *v, gfn_t g);
void frame_put_writable(struct vcpu *v, gfn_t g);

/** frame_get_segment - the frame holds descriptors: the guest must not write to it */
int __must_check frame_get_segment(struct vcpu *v, gfn_t g);
void frame_put_segment(struct vcpu *v, gfn_t g);

/** frame_lock - take the domain lock; false: the domain is dead, return -RESTART */
bool __must_check frame_lock(struct vcpu *v);
void frame_unlock(struct vcpu *v);

/* ------------------------------- below: for the MMU, under the domain lock */

/**
 * frame_map - take the reference for a level-1 entry
 * @gpte: present; checked here in full
 * @spte: out: the hardware's entry, 0 if the gpte is not to be mapped yet
 */
int __must_check frame_map(struct vcpu *v, u64 gpte, u64 *spte);

/**
 * frame_unmap - drop the reference of entry @spte, which is no longer in the shadow
 * @gpte: the guest's entry for it, which says where to find the frame. When it does
 *	not fit, somebody has written to the guest's tables: the domain ends.
 */
void frame_unmap(struct vcpu *v, int level, u64 gpte, u64 spte);

/**
 * frame_protect - entry @spte for @g was writable and is not any more; its reference stays
 * Call it after the shadow entry is changed. As with frame_unmap(), @g is a hint.
 */
void frame_protect(struct vcpu *v, gfn_t g, u64 spte);

/** frame_want_table - see that @g has no type, so that it can become a table */
int __must_check frame_want_table(struct vcpu *v, gfn_t g);

/**
 * frame_get_table - reference to @g as a table of @level
 * False, without one: it is not such a table, or not yet complete.
 */
bool __must_check frame_get_table(struct domain *d, gfn_t g, int level);
void frame_put_table(struct domain *d, gfn_t g);

/**
 * frame_demote - end the use of @g as a table
 * It has no references, or is incomplete (FRAME_VALIDATING).
 */
void frame_demote(struct vcpu *v, gfn_t g);

/**
 * frame_collect - demote one table without references, of level @lowest or above
 * Returns false if there is none.
 */
bool frame_collect(struct vcpu *v, int lowest);

#endif
