/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Packets of GDB's remote serial protocol on a byte stream: framing, checksums, escapes
 * and acknowledgements. Pure but for read() and write().
 */
#ifndef PVCTL_RSP_H
#define PVCTL_RSP_H

#include "types.h"

#define RSP_MAX		0x4000	/* payload of a packet, which qSupported tells */

enum rsp_event {
	RSP_NOTHING,	/* until more bytes come */
	RSP_PACKET,	/* in rsp.packet */
	RSP_BREAK,	/* Ctrl-C */
	RSP_CLOSED,
};

/**
 * struct rsp - a connection
 * @packet, @len: the last packet, unescaped, and a NUL behind it
 * @no_ack: both ends trust the stream
 */
struct rsp {
	int fd;
	bool no_ack;
	u8 in[4096];
	size_t in_at, in_len;
	bool in_packet;
	bool too_long;
	unsigned int tail;	/* bytes of the checksum still to come */
	u8 sum, told;
	bool escaped;
	char packet[RSP_MAX + 1];
	size_t len;
	char out[2 * RSP_MAX + 8];
	size_t out_len;
};

void rsp_init(struct rsp *r, int fd);

/**
 * rsp_next - the next event among the bytes that are here
 * Calls read() at most once, when none are left and @may_read.
 */
enum rsp_event rsp_next(struct rsp *r, bool may_read);

/** rsp_send - @n bytes as a packet; false: the other end is gone */
bool rsp_send(struct rsp *r, const char *data, size_t n);

/** rsp_hex - @n bytes as 2 * @n digits; returns where the next one goes */
char *rsp_hex(char *to, const void *data, size_t n);

/** rsp_unhex - the opposite; false: no digits, or too few */
bool rsp_unhex(const char *from, void *data, size_t n);

/** rsp_number - a hexadecimal number at *@at, which moves behind it; false: none */
bool rsp_number(const char **at, u64 *value);

#endif
