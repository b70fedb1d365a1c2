/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's time: the factors it computes with, its timers, its runstate. System
 * time is in ns since the domain's start.
 */
#ifndef PVHV_MONITOR_TIME_H
#define PVHV_MONITOR_TIME_H

#include "panic.h"

#define TIME_NEVER	(~0ULL)

/** time_scale - TSC ticks to ns: ((ticks << shift) * mul) >> 32, exact */
static inline u64 time_scale(u64 ticks, u32 mul, s8 shift)
{
	if (shift >= 0)
		ticks <<= shift;
	else
		ticks >>= -shift;
	return (u64)(((unsigned __int128)ticks * mul) >> 32);
}

void time_init(struct vcpu *v);

/** time_now - system time in ns */
u64 time_now(struct vcpu *v);

/** time_enter - from the host: new factors, a timer that has fired, runstate */
void time_enter(struct vcpu *v);
/** time_leave - to the host: runstate, deadline */
void time_leave(struct vcpu *v);

/** time_get_runstate - the runstate with its times up to now */
void time_get_runstate(struct vcpu *v, struct vcpu_runstate_info *r);

long time_vcpu_op(struct vcpu *v, u64 op, u64 va);
long time_register_area(struct vcpu *v, u64 va);
long time_register_runstate(struct vcpu *v, u64 va);

long hypercall_set_timer_op(struct vcpu *v, u64 arg[6]);

#endif
