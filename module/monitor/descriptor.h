/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segment descriptors: which a guest may have, and what the CPU gets for them. No other
 * file decides that. Pure.
 */
#ifndef PVHV_MONITOR_DESCRIPTOR_H
#define PVHV_MONITOR_DESCRIPTOR_H

#include "lib.h"

#define DESC_ACCESSED	BIT(40)
#define DESC_CODE	BIT(43)
#define DESC_S		BIT(44)		/* code or data, not a system segment */
#define DESC_DPL	(3ULL << 45)
#define DESC_P		BIT(47)
#define DESC_L		BIT(53)
#define DESC_D		BIT(54)

/**
 * descriptor_check - may a guest have this descriptor, and how does the CPU get it?
 * Returns false for gates, system segments and impossible code segments. All others
 * get DPL 3, and are accessed already, so that the CPU never writes to them.
 */
static inline bool descriptor_check(u64 *desc)
{
	u64 d = *desc;

	if (!(d & DESC_P))
		return true;	/* cannot be loaded: any content */
	if (!(d & DESC_S))
		return false;
	if (d & DESC_CODE && d & DESC_L && d & DESC_D)
		return false;
	*desc = d | DESC_DPL | DESC_ACCESSED;
	return true;
}

#endif
