// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See console.h. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "console.h"

enum { FD_SIGNALS, FD_WAKE, FD_GUEST, FD_IN, FD_OUT, FD_COUNT };

int console_open(struct console *c, const struct domain *d, struct error *e)
{
	memset(c, 0, sizeof(*c));
	c->domain = d;
	c->in_fd = STDIN_FILENO;
	c->out_fd = STDOUT_FILENO;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->room, NULL);
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->guest = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake >= 0 && c->guest >= 0)
		return domain_bind_port(d, c->guest, &c->port, e);
	return error_set(e, "cannot create an eventfd: %s", strerror(errno));
}

void console_set_ring(struct console *c, void *page)
{
	c->ring = (struct ring){ .page = page };
}

void console_close(struct console *c)
{
	if (c->wake >= 0)
		close(c->wake);
	if (c->guest >= 0)
		close(c->guest);
	pthread_cond_destroy(&c->room);
	pthread_mutex_destroy(&c->lock);
}

/* ------------------------------------------------------- vCPU threads */

static void console_wake(struct console *c)
{
	static const u64 one = 1;

	/* It can only fail when its count is huge: awake anyway. */
	if (write(c->wake, &one, sizeof(one)) < 0)
		return;
}

void console_write(struct console *c, const void *data, size_t n)
{
	const u8 *at = data;
	size_t done;

	pthread_mutex_lock(&c->lock);
	while (n && !c->closing) {
		done = queue_put(&c->out, at, n);
		at += done;
		n -= done;
		console_wake(c);
		if (n)
			pthread_cond_wait(&c->room, &c->lock);
	}
	pthread_mutex_unlock(&c->lock);
}

size_t console_read(struct console *c, void *data, size_t max)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	c->input = CONSOLE_INPUT_HYPERCALL;
	n = queue_peek(&c->in, data, max);
	queue_drop(&c->in, n);
	pthread_mutex_unlock(&c->lock);
	if (n)
		console_wake(c);
	return n;
}

void console_end(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->ended = true;
	pthread_mutex_unlock(&c->lock);
	console_wake(c);
}

void console_stop_waiting(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
}

/* -------------------------------------------------- main thread: moving */

/* From the ring to the queue, as much as it has room for. */
static size_t move_output(struct console *c)
{
	u8 buf[sizeof(c->ring.page->out)];
	size_t room, n;

	room = queue_room(&c->out);
	n = ring_take(&c->ring, buf, room < sizeof(buf) ? room : sizeof(buf));
	queue_put(&c->out, buf, n);
	/* The guest is not running any more, or never stops writing. */
	if (c->ended && room >= sizeof(buf))
		c->drained = true;
	return n;
}

/* From the queue to the ring. */
static size_t move_input(struct console *c)
{
	u8 buf[sizeof(c->ring.page->in)];
	size_t n;

	if (c->input != CONSOLE_INPUT_RING)
		return 0;
	n = queue_peek(&c->in, buf, sizeof(buf));
	n = ring_give(&c->ring, buf, n);
	queue_drop(&c->in, n);
	return n;
}

/* Returns whether everything is done. */
static bool console_move(struct console *c)
{
	size_t moved;
	bool done;

	pthread_mutex_lock(&c->lock);
	moved = move_output(c) + move_input(c);
	if (c->out_fd < 0) {
		queue_drop(&c->out, queue_used(&c->out));
		pthread_cond_broadcast(&c->room);
	}
	done = c->ended && c->drained && !queue_used(&c->out);
	pthread_mutex_unlock(&c->lock);
	if (moved)
		domain_raise_port(c->domain, c->port);
	return done;
}

/* Called when poll() has shown room for PIPE_BUF bytes: does not wait. */
static void write_output(struct console *c)
{
	u8 buf[PIPE_BUF];
	ssize_t done;
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = queue_peek(&c->out, buf, sizeof(buf));
	pthread_mutex_unlock(&c->lock);
	if (!n)
		return;
	done = write(c->out_fd, buf, n);
	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* Nobody reads, or the disk is full: the guest goes on, its output is lost. */
	if (done < 0) {
		c->out_errno = errno;
		c->out_fd = -1;
		return;
	}
	pthread_mutex_lock(&c->lock);
	queue_drop(&c->out, (size_t)done);
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
}

/* Returns SIGINT when the escape key was among the input, else 0. */
static int read_input(struct console *c)
{
	u8 buf[1024];
	size_t room;
	ssize_t n;

	pthread_mutex_lock(&c->lock);
	room = queue_room(&c->in);
	pthread_mutex_unlock(&c->lock);
	n = read(c->in_fd, buf, room < sizeof(buf) ? room : sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		c->in_fd = -1;
		return 0;
	}
	if (c->escape && memchr(buf, CONSOLE_ESCAPE, (size_t)n))
		return SIGINT;
	pthread_mutex_lock(&c->lock);
	queue_put(&c->in, buf, (size_t)n);
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* --------------------------------------------- main thread: waiting */

static void poll_prepare(struct console *c, int signals, struct pollfd *p)
{
	bool want_in, want_out;

	pthread_mutex_lock(&c->lock);
	want_in = queue_room(&c->in);
	want_out = queue_used(&c->out);
	pthread_mutex_unlock(&c->lock);
	/* poll() passes over negative numbers. */
	p[FD_SIGNALS] = (struct pollfd){ .fd = signals, .events = POLLIN };
	p[FD_WAKE] = (struct pollfd){ .fd = c->wake, .events = POLLIN };
	p[FD_GUEST] = (struct pollfd){ .fd = c->guest, .events = POLLIN };
	p[FD_IN] = (struct pollfd){ .fd = want_in ? c->in_fd : -1, .events = POLLIN };
	p[FD_OUT] = (struct pollfd){ .fd = want_out ? c->out_fd : -1, .events = POLLOUT };
}

static bool event_clear(int fd)
{
	u64 count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static int take_signal(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* Returns the signal that ends it, or 0. */
static int poll_serve(struct console *c, const struct pollfd *p)
{
	int sig = 0;

	if (p[FD_SIGNALS].revents)
		sig = take_signal(p[FD_SIGNALS].fd);
	if (p[FD_WAKE].revents)
		event_clear(c->wake);
	if (p[FD_GUEST].revents && event_clear(c->guest)) {
		pthread_mutex_lock(&c->lock);
		if (c->input == CONSOLE_INPUT_HELD)
			c->input = CONSOLE_INPUT_RING;
		pthread_mutex_unlock(&c->lock);
	}
	if (p[FD_OUT].revents)
		write_output(c);
	if (!sig && p[FD_IN].revents)
		sig = read_input(c);
	return sig;
}

/* What can be written without waiting. */
static void console_flush(struct console *c)
{
	struct pollfd p = { .events = POLLOUT };

	while (!console_move(c)) {
		p.fd = c->out_fd;
		if (c->out_fd < 0 || !queue_used(&c->out) || poll(&p, 1, 0) <= 0)
			break;
		write_output(c);
	}
}

int console_run(struct console *c, int signals, bool escape)
{
	struct pollfd p[FD_COUNT];
	int sig = 0;

	c->escape = escape;
	while (!sig && !console_move(c)) {
		poll_prepare(c, signals, p);
		if (poll(p, FD_COUNT, -1) < 0)
			continue;	/* EINTR, or no memory for a moment */
		sig = poll_serve(c, p);
	}
	if (sig)
		console_flush(c);
	return sig;
}
