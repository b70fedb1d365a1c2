/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The contract between a userspace VMM (pvctl) and pvhv.ko.
 *
 * Three kinds of file descriptor, each with its own ioctls:
 *
 *   /dev/pvhv    PVHV_GET_VERSION, PVHV_CREATE_DOMAIN -> domain fd
 *   domain fd    memory, vCPUs, event ports           -> vCPU fd
 *   vCPU fd      registers, PVHV_RUN; mmap() gives the run page
 *
 * Every argument is a pointer to a struct whose first member is its size in
 * bytes as the caller knows it, and whose second is a flags word. The module
 * accepts any size from the first published one on; bytes beyond what it knows
 * must be zero. So structs can grow: the ioctls' numbers do not depend on their sizes.
 * Unless an ioctl says otherwise:
 *
 *   -ENOTTY  unknown ioctl            -EFAULT  unreadable or unwritable pointer
 *   -EINVAL  size too small, unknown flag, reserved member not zero, bad value
 *   -E2BIG   non-zero bytes beyond the struct known to the module, or a size of
 *            more than a page
 *   -EIO     called from another mm than the one that created the domain
 *            (a thread of another process, or after fork() or execve()),
 *            or the domain's mm is gone
 *   -ENOMEM  no host memory, or the memory cgroup is at its limit
 *   -EMFILE, -ENFILE  no file descriptor for a result that is one
 *
 * No call that fails leaves anything half done.
 */
#ifndef _UAPI_LINUX_PVHV_H
#define _UAPI_LINUX_PVHV_H

#include <linux/types.h>
#include <linux/ioctl.h>

/* Grows with every addition to this header; never reused for a changed one. */
#define PVHV_API_VERSION	3

#define PVHV_NAME_MAX		64	/* domain name in bytes, with its NUL */
#define PVHV_MAX_VCPUS		64	/* per domain */
#define PVHV_MAX_PORTS		4096	/* event ports per domain (2-level ABI) */

/* ------------------------------------------------------------ /dev/pvhv */

/**
 * struct pvhv_version - PVHV_GET_VERSION: what this module is
 * @api: out: PVHV_API_VERSION of the module
 * @features: out: PVHV_FEATURE_* bits
 * @module: out: the module's version string, NUL-terminated
 */
struct pvhv_version {
	__u32 size;
	__u32 flags;		/* 0 */
	__u32 api;
	__u32 reserved;
	__u64 features;
	char module[32];
};

#define PVHV_FEATURE_LA57	(1ULL << 0)	/* the host runs 5-level paging */
#define PVHV_FEATURE_PCID	(1ULL << 1)	/* guest roots keep their TLB entries */
#define PVHV_FEATURE_STABLE_TSC	(1ULL << 2)	/* the guest's vDSO may read the TSC */

#define PVHV_FEATURE_DEBUG	(1ULL << 3)	/* PVHV_SET_DEBUG */

/**
 * struct pvhv_create_domain - PVHV_CREATE_DOMAIN: make an empty domain
 * @max_pages: in: how many guest frames of 4 KiB the domain may ever have; gfns
 *	of memory are below this; at most what the host has
 * @pool_pages: in: limit of shadow page-table memory in pages, at most
 *	max_pages + 512; 0 for the default, max_pages / 8 and at least 512
 * @name: in: 1 to PVHV_NAME_MAX - 1 characters from [A-Za-z0-9_.-], but not "." or
 *	"..", then zeros; unique on the host
 * @special_gfn: in: 0; out: first gfn above all memory. special_gfn + 0 is the
 *	shared_info page, which the module allocates.
 *
 * Returns the domain's file descriptor. -EEXIST: the name is in use; -EBUSY:
 * this mm has a domain already.
 */
struct pvhv_create_domain {
	__u32 size;
	__u32 flags;		/* 0 */
	__u64 max_pages;
	__u64 pool_pages;
	char name[PVHV_NAME_MAX];
	__u64 special_gfn;
};

#define PVHV_GET_VERSION	_IO('X', 0x70)
#define PVHV_CREATE_DOMAIN	_IO('X', 0x71)

/* ------------------------------------------------------------ domain fd */

/**
 * struct pvhv_set_memory - PVHV_SET_MEMORY: give memory to the domain
 * @gfn: in: first guest frame
 * @pages: in: number of 4 KiB frames, not 0
 * @addr: in: page-aligned address in the caller's address space; the pages are
 *	pinned and stay the domain's until it ends
 *
 * Only before the first PVHV_RUN. -EEXIST: overlaps memory given before;
 * -ERANGE: beyond max_pages; -EBUSY: the domain has run; -EFAULT: not memory that
 * the caller may write to; -ENOMEM: also the module's limit for the user that
 * created the domain (parameter max_pinned_mb).
 */
struct pvhv_set_memory {
	__u32 size;
	__u32 flags;		/* 0 */
	__u64 gfn;
	__u64 pages;
	__u64 addr;
};

