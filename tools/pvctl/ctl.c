// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See ctl.h. One thread, and one loop around poll(), in which nothing waits. A slow
 * handler runs in a second thread, the job; its client is busy meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

enum { FD_WAKE, FD_LISTEN, FD_CLIENTS, FD_COUNT = FD_CLIENTS + CTL_CLIENTS };

static void wake(struct ctl *c)
{
	static const u64 one = 1;

	/* It can only fail when its count is huge: awake anyway. */
	if (write(c->wake, &one, sizeof(one)) < 0)
		return;
}

/* ------------------------------------------------------------- clients */

/* What another client must not find there: its number may be given again at once. */
static void client_close(struct ctl *c, struct ctl_client *cl)
{
	if (cl->passed >= 0)
		close(cl->passed);
	if (cl->fd >= 0)
		close(cl->fd);
	cl->passed = cl->fd = -1;
	cl->in.used = 0;
	if (cl->busy)
		__atomic_store_n(&c->job.call.cancelled, true, __ATOMIC_RELEASE);
}

/* A free place, or that of the client that has been quiet for longest. */
static struct ctl_client *client_place(struct ctl *c)
{
	struct ctl_client *best = NULL, *cl;

	for (cl = c->client; cl < c->client + CTL_CLIENTS; cl++) {
		if (cl->busy)
			continue;
		if (cl->fd < 0)
			return cl;
		if (!best || cl->heard < best->heard)
			best = cl;
	}
	/* One at most is busy. */
	client_close(c, best);
	return best;
}

static void client_accept(struct ctl *c)
{
	int fd = accept4(c->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ctl_client *cl;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) ||
	    (cred.uid && cred.uid != geteuid())) {
		close(fd);
		return;
	}
	cl = client_place(c);
	cl->fd = fd;
	cl->heard = ++c->clock;
	cl->uid = cred.uid;
	cl->pid = cred.pid;
}

