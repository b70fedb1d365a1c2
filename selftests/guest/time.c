// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Time and timers: the clock in vcpu_info never goes back and is odd only while it
 * changes; a timer in the past fires at once and one in the future not before; the
 * memory areas for time and run states show the same as vcpu_info and VCPUOP. No
 * test has an upper limit for how long something takes: the machine may stand still at
 * any place.
 */
#include "guest.h"

#define MS	1000000UL

static long timer;

static u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

static void spin(u64 ns)
{
	u64 end = now() + ns;

	while (now() < end)
		;
}

static void test_clock(void)
{
	const volatile struct vcpu_time_info *t = &vcpu_info->time;
	u64 last = now(), first = last, next, i, back = 0, odd = 0, ticks, ns, leaf_mul, leaf_shift;
	u32 a, b, c, d;

	ok(!(t->version & 1) && t->version, "version is even, and not 0 (%x)", t->version);
	ok(t->tsc_to_system_mul >> 31 && t->tsc_shift > -32 && t->tsc_shift < 32,
	   "mul is normalized, shift small (%x, %d)", t->tsc_to_system_mul, t->tsc_shift);
	for (i = 0; i < 100000; i++) {
		odd += t->version & 1;
		next = now();
		back += next < last;
		last = next;
		if (i % 5000 == 0)
			H(sched_op, SCHEDOP_yield, 0);
	}
	ok(!back, "the clock never goes back in %lu reads (%lu)", i, back);
	ok(last > first, "but forward (%lu ns)", last - first);
	ok(!odd, "version is never seen odd (%lu)", odd);
	ticks = rdtsc();
	ns = now();
	spin(3 * MS);
	ns = now() - ns;
	ticks = rdtsc() - ticks;
	ok(ns / ticks <= 10 && ticks / ns <= 10, "100 MHz to 10 GHz (%lu ticks in %lu ns)", ticks, ns);
	asm volatile("ud2; .ascii \"xen\"; cpuid" : "=a" (a), "=b" (b), "=c" (c), "=d" (d)
		     : "a" (0x40000003), "c" (1));
	leaf_mul = c;
	leaf_shift = d;
	ok(leaf_mul == t->tsc_to_system_mul && (int8_t)leaf_shift == t->tsc_shift,
	   "the time leaf of CPUID says the same (%lx, %lx)", leaf_mul, leaf_shift);
	(void)a;
	(void)b;
}

static void test_wall_clock(void)
{
	ok(!(shared_info->wc_version & 1) && shared_info->wc_version, "wall clock version (%u)",
	   shared_info->wc_version);
	/* 2001: no machine's clock is that wrong. */
	ok(shared_info->wc_sec > 1000000000 && shared_info->wc_nsec < 1000000000,
	   "wall clock (%u s, %u ns)", shared_info->wc_sec, shared_info->wc_nsec);
}

static void test_set_timer(void)
{
	u64 t, i, early = 0, missing = 0;

	events_enable();
	event_count[timer] = 0;
	ok(!H(set_timer_op, 1) && event_count[timer] == 1, "a time in the past fires at once (%u)",
	   event_count[timer]);
	ok(!H(set_timer_op, now() - 1) && event_count[timer] == 2, "also the last nanosecond (%u)",
	   event_count[timer]);
	for (i = 1; i < 200; i += 13) {
		event_count[timer] = 0;
		t = now() + i * MS / 10;
		H(set_timer_op, t);
		event_wait(timer, 1);
		early += now() < t;
		missing += event_count[timer] != 1;
	}
	ok(!early, "timers in the future do not fire early (%lu)", early);
	ok(!missing, "and fire once (%lu)", missing);
	event_count[timer] = 0;
	t = now() + 2 * MS;
	H(set_timer_op, t);
	while (!*(volatile unsigned int *)&event_count[timer])
		;
	ok(now() >= t, "a timer interrupts a busy guest");
	do {
		t = now() + 5 * MS;
		H(set_timer_op, t);
		H(set_timer_op, 0);
		event_count[timer] = 0;
	} while (now() >= t);
	spin(10 * MS);
	H(sched_op, SCHEDOP_yield, 0);
	ok(!event_count[timer], "time 0 stops the timer (%u)", event_count[timer]);
	do {
		t = now() + 5 * MS;
		H(set_timer_op, t);
		H(set_timer_op, t + 5 * MS);
		event_count[timer] = 0;
	} while (now() >= t);
	t += 5 * MS;
	event_wait(timer, 1);
	ok(now() >= t && event_count[timer] == 1, "a new time replaces the old one (%u)",
	   event_count[timer]);
	events_disable();
	event_count[timer] = 0;
	H(set_timer_op, now() + MS);
	spin(5 * MS);
	ok(!event_count[timer] && vcpu_info->evtchn_upcall_pending,
	   "with upcalls masked it stays pending");
	events_enable();
	ok(event_count[timer] == 1, "until they are not (%u)", event_count[timer]);
}

