/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ABI says of page tables, as simply as it can be said: nothing is kept but the
 * guest's memory, its pins and roots, and what the monitor uses. Which frames are
 * tables, or can be written to, is looked up anew for each question. No counts, no
 * shadows, no order of events.
 */
#ifndef PVHV_SELFTESTS_REFERENCE_H
#define PVHV_SELFTESTS_REFERENCE_H

#include "../unit/mmu.h"

struct reference {
	u64 frames;		/* memory; frame @frames is special, the next a hole */
	u64 (*mem)[PTE_ENTRIES];
	u8 pin[MMU_MAX_FRAMES];	/* level, 0: none */
	gfn_t root[MMU_MAX_VCPUS][2];
	u8 writable[MMU_MAX_FRAMES];	/* uses by the monitor */
	u8 segment[MMU_MAX_FRAMES];
};

/* What a frame is in use as, by all that is reachable. */
struct reference_uses {
	u8 level[MMU_MAX_FRAMES];
	bool writable[MMU_MAX_FRAMES];
	bool bad;		/* some entry, or two uses of one frame, are not allowed */
};

void reference_new(struct reference *r, u64 frames);
void reference_delete(struct reference *r);

bool reference_owned(const struct reference *r, u64 g);

/** reference_uses - of all tables that pins and roots reach */
void reference_uses(const struct reference *r, struct reference_uses *u);

/** reference_add_table - @u as it would be if @g were also a table of @level */
void reference_add_table(const struct reference *r, struct reference_uses *u, u64 g, int level);

/** reference_add_leaf - @u as it would be with one more level-1 entry */
void reference_add_leaf(const struct reference *r, struct reference_uses *u, u64 gpte);

/** reference_good - is nothing in @u against a rule? */
bool reference_good(const struct reference *r, const struct reference_uses *u);

/** struct reference_walk - @level is that of the last entry looked at; 5: no entry at all */
struct reference_walk {
	int level;
	u64 table;
	u32 index;
	u64 gpte;
	bool writable, executable;
};

void reference_walk(const struct reference *r, gfn_t root, u64 va, struct reference_walk *w);

#endif
