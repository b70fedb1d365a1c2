/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor's address space of one domain: the page tables behind the slots
 * LAYOUT_SLOT_FIRST..LAST, and their attachment to the mm that owns the domain.
 */
#ifndef PVHV_HOST_SPACE_H
#define PVHV_HOST_SPACE_H

#include <linux/mm_types.h>
#include "../shared/domain.h"

/* How a page is mapped. Everything is supervisor but PVHV_PROT_GUEST_RO. */
enum pvhv_prot {
	PVHV_PROT_RO,		/* read-only, not executable */
	PVHV_PROT_RW,		/* writable, not executable */
	PVHV_PROT_RX,		/* executable */
	PVHV_PROT_GUEST_RO,	/* read-only, not executable, visible at CPL 3 */
};

struct pvhv_space {
	bool la57;
	u64 base;		/* LAYOUT_BASE_* */
	u64 *slots;		/* page: level-4 entries of the guest's roots, by slot */
	u64 *user_slots;	/* page: the same for user roots on Meltdown CPUs */
	u64 *host_slots;	/* page: LA57: the level-4 table under the host's slot 256 */
	u64 *host_pdpt;		/* page: level-3 table of the host's monitor slot */
	u64 *idle;		/* page: root with nothing but the slots, for a first entry */
	struct list_head tables;	/* all table pages, for freeing */
	unsigned long nr_tables;
	struct mm_struct *mm;	/* attached to, or NULL */
};

/**
 * pvhv_space_init - an empty space; -ENOMEM
 * pvhv_space_destroy - frees the tables; the mapped pages are not its own
 */
int __must_check pvhv_space_init(struct pvhv_space *s);
void pvhv_space_destroy(struct pvhv_space *s);

/** pvhv_space_va - address of @offset in a LAYOUT_SLOT_* of this space */
u64 pvhv_space_va(const struct pvhv_space *s, unsigned int slot, u64 offset);

/**
 * pvhv_space_map - map one host page at @va, in both worlds
 * @va: page-aligned, in the monitor's slots, not mapped yet
 *
 * The pages of LAYOUT_SLOT_MONITOR + LAYOUT_HOSTCTX on go to the host's world
 * only. May sleep; accounted to the current memory cgroup. -ENOMEM; -EEXIST: a
 * page is mapped there.
 */
int __must_check pvhv_space_map(struct pvhv_space *s, u64 va, hfn_t frame, enum pvhv_prot prot);

/** pvhv_space_map_large - the same for 2 MiB; @va and @frame aligned to it */
int __must_check pvhv_space_map_large(struct pvhv_space *s, u64 va, hfn_t frame,
				      enum pvhv_prot prot);

/** pvhv_space_has_table - is there one for the pages of the 2 MiB around @va? */
bool pvhv_space_has_table(struct pvhv_space *s, u64 va);

/** pvhv_space_map_vmalloc - map @size bytes of vmalloc memory page by page from @va on */
int __must_check pvhv_space_map_vmalloc(struct pvhv_space *s, u64 va, void *mem, size_t size,
					enum pvhv_prot prot);

/**
 * pvhv_space_unmap - take back what the functions above have made of [@va, @va + @size)
 *
 * Parts of it may not be mapped. Tables stay for the next attempt. Only before the guest
 * world has run: nobody flushes that.
 */
void pvhv_space_unmap(struct pvhv_space *s, u64 va, u64 size);

/**
 * pvhv_space_attach - show the monitor slot in the page tables of current->mm
 * -EBUSY: this mm has a space already, or something else uses the slot.
 * pvhv_space_detach - take it away again and flush it from every CPU's TLB. Safe
 * from the mmu_notifier release of that mm and at any time after; idempotent.
 */
int __must_check pvhv_space_attach(struct pvhv_space *s);
void pvhv_space_detach(struct pvhv_space *s);

/** pvhv_space_publish - fill d->slots, d->monitor5 from the space, for the monitor */
void pvhv_space_publish(const struct pvhv_space *s, struct domain *d);

#endif
