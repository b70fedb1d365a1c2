// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See vcpu.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pvhv.h>

#include "vcpu.h"

/* Makes PVHV_RUN return; what to do then is in vcpu->stop. */
#define SIGNAL_KICK	SIGUSR1

#define RFLAGS_START	0x202	/* IF, and the bit that is always set */

static const char * const crash_names[] = {
	[PVHV_CRASH_NONE] = "ended from outside",
	[PVHV_CRASH_TRIPLE_FAULT] = "triple fault",
	[PVHV_CRASH_BAD_STACK] = "kernel stack not writable",
	[PVHV_CRASH_PAGETABLE] = "invalid initial page tables",
	[PVHV_CRASH_POOL] = "page-table memory at its limit",
	[PVHV_CRASH_FOREIGN_WRITE] = "page tables changed from outside",
	[PVHV_CRASH_MACHINE_CHECK] = "machine check",
	[PVHV_CRASH_MONITOR] = "bug in the monitor",
	[PVHV_CRASH_GUEST] = "something that no rule of the ABI answers",
};

const char *vcpu_crash_name(u32 code)
{
	return code < ARRAY_SIZE(crash_names) ? crash_names[code] : "unknown reason";
}

/* ------------------------------------------------------------ creation */

static int set_regs(const struct vcpu *v, const struct image *image, struct error *e)
{
	struct pvhv_regs r = {
		.size = sizeof(r), .rip = image->entry, .rsp = image->stack,
		.rsi = image->start_info, .rflags = RFLAGS_START, .cr3_gfn = image->cr3_gfn,
	};

	if (ioctl(v->fd, PVHV_SET_REGS, &r))
		return error_set(e, "cannot set the vCPU's registers: %s", strerror(errno));
	return 0;
}

int vcpu_create(const struct domain *d, const struct image *image, struct console *c,
		struct vcpu *v, struct error *e)
{
	struct pvhv_create_vcpu create = { .size = sizeof(create), .id = 0 };
	void *run;

	*v = (struct vcpu){ .console = c };
	v->fd = ioctl(d->fd, PVHV_CREATE_VCPU, &create);
	if (v->fd < 0)
		return error_set(e, "cannot create a vCPU: %s", strerror(errno));
	run = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (run == MAP_FAILED) {
		error_set(e, "cannot map the vCPU's run page: %s", strerror(errno));
		vcpu_destroy(v);
		return -1;
	}
	v->run = run;
	if (!set_regs(v, image, e))
		return 0;
	vcpu_destroy(v);
	return -1;
}

void vcpu_destroy(struct vcpu *v)
{
	if (v->run)
		munmap(v->run, PAGE_SIZE);
	if (v->fd >= 0)
		close(v->fd);
	v->run = NULL;
	v->fd = -1;
}

/* --------------------------------------------------------------- exits */

/* Each returns whether the vCPU can run on. */
static bool exit_shutdown(struct vcpu *v)
{
	v->end = VCPU_SHUTDOWN;
	v->code = v->run->shutdown.reason;
	return false;
}

static bool exit_crash(struct vcpu *v)
{
	v->end = VCPU_CRASH;
	v->code = v->run->crash.reason;
	snprintf(v->text, sizeof(v->text), "%.*s", (int)sizeof(v->run->crash.text) - 1,
		 v->run->crash.text);
	return false;
}

static bool exit_console(struct vcpu *v)
{
	u32 len = v->run->console.len;

	console_write(v->console, v->run->console.data,
		      len < PVHV_CONSOLE_MAX ? len : PVHV_CONSOLE_MAX);
	return true;
}

static bool exit_console_read(struct vcpu *v)
{
	u32 max = v->run->console.max;

	v->run->console.len = (u32)console_read(v->console, v->run->console.data,
						max < PVHV_CONSOLE_MAX ? max : PVHV_CONSOLE_MAX);
	return true;
}

static bool (* const exits[])(struct vcpu *v) = {
	[PVHV_EXIT_SHUTDOWN] = exit_shutdown,
	[PVHV_EXIT_CRASH] = exit_crash,
	[PVHV_EXIT_CONSOLE] = exit_console,
	[PVHV_EXIT_CONSOLE_READ] = exit_console_read,
};

static bool exit_failed(struct vcpu *v, int err)
{
	v->end = VCPU_FAILED;
	v->code = (u32)err;
	return false;
}

static bool exit_serve(struct vcpu *v)
{
	u32 reason = v->run->reason;

	if (reason < ARRAY_SIZE(exits) && exits[reason])
		return exits[reason](v);
	snprintf(v->text, sizeof(v->text), "exit reason %u is unknown to this pvctl", reason);
	return exit_failed(v, EPROTO);
}

/* -------------------------------------------------------------- thread */

static bool run_once(struct vcpu *v)
{
	if (!ioctl(v->fd, PVHV_RUN))
		return exit_serve(v);
	if (errno == ESHUTDOWN)
		return exit_serve(v);
	if (errno == EINTR)
		return true;
	return exit_failed(v, errno);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *v = arg;

	v->end = VCPU_STOPPED;
	while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE) && run_once(v))
		;
	console_end(v->console);
	return NULL;
}

static void kicked(int sig)
{
	(void)sig;
}

int vcpu_start(struct vcpu *v, struct error *e)
{
	/* No SA_RESTART: PVHV_RUN must return. */
	struct sigaction sa = { .sa_handler = kicked };
	int err;

	sigaction(SIGNAL_KICK, &sa, NULL);
	err = pthread_create(&v->thread, NULL, vcpu_thread, v);
	if (err)
		return error_set(e, "cannot start a thread: %s", strerror(err));
	v->started = true;
	return 0;
}

void vcpu_stop(struct vcpu *v)
{
	if (!v->started)
		return;
	__atomic_store_n(&v->stop, true, __ATOMIC_RELEASE);
	/* If the signal comes before PVHV_RUN, this makes it return at once. */
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_RELEASE);
	pthread_kill(v->thread, SIGNAL_KICK);
	pthread_join(v->thread, NULL);
	v->started = false;
}
