/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world page: everything one vCPU's host side and monitor side tell each
 * other. Requests go down as fields the host fills before it enters; results
 * come up as an exit reason with arguments. One page per vCPU, mapped in both
 * worlds, so it must not hold an address of the host (KASLR), except CR3.
 *
 * Legend: [I] set by the host before the first entry, constant after
 *         [h] written by the host, only while the vCPU is not entered
 *         [m] written by the monitor, read by the host after an exit
 *         [a] atomic, any time
 */
#ifndef PVHV_SHARED_WORLD_H
#define PVHV_SHARED_WORLD_H

#include "types.h"

/* Operand of LGDT and LIDT, aligned so that the base is. */
struct world_descriptor {
	u16 pad[3];
	u16 limit;
	u64 base;
};

/* Why the monitor returned. Arguments in world.exit_arg. */
enum exit_reason {
	EXIT_NONE = 0,
	EXIT_INTERRUPT,		/* a host interrupt: [0] vector; switch.S delivers it */
	EXIT_NMI,		/* an NMI; delivered likewise */
	EXIT_MCE,		/* #MC: [0] 1 if it came from CPL 3, 0 from the monitor */
	EXIT_KICK,		/* the host asked (world.kick) */
	EXIT_BLOCK,		/* SCHEDOP_block: sleep until an event or world.deadline */
	EXIT_POLL,		/* SCHEDOP_poll: as BLOCK; [0] absolute timeout in ns, 0 none */
	EXIT_YIELD,
	EXIT_TIMER,		/* world.deadline is earlier than world.programmed */
	EXIT_TOPUP,		/* the shadow pool is short: [0] pages wanted */
	EXIT_EVENT,		/* the guest sent on a VMM port: [0] port */
	EXIT_CONSOLE_WRITE,	/* [0] bytes in world.console */
	EXIT_CONSOLE_READ,	/* [0] bytes wanted; answer in world.console, .console_len */
	EXIT_SHUTDOWN,		/* [0] SHUTDOWN_* of the ABI */
	EXIT_CRASH,		/* the domain dies: [0] enum crash_reason, world.text says why */
	EXIT_PANIC,		/* monitor bug: world.text, [0] rip, world.backtrace */
	EXIT_ASYNC_PF,		/* page fault injected by L0: [0] token (CR2); host: [1] flags */
	EXIT_DEBUG,		/* for the debugger in the VMM: [0] vector, [1] DR6 */
	EXIT_AUDIT,		/* REQUEST_AUDIT is done: [0] differences, world.text: the first */
	EXIT_REASONS
};

/* EXIT_CRASH: why. The same values as enum pvhv_crash of uapi/linux/pvhv.h. */
enum crash_reason {
	CRASH_NONE = 0,
	CRASH_TRIPLE_FAULT,
	CRASH_BAD_STACK,
	CRASH_PAGETABLE,
	CRASH_POOL,
	CRASH_FOREIGN_WRITE,
	CRASH_MACHINE_CHECK,
	CRASH_MONITOR,
	CRASH_GUEST,
};

/* world.request [h]: what the monitor is to do at entry; cleared by it. */
#define REQUEST_CONTEXT		(1u << 0)	/* load world.context: the first entry */
#define REQUEST_FLUSH_TLB	(1u << 1)	/* this CPU's TLB may hold old entries of ours */
#define REQUEST_TIMER		(1u << 2)	/* world.programmed has passed */
#define REQUEST_TIME		(1u << 3)	/* world.time has changed */
#define REQUEST_PANIC		(1u << 5)	/* a test of panics: world.provoke */
#define REQUEST_NO_DS		(1u << 6)	/* PEBS or BTS are on: off before the guest runs */
#define REQUEST_DEBUG		(1u << 7)	/* world.debug_* have changed */
#define REQUEST_AUDIT		(1u << 4)	/* audit the domain, which has ended; do not run it */

/* world.debug_control; the same values as PVHV_DEBUG_* of uapi/linux/pvhv.h. */
#define DEBUG_BREAKPOINT	(1u << 0)	/* #BP is the debugger's */
#define DEBUG_STEP		(1u << 1)	/* leave after one instruction */
#define DEBUG_HARDWARE		(1u << 2)	/* debug_dr, debug_dr7 instead of the guest's */
#define DEBUG_PASS		(1u << 3)	/* the last #BP was the guest's, give it back */

/* world.trace */
#define TRACE_WANTED		(1u << 0)	/* record for tracepoints, see trace.h */
#define TRACE_STEPS		(1u << 1)	/* do not; but nothing may be done the quick way */

/* world.provoke: a bug of the monitor for tests to look at. */
enum provoke {
	PROVOKE_NONE = 0,
	PROVOKE_ASSERT,
	PROVOKE_FAULT,		/* a write to address 0 */
	PROVOKE_OVERFLOW,	/* recursion until the stack ends: #DF */
	PROVOKE_KINDS
};

