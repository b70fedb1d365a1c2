/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system time of a domain: nanoseconds since its start, on the host's
 * CLOCK_MONOTONIC_RAW. As long as the host's own clock is the TSC, all vCPUs compute it
 * with the host's own factors from one starting point, which never changes: then their
 * clocks are one clock, and the guest may read it in user mode (PVCLOCK_TSC_STABLE_BIT).
 */
#ifndef PVHV_HOST_CLOCK_H
#define PVHV_HOST_CLOCK_H

#include <linux/seqlock.h>
#include "../shared/world.h"

/* System time 0 of a domain, on both clocks. [I] */
struct pvhv_clock {
	u64 tsc;
	u64 raw_ns;
};

/** pvhv_clock_init - follow the host's clock; errno */
int __must_check pvhv_clock_init(void);
void pvhv_clock_exit(void);

/** pvhv_clock_start - system time 0 is now */
void pvhv_clock_start(struct pvhv_clock *c);

/** pvhv_clock_now - system time in ns */
u64 pvhv_clock_now(const struct pvhv_clock *c);

extern seqcount_t pvhv_clock_seq;

/** pvhv_clock_version - changes when the factors of pvhv_clock_factors() do */
static inline u32 pvhv_clock_version(void)
{
	return raw_read_seqcount(&pvhv_clock_seq);
}

/**
 * pvhv_clock_factors - fill tsc, ns, mul, shift and flags of @time
 * Returns whether they hold until pvhv_clock_version() changes; if not, they drift away
 * from system time, and want renewal now and then. Interrupts are off.
 */
bool pvhv_clock_factors(const struct pvhv_clock *c, struct world_time *time);

#endif
