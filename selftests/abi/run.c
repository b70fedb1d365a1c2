// SPDX-License-Identifier: GPL-2.0
/* PVHV_RUN: when it is refused, how it ends, what the run page says, who interrupts it. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "guest.h"

static struct guest g = { .domain = -1, .vcpu = -1 };

static void start(const char *code)
{
	guest_free(&g);
	guest_ready(&g, name_of("run"), code);
}

static u64 count(void)
{
	return __atomic_load_n(guest_data(&g, DATA_COUNT), __ATOMIC_RELAXED);
}

/* Until the guest has executed something since now. */
static void wait_for_guest(void)
{
	u64 before = count();

	while (count() == before)
		sched_yield();
}

static void check_refused(void)
{
	struct pvhv_regs regs;
	int second;

	guest_create(&g, name_of("run"), code_shutdown);
	is(guest_run(&g), -EINVAL, "no registers");
	is(guest_run(&g), -EINVAL, "still none");
	second = vcpu_create(g.domain, 1);
	is(call(second, PVHV_RUN, NULL), -EINVAL, "no registers of vCPU 1");
	/* Only vCPU 0 starts by itself; the others are the guest's to start. */
	regs = g.regs;
	call(second, PVHV_SET_REGS, &regs);
	is(call(second, PVHV_RUN, NULL), -EINVAL, "vCPU 0 has no registers, whatever vCPU 1 has");
	is(guest_set_regs(&g), 0, "registers");
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "and vCPU 0 runs");
	close(second);
}

static void check_shutdown(void)
{
	static const u32 reasons[] = { 0, 1, 2, 3, 4, 5, 77, ~0u };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		start(code_shutdown);
		*(u32 *)guest_data(&g, DATA_REASON) = reasons[i];
		is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "shutdown, reason %u", reasons[i]);
		is(g.run->shutdown.reason, reasons[i], "the run page has reason %u", reasons[i]);
		memset(g.run, 0, sizeof(*g.run));
		is(guest_run(&g), -ESHUTDOWN, "it does not run again");
		ok(g.run->reason == PVHV_EXIT_SHUTDOWN && g.run->shutdown.reason == reasons[i],
		   "the run page still says why");
	}
}

static void check_crash(void)
{
	start(code_fault);
	memset(g.run->crash.text, 'x', sizeof(g.run->crash.text));
	is(guest_crash(&g), PVHV_CRASH_TRIPLE_FAULT, "an exception without a handler");
	ok(memchr(g.run->crash.text, 0, sizeof(g.run->crash.text)) && g.run->crash.text[0],
	   "the run page has a text");
	is(guest_run(&g), -ESHUTDOWN, "it does not run again");
	is(g.run->crash.reason, PVHV_CRASH_TRIPLE_FAULT, "the run page still says why");
}

static void check_console_write(u32 bytes)
{
	u8 got[2 * PAGE], *sent;
	u32 len = 0, i;
	long ret;

	start(code_write);
	sent = (u8 *)guest_data(&g, DATA_BUFFER);
	for (i = 0; i < bytes; i++)
		sent[i] = (u8)(i * 7 + i / 256);
	*guest_data(&g, DATA_BYTES) = bytes;
	while (!(ret = guest_run(&g)) && g.run->reason == PVHV_EXIT_CONSOLE) {
		if (g.run->console.len > PVHV_CONSOLE_MAX || len + g.run->console.len > sizeof(got))
			break;
		memcpy(got + len, g.run->console.data, g.run->console.len);
		len += g.run->console.len;
	}
	is(ret, 0, "console write of %u bytes", bytes);
	is(g.run->reason, PVHV_EXIT_SHUTDOWN, "%u bytes: and on to the end", bytes);
	is(len, bytes, "%u bytes: all arrive", bytes);
	ok(!memcmp(got, sent, bytes), "%u bytes: as they were", bytes);
	is((long)*guest_data(&g, DATA_RESULT), 0, "%u bytes: the guest hears so", bytes);
}

