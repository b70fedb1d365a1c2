// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Numbers and tables for people. */
#include "test.h"

#include "format.h"

static void bytes(void **state)
{
	static const struct { u64 n; const char *text; } cases[] = {
		{ 0, "0 B" }, { 1, "1 B" }, { 1023, "1023 B" }, { 1024, "1 KiB" },
		{ 160ULL << 20, "160 MiB" }, { 1ULL << 30, "1 GiB" }, { 3ULL << 29, "1.5 GiB" },
		{ 10240ULL << 20, "10 GiB" }, { 10241ULL << 20, "10.0 GiB" },
		{ 12800ULL << 20, "12.5 GiB" }, { 2437120, "2.3 MiB" }, { 243712000, "232 MiB" },
		{ UINT64_MAX, "15.9 EiB" },
	};
	char out[FORMAT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(format_bytes(cases[i].n, out), cases[i].text);
}

static void times(void **state)
{
	char out[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_age(0, out), "0s");
	assert_string_equal(format_age(59, out), "59s");
	assert_string_equal(format_age(185, out), "3m 05s");
	assert_string_equal(format_age(9600, out), "2h 40m");
	assert_string_equal(format_age(4 * 86400 + 3 * 3600 + 59, out), "4d 03h");
	assert_string_equal(format_cpu(0, out), "0:00.00");
	assert_string_equal(format_cpu(62349999999ULL, out), "1:02.34");
	assert_string_equal(format_cpu(UINT64_MAX, out), "307445734:33.70");
}

static void rates(void **state)
{
	static const struct { double rate; const char *text; } cases[] = {
		{ 0, "0" }, { 0.01, "0" }, { 0.44, "0.4" }, { 12.5, "12.5" }, { 99.94, "99.9" },
		{ 100.4, "100" }, { 9999, "9999" }, { 12345, "12.3k" }, { 1e6, "1000k" },
		{ 4.5e7, "45.0M" }, { 1e30, "1000000000000000019T" },
	};
	char out[FORMAT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i + 1 < ARRAY_SIZE(cases); i++)
		assert_string_equal(format_rate(cases[i].rate, out), cases[i].text);
	/* Whatever it is, it fits. */
	assert_true(strlen(format_rate(1e300, out)) < FORMAT_MAX);
}

static char *print(struct table *t, unsigned int width)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_print(t, width, "|\n", f);
	fclose(f);
	return text;
}

static void tables(void **state)
{
	struct table t = { .align = "lrl" };
	char (*cell)[TABLE_CELL], *text;
	int i;

	(void)state;
	for (i = 0; i < 40; i++) {
		cell = table_row(&t);
		assert_non_null(cell);
		snprintf(cell[0], TABLE_CELL, "%s", i == 39 ? "longest" : "n");
		snprintf(cell[1], TABLE_CELL, "%d", i);
		snprintf(cell[2], TABLE_CELL, "%s", i ? "" : "x");
	}
	text = print(&t, 0);
	assert_memory_equal(text, "n         0  x|\nn         1|\n", 28);
	assert_non_null(strstr(text, "\nlongest  39|\n"));
	free(text);
	text = print(&t, 4);
	assert_memory_equal(text, "n   |\nn   |\n", 12);
	assert_non_null(strstr(text, "\nlong|\n"));
	free(text);
	/* All cells as full as they can be. */
	for (i = 0; i < 3; i++) {
		memset(t.cell[3][i], 'w', TABLE_CELL - 1);
		t.cell[3][i][TABLE_CELL - 1] = 0;
	}
	text = print(&t, 0);
	assert_non_null(strstr(text, "www"));
	free(text);
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes), cmocka_unit_test(times), cmocka_unit_test(rates),
		cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests_name("pvctl format", tests, NULL, NULL);
}
