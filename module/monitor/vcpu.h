/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor's view of one virtual CPU. It lies at a fixed place of the vCPU's
 * area, is zero at first, and only the CPU that runs the vCPU touches it, except
 * for fields marked [a].
 */
#ifndef PVHV_MONITOR_VCPU_H
#define PVHV_MONITOR_VCPU_H

#include "lib.h"
#include "../shared/domain.h"
#include "../shared/image.h"
#include "../shared/regs.h"
#include "../shared/world.h"

#include <xen/xen.h>
#include <xen/vcpu.h>

/* One handler of set_trap_table. */
struct vcpu_trap {
	u64 rip;		/* 0: none */
	u16 cs;
	u8 dpl;			/* lowest privilege that may raise it by `int n` */
	u8 mask_events;
	u32 reserved;
};

struct vcpu_callback {
	u64 rip;		/* 0: none */
	bool mask_events;
};

/*
 * A page of the guest that the monitor writes to. The frame is held with a
 * writable type reference for as long as it is registered.
 */
struct vcpu_shared_page {
	gfn_t gfn;		/* GFN_NONE: not registered */
	void *ptr;		/* in the physmap; NULL: not registered */
};

/*
 * One page of the guest as the monitor reaches it. Good as long as the shadow entry says
 * what it said, and its table is where it was.
 */
struct vcpu_translation {
	u64 key;		/* page address and TRANSLATION_* of guestmem.c; 0: none */
	u64 root;		/* gfn of the root it was looked up from */
	u8 *ptr;		/* the page in the physmap */
	const u64 *spte_at;
	u64 spte;
};

/* Where a walk gets to its level-1 table. */
struct vcpu_walk {
	u64 key;		/* 2 MiB region and WALK_VALID of walk.c; 0: none */
	u64 root;
	gfn_t table;
	u64 rights;		/* of the levels above */
};

#define VCPU_TRANSLATIONS	8	/* powers of two */
#define VCPU_WALKS		8

struct vcpu {
	/* entry.S and switch.S know the offsets of these */
	u64 saved_rsp;		/* SYSCALL: the guest's rsp until it is on the stack */
	u64 root_kernel;	/* CR3 values, without the no-flush bit */
	u64 root_user;
	u64 root;		/* the one of the two that the next entry loads */
	u64 pending_vector;	/* interrupt taken in the monitor: vector + 1, or 0 */
	u32 debug_live;		/* not 0: the CPU's DR7 is the guest's */
	u32 ts;			/* not 0: CR0.TS is set, for the guest */

	struct regs *regs;
	struct domain *d;
	struct world *w;
	struct trace_ring *trace;
	u32 id;
	bool user_mode;		/* guest user mode: root_user, user GS base */
	bool started;

	/* run.c: why we leave instead of resuming; EXIT_NONE: resume */
	u32 exit;

	/* pgtable.c: frames of the loaded roots, GFN_NONE when there is none */
	gfn_t cr3_kernel;
	gfn_t cr3_user;

	u64 *root5_kernel;	/* LA57: this vCPU's top-level tables */
	u64 *root5_user;

	/* tlb.c */
	u64 loaded;		/* CR3 as the CPU has it, without the no-flush bit */
	u64 flushed[2];		/* [a] flush_clock of the last full flush of each address space */
	u32 tlb_flush;		/* [a] TLB_FLUSH_* wanted before the guest resumes */
	u32 in_guest;		/* [a] TLB_FLUSH_* of the space the guest may be running in */

	/* bounce.c */
	struct vcpu_trap traps[256];
	bool console_reading;	/* hcall.c: an EXIT_CONSOLE_READ is answered */
	struct vcpu_callback event, failsafe, syscall, syscall32, sysenter;
	u64 kernel_sp;
	u64 cr2;		/* last one told to the guest */
	u64 fault_vector;	/* the last exception, ~0: none */
	u64 fault_error, fault_rip;
	u8 iopl;		/* virtual IOPL, set by physdev_op */

	/* walk.c, guestmem.c: caches, valid while domain.translations stands */
	u64 translations;
	struct vcpu_walk walk[VCPU_WALKS];
	struct vcpu_translation translation[VCPU_TRANSLATIONS];

	/* segment.c */
	u64 gdt_frames[14];	/* gfn of each page of the guest's GDT, ~0: none */
	u32 gdt_entries;
	u32 ldt_entries;
	u64 ldt_base;
	u64 ldt_frames[16];

	u64 debugreg[8];	/* debugreg.c: as the guest has them */

	/* debugger.c */
	u64 step_rip;		/* where the step began */
	u32 step_kind;
	bool step_armed;	/* a step is under way */
	bool step_forced;	/* the TF in regs is ours */
	bool step_own;		/* the guest had TF set itself */
	bool told_breakpoint;	/* the VMM was last told of a #BP, */
	u64 told_rip;		/* here, */
	bool pass_breakpoint;	/* and says that it is the guest's */

	u64 xcr0;		/* emulate.c: as the guest has set it; the CPU keeps the host's */

	/* event.c */
	struct vcpu_info *info;	/* in shared_info or registered by the guest */
	struct vcpu_info no_info;	/* until a vCPU above 31 registers one */
	struct vcpu_shared_page info_page;
	u32 virq_port[24];	/* port of each VIRQ, 0: none */
	u32 poll_port[8];	/* SCHEDOP_poll: ports waited for */
	u32 poll_ports;

	/* time.c */
	u64 timer_deadline;	/* system time in ns, ~0: none */
	u64 periodic;		/* ns, 0: none */
	u64 periodic_next;
	struct vcpu_shared_page time_page;	/* vcpu_time_memory_area */
	struct vcpu_shared_page runstate_page;
	struct vcpu_shared_page runstate_rest;	/* the next page, if the area ends there */
	u64 runstate_split;	/* bytes of the area in the first page */
	struct vcpu_runstate_info runstate;
	u64 vm_assist;
	u64 wall_version;
};

static_assert(sizeof(struct vcpu) <= AREA_VCPU_SIZE, "the area reserves two pages");

extern const struct image_header image_header;

static inline bool vcpu_has(struct vcpu *v, u64 feature)
{
	return v->d->features & feature;
}

static inline void vcpu_count(struct vcpu *v, enum counter c)
{
	v->w->counter[c]++;
}

/**
 * vcpu_exit - leave to the host before the guest resumes
 * The first reason wins; the arguments go to world.exit_arg.
 */
static inline void vcpu_exit(struct vcpu *v, enum exit_reason reason, u64 arg0)
{
	if (v->exit)
		return;
	v->exit = reason;
	v->w->exit_arg[0] = arg0;
}

#endif
