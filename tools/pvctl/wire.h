/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What is spoken on a domain's control socket: lines, each one JSON object.
 *
 *   request  {"command": "destroy", ...}
 *   reply    {"ok": true, ...}  or  {"ok": false, "error": "what was wrong"}
 *
 * No line, with its newline, has more than WIRE_MAX bytes. Members that a side does not
 * know are passed over. A descriptor may come with a request, by SCM_RIGHTS. Pure.
 */
#ifndef PVCTL_WIRE_H
#define PVCTL_WIRE_H

#include <json-c/json.h>

#include "error.h"

#define WIRE_MAX		4096
#define WIRE_COMMAND_MAX	32

/** struct wire_input - bytes that came, of lines that may not be complete */
struct wire_input {
	size_t used;
	char data[WIRE_MAX];
};

/** struct wire_request - @members: the whole object */
struct wire_request {
	char command[WIRE_COMMAND_MAX];
	struct json_object *members;
};

/**
 * wire_line - length of the first line in @in, with its newline
 * 0: it is not complete yet, -1: it never will be, as there is no room for more.
 */
int wire_line(const struct wire_input *in);

/** wire_drop - the first @n bytes have been dealt with */
void wire_drop(struct wire_input *in, size_t n);

/** wire_parse_request - from a line of @len bytes; wire_free_request() after success */
int wire_parse_request(const char *line, size_t len, struct wire_request *r,
		       struct error *e) __must_check;
void wire_free_request(struct wire_request *r);

/**
 * wire_parse_reply - from a line of @len bytes
 * @members: the whole object, put by the caller after success. A reply that says what
 * was wrong is a failure with that text.
 */
int wire_parse_reply(const char *line, size_t len, struct json_object **members,
		     struct error *e) __must_check;

/**
 * wire_format_request, wire_format_ok, wire_format_error - a line into @out
 * @members: what to say besides, or NULL; changed
 *
 * Return the line's length; wire_format_request() and wire_format_ok() fail if it is too
 * long, or memory is.
 */
int wire_format_request(const char *command, struct json_object *members, char out[WIRE_MAX],
			struct error *e) __must_check;
int wire_format_ok(struct json_object *members, char out[WIRE_MAX], struct error *e) __must_check;
int wire_format_error(const char *text, char out[WIRE_MAX]);

/** wire_number, wire_text - a member of @o; false, NULL: there is none of that type */
bool wire_number(struct json_object *o, const char *key, u64 *value);
const char *wire_text(struct json_object *o, const char *key);

#endif
