/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the monitor did while the host was not there to see it: a page of records per
 * vCPU, written only while somebody traces, emptied by the host after each visit.
 */
#ifndef PVHV_SHARED_TRACE_H
#define PVHV_SHARED_TRACE_H

#include "types.h"

enum trace_kind {
	TRACE_HYPERCALL,	/* what: number; arg: first argument */
	TRACE_BOUNCE,		/* what: vector or TRACE_BOUNCE_*; arg: error code */
};

/* Bounces that are no exception. */
#define TRACE_BOUNCE_UPCALL	0x100
#define TRACE_BOUNCE_CALLBACK	0x101	/* a system call of any kind */
#define TRACE_BOUNCE_FAILSAFE	0x102

struct trace_record {
	u64 tsc;
	u64 rip;		/* of the guest, before */
	u64 arg;
	u32 what;
	u32 kind;		/* enum trace_kind */
	u64 ticks;		/* TRACE_HYPERCALL: of the TSC, until it was done or had to restart */
};

#define TRACE_RECORDS	102
#define TRACE_HIGH	80	/* from here on the monitor leaves, to have it emptied */

struct trace_ring {
	u32 count;		/* [m] records; the host sets it to 0 */
	u32 lost;		/* [m] more than there was room for; likewise */
	struct trace_record record[TRACE_RECORDS];
};

static_assert(sizeof(struct trace_ring) <= 4096, "one page");

#endif
