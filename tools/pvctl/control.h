/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a running domain does when asked on its control socket: the table of handlers.
 *
 *   request   its members         the answer's
 *   info                          name, pid, vcpus, memory_bytes, age_seconds
 *   destroy                       (then the domain ends as by SIGTERM)
 *   dump      (with an empty file) (a core file has been written to it)
 *
 * Handlers run in threads of ctl.c, beside the vCPU's and the console's.
 */
#ifndef PVCTL_CONTROL_H
#define PVCTL_CONTROL_H

#include "ctl.h"
#include "vcpu.h"

/**
 * struct control
 * @destroyed: the end was asked for here
 */
struct control {
	struct ctl ctl;
	const struct domain *domain;
	struct vcpu *vcpu;
	u64 started;		/* seconds of CLOCK_BOOTTIME */
	bool destroyed;		/* atomic */
};

/** control_open - make the socket of @d, whose vCPU is @v */
int control_open(struct control *c, const struct domain *d, struct vcpu *v,
		 struct error *e) __must_check;

/** control_start - serve it, from now to control_close(); SIGTERM is blocked by now */
int control_start(struct control *c, struct error *e) __must_check;

/** control_destroyed - did somebody ask for the end? */
bool control_destroyed(const struct control *c);

/** control_close - no handler runs after it; any number of times */
void control_close(struct control *c);

#endif
