// SPDX-License-Identifier: GPL-2.0
/* Constants that assembly needs, taken from the C headers: becomes offsets.h. */
#include "vcpu.h"
#include "cpu.h"
#include "../shared/hostctx.h"

#define DEFINE(name, value) asm volatile("\n.ascii \"->" #name " %0\"" : : "i" (value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

void offsets(void);
void offsets(void)
{
	DEFINE(IMAGE_MAGIC, IMAGE_MAGIC);
	DEFINE(IMAGE_VERSION, IMAGE_VERSION);
	DEFINE(IMAGE_HEADER_SIZE, sizeof(struct image_header));
	OFFSET(IMAGE_FEATURES, struct image_header, features);
	DEFINE(FEATURE_SMAP, FEATURE_SMAP);
	DEFINE(FEATURE_VERW, FEATURE_VERW);
	DEFINE(FEATURE_FSGSBASE, FEATURE_FSGSBASE);
	DEFINE(FEATURE_RSB_FILL, FEATURE_RSB_FILL);
	DEFINE(FEATURE_EXIT_IBPB, FEATURE_EXIT_IBPB);
	DEFINE(FEATURE_EXIT_IBRS, FEATURE_EXIT_IBRS);
	DEFINE(FEATURE_EXIT_BHB, FEATURE_EXIT_BHB);

	OFFSET(REGS_R15, struct regs, r15);
	OFFSET(REGS_RDI, struct regs, rdi);
	OFFSET(REGS_VECTOR, struct regs, vector);
	OFFSET(REGS_ERROR, struct regs, error);
	OFFSET(REGS_RIP, struct regs, rip);
	OFFSET(REGS_CS, struct regs, cs);
	OFFSET(REGS_RFLAGS, struct regs, rflags);
	OFFSET(REGS_RSP, struct regs, rsp);
	DEFINE(REGS_SIZE, sizeof(struct regs));
	DEFINE(REGS_SYSCALL, REGS_SYSCALL);
	DEFINE(REGS_SYSCALL32, REGS_SYSCALL32);

	OFFSET(VCPU_SAVED_RSP, struct vcpu, saved_rsp);
	OFFSET(VCPU_USER_MODE, struct vcpu, user_mode);
	DEFINE(IRET_HYPERCALL, __HYPERVISOR_iret);
	OFFSET(VCPU_DEBUG_LIVE, struct vcpu, debug_live);
	OFFSET(VCPU_TS, struct vcpu, ts);
	OFFSET(VCPU_PENDING_VECTOR, struct vcpu, pending_vector);

	OFFSET(WORLD_GDT_GUEST, struct world, gdt_guest.limit);
	OFFSET(WORLD_GDT_TRANSITION, struct world, gdt_transition.limit);
	OFFSET(WORLD_IDT, struct world, idt.limit);
	OFFSET(WORLD_HOST_CR3, struct world, host_cr3);
	OFFSET(WORLD_ENTER_ROOT, struct world, enter_root);
	OFFSET(WORLD_DS_STOPPED, struct world, ds_stopped);
	OFFSET(WORLD_DEBUGCTL, struct world, debugctl);
	OFFSET(WORLD_PEBS_ENABLE, struct world, pebs_enable);
	DEFINE(MSR_DEBUGCTL, MSR_DEBUGCTL);
	DEFINE(MSR_PEBS_ENABLE, MSR_PEBS_ENABLE);
	DEFINE(MSR_SPEC_CTRL, MSR_SPEC_CTRL);
	DEFINE(MSR_PRED_CMD, MSR_PRED_CMD);
	DEFINE(PRED_CMD_IBPB, PRED_CMD_IBPB);
	OFFSET(WORLD_NMI_NOTED, struct world, nmi_noted);
	OFFSET(WORLD_VECTOR, struct world, vector);
	OFFSET(WORLD_EXIT_REASON, struct world, exit_reason);
	OFFSET(WORLD_EXIT_ARG, struct world, exit_arg);
	DEFINE(EXIT_MCE, EXIT_MCE);

	OFFSET(HOSTCTX_RSP, struct pvhv_hostctx, rsp);
	OFFSET(HOSTCTX_GDT, struct pvhv_hostctx, gdt.limit);
	OFFSET(HOSTCTX_IDT, struct pvhv_hostctx, idt.limit);
	OFFSET(HOSTCTX_GS_BASE, struct pvhv_hostctx, gs_base);
	OFFSET(HOSTCTX_FS_BASE, struct pvhv_hostctx, fs_base);
	OFFSET(HOSTCTX_KERNEL_GS_BASE, struct pvhv_hostctx, kernel_gs_base);
	OFFSET(HOSTCTX_SPEC_CTRL, struct pvhv_hostctx, spec_ctrl);
	OFFSET(HOSTCTX_NMI_ENTRY, struct pvhv_hostctx, nmi_entry);
	OFFSET(HOSTCTX_CLEAR_BHB, struct pvhv_hostctx, clear_bhb);

	DEFINE(RFLAGS_IF, RFLAGS_IF);
	DEFINE(RFLAGS_TF, RFLAGS_TF);
}
