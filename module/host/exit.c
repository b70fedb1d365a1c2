// SPDX-License-Identifier: GPL-2.0
/*
 * One handler per exit reason. What they find in exit_arg comes from the monitor,
 * but the monitor only passes on what the guest said: bounded here.
 */
#include <linux/rcuwait.h>
#include <linux/sched/signal.h>
#include <xen/interface/sched.h>

#include "compat_cpu.h"
#include "event.h"
#include "exit.h"
#include "image.h"
#include "memory.h"
#include "trace.h"

static_assert((int)CRASH_TRIPLE_FAULT == (int)PVHV_CRASH_TRIPLE_FAULT &&
	      (int)CRASH_GUEST == (int)PVHV_CRASH_GUEST, "one list, two headers");

static u64 arg(struct pvhv_vcpu *v, int n)
{
	return READ_ONCE(v->area.world->exit_arg[n]);
}

static int exit_nothing(struct pvhv_vcpu *v)
{
	return PVHV_CONTINUE;
}

static int exit_yield(struct pvhv_vcpu *v)
{
	yield();
	return PVHV_CONTINUE;
}

static bool vcpu_has_work(struct pvhv_vcpu *v)
{
	return READ_ONCE(v->event) || READ_ONCE(v->timer.fired) || READ_ONCE(v->run->immediate_exit) ||
	       pvhv_domain_ended(v->d);
}

static int exit_block(struct pvhv_vcpu *v)
{
	pvhv_timer_program(&v->timer, v->area.world, &v->d->clock);
	rcuwait_wait_event(&v->wait, vcpu_has_work(v) || signal_pending(current),
			   TASK_INTERRUPTIBLE);
	return PVHV_CONTINUE;
}

/* As block, but also until the absolute system time in the first argument. */
static int exit_poll(struct pvhv_vcpu *v)
{
	u64 own = READ_ONCE(v->area.world->deadline);

	WRITE_ONCE(v->area.world->deadline, min(own, arg(v, 0)));
	exit_block(v);
	WRITE_ONCE(v->area.world->deadline, own);
	return PVHV_CONTINUE;
}

static int exit_timer(struct pvhv_vcpu *v)
{
	pvhv_timer_program(&v->timer, v->area.world, &v->d->clock);
	return PVHV_CONTINUE;
}

static int exit_topup(struct pvhv_vcpu *v)
{
	int err;

	mutex_lock(&v->d->mutex);
	err = pvhv_memory_topup(v->d, min_t(u64, arg(v, 0), 1024));
	mutex_unlock(&v->d->mutex);
	if (err == -ENOSPC)
		pvhv_domain_end(v->d, PVHV_EXIT_CRASH, PVHV_CRASH_POOL,
				"page-table memory is at its limit");
	else if (err)
		return err;
	return PVHV_CONTINUE;
}

static int exit_event(struct pvhv_vcpu *v)
{
	pvhv_event_signal(v->d, arg(v, 0));
	return PVHV_CONTINUE;
}

static int exit_console_write(struct pvhv_vcpu *v)
{
	u32 len = min_t(u64, arg(v, 0), WORLD_CONSOLE_MAX);

	memcpy(v->run->console.data, v->area.world->console, len);
	v->run->console.len = len;
	v->run->reason = PVHV_EXIT_CONSOLE;
	return PVHV_TO_VMM;
}

static int exit_console_read(struct pvhv_vcpu *v)
{
	v->run->console.len = 0;
	v->run->console.max = min_t(u64, arg(v, 0), WORLD_CONSOLE_MAX);
	v->run->reason = PVHV_EXIT_CONSOLE_READ;
	v->console_read = true;
	return PVHV_TO_VMM;
}

/* One line; the VMM has the rest, with PVHV_GET_REGS. */
static void log_registers(struct pvhv_vcpu *v)
{
	const struct world_context *c = &v->area.world->context;
	const struct regs *r = v->area.regs;

	pr_info_ratelimited("pvhv: %s: vcpu %u in %s mode: rip %016llx rsp %016llx rflags %05llx cr2 %llx last exception %lld error %llx at %llx\n",
			    v->d->name, v->id, c->user_mode ? "user" : "kernel", r->rip, r->rsp,
			    r->rflags, c->cr2, (s64)c->fault_vector, c->fault_error, c->fault_rip);
}

static int exit_shutdown(struct pvhv_vcpu *v)
{
	pvhv_domain_end(v->d, PVHV_EXIT_SHUTDOWN, min_t(u64, arg(v, 0), U32_MAX), "");
	if (arg(v, 0) == SHUTDOWN_crash)
		log_registers(v);
	return PVHV_CONTINUE;
}

/* The monitor's text, which may quote the guest: printable, terminated. */
static void copy_text(char *dst, size_t size, const char *src)
{
	size_t i;

	for (i = 0; i < size - 1; i++) {
		char c = READ_ONCE(src[i]);

		if (!c)
			break;
		dst[i] = c >= ' ' && c < 127 ? c : '?';
	}
	dst[i] = 0;
}

