/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A vCPU and the thread that runs it. */
#ifndef PVCTL_VCPU_H
#define PVCTL_VCPU_H

#include <pthread.h>

#include <linux/pvhv.h>

#include "builder.h"
#include "console.h"

/** enum vcpu_end - why it does not run any more */
enum vcpu_end {
	VCPU_STOPPED,	/* by vcpu_stop() */
	VCPU_SHUTDOWN,	/* by the guest: @code is SHUTDOWN_* */
	VCPU_CRASH,	/* by the module: @code is enum pvhv_crash */
	VCPU_FAILED,	/* PVHV_RUN failed: @code is an errno */
};

/**
 * struct vcpu
 * [l] under @lock, the rest is its thread's while that runs
 * @run: its run page; @immediate_exit belongs to those who want the thread out of PVHV_RUN
 * @changed: signalled when one of the [l] changes
 * @stop: the thread is to end
 * @pauses: how many want it to stay out of PVHV_RUN
 * @outside: it is: perhaps in a console_write() that waits for the main thread, which
 *	may therefore wait for this, but not for more
 * @debug_fd: eventfd for a debugger, -1: there is none. While there is one, a stop for it
 *	and the end of the guest count as a vcpu_pause() of the debugger's, which this tells
 * @debug: that stop, valid after the event
 * @end, @code, @text: valid after vcpu_stop(), or the event of the end
 */
struct vcpu {
	int fd;
	const struct domain *domain;
	struct pvhv_run *run;
	struct console *console;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;		/* [l] */
	unsigned int pauses;	/* [l] */
	bool outside;		/* [l] */
	int debug_fd;		/* [l] */
	struct {
		bool ended;
		u32 vector;
		u64 dr6;
	} debug;		/* [l] */
	enum vcpu_end end;
	u32 code;
	char text[160];
};

/** vcpu_create - vCPU 0, about to execute @image's first instruction */
int vcpu_create(const struct domain *d, const struct image *image, struct console *c,
		struct vcpu *v, struct error *e) __must_check;

/**
 * vcpu_start - run it in a thread, until its end, which calls console_end()
 * The thread is called "vcpu0/" and the domain's name, as far as that fits.
 */
int vcpu_start(struct vcpu *v, struct error *e) __must_check;

/** vcpu_stop - make the thread end wherever it is, and wait for that */
void vcpu_stop(struct vcpu *v);

/**
 * vcpu_pause - keep it from running, until as many vcpu_resume()
 * From any thread but its own. When this returns, its registers can be asked for, and
 * nothing of it changes the guest's memory. One that has ended can be paused, too.
 */
void vcpu_pause(struct vcpu *v);
void vcpu_resume(struct vcpu *v);

/**
 * vcpu_debug - a debugger comes, @fd: its eventfd; or goes, -1
 * When it goes, pauses that it was told of and has not ended are its to end.
 */
void vcpu_debug(struct vcpu *v, int fd);

/** vcpu_regs - the registers of one that is paused or has ended */
int vcpu_regs(const struct vcpu *v, struct pvhv_regs *r, struct error *e) __must_check;

/** vcpu_crash_name - words for enum pvhv_crash */
const char *vcpu_crash_name(u32 code);

void vcpu_destroy(struct vcpu *v);

#endif