static long singleshot(u64 when, u32 flags)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = when, .flags = flags };

	return H(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
}

static void test_singleshot(void)
{
	long err;
	u64 t;

	event_count[timer] = 0;
	ok(singleshot(now() - 1, VCPU_SSHOTTMR_future) == -62 && !event_count[timer],
	   "a past time with VCPU_SSHOTTMR_future: -ETIME");
	ok(!singleshot(now() - 1, 0) && event_count[timer] == 1, "without it fires at once (%u)",
	   event_count[timer]);
	do {
		event_count[timer] = 0;
		t = now() + 5 * MS;
		err = singleshot(t, VCPU_SSHOTTMR_future);
	} while (err == -62);
	ok(!err, "a future time (%ld)", err);
	event_wait(timer, 1);
	ok(now() >= t && event_count[timer] == 1, "fires then (%u)", event_count[timer]);
	do {
		t = now() + 5 * MS;
		singleshot(t, 0);
		err = H(vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0);
		event_count[timer] = 0;
	} while (now() >= t);
	ok(!err, "stop (%ld)", err);
	spin(10 * MS);
	H(sched_op, SCHEDOP_yield, 0);
	ok(event_count[timer] == 0, "then it does not fire (%u)", event_count[timer]);
	ok(H(vcpu_op, VCPUOP_set_singleshot_timer, 0, 0x123000) == -14, "arguments not there");
	ok(H(vcpu_op, VCPUOP_stop_singleshot_timer, 63, 0) == -2, "a vCPU not there");
}

static long periodic(u64 period)
{
	struct vcpu_set_periodic_timer t = { .period_ns = period };

	return H(vcpu_op, VCPUOP_set_periodic_timer, 0, &t);
}

