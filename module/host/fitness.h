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
	bool xen;		/* the host is a Xen domain */
	bool paravirt;		/* the host is a PV guest of anything */
	bool encrypted;		/* SEV or TDX guest */
	bool memory_encrypted;	/* SME is active */
	bool slot_used;		/* the kernel has something in the hypervisor hole */
	bool selectors;		/* CS, SS and TR are what the switch expects */
};

/**
 * fitness_refusal - why not
 * Returns NULL when pvhv can run, else one sentence for the log.
 */
const char *fitness_refusal(const struct fitness_facts *f);

#endif
