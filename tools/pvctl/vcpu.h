/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A vCPU and the thread that runs it. */
#ifndef PVCTL_VCPU_H
#define PVCTL_VCPU_H

#include <pthread.h>

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
 * @run: its run page; @immediate_exit belongs to vcpu_stop(), the rest to the thread
 * @end, @code, @text: valid after vcpu_stop()
 */
struct vcpu {
	int fd;
	struct pvhv_run *run;
	struct console *console;
	pthread_t thread;
	bool started;
	bool stop;	/* atomic */
	enum vcpu_end end;
	u32 code;
	char text[160];
};

/** vcpu_create - vCPU 0, about to execute @image's first instruction */
int vcpu_create(const struct domain *d, const struct image *image, struct console *c,
		struct vcpu *v, struct error *e) __must_check;

/** vcpu_start - run it in a thread, until its end, which calls console_end() */
int vcpu_start(struct vcpu *v, struct error *e) __must_check;

/** vcpu_stop - make the thread end wherever it is, and wait for that */
void vcpu_stop(struct vcpu *v);

/** vcpu_crash_name - words for enum pvhv_crash */
const char *vcpu_crash_name(u32 code);

void vcpu_destroy(struct vcpu *v);

#endif
