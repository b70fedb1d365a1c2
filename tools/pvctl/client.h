/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The other end of a control socket: who asks a domain's pvctl for something. */
#ifndef PVCTL_CLIENT_H
#define PVCTL_CLIENT_H

#include <sys/types.h>

#include "rundir.h"
#include "wire.h"

/**
 * struct client - a connection
 * @pid, @uid: of the process that serves it
 */
struct client {
	int fd;
	pid_t pid;
	uid_t uid;
};

/**
 * client_connect - to the socket of domain @name in @dir
 * 1: nobody serves one there.
 */
int client_connect(struct client *c, const char *dir, const char *name,
		   struct error *e) __must_check;

/**
 * client_call - a request, and its answer
 * @members: of the request, or NULL; @pass: a descriptor to go with it, or -1
 * @seconds: how long to wait for the answer; 0: until it comes
 * @reply: put by the caller after success; NULL: not wanted
 *
 * 1: no answer in that time, or the other side has hung up.
 */
int client_call(struct client *c, const char *command, struct json_object *members, int pass,
		int seconds, struct json_object **reply, struct error *e) __must_check;

void client_close(struct client *c);

#endif
