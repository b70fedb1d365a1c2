// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Statistics, read from a directory like the module's. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "stats.h"

static char dir[] = "/tmp/pvctl-stats-XXXXXX";

static void add(const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	if (!text)
		return;
	strcat(path, "/stats");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	add("web", "exit_timer 12\nmemory_pages 32768\noverhead_bytes 2097152\nvcpus 1\n");
	add("db", "memory_pages 512\nvcpus 2");
	add("ending", NULL);
	return 0;
}

static int teardown(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

static char *output(int (*print)(const char *, FILE *, struct error *))
{
	char *text = NULL;
	struct error e;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(print(dir, f, &e), 0);
	fclose(f);
	return text;
}

static int print_all(const char *d, FILE *f, struct error *e)
{
	return stats_print(d, NULL, f, e);
}

static int print_web(const char *d, FILE *f, struct error *e)
{
	return stats_print(d, "web", f, e);
}

static void list(void **state)
{
	char *text = output(stats_print_list);

	(void)state;
	assert_string_equal(text,
		"NAME                     VCPUS MEMORY-MiB  OVERHEAD-KiB\n"
		"db                           2          2             0\n"
		"web                          1        128          2048\n");
	free(text);
}

static void one_and_all(void **state)
{
	char *text = output(print_web);

	(void)state;
	assert_string_equal(text, "exit_timer 12\nmemory_pages 32768\noverhead_bytes 2097152\nvcpus 1\n");
	free(text);
	text = output(print_all);
	assert_true(!strncmp(text, "[db]\nmemory_pages 512\n", 22));
	assert_non_null(strstr(text, "[web]\nexit_timer 12\n"));
	free(text);
}

static void missing(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(stats_print(dir, "nobody", stdout, &e), -1);
	assert_error(&e, "no domain called 'nobody'");
	assert_int_equal(stats_print("/nonexistent", "web", stdout, &e), -1);
	assert_error(&e, "is the module loaded");
	assert_int_equal(stats_print_list("/nonexistent", stdout, &e), -1);
	assert_error(&e, "modprobe");
}

static void values(void **state)
{
	static const char text[] = "a 1\nab 22\nb\nc x\nd 99999999999999999999999\ne 5 6\nlast 7";
	u64 v;

	(void)state;
	assert_true(stats_value(text, "a", &v) && v == 1);
	assert_true(stats_value(text, "ab", &v) && v == 22);
	assert_true(stats_value(text, "last", &v) && v == 7);
	assert_false(stats_value(text, "b", &v));
	assert_false(stats_value(text, "c", &v));
	assert_false(stats_value(text, "d", &v));
	assert_false(stats_value(text, "e", &v));
	assert_false(stats_value(text, "las", &v));
	assert_false(stats_value("", "a", &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list), cmocka_unit_test(one_and_all),
		cmocka_unit_test(missing), cmocka_unit_test(values),
	};

	return cmocka_run_group_tests_name("pvctl stats", tests, setup, teardown);
}
