// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See vcpu.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pvhv.h>

#include "vcpu.h"

/* Makes PVHV_RUN return; what to do then is in struct vcpu. */
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

	*v = (struct vcpu){ .domain = d, .console = c, .outside = true, .debug_fd = -1 };
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->changed, NULL);
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
	pthread_cond_destroy(&v->changed);
	pthread_mutex_destroy(&v->lock);
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

/* To the debugger, if there is one: it has a pause more. Returns whether there is. */
static bool tell_debugger(struct vcpu *v, bool ended)
{
	static const u64 one = 1;
	bool there;

	pthread_mutex_lock(&v->lock);
	there = v->debug_fd >= 0;
	if (there) {
		v->debug.ended = ended;
		v->debug.vector = v->run->debug.vector;
		v->debug.dr6 = v->run->debug.dr6;
		v->pauses++;
		/* It can only fail when its count is huge: told anyway. */
		if (write(v->debug_fd, &one, sizeof(one)) < 0)
			there = true;
	}
	pthread_mutex_unlock(&v->lock);
	return there;
}

static bool exit_debug(struct vcpu *v)
{
	/* One that has just gone has left nothing behind that could stop it again. */
	tell_debugger(v, false);
	return true;
}

static bool (* const exits[])(struct vcpu *v) = {
	[PVHV_EXIT_SHUTDOWN] = exit_shutdown,
	[PVHV_EXIT_CRASH] = exit_crash,
	[PVHV_EXIT_CONSOLE] = exit_console,
	[PVHV_EXIT_CONSOLE_READ] = exit_console_read,
	[PVHV_EXIT_DEBUG] = exit_debug,
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

static void note_outside(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->outside = true;
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

static bool run_once(struct vcpu *v)
{
	int err = ioctl(v->fd, PVHV_RUN) ? errno : 0;

	note_outside(v);
	if (!err || err == ESHUTDOWN)
		return exit_serve(v);
	if (err == EINTR)
		return true;
	return exit_failed(v, err);
}

/* Between two PVHV_RUN: wait while others want that. Returns whether it is to go on. */
static bool wait_for_turn(struct vcpu *v)
{
	bool stop;

	pthread_mutex_lock(&v->lock);
	while (v->pauses && !v->stop)
		pthread_cond_wait(&v->changed, &v->lock);
	stop = v->stop;
	v->outside = stop;
	/* Whoever sets it from now on also sends a signal. */
	if (!stop)
		__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&v->lock);
	return !stop;
}

/* For ps and top. Not a failure worth anything. */
static void thread_name(const struct vcpu *v)
{
	char name[16];

	snprintf(name, sizeof(name), "vcpu0/%.9s", v->domain->name);
	pthread_setname_np(pthread_self(), name);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *v = arg;

	thread_name(v);
	v->end = VCPU_STOPPED;
	while (wait_for_turn(v) && run_once(v))
		;
	/* A debugger may look at what is left. */
	if (tell_debugger(v, true))
		wait_for_turn(v);
	note_outside(v);
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

/* With @lock held: make the thread look at what is wanted. */
static void kick(struct vcpu *v)
{
	/* If the signal comes before PVHV_RUN, this makes it return at once. */
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_RELEASE);
	pthread_kill(v->thread, SIGNAL_KICK);
	pthread_cond_broadcast(&v->changed);
}

void vcpu_stop(struct vcpu *v)
{
	if (!v->started)
		return;
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	kick(v);
	pthread_mutex_unlock(&v->lock);
	pthread_join(v->thread, NULL);
	v->started = false;
}

void vcpu_pause(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->pauses++;
	if (!v->outside)
		kick(v);
	while (!v->outside)
		pthread_cond_wait(&v->changed, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

void vcpu_resume(struct vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->pauses--;
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

void vcpu_debug(struct vcpu *v, int fd)
{
	pthread_mutex_lock(&v->lock);
	v->debug_fd = fd;
	pthread_mutex_unlock(&v->lock);
}

int vcpu_regs(const struct vcpu *v, struct pvhv_regs *r, struct error *e)
{
	*r = (struct pvhv_regs){ .size = sizeof(*r) };
	if (ioctl(v->fd, PVHV_GET_REGS, r))
		return error_set(e, "cannot read the vCPU's registers: %s", strerror(errno));
	return 0;
}
