/* SPDX-License-Identifier: GPL-2.0 */
/* Making an address usable: what a CPU does with accessed and dirty bits. */
#ifndef PVHV_MONITOR_FAULT_H
#define PVHV_MONITOR_FAULT_H

#include "walk.h"

/**
 * struct touch - what fault_touch() found
 * @walk: the guest's tables, as they were before
 * @changed: an entry was installed: the guest's access will now get further
 * @spte_at, @spte: on success the shadow entry, and what it says now
 */
struct touch {
	struct walk walk;
	bool changed;
	const u64 *spte_at;
	u64 spte;
};

/**
 * fault_touch - have the shadow allow @access to @va, if the guest's tables do
 * @access: PF_WRITE or PF_FETCH, or 0 to read
 *
 * Sets the guest's accessed and dirty bits. Returns 0, -EFAULT when the guest's own
 * tables, or the type of the frame, do not allow the access, or -RESTART. Takes the
 * domain lock.
 */
int __must_check fault_touch(struct vcpu *v, u64 va, u64 access, struct touch *t);

/** fault_error - error code that explains to the guest why @access failed */
u64 fault_error(const struct vcpu *v, const struct walk *w, u64 access);

#endif
