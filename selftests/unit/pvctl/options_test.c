// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Options, their help, and what was meant by words that are none. */
#include "test.h"

#include "nearest.h"
#include "options.h"

static struct error e;
static char got[200];

static int set(void *context, int letter, const char *value, struct error *err)
{
	size_t used = strlen(got);

	assert_ptr_equal(context, got);
	if (value && !strcmp(value, "bad"))
		return error_set(err, "bad value");
	snprintf(got + used, sizeof(got) - used, "%d=%s ", letter, value ? value : "");
	return 0;
}

static const struct command command = {
	.name = "test", .usage = "[options] WORD", .summary = "summary", .about = "about\n",
	.options = (const struct option_text []) {
		{ "name", 'n', "NAME", "a name" },
		{ "json", 'j', NULL, "no value" },
		{ "memory", 'm', "SIZE", "a size" },
		{ "memory-max", OPTION_LONG, "SIZE", "another" },
		{},
	},
};

/* Words separated by one space; returns what options_parse() does. */
static int parse(const struct command *c, const char *line, char **argv)
{
	static char copy[200];
	int argc = 1;
	char *word;

	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = "test";
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	got[0] = 0;
	memset(&e, 0, sizeof(e));
	return options_parse(c, argc, argv, set, got, &e);
}

static void good(void **state)
{
	static const struct { const char *line, *got; int at; const char *operand; } cases[] = {
		{ "", "", 1, NULL }, { "a b", "", 1, "a" },
		{ "-j --name x a", "106= 110=x ", 4, "a" },
		{ "a -jn x b", "106= 110=x ", 3, "a" }, { "--memory=1 --js", "109=1 106= ", 3, NULL },
		{ "-nx -- -j", "110=x ", 3, "-j" }, { "--memory-max 2", "256=2 ", 3, NULL },
		{ "--memory 3", "109=3 ", 3, NULL },
	};
	char *argv[20];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&command, cases[i].line, argv), cases[i].at);
		assert_string_equal(got, cases[i].got);
		if (cases[i].operand)
			assert_string_equal(argv[cases[i].at], cases[i].operand);
		else
			assert_null(argv[cases[i].at]);
	}
}

static void first_operand_ends(void **state)
{
	struct command c = command;
	char *argv[20];

	(void)state;
	c.first_operand_ends = true;
	assert_int_equal(parse(&c, "-j a -n x", argv), 2);
	assert_string_equal(got, "106= ");
}

static void bad(void **state)
{
	static const struct { const char *line, *about; } cases[] = {
		{ "--nmae x", "unknown option '--nmae': is it '--name'?" },
		{ "--jsonn", "is it '--json'?" }, { "--x", "unknown option '--x' (see: pvctl help test)" },
		{ "--nmae=x", "'--nmae': is it '--name'?" }, { "--m 1", "more than one option" },
		{ "--name", "'--name' needs a value: NAME" }, { "-n", "'-n' needs a value: NAME" },
		{ "-jn", "needs a value: NAME" }, { "-x", "unknown option '-x'" },
		{ "-jx", "unknown option '-x'" }, { "--json=1", "'--json' takes no value" },
		{ "--name bad", "bad value" },
		{ "--a-word-that-is-longer-than-any-name-anybody-would-ever-give-to-an-option", "unknown" },
	};
	char *argv[20];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&command, cases[i].line, argv), -1);
		assert_error(&e, cases[i].about);
	}
}

static void help(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	options_help(&command, f);
	fclose(f);
	assert_string_equal(text,
		"usage: pvctl test [options] WORD\n\nsummary\n\noptions:\n"
		"  -n, --name NAME             a name\n"
		"  -j, --json                  no value\n"
		"  -m, --memory SIZE           a size\n"
		"      --memory-max SIZE       another\n"
		"  -h, --help                  this text\n"
		"\nabout\n");
	free(text);
}

static void distances(void **state)
{
	static const struct { const char *a, *b; unsigned int distance; } cases[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "", "ab", 2 }, { "list", "list", 0 },
		{ "lst", "list", 1 }, { "lsit", "list", 1 }, { "kitten", "sitting", 3 },
		{ "run", "top", 3 }, { "ab", "ba", 1 }, { "abc", "ca", 3 },
	};
	char longer[100];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
	memset(longer, 'x', sizeof(longer));
	longer[99] = 0;
	assert_int_equal(nearest_distance(longer, "x"), NEAREST_MAX);
	longer[NEAREST_MAX] = 0;
	assert_int_equal(nearest_distance(longer, ""), NEAREST_MAX);
}

static const char *offer(const char *word)
{
	static const char * const known[] = { "run", "list", "stats", "destroy", "dump" };
	struct nearest n = { .word = word };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		nearest_offer(&n, known[i]);
	return n.best ? n.best : "";
}

static void offers(void **state)
{
	(void)state;
	assert_string_equal(offer("lst"), "list");
	assert_string_equal(offer("ls"), "");
	assert_string_equal(offer("stat"), "stats");
	assert_string_equal(offer("destory"), "destroy");
	assert_string_equal(offer("des"), "destroy");
	assert_string_equal(offer("d"), "");
	assert_string_equal(offer("start"), "");
	assert_string_equal(offer(""), "");
	assert_string_equal(offer("frobnicate"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(first_operand_ends), cmocka_unit_test(bad),
		cmocka_unit_test(help), cmocka_unit_test(distances), cmocka_unit_test(offers),
	};

	return cmocka_run_group_tests_name("pvctl options", tests, NULL, NULL);
}
