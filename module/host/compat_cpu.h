/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernel versions and flavours about CPU state: the
 * companion of compat.h for cpu.c and world.c.
 */
#ifndef PVHV_HOST_COMPAT_CPU_H
#define PVHV_HOST_COMPAT_CPU_H

#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
#include <asm/cpufeature.h>
#include <asm/idtentry.h>
#include <asm/kvm_para.h>
#include <asm/mce.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include "../shared/regs.h"

/* Linux 6.4 gave user mode shadow stacks; before, the MSR is never non-zero. */
#ifdef X86_FEATURE_USER_SHSTK
static inline u64 pvhv_compat_read_u_cet(void)
{
	u64 val = 0;

	if (cpu_feature_enabled(X86_FEATURE_USER_SHSTK))
		rdmsrl(MSR_IA32_U_CET, val);
	return val;
}

static inline void pvhv_compat_write_u_cet(u64 val)
{
	wrmsrl(MSR_IA32_U_CET, val);
}
#else
static inline u64 pvhv_compat_read_u_cet(void) { return 0; }
static inline void pvhv_compat_write_u_cet(u64 val) { }
#endif

/*
 * A function that the last CPU calls before it suspends, interrupts off. Its registration
 * has changed in stable kernels, too, so Kbuild looks for it.
 */
#ifdef PVHV_HAVE_REGISTER_SYSCORE
#define PVHV_COMPAT_SYSCORE(name, func) \
	static int name##_suspend(void *unused) { func(NULL); return 0; } \
	static const struct syscore_ops name##_ops = { .suspend = name##_suspend }; \
	static struct syscore name = { .ops = &name##_ops }
#define pvhv_compat_register_syscore	register_syscore
#define pvhv_compat_unregister_syscore	unregister_syscore
#else
#define PVHV_COMPAT_SYSCORE(name, func) \
	static int name##_suspend(void) { func(NULL); return 0; } \
	static struct syscore_ops name = { .suspend = name##_suspend }
#define pvhv_compat_register_syscore	register_syscore_ops
#define pvhv_compat_unregister_syscore	unregister_syscore_ops
#endif

/* Linux 6.2 dropped the CPU argument. */
static inline void pvhv_compat_rcu_note(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	rcu_virt_note_context_switch(smp_processor_id());
#else
	rcu_virt_note_context_switch();
#endif
}

/* Linux's entry for NMIs on the kernel's stack, which it has for KVM, or 0. 6.9 renamed it. */
static inline u64 pvhv_compat_nmi_entry(void)
{
#if defined(PVHV_HAVE_NMI_NOIST)
	return (u64)asm_exc_nmi_noist;
#elif defined(PVHV_HAVE_NMI_KVM_VMX)
	return (u64)asm_exc_nmi_kvm_vmx;
#else
	return 0;
#endif
}

/*
 * Flaws of CPUs, and answers to them, that not all versions know of. The host's function
 * that clears the branch history: assembly that uses no thread data; its returns may count
 * in per-CPU data.
 */
#ifdef X86_BUG_RFDS
#define PVHV_COMPAT_HAS_BUG_RFDS	boot_cpu_has_bug(X86_BUG_RFDS)
#else
#define PVHV_COMPAT_HAS_BUG_RFDS	false
#endif
#ifdef X86_BUG_TSA
#define PVHV_COMPAT_HAS_BUG_TSA		boot_cpu_has_bug(X86_BUG_TSA)
#else
#define PVHV_COMPAT_HAS_BUG_TSA		false
#endif
#ifdef X86_BUG_DIV0
#define PVHV_COMPAT_HAS_BUG_DIV0	boot_cpu_has_bug(X86_BUG_DIV0)
#else
#define PVHV_COMPAT_HAS_BUG_DIV0	false
#endif
/* What makes indirect_branch_prediction_barrier() do anything. */
#ifdef X86_FEATURE_USE_IBPB
#define PVHV_COMPAT_USES_IBPB		boot_cpu_has(X86_FEATURE_USE_IBPB)
#else
#define PVHV_COMPAT_USES_IBPB		boot_cpu_has(X86_FEATURE_IBPB)
#endif
#ifdef X86_FEATURE_SRSO
#define PVHV_COMPAT_USES_SRSO		(boot_cpu_has(X86_FEATURE_SRSO) || \
					 boot_cpu_has(X86_FEATURE_SRSO_ALIAS) || \
					 boot_cpu_has(X86_FEATURE_IBPB_ON_VMEXIT))
#else
#define PVHV_COMPAT_USES_SRSO		false
#endif
/* 6.17 renamed the one for virtual machines. */
#if defined(X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT)
#define PVHV_COMPAT_USES_BHB_LOOP	(boot_cpu_has(X86_FEATURE_CLEAR_BHB_LOOP) || \
					 boot_cpu_has(X86_FEATURE_CLEAR_BHB_LOOP_ON_VMEXIT))
#elif defined(X86_FEATURE_CLEAR_BHB_VMEXIT)
#define PVHV_COMPAT_USES_BHB_LOOP	(boot_cpu_has(X86_FEATURE_CLEAR_BHB_LOOP) || \
					 boot_cpu_has(X86_FEATURE_CLEAR_BHB_VMEXIT))
#else
#define PVHV_COMPAT_USES_BHB_LOOP	false
#endif

static inline u64 pvhv_compat_clear_bhb(void)
{
#ifdef PVHV_HAVE_CLEAR_BHB
	return (u64)clear_bhb_loop;
#else
	return 0;
#endif
}

/*
 * A machine check at CPL 3 of the guest: the host's handler shall see it as one of
 * user mode. Where do_machine_check() is not exported (Kbuild looks), the banks keep
 * the error, and the host's poller reports it.
 */
static inline void pvhv_compat_machine_check(const struct regs *r)
{
#ifdef PVHV_HAVE_DO_MACHINE_CHECK
	struct pt_regs regs = { .cs = 3, .flags = X86_EFLAGS_IF };

	do_machine_check(&regs);
#else
	/* Or the next one would be a shutdown. */
	wrmsrl(MSR_IA32_MCG_STATUS, 0);
#endif
}

/*
 * "Page not present" from a KVM below us, in two steps. First, on the CPU that took the
 * fault, before interrupts are on and before anything can take another: what was it?
 */
static inline u32 pvhv_compat_async_page_fault_flags(void)
{
#ifdef CONFIG_KVM_GUEST
	return kvm_read_and_reset_apf_flags();
#else
	return 0;
#endif
}

/*
 * Then wait until the page is there. @token: what CR2 was. Returns false if nothing of
 * the kind was pending.
 */
static inline bool pvhv_compat_async_page_fault(u32 flags, u32 token)
{
#ifdef CONFIG_KVM_GUEST
	if (flags & KVM_PV_REASON_PAGE_NOT_PRESENT) {
		local_irq_disable();
		kvm_async_pf_task_wait_schedule(token);
		local_irq_enable();
		return true;
	}
#endif
	return false;
}

#endif
