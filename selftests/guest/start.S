/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Entry point, Xen notes and exception stubs of the micro-guests. */
#define __ASSEMBLY__
#include <xen/elfnote.h>

#define FLAT_USER_CS	0xe033
#define FLAT_USER_SS	0xe02b

.macro NOTE type:req, value:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 3f - 2f, \type
	.asciz "Xen"
2:	\value
3:	.balign 4
	.popsection
.endm
	NOTE XEN_ELFNOTE_GUEST_OS, .asciz "pvhv-test"
	NOTE XEN_ELFNOTE_GUEST_VERSION, .asciz "1"
	NOTE XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	NOTE XEN_ELFNOTE_LOADER, .asciz "generic"
	NOTE XEN_ELFNOTE_PAE_MODE, .asciz "yes"
	NOTE XEN_ELFNOTE_VIRT_BASE, .quad guest_image
	NOTE XEN_ELFNOTE_PADDR_OFFSET, .quad guest_image
	NOTE XEN_ELFNOTE_ENTRY, .quad start
	NOTE XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
	NOTE XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb"

	.text
	.globl start
start:
	cld
	lea boot_stack_top(%rip), %rsp
	mov %rsi, %rdi
	xor %ebp, %ebp
	call guest_start
	ud2

	.balign 4096
	.globl hypercall_page
hypercall_page:
	.fill 4096, 1, 0xcc

/*
 * Stub n: the bounce frame is rcx, r11, [error], rip, ... Bring all to one shape,
 * struct trap_regs: an error code always, the vector below rcx.
 */
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	push $vector
	jmp trap_common
	.else
	/* Make room for the error code between r11 and rip. */
	push $vector
	jmp trap_no_error
	.endif
	.set vector, vector + 1
	.endr

trap_no_error:			/* vector, rcx, r11, rip, ... */
	push (%rsp)		/* vector, vector, rcx, r11 */
	push %rax		/* rax, vector, vector, rcx, r11, rip */
	mov 24(%rsp), %rax
	mov %rax, 16(%rsp)	/* rcx down by one */
	mov 32(%rsp), %rax
	mov %rax, 24(%rsp)	/* r11 down by one */
	movq $0, 32(%rsp)	/* error code */
	pop %rax

trap_common:
	push %rdi
	push %rsi
	push %rdx
	push %rax
	push %r8
	push %r9
	push %r10
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $-16, %rsp
	call trap_dispatch
	mov %rbp, %rsp
	.globl trap_return
trap_return:			/* %rsp: struct trap_regs */
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rdx
	pop %rsi
	pop %rdi
	add $8, %rsp		/* vector; rcx, r11, error, rip, cs, rflags, rsp, ss follow */
	/* struct iret_context: rax, r11, rcx, flags, rip, ... */
	push %rax		/* rax, rcx, r11, error, rip */
	mov 8(%rsp), %rcx
	mov 16(%rsp), %r11
	mov %r11, 8(%rsp)
	mov %rcx, 16(%rsp)
	movq $0, 24(%rsp)
	mov $23, %eax
	syscall
	ud2

	.globl upcall_entry, failsafe_entry, syscall_entry
upcall_entry:
	push $0x100
	jmp trap_no_error
syscall_entry:
	push $0x101
	jmp trap_no_error
failsafe_entry:			/* rcx, r11, ds, es, fs, gs, rip */
	.irp n, 0, 1, 2, 3
	mov 16 + 8 * \n(%rsp), %rcx
	mov %rcx, failsafe_selectors + 8 * \n(%rip)
	.endr
	mov (%rsp), %rcx
	mov 8(%rsp), %r11
	mov %r11, 40(%rsp)
	mov %rcx, 32(%rsp)
	add $32, %rsp
	push $0x102
	jmp trap_no_error

/*
 * u64 user_enter(entry, stack, arg, rflags): iret to guest user mode, all registers
 * but rdi zero. user_leave(value), on any stack, makes it return.
 */
	.globl user_enter
user_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, user_kernel_rsp(%rip)
	push $FLAT_USER_SS
	push %rsi
	push %rcx
	push $FLAT_USER_CS
	push %rdi
	push $0			/* flags */
	push $0			/* rcx */
	push $0			/* r11 */
	push $0			/* rax */
	mov %rdx, %rdi
	.irp reg, rbx, rdx, rsi, rbp, r8, r9, r10, r12, r13, r14, r15
	xor %\reg, %\reg
	.endr
	mov $23, %eax
	syscall
	ud2

	.globl user_leave
user_leave:
	mov user_kernel_rsp(%rip), %rsp
	mov %rdi, %rax
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
user_kernel_rsp:
	.quad 0
	.balign 4096
boot_stack:
	.skip 32768
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
