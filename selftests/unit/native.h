/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Executes one instruction on the CPU at hand, with chosen registers, so that tests can
 * ask it what is right. Its operands lie in an arena in the low 2 GiB, where each
 * addressing form reaches it.
 */
#ifndef PVHV_SELFTESTS_NATIVE_H
#define PVHV_SELFTESTS_NATIVE_H

#include "../../module/monitor/lib.h"

#define NATIVE_ARENA	16384

struct native {
	u64 regs[16];		/* by encoding */
	u64 flags;
};

/** native_init - 0, or -1 if this environment does not let code be made */
int native_init(void);

u8 *native_arena(void);

/** native_address - where the instruction will be */
u64 native_address(void);

/* The bases that segment overrides add. */
u64 native_fs_base(void);
u64 native_gs_base(void);

/** native_run - execute @insn; registers and flags in and out */
void native_run(const u8 *insn, u32 length, struct native *n);

#endif
