// SPDX-License-Identifier: GPL-2.0
/* See fitness.h. Builds in userspace too. */
#include "fitness.h"

const char *fitness_refusal(const struct fitness_facts *f)
{
	const struct {
		bool refused;
		const char *why;
	} rules[] = {
		{ !f->long_mode_nx, "the CPU lacks NX or SYSCALL" },
		{ !f->cx16, "the CPU lacks CMPXCHG16B" },
		{ f->fred, "FRED event delivery is active (boot with fred=off)" },
		{ f->xen || f->paravirt, "this kernel runs as a paravirtual or Xen guest itself" },
		{ f->encrypted, "this machine is an SEV or TDX guest" },
		{ f->memory_encrypted, "memory encryption (SME) is active (boot with mem_encrypt=off)" },
		{ f->slot_used, "the kernel uses the address range reserved for hypervisors" },
		{ !f->selectors, "the kernel's segment selectors are not those of Linux" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].refused)
			return rules[i].why;
	return NULL;
}
