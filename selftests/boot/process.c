// SPDX-License-Identifier: GPL-2.0
/* Processes: fork, exec and threads, many of them, each with what is its own. */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define EXEC_WORD	"--exec-test"

/* exec of this program: arguments and environment must arrive, memory be fresh. */
static int written_before_exec;

void process_main(int argc, char **argv)
{
	const char *value = getenv("EXEC_TEST");

	if (argc != 3 || strcmp(argv[1], EXEC_WORD))
		return;
	_exit(!strcmp(argv[2], "an argument") && value && !strcmp(value, "a value") &&
	      !written_before_exec ? 0 : 1);
}

static void exec(void)
{
	char *argv[] = { "programs64", EXEC_WORD, "an argument", NULL };
	char *envp[] = { "EXEC_TEST=a value", NULL };
	volatile int i;

	for (i = 0; i < 30; i++) {
		/* vfork's child lives in the parent's memory. */
		pid_t pid = i & 1 ? vfork() : fork();

		if (!pid) {
			written_before_exec = !(i & 1);
			execve("/proc/self/exe", argv, envp);
			_exit(127);
		}
		wait_good(pid);
		check_equal(written_before_exec, 0);
	}
}

static void exec_shell(void)
{
	FILE *f = popen("for i in 1 2 3 4 5 6 7 8 9 10; do /bin/busybox echo $i; done | /bin/busybox wc -l",
			"r");
	int lines;

	check(f);
	check_equal(fscanf(f, "%d", &lines), 1);
	check_equal(pclose(f), 0);
	check_equal(lines, 10);
}

static void fork_tree_leaf(int n)
{
	pid_t pid;
	int i, status;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			_exit((n * 20 + i) & 0x7f);
		check_equal(waitpid(pid, &status, 0), pid);
		check(WIFEXITED(status));
		check_equal(WEXITSTATUS(status), (n * 20 + i) & 0x7f);
	}
}

static void fork_tree(void)
{
	run_children(5, fork_tree_leaf);
}

/* --------------------------------------------------------------- threads */

#define THREADS		6
#define TURNS		2000

static __thread uint64_t own;
static volatile int turn;	/* whose it is; a futex */
static uint64_t counter;

static uint64_t fs_base(void)
{
	uint64_t base;

	/* The first word of a thread's block points to itself. */
	asm volatile("mov %%fs:0, %0" : "=r" (base));
	return base;
}

static void *thread_work(void *arg)
{
	int me = (int)(intptr_t)arg, i, now;

	own = 1000 + me;
	for (i = 0; i < TURNS / THREADS; i++) {
		while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) % THREADS != me)
			syscall(SYS_futex, &turn, FUTEX_WAIT, now, NULL, NULL, 0);
		counter++;
		__atomic_add_fetch(&turn, 1, __ATOMIC_RELEASE);
		syscall(SYS_futex, &turn, FUTEX_WAKE, THREADS, NULL, NULL, 0);
		if (own != (uint64_t)(1000 + me) || fs_base() != (uint64_t)pthread_self())
			return "foreign TLS";
	}
	return NULL;
}

static void threads(void)
{
	pthread_t thread[THREADS];
	void *result;
	intptr_t i;

	for (i = 0; i < THREADS; i++)
		check(!pthread_create(&thread[i], NULL, thread_work, (void *)i));
	for (i = 0; i < THREADS; i++) {
		check(!pthread_join(thread[i], &result));
		if (result)
			fail("thread %ld: %s", (long)i, (char *)result);
	}
	check_equal(counter, TURNS / THREADS * THREADS);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *mutex_work(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 5000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		if (!(i % 100))
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void mutexes(void)
{
	pthread_t thread[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		check(!pthread_create(&thread[i], NULL, mutex_work, NULL));
	for (i = 0; i < THREADS; i++)
		check(!pthread_join(thread[i], NULL));
	check_equal(counter, THREADS * 5000);
}

const struct test process_tests[] = {
	{ "fork, vfork and exec", exec },
	{ "a pipeline of a shell", exec_shell },
	{ "processes that fork processes", fork_tree },
	{ "threads take turns by futex, each with its own TLS", threads },
	{ "threads and a mutex", mutexes },
	{ },
};
