// SPDX-License-Identifier: GPL-2.0
/*
 * Ends of domains: descriptors and mappings going in every order, and processes that
 * end with everything open. What would be left of one, the next of its name finds.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define MODULE_FILE	"/lab/pvhv.ko"

static struct guest g;
static volatile u64 *shared;	/* with the guest: grows while it runs */

/* 0, or why a domain of that name, the only one of this process, cannot be made. */
static int try_name(const char *name)
{
	int fd = create(name, 64);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* ------------------------------------------------------------ orderings */

enum { DOMAIN, VCPU, RUN_PAGE, MEMORY, THINGS };

static void drop(int what)
{
	switch (what) {
	case DOMAIN:
		close(g.domain);
		g.domain = -1;
		break;
	case VCPU:
		close(g.vcpu);
		g.vcpu = -1;
		break;
	case RUN_PAGE:
		munmap(g.run, PAGE);
		g.run = NULL;
		break;
	case MEMORY:
		munmap(g.mem, GUEST_PAGES * PAGE);
		g.mem = NULL;
		break;
	}
}

/* A domain lives as long as one of its descriptors, or a mapping of one. */
static void check_order(const int *order, const char *code)
{
	static const char * const names[] = { "domain", "vCPU", "run page", "memory" };
	const char *name = name_of("order");
	int i, left = 3, bad = 0;

	guest_ready(&g, name, code ? code : code_shutdown);
	if (code)
		bad += guest_end(&g) < 0;
	for (i = 0; i < THINGS; i++) {
		drop(order[i]);
		left -= order[i] != MEMORY;
		bad += try_name(name) != (left ? -EEXIST : 0);
	}
	is(bad, 0, "%s: %s, %s, %s, %s dropped in this order",
	   !code ? "not run" : code == code_fault ? "crashed" : "shut down",
	   names[order[0]], names[order[1]], names[order[2]], names[order[3]]);
	guest_free(&g);
}

static void check_orders(const char *code)
{
	int n, order[THINGS], digits;

	for (n = 0; n < THINGS * THINGS * THINGS * THINGS; n++) {
		digits = n;
		for (int i = 0; i < THINGS; i++, digits /= THINGS)
			order[i] = digits % THINGS;
		if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) == 15)
			check_order(order, code);
	}
}

static void *run_thread(void *unused)
{
	(void)unused;
	return (void *)guest_run(&g);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void wait_for_guest(void)
{
	u64 before = *shared;

	while (*shared == before)
		sched_yield();
}

/* All is dropped while a thread is in PVHV_RUN: its call holds the domain. */
static void check_dropped_running(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	const char *name = name_of("running");
	pthread_t thread;
	void *ret;

	sigaction(SIGUSR1, &sa, NULL);
	guest_ready(&g, name, code_count);
	shared = guest_data(&g, DATA_COUNT);
	pthread_create(&thread, NULL, run_thread, NULL);
	wait_for_guest();
	drop(RUN_PAGE);
	drop(VCPU);
	drop(DOMAIN);
	wait_for_guest();
	is(try_name(name), -EEXIST, "a guest whose descriptors are closed runs on");
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	is((long)ret, -EINTR, "until a signal ends the run");
	is(try_name(name), 0, "and with it the domain");
	guest_free(&g);
}

/* Unmapping memory is the VMM's own business: the guest still has it. */
static void check_unmapped_memory(void)
{
	guest_ready(&g, name_of("unmapped"), code_shutdown);
	*(u32 *)guest_data(&g, DATA_REASON) = 3;
	drop(MEMORY);
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "a guest whose memory the VMM has unmapped");
	is(g.run->shutdown.reason, 3, "still has it");
	guest_free(&g);
}

/* ------------------------------------------------------------ processes */

static void *run_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		guest_run(&g);
	return NULL;
}

static void tell(int fd)
{
	if (write(fd, "", 1) != 1)
		_exit(250);
}

static int pipes[2];

static void child_runs(const char *name, const char *code)
{
	pthread_t thread;

	guest_ready(&g, name, code);
	shared = guest_data(&g, DATA_COUNT);
	pthread_create(&thread, NULL, run_for_ever, NULL);
	/* One that blocks has counted once. */
	while (code != code_loop && !*shared)
		sched_yield();
	tell(pipes[1]);
}

static void by_exit(void)
{
	_exit(0);
}

static void by_pause(void)
{
	for (;;)
		pause();
}

static void by_main_thread(void)
{
	pthread_exit(NULL);
}

static void by_exec(void)
{
	execl("/proc/self/exe", "ending", "nothing", NULL);
	_exit(251);
}

