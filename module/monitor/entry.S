/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every way into the monitor from a guest, and the way back.
 *
 * The image is mapped at the start of each vCPU area, and IDT, TSS and LSTAR of a
 * vCPU point into its own area: code here finds its vCPU at a fixed distance
 * (%rip), needs no %gs and guesses nothing. Interrupts are off throughout, except
 * at the restart points of cpu_poll_interrupts().
 *
 * A guest's registers are always saved at the top of the main stack (struct regs);
 * only NMI, #MC, #DF and #DB arrive on stacks of their own (IST), because they can
 * come when %rsp is not ours: after SYSCALL, or in switch.S.
 */
#include "asm.h"

	.text

/*
 * Stub n of 256, IMAGE_STUB_SIZE bytes each: push an error code where the CPU
 * does not, and the vector.
 */
	.balign 16
	.globl entry_stubs
	.hidden entry_stubs
entry_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	endbr64
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21
	push $0
	.endif
	.if vector < 128
	.byte 0x6a, vector		/* push $vector, sign-extended byte */
	.else
	.byte 0x68			/* push $vector, four bytes */
	.long vector
	.endif
	.byte 0xe9			/* jmp, always with four bytes of distance */
	.if vector == 1
	.long entry_debug - . - 4
	.elseif vector == 2
	.long entry_nmi - . - 4
	.elseif vector == 8
	.long entry_double_fault - . - 4
	.elseif vector == 18
	.long entry_machine_check - . - 4
	.else
	.long entry_common - . - 4
	.endif
	.set vector, vector + 1
	.endr

/*
 * Exceptions and interrupts. In: vector and error code above the CPU's frame.
 * Guest or idle root, main stack. From the guest the frame just completed is
 * struct regs at its fixed place. An NMI here is noted and delivered later.
 */
FUNC entry_common
	PATCH FEATURE_SMAP, clac
	cld
	PUSH_REGS
	testb $3, REGS_CS(%rsp)
	jz entry_monitor
.Lguest:
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_guest
	jmp guest_resume
END entry_common

/*
 * SYSCALL from 64-bit code: rcx = rip, r11 = rflags, SFMASK has cleared IF, TF,
 * DF, AC and NT. %rsp is still the guest's: an NMI has its own stack.
 *
 * System calls and their return are nearly always done the quick way. Then the registers that a C function preserves
 * never leave the CPU; their places in struct regs are not valid.
 */
FUNC entry_syscall64
	endbr64
	mov %rsp, area_vcpu + VCPU_SAVED_RSP(%rip)
	lea area_stack_top(%rip), %rsp
	push $SEL_GUEST_SS
	push area_vcpu + VCPU_SAVED_RSP(%rip)
	push %r11
	push $SEL_GUEST_CS64
	push %rcx
	push $0
	push $REGS_SYSCALL
	PUSH_SCRATCH
	sub $PRESERVED_SIZE, %rsp
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	cmpb $0, area_vcpu + VCPU_USER_MODE(%rip)
	je 3f
	call syscall_enter_quick
	test %eax, %eax
	jz 1f
.Lquick_window:
	cmpl $0, area_world + WORLD_NMI_NOTED(%rip)
	jne 2f
	PATCH FEATURE_VERW, verw .Lverw_selector(%rip)
	add $PRESERVED_SIZE, %rsp
	POP_SCRATCH
	add $16, %rsp
	.globl guest_iretq_quick
	.hidden guest_iretq_quick
guest_iretq_quick:
	iretq
.Lquick_window_end:

	/* The long way, with all registers. */
1:	STORE_PRESERVED
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_syscall
	jmp guest_resume
2:	STORE_PRESERVED
	jmp guest_resume

	/* A hypercall. */
3:	cmp $IRET_HYPERCALL, %rax
	jne 1b
	call syscall_leave_quick
	test %eax, %eax
	jz 1b
	jmp .Lquick_window
