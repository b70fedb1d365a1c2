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
	.long_mode_nx = true, .cx16 = true, .selectors = true,
};

/* @offset: the fact that is not as in @good. */
static const struct refusal {
	size_t offset;
	const char *about;
} refusals[] = {
#define REFUSAL(fact, about) { offsetof(struct fitness_facts, fact), about }
	REFUSAL(long_mode_nx, "NX"),
	REFUSAL(cx16, "CMPXCHG16B"),
	REFUSAL(fred, "FRED"),
	REFUSAL(xen, "Xen"),
	REFUSAL(paravirt, "paravirtual"),
	REFUSAL(encrypted, "SEV or TDX"),
	REFUSAL(memory_encrypted, "SME"),
	REFUSAL(slot_used, "reserved for hypervisors"),
	REFUSAL(selectors, "selectors"),
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
	assert_non_null(why);
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

#define TEST(name, i) { name, refusal, NULL, NULL, (void *)&refusals[i] }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		TEST("no_nx_or_syscall", 0),
		TEST("no_cx16", 1),
		TEST("fred", 2),
		TEST("xen", 3),
		TEST("paravirt", 4),
		TEST("encrypted_guest", 5),
		TEST("memory_encrypted", 6),
		TEST("slot_used", 7),
		TEST("selectors", 8),
		cmocka_unit_test(test_combinations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
