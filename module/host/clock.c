// SPDX-License-Identifier: GPL-2.0
/* See clock.h. The host's timekeeper tells what its clock is, at every change and tick. */
#include <linux/notifier.h>
#include <linux/pvclock_gtod.h>
#include <linux/timekeeper_internal.h>
#include <linux/timekeeping.h>
#include <asm/tsc.h>

#include "clock.h"

#define PVCLOCK_STABLE	1

/* ns = (ticks * mult) >> shift, when the host's clock is the TSC: mult is not 0 */
struct factors {
	u32 mult, shift;
};

static struct factors host;
seqcount_t pvhv_clock_seq = SEQCNT_ZERO(pvhv_clock_seq);

static int clock_changed(struct notifier_block *n, unsigned long was_set, void *data)
{
	const struct timekeeper *tk = data;
	struct factors now = {};

	if (tk->tkr_mono.clock->vdso_clock_mode == VDSO_CLOCKMODE_TSC)
		now = (struct factors){ tk->tkr_raw.mult, tk->tkr_raw.shift };
	if (now.mult == host.mult && now.shift == host.shift)
		return 0;
	/* The timekeeper's lock keeps other writers out. */
	raw_write_seqcount_begin(&pvhv_clock_seq);
	host = now;
	raw_write_seqcount_end(&pvhv_clock_seq);
	return 0;
}

static struct notifier_block clock_notifier = { .notifier_call = clock_changed };

int pvhv_clock_init(void)
{
	return pvclock_gtod_register_notifier(&clock_notifier);
}

void pvhv_clock_exit(void)
{
	pvclock_gtod_unregister_notifier(&clock_notifier);
}

static struct factors read_factors(void)
{
	struct factors f;
	unsigned int seq;

	do {
		seq = raw_read_seqcount_begin(&pvhv_clock_seq);
		f = host;
	} while (read_seqcount_retry(&pvhv_clock_seq, seq));
	return f;
}

void pvhv_clock_start(struct pvhv_clock *c)
{
	unsigned long flags;

	local_irq_save(flags);
	c->raw_ns = ktime_get_raw_ns();
	c->tsc = rdtsc_ordered();
	local_irq_restore(flags);
}

u64 pvhv_clock_now(const struct pvhv_clock *c)
{
	struct factors f = read_factors();

	if (f.mult)
		return mul_u64_u32_shr(rdtsc_ordered() - c->tsc, f.mult, f.shift);
	return ktime_get_raw_ns() - c->raw_ns;
}

/* The ABI's form: ns = ((ticks << shift) * mul) >> 32 with 2^31 <= mul < 2^32. */
static void set_scale(struct world_time *time, u64 mul, int shift)
{
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

bool pvhv_clock_factors(const struct pvhv_clock *c, struct world_time *time)
{
	struct factors f = read_factors();

	if (f.mult) {
		/* The host's own, shifted: the same to a nanosecond, at every moment. */
		set_scale(time, f.mult, 32 - (int)f.shift);
		time->tsc = c->tsc;
		time->ns = 0;
		time->flags = PVCLOCK_STABLE;
		return true;
	}
	set_scale(time, div64_u64((u64)NSEC_PER_MSEC << 32, tsc_khz), 0);
	time->tsc = rdtsc_ordered();
	time->ns = ktime_get_raw_ns() - c->raw_ns;
	time->flags = 0;
	return false;
}
