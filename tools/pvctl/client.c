// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See client.h. Who answers is not trusted: what comes is bounded, and so is the wait. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

int client_connect(struct client *c, const char *dir, const char *name, struct error *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct ucred cred;
	socklen_t len = sizeof(cred);

	c->fd = -1;
	if (rundir_socket(dir, name, a.sun_path, e))
		return -1;
	/* connect() to a full queue would wait; the answer would, too. */
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return error_set(e, "cannot make a socket: %s", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a))) {
		int err = errno;

		client_close(c);
		if (err == ENOENT || err == ECONNREFUSED || err == ENOTDIR || err == EAGAIN)
			return 1;
		return error_set(e, "cannot connect to %s: %s%s", a.sun_path, strerror(err),
				 err == EACCES ? " (it belongs to another user; try as root)" : "");
	}
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		client_close(c);
		return error_set(e, "cannot tell who serves %s: %s", a.sun_path, strerror(errno));
	}
	c->pid = cred.pid;
	c->uid = cred.uid;
	return 0;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* --------------------------------------------------------------- a call */

static int send_line(const struct client *c, char *line, size_t len, int pass)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec v = { line, len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (pass >= 0) {
		struct cmsghdr *h = &control.align;

		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(pass));
		memcpy(CMSG_DATA(h), &pass, sizeof(pass));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.bytes);
	}
	/* A line fits into an empty socket as a whole. */
	return sendmsg(c->fd, &m, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns the length of a line in @in, 0 when there will be none. */
static size_t receive_line(const struct client *c, struct wire_input *in, int seconds)
{
	long end = now_ms() + 1000L * seconds, left;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;
	int len;

	while (!(len = wire_line(in))) {
		left = seconds ? end - now_ms() : -1;
		if (seconds && left <= 0)
			return 0;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recv(c->fd, in->data + in->used, sizeof(in->data) - in->used, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return 0;
		in->used += (size_t)n;
	}
	return len < 0 ? 0 : (size_t)len;
}

int client_call(struct client *c, const char *command, struct json_object *members, int pass,
		int seconds, struct json_object **reply, struct error *e)
{
	struct wire_input in = {};
	struct json_object *o;
	char line[WIRE_MAX];
	int len = wire_format_request(command, members, line, e);
	size_t n;

	if (len < 0)
		return -1;
	if (send_line(c, line, (size_t)len, pass))
		return 1;
	n = receive_line(c, &in, seconds);
	if (!n)
		return 1;
	if (wire_parse_reply(in.data, n, &o, e))
		return -1;
	if (reply)
		*reply = o;
	else
		json_object_put(o);
	return 0;
}
