// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's part of hotwork.sh: work that must not leave the monitor. Before and after
 * each piece it writes a line, and waits for one on its standard input:
 *
 *	hotwork: NAME before
 *	hotwork: NAME after PAGES	pages touched, as the guest's kernel counted
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CALLS		100000
#define PROCESSES	1000
#define FRESH		(64UL << 20)
#define PAGE		4096UL

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void work_getpid(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		if (syscall(SYS_getpid) <= 0)
			die("getpid");
}

static void work_exec(void)
{
	char *argv[] = { "hotwork", "nothing", NULL }, *envp[] = { NULL };
	int i, status;
	pid_t pid;

	for (i = 0; i < PROCESSES; i++) {
		pid = fork();
		if (!pid) {
			execve("/proc/self/exe", argv, envp);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			die("exec");
	}
}

static void work_touch(void)
{
	char *p = mmap(NULL, FRESH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long i;

	if (p == MAP_FAILED)
		die("mmap");
	for (i = 0; i < FRESH; i += PAGE)
		p[i] = 1;
}

static const struct {
	const char *name;
	void (*work)(void);
} pieces[] = {
	{ "getpid", work_getpid },
	{ "exec", work_exec },
	{ "touch", work_touch },
};

static long faults(void)
{
	struct rusage self, children;

	if (getrusage(RUSAGE_SELF, &self) || getrusage(RUSAGE_CHILDREN, &children))
		die("getrusage");
	return self.ru_minflt + children.ru_minflt;
}

static void wait_for_line(void)
{
	int c;

	do {
		c = getchar();
		if (c == EOF)
			exit(1);
	} while (c != '\n');
}

/* The answers must not come back as output, which would be exits of its own. */
static void echo_off(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t))
		return;
	t.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 0;
	echo_off();
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		long before;

		printf("hotwork: %s before\n", pieces[i].name);
		fflush(stdout);
		wait_for_line();
		before = faults();
		pieces[i].work();
		printf("hotwork: %s after %ld\n", pieces[i].name, faults() - before);
		fflush(stdout);
		wait_for_line();
	}
	return 0;
}
