/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Privileged instructions, one inline function each. Files that must run in
 * userspace tests do not include this one.
 */
#ifndef PVHV_MONITOR_CPU_H
#define PVHV_MONITOR_CPU_H

#include "lib.h"

#define CR3_NOFLUSH	BIT(63)
#define RFLAGS_TF	BIT(8)
#define RFLAGS_IF	BIT(9)
#define RFLAGS_IOPL	(3ULL << 12)
#define RFLAGS_NT	BIT(14)
#define RFLAGS_RF	BIT(16)
#define RFLAGS_VM	BIT(17)
#define RFLAGS_AC	BIT(18)
#define RFLAGS_ID	BIT(21)

#define MSR_SPEC_CTRL		0x48
#define MSR_PRED_CMD		0x49
#define PRED_CMD_IBPB		1
#define MSR_DEBUGCTL		0x1d9
#define DEBUGCTL_BTS		(BIT(6) | BIT(7) | BIT(8))	/* TR BTS BTINT */
#define MSR_PEBS_ENABLE		0x3f1
#define MSR_XFD_ERR		0x1c5
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102

static inline u64 cpu_read_cr0(void)
{
	u64 val;

	asm volatile("mov %%cr0, %0" : "=r" (val));
	return val;
}

static inline void cpu_write_cr0(u64 val)
{
	asm volatile("mov %0, %%cr0" : : "r" (val) : "memory");
}

static inline void cpu_clts(void)
{
	asm volatile("clts" : : : "memory");
}

static inline u64 cpu_read_cr2(void)
{
	u64 val;

	asm volatile("mov %%cr2, %0" : "=r" (val));
	return val;
}

static inline u64 cpu_read_cr3(void)
{
	u64 val;

	asm volatile("mov %%cr3, %0" : "=r" (val));
	return val;
}

static inline u16 cpu_read_ds(void)
{
	u16 sel;

	asm volatile("mov %%ds, %0" : "=r" (sel));
	return sel;
}

static inline u16 cpu_read_es(void)
{
	u16 sel;

	asm volatile("mov %%es, %0" : "=r" (sel));
	return sel;
}

static inline u16 cpu_read_fs(void)
{
	u16 sel;

	asm volatile("mov %%fs, %0" : "=r" (sel));
	return sel;
}

static inline u16 cpu_read_gs(void)
{
	u16 sel;

	asm volatile("mov %%gs, %0" : "=r" (sel));
	return sel;
}

static inline void cpu_write_cr3(u64 val)
{
	asm volatile("mov %0, %%cr3" : : "r" (val) : "memory");
}

static inline void cpu_invlpg(u64 va)
{
	asm volatile("invlpg (%0)" : : "r" (va) : "memory");
}

/* INVPCID type 0: one address of one PCID; type 1: everything of one PCID. */
static inline void cpu_invpcid(u64 type, u64 pcid, u64 va)
{
	struct { u64 pcid, va; } desc = { pcid, va };

	asm volatile("invpcid %0, %1" : : "m" (desc), "r" (type) : "memory");
}

static inline u64 cpu_rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static inline void cpu_wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)val), "d" ((u32)(val >> 32)) : "memory");
}

static inline u64 cpu_rdtsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return (u64)high << 32 | low;
}

static inline u64 cpu_rdfsbase(void)
{
	u64 val;

	asm volatile("rdfsbase %0" : "=r" (val));
	return val;
}

static inline void cpu_wrfsbase(u64 val)
{
	asm volatile("wrfsbase %0" : : "r" (val) : "memory");
}

static inline u64 cpu_rdgsbase(void)
{
	u64 val;

	asm volatile("rdgsbase %0" : "=r" (val));
	return val;
}

static inline void cpu_wrgsbase(u64 val)
{
	asm volatile("wrgsbase %0" : : "r" (val) : "memory");
}

static inline void cpu_swapgs(void)
{
	asm volatile("swapgs" : : : "memory");
}

static inline u64 cpu_xgetbv(u32 index)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (index));
	return (u64)high << 32 | low;
}

static inline u32 cpu_rdpkru(void)
{
	u32 val, high;

	asm volatile("rdpkru" : "=a" (val), "=d" (high) : "c" (0));
	return val;
}

static inline void cpu_wrpkru(u32 val)
{
	asm volatile("wrpkru" : : "a" (val), "d" (0), "c" (0) : "memory");
}

static inline void cpu_cpuid(u32 leaf, u32 sub, u32 out[4])
{
	asm volatile("cpuid" : "=a" (out[0]), "=b" (out[1]), "=c" (out[2]), "=d" (out[3])
		     : "a" (leaf), "c" (sub));
}

static inline u64 cpu_read_dr(int n)
{
	u64 val;

	switch (n) {
	case 0: asm volatile("mov %%db0, %0" : "=r" (val)); break;
	case 1: asm volatile("mov %%db1, %0" : "=r" (val)); break;
	case 2: asm volatile("mov %%db2, %0" : "=r" (val)); break;
	case 3: asm volatile("mov %%db3, %0" : "=r" (val)); break;
	case 6: asm volatile("mov %%db6, %0" : "=r" (val)); break;
	default: asm volatile("mov %%db7, %0" : "=r" (val)); break;
	}
	return val;
}

static inline void cpu_write_dr(int n, u64 val)
{
	switch (n) {
	case 0: asm volatile("mov %0, %%db0" : : "r" (val)); break;
	case 1: asm volatile("mov %0, %%db1" : : "r" (val)); break;
	case 2: asm volatile("mov %0, %%db2" : : "r" (val)); break;
	case 3: asm volatile("mov %0, %%db3" : : "r" (val)); break;
	case 6: asm volatile("mov %0, %%db6" : : "r" (val)); break;
	default: asm volatile("mov %0, %%db7" : : "r" (val)); break;
	}
}

/*
 * A restart point: lets a waiting host interrupt in. Its stub records the vector
 * in vcpu.pending_vector and returns with interrupts off.
 */
static inline void cpu_poll_interrupts(void)
{
	asm volatile("sti; nop; cli" : : : "memory");
}

#endif
