/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the guest of the campaign tells the program that runs it: pages of its memory
 * which no operation is aimed at, so that they outlive a crash of the domain. Read
 * as hostile all the same: a guest that executes random bytes may write anywhere.
 */
#ifndef PVHV_CAMPAIGN_REPORT_H
#define PVHV_CAMPAIGN_REPORT_H

#include <stdint.h>

#define REPORT_PAGES	16
#define REPORT_TRACE	256		/* the last operations */
#define REPORT_FOUND	16
#define REPORT_CANARIES	3

enum op_kind {
	OP_HYPERCALL,		/* any hypercall */
	OP_MULTICALL,		/* several in one */
	OP_TABLE_UPDATE,	/* mmu_update, update_va_mapping */
	OP_TABLE_WRITE,		/* emulated write to a table */
	OP_TABLE_OP,		/* pins, roots, flushes, clear and copy */
	OP_TREE,		/* a whole tree of tables */
	OP_TOUCH,		/* read, write, execute through mappings */
	OP_FILL,		/* garbage into memory that may become a table */
	OP_DESCRIPTOR,		/* GDT, LDT, descriptors, selectors */
	OP_CODE_KERNEL,		/* instructions in guest kernel mode */
	OP_CODE_USER,		/* instructions in guest user mode */
	OP_TRAP,		/* exceptions with bad handlers, stacks, callbacks */
	OP_IRET,		/* the iret hypercall with any frame */
	OP_PROBE,		/* reads of addresses that are not the guest's */
	OP_KINDS,
};

/* What must never be found; each is a failure. */
enum found_kind {
	FOUND_NOTHING,
	FOUND_CANARY_MEMORY,	/* in memory that could be read: va, what canary */
	FOUND_CANARY_REGISTER,	/* after a hypercall or in a trap: register, what canary */
	FOUND_MONITOR_REGISTER,	/* an address of the monitor: register, value */
	FOUND_SAVED_REGISTER,	/* a hypercall changed a register: register, value */
	FOUND_NOT_MAPPED,	/* read though the guest's tables do not map it: va, value */
	FOUND_WRONG_FRAME,	/* another frame than the tables say: va, value */
	FOUND_KEEP_CHANGED,	/* memory that nothing may write has changed: va, value */
	FOUND_KINDS,
};

struct report_op {
	uint64_t number, kind, arg[6], result;
};

struct report {
	uint64_t ready;				/* REPORT_READY when the guest runs */
	uint64_t ops;				/* begun so far */
	uint64_t kinds[32];			/* of these, by enum op_kind */
	uint64_t recovered;			/* ended by a trap */
	uint64_t traps[32 + 4];			/* by vector; upcalls, syscalls, failsafe, int n */
	uint64_t scans, scanned_pages, probes, probes_read;
	uint64_t succeeded;			/* hypercalls that returned 0 or more */
	uint64_t calls;				/* hypercalls made on purpose */
	uint64_t nr_found;
	struct {
		uint64_t kind, op, a, b;
	} found[REPORT_FOUND];
	uint64_t next;				/* in the ring */
	struct report_op trace[REPORT_TRACE];
};

#define REPORT_READY	0x7265616479212121ULL

_Static_assert(sizeof(struct report) <= REPORT_PAGES * 4096, "report");

#endif
