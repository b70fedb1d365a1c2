/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world switch. Documentation/world-switch.rst has a row for each state it
 * touches. Two invariants rule the order:
 *
 *   - the host's IDT is live only together with the host's GS base;
 *   - whichever IDT is live, its code segment and the CS and SS that an event
 *     would interrupt exist in the live GDT, and its stacks are mapped.
 *
 * Runs in the area's copy of the image, which both worlds map at one address.
 * Interrupts are off; NMI and #MC can come between any two instructions.
 */
#include "asm.h"

	.text

/*
 * void world_enter(void): called by the host, returns to it when the guest stops.
 * In: host CR3, IDT, GDT, stack; world page and host context prepared by
 * ../host/world.c. Out: the same, and world.exit_reason. Clobbers what a C
 * function may; %ds %es %fs %gs and LDTR are null afterwards, their bases right.
 */
FUNC world_enter
	endbr64
	pushf
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, area_hostctx + HOSTCTX_RSP(%rip)
	sgdt area_hostctx + HOSTCTX_GDT(%rip)
	sidt area_hostctx + HOSTCTX_IDT(%rip)

	/* The transition GDT has both worlds' CS, SS and TSS. */
	lgdt area_world + WORLD_GDT_TRANSITION(%rip)
	/* From here on NMI and #MC are ours. TR, so their IST, is still the host's. */
	lidt area_world + WORLD_IDT(%rip)
	push $SEL_MONITOR_CS
	lea 1f(%rip), %rax
	push %rax
	lretq
1:	mov $SEL_MONITOR_SS, %eax
	mov %eax, %ss
	/* LTR wants an available TSS and marks it busy: undo that in our own copy. */
	movb $0x89, area_gdt_transition + SEL_TSS + 5(%rip)
	mov $SEL_TSS, %eax
	ltr %ax
	/* Our IST stacks are mapped under either CR3, the host's stack is not. */
	mov area_world + WORLD_ENTER_ROOT(%rip), %rax
	mov %rax, %cr3
	lea area_stack_top - REGS_SIZE(%rip), %rsp
	lgdt area_world + WORLD_GDT_GUEST(%rip)

	lea area_vcpu(%rip), %rdi
	call run_enter
	jmp guest_resume
END world_enter

/*
 * The host's memory is mapped again, and no return, indirect branch or handler of the host
 * has run yet: none of them may follow what the guest has taught the branch predictors.
 * What is done is what the host does for itself, see ../host/speculation.h. In this order:
 * the barrier leaves the return stack alone on some CPUs, and the host's function needs
 * a prediction that holds for its own return, and its GS base, as some kernels count calls
 * there. LTR and LIDT, further down, serialize: a mispredicted branch in here cannot reach a
 * return. Host CR3, stack and bases. Clobbers rax rcx rdx.
 */
.macro FORGET_GUEST_BRANCHES
	testl $FEATURE_EXIT_IBPB | FEATURE_EXIT_IBRS | FEATURE_EXIT_BHB, image_header + IMAGE_FEATURES(%rip)
	jz .Lhistory_clear
	mov $MSR_PRED_CMD, %ecx
	mov $PRED_CMD_IBPB, %eax
	xor %edx, %edx
	PATCH FEATURE_EXIT_IBPB, wrmsr
	mov $MSR_SPEC_CTRL, %ecx
	mov area_hostctx + HOSTCTX_SPEC_CTRL(%rip), %eax
	mov area_hostctx + HOSTCTX_SPEC_CTRL + 4(%rip), %edx
	PATCH FEATURE_EXIT_IBRS, wrmsr
	testl $FEATURE_EXIT_BHB, image_header + IMAGE_FEATURES(%rip)
	jz .Lhistory_clear
	mov area_hostctx + HOSTCTX_CLEAR_BHB(%rip), %rax
	call __x86_indirect_thunk_rax
.Lhistory_clear:
	testl $FEATURE_RSB_FILL, image_header + IMAGE_FEATURES(%rip)
	jz .Lreturns_filled
	.rept 32
	call 1f
	int3
1:
	.endr
	lfence
	add $32 * 8, %rsp
.Lreturns_filled:
.endm

/*
 * Back to the host. In: the monitor's IDT live; any root, any stack of the area,
 * GDT guest or transition; world.exit_reason, world.vector set. May be entered at
 * any moment between LIDT above and LIDT below, also a second time (#MC, panic):
 * every step can be repeated.
 */
FUNC world_leave
	/* Breakpoints and CR0.TS of the guest, which would hit the host. */
	cmpl $0, area_vcpu + VCPU_DEBUG_LIVE(%rip)
	je 1f
	xor %eax, %eax
	mov %rax, %db7
1:	cmpl $0, area_vcpu + VCPU_TS(%rip)
	je 1f
	clts