static void check_console_read(u32 wanted, u32 answer)
{
	u8 *to;
	u32 max, i;

	start(code_read);
	to = (u8 *)guest_data(&g, DATA_BUFFER);
	memset(to, 0xee, 3000);
	*guest_data(&g, DATA_BYTES) = wanted;
	is(guest_run(&g), 0, "console read of %u bytes", wanted);
	is(g.run->reason, PVHV_EXIT_CONSOLE_READ, "%u bytes: the VMM is asked", wanted);
	max = g.run->console.max;
	ok(max <= wanted && max <= PVHV_CONSOLE_MAX, "%u bytes: for not more than that", wanted);
	memset(g.run->console.data, 0x55, sizeof(g.run->console.data));
	g.run->console.len = answer;
	/* The module has asked; nothing that is here now may change what it does. */
	g.run->console.max = ~0u;
	g.run->reason = ~0u;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "%u bytes: the answer is %u bytes", wanted, answer);
	is((long)*guest_data(&g, DATA_RESULT), answer < max ? answer : max,
	   "%u bytes: the guest gets what it may", wanted);
	for (i = 0; i < max && i < answer && to[i] == 0x55; i++)
		;
	ok(i == (answer < max ? answer : max) && to[i] == 0xee, "%u bytes: and not a byte more",
	   wanted);
}

static void check_immediate_exit(void)
{
	int i;

	start(code_count);
	g.run->immediate_exit = 1;
	for (i = 0; i < 3; i++)
		is(guest_run(&g), -EINTR, "immediate_exit");
	g.run->immediate_exit = ~0u;
	is(guest_run(&g), -EINTR, "immediate_exit is not just 1");
	is((long)count(), 0, "the guest has not executed anything");
	g.run->immediate_exit = 0;
}

/* ------------------------------------------------------------- threads */

static void on_signal(int sig)
{
	(void)sig;
}

/* For a PVHV_RUN that has not started yet when the signal comes. */
static void on_kick(int sig)
{
	(void)sig;
	g.run->immediate_exit = 1;
}

static long interrupted;

static void *run_thread(void *unused)
{
	(void)unused;
	return (void *)guest_run(&g);
}

static void check_busy(void)
{
	struct pvhv_regs r = { .size = sizeof(r) };
	pthread_t thread;
	void *ret;

	start(code_count);
	pthread_create(&thread, NULL, run_thread, NULL);
	wait_for_guest();
	is(guest_run(&g), -EBUSY, "a second thread runs the vCPU");
	is(call(g.vcpu, PVHV_GET_REGS, &r), -EBUSY, "or wants its registers");
	is(guest_set_regs(&g), -EBUSY, "or sets them");
	is(vcpu_create(g.domain, 1), -EBUSY, "or makes another vCPU");
	wait_for_guest();
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	is((long)ret, -EINTR, "a signal ends the run");
	is(call(g.vcpu, PVHV_GET_REGS, &r), 0, "its registers can be had then");
	ok(r.rip >= GUEST_VA && r.rip < GUEST_VA + PAGE, "the guest was at work");
}

static void check_signal(const char *what, const char *code)
{
	pthread_t thread;
	void *ret;
	int i, bad = 0;

	start(code);
	for (i = 0; i < 20; i++) {
		g.run->immediate_exit = 0;
		pthread_create(&thread, NULL, run_thread, NULL);
		/* One that blocks counts once. */
		while (!count())
			sched_yield();
		if (code != code_block)
			wait_for_guest();
		usleep(1000);
		pthread_kill(thread, SIGALRM);
		pthread_join(thread, &ret);
		bad += (long)ret != -EINTR;
	}
	is(bad, 0, "a guest that %s: signals end the run", what);
	is(g.run->reason, PVHV_EXIT_NONE, "a guest that %s: there is no reason then", what);
}

/* One run that SIGUSR1 ends when the guest has executed something. */
static void check_interrupted(void)
{
	pthread_t thread;
	void *ret;

	pthread_create(&thread, NULL, run_thread, NULL);
	wait_for_guest();
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	is((long)ret, -EINTR, "a signal ends the run");
}

static void check_handler(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	int i, bad = 0;

	start(code_count);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 300; i++) {
		g.run->immediate_exit = 0;
		bad += guest_run(&g) != -EINTR;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	is(bad, 0, "a handler sets immediate_exit");
}

