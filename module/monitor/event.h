/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Event channels of the 2-level ABI: ports, pending and mask bits in shared_info,
 * the upcall flag in vcpu_info. What lies in shared pages is the guest's (and the
 * VMM's) to scribble on; the port table is ours.
 */
#ifndef PVHV_MONITOR_EVENT_H
#define PVHV_MONITOR_EVENT_H

#include "panic.h"

/** event_init - vcpu_info in shared_info; once per vCPU */
void event_init(struct vcpu *v);

/** event_collect - take what the host has raised for this domain */
void event_collect(struct vcpu *v);

/** event_raise_port - set a port pending and its vCPU's upcall flag */
void event_raise_port(struct vcpu *v, u32 port);

/** event_raise_virq - the same for the port bound to @virq on @v, if there is one */
void event_raise_virq(struct vcpu *v, u32 virq);

/** event_pending - must an upcall be delivered? */
static inline bool event_pending(struct vcpu *v)
{
	return READ_ONCE(v->info->evtchn_upcall_pending) &&
	       !(READ_ONCE(v->info->evtchn_upcall_mask) & 1);
}

/** event_poll_ready - is one of the ports of SCHEDOP_poll pending? */
bool event_poll_ready(struct vcpu *v);

/** event_register_info - VCPUOP_register_vcpu_info: move vcpu_info to guest memory */
long event_register_info(struct vcpu *v, gfn_t g, u64 offset);

long hypercall_event_channel_op(struct vcpu *v, u64 arg[6]);

#endif
