/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A domain's control socket, served by a thread of its own: whatever clients do, the
 * vCPU and the console go on. Only root and the user who runs the domain are heard. A
 * client can make its own requests fail, and no more: what it sends is bounded, what it
 * does not read is dropped with it, and when there are too many, the one that has been
 * quiet for longest has to go.
 */
#ifndef PVCTL_CTL_H
#define PVCTL_CTL_H

#include <pthread.h>
#include <sys/types.h>

#include "rundir.h"
#include "wire.h"

#define CTL_CLIENTS	8

/**
 * struct ctl_call - a request that is being served
 * @fd: the descriptor that came with it, or -1; closed by ctl.c
 * @uid, @pid: who asks
 * @cancelled: nobody waits for the answer any more; see ctl_cancelled()
 * @reply: what the handler adds to the answer
 */
struct ctl_call {
	struct wire_request request;
	int fd;
	uid_t uid;
	pid_t pid;
	bool cancelled;
	struct json_object *reply;
};

/** ctl_cancelled - should a slow handler give up? */
static inline bool ctl_cancelled(const struct ctl_call *c)
{
	return __atomic_load_n(&c->cancelled, __ATOMIC_ACQUIRE);
}

/**
 * struct ctl_handler - a command; the table ends with a NULL name
 * @slow: it may wait for something, runs in a thread of its own, one at a time, and asks
 *	ctl_cancelled() now and then
 * @wants_fd: it needs a descriptor; others get none
 */
struct ctl_handler {
	const char *name;
	bool slow;
	bool wants_fd;
	int (*run)(void *context, struct ctl_call *c, struct error *e);
};

/** struct ctl_client - @fd: -1 if there is none; @heard: when, in requests of all clients */
struct ctl_client {
	int fd;
	int passed;
	u64 heard;
	bool busy;		/* the job is its own */
	uid_t uid;
	pid_t pid;
	struct wire_input in;
};

/**
 * struct ctl
 * [I] does not change, [c] the control thread only, [a] atomic, [j] the job's until @done
 */
struct ctl {
	const struct ctl_handler *handlers;	/* [I] */
	void *context;				/* [I] */
	char path[RUNDIR_MAX];			/* [I] */
	int listen;				/* [I] */
	int wake;				/* [I] eventfd */
	pthread_t thread;			/* [I] */
	bool started;				/* [I] */
	bool stop;				/* [a] */
	u64 clock;				/* [c] counts what was heard */
	struct ctl_client client[CTL_CLIENTS];	/* [c] */
	struct {
		pthread_t thread;		/* [c] */
		struct ctl_client *client;	/* [c] NULL: no job */
		const struct ctl_handler *handler; /* [j] */
		struct ctl_call call;		/* [j] */
		char line[WIRE_MAX];		/* [j] its answer */
		int len;			/* [j] */
		bool done;			/* [a] */
	} job;
};

/**
 * ctl_open - the socket of domain @name, not served yet
 * The module has given us the name: a socket that is there already is what is left of
 * somebody who died.
 */
int ctl_open(struct ctl *c, const char *name, const struct ctl_handler *handlers, void *context,
	     struct error *e) __must_check;

/** ctl_start - serve it; the thread inherits the caller's signal mask */
int ctl_start(struct ctl *c, struct error *e) __must_check;

/** ctl_close - cancels what goes on, waits for its end, and removes the socket */
void ctl_close(struct ctl *c);

#endif
