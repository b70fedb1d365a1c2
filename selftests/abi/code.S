/* SPDX-License-Identifier: GPL-2.0 */
/* What the guests of guest.h execute: position-independent, at most a page. */
#include "guest.h"

#define HYPERCALL_CONSOLE_IO	18
#define HYPERCALL_VCPU_OP	24
#define HYPERCALL_SCHED_OP	29
#define HYPERCALL_CALLBACK_OP	30
#define HYPERCALL_EVTCHN_OP	32

#define DATA	code_start + 4096

.macro CODE name:req
	.globl \name
\name:
.endm

	.section .rodata
	.balign 4096
CODE code_start

CODE code_loop
	jmp code_loop

CODE code_count
	incq DATA + DATA_COUNT(%rip)
	jmp code_count

CODE code_shutdown
	mov $HYPERCALL_SCHED_OP, %eax
	mov $2, %edi			/* SCHEDOP_shutdown */
	lea DATA + DATA_REASON(%rip), %rsi
	syscall
	ud2

CODE code_block
	incq DATA + DATA_COUNT(%rip)
	mov $HYPERCALL_SCHED_OP, %eax
	mov $1, %edi			/* SCHEDOP_block */
	xor %esi, %esi
	syscall
	jmp code_block

CODE code_yield
	incq DATA + DATA_COUNT(%rip)
	mov $HYPERCALL_SCHED_OP, %eax
	xor %edi, %edi			/* SCHEDOP_yield */
	xor %esi, %esi
	syscall
	jmp code_yield

CODE code_write
	xor %edi, %edi			/* CONSOLEIO_write */
	jmp 1f
CODE code_read
	mov $1, %edi			/* CONSOLEIO_read */
1:	mov $HYPERCALL_CONSOLE_IO, %eax
	mov DATA + DATA_BYTES(%rip), %rsi
	lea DATA + DATA_BUFFER(%rip), %rdx
	syscall
	mov %rax, DATA + DATA_RESULT(%rip)
	jmp code_shutdown

CODE code_send
	mov $HYPERCALL_EVTCHN_OP, %eax
	mov $4, %edi			/* EVTCHNOP_send */
	lea DATA + DATA_PORT(%rip), %rsi
	syscall
	mov %rax, DATA + DATA_RESULT(%rip)
	jmp code_shutdown

CODE code_is_up
	mov $HYPERCALL_VCPU_OP, %eax
	mov $3, %edi			/* VCPUOP_is_up */
	mov DATA + DATA_PORT(%rip), %esi
	xor %edx, %edx
	syscall
	mov %rax, DATA + DATA_RESULT(%rip)
	jmp code_shutdown

CODE code_wait
	incq DATA + DATA_COUNT(%rip)
	mov DATA + DATA_WORD(%rip), %rbx
	lea code_start + 4096 * PAGE_SHARED + PENDING(%rip), %rdx
	mov (%rdx,%rbx,8), %rax
	test %rax, %rax
	jz code_wait
	mov %rax, DATA + DATA_SEEN(%rip)
	jmp code_shutdown

CODE code_fault
	ud2

CODE code_int3
	int3
	jmp code_shutdown

/* An event may come at any moment; none has before the breakpoint. */
CODE code_int3_events
	lea DATA + DATA_BUFFER(%rip), %rsi
	movq $0, (%rsi)			/* CALLBACKTYPE_event */
	lea 1f(%rip), %rax
	mov %rax, 8(%rsi)
	mov $HYPERCALL_CALLBACK_OP, %eax
	xor %edi, %edi			/* CALLBACKOP_register */
	syscall
	mov %rax, DATA + DATA_RESULT(%rip)
	movb $0, code_start + 4096 * PAGE_SHARED + UPCALL_MASK(%rip)
CODE code_int3_here
	int3
1:	incq DATA + DATA_COUNT(%rip)
	jmp code_shutdown

CODE code_flags
	pushf
	pop %rbx
	jmp code_flags

CODE code_ldt
	mov $7, %ecx			/* the first entry of the LDT */
	xor %eax, %eax
	lar %ecx, %eax
	mov %rax, DATA + DATA_RESULT(%rip)
	jmp code_shutdown

CODE code_end

	.section .note.GNU-stack, "", @progbits