static void *storm_thread(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
		kill(getpid(), SIGUSR2);
	return NULL;
}

static void *interrupted_thread(void *unused)
{
	sigset_t set;
	int i;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	for (i = 0; i < 400; i++)
		interrupted += guest_run(&g) == -EINTR;
	return NULL;
}

/*
 * Signals that come while the running thread is not on the CPU: the sender shares it.
 * Between the kernel's test for signals and the guest there must be no gap.
 */
static void check_storm(void)
{
	pthread_t sender, runner;
	cpu_set_t one, old;
	sigset_t set;
	int stop = 0;

	start(code_count);
	sched_getaffinity(0, sizeof(old), &old);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&sender, NULL, storm_thread, &stop);
	pthread_create(&runner, NULL, interrupted_thread, NULL);
	pthread_join(runner, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(sender, NULL);
	sched_setaffinity(0, sizeof(old), &old);
	is(interrupted, 400, "signals from a thread that competes for the CPU");
}

/* The process is stopped and continued by another one: PVHV_RUN says -EINTR, no more. */
static void check_stopped(void)
{
	pid_t pid, parent = getpid();
	int i, bad = 0, status = 0;
	u64 before;

	start(code_count);
	for (i = 0; i < 10; i++) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			wait_for_guest();
			kill(parent, SIGSTOP);
			usleep(2000);
			kill(parent, SIGCONT);
			_exit(0);
		}
		bad += guest_run(&g) != -EINTR;
		status += child_status(pid);
	}
	is(bad + status, 0, "SIGSTOP and SIGCONT");
	before = count();
	check_interrupted();
	ok(count() > before, "the guest goes on after it");
}

static pid_t runner_tid;

static void *moving_thread(void *unused)
{
	(void)unused;
	__atomic_store_n(&runner_tid, gettid(), __ATOMIC_RELEASE);
	return (void *)guest_run(&g);
}

/* From CPU to CPU, as a scheduler would: the guest must not notice. */
static void check_moved(void)
{
	int i, n = (int)sysconf(_SC_NPROCESSORS_ONLN), bad = 0;
	struct pvhv_regs r = { .size = sizeof(r) };
	pthread_t thread;
	cpu_set_t cpus;
	void *ret;

	if (n < 2) {
		skip("a thread moves between CPUs: there is one CPU");
		return;
	}
	start(code_count);
	pthread_create(&thread, NULL, moving_thread, NULL);
	wait_for_guest();
	for (i = 0; i < 200; i++) {
		CPU_ZERO(&cpus);
		CPU_SET(i % n, &cpus);
		bad += sched_setaffinity(runner_tid, sizeof(cpus), &cpus);
		wait_for_guest();
	}
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	is((long)ret, -EINTR, "a thread moves between CPUs: one run all the while");
	is(bad + call(g.vcpu, PVHV_GET_REGS, &r), 0, "it could be moved");
	ok(r.rip >= GUEST_VA && r.rip < GUEST_VA + PAGE && r.rsp == g.regs.rsp,
	   "the guest's registers are its own");
}

int main(void)
{
	const struct sigaction signal = { .sa_handler = on_signal }, kick = { .sa_handler = on_kick };

	close(device());
	sigaction(SIGUSR1, &signal, NULL);
	sigaction(SIGUSR2, &signal, NULL);
	sigaction(SIGALRM, &kick, NULL);
	check_refused();
	check_shutdown();
	check_crash();
	check_console_write(0);
	check_console_write(1);
	check_console_write(1024);
	check_console_write(1025);
	check_console_write(3000);
	check_console_read(10, 4);
	check_console_read(10, 10);
	check_console_read(10, 11);
	check_console_read(2000, 2048);
	check_console_read(2000, ~0u);
	check_console_read(2000, 0);
	check_immediate_exit();
	check_busy();
	check_signal("computes", code_count);
	check_signal("yields", code_yield);
	check_signal("blocks", code_block);
	check_handler();
	check_storm();
	check_stopped();
	check_moved();
	guest_free(&g);
	return finish();
}
