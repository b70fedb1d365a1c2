/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's general registers as the entry stubs save them, at the top of the
 * vCPU's main stack. The last five words are the frame that IRETQ takes.
 */
#ifndef PVHV_SHARED_REGS_H
#define PVHV_SHARED_REGS_H

#include "types.h"

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 vector;		/* of the entry; REGS_SYSCALL for the SYSCALL instruction */
	u64 error;		/* error code of the exception, or 0 */
	u64 rip, cs, rflags, rsp, ss;
};

/* rflags: what a guest may choose (CF PF AF ZF SF TF DF OF NT RF AC ID), and what is set. */
#define RFLAGS_GUEST	0x254dd5
#define RFLAGS_FIXED	0x202

#define REGS_SYSCALL	0x100
#define REGS_SYSCALL32	0x101

static_assert(sizeof(struct regs) == 22 * 8, "entry.S builds this frame");

#endif
