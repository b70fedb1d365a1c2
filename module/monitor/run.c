// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and exit of the guest. run_prepare() is the one place that decides to
 * resume: everything another CPU, the host or a handler wants done before the guest
 * continues is done here, in one order: reasons to leave, upcall, TLB and root.
 */
#include "run.h"
#include "audit.h"
#include "bounce.h"
#include "cpu.h"
#include "debugger.h"
#include "debugreg.h"
#include "event.h"
#include "pgtable.h"
#include "segment.h"
#include "time.h"
#include "tlb.h"

/* The first entry: what the VMM or VCPUOP_initialise has prepared. */
static void run_load_context(struct vcpu *v)
{
	const struct world_context *c = &v->w->context;

	vcpu_count(v, COUNTER_context_load);
	v->cr2 = c->cr2;
	v->user_mode = false;
	if (pgtable_load_initial(v, gfn(c->cr3_gfn)))
		return;		/* restart or crash: v->exit says which */
	v->w->request &= ~REQUEST_CONTEXT;
	v->started = true;
}

static void run_init(struct vcpu *v)
{
	u64 area = (u64)v - AREA_VCPU;

	v->trace = (struct trace_ring *)(area + AREA_TRACE);
	v->root5_kernel = (u64 *)(area + AREA_ROOT_KERNEL);
	v->root5_user = (u64 *)(area + AREA_ROOT_USER);
	v->regs->cs = SEL_GUEST_CS64;
	v->regs->ss = SEL_GUEST_SS;
	v->regs->rflags = (v->regs->rflags & 0xcd5) | RFLAGS_FIXED;
	v->info_page.gfn = GFN_NONE;
	v->time_page.gfn = GFN_NONE;
	v->runstate_page.gfn = GFN_NONE;
	v->iopl = 0;
	v->fault_vector = ~0ULL;
	debugreg_init(v);
	event_init(v);
	time_init(v);
	segment_init(v);
	pgtable_init(v);
}

static void run_note_difference(void *arg, const struct audit_difference *diff)
{
	struct vcpu *v = arg;

	if (!v->w->exit_arg[0]++)
		vcpu_text(v, "%s: frame 0x%lx entry %u: 0x%lx instead of 0x%lx", diff->what,
			  diff->gfn, diff->index, diff->found, diff->expected);
}

/* Not inlined, so that the backtrace has something to show. */
static u64 __attribute__((noinline, noclone)) run_overflow(struct vcpu *v, volatile u64 depth)
{
	return depth ? run_overflow(v, depth + 1) + depth : 0;
}

static void __attribute__((noinline, noclone)) run_provoke(struct vcpu *v)
{
	u32 kind = v->w->provoke;

	v->w->request &= ~REQUEST_PANIC;
	assert(v, kind != PROVOKE_ASSERT);
	if (kind == PROVOKE_FAULT)
		asm volatile("movq $0, (%0)" : : "r" (0UL) : "memory");
	if (kind == PROVOKE_OVERFLOW)
		run_overflow(v, 1);
}

/*
 * The CPU would write records of what the guest does to addresses of the host, which in
 * this world are the guest's. Here no interrupt of the host's can turn it on again.
 */
static void __cold run_stop_ds(struct vcpu *v)
{
	v->w->request &= ~REQUEST_NO_DS;
	v->w->ds_stopped = 1;
	if (v->w->pebs_enable)
		cpu_wrmsr(MSR_PEBS_ENABLE, 0);
	cpu_wrmsr(MSR_DEBUGCTL, v->w->debugctl & ~DEBUGCTL_BTS);
}

static void run_audit(struct vcpu *v)
{
	v->w->request &= ~REQUEST_AUDIT;
	v->w->exit_arg[0] = 0;
	audit_run(v, run_note_difference, v);
	v->exit = EXIT_AUDIT;
}

/* What the host wants before anything else; time.c and tlb.c have their own. */
static void __noinline run_requests(struct vcpu *v)
{
	u32 request = v->w->request;

	if (request & REQUEST_NO_DS)
		run_stop_ds(v);
	if (request & REQUEST_DEBUG)
		debugger_request(v);
	if (request & REQUEST_PANIC)
		run_provoke(v);
	if (request & REQUEST_AUDIT)
		run_audit(v);
	else if (request & REQUEST_CONTEXT)
		run_load_context(v);
}

void run_enter(struct vcpu *v)
{
	u64 area = (u64)v - AREA_VCPU;
	struct world *w;

	if (unlikely(!v->w)) {
		v->w = (struct world *)(area + AREA_WORLD);
		v->regs = (struct regs *)(area + AREA_STACK_TOP) - 1;
		v->d = (struct domain *)v->w->domain;
		v->id = v->w->vcpu_id;
		run_init(v);
		/* From now on others find us, and send us events. */
		__atomic_store_n(&v->d->vcpus[v->id], v, __ATOMIC_RELEASE);
	}
	w = v->w;
	v->exit = EXIT_NONE;
	w->exit_reason = EXIT_NONE;
	tlb_enter_world(v);
	if (unlikely(w->request))
		run_requests(v);
	segment_load(v);
	debugreg_enter(v);
	time_enter(v);
	event_collect(v);
	w->blocked = 0;
}

static u32 __cold run_leave(struct vcpu *v)
{
	struct world *w = v->w;

	time_leave(v);
	segment_save(v);
	/* Until it has started, the context is still a request. */
	if (likely(v->started)) {
		w->context.cr2 = v->cr2;
		w->context.cr3_gfn = v->cr3_kernel.n;
		w->context.user_mode = v->user_mode;
		w->context.events_masked = READ_ONCE(v->info->evtchn_upcall_mask) & 1;
		w->context.fault_vector = v->fault_vector;
		w->context.fault_error = v->fault_error;
		w->context.fault_rip = v->fault_rip;
	}
	w->exit_reason = v->exit;
	tlb_leave_world(v);
	return v->exit;
}

/* Something that the host should know of comes before the guest, or before its events. */
static void __cold run_note_reasons(struct vcpu *v)
{
	struct world *w = v->w;

	if (v->pending_vector) {
		w->vector = v->pending_vector - 1;
		vcpu_exit(v, EXIT_INTERRUPT, w->vector);
		v->pending_vector = 0;
	}
	if (READ_ONCE(w->nmi_noted))
		vcpu_exit(v, EXIT_NMI, 0);
	if (READ_ONCE(w->kick))
		vcpu_exit(v, EXIT_KICK, 0);
	if (v->pass_breakpoint && !v->exit)
		debugger_pass_breakpoint(v);
}

u32 run_prepare(struct vcpu *v)
{
	struct world *w = v->w;

	tlb_enter_monitor(v);
	debugger_entered(v);
	if (unlikely(v->pending_vector | READ_ONCE(w->nmi_noted) | READ_ONCE(w->kick) |
		     v->pass_breakpoint))
		run_note_reasons(v);
	if (unlikely(event_pending(v)) && !v->exit && v->event.rip && !debugger_steps(v))
		bounce_upcall(v);
	if (likely(!v->exit))
		debugger_resume(v);
	if (unlikely(v->exit))
		return run_leave(v);
	tlb_apply(v);
	return EXIT_NONE;
}
