// SPDX-License-Identifier: GPL-2.0
/*
 * RDMSR and WRMSR of a guest kernel. Three kinds: segment bases, which are real; those
 * whose reading gives a harmless constant; and those whose writing the ABI replaces by
 * a hypercall, so that the instruction has no effect. PRED_CMD is a command: guest
 * kernels keep their programs' branch predictions apart with it. All others do not exist.
 */
#include "msr.h"
#include "cpu.h"

#define EFER_GUEST	0xd01		/* SCE LME LMA NX */
#define TSC		0x10
#define PLATFORM_ID	0x17
#define APIC_BASE	0x1b
#define UCODE_REV	0x8b
#define MTRR_CAP	0xfe
#define SYSENTER_CS	0x174
#define SYSENTER_ESP	0x175
#define SYSENTER_EIP	0x176
#define MISC_ENABLE	0x1a0
#define PAT		0x277
#define EFER		0xc0000080
#define STAR		0xc0000081
#define SYSCALL_MASK	0xc0000084
#define AMD_PATCH	0xc0010020
#define AMD_SYSCFG	0xc0010010
#define AMD_HWCR	0xc0010015
#define AMD_NB_CFG	0xc001001f
#define AMD_LS_CFG	0xc0011020
#define AMD_DC_CFG	0xc0011022
#define AMD_DE_CFG	0xc0011029

enum msr_write { WRITE_IGNORED, WRITE_REFUSED };

static const struct {
	u32 first, last;
	u64 value;
	enum msr_write write;
} constants[] = {
	{ PLATFORM_ID, PLATFORM_ID, 0, WRITE_REFUSED },
	{ APIC_BASE, APIC_BASE, 0xfee00900, WRITE_IGNORED },
	{ UCODE_REV, UCODE_REV, 0, WRITE_IGNORED },
	{ MTRR_CAP, MTRR_CAP, 0, WRITE_REFUSED },
	{ SYSENTER_CS, SYSENTER_EIP, 0, WRITE_IGNORED },
	{ MISC_ENABLE, MISC_ENABLE, 0x1800, WRITE_IGNORED },	/* no BTS, no PEBS */
	{ PAT, PAT, 0x0007040600070406, WRITE_IGNORED },
	{ EFER, EFER, EFER_GUEST, WRITE_IGNORED },
	{ STAR, SYSCALL_MASK, 0, WRITE_IGNORED },
	{ AMD_SYSCFG, AMD_SYSCFG, 0, WRITE_IGNORED },
	{ AMD_HWCR, AMD_HWCR, 0x1000000, WRITE_IGNORED },	/* TscFreqSel */
	{ AMD_NB_CFG, AMD_PATCH, 0, WRITE_IGNORED },
	{ AMD_LS_CFG, AMD_DC_CFG, 0, WRITE_IGNORED },
	{ AMD_DE_CFG, AMD_DE_CFG, 2, WRITE_IGNORED },		/* LFENCE serializes */
};

static int find(u32 index)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(constants); i++)
		if (index >= constants[i].first && index <= constants[i].last)
			return (int)i;
	return -1;
}

/* Called in guest kernel mode: the kernel's GS base is live, the user's waits. */
bool msr_read(struct vcpu *v, u32 index, u64 *val)
{
	int i;

	vcpu_count(v, COUNTER_msr);
	switch (index) {
	case TSC:
		*val = cpu_rdtsc();
		return true;
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		*val = cpu_rdmsr(index);
		return true;
	default:
		i = find(index);
		if (i < 0)
			return false;
		*val = constants[i].value;
		return true;
	}
}

bool msr_write(struct vcpu *v, u32 index, u64 val)
{
	int i;

	vcpu_count(v, COUNTER_msr);
	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		if (!lib_canonical(val))
			return false;
		cpu_wrmsr(index, val);
		return true;
	case TSC:
		return true;	/* the guest has no TSC of its own */
	case MSR_PRED_CMD:
		if (!vcpu_has(v, FEATURE_IBPB) || val & ~(u64)PRED_CMD_IBPB)
			return false;
		cpu_wrmsr(index, val);
		return true;
	default:
		i = find(index);
		return i >= 0 && constants[i].write == WRITE_IGNORED;
	}
}