END entry_syscall64

/* SYSCALL from 32-bit code, AMD only; everything else as above. */
FUNC entry_syscall32
	endbr64
	mov %rsp, area_vcpu + VCPU_SAVED_RSP(%rip)
	lea area_stack_top(%rip), %rsp
	push $SEL_GUEST_SS
	push area_vcpu + VCPU_SAVED_RSP(%rip)
	push %r11
	push $SEL_GUEST_CS32
	push %rcx
	push $0
	push $REGS_SYSCALL32
	PUSH_REGS
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_syscall
	jmp guest_resume
END entry_syscall32

/*
 * Back to the guest, or to the host if there is a reason. In: main stack, %rsp at
 * struct regs. run_prepare() may be called again at will: an NMI that comes
 * between the test of its note and IRETQ sends us back here (entry_nmi), because
 * it must not wait for the next exit.
 */
FUNC guest_resume
	lea area_vcpu(%rip), %rdi
	call run_prepare
	test %eax, %eax
	jnz world_leave
.Lwindow:
	cmpl $0, area_world + WORLD_NMI_NOTED(%rip)
	jne guest_resume
	PATCH FEATURE_VERW, verw .Lverw_selector(%rip)
	POP_REGS
	add $16, %rsp
	.globl guest_iretq
	.hidden guest_iretq
guest_iretq:
	iretq
.Lwindow_end:
.Lverw_selector:
	.word SEL_MONITOR_SS
END guest_resume

/*
 * Exceptions and interrupts that hit the monitor itself. In: full frame on the
 * current stack.
 */
FUNC entry_monitor
	cmpq $32, REGS_VECTOR(%rsp)
	jae .Lmonitor_interrupt
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_monitor		/* returns if there was a fixup */
	test %eax, %eax
	jnz .Lbad_iret
.Lmonitor_return:
	POP_REGS
	add $16, %rsp
	iretq

	/* IRETQ refused the guest's frame; trap_monitor() has put it right. */
.Lbad_iret:
	lea area_stack_top - REGS_SIZE(%rip), %rsp
	jmp guest_resume

	/* A restart point let an interrupt in: remember it, keep others out. */
.Lmonitor_interrupt:
	mov REGS_VECTOR(%rsp), %rax
	/* Acknowledged: lost, it would block others. A panic or #MC asks nobody else. */
	mov %eax, area_world + WORLD_VECTOR(%rip)
	inc %rax
	mov %rax, area_vcpu + VCPU_PENDING_VECTOR(%rip)
	andq $~RFLAGS_IF, REGS_RFLAGS(%rsp)
	jmp .Lmonitor_return
END entry_monitor

/* From an IST stack to the main one: move the frame, which came from CPL 3. */
.macro TO_MAIN_STACK
	mov %rsp, %rsi
	lea area_stack_top - REGS_SIZE(%rip), %rdi
	mov $REGS_SIZE / 8, %ecx
	rep movsq
	lea area_stack_top - REGS_SIZE(%rip), %rsp
.endm

/*
 * NMI. Any CR3 and any stack before; IST stack now. It belongs to the host: note
 * it. From the guest we leave without an IRET, so that NMIs stay blocked until
 * the host's own handler has run. In the monitor we return, and switch.S delivers
 * the note on its way out; in the last instructions before the guest we go back to
 * guest_resume instead.
 */
FUNC entry_nmi
	PATCH FEATURE_SMAP, clac
	cld
	PUSH_REGS
	movl $1, area_world + WORLD_NMI_NOTED(%rip)
	testb $3, REGS_CS(%rsp)
	jz 1f
	TO_MAIN_STACK
	jmp .Lguest
