// SPDX-License-Identifier: GPL-2.0
/*
 * PVHV_SET_DEBUG: checks what a debugger in the VMM wants. What is passed on to the
 * monitor goes into the CPU's debug registers as it is.
 */
#include <linux/string.h>

#include "debug.h"

#define CONTROL_ALL	(PVHV_DEBUG_BREAKPOINT | PVHV_DEBUG_STEP | PVHV_DEBUG_HARDWARE | \
			 PVHV_DEBUG_PASS)

/* Enable bits of the four, the two exact bits, the bit that is always 1; fields above. */
#define DR7_ALLOWED	0xffff07ffULL

static_assert(DEBUG_BREAKPOINT == PVHV_DEBUG_BREAKPOINT && DEBUG_STEP == PVHV_DEBUG_STEP &&
	      DEBUG_HARDWARE == PVHV_DEBUG_HARDWARE && DEBUG_PASS == PVHV_DEBUG_PASS,
	      "one list, two headers");

/* The guest's: canonical with 4 levels, and not in the monitor's slots. */
static bool address_valid(u64 va)
{
	u64 slot = va >> LAYOUT_SLOT_SHIFT & 511;

	return pvhv_vcpu_base_valid(va) && (slot < LAYOUT_SLOT_FIRST || slot > LAYOUT_SLOT_LAST);
}

static bool dr7_valid(u64 dr7)
{
	unsigned int n;

	if (dr7 & ~DR7_ALLOWED)
		return false;
	for (n = 0; n < 4; n++) {
		u32 field = dr7 >> (16 + 4 * n) & 0xf;

		/* Bits 0 and 1: execute, write, ports, read and write; 2 and 3: the length. */
		if ((field & 3) == 2 || (!(field & 3) && field))
			return false;
	}
	return true;
}

int pvhv_debug_set(struct pvhv_vcpu *v, const struct pvhv_set_debug *in)
{
	struct world *w = v->area.world;
	bool hardware = in->control & PVHV_DEBUG_HARDWARE;
	unsigned int n;

	if (in->control & ~CONTROL_ALL || in->reserved || !dr7_valid(in->dr7) ||
	    (!hardware && in->dr7))
		return -EINVAL;
	for (n = 0; n < ARRAY_SIZE(in->dr); n++)
		if (!address_valid(in->dr[n]) || (!hardware && in->dr[n]))
			return -EINVAL;
	memcpy(w->debug_dr, in->dr, sizeof(w->debug_dr));
	w->debug_dr7 = in->dr7 | 1U << 10;
	w->debug_control = in->control;
	w->request |= REQUEST_DEBUG;
	return 0;
}
