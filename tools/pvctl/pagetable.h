/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The page tables a domain starts with. Guest frames are machine frames. */
#ifndef PVCTL_PAGETABLE_H
#define PVCTL_PAGETABLE_H

#include "layout.h"

#define PTE_P		(1ULL << 0)
#define PTE_RW		(1ULL << 1)
#define PTE_US		(1ULL << 2)
#define PTE_A		(1ULL << 5)
#define PTE_D		(1ULL << 6)
#define PTE_ADDR	0x000ffffffffff000ULL

/**
 * pagetable_build - the initial mapping, and that of a p2m list outside of it
 * @mem: the guest's memory, zero in the regions of tables
 *
 * Everything is mapped writable but the tables: no frame may be both a page table
 * and writable.
 */
void pagetable_build(u8 *mem, const struct layout *l);

#endif
