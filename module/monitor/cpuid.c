// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID policy. The rule: keep what a program at CPL 3 can use, hide what needs
 * ring 0 or what the monitor does not keep apart between guests. A component of
 * XCR0 that is live cannot be hidden: its registers would leak between processes.
 */
#include "cpuid.h"
#include "cpu.h"

#include "../../uapi/linux/pvhv_guest.h"
#include <xen/arch-x86/cpuid.h>

enum { EAX, EBX, ECX, EDX };

/* Leaf 0xd */
#define XSAVE_MIN	576u		/* x87 and SSE state, and the header */
#define XSAVE_COMPACT	(1u << 1)	/* subleaf 1, EAX: XSAVEC */
#define XSAVE_ALIGNED	(1u << 1)	/* others, ECX: at a multiple of 64 in the compacted form */

/* Features that a guest is told of if the CPU has them: leaf, register, bits. */
static const struct {
	u32 leaf, sub, reg, keep;
} policy[] = {
	/* SSE3 PCLMUL SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE OSXSAVE AVX F16C
	 * RDRAND */
	{ 1, 0, ECX, 0x7ed83203 },
	/* FPU TSC MSR PAE CX8 APIC SEP CMOV CLFSH MMX FXSR SSE SSE2 HT: no PSE, PGE, MTRR, MCE,
	 * MCA, PAT, DE, VME, ACPI, DS */
	{ 1, 0, EDX, 0x17888b71 },
	/* FSGSBASE BMI1 AVX2 BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA AVX512*: no TSC_ADJUST,
	 * SMEP, INVPCID, SMAP, MPX, RTM, HLE */
	{ 7, 0, EBX, 0xf1af0329 },
	/* AVX512_VBMI VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ: no PKU, UMIP, CET, LA57,
	 * RDPID */
	{ 7, 0, ECX, 0x00005f42 },
	/* FSRM, 4VNNIW 4FMAPS, VP2INTERSECT, SERIALIZE: no IBRS, STIBP, SSBD, ARCH_CAP, AMX */
	{ 7, 0, EDX, 0x0000411c },
	{ 7, 1, EAX, 0x00001c30 },
	{ 7, 1, EBX, 0 },
	{ 7, 1, ECX, 0 },
	{ 7, 1, EDX, 0 },
	/* XSAVEOPT XSAVEC XGETBV1: no XSAVES, XFD */
	{ 0xd, 1, EAX, 0x00000007 },
	/* LAHF ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM: no SVM, IBS, topology */
	{ 0x80000001, 0, ECX, 0x002109e1 },
	/* SYSCALL NX MMXEXT FXSR_OPT LM 3DNOW: no 1 GiB pages, no RDTSCP */
	{ 0x80000001, 0, EDX, 0xe3d08b71 },
	{ 0x80000007, 0, EDX, 1u << 8 },
	/* CLZERO, XSAVEERPTR, WBNOINVD: no IBRS and others; IBPB is below */
	{ 0x80000008, 0, EBX, 0x00000205 },
};

/* Leaves that describe what a guest does not have: performance counters, power. */
static bool leaf_hidden(u32 leaf)
{
	switch (leaf) {
	case 5: case 6: case 9: case 0xa: case 0xb: case 0xf: case 0x10: case 0x12: case 0x14:
	case 0x17: case 0x18: case 0x1a: case 0x1b: case 0x1d: case 0x1e: case 0x1f:
	case 0x8000000a: case 0x8000001b: case 0x8000001c: case 0x8000001e: case 0x8000001f:
	case 0x80000020: case 0x80000021: case 0x80000022: case 0x80000026:
		return true;
	default:
		return false;
	}
}

/* The sizes in subleafs 0 and 1 come from xsave_sizes(). Supervisor components do not exist. */
static void filter_xsave(u32 sub, u32 out[4])
{
	if (sub == 0) {
		out[EAX] = (u32)cpuid_xcr0(out[EAX]);
		return;
	}
	if (sub == 1) {
		out[EBX] = out[ECX] = out[EDX] = 0;
		return;
	}
	if (sub == 17 || sub == 18 || sub >= 63 || out[ECX] & 1)
		out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
}

static void filter_known(u32 leaf, u32 sub, u64 features, u32 vcpu, u32 out[4])
{
	switch (leaf) {
	case 0:
		out[EAX] = min(out[EAX], 0x16u);
		break;
	case 1:
		/* One thread per package, its APIC id even, and a hypervisor. */
		out[EBX] = (out[EBX] & 0xff00) | 1u << 16 | vcpu << 25;
		out[ECX] |= 1u << 31;
		if (!(features & FEATURE_XSAVE))
			out[ECX] &= ~(3u << 26 | 1u << 28 | 1u << 12 | 1u << 29);
		break;
	case 4:
		out[EAX] &= 0x3ff;
		break;
	case 7:
		if (sub == 0) {
			out[EAX] = min(out[EAX], 1u);
			if (!(features & FEATURE_FSGSBASE))
				out[EBX] &= ~1u;
		}
		break;
	case 0xd:
		filter_xsave(sub, out);
		break;
	case 0x80000008:
		out[ECX] = 0;
		/* Alone, without IBRS, it is told here on CPUs of all vendors. */
		if (features & FEATURE_IBPB)
			out[EBX] |= 1u << 12;
		break;
	default:
		break;
	}
}

