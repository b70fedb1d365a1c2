// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a vCPU between two returns to the VMM: prepare, enter, serve the
 * exit, again. Everything that may sleep happens outside run_once().
 */
#include <linux/entry-kvm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "exit.h"
#include "run.h"
#include "trace.h"
#include "vcpu.h"
#include "work.h"

static bool audit;
module_param(audit, bool, 0444);
MODULE_PARM_DESC(audit, "for tests: check all page tables and counts when a domain ends, let bugs be provoked (default off)");

bool pvhv_run_audits(void)
{
	return audit;
}

static bool run_has_other_work(struct pvhv_vcpu *v)
{
	return __xfer_to_guest_mode_work_pending() || READ_ONCE(v->run->immediate_exit) ||
	       pvhv_domain_ended(v->d);
}

/* The tracepoints of what happened in the monitor. Interrupts are off. */
static void run_drain(struct pvhv_vcpu *v)
{
	struct trace_ring *ring = v->area.trace;
	u32 n = min_t(u32, ring->count, TRACE_RECORDS), i;

	for (i = 0; i < n; i++) {
		const struct trace_record *r = &ring->record[i];

		if (r->kind == TRACE_HYPERCALL)
			trace_pvhv_hypercall(v->d->id, v->id, r->tsc, r->rip, r->what, r->arg,
					     r->ticks);
		else
			trace_pvhv_bounce(v->d->id, v->id, r->tsc, r->rip, r->what, r->arg);
	}
	if (ring->lost)
		trace_pvhv_lost(v->d->id, v->id, ring->lost);
	ring->count = 0;
	ring->lost = 0;
}

static void run_prepare_requests(struct pvhv_vcpu *v)
{
	bool traced = trace_pvhv_hypercall_enabled() || trace_pvhv_bounce_enabled();
	bool steps = v->area.world->debug_control & DEBUG_STEP;
	u32 wanted = (traced ? TRACE_WANTED : 0) | (steps ? TRACE_STEPS : 0);

	if (unlikely(v->area.world->trace != wanted))
		WRITE_ONCE(v->area.world->trace, wanted);
	if (unlikely(READ_ONCE(v->d->provoke))) {
		v->provoked = true;
		v->area.world->provoke = xchg(&v->d->provoke, PROVOKE_NONE);
		v->area.world->request |= REQUEST_PANIC;
	}
}

/* One visit to the guest world. Returns the exit reason; EXIT_NONE: not entered. */
static u32 run_once(struct pvhv_vcpu *v)
{
	struct world *w = v->area.world;
	u32 reason = EXIT_NONE;

	preempt_disable();
	local_irq_disable();
	/* Whoever raises an event after this finds a CPU to interrupt. */
	WRITE_ONCE(w->kick, 0);
	WRITE_ONCE(v->event, 0);
	WRITE_ONCE(v->cpu, smp_processor_id());
	smp_mb();	/* pairs with the one in vcpu_kick() */
	if (!run_has_other_work(v)) {
		pvhv_timer_prepare(&v->timer, w, &v->d->clock);
		run_prepare_requests(v);
		trace_pvhv_enter(v->d->id, v->id, v->area.regs->rip);
		reason = pvhv_world_enter(v->task, &v->area);
		if (unlikely(v->area.trace->count))
			run_drain(v);
		trace_pvhv_exit(v->d->id, v->id, reason, w->exit_arg[0], v->area.regs->rip);
	} else {
		WRITE_ONCE(v->event, 1);	/* not looked at yet */
	}
	WRITE_ONCE(v->cpu, -1);
	local_irq_enable();
	preempt_enable();
	return reason;
}

/* Counts mean something unless the end was somebody's breaking of them. */
static bool run_wants_audit(struct pvhv_domain *d)
{
	bool broken = d->end_reason == PVHV_EXIT_CRASH &&
		      (d->end_code == PVHV_CRASH_MONITOR ||
		       d->end_code == PVHV_CRASH_FOREIGN_WRITE ||
		       d->end_code == PVHV_CRASH_MACHINE_CHECK);

	return audit && !broken && !xchg(&d->audited, true);
}

/* One more visit to the monitor, by the first vCPU that sees the end. */
static void run_audit(struct pvhv_vcpu *v)
{
	u32 i, reason;

	if (!run_wants_audit(v->d))
		return;
	/* The others have been kicked, and will not enter again. */
	for (i = 0; i < PVHV_MAX_VCPUS; i++)
		while (READ_ONCE(v->d->vcpu[i]) && READ_ONCE(v->d->vcpu[i]->cpu) >= 0)
			cond_resched();
	preempt_disable();
	local_irq_disable();
	v->area.world->request |= REQUEST_AUDIT;
	reason = pvhv_world_enter(v->task, &v->area);
	local_irq_enable();
	preempt_enable();
	/* Served like any other: it may be a panic instead. */
	pvhv_exit_handle(v, reason);
}

static int run_loop(struct pvhv_vcpu *v)
{
	int ret = PVHV_CONTINUE;

	while (ret == PVHV_CONTINUE) {
		if (pvhv_domain_ended(v->d)) {
			run_audit(v);
			pvhv_exit_report(v);
			return PVHV_TO_VMM;
		}
		if (READ_ONCE(v->run->immediate_exit) || signal_pending(current))
			return -EINTR;
		if (__xfer_to_guest_mode_work_pending()) {
			ret = pvhv_work_do();
			if (ret)
				return ret;
		}
		ret = pvhv_exit_handle(v, run_once(v));
	}
	return ret;
}

/* The VMM's answer to PVHV_EXIT_CONSOLE_READ, if that was the last exit. */
static void run_take_console(struct pvhv_vcpu *v)
{
	u32 len = min_t(u32, READ_ONCE(v->run->console.len), WORLD_CONSOLE_MAX);

	if (!v->console_read)
		return;
	v->console_read = false;
	memcpy(v->area.world->console, v->run->console.data, len);
	v->area.world->console_len = len;
}

int pvhv_run(struct pvhv_vcpu *v)
{
	int ret;

	if (!v->ready)
		return -EINVAL;
	if (pvhv_domain_ended(v->d)) {
		pvhv_exit_report(v);
		return -ESHUTDOWN;
	}
	mutex_lock(&v->d->mutex);
	v->d->ran = true;
	mutex_unlock(&v->d->mutex);
	v->ran = true;
	v->run->reason = PVHV_EXIT_NONE;
	run_take_console(v);
	pvhv_world_begin(v->task);
	ret = run_loop(v);
	pvhv_world_end(v->task);
	return ret < 0 ? ret : 0;
}
