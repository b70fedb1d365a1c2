// SPDX-License-Identifier: GPL-2.0
/* See cpu.h. The CPU is asked once; CPU features of Linux are the same on all CPUs. */
#include <linux/cc_platform.h>
#include <linux/mm.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/hypervisor.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include "compat_cpu.h"
#include "cpu.h"
#include "fitness.h"
#include "speculation.h"
#include "../shared/image.h"
#include "../shared/layout.h"

u64 pvhv_features __ro_after_init;

static void gather_speculation(struct speculation_facts *f)
{
	*f = (struct speculation_facts){
		.meltdown = boot_cpu_has_bug(X86_BUG_CPU_MELTDOWN),
		.buffers = boot_cpu_has_bug(X86_BUG_MDS) || boot_cpu_has_bug(X86_BUG_TAA) ||
			   boot_cpu_has_bug(X86_BUG_MMIO_STALE_DATA) ||
			   PVHV_COMPAT_HAS_BUG_RFDS || PVHV_COMPAT_HAS_BUG_TSA,
		.div0 = PVHV_COMPAT_HAS_BUG_DIV0,
		.spectre_v2 = boot_cpu_has_bug(X86_BUG_SPECTRE_V2),
		.ibpb = PVHV_COMPAT_USES_IBPB,
		.kernel_ibrs = boot_cpu_has(X86_FEATURE_KERNEL_IBRS),
		.returns = boot_cpu_has(X86_FEATURE_UNRET) ||
			   boot_cpu_has(X86_FEATURE_ENTRY_IBPB) || PVHV_COMPAT_USES_SRSO,
		.history = PVHV_COMPAT_USES_BHB_LOOP,
		.history_known = pvhv_compat_clear_bhb(),
	};
}

/*
 * Own PCIDs rely on nothing but our CPU flushing them. INVLPGB (AMD, Linux 6.15)
 * lets another CPU flush global ASIDs, which we do not follow: then do without.
 */
static bool can_use_pcid(void)
{
	return cr4_read_shadow() & X86_CR4_PCIDE &&
	       !(boot_cpu_data.x86_vendor == X86_VENDOR_AMD &&
		 cpuid_eax(0x80000000) >= 0x80000008 && cpuid_ebx(0x80000008) & BIT(3));
}

static u64 gather_features(void)
{
	const struct {
		bool present;
		u64 feature;
	} list[] = {
		{ can_use_pcid(), FEATURE_PCID },
		{ boot_cpu_has(X86_FEATURE_INVPCID), FEATURE_INVPCID },
		{ pgtable_l5_enabled(), FEATURE_LA57 },
		{ cr4_read_shadow() & X86_CR4_FSGSBASE, FEATURE_FSGSBASE },
		{ boot_cpu_has(X86_FEATURE_SMAP), FEATURE_SMAP },
		{ boot_cpu_has(X86_FEATURE_CONSTANT_TSC) && boot_cpu_has(X86_FEATURE_NONSTOP_TSC),
		  FEATURE_TSC_STABLE },
		{ boot_cpu_has(X86_FEATURE_NX), FEATURE_NX },
		{ boot_cpu_data.x86_vendor == X86_VENDOR_AMD ||
		  boot_cpu_data.x86_vendor == X86_VENDOR_HYGON, FEATURE_AMD },
		{ cr4_read_shadow() & X86_CR4_PKE, FEATURE_PKU },
		{ cr4_read_shadow() & X86_CR4_OSXSAVE, FEATURE_XSAVE },
		{ cr4_read_shadow() & X86_CR4_UMIP, FEATURE_UMIP },
		{ boot_cpu_has(X86_FEATURE_XFD), FEATURE_XFD },
	};
	u64 sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++)
		if (list[i].present)
			sum |= list[i].feature;
	return sum;
}

static bool selectors_as_expected(void)
{
	u16 cs, ss;

	asm("mov %%cs, %0" : "=r" (cs));
	asm("mov %%ss, %0" : "=r" (ss));
	return cs == SEL_HOST_CS && (ss == SEL_HOST_SS || ss == 0) &&
	       GDT_ENTRY_TSS * 8 == SEL_HOST_TSS && GDT_ENTRY_CPUNODE * 8 == SEL_HOST_CPUNODE;
}

static unsigned int kernel_cpl(void)
{
	u16 cs;

	asm("mov %%cs, %0" : "=r" (cs));
	return cs & 3;
}

/* Kernel threads' root of the loading task: the hole must be empty. */
static bool hypervisor_hole_used(void)
{
	const u64 *root = (u64 *)current->active_mm->pgd;
	unsigned int slot;

	for (slot = LAYOUT_SLOT_FIRST; slot <= LAYOUT_SLOT_LAST; slot++)
		if (root[slot])
			return true;
	return false;
}

static u64 supervisor_cet(u64 cr4)
{
	u64 val = 0;

	if (cr4 & X86_CR4_CET)
		rdmsrl(MSR_IA32_S_CET, val);
	return val;
}

int pvhv_cpu_init(void)
{
	struct speculation_facts leaks;
	u64 cr4 = cr4_read_shadow(), efer;
	struct fitness_facts f = {
		.cx16 = boot_cpu_has(X86_FEATURE_CX16),
		.xen = hypervisor_is_type(X86_HYPER_XEN_PV) || boot_cpu_has(X86_FEATURE_XENPV),
		.paravirt = kernel_cpl(),
		.encrypted = cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT),
		.memory_encrypted = cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT),
		.slot_used = hypervisor_hole_used(),
		.selectors = selectors_as_expected(),
		.tsc = tsc_khz,
	};
	const char *why;

	rdmsrl(MSR_EFER, efer);
	fitness_registers(&f, cr4, efer, supervisor_cet(cr4));
	why = fitness_refusal(&f);
	if (why) {
		pr_err("pvhv: cannot run here: %s\n", why);
		if (f.unknown_controls)
			pr_err("pvhv: CR4 is %#llx, EFER is %#llx\n", cr4, efer);
		return -ENODEV;
	}
	gather_speculation(&leaks);
	pvhv_features = gather_features() | speculation_features(&leaks);
	why = speculation_gap(&leaks);
	if (why)
		pr_warn("pvhv: %s\n", why);
	return 0;
}
