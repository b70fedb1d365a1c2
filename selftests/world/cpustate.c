// SPDX-License-Identifier: GPL-2.0
/*
 * What a CPU's system state is, for comparison: /sys/kernel/debug/cpustate prints every
 * control register, descriptor table register, selector and MSR that the world switch
 * could change, for each CPU. The test reads it before and after guests have run.
 * Knows nothing of pvhv.
 *
 * And a source of NMIs where the machine has none: a number written to
 * /sys/kernel/debug/cpunmi has the writing CPU send one to each other CPU every so many
 * microseconds, 0 stops; reading says how many have not been handled.
 *
 * Left out is what belongs to the thread that reads: CR2, CR3, FS, GS and KERNEL_GS base
 * of user space, FPU registers. Programs that watch their own registers test those.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/nmi.h>
#include <asm/special_insns.h>

static const struct {
	const char *name;
	u32 msr;
} msrs[] = {
	{ "EFER", MSR_EFER },
	{ "STAR", MSR_STAR }, { "LSTAR", MSR_LSTAR }, { "CSTAR", MSR_CSTAR },
	{ "SFMASK", MSR_SYSCALL_MASK },
	{ "SYSENTER_CS", MSR_IA32_SYSENTER_CS }, { "SYSENTER_ESP", MSR_IA32_SYSENTER_ESP },
	{ "SYSENTER_EIP", MSR_IA32_SYSENTER_EIP },
	{ "GS_BASE", MSR_GS_BASE }, { "TSC_AUX", MSR_TSC_AUX },
	{ "APIC_BASE", MSR_IA32_APICBASE }, { "PAT", MSR_IA32_CR_PAT },
	{ "MISC_ENABLE", MSR_IA32_MISC_ENABLE }, { "DEBUGCTL", MSR_IA32_DEBUGCTLMSR },
	{ "SPEC_CTRL", MSR_IA32_SPEC_CTRL }, { "XSS", MSR_IA32_XSS },
	{ "U_CET", 0x6a0 }, { "S_CET", 0x6a2 }, { "PL0_SSP", 0x6a4 },
	{ "PERF_GLOBAL_CTRL", MSR_CORE_PERF_GLOBAL_CTRL }, { "TSX_CTRL", MSR_IA32_TSX_CTRL },
	{ "MISC_FEATURES", MSR_MISC_FEATURES_ENABLES },
};

struct state {
	u64 cr0, cr4, cr8, xcr0, dr6, dr7;
	struct desc_ptr gdt, idt;
	u16 tr, ldt, cs, ss;
	u64 msr[ARRAY_SIZE(msrs)];
	bool msr_exists[ARRAY_SIZE(msrs)];
};

/* On the CPU itself, interrupts off. */
static void gather(void *arg)
{
	struct state *s = arg;
	int i;

	s->cr0 = native_read_cr0();
	s->cr4 = native_read_cr4();
	asm volatile("mov %%cr8, %0" : "=r" (s->cr8));
	s->xcr0 = s->cr4 & X86_CR4_OSXSAVE ? xgetbv(0) : 0;
	get_debugreg(s->dr6, 6);
	get_debugreg(s->dr7, 7);
	native_store_gdt(&s->gdt);
	store_idt(&s->idt);
	store_tr(s->tr);
	store_ldt(s->ldt);
	savesegment(cs, s->cs);
	savesegment(ss, s->ss);
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		s->msr_exists[i] = !rdmsrl_safe(msrs[i].msr, &s->msr[i]);
}

