/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The guest's console on our stdin and stdout. The guest has two: the ring in its
 * memory, and the console_io hypercall, whose data vCPU threads pass on. The main
 * thread alone touches the ring, stdin and stdout, and never waits in one of them, so
 * that a signal is served however slowly others read.
 */
#ifndef PVCTL_CONSOLE_H
#define PVCTL_CONSOLE_H

#include <pthread.h>

#include "domain.h"
#include "queue.h"
#include "ring.h"

#define CONSOLE_ESCAPE	0x1d	/* Ctrl-] */

/** enum console_input - which of its consoles the guest reads: the first it uses */
enum console_input {
	CONSOLE_INPUT_HELD,		/* not known yet: input is kept */
	CONSOLE_INPUT_RING,
	CONSOLE_INPUT_HYPERCALL,
};

/**
 * struct console
 * [l] under @lock, [m] main thread only, [I] does not change
 * @wake: eventfd of vCPU threads for the main thread
 * @guest: eventfd that the guest's events on @port signal
 * @room: signalled when @out has room, or @closing
 * @closing: nobody will read @out any more
 * @ended: the guest will not run again
 */
struct console {
	const struct domain *domain;	/* [I] */
	int wake;			/* [I] */
	int guest;			/* [I] */
	u32 port;			/* [I] */
	struct ring ring;		/* [m] */
	int in_fd;			/* [m] -1 after its end */
	int out_fd;			/* [m] -1 when nobody reads it ... */
	int out_errno;			/* [m] ... and why */
	bool escape;			/* [m] CONSOLE_ESCAPE ends it */
	bool drained;			/* [m] the ring was emptied after @ended */
	pthread_mutex_t lock;
	pthread_cond_t room;
	enum console_input input;	/* [l] */
	bool closing;			/* [l] */
	bool ended;			/* [l] */
	struct queue in;		/* [l] */
	struct queue out;		/* [l] */
};

/** console_open - bind its port; the ring comes with console_set_ring() */
int console_open(struct console *c, const struct domain *d, struct error *e) __must_check;

/** console_set_ring - @page: in the guest's memory */
void console_set_ring(struct console *c, void *page);

/** console_write - output of a hypercall, from a vCPU thread; may wait for room */
void console_write(struct console *c, const void *data, size_t n);

/** console_read - input for a hypercall, from a vCPU thread; returns how much, perhaps 0 */
size_t console_read(struct console *c, void *data, size_t max);

/** console_end - from a vCPU thread: there will be no more output */
void console_end(struct console *c);

/** console_stop_waiting - no console_write() waits from now on; output may be lost */
void console_stop_waiting(struct console *c);

/**
 * console_run - serve the console
 * @signals: a signalfd; @escape: the terminal's Ctrl-] ends it
 *
 * Returns 0 after console_end() when all output is written, else the number of the
 * signal that came (SIGINT for the escape key).
 */
int console_run(struct console *c, int signals, bool escape);

void console_close(struct console *c);

#endif
