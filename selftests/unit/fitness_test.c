// SPDX-License-Identifier: GPL-2.0
/* Each reason not to load, without the machine that has it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../../module/host/fitness.h"

static const struct fitness_facts good = {
	.long_mode_nx = true, .cx16 = true, .selectors = true, .tsc = true,
};

/* @offset: the fact that is not as in @good. */
static const struct refusal {
	const char *name;
	size_t offset;
	const char *about;
} refusals[] = {
#define REFUSAL(fact, about) { #fact, offsetof(struct fitness_facts, fact), about }
	REFUSAL(long_mode_nx, "NX"),
	REFUSAL(cx16, "CMPXCHG16B"),
	REFUSAL(fred, "fred=off"),
	REFUSAL(lass, "clearcpuid=lass"),
	REFUSAL(shadow_stacks, "shadow stacks"),
	REFUSAL(unknown_controls, "CR4"),
	REFUSAL(xen, "Xen"),
	REFUSAL(paravirt, "paravirtual"),
	REFUSAL(encrypted, "SEV or TDX"),
	REFUSAL(memory_encrypted, "mem_encrypt=off"),
	REFUSAL(slot_used, "reserved for hypervisors"),
	REFUSAL(selectors, "selectors"),
	REFUSAL(tsc, "tsc_early_khz"),
#undef REFUSAL
};

#define NR_REFUSALS	(sizeof(refusals) / sizeof(refusals[0]))

/* A fact that is not in the list would go untested. */
_Static_assert(NR_REFUSALS == sizeof(struct fitness_facts) / sizeof(bool), "all facts are bools");

static void spoil(struct fitness_facts *f, size_t i)
{
	bool *fact = (bool *)((char *)f + refusals[i].offset);

	*fact = !*fact;
}

static void test_good(void **state)
{
	(void)state;
	assert_null(fitness_refusal(&good));
}

static void refusal(void **state)
{
	const struct refusal *r = *state;
	struct fitness_facts f = good;
	const char *why;

	spoil(&f, (size_t)(r - refusals));
	why = fitness_refusal(&f);
	if (!why)
		fail_msg("no refusal without good %s", r->name);
	if (!strstr(why, r->about))
		fail_msg("'%s' is not about %s", why, r->about);
}

/* Whatever else is wrong: one good fact more never makes up for a bad one. */
static void test_combinations(void **state)
{
	unsigned int set;
	size_t i;

	(void)state;
	for (set = 1; set < 1U << NR_REFUSALS; set++) {
		struct fitness_facts f = good;

		for (i = 0; i < NR_REFUSALS; i++)
			if (set >> i & 1)
				spoil(&f, i);
		assert_non_null(fitness_refusal(&f));
	}
}

/* ------------------------------------------------------------ registers */

#define GOOD_CR4	0x3506f0ULL	/* Linux on a CPU of 2020 */
#define GOOD_EFER	0xd01ULL

/* Bits that may be on or off. */
static const u64 harmless_cr4 = 1ULL << 0 | 1ULL << 2 | 1ULL << 3 | 1ULL << 4 | 1ULL << 6 |
	1ULL << 7 | 1ULL << 8 | 1ULL << 10 | 1ULL << 11 | 1ULL << 12 | 1ULL << 13 | 1ULL << 14 |
	1ULL << 16 | 1ULL << 17 | 1ULL << 18 | 1ULL << 20 | 1ULL << 21 | 1ULL << 22 | 1ULL << 23;
static const u64 harmless_efer = 1ULL << 12 | 1ULL << 14 | 1ULL << 15 | 1ULL << 17 | 1ULL << 18 |
	1ULL << 21;

static const char *refusal_of(u64 cr4, u64 efer, u64 s_cet)
{
	struct fitness_facts f = good;

	fitness_registers(&f, cr4, efer, s_cet);
	return fitness_refusal(&f);
}

static void test_registers(void **state)
{
	static const u64 none[] = { 0, 1ULL << 11, 1ULL << 0 };
	size_t i;

	(void)state;
	assert_null(refusal_of(GOOD_CR4, GOOD_EFER, 0));
	assert_null(refusal_of(GOOD_CR4 | harmless_cr4, GOOD_EFER | harmless_efer, 0));
	assert_null(refusal_of(GOOD_CR4 & ~harmless_cr4, GOOD_EFER, 0));
	for (i = 0; i < 3; i++)
		assert_non_null(strstr(refusal_of(GOOD_CR4, none[i] | 0x500, 0), "NX or SYSCALL"));
	assert_non_null(strstr(refusal_of(GOOD_CR4 | 1ULL << 32, GOOD_EFER, 0), "FRED"));
	assert_non_null(strstr(refusal_of(GOOD_CR4 | 1ULL << 27, GOOD_EFER, 0), "LASS"));
	/* S_CET: shadow stacks; all else is indirect branch tracking. */
	assert_non_null(strstr(refusal_of(GOOD_CR4 | 1ULL << 23, GOOD_EFER, 1), "shadow stacks"));
	assert_null(refusal_of(GOOD_CR4 | 1ULL << 23, GOOD_EFER, ~1ULL));
}

/* Each bit by itself: a new one is not harmless until somebody has thought about it. */
static void test_unknown_bits(void **state)
{
	unsigned int bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		u64 one = 1ULL << bit;

		if (!(GOOD_CR4 & one))
			assert_int_equal(!refusal_of(GOOD_CR4 | one, GOOD_EFER, 0),
					 !!(harmless_cr4 & one));
		if (!(GOOD_EFER & one))
			assert_int_equal(!refusal_of(GOOD_CR4, GOOD_EFER | one, 0),
					 !!(harmless_efer & one));
	}
}

/* One test for each line of the list, so that none can be forgotten here. */
int main(void)
{
	struct CMUnitTest tests[NR_REFUSALS + 4] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_combinations),
		cmocka_unit_test(test_registers), cmocka_unit_test(test_unknown_bits),
	};
	size_t i;

	for (i = 0; i < NR_REFUSALS; i++)
		tests[i + 4] = (struct CMUnitTest){ refusals[i].name, refusal, NULL, NULL,
						    (void *)(uintptr_t)&refusals[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
