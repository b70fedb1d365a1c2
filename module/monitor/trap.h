/* SPDX-License-Identifier: GPL-2.0 */
/* What entry.S calls. */
#ifndef PVHV_MONITOR_TRAP_H
#define PVHV_MONITOR_TRAP_H

#include "panic.h"
#include "walk.h"

/*
 * A page fault that a hypervisor below the host injected to say "the page behind
 * this token is being paged in". It has error code 0, which no fault at CPL 3 has.
 */
static inline bool trap_is_async_page_fault(u64 error)
{
	return !(error & PF_USER);
}

/* An exception or interrupt from the guest. */
void trap_guest(struct vcpu *v, struct regs *r);

/* The SYSCALL instruction: a hypercall, or a system call of guest user mode. */
void trap_syscall(struct vcpu *v, struct regs *r);

/*
 * An exception in the monitor. With a fixup: returns 0 to continue at r->rip, or 1
 * if IRETQ refused the guest's frame and struct regs is ready for another try.
 * Without one: a bug.
 */
u32 trap_monitor(struct vcpu *v, struct regs *r);

/* #DB in the monitor: the guest's, delivered late. */
void trap_debug(struct vcpu *v, struct regs *r);

void trap_panic(struct vcpu *v, struct regs *r);

#endif