/**
 * struct pvhv_create_vcpu - PVHV_CREATE_VCPU: add a virtual CPU
 * @id: in: below PVHV_MAX_VCPUS; ids are handed out from 0 upwards by the caller
 *
 * Only before the first PVHV_RUN. Returns the vCPU's file descriptor. Its first
 * page can be mapped shared and writable: struct pvhv_run. -EEXIST: the id is
 * taken; -EBUSY: the domain has run.
 */
struct pvhv_create_vcpu {
	__u32 size;
	__u32 flags;		/* 0 */
	__u32 id;
	__u32 reserved;
};

/**
 * struct pvhv_bind_port - PVHV_BIND_PORT: an event channel between VMM and guest
 * @port: in: 0 to take any free port, else the wanted one; out: the port
 * @eventfd: in: signalled whenever the guest sends on the port, or -1
 * @vcpu: in: the vCPU notified by PVHV_RAISE_PORT until the guest rebinds it; below
 *	PVHV_MAX_VCPUS, but need not exist
 *
 * -EBUSY: the wanted port is taken; -ENOSPC: no port is free; -EBADF, -EINVAL:
 * not an eventfd.
 */
struct pvhv_bind_port {
	__u32 size;
	__u32 flags;		/* 0 */
	__u32 port;
	__s32 eventfd;
	__u32 vcpu;
	__u32 reserved;
};

/**
 * struct pvhv_raise_port - PVHV_RAISE_PORT: send the guest an event
 * @port: in: a port from PVHV_BIND_PORT
 *
 * -ENOENT: the port is not bound by PVHV_BIND_PORT.
 */
struct pvhv_raise_port {
	__u32 size;
	__u32 flags;		/* 0 */
	__u32 port;
	__u32 reserved;
};

#define PVHV_SET_MEMORY		_IO('X', 0x80)
#define PVHV_CREATE_VCPU	_IO('X', 0x81)
#define PVHV_BIND_PORT		_IO('X', 0x82)
#define PVHV_RAISE_PORT		_IO('X', 0x83)

/* -------------------------------------------------------------- vCPU fd */

/**
 * struct pvhv_regs - PVHV_SET_REGS, PVHV_GET_REGS: the guest's registers
 * @cr3_gfn: gfn of the root page table the vCPU runs on in kernel mode. When set,
 *	the root is validated and pinned at the next PVHV_RUN; a bad one ends the
 *	domain with PVHV_CRASH_PAGETABLE.
 * @user_mode: 0: guest kernel, 1: guest user mode
 * @cr2: the last page-fault address the guest was told
 * @events_masked: out: 1: event upcalls are masked, the ABI's "interrupts off"; in @rflags
 *	IF is always set
 * @fault_vector: out: the last exception that the guest was told of, or could not be
 *	told of; ~0: none yet
 * @fault_error: out: its error code, 0 if it has none
 * @fault_rip: out: where it happened
 *
 * The members from @events_masked on came with version 2; a caller of version 1 has a
 * struct of PVHV_REGS_SIZE_1 bytes.
 *
 * Selectors are read-only; they start as the ABI's flat ones. Any rip, rsp and
 * rflags may be set: the guest gets what comes of it, but for the flags that are not a
 * guest's to choose (IF, IOPL, VM, VIF, VIP). PVHV_SET_REGS is for vCPU 0, the others are
 * the guest's to start. It returns -EINVAL for another vCPU, a base that is no canonical
 * address of 4-level paging, user mode, or a root that is not below max_pages.
 *
 * Once the guest has begun to run, registers can still be set, for debuggers: then
 * @user_mode and @cr3_gfn have to be what PVHV_GET_REGS says (else -EINVAL), @cr2 is
 * read-only, too, and -ESHUTDOWN means that the domain has ended. (Before version 3: -EBUSY
 * once it has run.)
 *
 * Both: -EBUSY while a thread runs the vCPU.
 */
struct pvhv_regs {
	__u32 size;
	__u32 flags;		/* 0 */
	__u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	__u64 rax, rcx, rdx, rsi, rdi;
	__u64 rip, cs, rflags, rsp, ss;
	__u64 ds, es, fs, gs;
	__u64 fs_base, gs_base_kernel, gs_base_user;
	__u64 cr2, cr3_gfn;
	__u64 user_mode;
	__u64 events_masked;
	__u64 fault_vector, fault_error, fault_rip;
};

#define PVHV_REGS_SIZE_1	248

/**
 * struct pvhv_set_debug - PVHV_SET_DEBUG: a debugger in the VMM
 * @control: in: PVHV_DEBUG_* bits, 0: no debugger
 * @dr: in: addresses of breakpoints, with PVHV_DEBUG_HARDWARE
 * @dr7: in: which of them are on and what they watch, as in the CPU's register
 *
 * What is the debugger's makes PVHV_RUN return with PVHV_EXIT_DEBUG, and the guest does
 * not see it. Holds for all following PVHV_RUN. -EINVAL: an unknown bit; an address that
 * is not the guest's; in @dr7 a reserved bit, general detect, a breakpoint on ports, or
 * one on execution with a length; @dr or @dr7 not 0 without PVHV_DEBUG_HARDWARE. -EBUSY: a
 * thread runs the vCPU.
 */