static void test_periodic(void)
{
	u64 t, last;
	unsigned int n;

	ok(periodic(0) == -22 && periodic(999999) == -22, "periods below 1 ms are refused");
	ok(periodic(~0UL) == -22, "a period of 584 years, too");
	event_count[timer] = 0;
	t = now();
	ok(!periodic(2 * MS), "a period of 2 ms");
	event_wait(timer, 5);
	ok(now() >= t + 10 * MS, "5 ticks take 10 ms at least (%lu)", now() - t);
	ok(!H(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0), "stop");
	H(sched_op, SCHEDOP_yield, 0);
	n = event_count[timer];
	last = now() + 6 * MS;
	while (now() < last)
		H(sched_op, SCHEDOP_yield, 0);
	ok(event_count[timer] == n, "then there are no more (%u, %u)", event_count[timer], n);
	/* Both kinds at once: the periodic one goes on. */
	periodic(3 * MS);
	H(set_timer_op, now() + MS);
	event_count[timer] = 0;
	event_wait(timer, 4);
	ok(true, "with a singleshot timer at the same time");
	H(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	events_disable();
}

static long register_time(u64 va)
{
	return H(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &va);
}

/* The area against vcpu_info, when neither has changed meanwhile. */
static bool same_time(const volatile struct vcpu_time_info *t)
{
	const volatile struct vcpu_time_info *info = &vcpu_info->time;
	u32 version;
	bool same;

	do {
		version = info->version;
		same = t->tsc_timestamp == info->tsc_timestamp && t->flags == info->flags &&
		       t->system_time == info->system_time && !(t->version & 1);
	} while (version != info->version);
	return same;
}

static void test_time_area(void)
{
	char *page = page_alloc();
	struct vcpu_time_info *t = (struct vcpu_time_info *)(page + 64);
	u64 i, differ = 0;

	ok(register_time(WINDOW(3)) < 0, "a time area where nothing is");
	ok(register_time(0xffff808000000000) < 0, "in the monitor");
	ok(register_time((u64)page + PAGE_SIZE - 8) < 0, "on two pages");
	ok(register_time(start_info->pt_base) < 0, "in a page table");
	ok(!register_time((u64)t), "a good one");
	ok(t->version && !(t->version & 1) && t->tsc_to_system_mul == vcpu_info->time.tsc_to_system_mul &&
	   t->tsc_shift == vcpu_info->time.tsc_shift, "is filled at once");
	for (i = 0; i < 20; i++) {
		spin(MS);
		H(sched_op, SCHEDOP_yield, 0);
		differ += !same_time(t);
	}
	ok(!differ, "and goes along with vcpu_info (%lu)", differ);
	set_page_bits(page, PTE_ROX);
	ok(mmuext(MMUEXT_PIN_L1_TABLE, va_to_gfn(page), 0) == -22,
	   "its page cannot become a page table");
	ok(!register_time(0), "it is given up");
	set_page_bits(page, PTE_RWX);
	memset(page, 0, PAGE_SIZE);
	set_page_bits(page, PTE_ROX);
	ok(!mmuext(MMUEXT_PIN_L1_TABLE, va_to_gfn(page), 0), "then it can");
	mmuext(MMUEXT_UNPIN_TABLE, va_to_gfn(page), 0);
}

static long register_runstate(u64 va)
{
	return H(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &va);
}

static u64 total(const struct vcpu_runstate_info *r)
{
	return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static u64 blocked_by_call(void)
{
	struct vcpu_runstate_info r;

	H(vcpu_op, VCPUOP_get_runstate_info, 0, &r);
	return r.time[RUNSTATE_blocked];
}

static volatile struct vcpu_runstate_info *area;

static u64 blocked_by_area(void)
{
	return area->time[RUNSTATE_blocked];
}

static void block_for(u64 ns)
{
	event_count[timer] = 0;
	H(set_timer_op, now() + ns);
	event_wait(timer, 1);
	events_disable();
}

/* Does blocking count as such? If the machine stands still before, there is none. */
static bool blocking_counts(u64 (*blocked)(void))
{
	unsigned int tries;
	u64 before;

	for (tries = 0; tries < 100; tries++) {
		before = blocked();
		block_for(5 * MS);
		if (blocked() > before)
			return true;
	}
	return false;
}

static void test_runstate(void)
{
	struct vcpu_runstate_info a, b;
	char *page = page_alloc(), *second = page_alloc();
	u64 t;

	ok(!H(vcpu_op, VCPUOP_get_runstate_info, 0, &a) && a.state == RUNSTATE_running,
	   "VCPUOP_get_runstate_info: running (%d)", a.state);
	ok(H(vcpu_op, VCPUOP_get_runstate_info, 0, 0x123000) == -14, "needs memory");
	t = now();
	spin(3 * MS);
	t = now() - t;
	H(vcpu_op, VCPUOP_get_runstate_info, 0, &b);
	ok(total(&b) >= total(&a) + t, "its times are those of the call (%lu in %lu)",
	   total(&b) - total(&a), t);
	ok(b.time[RUNSTATE_running] > a.time[RUNSTATE_running], "running takes time");
	ok(blocking_counts(blocked_by_call), "so does blocking");

	ok(register_runstate(WINDOW(3)) < 0, "a run state area where nothing is");
	ok(register_runstate(start_info->pt_base) < 0, "in a page table");
	area = (struct vcpu_runstate_info *)(page + 128);
	ok(!register_runstate((u64)area), "a good one");
	ok(area->state == RUNSTATE_running && area->state_entry_time &&
	   area->state_entry_time <= now(), "is filled at once (%lu)", area->state_entry_time);
	t = area->state_entry_time;
	ok(blocking_counts(blocked_by_area) && area->state == RUNSTATE_running &&
	   area->state_entry_time > t, "and follows");
	ok(!H(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag),
	   "VMASST_TYPE_runstate_update_flag");
	block_for(MS);
	ok(!(area->state_entry_time & XEN_RUNSTATE_UPDATE), "its flag is clear outside of updates");

	/* Neighbours in the window, not in memory. */
	window_map(0, second, PTE_RWX);
	window_map(1, page, PTE_RWX);
	area = (struct vcpu_runstate_info *)(WINDOW(1) - 24);
	ok(!register_runstate((u64)area), "an area on two pages");
	ok(area->state_entry_time && total((void *)area) >= total(&b), "is filled at once, too");
	ok(blocking_counts(blocked_by_area), "and follows");
	ok(!register_runstate(0), "it is given up");
	memcpy(&a, (void *)area, sizeof(a));
	block_for(MS);
	ok(!memcmp(&a, (void *)area, sizeof(a)), "then nobody writes to it");
	window_map(0, NULL, 0);
	window_map(1, NULL, 0);
}

void guest_main(void)
{
	timer = bind_virq(VIRQ_TIMER);
	ok(timer > 0, "VIRQ_TIMER");
	test_clock();
	test_wall_clock();
	test_set_timer();
	test_singleshot();
	test_periodic();
	test_time_area();
	test_runstate();
}
