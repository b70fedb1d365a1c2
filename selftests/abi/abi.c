// SPDX-License-Identifier: GPL-2.0
/* See abi.h. */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"

#define DEVICE	"/dev/pvhv"

/* ------------------------------------------------------------- results */

static unsigned int results, failures;

static void result(bool good, const char *fmt, va_list ap)
{
	char text[300];

	vsnprintf(text, sizeof(text), fmt, ap);
	printf("%sok %u - %s\n", good ? "" : "not ", ++results, text);
	fflush(stdout);
	failures += !good;
}

bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(good, fmt, ap);
	va_end(ap);
	return good;
}

static const char *value(long v, char *buf, size_t size)
{
	if (v < 0 && v > -4096 && strerrorname_np((int)-v))
		snprintf(buf, size, "-%s", strerrorname_np((int)-v));
	else
		snprintf(buf, size, "%ld", v);
	return buf;
}

bool is(long got, long want, const char *fmt, ...)
{
	char a[32], b[32];
	va_list ap;

	va_start(ap, fmt);
	result(got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		note("got %s, wanted %s", value(got, a, sizeof(a)), value(want, b, sizeof(b)));
	return got == want;
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
}

void skip(const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ok(true, "%s # SKIP", text);
}

void bail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("Bail out! ");
	vprintf(fmt, ap);
	printf(": %s\n", strerror(errno));
	va_end(ap);
	fflush(stdout);
	_exit(1);
}

int finish(void)
{
	printf("1..%u\n", results);
	fflush(stdout);
	return failures ? 1 : 0;
}

/* -------------------------------------------------------- system calls */

int device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT && errno != ENXIO && errno != ENODEV)
		bail(DEVICE);
	printf("1..0 # SKIP the module is not loaded\n");
	fflush(stdout);
	_exit(4);
}

long call(int fd, unsigned long cmd, const void *arg)
{
	long ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

unsigned int fd_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	if (!d)
		bail("/proc/self/fd");
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void *pages_map(size_t pages, int prot)
{
	void *p = mmap(NULL, pages * PAGE, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bail("no memory");
	return p;
}

const char *name_of(const char *what)
{
	static char name[PVHV_NAME_MAX];

	snprintf(name, sizeof(name), "abi-%d-%s", getpid(), what);
	return name;
}

int create(const char *name, u64 max_pages)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = max_pages };
	int dev = device();
	int fd;

	strncpy(c.name, name, sizeof(c.name) - 1);
	fd = (int)call(dev, PVHV_CREATE_DOMAIN, &c);
	close(dev);
	return fd;
}

long give(int domain, u64 gfn, u64 pages, const void *addr)
{
	struct pvhv_set_memory m = { .size = sizeof(m), .gfn = gfn, .pages = pages,
				     .addr = (uintptr_t)addr };

	return call(domain, PVHV_SET_MEMORY, &m);
}

int vcpu_create(int domain, u32 id)
{
	struct pvhv_create_vcpu c = { .size = sizeof(c), .id = id };

	return (int)call(domain, PVHV_CREATE_VCPU, &c);
}

/* ------------------------------------------------------------ children */

int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail("wait for a child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (!pid)
		_exit(fn(arg));
	return child_status(pid);
}

/* ----------------------------------------------------------------- log */

unsigned int log_lines(const char *a, const char *b)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	unsigned int n = 0;
	ssize_t len;

	if (fd < 0)
		bail("/dev/kmsg");
	for (;;) {
		len = read(fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* overwritten: older than anything we look for */
		if (len <= 0)
			break;
		record[len] = 0;
		n += strstr(record, a) && strstr(record, b);
	}
	close(fd);
	return n;
}