/* An answer is short, so the socket has room for it, unless its client does not read. */
static void client_send(struct ctl *c, struct ctl_client *cl, const char *line, int len)
{
	if (cl->fd >= 0 && send(cl->fd, line, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len)
		client_close(c, cl);
}

/* ------------------------------------------------------------ requests */

/* The handler's answer, or what was wrong, as a line. */
static int answer(void *context, const struct ctl_handler *h, struct ctl_call *call,
		  char line[WIRE_MAX])
{
	struct error e = {};
	int len = -1;

	call->reply = json_object_new_object();
	if (!h->run(context, call, &e))
		len = wire_format_ok(call->reply, line, &e);
	if (len < 0)
		len = wire_format_error(e.text, line);
	json_object_put(call->reply);
	wire_free_request(&call->request);
	if (call->fd >= 0)
		close(call->fd);
	return len;
}

static void *job_thread(void *arg)
{
	struct ctl *c = arg;

	c->job.len = answer(c->context, c->job.handler, &c->job.call, c->job.line);
	__atomic_store_n(&c->job.done, true, __ATOMIC_RELEASE);
	wake(c);
	return NULL;
}

/* Takes @call over, unless it fails. */
static int job_start(struct ctl *c, struct ctl_client *cl, const struct ctl_handler *h,
		     const struct ctl_call *call, struct error *e)
{
	int err;

	if (c->job.client)
		return error_set(e, "another request, '%s', is not finished: try again later",
				 c->job.handler->name);
	c->job.handler = h;
	c->job.call = *call;
	c->job.done = false;
	err = pthread_create(&c->job.thread, NULL, job_thread, c);
	if (err)
		return error_set(e, "cannot start a thread: %s", strerror(err));
	c->job.client = cl;
	cl->busy = true;
	return 0;
}

static void job_finish(struct ctl *c)
{
	struct ctl_client *cl = c->job.client;

	pthread_join(c->job.thread, NULL);
	c->job.client = NULL;
	cl->busy = false;
	client_send(c, cl, c->job.line, c->job.len);
}

static const struct ctl_handler *find_handler(const struct ctl *c, const char *name,
					      struct error *e)
{
	const struct ctl_handler *h;

	for (h = c->handlers; h->name; h++)
		if (!strcmp(h->name, name))
			return h;
	error_set(e, "this pvctl does not know the request '%s'", name);
	return NULL;
}

static const struct ctl_handler *check_request(const struct ctl *c, const struct ctl_call *call,
					       struct error *e)
{
	const struct ctl_handler *h = find_handler(c, call->request.command, e);

	if (h && h->wants_fd && call->fd < 0) {
		error_set(e, "'%s' needs a file descriptor", h->name);
		return NULL;
	}
	return h;
}

static void serve_line(struct ctl *c, struct ctl_client *cl, const char *text, int n)
{
	struct ctl_call call = { .fd = cl->passed, .uid = cl->uid, .pid = cl->pid };
	const struct ctl_handler *h;
	char line[WIRE_MAX];
	struct error e = {};

	cl->passed = -1;
	if (wire_parse_request(text, (size_t)n, &call.request, &e))
		goto refuse;
	h = check_request(c, &call, &e);
	if (h && !h->slow) {
		client_send(c, cl, line, answer(c->context, h, &call, line));
		return;
	}
	if (h && !job_start(c, cl, h, &call, &e))
		return;
	wire_free_request(&call.request);
refuse:
	if (call.fd >= 0)
		close(call.fd);
	client_send(c, cl, line, wire_format_error(e.text, line));
}

/* The lines that are complete, as long as the client is not busy with one of them. */
static void serve_lines(struct ctl *c, struct ctl_client *cl)
{
	int n;

	while (cl->fd >= 0 && !cl->busy && (n = wire_line(&cl->in))) {
		if (n < 0) {
			client_close(c, cl);
			return;
		}
		serve_line(c, cl, cl->in.data, n);
		if (cl->fd >= 0)
			wire_drop(&cl->in, (size_t)n);
	}
}

/* ------------------------------------------------------------- reading */

/* The one descriptor that may be there; -2: more came than may. */
static int take_passed(struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd;

	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return m->msg_flags & MSG_CTRUNC ? -2 : -1;
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	if (!(m->msg_flags & MSG_CTRUNC) && h->cmsg_len == CMSG_LEN(sizeof(fd)))
		return fd;
	close(fd);
	return -2;
}

static void client_read(struct ctl *c, struct ctl_client *cl)
{
	/* Room for one descriptor: the kernel closes the others itself. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_LEN(sizeof(int))];
	} control;
	struct iovec v = { cl->in.data + cl->in.used, sizeof(cl->in.data) - cl->in.used };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(cl->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	fd = n < 0 ? -1 : take_passed(&m);
	if (n <= 0 || fd == -2 || (fd >= 0 && cl->passed >= 0)) {
		if (fd >= 0)
			close(fd);
		client_close(c, cl);
		return;
	}
	if (fd >= 0)
		cl->passed = fd;
	cl->in.used += (size_t)n;
	cl->heard = ++c->clock;
	serve_lines(c, cl);
}

/* -------------------------------------------------------------- thread */

static void poll_prepare(const struct ctl *c, struct pollfd *p)
{
	int i;

	p[FD_WAKE] = (struct pollfd){ .fd = c->wake, .events = POLLIN };
	p[FD_LISTEN] = (struct pollfd){ .fd = c->listen, .events = POLLIN };
	/* What a busy client sends waits in its socket; that it is gone is seen. */
	for (i = 0; i < CTL_CLIENTS; i++)
		p[FD_CLIENTS + i] = (struct pollfd){
			.fd = c->client[i].fd, .events = c->client[i].busy ? POLLRDHUP : POLLIN,
		};
}

static void client_serve(struct ctl *c, struct ctl_client *cl, short revents)
{
	if (cl->fd < 0 || !revents)
		return;
	if (!cl->busy)
		client_read(c, cl);
	else if (revents & (POLLRDHUP | POLLHUP | POLLERR))
		client_close(c, cl);
}

static void poll_serve(struct ctl *c, const struct pollfd *p)
{
	struct ctl_client *cl = c->job.client;
	u64 count;
	int i;

	if (p[FD_WAKE].revents && read(c->wake, &count, sizeof(count)) < 0)
		return;
	for (i = 0; i < CTL_CLIENTS; i++)
		client_serve(c, &c->client[i], p[FD_CLIENTS + i].revents);
	if (cl && __atomic_load_n(&c->job.done, __ATOMIC_ACQUIRE)) {
		job_finish(c);
		serve_lines(c, cl);
	}
	/* Last: it may give a client's place away. */
	if (p[FD_LISTEN].revents)
		client_accept(c);
}

static void *ctl_thread(void *arg)
{
	struct pollfd p[FD_COUNT];
	struct ctl *c = arg;

	while (!__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE)) {
		poll_prepare(c, p);
		if (poll(p, FD_COUNT, -1) >= 0)
			poll_serve(c, p);
	}
	if (c->job.client) {
		__atomic_store_n(&c->job.call.cancelled, true, __ATOMIC_RELEASE);
		job_finish(c);
	}
	return NULL;
}

/* ---------------------------------------------------- opening, closing */

/* Bound under another name, then renamed: nobody finds one that does not listen. */
static int bind_socket(const struct ctl *c, struct error *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t mask;
	int err;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s~", c->path) >= (int)sizeof(a.sun_path))
		return error_set(e, "'%s' is too long for the path of a socket (PVCTL_DIR can name a shorter directory)",
				 c->path);
	unlink(a.sun_path);
	mask = umask(0177);
	err = bind(c->listen, (struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (!err && !listen(c->listen, CTL_CLIENTS) && !rename(a.sun_path, c->path))
		return 0;
	error_set(e, "cannot make the control socket %s: %s (PVCTL_DIR can name another directory)",
		  c->path, strerror(errno));
	if (!err)
		unlink(a.sun_path);
	return -1;
}

int ctl_open(struct ctl *c, const char *name, const struct ctl_handler *handlers, void *context,
	     struct error *e)
{
	char dir[RUNDIR_MAX];
	int i;

	*c = (struct ctl){ .handlers = handlers, .context = context, .listen = -1, .wake = -1 };
	for (i = 0; i < CTL_CLIENTS; i++)
		c->client[i].fd = c->client[i].passed = -1;
	if (rundir_path(dir, e) || rundir_make(dir, e) || rundir_socket(dir, name, c->path, e))
		return -1;
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->listen = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->wake < 0 || c->listen < 0)
		error_set(e, "cannot make the control socket: %s", strerror(errno));
	else if (!bind_socket(c, e))
		return 0;
	/* It is not ours. */
	c->path[0] = 0;
	ctl_close(c);
	return -1;
}

int ctl_start(struct ctl *c, struct error *e)
{
	int err = pthread_create(&c->thread, NULL, ctl_thread, c);

	if (err)
		return error_set(e, "cannot start a thread: %s", strerror(err));
	c->started = true;
	return 0;
}

void ctl_close(struct ctl *c)
{
	int i;

	if (c->path[0])
		unlink(c->path);
	if (c->started) {
		__atomic_store_n(&c->stop, true, __ATOMIC_RELEASE);
		wake(c);
		pthread_join(c->thread, NULL);
		c->started = false;
	}
	for (i = 0; i < CTL_CLIENTS; i++)
		client_close(c, &c->client[i]);
	if (c->listen >= 0)
		close(c->listen);
	if (c->wake >= 0)
		close(c->wake);
	c->listen = c->wake = -1;
	c->path[0] = 0;
}
