// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Lines of the control socket, made and read. */
#include "test.h"

#include "wire.h"

static struct error e;

static int parse(const char *line, struct wire_request *r)
{
	size_t n = strlen(line);
	char *copy = exact_copy(line, n);
	int ret = wire_parse_request(copy, n, r, &e);

	free(copy);
	return ret;
}

static void requests_good(void **state)
{
	struct wire_request r;
	u64 n = 0;

	(void)state;
	assert_int_equal(parse("{\"command\": \"info\"}\n", &r), 0);
	assert_string_equal(r.command, "info");
	wire_free_request(&r);
	assert_int_equal(parse(" {\"x\":[{\"y\":null}],\"n\":12,\"t\":\"u\",\"command\":\"d\"} \n", &r), 0);
	assert_string_equal(r.command, "d");
	assert_true(wire_number(r.members, "n", &n) && n == 12);
	assert_string_equal(wire_text(r.members, "t"), "u");
	assert_null(wire_text(r.members, "n"));
	assert_null(wire_text(r.members, "none"));
	assert_false(wire_number(r.members, "t", &n));
	wire_free_request(&r);
	assert_null(r.members);
}

static void requests_bad(void **state)
{
	static const char * const cases[] = {
		"", "\n", "{}\n", "[]\n", "1\n", "null\n", "\"command\"\n", "{\"command\"\n",
		"{\"command\":1}\n", "{\"command\":\"\"}\n", "{\"command\":null}\n",
		"{\"command\":\"a\"} x\n", "{\"command\":\"a\"}{}\n", "{'command':'a'}\n",
		"{\"command\":\"a\\u0000b\"}\n", "{\"command\":\"a\"\n", "{\"command\":\"a\",}\n",
		"{\"command\":\"abcdefghijklmnopqrstuvwxyzabcdef\"}\n", "command\n",
		"{\"a\":[[[[[[[[[[1]]]]]]]]]],\"command\":\"a\"}\n", "\xff\xfe\n", "/* */\n",
	};
	struct wire_request r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&e, 0, sizeof(e));
		if (!parse(cases[i], &r))
			fail_msg("taken for a request: %s", cases[i]);
		assert_true(e.text[0]);
		assert_null(r.members);
	}
	/* A NUL does not end the line. */
	assert_int_equal(wire_parse_request("{\"command\":\"a\"}\0{\n", 18, &r, &e), -1);
}

static void lines(void **state)
{
	static struct wire_input in;

	(void)state;
	assert_int_equal(wire_line(&in), 0);
	memcpy(in.data, "ab\n\ncd", 6);
	in.used = 6;
	assert_int_equal(wire_line(&in), 3);
	wire_drop(&in, 3);
	assert_int_equal(wire_line(&in), 1);
	wire_drop(&in, 1);
	assert_int_equal(wire_line(&in), 0);
	assert_memory_equal(in.data, "cd", 2);
	memset(in.data, 'x', WIRE_MAX);
	in.used = WIRE_MAX;
	assert_int_equal(wire_line(&in), -1);
	in.data[WIRE_MAX - 1] = '\n';
	assert_int_equal(wire_line(&in), WIRE_MAX);
	wire_drop(&in, WIRE_MAX);
	assert_int_equal(in.used, 0);
}

/* What one side makes, the other understands. */
static void there_and_back(void **state)
{
	struct json_object *o = json_object_new_object(), *reply;
	char line[WIRE_MAX];
	struct wire_request r;
	u64 n = 0;
	int len;

	(void)state;
	json_object_object_add(o, "n", json_object_new_uint64(7));
	len = wire_format_request("info", o, line, &e);
	assert_true(len > 0 && line[len - 1] == '\n' && strlen(line) == (size_t)len);
	assert_int_equal(wire_parse_request(line, (size_t)len, &r, &e), 0);
	assert_string_equal(r.command, "info");
	assert_true(wire_number(r.members, "n", &n) && n == 7);
	wire_free_request(&r);
	json_object_put(o);

	len = wire_format_ok(NULL, line, &e);
	assert_int_equal(wire_parse_reply(line, (size_t)len, &reply, &e), 0);
	json_object_put(reply);

	len = wire_format_error("line\n\"two\" \x1b[2J", line);
	assert_ptr_equal(memchr(line, '\n', sizeof(line)), line + len - 1);
	assert_int_equal(wire_parse_reply(line, (size_t)len, &reply, &e), -1);
	assert_string_equal(e.text, "line?\"two\" ?[2J");
	assert_null(reply);
}

static void replies_bad(void **state)
{
	static const char * const cases[] = {
		"{}\n", "{\"ok\":false}\n", "{\"ok\":null}\n", "[true]\n", "ok\n", "{\"ok\":true\n",
	};
	struct json_object *reply;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(wire_parse_reply(cases[i], strlen(cases[i]), &reply, &e), -1);
		assert_true(e.text[0]);
	}
}

static void too_long(void **state)
{
	static char text[2 * WIRE_MAX];
	struct json_object *o = json_object_new_object();
	char line[WIRE_MAX];
	int len;

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	json_object_object_add(o, "text", json_object_new_string(text));
	assert_int_equal(wire_format_request("x", o, line, &e), -1);
	assert_error(&e, "too long");
	json_object_put(o);
	len = wire_format_error(text, line);
	assert_true(len > 0 && len < WIRE_MAX && line[len - 1] == '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_good), cmocka_unit_test(requests_bad),
		cmocka_unit_test(lines), cmocka_unit_test(there_and_back),
		cmocka_unit_test(replies_bad), cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests_name("pvctl wire", tests, NULL, NULL);
}
