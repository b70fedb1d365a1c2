/* SPDX-License-Identifier: GPL-2.0 */
/* A vCPU's timer and the guest's view of time. */
#ifndef PVHV_HOST_TIMER_H
#define PVHV_HOST_TIMER_H

#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/smp.h>
#include "clock.h"
#include "../shared/world.h"


struct pvhv_timer {
	struct hrtimer hrtimer;
	void (*expired)(struct pvhv_timer *t);	/* hard interrupt context */
	u32 fired;		/* [a] set by the timer, taken before an entry */
	unsigned long due;	/* jiffies: world.time wants renewal after that */
	u32 version;		/* pvhv_clock_version() of world.time */
	bool lasts;		/* world.time's factors hold as long as that */
	int cpu;		/* where they were made, or -1 */
};

void pvhv_timer_init(struct pvhv_timer *t, void (*expired)(struct pvhv_timer *t));
void pvhv_timer_destroy(struct pvhv_timer *t);

/** pvhv_timer_program - follow world.deadline, a system time of the domain */
void pvhv_timer_program(struct pvhv_timer *t, struct world *w, const struct pvhv_clock *c);

/* Tell the guest the time anew. */
void pvhv_timer_refresh(struct pvhv_timer *t, struct world *w, const struct pvhv_clock *c);

/**
 * pvhv_timer_prepare - before an entry, interrupts off
 * Hands an expiry to the monitor and refreshes world.time when it is due.
 */
static inline void pvhv_timer_prepare(struct pvhv_timer *t, struct world *w,
				      const struct pvhv_clock *c)
{
	if (unlikely(time_after(jiffies, t->due) || t->version != pvhv_clock_version() ||
		     (!t->lasts && t->cpu != smp_processor_id())))
		pvhv_timer_refresh(t, w, c);
	if (READ_ONCE(t->fired)) {
		WRITE_ONCE(t->fired, 0);
		w->programmed = ~0ULL;
		w->request |= REQUEST_TIMER;
	}
}

#endif
