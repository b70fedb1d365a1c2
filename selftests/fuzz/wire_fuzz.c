// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The control socket's protocol: whatever bytes come, in whatever pieces, each line ends
 * in a request or in an error with a text; and what is answered is a line that the other
 * side understands. The first byte says how large the pieces are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define require(cond) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
		abort();							\
	}									\
} while (0)

static void check_line(const char *line, int len)
{
	require(len > 0 && len < WIRE_MAX && line[len] == 0);
	require(memchr(line, '\n', (size_t)len + 1) == line + len - 1);
}

/* An error's text, as a client gets it. */
static void check_error(const struct error *e)
{
	struct json_object *reply;
	struct error seen = {};
	char line[WIRE_MAX];
	int len;

	require(e->text[0]);
	len = wire_format_error(e->text, line);
	check_line(line, len);
	require(wire_parse_reply(line, (size_t)len, &reply, &seen) == -1);
	require(!reply && !strcmp(seen.text, e->text));
}

/* The request made again from its members says the same. */
static void check_request(struct wire_request *r)
{
	struct wire_request again;
	struct error e = {};
	char line[WIRE_MAX];
	u64 number;
	int len;

	require(r->command[0] && memchr(r->command, 0, sizeof(r->command)));
	require(!strcmp(wire_text(r->members, "command"), r->command));
	wire_number(r->members, "n", &number);
	len = wire_format_request(r->command, r->members, line, &e);
	/* Characters may be written in a longer way than they came. */
	if (len < 0) {
		require(e.text[0]);
		return;
	}
	check_line(line, len);
	require(!wire_parse_request(line, (size_t)len, &again, &e));
	require(!strcmp(again.command, r->command));
	wire_free_request(&again);
}

/* As a request, and as an answer. */
static void parse(const char *text, size_t n)
{
	char *line = malloc(n);
	struct json_object *reply;
	struct wire_request r;
	struct error e = {};

	require(line);
	memcpy(line, text, n);
	if (wire_parse_request(line, n, &r, &e)) {
		require(!r.members);
		check_error(&e);
	} else {
		check_request(&r);
		wire_free_request(&r);
	}
	memset(&e, 0, sizeof(e));
	if (wire_parse_reply(line, n, &reply, &e))
		check_error(&e);
	else
		json_object_put(reply);
	free(line);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct wire_input in;
	size_t piece, room, n;
	int len;

	if (!size)
		return 0;
	piece = (size_t)data[0] + 1;
	in.used = 0;
	for (data++, size--; size; data += n, size -= n) {
		room = sizeof(in.data) - in.used;
		n = size < piece ? size : piece;
		n = n < room ? n : room;
		memcpy(in.data + in.used, data, n);
		in.used += n;
		while ((len = wire_line(&in)) > 0) {
			parse(in.data, (size_t)len);
			wire_drop(&in, (size_t)len);
		}
		if (len < 0)
			break;
	}
	require(in.used <= sizeof(in.data));
	return 0;
}
