/* SPDX-License-Identifier: GPL-2.0 */
/* The short way of a guest's system call, in and out. */
#ifndef PVHV_MONITOR_SYSCALL_H
#define PVHV_MONITOR_SYSCALL_H

#include "panic.h"

/**
 * syscall_quick - SYSCALL of user mode, or the iret hypercall, if nothing is special
 * @r: complete but for the registers that a C function preserves
 *
 * Returns 1: the guest can resume at once; 0: nothing has happened, trap_syscall() is
 * to do it.
 */
u32 syscall_quick(struct vcpu *v, struct regs *r);

#endif
