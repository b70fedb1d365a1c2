/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Recovery, and ways to run with any register content. See campaign.h. */
	.text

	.globl jump_set
jump_set:
	mov %rbx, 0(%rdi)
	mov %rbp, 8(%rdi)
	mov %r12, 16(%rdi)
	mov %r13, 24(%rdi)
	mov %r14, 32(%rdi)
	mov %r15, 40(%rdi)
	lea 8(%rsp), %rax
	mov %rax, 48(%rdi)
	mov (%rsp), %rax
	mov %rax, 56(%rdi)
	xor %eax, %eax
	ret

	.globl jump_back
jump_back:
	mov 48(%rdi), %rsp
	push $2			/* no AC, NT, DF, TF */
	popf
	mov %rsi, %rax
	mov 0(%rdi), %rbx
	mov 8(%rdi), %rbp
	mov 16(%rdi), %r12
	mov 24(%rdi), %r13
	mov 32(%rdi), %r14
	mov 40(%rdi), %r15
	jmp *56(%rdi)

/* %rdi: struct registers; all but rsp, rip, rflags and the base register itself */
.macro LOAD base
	mov 0(%\base), %rax
	mov 8(%\base), %rbx
	mov 16(%\base), %rcx
	mov 24(%\base), %rdx
	mov 32(%\base), %rsi
	mov 48(%\base), %rbp
	mov 64(%\base), %r8
	mov 72(%\base), %r9
	mov 80(%\base), %r10
	mov 88(%\base), %r11
	mov 96(%\base), %r12
	mov 104(%\base), %r13
	mov 112(%\base), %r14
	mov 120(%\base), %r15
.endm

	.globl call_captured
call_captured:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, captured(%rip)
	mov %rsp, 56(%rdi)
	LOAD rdi
	mov 40(%rdi), %rdi
	syscall
	mov %rdi, captured_rdi(%rip)
	mov captured(%rip), %rdi
	mov %rax, 0(%rdi)
	mov %rbx, 8(%rdi)
	mov %rcx, 16(%rdi)
	mov %rdx, 24(%rdi)
	mov %rsi, 32(%rdi)
	mov captured_rdi(%rip), %rax
	mov %rax, 40(%rdi)
	mov %rbp, 48(%rdi)
	xchg %rsp, 56(%rdi)	/* what it is, and what it was */
	mov %r8, 64(%rdi)
	mov %r9, 72(%rdi)
	mov %r10, 80(%rdi)
	mov %r11, 88(%rdi)
	mov %r12, 96(%rdi)
	mov %r13, 104(%rdi)
	mov %r14, 112(%rdi)
	mov %r15, 120(%rdi)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.globl run_kernel
run_kernel:
	mov 128(%rdi), %rax
	mov %rax, target(%rip)
	push 136(%rdi)
	LOAD rdi
	popf
	mov 56(%rdi), %rsp
	mov 40(%rdi), %rdi
	jmp *target(%rip)

	.globl run_iret
run_iret:
	LOAD rdi
	mov 56(%rdi), %rsp
	mov 40(%rdi), %rdi
	mov $23, %eax
	syscall
	ud2

	.globl canary_yield
canary_yield:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	.irp reg, rbx, rbp, rdx, r8, r9, r10, r12, r13, r14, r15
	mov %rdi, %\reg
	.endr
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movq %rdi, %xmm\n
	.endr
	xor %edi, %edi
	xor %esi, %esi
	mov $29, %eax
	syscall
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.globl read_word
read_word:			/* bool read_word(va, u64 *val) */
	mov (%rdi), %rax
	mov %rax, (%rsi)
	mov $1, %eax
	ret

	.bss
	.balign 8
captured:	.quad 0
captured_rdi:	.quad 0
target:		.quad 0

	.section .note.GNU-stack, "", @progbits
