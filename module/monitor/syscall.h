/* SPDX-License-Identifier: GPL-2.0 */
/* The short way of a guest's system call, in and out. */
#ifndef PVHV_MONITOR_SYSCALL_H
#define PVHV_MONITOR_SYSCALL_H

#include "panic.h"

/**
 * syscall_enter_quick - SYSCALL of guest user mode, if nothing is special
 * syscall_leave_quick - the iret hypercall of guest kernel mode, likewise
 * @r: complete but for the registers that a C function preserves
 *
 * Return 1: the guest can resume at once; 0: nothing has happened, trap_syscall() is to
 * do it.
 */
u32 syscall_enter_quick(struct vcpu *v, struct regs *r);
u32 syscall_leave_quick(struct vcpu *v, struct regs *r);

#endif