1:	mov REGS_RIP(%rsp), %rax
	lea .Lquick_window(%rip), %rcx
	cmp %rcx, %rax
	jb 2f
	lea .Lquick_window_end(%rip), %rcx
	cmp %rcx, %rax
	jae 2f
	/* What was not saved on the way in, we have saved now: the lowest of struct regs. */
	lea area_stack_top - REGS_SIZE(%rip), %rdi
	mov %rsp, %rsi
	mov $PRESERVED_SIZE / 8, %ecx
	rep movsq
	jmp 3f
2:	lea .Lwindow(%rip), %rcx
	cmp %rcx, %rax
	jb .Lmonitor_return
	lea .Lwindow_end(%rip), %rcx
	cmp %rcx, %rax
	jae .Lmonitor_return
3:	lea guest_resume(%rip), %rax
	mov %rax, REGS_RIP(%rsp)
	lea area_stack_top - REGS_SIZE(%rip), %rax
	mov %rax, REGS_RSP(%rsp)
	jmp .Lmonitor_return
END entry_nmi

/*
 * #DB. From the guest an ordinary exception. In the monitor: a breakpoint or
 * single step of the guest that the CPU delivered late, after an instruction that
 * brought us here; trap_debug() clears its traces.
 */
FUNC entry_debug
	PATCH FEATURE_SMAP, clac
	cld
	PUSH_REGS
	testb $3, REGS_CS(%rsp)
	jz 1f
	TO_MAIN_STACK
	jmp .Lguest
1:	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_debug
	andq $~RFLAGS_TF, REGS_RFLAGS(%rsp)
	jmp .Lmonitor_return
END entry_debug

/*
 * #MC. From the guest: leave, the host's handler decides. In the monitor, where
 * the interrupted state cannot be trusted (and where an NMI may be in progress):
 * the domain dies; we leave without returning, from wherever it was.
 */
FUNC entry_machine_check
	PATCH FEATURE_SMAP, clac
	cld
	PUSH_REGS
	movl $EXIT_MCE, area_world + WORLD_EXIT_REASON(%rip)
	movq $0, area_world + WORLD_EXIT_ARG(%rip)
	testb $3, REGS_CS(%rsp)
	jz world_leave
	TO_MAIN_STACK
	jmp .Lguest
END entry_machine_check

/* #DF: a bug, or a stack overflow into a guard page. trap_panic() does not return. */
FUNC entry_double_fault
	cld
	PUSH_REGS
	lea area_vcpu(%rip), %rdi
	mov %rsp, %rsi
	call trap_panic
	ud2
END entry_double_fault

/*
 * bool segment_try_load_*(u16 selector), bool segment_try_lldt(u16 selector): load
 * a selector that the CPU may refuse. Return 1 if it was loaded; if not, 0 with the
 * register null.
 */
.macro TRY_LOAD name:req, reg:req
FUNC segment_try_load_\name
	mov $1, %eax
.Lload_\name:
	mov %edi, %\reg
	ret
	int3
.Lbad_\name:
	xor %eax, %eax
	mov %eax, %\reg
	ret
	int3
	FIXUP .Lload_\name, .Lbad_\name
END segment_try_load_\name
.endm
	TRY_LOAD ds, ds
	TRY_LOAD es, es
	TRY_LOAD fs, fs
	TRY_LOAD gs, gs

FUNC segment_try_lldt
	mov $1, %eax
.Llldt:
	lldt %di
	ret
	int3
.Lbad_lldt:
	xor %eax, %eax
	lldt %ax
	ret
	int3
	FIXUP .Llldt, .Lbad_lldt
END segment_try_lldt

/*
 * Indirect branches of C code (-mindirect-branch=thunk-extern): a call that
 * pins the return prediction to a trap, then a return to the target.
 */
.macro THUNK reg:req
FUNC __x86_indirect_thunk_\reg
	call 2f
1:	pause
	lfence
	jmp 1b
2:	mov %\reg, (%rsp)
	ret
	int3
END __x86_indirect_thunk_\reg
.endm
	.irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	THUNK \reg
	.endr

	.section .note.GNU-stack, "", @progbits