static int exit_crash(struct pvhv_vcpu *v)
{
	char text[WORLD_TEXT_MAX];

	copy_text(text, sizeof(text), v->area.world->text);
	pvhv_domain_end(v->d, PVHV_EXIT_CRASH, min_t(u64, arg(v, 0), PVHV_CRASH_GUEST), text);
	log_registers(v);
	return PVHV_CONTINUE;
}

static int exit_debug(struct pvhv_vcpu *v)
{
	v->run->debug.vector = arg(v, 0);
	v->run->debug.reserved = 0;
	v->run->debug.dr6 = arg(v, 1);
	v->run->debug.rip = v->area.regs->rip;
	v->run->reason = PVHV_EXIT_DEBUG;
	return PVHV_TO_VMM;
}

static int exit_panic(struct pvhv_vcpu *v)
{
	const struct world *w = v->area.world;
	char text[WORLD_TEXT_MAX], name[80];
	int i;

	copy_text(text, sizeof(text), w->text);
	pr_err("pvhv: %s: %s: %s\n", v->d->name,
	       v->provoked ? "provoked in the monitor" : "BUG: in the monitor", text);
	for (i = 0; i < WORLD_BACKTRACE_MAX && w->backtrace[i]; i++)
		pr_err("pvhv: %s:  %s\n", v->d->name,
		       pvhv_image_symbol(w->backtrace[i], name, sizeof(name)));
	pvhv_domain_end(v->d, PVHV_EXIT_CRASH, PVHV_CRASH_MONITOR, text);
	return PVHV_CONTINUE;
}

static int exit_mce(struct pvhv_vcpu *v)
{
	/* From CPL 3 the host's handler has decided already, perhaps by a signal. */
	if (!arg(v, 0))
		pvhv_domain_end(v->d, PVHV_EXIT_CRASH, PVHV_CRASH_MACHINE_CHECK,
				"machine check in the monitor");
	return PVHV_CONTINUE;
}

static int exit_async_pf(struct pvhv_vcpu *v)
{
	if (pvhv_compat_async_page_fault((u32)arg(v, 1), (u32)arg(v, 0)))
		return PVHV_CONTINUE;
	pvhv_domain_end(v->d, PVHV_EXIT_CRASH, PVHV_CRASH_MONITOR,
			"page fault of the guest world's supervisor mode");
	return PVHV_CONTINUE;
}

static int exit_audit(struct pvhv_vcpu *v)
{
	char text[WORLD_TEXT_MAX];

	if (!arg(v, 0)) {
		pr_info("pvhv: %s: audit: no difference in %llu frames\n", v->d->name,
			v->d->shared->nr_frames);
		return PVHV_CONTINUE;
	}
	copy_text(text, sizeof(text), v->area.world->text);
	pr_err("pvhv: %s: BUG: audit: %llu differences, first: %s\n", v->d->name, arg(v, 0), text);
	return PVHV_CONTINUE;
}

static const struct {
	const char *name;
	int (*handle)(struct pvhv_vcpu *v);
} exits[EXIT_REASONS] = {
	[EXIT_NONE] = { "none", exit_nothing },
	[EXIT_INTERRUPT] = { "interrupt", exit_nothing },
	[EXIT_NMI] = { "nmi", exit_nothing },
	[EXIT_MCE] = { "mce", exit_mce },
	[EXIT_KICK] = { "kick", exit_nothing },
	[EXIT_BLOCK] = { "block", exit_block },
	[EXIT_POLL] = { "poll", exit_poll },
	[EXIT_YIELD] = { "yield", exit_yield },
	[EXIT_TIMER] = { "timer", exit_timer },
	[EXIT_TOPUP] = { "topup", exit_topup },
	[EXIT_EVENT] = { "event", exit_event },
	[EXIT_CONSOLE_WRITE] = { "console_write", exit_console_write },
	[EXIT_CONSOLE_READ] = { "console_read", exit_console_read },
	[EXIT_SHUTDOWN] = { "shutdown", exit_shutdown },
	[EXIT_CRASH] = { "crash", exit_crash },
	[EXIT_PANIC] = { "panic", exit_panic },
	[EXIT_ASYNC_PF] = { "async_pf", exit_async_pf },
	[EXIT_DEBUG] = { "debug", exit_debug },
	[EXIT_AUDIT] = { "audit", exit_audit },
};

const char *pvhv_exit_name(u32 reason)
{
	return reason < EXIT_REASONS ? exits[reason].name : "?";
}

int pvhv_exit_handle(struct pvhv_vcpu *v, u32 reason)
{
	if (WARN_ON_ONCE(reason >= EXIT_REASONS))
		return -EIO;
	v->exits[reason]++;
	return exits[reason].handle(v);
}

void pvhv_exit_report(struct pvhv_vcpu *v)
{
	struct pvhv_domain *d = v->d;

	v->run->reason = d->end_reason;
	if (d->end_reason == PVHV_EXIT_SHUTDOWN) {
		v->run->shutdown.reason = d->end_code;
	} else {
		v->run->crash.reason = d->end_code;
		strscpy(v->run->crash.text, d->end_text, sizeof(v->run->crash.text));
	}
}
