/* SPDX-License-Identifier: GPL-2.0 */
/* Hypercalls about the machine as a whole: version, memory, console, devices, vCPUs. */
#ifndef PVHV_MONITOR_HCALL_H
#define PVHV_MONITOR_HCALL_H

#include "panic.h"

long hypercall_xen_version(struct vcpu *v, u64 arg[6]);
long hypercall_memory_op(struct vcpu *v, u64 arg[6]);
long hypercall_console_io(struct vcpu *v, u64 arg[6]);
long hypercall_physdev_op(struct vcpu *v, u64 arg[6]);
long hypercall_grant_table_op(struct vcpu *v, u64 arg[6]);
long hypercall_vm_assist(struct vcpu *v, u64 arg[6]);
long hypercall_vcpu_op(struct vcpu *v, u64 arg[6]);

#endif
