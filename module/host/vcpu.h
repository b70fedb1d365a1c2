/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU: an area, a thread that runs it, a page shared with the VMM.
 *
 * Legend: [I] constant after creation   [r] the thread that holds @running
 *         [a] atomic
 */
#ifndef PVHV_HOST_VCPU_H
#define PVHV_HOST_VCPU_H

#include <linux/rcuwait.h>

#include "area.h"
#include "domain.h"
#include "timer.h"
#include "world.h"

struct pvhv_vcpu {
	struct pvhv_domain *d;		/* [I] */
	u32 id;				/* [I] */
	struct pvhv_area area;		/* [I] */
	struct pvhv_world_task *task;	/* [r] */
	struct page *run_page;		/* [I] */
	struct pvhv_run *run;		/* [I] hostile content */
	struct pvhv_timer timer;
	struct rcuwait wait;
	atomic_t running;		/* [a] 1: a thread is in PVHV_RUN */
	int cpu;			/* [a] CPU in the guest world, or -1 */
	u32 event;			/* [a] something was raised since the last entry */
	bool ready;			/* [r] has registers */
	bool ran;			/* [r] */
	bool provoked;			/* [r] a test asked for a panic */
	bool console_read;		/* [r] the VMM was asked for console input */
	u64 exits[EXIT_REASONS];	/* [r] */
};

/** pvhv_vcpu_create - PVHV_CREATE_VCPU; the domain's mutex is held; a file descriptor */
int pvhv_vcpu_create(struct pvhv_domain *d, u32 id);
void pvhv_vcpu_destroy(struct pvhv_vcpu *v);

/** pvhv_vcpu_wake - make a vCPU look for events: wakes it, or kicks it out of the guest */
void pvhv_vcpu_wake(struct pvhv_domain *d, u32 id);

/** pvhv_vcpu_kick_all - the same for all vCPUs of a domain that has ended */
void pvhv_vcpu_kick_all(struct pvhv_domain *d);

/** pvhv_vcpu_overhead - bytes of the areas of a domain */
u64 pvhv_vcpu_overhead(struct pvhv_domain *d);

/** pvhv_vcpu_base_valid - is it an address that 4-level paging can have? */
bool pvhv_vcpu_base_valid(u64 base);

int pvhv_vcpu_set_regs(struct pvhv_vcpu *v, const struct pvhv_regs *regs);
void pvhv_vcpu_get_regs(struct pvhv_vcpu *v, struct pvhv_regs *regs);

#endif
