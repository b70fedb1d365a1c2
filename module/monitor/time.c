// SPDX-License-Identifier: GPL-2.0
/* See time.h. */
#include "time.h"
#include "cpu.h"
#include "event.h"
#include "frame.h"
#include "guestmem.h"

#define ETIME	62

void time_init(struct vcpu *v)
{
	v->timer_deadline = TIME_NEVER;
	v->time_page.gfn = GFN_NONE;
	v->runstate_page.gfn = GFN_NONE;
	v->runstate_rest.gfn = GFN_NONE;
	v->runstate.state = RUNSTATE_running;
	v->w->request |= REQUEST_TIME;
}

u64 time_now(struct vcpu *v)
{
	const struct world_time *t = &v->w->time;

	return t->ns + time_scale(cpu_rdtsc() - t->tsc, t->mul, t->shift);
}

/* Odd version while the content changes: the reader's protocol of the ABI. */
static void publish(struct vcpu_time_info *to, const struct world_time *t)
{
	u32 version = READ_ONCE(to->version) | 1;

	WRITE_ONCE(to->version, version);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(to->tsc_timestamp, t->tsc);
	WRITE_ONCE(to->system_time, t->ns);
	WRITE_ONCE(to->tsc_to_system_mul, t->mul);
	WRITE_ONCE(to->tsc_shift, t->shift);
	WRITE_ONCE(to->flags, t->flags);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(to->version, version + 1);
}

