/* SPDX-License-Identifier: GPL-2.0 */
/* What the assembly files share: function symbols, patches, fixups, register frames. */
#ifndef PVHV_MONITOR_ASM_H
#define PVHV_MONITOR_ASM_H

#include "../shared/layout.h"
#include "offsets.h"

.macro FUNC name:req
	.globl \name
	.hidden \name
	.type \name, @function
	.balign 16
\name:
.endm

.macro END name:req
	.size \name, . - \name
.endm

/* PATCH feature, instruction: the host turns it into NOPs without the feature. */
.macro PATCH feature:req, insn:vararg
.Lpatch\@:
	\insn
.Lpatch_end\@:
	.pushsection .patches, "a"
	.long .Lpatch\@ - .
	.long .Lpatch_end\@ - .Lpatch\@
	.quad \feature
	.popsection
.endm

/* FIXUP: a fault of the instruction at \from continues at \to. */
.macro FIXUP from:req, to:req
	.pushsection .fixups, "a"
	.long \from - .
	.long \to - .
	.popsection
.endm

/*
 * General registers, onto struct regs below vector and error: first those that a C
 * function may change, below them those that it preserves.
 */
.macro PUSH_SCRATCH
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
.endm

.macro POP_SCRATCH
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
.endm

#define PRESERVED_SIZE	48

/* The same places as PUSH_REGS, with %rsp at struct regs. */
.macro STORE_PRESERVED
	mov %r15, (%rsp)
	mov %r14, 8(%rsp)
	mov %r13, 16(%rsp)
	mov %r12, 24(%rsp)
	mov %rbp, 32(%rsp)
	mov %rbx, 40(%rsp)
.endm

.macro PUSH_REGS
	PUSH_SCRATCH
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
.endm

.macro POP_REGS
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	POP_SCRATCH
.endm

#endif
