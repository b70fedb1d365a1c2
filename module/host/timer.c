// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's timer, and when to tell it the time anew. Deadlines are system time of the
 * domain (clock.c). The host's timers follow another clock, one that NTP may slew: one
 * that fires early finds its deadline still ahead, and the monitor asks for another.
 */
#include <linux/hrtimer.h>
#include <linux/timekeeping.h>

#include "timer.h"

static enum hrtimer_restart timer_expired(struct hrtimer *h)
{
	struct pvhv_timer *t = container_of(h, struct pvhv_timer, hrtimer);

	WRITE_ONCE(t->fired, 1);
	t->expired(t);
	return HRTIMER_NORESTART;
}

void pvhv_timer_init(struct pvhv_timer *t, void (*expired)(struct pvhv_timer *t))
{
	hrtimer_init(&t->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	t->hrtimer.function = timer_expired;
	t->expired = expired;
	t->cpu = -1;
}

void pvhv_timer_destroy(struct pvhv_timer *t)
{
	hrtimer_cancel(&t->hrtimer);
}

void pvhv_timer_program(struct pvhv_timer *t, struct world *w, const struct pvhv_clock *c)
{
	u64 deadline = READ_ONCE(w->deadline), now;

	if (deadline == w->programmed)
		return;
	w->programmed = deadline;
	if (deadline == ~0ULL) {
		hrtimer_cancel(&t->hrtimer);
		return;
	}
	/* A guest may ask for any time. */
	now = pvhv_clock_now(c);
	deadline = deadline > now ? min_t(u64, deadline - now, KTIME_MAX) : 0;
	hrtimer_start(&t->hrtimer, ns_to_ktime(deadline), HRTIMER_MODE_REL_HARD);
}

/* The wall clock at system time 0, if somebody has set it, or it has drifted away. */
static void timer_refresh_wall(struct world_time *time, const struct pvhv_clock *c)
{
	u64 ns = ktime_get_real_ns() - pvhv_clock_now(c);
	u64 told = time->wall_sec * NSEC_PER_SEC + time->wall_nsec;
	struct timespec64 wall = ns_to_timespec64(ns);

	if (abs((s64)(told - ns)) < (s64)NSEC_PER_MSEC)
		return;
	time->wall_sec = wall.tv_sec;
	time->wall_nsec = wall.tv_nsec;
	time->wall_version++;
}

void pvhv_timer_refresh(struct pvhv_timer *t, struct world *w, const struct pvhv_clock *c)
{
	t->version = pvhv_clock_version();
	t->lasts = pvhv_clock_factors(c, &w->time);
	timer_refresh_wall(&w->time, c);
	t->due = jiffies + HZ;
	t->cpu = smp_processor_id();
	w->request |= REQUEST_TIME;
}
