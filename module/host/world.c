// SPDX-License-Identifier: GPL-2.0
/*
 * The host's half of the world switch. The order in pvhv_world_enter() is the
 * order of Documentation/world-switch.rst; what only assembly can do is in
 * ../monitor/switch.S. Nothing here toggles a control that a hypervisor below us
 * is likely to intercept, except when it differs between the worlds.
 */
#include <linux/cpuhotplug.h>
#include <linux/hw_breakpoint.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user-return-notifier.h>
#include <linux/context_tracking.h>
#include <linux/vtime.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xstate.h>
#include <asm/mce.h>
#include <asm/nospec-branch.h>
#include <asm/spec-ctrl.h>
#include <asm/tlbflush.h>

#include "compat_cpu.h"
#include "cpu.h"
#include "image.h"
#include "world.h"
#include "../shared/hostctx.h"

struct pvhv_world_task {
	struct fpu_guest fpu;
	u64 id;			/* names this vCPU's translations in CPUs' TLBs */
	int cpu;		/* where it ran last, or -1 */
	u64 fs_base, gs_base;	/* of the thread, constant during a run ioctl */
	u16 ds, es, fs, gs;	/* the thread's selectors; null in nearly every one */
	u64 u_cet;
	u32 pkru;
};

/* The MSRs of SYSCALL and SYSENTER: only user mode notices when they differ. */
enum { SYS_STAR, SYS_LSTAR, SYS_CSTAR, SYS_MASK, SYS_ENTER_CS, SYS_MSRS };

static const u32 sys_msr[SYS_MSRS] = {
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK, MSR_IA32_SYSENTER_CS,
};

/* Per CPU: what a guest has left there that other users of the CPU must not meet. */
struct world_cpu {
	struct user_return_notifier notifier;
	bool notified;		/* @notifier is registered: the next user mode will wait for us */
	u64 host[SYS_MSRS];
	u64 loaded;		/* LSTAR of the guest world when live, else 0 */
	u64 last_task;		/* pvhv_world_task.id that ran here last */
};

static DEFINE_PER_CPU(struct world_cpu, world_cpus);
static enum cpuhp_state hotplug_state;
static atomic64_t next_id = ATOMIC64_INIT(1);

/* ---------------------------------------- between a guest and user mode */

static void sys_restore(struct world_cpu *c)
{
	int i;

	if (!c->loaded)
		return;
	c->loaded = 0;
	for (i = 0; i < SYS_MSRS; i++)
		wrmsrl(sys_msr[i], c->host[i]);
}

static void sys_load(struct world_cpu *c, const struct pvhv_area *a)
{
	int i;

	if (likely(c->loaded == a->lstar))
		return;
	if (!c->loaded)
		for (i = 0; i < SYS_MSRS; i++)
			rdmsrl(sys_msr[i], c->host[i]);
	/* SYSRET adds 8 and 16 to the upper selector; SYSCALL loads the lower one. */
	wrmsrl(MSR_STAR, (u64)SEL_GUEST_CS32 << 48 | (u64)SEL_MONITOR_CS << 32);
	wrmsrl(MSR_LSTAR, a->lstar);
	wrmsrl(MSR_CSTAR, a->va + pvhv_image_header()->syscall32);
	wrmsrl(MSR_SYSCALL_MASK, X86_EFLAGS_FIXED ^ ~0U);
	wrmsrl(MSR_IA32_SYSENTER_CS, 0);
	c->loaded = a->lstar;
}

/*
 * The CPU is about to return to some user mode, or nobody will tell us when it does. To
 * predictors the guest was user mode, too: whatever program comes next, often our VMM, must
 * not follow what the guest has taught them (Spectre v2, VMSCAPE). Interrupts are off.
 */
static void user_release(struct world_cpu *c)
{
	if (!c->notified)
		return;
	c->notified = false;
	user_return_notifier_unregister(&c->notifier);
	sys_restore(c);
	indirect_branch_prediction_barrier();
}

/* Interrupts may be on. */
static void user_return(struct user_return_notifier *n)
{
	unsigned long flags;

	local_irq_save(flags);
	user_release(container_of(n, struct world_cpu, notifier));
	local_irq_restore(flags);
}

static void user_watch(struct world_cpu *c)
{
	if (likely(c->notified))
		return;
	c->notified = true;
	c->notifier.on_user_return = user_return;
	user_return_notifier_register(&c->notifier);
}

static void user_release_this_cpu(void *unused)
{
	user_release(this_cpu_ptr(&world_cpus));
}

static int world_cpu_offline(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	user_release_this_cpu(NULL);
	local_irq_restore(flags);
	return 0;
}

