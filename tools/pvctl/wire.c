// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See wire.h. Whatever the bytes are, they end in an object or in an error. */
#include <string.h>

#include "wire.h"

#define DEPTH_MAX	8

int wire_line(const struct wire_input *in)
{
	const char *end = memchr(in->data, '\n', in->used);

	if (end)
		return (int)(end - in->data) + 1;
	return in->used < sizeof(in->data) ? 0 : -1;
}

void wire_drop(struct wire_input *in, size_t n)
{
	in->used -= n;
	memmove(in->data, in->data + n, in->used);
}

/* ------------------------------------------------------------- parsing */

/* The tokener stops behind the value: what follows it must be the line's end alone. */
static struct json_object *parse_object(const char *line, size_t len, struct error *e)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *o;

	if (!t) {
		error_set(e, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, line, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success)
		error_set(e, "not a JSON object: %s",
			  json_tokener_error_desc(json_tokener_get_error(t)));
	else if (!json_object_is_type(o, json_type_object) ||
		 json_tokener_get_parse_end(t) + 1 < len)
		error_set(e, "not a JSON object");
	else
		goto out;
	json_object_put(o);
	o = NULL;
out:
	json_tokener_free(t);
	return o;
}

int wire_parse_request(const char *line, size_t len, struct wire_request *r, struct error *e)
{
	const char *command;

	*r = (struct wire_request){ .members = parse_object(line, len, e) };
	if (!r->members)
		return -1;
	command = wire_text(r->members, "command");
	if (!command || !command[0])
		error_set(e, "a request needs a \"command\"");
	else if (strlen(command) >= sizeof(r->command))
		error_set(e, "no command has so long a name");
	else {
		strcpy(r->command, command);
		return 0;
	}
	wire_free_request(r);
	return -1;
}

void wire_free_request(struct wire_request *r)
{
	json_object_put(r->members);
	r->members = NULL;
}

int wire_parse_reply(const char *line, size_t len, struct json_object **members, struct error *e)
{
	struct json_object *o = parse_object(line, len, e), *ok;
	const char *text;

	*members = o;
	if (!o)
		return -1;
	if (json_object_object_get_ex(o, "ok", &ok) && json_object_get_boolean(ok))
		return 0;
	text = wire_text(o, "error");
	error_set(e, "%s", text && text[0] ? text : "refused without a reason");
	json_object_put(o);
	*members = NULL;
	return -1;
}

/* ---------------------------------------------------------- formatting */

static int format_line(struct json_object *o, char out[WIRE_MAX])
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	size_t len = text ? strlen(text) : WIRE_MAX;

	if (len > WIRE_MAX - 2)
		return -1;
	memcpy(out, text, len);
	memcpy(out + len, "\n", 2);
	return (int)len + 1;
}

static int format_members(const char *key, struct json_object *value, struct json_object *members,
			  char out[WIRE_MAX], struct error *e)
{
	struct json_object *o = members ? json_object_get(members) : json_object_new_object();
	int len = -1;

	if (!o || !value || json_object_object_add(o, key, value)) {
		json_object_put(value);
		error_set(e, "out of memory");
	} else {
		len = format_line(o, out);
		if (len < 0)
			error_set(e, "the message is too long");
	}
	json_object_put(o);
	return len;
}

int wire_format_request(const char *command, struct json_object *members, char out[WIRE_MAX],
			struct error *e)
{
	return format_members("command", json_object_new_string(command), members, out, e);
}

int wire_format_ok(struct json_object *members, char out[WIRE_MAX], struct error *e)
{
	return format_members("ok", json_object_new_boolean(1), members, out, e);
}

int wire_format_error(const char *text, char out[WIRE_MAX])
{
	static const char last[] = "{\"ok\":false,\"error\":\"out of memory\"}\n";
	struct json_object *o = json_object_new_object();
	int len = -1;

	if (o && !json_object_object_add(o, "ok", json_object_new_boolean(0)) &&
	    !json_object_object_add(o, "error", json_object_new_string(text)))
		len = format_line(o, out);
	json_object_put(o);
	if (len > 0)
		return len;
	memcpy(out, last, sizeof(last));
	return sizeof(last) - 1;
}

/* ------------------------------------------------------------- members */

bool wire_number(struct json_object *o, const char *key, u64 *value)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int))
		return false;
	*value = json_object_get_uint64(v);
	return true;
}

/* Text with a NUL in it is none. */
const char *wire_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string) ||
	    strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return NULL;
	return json_object_get_string(v);
}
