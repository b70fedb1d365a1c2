/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this machine is: gathered once at load. The decision whether pvhv can run
 * on it is a pure function over the facts (fitness.c), so that each refusal is
 * unit-tested.
 */
#ifndef PVHV_HOST_CPU_H
#define PVHV_HOST_CPU_H

#include "../shared/types.h"

extern u64 pvhv_features;

/* FEATURE_* of the image header that hold on this host; constant while loaded */
static inline u64 pvhv_cpu_features(void)
{
	return pvhv_features;
}

/** pvhv_cpu_init - gather, decide; 0 or -ENODEV after one line in the log that says why */
int pvhv_cpu_init(void);

#endif