/*
 * Linux sets these MSRs up again when it resumes, and the CPU that suspends does not go
 * offline for it: forget in time that ours are live.
 */
PVHV_COMPAT_SYSCORE(world_syscore, user_release_this_cpu);

/* ------------------------------------------------------ one run ioctl */

struct pvhv_world_task *pvhv_world_task_create(void)
{
	struct pvhv_world_task *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	if (!fpu_alloc_guest_fpstate(&t->fpu)) {
		kfree(t);
		return NULL;
	}
	/* Tiles are not in its state: their first use must fault (see trap.c). */
	if (cpu_feature_enabled(X86_FEATURE_XFD))
		fpu_update_guest_xfd(&t->fpu, XFEATURE_MASK_USER_DYNAMIC);
	t->id = atomic64_inc_return(&next_id);
	t->cpu = -1;
	return t;
}

void pvhv_world_task_destroy(struct pvhv_world_task *t)
{
	if (!t)
		return;
	fpu_free_guest_fpstate(&t->fpu);
	kfree(t);
}

void pvhv_world_begin(struct pvhv_world_task *t)
{
	preempt_disable();
	rdmsrl(MSR_FS_BASE, t->fs_base);
	rdmsrl(MSR_KERNEL_GS_BASE, t->gs_base);
	t->u_cet = pvhv_compat_read_u_cet();
	preempt_enable();
	savesegment(ds, t->ds);
	savesegment(es, t->es);
	savesegment(fs, t->fs);
	savesegment(gs, t->gs);
	fpu_swap_kvm_fpstate(&t->fpu, true);
}

void pvhv_world_end(struct pvhv_world_task *t)
{
	fpu_swap_kvm_fpstate(&t->fpu, false);
}

/* ----------------------------------------------------------- one entry */

/*
 * The host's descriptors, as they are on this CPU, for the transition GDT. Between it and
 * the host's IDT there are moments where an NMI is the host's: on CPUs with FSGSBASE its
 * entry code finds the GS base by LSL of the CPU's number.
 */
static void copy_host_descriptors(struct pvhv_area *a)
{
	struct desc_ptr gdtr;
	const u64 *gdt;
	unsigned int sel;

	native_store_gdt(&gdtr);
	gdt = (const u64 *)gdtr.address;
	for (sel = SEL_HOST_CS; sel <= SEL_HOST_SS; sel += 8)
		a->transition_gdt[sel / 8] = gdt[sel / 8];
	a->transition_gdt[SEL_HOST_CPUNODE / 8] = gdt[SEL_HOST_CPUNODE / 8];
	a->transition_gdt[SEL_HOST_TSS / 8] = gdt[SEL_HOST_TSS / 8];
	a->transition_gdt[SEL_HOST_TSS / 8 + 1] = gdt[SEL_HOST_TSS / 8 + 1];
}

static void prepare_context(struct pvhv_world_task *t, struct pvhv_area *a)
{
	u64 noflush = pvhv_cpu_features() & FEATURE_PCID ? X86_CR3_PCID_NOFLUSH : 0;
	struct pvhv_hostctx *ctx = a->hostctx;

	a->world->host_cr3 = __read_cr3() | noflush;
	if (pvhv_cpu_features() & FEATURE_FSGSBASE)
		asm volatile("rdgsbase %0" : "=r" (ctx->gs_base));
	else
		rdmsrl(MSR_GS_BASE, ctx->gs_base);
	ctx->fs_base = t->fs_base;
	ctx->kernel_gs_base = t->gs_base;
	if (pvhv_cpu_features() & FEATURE_EXIT_IBRS)
		ctx->spec_ctrl = this_cpu_read(x86_spec_ctrl_current);
}

/*
 * Another vCPU ran here, or this one elsewhere: our PCIDs mean nothing any more, and the
 * host's descriptors are other ones.
 */
static void prepare_tlb(struct pvhv_world_task *t, struct pvhv_area *a, struct world_cpu *c)
{
	int cpu = smp_processor_id();

	if (likely(c->last_task == t->id && t->cpu == cpu))
		return;
	if (t->cpu != cpu)
		copy_host_descriptors(a);
	if (c->last_task != t->id)
		indirect_branch_prediction_barrier();
	c->last_task = t->id;
	t->cpu = cpu;
	a->world->request |= REQUEST_FLUSH_TLB;
	/* Not only what the guest will use: other domains have their areas at the same addresses. */
	a->world->enter_root &= ~X86_CR3_PCID_NOFLUSH;
}

