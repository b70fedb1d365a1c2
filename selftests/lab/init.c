// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of a lab machine: mounts the usual file systems, performs the items of
 * /lab/plan one after the other, reports each over the second serial port, and
 * powers the machine off. It judges nothing: it reports what a program wrote, how
 * it ended and what the kernel complained of meanwhile; ./lab draws the conclusion.
 * A machine that stops before the line "lab: end" has failed, so this program must
 * never write that line early, and must never wait for anything but the item at hand.
 *
 * The plan has one item per line, fields separated by one tab:
 *
 *	insmod	FILE	PARAMETERS	insert a module
 *	rmmod	NAME			remove it
 *	run	NAME	COMMAND		run a shell command, output captured
 *	console	NAME	COMMAND		run it on the first serial port instead
 *
 * The report has for each item
 *
 *	lab: begin NAME
 *	| a line that the program wrote		(any number)
 *	lab: kernel a line of the kernel log	(only if the kernel complained)
 *	lab: result exit N | signal N | error TEXT
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

#define PLAN "/lab/plan"

static int port = -1;	/* second serial port: the report */
static int kmsg = -1;	/* the kernel log, read up to the last item */

/* What a healthy kernel never prints. */
static const char *const complaints[] = {
	"BUG:", "kernel BUG at", "WARNING:", "Oops", "general protection",
	"Call Trace:", "KASAN", "UBSAN", "KCSAN", "Bad page",
	"suspected memory leaks", "memory leak detector disabled",
	"possible recursive locking", "possible circular locking",
	"inconsistent lock state", "suspicious RCU usage", "Invalid wait context",
	"unchecked MSR access", "scheduling while atomic", "bad unlock balance",
	"sleeping function called from invalid context", "refcount_t:",
	"double fault", "stack guard page", "detected stall", "self-detected stall",
	"soft lockup", "hard LOCKUP", "blocked for more than", "list_add corruption",
	"list_del corruption", "held lock freed", "ODEBUG:", "lock held when returning",
	"Machine check", "spurious kernel fault",
};

/*
 * A program that makes allocations fail says so in the kernel log: the backtraces of those
 * that Linux's own code warns of are then expected, and nothing else is.
 */
#define FAILURES_EXPECTED	"lab: allocations fail on purpose"
#define FAILURE			"page allocation failure"
#define VMALLOC_FAILURE		"vmalloc error"
#define BACKTRACE		"Call Trace:"

/* Lines of context reported behind a complaint: a register dump and a backtrace. */
#define CONTEXT_LINES 40

void report(const char *format, ...)
{
	char line[4096];
	va_list args;
	int len, done = 0;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (int i = 0; i < len; i++)
		if (!isprint((unsigned char)line[i]) && line[i] != '\t')
			line[i] = '?';
	line[len++] = '\n';
	while (done < len) {
		int n = write(port, line + done, len - done);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += n;
	}
}

static bool is_complaint(const char *text)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		if (strstr(text, complaints[i]))
			return true;
	return false;
}

/* What a stock kernel said of an emulated machine while it booted is not ours. */
static void skip_kernel_log(void)
{
	lseek(kmsg, 0, SEEK_END);
}

/* Lines of one program, in order. */
static bool is_expected(const char *text, bool *failures, bool *backtrace)
{
	if (strstr(text, FAILURES_EXPECTED))
		*failures = true;
	if (*failures && (strstr(text, FAILURE) || strstr(text, VMALLOC_FAILURE)))
		*backtrace = true;
	if (!*backtrace || !strstr(text, BACKTRACE))
		return false;
	*backtrace = false;
	return true;
}

void report_kernel_log(void)
{
	bool failures = false, backtrace = false;
	char record[8192];
	int context = 0;

	for (;;) {
		ssize_t len = read(kmsg, record, sizeof(record) - 1);
		char *text, *end;

		if (len < 0 && errno == EPIPE) {
			/* Records were overwritten before they were read. */
			report("lab: kernel BUG: the kernel log overran");
			continue;
		}
		if (len <= 0)
			return;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		end = strchr(text, '\n');	/* the rest is a dictionary */
		if (end)
			*end = '\0';
		if (!is_expected(text, &failures, &backtrace) && is_complaint(text))
			context = CONTEXT_LINES;
		if (context > 0) {
			report("lab: kernel %s", text);
			context--;
		}
	}
}

