/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether pvhv can run on a machine: a pure function over facts, so that every
 * refusal has a unit test without the machine that it is for.
 */
#ifndef PVHV_HOST_FITNESS_H
#define PVHV_HOST_FITNESS_H

#include "../shared/types.h"

struct fitness_facts {
	bool long_mode_nx;	/* EFER.NX and SYSCALL */
	bool cx16;
	bool fred;		/* FRED event delivery is active */
	bool lass;		/* at CPL 3, addresses of the upper half fault */
	bool shadow_stacks;	/* of the kernel */
	bool unknown_controls;	/* CR4 or EFER has a bit whose effect on a guest is not known */
	bool xen;		/* the host is a PV domain of Xen */
	bool paravirt;		/* the kernel does not run at CPL 0 */
	bool encrypted;		/* SEV or TDX guest */
	bool memory_encrypted;	/* SME is active */
	bool slot_used;		/* the kernel has something in the hypervisor hole */
	bool selectors;		/* CS, SS and TR are what the switch expects */
	bool tsc;		/* the kernel knows its frequency: guests tell time by it */
};

/**
 * fitness_registers - the facts that CR4, EFER and S_CET tell
 * @s_cet: 0 on CPUs without it
 */
void fitness_registers(struct fitness_facts *f, u64 cr4, u64 efer, u64 s_cet);

/**
 * fitness_refusal - why not
 * Returns NULL when pvhv can run, else one sentence for the log.
 */
const char *fitness_refusal(const struct fitness_facts *f);

#endif
