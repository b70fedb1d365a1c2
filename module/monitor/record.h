/* SPDX-License-Identifier: GPL-2.0 */
/* Records of hypercalls and bounces for the host's tracepoints: see ../shared/trace.h. */
#ifndef PVHV_MONITOR_RECORD_H
#define PVHV_MONITOR_RECORD_H

#include "panic.h"
#include "../shared/trace.h"

struct trace_record *record_put(struct vcpu *v, enum trace_kind kind, u32 what, u64 arg);

/** record_wanted - does somebody trace, or step? Then the short ways are closed. */
static inline bool record_wanted(const struct world *w)
{
	return unlikely(READ_ONCE(w->trace));
}

/**
 * record - note an event if somebody traces, at the guest's current rip
 * The record, or NULL. It stays until we leave.
 */
static inline struct trace_record *record(struct vcpu *v, enum trace_kind kind, u32 what, u64 arg)
{
	if (unlikely(READ_ONCE(v->w->trace) & TRACE_WANTED))
		return record_put(v, kind, what, arg);
	return NULL;
}

void record_ticks(struct trace_record *r);

/** record_end - what @r is about is done; it may be NULL */
static inline void record_end(struct trace_record *r)
{
	if (unlikely(r))
		record_ticks(r);
}

#endif
