// SPDX-License-Identifier: GPL-2.0
/* See fitness.h. Builds in userspace too. */
#include "fitness.h"

#define CR4_LASS	(1ULL << 27)
#define CR4_FRED	(1ULL << 32)
#define EFER_NX_SCE	((1ULL << 11) | (1ULL << 0))
#define S_CET_SHSTK	(1ULL << 0)

/*
 * Both stay as the host has them while a guest runs, so whatever a bit does to CPL 3 it
 * does to guests. CR4: VME TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57 VMXE
 * SMXE FSGSBASE PCIDE OSXSAVE SMEP SMAP PKE CET. Not PVI, with which CLI and STI of a
 * guest's kernel would not trap; nor key locker, user interrupts and LAM of supervisors.
 */
#define CR4_KNOWN	(0xf77ffdULL | CR4_LASS | CR4_FRED)
/* SCE LME LMA NX SVME FFXSR TCE MCOMMIT INTWB AIBRSE; not LMSLE: segments have no limits. */
#define EFER_KNOWN	0x26dd01ULL

void fitness_registers(struct fitness_facts *f, u64 cr4, u64 efer, u64 s_cet)
{
	f->long_mode_nx = (efer & EFER_NX_SCE) == EFER_NX_SCE;
	f->fred = cr4 & CR4_FRED;
	f->lass = cr4 & CR4_LASS;
	f->shadow_stacks = s_cet & S_CET_SHSTK;
	f->unknown_controls = cr4 & ~CR4_KNOWN || efer & ~EFER_KNOWN;
}

const char *fitness_refusal(const struct fitness_facts *f)
{
	const struct {
		bool refused;
		const char *why;
	} rules[] = {
		{ !f->long_mode_nx, "the CPU lacks NX or SYSCALL" },
		{ !f->cx16, "the CPU lacks CMPXCHG16B" },
		{ f->fred, "FRED event delivery is active (boot with fred=off)" },
		{ f->lass, "LASS is active, with which kernels at CPL 3 cannot run (boot with clearcpuid=lass)" },
		{ f->shadow_stacks, "the kernel runs on shadow stacks" },
		{ f->xen || f->paravirt, "this kernel runs as a paravirtual or Xen guest itself" },
		{ f->encrypted, "this machine is an SEV or TDX guest" },
		{ f->memory_encrypted, "memory encryption (SME) is active (boot with mem_encrypt=off)" },
		{ f->unknown_controls, "CR4 or EFER has a bit that pvhv does not know" },
		{ f->slot_used, "the kernel uses the address range reserved for hypervisors" },
		{ !f->selectors, "the kernel's segment selectors are not those of Linux" },
		{ !f->tsc, "the kernel does not know the TSC's frequency (boot with tsc_early_khz=...)" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].refused)
			return rules[i].why;
	return NULL;
}