/* Everything an item started goes with it, whatever it left in the background. */
static void kill_leftovers(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Passes on whole lines; keeps an unfinished one in @line for the next call. */
static void pass_output(const char *data, ssize_t len, char *line, size_t *used, size_t size)
{
	for (ssize_t i = 0; i < len; i++) {
		/* A guest's console ends its lines with both. */
		if (data[i] != '\n' && data[i] != '\r')
			line[(*used)++] = data[i];
		if (data[i] == '\n' || *used == size - 1) {
			line[*used] = '\0';
			report("| %s", line);
			*used = 0;
		}
	}
}

static bool drain(int fd, char *line, size_t *used, size_t size)
{
	char data[4096];
	ssize_t len = read(fd, data, sizeof(data));

	if (len > 0)
		pass_output(data, len, line, used, size);
	return len > 0;
}

static void on_child(int sig)
{
	(void)sig;	/* only there to end the poll below */
}

static void exec_shell(const char *command)
{
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void report_status(int status)
{
	if (WIFEXITED(status))
		report("lab: result exit %d", WEXITSTATUS(status));
	else
		report("lab: result signal %d", WTERMSIG(status));
}

/*
 * Waits for the program itself, not for the end of its output: something it left
 * in the background may hold the pipe open for ever.
 */
static int wait_for(pid_t pid, int fd)
{
	sigset_t blocked, open;
	char line[3500];
	size_t used = 0;
	int status = 0;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &open);
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		pid_t gone;

		while ((gone = waitpid(-1, &status, WNOHANG)) > 0)
			if (gone == pid)
				goto out;
		if (ppoll(&p, 1, NULL, &open) > 0 && !drain(fd, line, &used, sizeof(line)) &&
		    (p.revents & POLLHUP)) {
			waitpid(pid, &status, 0);
			break;
		}
	}
out:
	sigprocmask(SIG_SETMASK, &open, NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (drain(fd, line, &used, sizeof(line)))
		;
	if (used)
		pass_output("\n", 1, line, &used, sizeof(line));
	return status;
}

static void run(char *name, char *command)
{
	int fds[2], status;
	pid_t pid;

	report("lab: begin %s", name);
	if (pipe2(fds, O_CLOEXEC)) {
		report("lab: result error pipe: %s", strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		setsid();
		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		exec_shell(command);
	}
	close(fds[1]);
	status = wait_for(pid, fds[0]);
	close(fds[0]);
	kill_leftovers();
	report_kernel_log();
	report_status(status);
}

static void run_on_console(char *name, char *command)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int tty;

		setsid();
		tty = open("/dev/ttyS0", O_RDWR);
		ioctl(tty, TIOCSCTTY, 1);
		dup2(tty, 0);
		dup2(tty, 1);
		dup2(tty, 2);
		exec_shell(command);
	}
	report("lab: begin %s", name);
	while (waitpid(pid, &status, 0) != pid)
		;
	kill_leftovers();
	report_kernel_log();
	report_status(status);
}

static void insert_module(char *file, char *parameters)
{
	char *base = strrchr(file, '/');
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int error = 0;

	report("lab: begin load %s", base ? base + 1 : file);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = errno;
	if (fd >= 0)
		close(fd);
	report_kernel_log();
	if (error)
		report("lab: result error %s", strerror(error));
	else
		report("lab: result exit 0");
}

static void remove_module(char *name)
{
	int error = 0;

	report("lab: begin unload %s", name);
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		error = errno;
	report_kernel_log();
	if (error)
		report("lab: result error %s", strerror(error));
	else
		report("lab: result exit 0");
}

static void perform(char *item)
{
	char *verb = strsep(&item, "\t");
	char *first = item ? strsep(&item, "\t") : "";
	char *rest = item ? item : "";

	if (!strcmp(verb, "insmod"))
		insert_module(first, rest);
	else if (!strcmp(verb, "rmmod"))
		remove_module(first);
	else if (!strcmp(verb, "run"))
		run(first, rest);
	else if (!strcmp(verb, "console"))
		run_on_console(first, rest);
	else
		report("lab: unknown item %s", verb);
}

static void mount_all(void)
{
	static const struct { const char *type, *where; } mounts[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "debugfs", "/sys/kernel/debug" }, { "tracefs", "/sys/kernel/tracing" },
		{ "tmpfs", "/tmp" }, { "devpts", "/dev/pts" }, { "tmpfs", "/dev/shm" },
		{ "cgroup2", "/sys/fs/cgroup" }, { "tmpfs", "/run" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL);
	}
}

static int open_port(void)
{
	int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd >= 0 && !tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL;
		cfsetspeed(&t, B115200);
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static void report_boot(void)
{
	struct utsname name;

	uname(&name);
	report("lab: begin boot %s", name.release);
	checkers_start();
	/* That of a debug kernel is: a checker may have stopped after what it said. */
	if (checkers_present())
		report_kernel_log();
	else
		skip_kernel_log();
	report("lab: result exit 0");
}

int main(void)
{
	struct sigaction child = { .sa_handler = on_child };
	static char item[65536];
	FILE *plan;

	mount_all();
	sigaction(SIGCHLD, &child, NULL);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	if (chdir("/tmp"))
		perror("/tmp");

	port = open_port();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	report_boot();
	plan = fopen(PLAN, "re");
	while (plan && fgets(item, sizeof(item), plan)) {
		item[strcspn(item, "\n")] = '\0';
		if (item[0])
			perform(item);
	}
	checkers_finish();
	report("lab: end");
	tcdrain(port);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
