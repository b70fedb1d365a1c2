/* SPDX-License-Identifier: GPL-2.0 */
/* The smallest program: what fork_exec runs. */
	.globl _start
_start:	xorl %edi,%edi
	movl $60,%eax
	syscall
	.section .note.GNU-stack,"",@progbits
