// SPDX-License-Identifier: GPL-2.0
/* See record.h. */
#include "record.h"
#include "cpu.h"

struct trace_record *__cold record_put(struct vcpu *v, enum trace_kind kind, u32 what, u64 arg)
{
	struct trace_ring *ring = v->trace;
	u32 n = READ_ONCE(ring->count);

	if (n >= TRACE_RECORDS) {
		ring->lost++;
		return NULL;
	}
	ring->record[n] = (struct trace_record){
		.tsc = cpu_rdtsc(), .rip = v->regs->rip, .arg = arg, .what = what, .kind = kind,
	};
	ring->count = n + 1;
	/* As if the host had asked: we leave when what is under way is done. */
	if (n + 1 >= TRACE_HIGH)
		WRITE_ONCE(v->w->kick, 1);
	return &ring->record[n];
}

void __cold record_ticks(struct trace_record *r)
{
	r->ticks = cpu_rdtsc() - r->tsc;
}