void cpuid_filter(u32 leaf, u32 sub, const u32 native[4], u64 features, u32 vcpu, u32 out[4])
{
	u32 i;

	memcpy(out, native, 4 * sizeof(u32));
	if (leaf_hidden(leaf) || (leaf == 7 && sub > 1))
		memset(out, 0, 4 * sizeof(u32));
	for (i = 0; i < ARRAY_SIZE(policy); i++)
		if (policy[i].leaf == leaf && (policy[i].sub == sub || leaf != 7) &&
		    !(leaf == 0xd && sub != 1))
			out[policy[i].reg] &= policy[i].keep;
	filter_known(leaf, sub, features, vcpu, out);
}

static void set(u32 out[4], u32 a, u32 b, u32 c, u32 d)
{
	out[EAX] = a;
	out[EBX] = b;
	out[ECX] = c;
	out[EDX] = d;
}

/* The leaves of the ABI. Time is leaf 3: no TSC emulation, the factors of world.time. */
static void xen_leaf(struct vcpu *v, u32 leaf, u32 sub, u32 out[4])
{
	const struct world_time *t = &v->w->time;

	set(out, 0, 0, 0, 0);
	switch (leaf - XEN_CPUID_FIRST_LEAF) {
	case 0:
		set(out, XEN_CPUID_FIRST_LEAF + 5, XEN_CPUID_SIGNATURE_EBX,
		    XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX);
		break;
	case 1:
		out[EAX] = 4u << 16 | 17;
		break;
	case 2:
		/* No hypercall page needed beyond the one the builder fills. */
		set(out, 1, 0x40000000, XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD, 0);
		break;
	case 3:
		if (sub == 0)
			set(out, t->flags & 1 ? 1u << 1 : 0, 2, 0, 0);
		else if (sub == 1)
			set(out, 0, 0, t->mul, (u32)(s32)t->shift);
		break;
	case 5:
		set(out, 0, 36, 0, 0);
		break;
	default:
		break;
	}
}

/* Bytes that XSAVE, or XSAVEC (@compact), takes for the components in @xcr0. */
static u32 xsave_size(u64 xcr0, bool compact)
{
	u32 size = XSAVE_MIN, sub, component[4];

	for (sub = 2; sub < 63; sub++) {
		if (!(xcr0 & 1ULL << sub))
			continue;
		cpu_cpuid(0xd, sub, component);
		if (!compact) {
			size = max(size, component[EBX] + component[EAX]);
			continue;
		}
		if (component[ECX] & XSAVE_ALIGNED)
			size = (size + 63) & ~63u;
		size += component[EAX];
	}
	return size;
}

/* What depends on XCR0 depends on the one that the guest believes it has set. */
static void xsave_sizes(struct vcpu *v, u32 sub, u32 out[4])
{
	if (!vcpu_has(v, FEATURE_XSAVE))
		return;
	if (sub == 0) {
		out[EBX] = xsave_size(v->xcr0, false);
		out[ECX] = xsave_size((u64)out[EDX] << 32 | out[EAX], false);
	} else if (sub == 1 && out[EAX] & XSAVE_COMPACT) {
		out[EBX] = xsave_size(v->xcr0, true);
	}
}

void cpuid_emulate(struct vcpu *v, u32 leaf, u32 sub, u32 out[4])
{
	u32 native[4];

	vcpu_count(v, COUNTER_cpuid);
	if (leaf >= XEN_CPUID_FIRST_LEAF && leaf <= XEN_CPUID_FIRST_LEAF + 5) {
		xen_leaf(v, leaf, sub, out);
		return;
	}
	if (leaf == PVHV_CPUID_LEAF) {
		set(out, PVHV_CPUID_LEAF, PVHV_CPUID_SIGNATURE, PVHV_GUEST_ABI_VERSION,
		    PVHV_GUEST_ABI_VERSION);
		return;
	}
	if (leaf >= 0x40000000 && leaf < 0x50000000) {
		set(out, 0, 0, 0, 0);
		return;
	}
	cpu_cpuid(leaf, sub, native);
	cpuid_filter(leaf, sub, native, v->d->features, v->id, out);
	if (leaf == 0xd)
		xsave_sizes(v, sub, out);
}
