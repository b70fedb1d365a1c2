// SPDX-License-Identifier: GPL-2.0
/* Which descriptors a guest may have: each combination of the bits that matter. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../module/monitor/descriptor.h"

/* Fields as the SDM draws them. */
static u64 descriptor(u32 type, u32 s, u32 dpl, u32 p, u32 l, u32 d, u64 rest)
{
	const u64 fields = 0x0060ff0000000000ULL;

	return (rest & ~fields) | (u64)type << 40 | (u64)s << 44 | (u64)dpl << 45 | (u64)p << 47 |
	       (u64)l << 53 | (u64)d << 54;
}

static void test_all(void **state)
{
	static const u64 rests[] = { 0, ~0ULL, 0x00cf00000000ffffULL, 0x9e3779b97f4a7c15ULL };
	u32 n, r;

	(void)state;
	for (r = 0; r < ARRAY_SIZE(rests); r++)
		for (n = 0; n < 1 << 10; n++) {
			u32 type = n & 15, s = n >> 4 & 1, dpl = n >> 5 & 3, p = n >> 7 & 1;
			u32 l = n >> 8 & 1, d = n >> 9 & 1;
			u64 before = descriptor(type, s, dpl, p, l, d, rests[r]), after = before;
			bool code = type & 8, accepted = descriptor_check(&after);

			if (!p) {
				/* The CPU refuses to load it, whatever else it says. */
				assert_true(accepted);
				assert_int_equal(after, before);
			} else if (!s || (code && l && d)) {
				assert_false(accepted);
				assert_int_equal(after, before);
			} else {
				assert_true(accepted);
				assert_int_equal(after, descriptor(type | 1, s, 3, p, l, d, rests[r]));
			}
		}
}

/* The ways into ring 0 that a descriptor could be, by name. */
static void test_gates(void **state)
{
	static const u64 gates[] = {
		0xffffec000033ffffULL | 3ULL << 45,	/* call gate, DPL 3 */
		0x0000e50000330000ULL,			/* task gate */
		0x0000ee0000330000ULL,			/* interrupt gate */
		0x0000ef0000330000ULL,			/* trap gate */
		0x00008b0000000067ULL,			/* TSS, busy */
		0x0000890000000067ULL,			/* TSS */
		0x0000820000000fffULL,			/* LDT */
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(gates); i++) {
		u64 d = gates[i];

		assert_false(descriptor_check(&d));
	}
}

/* What Linux has in its GDT under Xen. */
static void test_linux(void **state)
{
	static const struct { u64 in, out; } known[] = {
		{ 0, 0 },
		{ 0x00af9b000000ffff, 0x00affb000000ffff },	/* kernel code, 64 bits */
		{ 0x00cf93000000ffff, 0x00cff3000000ffff },	/* kernel data */
		{ 0x00cffb000000ffff, 0x00cffb000000ffff },	/* user code, 32 bits */
		{ 0x00affa000000ffff, 0x00affb000000ffff },	/* user code, 64 bits */
		{ 0x0040f50000000001, 0x0040f50000000001 },	/* CPU number */
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		u64 d = known[i].in;

		assert_true(descriptor_check(&d));
		assert_int_equal(d, known[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
