/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pool of shadow pages: which are free, which have a table nobody refers to. A
 * free page is all zero. Knows nothing of entries, except that an L4 has the
 * monitor's slots.
 *
 * All functions: under the domain lock.
 */
#ifndef PVHV_MONITOR_SHADOW_H
#define PVHV_MONITOR_SHADOW_H

#include "vcpu.h"
#include "pte.h"

/* The shadow table with pool index @i. */
static inline u64 *shadow_page(const struct domain *d, u32 i)
{
	return (u64 *)(d->pool + (u64)i * PVHV_PAGE_SIZE);
}

#define SHADOW_HALF	(PTE_ENTRIES / 2)

/*
 * Entries [half * SHADOW_HALF, +SHADOW_HALF) of a table, in the page that the CPU reads
 * them from in guest kernel mode.
 */
static inline u64 *shadow_half(const struct domain *d, u32 i, u32 half)
{
	if (half && d->features & FEATURE_LA57 && d->shadows[i].level == PTE_LEVELS)
		i = d->shadows[i].second;
	return shadow_page(d, i) + half * SHADOW_HALF;
}

/** shadow_init - empty lists; once, before anything else */
void shadow_init(struct domain *d);

/**
 * shadow_alloc - a shadow for table @table of @level, with one reference
 * The monitor's slots of an L4 are in place. Returns the pool index; SHADOW_NONE when
 * there is no page: then *@wanted is how many it takes, or 0 if there are free ones
 * that another CPU, now running the guest, has to forget about first.
 */
u32 shadow_alloc(struct vcpu *v, gfn_t table, int level, u32 *wanted);

/** shadow_free - take back a shadow that has no present entry and is on no list */
void shadow_free(struct domain *d, u32 i);

/** shadow_get - one more reference to the table */
static inline void shadow_get(struct domain *d, u32 i);

/** shadow_put - one less; without any the table keeps its shadow until collected */
static inline void shadow_put(struct domain *d, u32 i);

/**
 * shadow_unreferenced - some table without references, the highest level first
 * @lowest: ignore levels below. Returns SHADOW_NONE if there is none.
 */
u32 shadow_unreferenced(const struct domain *d, int lowest);

/** shadow_set - write an entry of the table, in each of its pages that has it */
void shadow_set(struct domain *d, u32 i, u32 index, u64 spte);

/** shadow_entry - read an entry of the table */
u64 shadow_entry(const struct domain *d, u32 i, u32 index);

/* Both move a table between the lists; out of line. */
void shadow_link(struct domain *d, u32 i);
void shadow_unlink(struct domain *d, u32 i);

static inline void shadow_get(struct domain *d, u32 i)
{
	if (!d->shadows[i].typed++)
		shadow_unlink(d, i);
}

static inline void shadow_put(struct domain *d, u32 i)
{
	if (!--d->shadows[i].typed)
		shadow_link(d, i);
}

#endif
