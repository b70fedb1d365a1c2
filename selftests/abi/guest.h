/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smallest guest: a page of code, a page of data that the test reads and writes,
 * a stack and four page tables, in 64 frames of memory. Usable from code.S.
 */
#ifndef ABI_GUEST_H
#define ABI_GUEST_H

#define GUEST_VA	0x400000
#define GUEST_PAGES	64

/* Frames, mapped in this order from GUEST_VA on; the tables are not mapped. */
#define GFN_CODE	0
#define GFN_DATA	1	/* writable */
#define GFN_STACK	2
#define GFN_MORE	3	/* writable, of no use here */
#define NR_MAPPED	4
#define PAGE_SHARED	5	/* of the guest's mapping: shared_info */
#define GFN_L4		8
#define GFN_L3		9
#define GFN_L2		10
#define GFN_L1		11

/* Offsets in the data page. */
#define DATA_REASON	0	/* u32: SHUTDOWN_* */
#define DATA_COUNT	8	/* u64: grows while the guest runs */
#define DATA_BYTES	16	/* u64: for console_io */
#define DATA_RESULT	24	/* s64: of the last hypercall */
#define DATA_PORT	32	/* u32: to send on, or the id of a vCPU */
#define DATA_WORD	40	/* u64: which word of the pending bits to wait for */
#define DATA_SEEN	48	/* u64: and what was there */
#define DATA_BUFFER	1024	/* and on: for console_io */

#define PENDING		2048	/* offset of evtchn_pending in shared_info */
#define UPCALL_MASK	1	/* and of evtchn_upcall_mask of vCPU 0 */

#ifndef __ASSEMBLER__
#include "abi.h"

struct guest {
	int domain, vcpu;
	struct pvhv_run *run;
	u8 *mem;
	u64 *data;
	u64 special_gfn;
	struct pvhv_regs regs;	/* what guest_ready() sets */
};

/* Entry points in the code page. */
extern const char code_start[], code_end[];
extern const char code_loop[], code_count[], code_shutdown[], code_block[], code_yield[];
extern const char code_write[], code_read[], code_send[], code_wait[], code_fault[];
extern const char code_ldt[], code_is_up[], code_int3[], code_flags[];
extern const char code_int3_events[], code_int3_here[];

/** guest_create - domain with memory, vCPU 0 and its run page; @code is in @g->regs only */
void guest_create(struct guest *g, const char *name, const char *code);

/** guest_ready - guest_create(), and PVHV_SET_REGS */
void guest_ready(struct guest *g, const char *name, const char *code);

/** guest_free - the opposite; descriptors of -1 and a NULL run page were closed before */
void guest_free(struct guest *g);

/** guest_table - a frame of its memory as a page table */
u64 *guest_table(struct guest *g, unsigned int gfn);

/** guest_set_regs - PVHV_SET_REGS of @g->regs */
long guest_set_regs(struct guest *g);

/** guest_run - PVHV_RUN once, or -errno */
long guest_run(struct guest *g);

/** guest_end - PVHV_RUN until the domain has ended: the last reason, or -errno */
long guest_end(struct guest *g);

/** guest_crash - the same, for guests that have to crash: PVHV_CRASH_*, or -1 - reason */
long guest_crash(struct guest *g);

static inline u64 *guest_data(struct guest *g, unsigned int offset)
{
	return (u64 *)((u8 *)g->data + offset);
}
#endif
#endif