static void show(struct seq_file *m, int cpu, const struct state *s)
{
	int i;

	seq_printf(m, "cpu%d CR0 %llx\ncpu%d CR4 %llx\ncpu%d CR8 %llx\ncpu%d XCR0 %llx\n",
		   cpu, s->cr0, cpu, s->cr4, cpu, s->cr8, cpu, s->xcr0);
	seq_printf(m, "cpu%d DR6 %llx\ncpu%d DR7 %llx\n", cpu, s->dr6, cpu, s->dr7);
	seq_printf(m, "cpu%d GDTR %lx+%x\ncpu%d IDTR %lx+%x\n", cpu, s->gdt.address, s->gdt.size,
		   cpu, s->idt.address, s->idt.size);
	seq_printf(m, "cpu%d TR %x\ncpu%d LDTR %x\ncpu%d CS %x\ncpu%d SS %x\n", cpu, s->tr,
		   cpu, s->ldt, cpu, s->cs, cpu, s->ss);
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		if (s->msr_exists[i])
			seq_printf(m, "cpu%d %s %llx\n", cpu, msrs[i].name, s->msr[i]);
}

static int cpustate_show(struct seq_file *m, void *unused)
{
	static struct state s;
	static DEFINE_MUTEX(mutex);
	int cpu;

	cpus_read_lock();
	mutex_lock(&mutex);
	for_each_online_cpu(cpu) {
		memset(&s, 0, sizeof(s));
		smp_call_function_single(cpu, gather, &s, 1);
		show(m, cpu, &s);
	}
	mutex_unlock(&mutex);
	cpus_read_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpustate);

/* ------------------------------------------------------------------- NMIs */

static DEFINE_PER_CPU(bool, nmi_expected);
static atomic64_t nmi_sent, nmi_handled;
static struct hrtimer nmi_timer;
static u64 nmi_period;		/* ns, 0: off */
static DEFINE_MUTEX(nmi_mutex);

static int nmi_handler(unsigned int type, struct pt_regs *regs)
{
	if (!this_cpu_xchg(nmi_expected, false))
		return NMI_DONE;
	atomic64_inc(&nmi_handled);
	return NMI_HANDLED;
}

/* Only when the one before has arrived: so none merges with another. */
static enum hrtimer_restart nmi_tick(struct hrtimer *t)
{
	int cpu;

	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id() || per_cpu(nmi_expected, cpu))
			continue;
		per_cpu(nmi_expected, cpu) = true;
		atomic64_inc(&nmi_sent);
		apic->send_IPI(cpu, NMI_VECTOR);
	}
	hrtimer_forward_now(t, ns_to_ktime(nmi_period));
	return HRTIMER_RESTART;
}

static int cpunmi_get(void *unused, u64 *val)
{
	*val = atomic64_read(&nmi_sent) - atomic64_read(&nmi_handled);
	return 0;
}

static int cpunmi_set(void *unused, u64 period)
{
	mutex_lock(&nmi_mutex);
	if (nmi_period)
		hrtimer_cancel(&nmi_timer);
	nmi_period = period * NSEC_PER_USEC;
	if (nmi_period)
		hrtimer_start(&nmi_timer, ns_to_ktime(nmi_period), HRTIMER_MODE_REL_PINNED_HARD);
	else
		pr_info("cpunmi: %lld sent, %lld handled\n", atomic64_read(&nmi_sent),
			atomic64_read(&nmi_handled));
	mutex_unlock(&nmi_mutex);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(cpunmi_fops, cpunmi_get, cpunmi_set, "%llu\n");

static struct dentry *state_file, *nmi_file;

static int __init cpustate_init(void)
{
	int err = register_nmi_handler(NMI_LOCAL, nmi_handler, 0, "cpunmi");

	if (err)
		return err;
	hrtimer_init(&nmi_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	nmi_timer.function = nmi_tick;
	state_file = debugfs_create_file("cpustate", 0400, NULL, NULL, &cpustate_fops);
	nmi_file = debugfs_create_file_unsafe("cpunmi", 0600, NULL, NULL, &cpunmi_fops);
	return 0;
}

static void __exit cpustate_exit(void)
{
	debugfs_remove(nmi_file);
	debugfs_remove(state_file);
	hrtimer_cancel(&nmi_timer);
	unregister_nmi_handler(NMI_LOCAL, "cpunmi");
}

module_init(cpustate_init);
module_exit(cpustate_exit);

MODULE_DESCRIPTION("prints the system state of each CPU, for a test of pvhv");
MODULE_LICENSE("GPL");
