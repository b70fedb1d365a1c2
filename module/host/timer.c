// SPDX-License-Identifier: GPL-2.0
/*
 * Time. The guest computes system time from the TSC with the factors in
 * world.time, which are those of this host's CLOCK_MONOTONIC and refreshed once a
 * second, so that NTP's slewing reaches the guest. Deadlines are system time.
 */
#include <linux/hrtimer.h>
#include <linux/timekeeping.h>
#include <asm/tsc.h>

#include "cpu.h"
#include "timer.h"
#include "../shared/image.h"

#define REFRESH_NS	NSEC_PER_SEC
#define PVCLOCK_STABLE	1

static enum hrtimer_restart timer_expired(struct hrtimer *h)
{
	struct pvhv_timer *t = container_of(h, struct pvhv_timer, hrtimer);

	WRITE_ONCE(t->fired, 1);
	t->expired(t);
	return HRTIMER_NORESTART;
}

void pvhv_timer_init(struct pvhv_timer *t, void (*expired)(struct pvhv_timer *t))
{
	hrtimer_init(&t->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	t->hrtimer.function = timer_expired;
	t->expired = expired;
	t->cpu = -1;
}

void pvhv_timer_destroy(struct pvhv_timer *t)
{
	hrtimer_cancel(&t->hrtimer);
}

void pvhv_timer_program(struct pvhv_timer *t, struct world *w, ktime_t start)
{
	u64 deadline = READ_ONCE(w->deadline);

	if (deadline == w->programmed)
		return;
	w->programmed = deadline;
	if (deadline == ~0ULL) {
		hrtimer_cancel(&t->hrtimer);
		return;
	}
	/* A guest may ask for any time: the sum must not wrap. */
	if (deadline > KTIME_MAX - ktime_to_ns(start))
		deadline = KTIME_MAX - ktime_to_ns(start);
	hrtimer_start(&t->hrtimer, ktime_add_ns(start, deadline), HRTIMER_MODE_ABS_HARD);
}

/* ns = ((tsc << shift) * mul) >> 32 with 2^31 <= mul < 2^32 */
static void timer_scale(struct world_time *time)
{
	u64 khz = tsc_khz, mul;
	s8 shift = 0;

	if (!khz)
		khz = 1;
	mul = div64_u64((u64)NSEC_PER_MSEC << 32, khz);
	while (mul >> 32) {
		mul >>= 1;
		shift++;
	}
	while (!(mul >> 31)) {
		mul <<= 1;
		shift--;
	}
	time->mul = mul;
	time->shift = shift;
}

static void timer_refresh(struct pvhv_timer *t, struct world *w, u64 now, ktime_t start)
{
	struct timespec64 wall;
	u64 wall_ns;

	timer_scale(&w->time);
	w->time.tsc = rdtsc_ordered();
	w->time.ns = ktime_get_ns() - ktime_to_ns(start);
	w->time.flags = pvhv_cpu_features() & FEATURE_TSC_STABLE && !check_tsc_unstable() ?
			PVCLOCK_STABLE : 0;
	wall_ns = ktime_get_real_ns() - w->time.ns;
	wall = ns_to_timespec64(wall_ns);
	/* Only a set clock moves system time 0 by more than slewing does. */
	if (abs((s64)(w->time.wall_sec * NSEC_PER_SEC + w->time.wall_nsec - wall_ns)) >
	    (s64)NSEC_PER_MSEC) {
		w->time.wall_sec = wall.tv_sec;
		w->time.wall_nsec = wall.tv_nsec;
		w->time.wall_version++;
	}
	t->refreshed = now;
	t->cpu = smp_processor_id();
	w->request |= REQUEST_TIME;
}

void pvhv_timer_prepare(struct pvhv_timer *t, struct world *w, ktime_t start)
{
	u64 now = ktime_get_ns();

	if (!t->refreshed || now - t->refreshed > REFRESH_NS || t->cpu != smp_processor_id())
		timer_refresh(t, w, now, start);
	if (READ_ONCE(t->fired)) {
		WRITE_ONCE(t->fired, 0);
		w->programmed = ~0ULL;
		w->request |= REQUEST_TIMER;
	}
}