static void publish_wall_clock(struct vcpu *v)
{
	struct shared_info *s = guestmem_gfn_ptr(v->d, gfn(v->d->shared_info));
	const struct world_time *t = &v->w->time;

	if (v->wall_version == t->wall_version && READ_ONCE(s->wc_sec) == t->wall_sec)
		return;
	v->wall_version = t->wall_version;
	WRITE_ONCE(s->wc_version, s->wc_version | 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(s->wc_sec, t->wall_sec);
	WRITE_ONCE(s->wc_nsec, t->wall_nsec);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(s->wc_version, s->wc_version + 1);
}

static void time_publish(struct vcpu *v)
{
	publish(&v->info->time, &v->w->time);
	if (v->time_page.ptr)
		publish(v->time_page.ptr, &v->w->time);
	publish_wall_clock(v);
}

/* The earlier of the two timers; both raise VIRQ_TIMER. */
static void timer_check(struct vcpu *v)
{
	u64 now;

	if (v->timer_deadline == TIME_NEVER && !v->periodic)
		return;
	now = time_now(v);
	if (v->timer_deadline <= now) {
		v->timer_deadline = TIME_NEVER;
		event_raise_virq(v, VIRQ_TIMER);
	}
	if (v->periodic && v->periodic_next <= now) {
		v->periodic_next = now + v->periodic;
		event_raise_virq(v, VIRQ_TIMER);
	}
}

/* The host needs to know only of a deadline before the one it has a timer for. */
static void timer_announce(struct vcpu *v)
{
	u64 deadline = v->timer_deadline;

	if (v->periodic && v->periodic_next < deadline)
		deadline = v->periodic_next;
	v->w->deadline = deadline;
	if (deadline < v->w->programmed)
		vcpu_exit(v, EXIT_TIMER, 0);
}

/* A word of the copy in the guest's memory: none lies on two pages. */
static u64 *runstate_word(const struct vcpu *v, u64 offset)
{
	if (offset < v->runstate_split)
		return (u64 *)((u8 *)v->runstate_page.ptr + offset);
	return (u64 *)((u8 *)v->runstate_rest.ptr + (offset - v->runstate_split));
}

/*
 * The copy in the guest's memory, which another vCPU may be reading: with the assist
 * enabled, a mark in the entry time says that the copy is being made.
 */
static void runstate_publish(struct vcpu *v)
{
	const struct vcpu_runstate_info *r = &v->runstate;
	bool marked = v->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);
	u64 *entry_time;
	u32 i;

	if (!v->runstate_page.ptr)
		return;
	entry_time = runstate_word(v, offsetof(struct vcpu_runstate_info, state_entry_time));
	if (marked)
		WRITE_ONCE(*entry_time, r->state_entry_time | XEN_RUNSTATE_UPDATE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(*(int *)runstate_word(v, offsetof(struct vcpu_runstate_info, state)), r->state);
	for (i = 0; i < ARRAY_SIZE(r->time); i++)
		WRITE_ONCE(*runstate_word(v, offsetof(struct vcpu_runstate_info, time[i])),
			   r->time[i]);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(*entry_time, r->state_entry_time);
}

/* Count the time since the last change, without changing anything else. */
static void runstate_account(struct vcpu_runstate_info *r, u64 now)
{
	if (now > r->state_entry_time)
		r->time[r->state & 3] += now - r->state_entry_time;
}

void time_get_runstate(struct vcpu *v, struct vcpu_runstate_info *r)
{
	*r = v->runstate;
	runstate_account(r, time_now(v));
}

static void runstate_set(struct vcpu *v, int state)
{
	struct vcpu_runstate_info *r = &v->runstate;
	u64 now = time_now(v);

	runstate_account(r, now);
	r->state = state;
	r->state_entry_time = now;
	runstate_publish(v);
}

void time_enter(struct vcpu *v)
{
	struct world *w = v->w;

	if (w->request & REQUEST_TIME) {
		w->request &= ~REQUEST_TIME;
		time_publish(v);
	}
	if (unlikely(v->runstate.state != RUNSTATE_running))
		runstate_set(v, RUNSTATE_running);
	if (w->request & REQUEST_TIMER) {
		w->request &= ~REQUEST_TIMER;
		timer_check(v);
		timer_announce(v);
	}
}

void time_leave(struct vcpu *v)
{
	if (v->exit == EXIT_BLOCK || v->exit == EXIT_POLL)
		runstate_set(v, RUNSTATE_blocked);
}

/* A page of guest memory by its address, held for writing: once, at registration. */
static long hold_page(struct vcpu *v, u64 va, u64 size, struct vcpu_shared_page *page)
{
	u64 offset = va & (PVHV_PAGE_SIZE - 1);
	gfn_t g;
	long err;

	if (offset > PVHV_PAGE_SIZE - size || va & 7)
		return -EINVAL;
	if (guestmem_translate(v, va, &g))
		return -EFAULT;
	err = frame_get_writable(v, g);
	if (err)
		return err;
	if (page->ptr)
		frame_put_writable(v, page->gfn);
	*page = (struct vcpu_shared_page){
		.gfn = g, .ptr = (u8 *)guestmem_gfn_ptr(v->d, g) + offset,
	};
	return 0;
}

static void release_page(struct vcpu *v, struct vcpu_shared_page *page)
{
	if (page->ptr)
		frame_put_writable(v, page->gfn);
	*page = (struct vcpu_shared_page){ .gfn = GFN_NONE };
}

long time_register_area(struct vcpu *v, u64 va)
{
	long err;

	if (!va) {
		release_page(v, &v->time_page);
		return 0;
	}
	err = hold_page(v, va, sizeof(struct vcpu_time_info), &v->time_page);
	if (!err)
		time_publish(v);
	return err;
}

/* The ABI lets the area lie anywhere, and Linux puts it where it falls. */
long time_register_runstate(struct vcpu *v, u64 va)
{
	const u64 size = sizeof(struct vcpu_runstate_info);
	u64 split = min(size, PVHV_PAGE_SIZE - (va & (PVHV_PAGE_SIZE - 1)));
	struct vcpu_shared_page page[2] = { { .gfn = GFN_NONE }, { .gfn = GFN_NONE } };
	long err = 0;

	if (va)
		err = hold_page(v, va, split, &page[0]);
	if (va && !err && split < size)
		err = hold_page(v, va + split, size - split, &page[1]);
	if (err) {
		release_page(v, &page[0]);
		return err;
	}
	release_page(v, &v->runstate_page);
	release_page(v, &v->runstate_rest);
	v->runstate_page = page[0];
	v->runstate_rest = page[1];
	v->runstate_split = split;
	runstate_set(v, RUNSTATE_running);
	return 0;
}

static long set_singleshot(struct vcpu *v, u64 va)
{
	struct vcpu_set_singleshot_timer t;

	if (guestmem_read(v, &t, va, sizeof(t), NULL))
		return -EFAULT;
	if (t.flags & VCPU_SSHOTTMR_future && t.timeout_abs_ns < time_now(v))
		return -ETIME;
	v->timer_deadline = t.timeout_abs_ns;
	timer_check(v);
	timer_announce(v);
	return 0;
}

static long set_periodic(struct vcpu *v, u64 va)
{
	struct vcpu_set_periodic_timer t;

	if (guestmem_read(v, &t, va, sizeof(t), NULL))
		return -EFAULT;
	/* The sum with a time must not wrap: such a timer would fire for ever. */
	if (t.period_ns < 1000000 || t.period_ns > TIME_NEVER / 4)
		return -EINVAL;
	v->periodic = t.period_ns;
	v->periodic_next = time_now(v) + t.period_ns;
	timer_announce(v);
	return 0;
}

long time_vcpu_op(struct vcpu *v, u64 op, u64 va)
{
	vcpu_count(v, COUNTER_set_timer);
	switch (op) {
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(v, va);
	case VCPUOP_stop_singleshot_timer:
		v->timer_deadline = TIME_NEVER;
		timer_announce(v);
		return 0;
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, va);
	case VCPUOP_stop_periodic_timer:
		v->periodic = 0;
		timer_announce(v);
		return 0;
	default:
		return -ENOSYS;
	}
}

long hypercall_set_timer_op(struct vcpu *v, u64 arg[6])
{
	vcpu_count(v, COUNTER_set_timer);
	v->timer_deadline = arg[0] ? arg[0] : TIME_NEVER;
	timer_check(v);
	timer_announce(v);
	return 0;
}