struct pvhv_set_debug {
	__u32 size;
	__u32 flags;		/* 0 */
	__u32 control;
	__u32 reserved;
	__u64 dr[4];
	__u64 dr7;
};

/* Each `int3` ends the run, with rip at it. */
#define PVHV_DEBUG_BREAKPOINT	(1U << 0)
/*
 * The run ends after one instruction, or at the first one of an exception's handler.
 * Event upcalls wait; a hypercall is one instruction, also if it blocks.
 */
#define PVHV_DEBUG_STEP		(1U << 1)
/* @dr and @dr7 are in the CPU in place of the guest's, which it can still read and write. */
#define PVHV_DEBUG_HARDWARE	(1U << 2)
/*
 * Only for the next PVHV_RUN: if the last exit was for a breakpoint, it was the guest's
 * own, and gets the exception now.
 */
#define PVHV_DEBUG_PASS		(1U << 3)

#define PVHV_RUN		_IO('X', 0x90)
#define PVHV_SET_REGS		_IO('X', 0x91)
#define PVHV_GET_REGS		_IO('X', 0x92)
#define PVHV_SET_DEBUG		_IO('X', 0x93)

/* PVHV_RUN returns 0 with one of these in pvhv_run.reason, or -1 with
 *
 *   -EINTR   a signal is pending; call again
 *   -EINVAL  the vCPU has no registers yet
 *   -EBUSY   another thread is running this vCPU
 *   -ESHUTDOWN  the domain has ended; pvhv_run still says why
 *   -ENOMEM  no host memory for page tables; call again when there is some
 *   -EIO     see above, or a bug of the module that it has logged
 */
enum pvhv_reason {
	PVHV_EXIT_NONE = 0,
	PVHV_EXIT_SHUTDOWN = 1,	/* the guest asked: pvhv_run.shutdown */
	PVHV_EXIT_CRASH = 2,	/* the module ended it: pvhv_run.crash */
	PVHV_EXIT_CONSOLE = 3,	/* console_io write: pvhv_run.console */
	PVHV_EXIT_CONSOLE_READ = 4, /* console_io read: fill pvhv_run.console */
	PVHV_EXIT_DEBUG = 5,	/* for the debugger: pvhv_run.debug */
};

/* pvhv_run.shutdown.reason: the values of the Xen ABI, SHUTDOWN_* in xen/sched.h */

/* pvhv_run.crash.reason */
enum pvhv_crash {
	PVHV_CRASH_NONE = 0,
	PVHV_CRASH_TRIPLE_FAULT = 1,	/* no handler, or one that faults at once */
	PVHV_CRASH_BAD_STACK = 2,	/* the stack for a bounce is not writable */
	PVHV_CRASH_PAGETABLE = 3,	/* the initial page tables are not valid */
	PVHV_CRASH_POOL = 4,		/* shadow page-table memory is at its limit */
	PVHV_CRASH_FOREIGN_WRITE = 5,	/* guest tables changed behind the monitor's back */
	PVHV_CRASH_MACHINE_CHECK = 6,	/* the machine reported broken memory */
	PVHV_CRASH_MONITOR = 7,		/* a bug in the monitor: see the kernel log */
	PVHV_CRASH_GUEST = 8,		/* the guest did something no ABI rule answers */
};

#define PVHV_CONSOLE_MAX	2048

/**
 * struct pvhv_run - first page of a vCPU fd, mapped shared
 * @reason: out: enum pvhv_reason
 * @immediate_exit: in: when not 0, PVHV_RUN returns -EINTR without entering
 *	the guest (set it from a signal handler to close the race with PVHV_RUN)
 * @shutdown.reason: out: SHUTDOWN_* of the Xen ABI
 * @crash.reason: out: enum pvhv_crash
 * @crash.text: out: one line for people
 * @console.len: bytes in @console.data. Write: out. Read: in: how many bytes the
 *	VMM put there, at most @console.max; read back at the next PVHV_RUN.
 * @debug.vector: out: 1: a step or a breakpoint of @dr7, 3: `int3`
 * @debug.dr6: out: what happened, as in the CPU's register (vector 1)
 * @debug.rip: out: where the guest is
 *
 * The module never trusts what it finds here.
 */
struct pvhv_run {
	__u32 reason;
	__u32 immediate_exit;
	struct {
		__u32 reason;
		__u32 reserved;
	} shutdown;
	struct {
		__u32 reason;
		__u32 reserved;
		char text[160];
	} crash;
	struct {
		__u32 len;
		__u32 max;
		__u8 data[PVHV_CONSOLE_MAX];
	} console;
	struct {
		__u32 vector;
		__u32 reserved;
		__u64 dr6;
		__u64 rip;
	} debug;
};

#endif /* _UAPI_LINUX_PVHV_H */
