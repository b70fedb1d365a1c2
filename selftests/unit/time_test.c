// SPDX-License-Identifier: GPL-2.0
/* time_scale(): what the guest computes from the factors it is given, to the last bit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../module/monitor/time.h"

/* As Linux's pvclock_scale_delta() does it: 64 by 32 bits in two halves. */
static u64 reference(u64 ticks, u32 mul, s8 shift)
{
	u64 high, low;

	if (shift < 0)
		ticks >>= -shift;
	else
		ticks <<= shift;
	low = (ticks & 0xffffffff) * mul;
	high = (ticks >> 32) * mul;
	return high + (low >> 32);
}

static void test_reference(void **state)
{
	u64 x = 0x9e3779b97f4a7c15ULL;
	int i, shift;

	(void)state;
	for (shift = -31; shift <= 31; shift++)
		for (i = 0; i < 10000; i++) {
			u64 ticks = x >> (i % 64);
			u32 mul = (u32)(x * 0x2545f4914f6cdd1dULL >> 32);

			assert_int_equal(time_scale(ticks, mul, (s8)shift),
					 reference(ticks, mul, (s8)shift));
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
}

static void test_known(void **state)
{
	const u64 year = 365ULL * 86400;

	(void)state;
	assert_int_equal(time_scale(0, 0xffffffff, 31), 0);
	/* 1 GHz is 2^31 / 2^32 with a shift of one. */
	assert_int_equal(time_scale(1000000000, 1U << 31, 1), 1000000000);
	/* 2 GHz; ten years lose nothing and overflow nowhere. */
	assert_int_equal(time_scale(2000000000ULL * 10 * year, 1U << 31, 0),
			 1000000000ULL * 10 * year);
	/* 4 GHz, odd ticks: rounds down. */
	assert_int_equal(time_scale(7, 1U << 31, -1), 1);
	assert_int_equal(time_scale(~0ULL, 0xffffffff, 0), 0xfffffffeffffffffULL);
	assert_int_equal(time_scale(~0ULL, 0xffffffff, -31), 0x1fffffffdULL);
}

/* Time never runs backwards while the factors stay. */
static void test_monotonic(void **state)
{
	u64 ticks, last = 0, now;

	(void)state;
	for (ticks = 1ULL << 40; ticks < (1ULL << 40) + 100000; ticks++) {
		now = time_scale(ticks, 0x6aaaaaab, -1);
		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_monotonic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
