// SPDX-License-Identifier: GPL-2.0
/*
 * The accept-list, bit by bit: what a guest may set, and what of it the hardware gets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../module/monitor/pte.h"

#define TARGET	0x123456789ULL

/* What the hardware gets for a level-1 entry that is accessed but cannot be written. */
#define BASE	(TARGET << 12 | PTE_P | PTE_US | PTE_A)

static void test_not_present(void **state)
{
	int level, bit;

	for (level = 1; level <= 4; level++)
		for (bit = 1; bit < 64; bit++) {
			u64 gpte = BIT(bit) | 0x7ffffffffffffffeULL << (bit % 3 * 8);

			gpte &= ~PTE_P;
			assert_true(pte_acceptable(gpte, level));
			assert_false(pte_is_mapped(gpte, level));
			assert_int_equal(pte_shadow(gpte, level, hfn(TARGET)), 0);
		}
}

static void test_l1_bits(void **state)
{
	int bit;

	for (bit = 0; bit < 64; bit++) {
		u64 gpte = PTE_P | PTE_A | BIT(bit);
		u64 expected = BASE;

		assert_true(pte_acceptable(gpte, 1));
		if (bit == 63)
			expected |= PTE_NX;
		assert_int_equal(pte_shadow(gpte, 1, hfn(TARGET)), expected);
	}
}

static void test_l1_dirty(void **state)
{
	u64 gpte = PTE_P | PTE_A;

	assert_int_equal(pte_shadow(gpte | PTE_RW, 1, hfn(TARGET)), BASE);
	assert_int_equal(pte_shadow(gpte | PTE_D, 1, hfn(TARGET)), BASE);
	assert_int_equal(pte_shadow(gpte | PTE_RW | PTE_D, 1, hfn(TARGET)),
			 BASE | PTE_RW | PTE_D);
	assert_int_equal(pte_shadow(PTE_P | PTE_RW | PTE_D, 1, hfn(TARGET)), 0);
}

static void test_table_bits(void **state)
{
	int level, bit;

	for (level = 2; level <= 4; level++)
		for (bit = 0; bit < 64; bit++) {
			u64 gpte = PTE_P | BIT(bit);
			u64 expected = BASE;

			if (bit == 1)
				expected |= PTE_RW;
			if (bit == 63)
				expected |= PTE_NX;
			assert_int_equal(pte_acceptable(gpte, level), bit != 7);
			assert_int_equal(pte_shadow(gpte, level, hfn(TARGET)), expected);
		}
}

/* Whatever the guest writes: the address is the monitor's, and no forbidden bit. */
static void test_address(void **state)
{
	u64 gpte = 0x9e3779b97f4a7c15ULL;
	int i, level;

	for (i = 0; i < 100000; i++) {
		level = 1 + i % 4;
		u64 spte = pte_shadow(gpte, level, hfn(TARGET));

		if (spte) {
			assert_int_equal(pte_hfn(spte).n, TARGET);
			assert_int_equal(spte & ~(PTE_ADDR | PTE_NX | PTE_P | PTE_RW | PTE_US |
						  PTE_A | PTE_D), 0);
			assert_int_equal(spte & (PTE_P | PTE_US | PTE_A),
					 PTE_P | PTE_US | PTE_A);
		}
		gpte ^= gpte << 13;
		gpte ^= gpte >> 7;
		gpte ^= gpte << 17;
	}
}

static void test_fields(void **state)
{
	assert_int_equal(pte_gfn(~0ULL).n, 0xffffffffffULL);
	assert_int_equal(pte_gfn(0x8ff0000000001fffULL).n, 1);
	assert_int_equal(pte_index(0xffffffffffffffffULL, 1), 511);
	assert_int_equal(pte_index(0xffff880000000000ULL, 4), 272);
	assert_int_equal(pte_index(0x0000000000403000ULL, 2), 2);
	assert_int_equal(pte_index(0x0000000000403000ULL, 1), 3);
	assert_false(pte_reserved(0x00007fffffffffffULL));
	assert_true(pte_reserved(0xffff800000000000ULL));
	assert_true(pte_reserved(0xffff87ffffffffffULL));
	assert_false(pte_reserved(0xffff880000000000ULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_present),
		cmocka_unit_test(test_l1_bits),
		cmocka_unit_test(test_l1_dirty),
		cmocka_unit_test(test_table_bits),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
