/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page-table entries: what a guest may write into one, and what the hardware gets
 * for it. The accept-list is here and nowhere else: no other file composes a shadow
 * entry. Pure.
 *
 * A guest's entry is called gpte (with a gfn in it), a hardware entry spte (with an
 * hfn).
 */
#ifndef PVHV_MONITOR_PTE_H
#define PVHV_MONITOR_PTE_H

#include "lib.h"
#include "../shared/layout.h"

#define PTE_P		BIT(0)
#define PTE_RW		BIT(1)
#define PTE_US		BIT(2)
#define PTE_PWT		BIT(3)
#define PTE_PCD		BIT(4)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PSE		BIT(7)	/* levels 2 to 4 */
#define PTE_PAT		BIT(7)	/* level 1 */
#define PTE_G		BIT(8)
#define PTE_NX		BIT(63)
#define PTE_ADDR	0x000ffffffffff000ULL

#define PTE_ENTRIES	512
#define PTE_LEVELS	4

static inline gfn_t pte_gfn(u64 gpte)
{
	return gfn((gpte & PTE_ADDR) >> PVHV_PAGE_SHIFT);
}

static inline hfn_t pte_hfn(u64 spte)
{
	return hfn((spte & PTE_ADDR) >> PVHV_PAGE_SHIFT);
}

/* Index of @va in a table of @level. */
static inline u32 pte_index(u64 va, int level)
{
	return (va >> (3 + 9 * level)) & (PTE_ENTRIES - 1);
}

/* Does a present gpte, as it is, allow writing through the hardware? */
static inline bool pte_writable(u64 gpte)
{
	return (gpte & (PTE_RW | PTE_D)) == (PTE_RW | PTE_D);
}

/* The bits that any of eight entries has: most tables are sparse, and a line is soon seen. */
static inline u64 pte_any(const u64 e[8])
{
	return e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7];
}

/* Is @va between the guest's two halves, in the slots of the monitor? */
static inline bool pte_reserved(u64 va)
{
	u32 slot = pte_index(va, PTE_LEVELS);

	return slot >= LAYOUT_SLOT_FIRST && slot <= LAYOUT_SLOT_LAST;
}

/*
 * The accept-list. What a guest may set in a present entry besides the address: all
 * but a large page. What of it reaches the hardware: see pte_shadow(). Caching bits
 * and G are the monitor's choice, bits 9-11 and 52-62 mean nothing to the CPU here,
 * and are kept in the guest's entry only.
 */
#define PTE_ACCEPTED_L1		(~0ULL)
#define PTE_ACCEPTED_TABLE	(~PTE_PSE)

/**
 * pte_acceptable - may a guest have this entry in a table of @level?
 * Checks bits only; the frame it names is the caller's to check. Every entry that
 * is not present is acceptable.
 */
static inline bool pte_acceptable(u64 gpte, int level)
{
	u64 accepted = level == 1 ? PTE_ACCEPTED_L1 : PTE_ACCEPTED_TABLE;

	return !(gpte & PTE_P) || !(gpte & ~accepted);
}

/**
 * pte_is_mapped - does the hardware get an entry for it?
 * Not for one that is not present, nor for a level-1 entry before its first use
 * (A clear): then the spte is 0 and no reference is held.
 */
static inline bool pte_is_mapped(u64 gpte, int level)
{
	u64 needed = level == 1 ? PTE_P | PTE_A : PTE_P;

	return (gpte & needed) == needed;
}

/**
 * pte_shadow - the hardware's entry for an acceptable gpte of @level
 * @target: level 1: the frame behind the gfn; above: the shadow of the table it names
 *
 * 0 when pte_is_mapped() does not hold. Otherwise user-accessible, never global,
 * write-back, with accessed and (if writable) dirty set, so that the CPU itself
 * never writes to a shadow. A level-1 entry is writable only if pte_writable().
 */
static inline u64 pte_shadow(u64 gpte, int level, hfn_t target)
{
	u64 spte;

	if (!pte_is_mapped(gpte, level))
		return 0;
	spte = target.n << PVHV_PAGE_SHIFT | PTE_P | PTE_US | PTE_A | (gpte & PTE_NX);
	if (level > 1)
		return spte | (gpte & PTE_RW);
	return pte_writable(gpte) ? spte | PTE_RW | PTE_D : spte;
}

#endif
