/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The domain's state in memory that the host allocates and the monitor works
 * on. The host fills in what is marked [I] before the first entry; later it
 * touches only what is marked [a], or holds the domain lock.
 *
 * Legend: [I] constant after the first entry   [a] atomic
 *         [d] domain lock                      [e] event lock
 */
#ifndef PVHV_SHARED_DOMAIN_H
#define PVHV_SHARED_DOMAIN_H

#include "types.h"
#include "layout.h"

#define DOMAIN_MAX_VCPUS	64
#define DOMAIN_MAX_PORTS	4096

/* What a frame is used as. One use at a time; see Documentation/mmu.rst. */
enum frame_type {
	FRAME_NONE = 0,		/* no typed use */
	FRAME_WRITABLE,		/* mapped writable at least once, or used by the monitor */
	FRAME_L1,		/* page table of that level; has a shadow page */
	FRAME_L2,
	FRAME_L3,
	FRAME_L4,
	FRAME_SEGMENT,		/* holds descriptors of a GDT or LDT */
	FRAME_TYPES
};

#define FRAME_PINNED		1u	/* flags: MMUEXT_PIN holds one type reference */
#define FRAME_SPECIAL		2u	/* hypervisor-owned: mappable, never a table */
#define FRAME_VALIDATING	4u	/* a promotion of this table is under way */

/**
 * struct frame - one guest frame, indexed by gfn, zero when the domain has none
 * @hfn: [I] the host frame behind it; 0: the domain does not own this gfn
 * @refs: number of present shadow entries that map or name this frame, plus
 *	uses by the monitor (roots, pins, descriptor tables, shared pages)
 * @u: @writable: how many of @refs allow writing (FRAME_WRITABLE), or descriptor
 *	uses (FRAME_SEGMENT); @shadow: index into the shadow table (FRAME_L1..L4)
 */
struct frame {
	u64 hfn : 40;
	u64 type : 4;		/* enum frame_type */
	u64 flags : 4;
	u64 stamp : 16;		/* low bits of flush_clock when the last writable use ended */
	u32 refs;
	union {
		u32 typed;
		u32 shadow;
	} u;
};				/* all [d] */

static_assert(sizeof(struct frame) == 16, "16 bytes for each guest page");

#define SHADOW_NONE		0xffffffffu

/**
 * struct shadow - one page of the shadow pool, by pool index
 * @hfn: [I] host frame of the page
 * @gfn: in use: the guest table it shadows
 * @next: free: the next free page; no references: the next such table of its level
 * @prev: no references: the one before; SHADOW_NONE ends all these lists
 * @second: index of the second page of an L4 (user or high half), or SHADOW_NONE
 * @typed: in use: references to the table as a table of its level (entries, roots, pin)
 * @stamp: free: low bits of flush_clock when it was freed
 * @present: number of present entries
 */
struct shadow {
	u64 hfn;
	u32 gfn;
	u32 next;
	u32 prev;
	u32 second;
	union {
		u32 typed;
		u32 stamp;
	};
	u16 present;
	u8 level;		/* 1..4; 0 when free or a second page */
	u8 reserved;
};				/* all [d] but hfn */

static_assert(sizeof(struct shadow) == 32, "the host gives whole pages of them");
static_assert(LAYOUT_MAX_FRAMES < 0xffffffff, "a gfn fits in 32 bits");

/* What an event port is bound to. */
enum port_state {
	PORT_FREE = 0,
	PORT_UNBOUND,		/* allocated by the guest, no peer yet */
	PORT_VMM,		/* the other end is the VMM: sending is EXIT_EVENT */
	PORT_VIRQ,		/* arg: the VIRQ */
	PORT_IPI,
	PORT_STATES
};

/**
 * struct port - one event port
 * The host may turn PORT_FREE into PORT_VMM under the event lock.
 */
struct port {
	u8 state;		/* enum port_state */
	u8 vcpu;		/* notified vCPU */
	u16 arg;		/* VIRQ number */
};				/* [e] */

/*
 * A lock between both worlds: 0 free, else 1 + id of the holding vCPU, or
 * LOCK_HOST. Held for short, bounded work, never across a world switch. Taking it
 * fails for good once the domain is dead (a monitor panic may have left it taken).
 */
struct lock {
	u32 holder;		/* [a] */
};

#define LOCK_HOST		0xffffu

struct domain {
	/* [I] addresses in the guest world, filled by the host */
	struct frame *frames;	/* [nr_frames] */
	struct shadow *shadows;	/* [pool_limit] */
	u64 *m2p;		/* [nr_frames] writable alias */
	u8 *physmap;		/* gfn n at physmap + n * 4096 */
	u8 *pool;		/* pool page n at pool + n * 4096 */
	u64 nr_frames;		/* memory and special frames */
	u64 max_pages;		/* memory gfns are below this, special ones from here */
	u64 start_pages;	/* memory pages at start: XENMEM answers, console text */
	u64 shared_info;	/* gfn of the shared_info page */
	u32 pool_limit;
	u32 nr_vcpus;		/* ids are below; not all of them need exist */
	u32 id;			/* unique on this host until it wraps */
	u32 reserved0;
	u64 features;		/* FEATURE_*, as in the image header */
	/*
	 * What every root has in slots LAYOUT_SLOT_FIRST..LAST: hardware entries.
	 * LA57: the one level-4 table of the monitor, as a level-5 entry, in
	 * monitor5[0], and its Meltdown version for user roots in monitor5[1];
	 * slots[0] is the m2p's entry, which goes to slot 256 of the high half.
	 */
	u64 slots[LAYOUT_NR_SLOTS];
	u64 monitor5[2];

	/* [a] */
	u32 pool_pages;		/* pages given so far; the host adds at the end */
	u32 dead;		/* 1 once the domain must not run */
	u64 incoming[DOMAIN_MAX_PORTS / 64];	/* raised by the host, taken by the monitor */
	u64 incoming_summary;	/* bit n: incoming[n] may have bits */
	u64 vcpu_events;	/* bit n: vCPU n has an upcall pending, for its thread */

	/*
	 * [a] Counts TLB flushes of all vCPUs. A translation that was taken back when
	 * the clock stood at t is gone from a vCPU that has flushed at t + 1 or later.
	 */
	u64 flush_clock;
	u64 translations;	/* changes whenever an entry for a table is taken back */

	/* [d] monitor */
	struct lock lock;
	u32 pool_used;		/* pages ever taken from the fresh end of the pool */
	u32 pool_free;		/* free list, oldest first, or SHADOW_NONE */
	u32 pool_free_last;	/* its end; means nothing while it is empty */
	u32 unreferenced[4];	/* tables of level n + 1 with a shadow but no references */

	/* [e] */
	struct lock event_lock;
	u32 reserved1;
	struct port ports[DOMAIN_MAX_PORTS];

	/* monitor: vCPUs by id, NULL until created [I once set] */
	void *vcpus[DOMAIN_MAX_VCPUS];
};

#endif
