// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks and timers. Nothing here depends on how fast the machine is: clocks must not
 * go backwards, agree with each other, and nothing may happen too early.
 *
 * Environment: HOST_TSC_KHZ, the frequency that the host's kernel has found, and
 * CLOCK_IN_VDSO, "yes" if reading the clock must not need a system call.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "test.h"

#define NS	1000000000LL

static int64_t now(clockid_t clock)
{
	struct timespec t;

	check(!clock_gettime(clock, &t));
	check(t.tv_nsec >= 0 && t.tv_nsec < NS);
	return t.tv_sec * NS + t.tv_nsec;
}

static int64_t now_by_syscall(clockid_t clock)
{
	struct timespec t;

	check(!syscall(SYS_clock_gettime, clock, &t));
	return t.tv_sec * NS + t.tv_nsec;
}

static void never_backwards_on(clockid_t clock, int reads)
{
	int64_t last = now(clock), this;
	int i;

	for (i = 0; i < reads; i++) {
		this = now(clock);
		if (this < last)
			fail("clock %d: %lld after %lld", clock, (long long)this, (long long)last);
		last = this;
	}
}

static void never_backwards(void)
{
	never_backwards_on(CLOCK_MONOTONIC, 1000000);
}

static void never_backwards_others(void)
{
	never_backwards_on(CLOCK_REALTIME, 100000);
	never_backwards_on(CLOCK_BOOTTIME, 100000);
	never_backwards_on(CLOCK_MONOTONIC_RAW, 100000);
	never_backwards_on(CLOCK_MONOTONIC_COARSE, 100000);
}

static void backwards_work(int n)
{
	never_backwards_on(n & 1 ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_RAW, 100000);
}

static void never_backwards_together(void)
{
	run_children(4, backwards_work);
}

static void vdso_and_syscall_agree(void)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };
	size_t k;
	int i;

	for (k = 0; k < sizeof(clocks) / sizeof(clocks[0]); k++) {
		for (i = 0; i < 5000; i++) {
			int64_t a = now(clocks[k]), b = now_by_syscall(clocks[k]);
			int64_t c = now(clocks[k]);

			if (a > b || b > c)
				fail("clock %d: %lld, by system call %lld, then %lld", clocks[k],
				     (long long)a, (long long)b, (long long)c);
		}
	}
}

/* In kHz: how fast the TSC runs by CLOCK_MONOTONIC, over @ns. */
static double tsc_khz(int64_t ns, bool busy)
{
	int64_t start = now(CLOCK_MONOTONIC), end;
	uint64_t tsc = __rdtsc();

	if (!busy)
		usleep((useconds_t)(ns / 1000));
	do {
		end = now(CLOCK_MONOTONIC);
	} while (end - start < ns);
	return (double)(__rdtsc() - tsc) * 1e6 / (double)(end - start);
}

static void check_rate(double khz, double expected, const char *what)
{
	double ratio = khz / expected;

	note("%s: %.0f kHz, expected %.0f", what, khz, expected);
	if (ratio < 0.99 || ratio > 1.01)
		fail("%s: the TSC has %.0f kHz, not %.0f", what, khz, expected);
}

static void rate(void)
{
	const char *host = getenv("HOST_TSC_KHZ");
	double idle = tsc_khz(NS, false), busy = tsc_khz(NS, true);

	check_rate(busy, idle, "busy against asleep");
	if (host && *host)
		check_rate(busy, atof(host), "against the host");
}

