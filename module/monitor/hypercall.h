/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypercall table and the calls that carry other calls or stop the vCPU.
 *
 * A handler gets a copy of the six arguments and returns the result, a negated
 * error number, or -RESTART: then the call runs again later, with arg[] as the
 * handler left it.
 */
#ifndef PVHV_MONITOR_HYPERCALL_H
#define PVHV_MONITOR_HYPERCALL_H

#include "panic.h"

/** hypercall_dispatch - serve the SYSCALL of a guest kernel: number in rax */
void hypercall_dispatch(struct vcpu *v, struct regs *r);

long hypercall_multicall(struct vcpu *v, u64 arg[6]);
long hypercall_sched_op(struct vcpu *v, u64 arg[6]);

/* mmuop.c */
long hypercall_mmu_update(struct vcpu *v, u64 arg[6]);
long hypercall_update_va_mapping(struct vcpu *v, u64 arg[6]);
long hypercall_update_va_mapping_other(struct vcpu *v, u64 arg[6]);
long hypercall_mmuext_op(struct vcpu *v, u64 arg[6]);

#endif
