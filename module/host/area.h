/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU area: its pages, their mapping in the space, and what the host fills
 * in: interrupt and segment descriptor tables, TSS, first values of the world page.
 */
#ifndef PVHV_HOST_AREA_H
#define PVHV_HOST_AREA_H

#include "space.h"
#include "../shared/regs.h"
#include "../shared/trace.h"
#include "../shared/world.h"

struct pvhv_hostctx;

/* The guest's PCIDs: far from Linux's, which are 1-6 and 0x801-0x806. */
#define PVHV_PCID_KERNEL	0x400
#define PVHV_PCID_USER		0x401

struct pvhv_area {
	unsigned int id;
	u64 va;			/* of the area, in both worlds */
	struct pvhv_space *space;
	void *mem;		/* vmalloc memory behind the private part of the area */
	struct world *world;	/* host aliases of what lies in it */
	struct regs *regs;
	struct trace_ring *trace;
	u64 *transition_gdt;	/* first page; refreshed for the CPU before each entry */
	struct pvhv_hostctx *hostctx;
	u64 enter;		/* address of the world switch in this area's image copy */
	u64 lstar;		/* and of the entry for SYSCALL */
};

/**
 * pvhv_area_create - allocate and map an area; -ENOMEM
 * @domain: the address of struct domain in the monitor's world
 */
int __must_check pvhv_area_create(struct pvhv_area *a, struct pvhv_space *s, unsigned int id,
				  u64 domain);
/** pvhv_area_bytes - host memory of one area */
size_t pvhv_area_bytes(void);

/* The space must be destroyed, or never entered again, before. */
void pvhv_area_destroy(struct pvhv_area *a);

#endif
