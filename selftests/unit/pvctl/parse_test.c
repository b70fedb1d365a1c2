// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Sizes, names and command lines. */
#include "test.h"

#include "parse.h"

static void sizes_good(void **state)
{
	static const struct { const char *text; u64 bytes; } cases[] = {
		{ "1", 1 }, { "4096", 4096 }, { "1k", 1024 }, { "128M", 128ULL << 20 },
		{ "3g", 3ULL << 30 }, { "2T", 2ULL << 40 }, { "8388607T", 8388607ULL << 40 },
		{ "9223372036854775807", INT64_MAX }, { "00012K", 12 << 10 },
	};
	struct error e;
	u64 bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse_size(cases[i].text, &bytes, &e), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void sizes_bad(void **state)
{
	static const char * const cases[] = {
		"", "M", "-1", "+1", " 1", "1 ", "1MB", "1P", "0x10", "1.5G", "0", "0G", "M1",
		"8388608T", "9223372036854775808", "99999999999999999999999999", "\xff", "1\xff",
	};
	struct error e;
	u64 bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(parse_size(cases[i], &bytes, &e), -1);
		assert_error(&e, "size");
	}
}

static void names(void **state)
{
	static const char * const bad[] = { "", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n", "*" };
	char name[65];
	struct error e;
	size_t i;

	(void)state;
	assert_int_equal(parse_name("web-1.example_X", &e), 0);
	assert_int_equal(parse_name("...", &e), 0);
	memset(name, 'x', sizeof(name));
	name[63] = 0;
	assert_int_equal(parse_name(name, &e), 0);
	name[63] = 'x';
	name[64] = 0;
	assert_int_equal(parse_name(name, &e), -1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_name(bad[i], &e), -1);
}

static void joining(void **state)
{
	char *words[] = { "console=hvc0", "", "quiet" }, out[32];
	struct error e;

	(void)state;
	assert_int_equal(parse_join(words, 0, out, sizeof(out), &e), 0);
	assert_string_equal(out, "");
	assert_int_equal(parse_join(words, 3, out, sizeof(out), &e), 0);
	assert_string_equal(out, "console=hvc0  quiet");
	/* 19 characters and a NUL. */
	assert_int_equal(parse_join(words, 3, out, 20, &e), 0);
	assert_int_equal(parse_join(words, 3, out, 19, &e), -1);
	assert_error(&e, "longer than 18");
	assert_int_equal(parse_join(words, 1, out, 1, &e), -1);
}

static void errors_are_printable(void **state)
{
	struct error e;
	char text[2000];

	(void)state;
	assert_int_equal(error_set(&e, "a\x1b[2Jb\n%s", "\x7f"), -1);
	assert_string_equal(e.text, "a?[2Jb??");
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = 0;
	error_set(&e, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_good), cmocka_unit_test(sizes_bad),
		cmocka_unit_test(names), cmocka_unit_test(joining),
		cmocka_unit_test(errors_are_printable),
	};

	return cmocka_run_group_tests_name("pvctl parse", tests, NULL, NULL);
}