static void by_fault(void)
{
	raise(SIGSEGV);
	_exit(252);
}

static void check_process(const char *what, const char *code, void (*end)(void), int signal,
			  int want)
{
	const char *name = name_of("process");
	char byte;
	pid_t pid;

	if (pipe(pipes))
		bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		child_runs(name, code);
		end();
	}
	close(pipes[1]);
	if (read(pipes[0], &byte, 1) != 1)
		bail("a child has failed: %s", what);
	close(pipes[0]);
	if (signal)
		kill(pid, signal);
	is(child_status(pid), want, "%s", what);
	is(try_name(name), 0, "%s: nothing of its domain is left", what);
}

static int child_exits(void *name)
{
	guest_ready(&g, name, code_shutdown);
	return 0;
}

static void check_processes(void)
{
	const char *name = name_of("exit");

	is(in_child(child_exits, (void *)name), 0, "a process ends that has not run its guest");
	is(try_name(name), 0, "nothing of its domain is left");
	check_process("exit while a guest computes", code_count, by_exit, 0, 0);
	check_process("exit while a guest loops", code_loop, by_exit, 0, 0);
	check_process("exit while a guest blocks", code_block, by_exit, 0, 0);
	check_process("execve() while a guest computes", code_count, by_exec, 0, 0);
	check_process("execve() while a guest blocks", code_block, by_exec, 0, 0);
	check_process("SIGSEGV while a guest computes", code_count, by_fault, 0, -11);
	check_process("kill -9 while a guest computes", code_count, by_pause, 9, -9);
	check_process("kill -9 while a guest loops", code_loop, by_pause, 9, -9);
	check_process("kill -9 while a guest blocks", code_block, by_pause, 9, -9);
	check_process("kill -9 while a guest yields", code_yield, by_pause, 9, -9);
	check_process("kill -9 when the main thread has ended", code_count, by_main_thread, 9, -9);
}

/* ------------------------------------------------------------- the log */

static void check_log(const char *what, const char *code, const char *why)
{
	const char *name = name_of(what);
	char start[100], end[100];

	snprintf(start, sizeof(start), "pvhv: %s: started", name);
	snprintf(end, sizeof(end), "pvhv: %s: ended", name);
	guest_ready(&g, name, code ? code : code_shutdown);
	is(log_lines(start, ""), 1, "%s: a line of the log for its start", what);
	is(log_lines(end, ""), 0, "%s: none for its end, yet", what);
	if (code) {
		guest_end(&g);
		is(log_lines(end, why), 1, "%s: a line for its end says '%s'", what, why);
	}
	guest_free(&g);
	is(log_lines(start, ""), 1, "%s: still one for its start", what);
	is(log_lines(end, ""), 1, "%s: one for its end", what);
	is(log_lines(end, why), 1, "%s: it says '%s'", what, why);
}

/* ---------------------------------------------------------- the module */

static long remove_module(void)
{
	return syscall(SYS_delete_module, "pvhv", O_NONBLOCK) ? -errno : 0;
}

static long insert_module(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	long ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	return ret;
}

/* The last thing: if it cannot be loaded again there is nothing left to test. */
static void check_module(void)
{
	int dev;

	if (access(MODULE_FILE, R_OK)) {
		skip("unloading: no %s to load again", MODULE_FILE);
		return;
	}
	dev = device();
	is(remove_module(), -EWOULDBLOCK, "unload while the device is open");
	close(dev);
	guest_ready(&g, name_of("module"), code_shutdown);
	is(remove_module(), -EWOULDBLOCK, "unload while there is a domain");
	guest_end(&g);
	is(remove_module(), -EWOULDBLOCK, "unload after its end");
	drop(DOMAIN);
	drop(VCPU);
	is(remove_module(), -EWOULDBLOCK, "unload while there is only a run page");
	is(g.run->reason, PVHV_EXIT_SHUTDOWN, "which is still there");
	drop(RUN_PAGE);
	is(remove_module(), 0, "unload when it is gone");
	guest_free(&g);
	is(insert_module(), 0, "load it again");
	is(try_name(name_of("again")), 0, "a domain of the module loaded again");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 0;
	close(device());
	check_orders(NULL);
	check_orders(code_shutdown);
	check_orders(code_fault);
	check_dropped_running();
	check_unmapped_memory();
	check_processes();
	check_log("closed", NULL, "closed");
	check_log("shut-down", code_shutdown, "shutdown code 0");
	check_log("crashed", code_fault, "triple fault");
	check_module();
	return finish();
}
