// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See rsp.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rsp.h"

#define BREAK	3

static const char digits[] = "0123456789abcdef";

void rsp_init(struct rsp *r, int fd)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
}

static bool write_all(int fd, const char *at, size_t n)
{
	ssize_t done;

	while (n) {
		done = send(fd, at, n, MSG_NOSIGNAL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

static int value_of(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a packet's payload. */
static void take_payload(struct rsp *r, u8 c)
{
	r->sum += c;
	if (c == '}' && !r->escaped) {
		r->escaped = true;
		return;
	}
	if (r->len == RSP_MAX)
		r->too_long = true;
	else
		r->packet[r->len++] = (char)(r->escaped ? c ^ 0x20 : c);
	r->escaped = false;
}

/* A whole packet, whose checksum was told: was it right? */
static enum rsp_event finish(struct rsp *r)
{
	bool good = r->sum == r->told && !r->too_long;

	r->in_packet = false;
	r->packet[r->len] = 0;
	if (!r->no_ack && !write_all(r->fd, good ? "+" : "-", 1))
		return RSP_CLOSED;
	return good ? RSP_PACKET : RSP_NOTHING;
}

static enum rsp_event take_byte(struct rsp *r, u8 c)
{
	if (r->tail) {
		r->told = (u8)(r->told << 4 | (value_of(c) & 15));
		return --r->tail ? RSP_NOTHING : finish(r);
	}
	if (c == '$') {
		/* Not in a payload: the rest of a packet has been lost. */
		r->in_packet = true;
		r->too_long = r->escaped = false;
		r->len = 0;
		r->sum = r->told = 0;
	} else if (r->in_packet && c == '#') {
		r->tail = 2;
	} else if (r->in_packet) {
		take_payload(r, c);
	} else if (c == BREAK) {
		return RSP_BREAK;
	} else if (c == '-' && r->out_len) {
		return write_all(r->fd, r->out, r->out_len) ? RSP_NOTHING : RSP_CLOSED;
	}
	return RSP_NOTHING;
}

enum rsp_event rsp_next(struct rsp *r, bool may_read)
{
	enum rsp_event event;
	ssize_t n;

	if (r->in_at == r->in_len && may_read) {
		n = read(r->fd, r->in, sizeof(r->in));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return RSP_NOTHING;
		if (n <= 0)
			return RSP_CLOSED;
		r->in_at = 0;
		r->in_len = (size_t)n;
	}
	while (r->in_at < r->in_len) {
		event = take_byte(r, r->in[r->in_at++]);
		if (event != RSP_NOTHING)
			return event;
	}
	return RSP_NOTHING;
}

bool rsp_send(struct rsp *r, const char *data, size_t n)
{
	char *out = r->out;
	u8 sum = 0;
	size_t i;

	*out++ = '$';
	for (i = 0; i < n && i < RSP_MAX; i++) {
		char c = data[i];

		if (c == '$' || c == '#' || c == '}' || c == '*') {
			*out++ = '}';
			sum += (u8)'}';
			c ^= 0x20;
		}
		*out++ = c;
		sum += (u8)c;
	}
	*out++ = '#';
	out = rsp_hex(out, &sum, 1);
	r->out_len = (size_t)(out - r->out);
	return write_all(r->fd, r->out, r->out_len);
}

char *rsp_hex(char *to, const void *data, size_t n)
{
	const u8 *at = data;

	for (; n; n--, at++) {
		*to++ = digits[*at >> 4];
		*to++ = digits[*at & 15];
	}
	return to;
}

bool rsp_unhex(const char *from, void *data, size_t n)
{
	u8 *to = data;

	for (; n; n--, from += 2) {
		int high = value_of((u8)from[0]), low = high < 0 ? -1 : value_of((u8)from[1]);

		if (low < 0)
			return false;
		*to++ = (u8)(high << 4 | low);
	}
	return true;
}

bool rsp_number(const char **at, u64 *value)
{
	const char *start = *at;

	for (*value = 0; value_of((u8)**at) >= 0; (*at)++)
		*value = *value << 4 | (u64)value_of((u8)**at);
	return *at != start;
}
