/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page that the guest world does not have: what the world switch needs to
 * find its way back. It would break the host's KASLR under Meltdown, so it is
 * read only after the host's CR3 is live. switch.S knows the offsets.
 */
#ifndef PVHV_SHARED_HOSTCTX_H
#define PVHV_SHARED_HOSTCTX_H

#include "types.h"
#include "world.h"

struct pvhv_hostctx {
	/* written by switch.S on its way in */
	u64 rsp;
	struct world_descriptor gdt, idt;
	/* written by the host before each entry */
	u64 gs_base;		/* the kernel's: live in the host world */
	u64 fs_base;		/* the thread's */
	u64 kernel_gs_base;	/* the thread's GS base */
	u64 spec_ctrl;		/* with FEATURE_EXIT_IBRS: what the kernel runs with */
	/* constant: Linux's entry for NMIs that do not come through the IDT, or 0 */
	u64 nmi_entry;
	/* constant, with FEATURE_EXIT_BHB: Linux's function that clears the branch history */
	u64 clear_bhb;
};

#endif
