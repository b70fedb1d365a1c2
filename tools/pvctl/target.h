/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The process of a running domain, found by the domain's name. */
#ifndef PVCTL_TARGET_H
#define PVCTL_TARGET_H

#include "client.h"

/**
 * struct target
 * @pidfd: of the process: not another one that gets its number later
 * @client: a connection to it; its fd is -1 if it serves no socket that we find
 * @name: the domain's
 */
struct target {
	const char *name;
	pid_t pid;
	int pidfd;
	struct client client;
};

/** target_find - target_close() after success */
int target_find(const char *name, struct target *t, struct error *e) __must_check;

/** target_gone - wait until the process has ended, and the name is free; false: not so soon */
bool target_gone(const struct target *t, int seconds);

/** target_kill - a signal to it */
int target_kill(const struct target *t, int sig, struct error *e) __must_check;

/** target_sweep - remove the socket of a process that was killed */
void target_sweep(const struct target *t);

void target_close(struct target *t);

#endif
