// SPDX-License-Identifier: GPL-2.0
/* lib_format() against printf of libc, whose subset it is; canonical addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/monitor/lib.h"

/* Into exactly @size bytes, so that ASan sees one too many. */
static size_t format(char **out, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	*out = malloc(size ? size : 1);
	assert_non_null(*out);
	va_start(ap, fmt);
	n = lib_format(*out, size, fmt, ap);
	va_end(ap);
	return n;
}

/* In buffers of each size: a prefix of what libc writes, with a NUL. */
#define check(fmt, ...) do {							\
	char whole[256], *got;							\
	size_t len = (size_t)snprintf(whole, sizeof(whole), fmt, ##__VA_ARGS__), size, n; \
										\
	for (size = 1; size < len + 3; size++) {				\
		n = format(&got, size, fmt, ##__VA_ARGS__);			\
		assert_int_equal(n, size > len ? len : size - 1);		\
		assert_int_equal(got[n], 0);					\
		assert_memory_equal(got, whole, n);				\
		free(got);							\
	}									\
} while (0)

static void test_numbers(void **state)
{
	static const long values[] = {
		0, 1, -1, 9, 10, -10, 255, 0x7fffffff, -0x7fffffffL - 1, 0x80000000L, 0xffffffffL,
		0x7fffffffffffffffL, -0x7fffffffffffffffL - 1, 0x123456789abcdefL,
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		long v = values[i];

		check("%d %u %x", (int)v, (unsigned int)v, (unsigned int)v);
		check("%ld %lu %lx", v, (unsigned long)v, (unsigned long)v);
		check("%lld %llu %llx", (long long)v, (unsigned long long)v, (unsigned long long)v);
		check("%1ld|%8ld|%08ld|%20lu|%020lx", v, v, v, (unsigned long)v, (unsigned long)v);
		check("%5d|%05d|%1d|%01d|%24d", (int)v, (int)v, (int)v, (int)v, (int)v);
	}
}

static void test_text(void **state)
{
	(void)state;
	check("%s", "");
	check("nothing but text");
	check("%s and %s%c", "one", "another", '!');
	check("100%%");
	check("%s: frame 0x%lx entry %u: 0x%lx instead of 0x%lx", "shadow entry", 0x12345UL, 511U,
	      0x8000000000000067UL, 0UL);
}

/* What it does not know it writes as it is; a format that ends within a conversion ends. */
static void test_unknown(void **state)
{
	char *got;
	size_t n;

	(void)state;
	n = format(&got, 16, "%q|%5");
	assert_int_equal(n, 2);
	assert_string_equal(got, "q|");
	free(got);
	n = format(&got, 16, "%d%", 7);
	assert_int_equal(n, 1);
	assert_string_equal(got, "7");
	free(got);
	/* A width that no number needs is no reason to write beyond a buffer. */
	n = format(&got, 64, "%4000000000d", 7);
	assert_true(n < 64);
	free(got);
	/* No room at all, not even for the NUL. */
	n = format(&got, 0, "%d", 7);
	assert_int_equal(n, 0);
	free(got);
}

static void test_canonical(void **state)
{
	(void)state;
	assert_true(lib_canonical(0));
	assert_true(lib_canonical(0x00007fffffffffff));
	assert_false(lib_canonical(0x0000800000000000));
	assert_false(lib_canonical(0xffff7fffffffffff));
	assert_true(lib_canonical(0xffff800000000000));
	assert_true(lib_canonical(~0ULL));
	assert_false(lib_canonical(0x8000000000000000));
	assert_false(lib_canonical(0xff00000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