/*
 * Counters, one u64 each, per vCPU. The first group counts world switches by
 * reason and mirrors enum exit_reason; the second counts events that stay in the
 * monitor. Names are what debugfs shows.
 */
#define MONITOR_COUNTERS(X) \
	X(hypercall) X(hypercall_unknown) X(syscall) X(syscall32) X(iret) \
	X(bounce) X(page_fault) X(fault_bounced) X(fault_accessed) X(fault_dirty) \
	X(fault_spurious) X(emulate_pte) X(emulate_insn) \
	X(mmu_update) X(update_va) X(pin) X(unpin) X(load_root) \
	X(promote) X(demote) X(shadow_alloc) \
	X(cr3_write) X(tlb_flush) X(invlpg) X(upcall) X(event_send) \
	X(msr) X(cpuid) X(set_timer) X(context_load) X(multicall) X(restart)

enum counter {
#define X(name) COUNTER_##name,
	MONITOR_COUNTERS(X)
#undef X
	COUNTERS
};

/* Wall clock and system time of the guest, as struct pvclock of the ABI needs it. */
struct world_time {
	u64 tsc;		/* TSC when @ns was read */
	u64 ns;			/* system time of the domain: ns since its start */
	u32 mul;		/* ns = ((tsc_delta << shift) * mul) >> 32 */
	s8 shift;
	u8 flags;		/* PVCLOCK_TSC_STABLE_BIT = 1 */
	u16 reserved;
	u32 wall_sec, wall_nsec; /* wall clock at system time 0 */
	u64 wall_version;	/* changes when the wall clock was set */
};

/* The registers a vCPU starts with, or shows when it is not entered. */
struct world_context {
	u64 ds, es, fs, gs;
	u64 fs_base, gs_base_kernel, gs_base_user;
	u64 cr2, cr3_gfn;
	u64 user_mode;		/* 1: the guest is in user mode */
	u64 events_masked;	/* 1: vcpu_info masks upcalls */
	u64 fault_vector;	/* the last exception of the guest, ~0: none */
	u64 fault_error, fault_rip;
};

#define WORLD_CONSOLE_MAX	1024
#define WORLD_TEXT_MAX		160
#define WORLD_BACKTRACE_MAX	16

struct world {
	/* [I] */
	u64 domain;		/* struct domain * in the guest world */
	u32 vcpu_id;
	u32 pcid_kernel;	/* our PCIDs, 0 without FEATURE_PCID */
	u32 pcid_user;
	u32 reserved0;
	u64 idle_root;		/* CR3 of a root with nothing but the monitor's slots */
	u64 root5_kernel;	/* LA57: CR3 of AREA_ROOT_KERNEL and AREA_ROOT_USER */
	u64 root5_user;
	struct world_descriptor gdt_guest, gdt_transition, idt;

	/* [h] */
	u64 host_cr3;		/* what leaving writes to CR3, with the no-flush bit */
	u32 request;		/* REQUEST_* */
	u32 console_len;	/* answer to EXIT_CONSOLE_READ: bytes */
	u32 provoke;		/* enum provoke, with REQUEST_PANIC */
	u32 reserved1;
	u64 pebs_enable;	/* the host's MSRs, with REQUEST_NO_DS */
	u64 debugctl;
	u32 ds_stopped;		/* 1: switch.S writes both back on its way out; the host clears it */
	u32 reserved2;
	u32 debug_control;	/* DEBUG_* */
	u32 reserved4;
	u64 debug_dr[4];	/* with DEBUG_HARDWARE; checked by the host */
	u64 debug_dr7;
	u64 programmed;		/* system time in ns for which the host set a timer; ~0 none */
	struct world_time time;

	/* [a] */
	u32 trace;		/* TRACE_* */
	u32 reserved3;
	u32 kick;		/* not 0: return at once; the host clears it */
	u32 nmi_noted;		/* switch.S: an NMI came in the monitor */

	/* [m] */
	u64 enter_root;		/* CR3 to enter on; the host starts it with idle_root, and
				 * takes the no-flush bit off with REQUEST_FLUSH_TLB */
	u32 exit_reason;	/* enum exit_reason */
	u32 vector;		/* EXIT_INTERRUPT: for switch.S */
	u64 exit_arg[4];
	u64 deadline;		/* system time in ns the guest wants VIRQ_TIMER at; ~0 none */
	u64 blocked;		/* 1 while EXIT_BLOCK or EXIT_POLL stands */
	struct world_context context;	/* [h] with REQUEST_CONTEXT, and the bases; [m] at each exit */
	u64 backtrace[WORLD_BACKTRACE_MAX]; /* EXIT_PANIC: return addresses, 0 ends */
	char text[WORLD_TEXT_MAX];
	u64 counter[COUNTERS];
	u8 console[WORLD_CONSOLE_MAX];
};

static_assert(sizeof(struct world) <= 4096, "the world page is one page");

#endif
