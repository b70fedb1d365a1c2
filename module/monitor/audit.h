/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The debug audit: counts and shadows recomputed from scratch and compared with what
 * the MMU keeps. Slow; the state is as before when it returns.
 */
#ifndef PVHV_MONITOR_AUDIT_H
#define PVHV_MONITOR_AUDIT_H

#include "vcpu.h"

/**
 * struct audit_difference - something that should not be
 * @what: a constant string
 * @gfn: the frame, or for "pool" differences the pool index
 */
struct audit_difference {
	const char *what;
	u64 gfn;
	u32 index;		/* entry, if it is about one */
	u64 found, expected;
};

/**
 * audit_run - compare; no other vCPU of the domain may be running
 * @report: called for each difference; may be NULL
 *
 * Counts as uses by the monitor: pins, loaded roots, and the pages named in struct
 * vcpu: shared pages, gdt_frames[], ldt_frames[] (~0: none).
 * Returns the number of differences.
 */
u64 audit_run(struct vcpu *v,
	      void (*report)(void *arg, const struct audit_difference *diff), void *arg);

#endif