/* A system call other than read, write, exit and sigreturn would be the end. */
static void vdso(void)
{
	const char *expected = getenv("CLOCK_IN_VDSO");
	int status, pipes[2];
	int64_t time = 0;
	pid_t pid;

	if (!expected || strcmp(expected, "yes"))
		skip("the host's TSC is not stable: reading the clock needs system calls");
	check(!pipe(pipes));
	pid = fork();
	if (!pid) {
		check(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
		time = now(CLOCK_MONOTONIC);
		write(pipes[1], &time, sizeof(time));
		syscall(SYS_exit, 0);
	}
	check_equal(waitpid(pid, &status, 0), pid);
	check_equal(status, 0);
	check_equal(read(pipes[0], &time, sizeof(time)), sizeof(time));
	check(time > 0 && time <= now(CLOCK_MONOTONIC));
}

static void clocksource(void)
{
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
	char name[40] = "";

	check(f);
	check_equal(fscanf(f, "%39s", name), 1);
	fclose(f);
	note("clock source %s", name);
	check(!strcmp(name, "xen") || !strcmp(name, "tsc"));
}

/* ---------------------------------------------------------------- timers */

static void sleeps(void)
{
	static const long lengths[] = { 1, 1000, 50000, 1000000, 3000000, 20000000, 100000000 };
	size_t k;
	int i;

	for (k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		struct timespec t = { .tv_nsec = lengths[k] };

		for (i = 0; i < 5; i++) {
			int64_t start = now(CLOCK_MONOTONIC), slept;

			check(!nanosleep(&t, NULL));
			slept = now(CLOCK_MONOTONIC) - start;
			if (slept < lengths[k])
				fail("asked for %ld ns, slept %lld", lengths[k], (long long)slept);
		}
	}
}

static void sleep_until(void)
{
	int64_t at = now(CLOCK_REALTIME) + 30000000;
	struct timespec t = { at / NS, at % NS };

	check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL));
	check(now(CLOCK_REALTIME) >= at);
	/* One that has passed. */
	check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL));
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void interval_timer(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = { { 0, 5000 }, { 0, 5000 } };
	int64_t start = now(CLOCK_MONOTONIC);

	check(!sigaction(SIGALRM, &sa, NULL));
	check(!setitimer(ITIMER_REAL, &timer, NULL));
	while (alarms < 20)
		pause();
	check(now(CLOCK_MONOTONIC) - start >= 20 * 5000000LL);
}

/* Processor time: nobody ends the sleep but the tick of the kernel. */
static void processor_timer(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = { { 0, 0 }, { 0, 50000 } };
	int64_t start = now(CLOCK_MONOTONIC);

	check(!sigaction(SIGPROF, &sa, NULL));
	check(!setitimer(ITIMER_PROF, &timer, NULL));
	while (!alarms)
		;
	/* It counts in ticks of at most 10 ms. */
	check(now(CLOCK_MONOTONIC) - start >= 30000000);
}

static void timer_descriptor(void)
{
	struct itimerspec timer = { { 0, 10000000 }, { 0, 10000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t start = now(CLOCK_MONOTONIC);
	uint64_t count, total = 0;

	check(fd >= 0);
	check(!timerfd_settime(fd, 0, &timer, NULL));
	while (total < 10) {
		check_equal(read(fd, &count, sizeof(count)), sizeof(count));
		check(count > 0);
		total += count;
		check(now(CLOCK_MONOTONIC) - start >= (int64_t)total * 10000000);
	}
	close(fd);
}

static void wall_clock(void)
{
	/* Between 2024 and 2100: the host's, not 1970. */
	check(time(NULL) > 1704067200 && time(NULL) < 4102444800);
}

const struct test clocks_tests[] = {
	{ "the monotonic clock never goes backwards", never_backwards },
	{ "nor do the others", never_backwards_others },
	{ "nor in processes that take turns", never_backwards_together },
	{ "vDSO and system call agree", vdso_and_syscall_agree },
	{ "the rate of the clock", rate },
	{ "the vDSO reads the clock without a system call", vdso },
	{ "the clock source", clocksource },
	{ "sleeps are not shorter than asked", sleeps },
	{ "sleeps until a time", sleep_until },
	{ "setitimer", interval_timer },
	{ "setitimer of processor time", processor_timer },
	{ "timerfd", timer_descriptor },
	{ "the wall clock", wall_clock },
	{ },
};
