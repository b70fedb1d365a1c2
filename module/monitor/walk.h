/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks up what the guest's tables say about an address of one vCPU's current mode.
 * Reads guest tables, so its result is a hint until the domain lock is held and the
 * shadow agrees.
 */
#ifndef PVHV_MONITOR_WALK_H
#define PVHV_MONITOR_WALK_H

#include "frame.h"

/* Error code of a page fault; PF_WRITE and PF_FETCH also name an access. */
#define PF_PRESENT	BIT(0)
#define PF_WRITE	BIT(1)
#define PF_USER		BIT(2)
#define PF_RESERVED	BIT(3)
#define PF_FETCH	BIT(4)

/**
 * struct walk - where a walk ended
 * @level: level of @gpte: 1, or higher when that entry is not present
 * @table: the table @gpte is in; not valid when @level is above PTE_LEVELS: no root, or
 *	an address that is not the guest's
 * @rights: present entries of all levels combined: PTE_RW if all have it, PTE_NX if
 *	any has
 */
struct walk {
	int level;
	u32 index;
	gfn_t table;
	u64 gpte;
	u64 rights;
};

/* The root of the guest's current mode. */
static inline gfn_t walk_root(const struct vcpu *v)
{
	return v->user_mode ? v->cr3_user : v->cr3_kernel;
}

/* Forget the cached walks and translations; they are good from @now on. */
void walk_cache_clear(struct vcpu *v, u64 now);

/** walk_cache_check - before looking at a cache: forget what is not valid any more */
static inline void walk_cache_check(struct vcpu *v)
{
	u64 now = READ_ONCE(v->d->translations);

	if (unlikely(v->translations != now))
		walk_cache_clear(v, now);
}

/**
 * walk_va - walk to the level-1 entry for @va
 * Returns false when an entry names a frame that is not a table of its level: then
 * somebody has written to the tables from outside.
 */
bool walk_va(struct vcpu *v, u64 va, struct walk *w);

/* Does the guest allow this access? @access: PF_WRITE, PF_FETCH. */
bool walk_allows(const struct walk *w, u64 access);

#endif
