/* SPDX-License-Identifier: GPL-2.0 */
/* Records of hypercalls and bounces for the host's tracepoints: see ../shared/trace.h. */
#ifndef PVHV_MONITOR_RECORD_H
#define PVHV_MONITOR_RECORD_H

#include "panic.h"
#include "../shared/trace.h"

void record_put(struct vcpu *v, enum trace_kind kind, u32 what, u64 arg);

/** record_wanted - does somebody trace, or step? Then the short ways are closed. */
static inline bool record_wanted(const struct world *w)
{
	return unlikely(READ_ONCE(w->trace));
}

/** record - note an event if somebody traces, at the guest's current rip */
static inline void record(struct vcpu *v, enum trace_kind kind, u32 what, u64 arg)
{
	if (unlikely(READ_ONCE(v->w->trace) & TRACE_WANTED))
		record_put(v, kind, what, arg);
}

#endif
