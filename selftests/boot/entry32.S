/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start of a 32-bit program, and its system calls:
 *
 *	long call_WAY(long number, const long args[6])
 *
 * The kernel leaves SYSENTER and SYSCALL by the landing pad in its vDSO, which expects
 * ebp, edx, ecx and the return address on the stack. It finds the sixth argument there:
 * for SYSENTER at ebp, for SYSCALL at esp, where ebp holds what ecx cannot.
 */
	.text

	.globl _start
_start:
	mov	%esp, %eax
	and	$-16, %esp
	sub	$12, %esp
	push	%eax
	call	program
	hlt

	.macro	call_by name, instructions:vararg
	.globl	\name
\name:
	push	%ebx
	push	%esi
	push	%edi
	push	%ebp
	mov	20(%esp), %eax
	mov	24(%esp), %ebp
	mov	0(%ebp), %ebx
	mov	4(%ebp), %ecx
	mov	8(%ebp), %edx
	mov	12(%ebp), %esi
	mov	16(%ebp), %edi
	mov	20(%ebp), %ebp
	\instructions
	pop	%ebp
	pop	%edi
	pop	%esi
	pop	%ebx
	ret
	.endm

	call_by	call_int80, int $0x80
	call_by	call_sysenter, call stub_sysenter
	call_by	call_syscall, call stub_syscall
	call_by	call_vdso, call *vdso_entry

	.globl	stub_sysenter
stub_sysenter:
	push	%ecx
	push	%edx
	push	%ebp
	mov	%esp, %ebp
	sysenter
	ud2

	.globl	stub_syscall
stub_syscall:
	push	%ecx
	push	%edx
	push	%ebp
	mov	%ecx, %ebp
	syscall
	ud2

	.section .note.GNU-stack, "", @progbits