/* A guest has no protection keys, but its user mode can write PKRU all the same. */
static void enter_pkru(struct pvhv_world_task *t)
{
	if (!(pvhv_cpu_features() & FEATURE_PKU))
		return;
	t->pkru = rdpkru();
	if (t->pkru)
		wrpkru(0);
}

static void leave_pkru(struct pvhv_world_task *t)
{
	if (pvhv_cpu_features() & FEATURE_PKU && rdpkru() != t->pkru)
		wrpkru(t->pkru);
}

/*
 * PEBS and BTS write through linear addresses of the host. If either is on, the monitor
 * turns it off, where no NMI handler of the host can come in between, and switch.S on
 * again before one can look.
 */
static void enter_ds(struct pvhv_area *a)
{
	struct world *w = a->world;

	if (!boot_cpu_has(X86_FEATURE_DS))
		return;
	w->ds_stopped = 0;
	w->pebs_enable = 0;
	if (boot_cpu_has(X86_FEATURE_PEBS))
		rdmsrl(MSR_IA32_PEBS_ENABLE, w->pebs_enable);
	rdmsrl(MSR_IA32_DEBUGCTLMSR, w->debugctl);
	if (unlikely(w->pebs_enable || w->debugctl & (DEBUGCTLMSR_TR | DEBUGCTLMSR_BTS |
						      DEBUGCTLMSR_BTINT)))
		w->request |= REQUEST_NO_DS;
}

/* Zen 1 can tell CPL 3 the result of the last division. */
static void forget_quotient(void)
{
	asm volatile("div %2" : : "a" (0), "d" (0), "r" (1U) : "cc");
}

/* Selectors that assembly left null. Rare: a thread with segments of its own. */
static void restore_selectors(struct pvhv_world_task *t)
{
	if (likely(!(t->ds | t->es | t->fs | t->gs)))
		return;
	loadsegment(ds, t->ds);
	loadsegment(es, t->es);
	loadsegment(fs, t->fs);
	load_gs_index(t->gs);
	wrmsrl(MSR_FS_BASE, t->fs_base);
	wrmsrl(MSR_KERNEL_GS_BASE, t->gs_base);
}

static void after_leave(struct pvhv_world_task *t, struct pvhv_area *a, struct world_cpu *c,
			u16 ldt)
{
	if (unlikely(t->u_cet))
		pvhv_compat_write_u_cet(t->u_cet);
	if (unlikely(ldt))
		asm volatile("lldt %0" : : "m" (ldt));
	leave_pkru(t);
	restore_selectors(t);
	if (hw_breakpoint_active())
		hw_breakpoint_restore();
	/* kvm_intel caches these MSRs on its own: leave it what it expects. */
	if (boot_cpu_has(X86_FEATURE_VMX))
		sys_restore(c);
	if (unlikely(a->world->exit_reason == EXIT_MCE))
		pvhv_compat_machine_check(a->regs);
	if (unlikely(a->world->exit_reason == EXIT_ASYNC_PF))
		a->world->exit_arg[1] = pvhv_compat_async_page_fault_flags();
}

u32 pvhv_world_enter(struct pvhv_world_task *t, struct pvhv_area *a)
{
	struct world_cpu *c = this_cpu_ptr(&world_cpus);
	void (*enter)(void) = (void (*)(void))a->enter;
	u16 ldt;

	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		switch_fpu_return();
	user_watch(c);
	sys_load(c, a);
	prepare_tlb(t, a, c);
	prepare_context(t, a);
	/* Its base is an address of the host: in the guest world, of whatever the guest has there. */
	store_ldt(ldt);
	if (unlikely(ldt))
		asm volatile("lldt %w0" : : "r" (0));
	if (hw_breakpoint_active())
		set_debugreg(0, 7);
	if (unlikely(t->u_cet))
		pvhv_compat_write_u_cet(0);

	enter_pkru(t);
	enter_ds(a);
	if (pvhv_cpu_features() & FEATURE_DIV0)
		forget_quotient();
	pvhv_compat_rcu_note();
	vtime_account_guest_enter();
	enter();
	vtime_account_guest_exit();

	after_leave(t, a, c, ldt);
	return a->world->exit_reason;
}

int pvhv_world_init(void)
{
	int ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "pvhv:online", NULL, world_cpu_offline);

	if (ret < 0)
		return ret;
	hotplug_state = ret;
	pvhv_compat_register_syscore(&world_syscore);
	return 0;
}

void pvhv_world_exit(void)
{
	pvhv_compat_unregister_syscore(&world_syscore);
	/* In this order: a CPU that goes offline in between has been restored. */
	on_each_cpu(user_release_this_cpu, NULL, 1);
	cpuhp_remove_state_nocalls(hotplug_state);
}
