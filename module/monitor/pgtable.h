/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's page tables: everything the ABI lets it do to them. Each function takes
 * the domain lock and leaves a state that audit.c finds nothing in, whatever it
 * returns:
 *
 *	0
 *	-EINVAL		the ABI's error for an update that is not allowed; nothing done
 *	-RESTART	not done; leave to the host or serve the interrupt, then call again
 *			with the same arguments. Tables that were finished on the way stay.
 *
 * update.c has the updates, promote.c turns frames into tables, fault.c serves
 * page faults.
 */
#ifndef PVHV_MONITOR_PGTABLE_H
#define PVHV_MONITOR_PGTABLE_H

#include "panic.h"
#include "pte.h"

/** pgtable_init - first entry of a vCPU; that of vCPU 0 also prepares the domain */
void pgtable_init(struct vcpu *v);

/**
 * pgtable_load_initial - the root a vCPU starts on; pinned, for the first vCPU
 * Also: the domain ends with CRASH_PAGETABLE when it is not valid (-EINVAL).
 */
int __must_check pgtable_load_initial(struct vcpu *v, gfn_t root);

/**
 * pgtable_update - mmu_update: write @gpte at @maddr
 * @maddr: gfn and offset of the entry, 8-byte aligned. In a frame that is not a table
 *	this is a plain write, which frames with descriptors refuse.
 * @keep_ad: accessed and dirty bits of the old entry stay set
 */
int __must_check pgtable_update(struct vcpu *v, u64 maddr, u64 gpte, bool keep_ad);

/** pgtable_update_va - write the level-1 entry that maps @va in the current mode's root */
int __must_check pgtable_update_va(struct vcpu *v, u64 va, u64 gpte);

/**
 * pgtable_cmpxchg - emulated write to entry @index of table @table
 * -EBUSY: the entry is not @old (any more); compute again.
 */
int __must_check pgtable_cmpxchg(struct vcpu *v, gfn_t table, u32 index, u64 old, u64 new);

/** pgtable_machphys - set the m2p entry of memory frame @g */
int __must_check pgtable_machphys(struct vcpu *v, gfn_t g, u64 pfn);

/** pgtable_pin - hold @g as a table of @type (FRAME_L1..FRAME_L4); -EINVAL if it is pinned */
int __must_check pgtable_pin(struct vcpu *v, gfn_t g, enum frame_type type);

/** pgtable_unpin - give up the pin; the table goes when its frame is wanted */
int __must_check pgtable_unpin(struct vcpu *v, gfn_t g);

/**
 * pgtable_load - run on @root in guest kernel mode, or guest user mode
 * Forgets that mode's translations, as the ABI asks. gfn 0 for user mode: none.
 */
int __must_check pgtable_load(struct vcpu *v, gfn_t root, bool user);

enum fault_action {
	FAULT_RETRY,		/* served, or v->exit says what is first: resume the guest */
	FAULT_BOUNCE,		/* the guest's: raise #PF with the error code given back */
	FAULT_WRITE_TABLE,	/* its kernel writes to a table: emulate, or bounce likewise */
	FAULT_GP,		/* not a canonical address of 4-level paging: raise #GP(0) */
};

/**
 * pgtable_fault - a page fault at CPL 3
 * @error: the CPU's error code
 * @guest_error: out: the error code as the guest's own tables explain it, also for
 *	FAULT_RETRY (then of no use)
 */
enum fault_action pgtable_fault(struct vcpu *v, u64 va, u64 error, u64 *guest_error);

#endif
