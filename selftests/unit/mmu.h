/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine for the monitor's MMU to run on: a domain in malloc'ed memory, and a CPU
 * whose TLB keeps everything that a real one might keep, for as long as it might.
 * Shared by the unit tests and the fuzzer.
 *
 * The CPU knows nothing of the monitor's data: it walks the pages of the pool by host
 * frame number from CR3. Whatever it could reach since the last flush of an address
 * space stays reachable: as a table of the level it was, or as a writable frame.
 */
#ifndef PVHV_SELFTESTS_MMU_H
#define PVHV_SELFTESTS_MMU_H

#include "../../module/monitor/audit.h"
#include "../../module/monitor/fault.h"
#include "../../module/monitor/guestmem.h"
#include "../../module/monitor/pgtable.h"
#include "../../module/monitor/promote.h"
#include "../../module/monitor/shadow.h"
#include "../../module/monitor/tlb.h"
#include "../../module/monitor/walk.h"

#define MMU_MAX_FRAMES	128
#define MMU_MAX_POOL	128
#define MMU_MAX_VCPUS	2

/* Bits of entries the tests use. */
#define G_RW	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define G_RO	(PTE_P | PTE_US | PTE_A)
#define G_TABLE	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

struct mmu_config {
	u64 frames;		/* memory; two special ones follow */
	u32 pool_pages;		/* given at the start */
	u32 pool_limit;
	u32 vcpus;
	u64 features;
};

/* What the CPU of one vCPU may remember, for each of its two address spaces. */
struct mmu_tlb {
	u8 tables[2][MMU_MAX_POOL];	/* bit n: may be walked as a table of level n */
	bool writable[2][MMU_MAX_FRAMES];
};

struct mmu {
	struct mmu_config config;
	struct domain *d;
	struct vcpu *v[MMU_MAX_VCPUS];
	struct mmu_tlb tlb[MMU_MAX_VCPUS];
	u64 *root5[MMU_MAX_VCPUS][2];
	bool foreign;		/* somebody writes to guest memory: expect CRASH_FOREIGN_WRITE */
	u32 restart_every;	/* need_restart() is true each nth time, 0: never */
	u32 restart_count;
	u32 topups;
	char text[256];		/* of the last vcpu_crash() */
};

extern struct mmu *mmu;		/* the one under test */

void mmu_new(const struct mmu_config *config);
void mmu_delete(void);

/* The guest's view of frame @g, to be filled while it is no table. */
u64 *mmu_frame(u64 g);

static inline u64 gpte(u64 g, u64 flags)
{
	return g << PVHV_PAGE_SHIFT | flags;
}

/*
 * What the run loop does with -RESTART: serve the reason, call again. False when the
 * domain has crashed, or nothing can be served.
 */
bool mmu_serve(struct vcpu *v);

#define mmu_call(v, call) \
	({ \
		u32 mmu_tries_ = 0; \
		int mmu_err_; \
		do { \
			mmu_err_ = (call); \
			mmu_progress(++mmu_tries_); \
		} while (mmu_err_ == -RESTART && mmu_serve(v)); \
		mmu_err_; \
	})

/* Aborts when a call was restarted more often than any that ends. */
void mmu_progress(u32 tries);

/* The guest of @v runs for a moment, on the root and with the TLB it has then. */
void mmu_resume(struct vcpu *v);

/* Back in the monitor. */
void mmu_enter(struct vcpu *v);

/*
 * One access by the guest, faults and all. Returns 0 and the frame, or the error code
 * that the guest sees; MMU_WRITE_TABLE, MMU_GP for these two.
 */
#define MMU_WRITE_TABLE	0x10000
#define MMU_GP		0x20000
u64 mmu_access(struct vcpu *v, u64 va, u64 access, u64 *g);

/*
 * Everything that must hold at any time: audit, counts, no way of the CPU to what is
 * not the domain's, or to write to a table. Aborts with a message.
 */
void mmu_check(void);

/* The type of a frame, for assertions. */
enum frame_type mmu_type(u64 g);

/* A tree of four tables at frames @g (level 4) to @g + 3 (level 1), slot 0 in each. */
void mmu_tree(u64 g);

#endif
