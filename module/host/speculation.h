/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is done on this machine against leaks through speculation: a pure function over
 * facts, as fitness.h. The rule: towards its guests, pvhv does what the host does towards
 * its own user mode and virtual machines, no less. Documentation/security.rst has the table.
 */
#ifndef PVHV_HOST_SPECULATION_H
#define PVHV_HOST_SPECULATION_H

#include "../shared/types.h"

struct speculation_facts {
	bool meltdown;		/* the CPU reads supervisor pages ahead of the check */
	bool buffers;		/* MDS, TAA, MMIO, RFDS, TSA: VERW clears what they leak */
	bool div0;		/* the divider keeps its last result (Zen 1) */
	bool spectre_v2;	/* branch predictions cross privilege levels */
	bool ibpb;		/* the host has, and uses, IBPB */
	bool kernel_ibrs;	/* the host writes IBRS at each entry to the kernel */
	bool returns;		/* it untrains or flushes returns there: Retbleed on AMD, SRSO */
	bool history;		/* it clears the branch history there with a loop: BHI */
	bool history_known;	/* and we can call that loop */
};

/** speculation_features - the FEATURE_* bits of ../shared/image.h that follow */
u64 speculation_features(const struct speculation_facts *f);

/**
 * speculation_gap - what the host does and pvhv cannot do on this machine
 * Returns NULL, or the first of them as one sentence for the log.
 */
const char *speculation_gap(const struct speculation_facts *f);

#endif