1:	lgdt area_world + WORLD_GDT_TRANSITION(%rip)
	xor %eax, %eax
	lldt %ax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	/* Before the next push: our stack exists in both, but rsp must be the host's. */
	mov area_world + WORLD_HOST_CR3(%rip), %rax
	mov %rax, %cr3
	mov area_hostctx + HOSTCTX_RSP(%rip), %rsp

	testl $FEATURE_FSGSBASE, image_header + IMAGE_FEATURES(%rip)
	jz 1f
	mov area_hostctx + HOSTCTX_FS_BASE(%rip), %rax
	wrfsbase %rax
	mov area_hostctx + HOSTCTX_GS_BASE(%rip), %rax
	wrgsbase %rax
	jmp 2f
1:	mov $0xc0000100, %ecx
	mov area_hostctx + HOSTCTX_FS_BASE(%rip), %eax
	mov area_hostctx + HOSTCTX_FS_BASE + 4(%rip), %edx
	wrmsr
	mov $0xc0000101, %ecx
	mov area_hostctx + HOSTCTX_GS_BASE(%rip), %eax
	mov area_hostctx + HOSTCTX_GS_BASE + 4(%rip), %edx
	wrmsr
2:	mov $0xc0000102, %ecx
	mov area_hostctx + HOSTCTX_KERNEL_GS_BASE(%rip), %eax
	mov area_hostctx + HOSTCTX_KERNEL_GS_BASE + 4(%rip), %edx
	wrmsr

	FORGET_GUEST_BRANCHES

	/* PEBS and BTS, before a handler of the host's could change its mind about them. */
	cmpl $0, area_world + WORLD_DS_STOPPED(%rip)
	je 1f
	mov $MSR_DEBUGCTL, %ecx
	mov area_world + WORLD_DEBUGCTL(%rip), %eax
	mov area_world + WORLD_DEBUGCTL + 4(%rip), %edx
	wrmsr
	mov area_world + WORLD_PEBS_ENABLE(%rip), %eax
	mov area_world + WORLD_PEBS_ENABLE + 4(%rip), %edx
	mov %eax, %ecx
	or %edx, %ecx
	jz 1f
	mov $MSR_PEBS_ENABLE, %ecx
	wrmsr
1:
	/* The host's TSS, through our copy of its descriptor: the live GDT is read-only. */
	movb $0x89, area_gdt_transition + SEL_HOST_TSS + 5(%rip)
	mov $SEL_HOST_TSS, %eax
	ltr %ax
	push $SEL_HOST_CS
	lea 3f(%rip), %rax
	push %rax
	lretq
3:	mov $SEL_HOST_SS, %eax
	mov %eax, %ss
	lidt area_hostctx + HOSTCTX_IDT(%rip)
	lgdt area_hostctx + HOSTCTX_GDT(%rip)

	/*
	 * What came in our world belongs to the host. NMIs are blocked until its handler
	 * returns if the NMI came from the guest, but not if it came in the monitor, which
	 * returned from it by IRET. `int $2` would then put the handler on the IST stack,
	 * where the frame of another NMI, between its first instructions, overwrites its own.
	 * So it gets the frame on this stack, at the entry that Linux has for KVM.
	 */
	xor %eax, %eax
	xchg %eax, area_world + WORLD_NMI_NOTED(%rip)
	test %eax, %eax
	jz 8f
	mov area_hostctx + HOSTCTX_NMI_ENTRY(%rip), %rax
	test %rax, %rax
	jz 7f
	mov %rsp, %rcx
	and $-16, %rsp
	push $SEL_HOST_SS
	push %rcx
	pushf
	push $SEL_HOST_CS
	call __x86_indirect_thunk_rax	/* returns by IRET, with our %rsp */
	jmp 8f
7:	int $2
8:	mov area_world + WORLD_VECTOR(%rip), %eax
	test %eax, %eax
	jz 9f
	movl $0, area_world + WORLD_VECTOR(%rip)
	call deliver
9:	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	popf
	ret
	int3
END world_leave

/* `int $vector` on the host's IDT, interrupts off. In: vector in eax. */
FUNC deliver
	lea deliver_table(%rip), %rcx
	lea (%rcx, %rax, 4), %rax
	jmp __x86_indirect_thunk_rax
END deliver

	.balign 4
deliver_table:
	.set vector, 0
	.rept 256
	.byte 0xcd, vector, 0xc3, 0xcc		/* int $vector; ret; int3 */
	.set vector, vector + 1
	.endr

/*
 * panic_leave(area): the end of panic(). Abandons whatever ran. C code may run in
 * the canonical copy of the image, where the area symbols mean nothing: go to the
 * copy in the area first. In: address of the area in rdi.
 */
FUNC panic_leave
	cli
	lea image_header(%rip), %rcx
	lea world_leave(%rip), %rax
	sub %rcx, %rax
	add %rdi, %rax
	jmp __x86_indirect_thunk_rax
END panic_leave

	.section .note.GNU-stack, "", @progbits
