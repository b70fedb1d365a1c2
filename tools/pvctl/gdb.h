/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A stub for gdb: a thread of its own that talks to one debugger at a time, and stops,
 * steps and changes the guest for it. The guest does not see it, but by its pace.
 */
#ifndef PVCTL_GDB_H
#define PVCTL_GDB_H

#include <pthread.h>

#include "debug.h"
#include "rsp.h"

/**
 * struct gdb
 * [t] the thread's
 * @listen: socket; @path: of a Unix one, to be removed
 * @quit: eventfd: the thread is to end
 * @stops: eventfd of the vCPU
 * @stopped: the guest does not run, and we hold a pause of its vCPU
 */
struct gdb {
	int listen;
	char path[108];
	int quit;
	int stops;
	pthread_t thread;
	bool started;
	struct debug debug;	/* [t] */
	struct rsp rsp;		/* [t] */
	bool stopped;		/* [t] */
	bool swbreak, hwbreak;	/* [t] words that the debugger understands */
	char why[128];		/* [t] the last stop, for ? */
};

/**
 * gdb_open - listen at @address: [HOST:]PORT, or the path of a Unix socket (with a /)
 * HOST is a number; without one, this machine only.
 */
int gdb_open(struct gdb *g, const char *address, struct error *e) __must_check;

/**
 * gdb_start - serve it, for a vCPU that has not been started
 * @wait: the guest starts only when a debugger says so
 */
int gdb_start(struct gdb *g, struct vcpu *v, const struct domain *d, bool wait,
	      struct error *e) __must_check;

/** gdb_close - end that, before vcpu_stop(); also after gdb_open() alone, or before it */
void gdb_close(struct gdb *g);

#endif
