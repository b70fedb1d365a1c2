// SPDX-License-Identifier: GPL-2.0
/* Each leak's facts, and what pvhv does about them, without the machine that has it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../../module/host/speculation.h"
#include "../../module/shared/image.h"

#define FACT(name) (1U << offsetof(struct speculation_facts, name))
#define NR_FACTS sizeof(struct speculation_facts)

_Static_assert(sizeof(bool) == 1, "facts are told apart by their offsets");

/* CPUs, by what Linux says and does there, and what is expected. */
static const struct row {
	const char *name;
	unsigned int facts;
	u64 features;
	const char *gap;	/* a word of it, or NULL */
} rows[] = {
	{ "none", 0, 0, NULL },
	{ "meltdown", FACT(meltdown), FEATURE_MELTDOWN, NULL },
	{ "mds_taa_mmio_rfds_tsa", FACT(buffers), FEATURE_VERW, NULL },
	{ "div0", FACT(div0), FEATURE_DIV0, NULL },
	{ "spectre_v2_without_ibpb", FACT(spectre_v2), FEATURE_RSB_FILL, NULL },
	{ "spectre_v2", FACT(spectre_v2) | FACT(ibpb), FEATURE_RSB_FILL | FEATURE_IBPB, NULL },
	{ "retbleed_intel", FACT(spectre_v2) | FACT(ibpb) | FACT(kernel_ibrs),
	  FEATURE_RSB_FILL | FEATURE_IBPB | FEATURE_EXIT_IBRS, NULL },
	{ "retbleed_amd_srso", FACT(spectre_v2) | FACT(ibpb) | FACT(returns),
	  FEATURE_RSB_FILL | FEATURE_IBPB | FEATURE_EXIT_IBPB, NULL },
	{ "retbleed_amd_without_ibpb", FACT(spectre_v2) | FACT(returns), FEATURE_RSB_FILL, "IBPB" },
	/* Some CPUs keep the return stack over IBPB, whatever is said of Spectre v2. */
	{ "returns_only", FACT(ibpb) | FACT(returns),
	  FEATURE_RSB_FILL | FEATURE_IBPB | FEATURE_EXIT_IBPB, NULL },
	{ "bhi", FACT(spectre_v2) | FACT(ibpb) | FACT(history) | FACT(history_known),
	  FEATURE_RSB_FILL | FEATURE_IBPB | FEATURE_EXIT_BHB, NULL },
	{ "bhi_unknown_loop", FACT(spectre_v2) | FACT(ibpb) | FACT(history),
	  FEATURE_RSB_FILL | FEATURE_IBPB, "clear_bhb_loop" },
	{ "no_bhi", FACT(spectre_v2) | FACT(ibpb) | FACT(history_known),
	  FEATURE_RSB_FILL | FEATURE_IBPB, NULL },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct speculation_facts facts_of(unsigned int set)
{
	struct speculation_facts f = {};
	size_t i;

	for (i = 0; i < NR_FACTS; i++)
		((bool *)&f)[i] = set >> i & 1;
	return f;
}

static void test_row(void **state)
{
	const struct row *r = *state;
	struct speculation_facts f = facts_of(r->facts);
	const char *gap = speculation_gap(&f);

	assert_int_equal(speculation_features(&f), r->features);
	assert_int_equal(!!gap, !!r->gap);
	if (gap)
		assert_non_null(strstr(gap, r->gap));
}

/* A fact that no row has would go untested. */
static void test_all_facts(void **state)
{
	unsigned int seen = 0;
	size_t i;

	(void)state;
	for (i = 0; i < NR_ROWS; i++)
		seen |= rows[i].facts;
	assert_int_equal(seen, (1U << NR_FACTS) - 1);
}

/* One flaw more never takes a protection away, nor hides a gap but by closing it. */
static void test_monotonic(void **state)
{
	unsigned int set;
	size_t i;

	(void)state;
	for (set = 0; set < 1U << NR_FACTS; set++)
		for (i = 0; i < NR_FACTS; i++) {
			struct speculation_facts less = facts_of(set & ~(1U << i));
			struct speculation_facts more = facts_of(set | 1U << i);

			assert_int_equal(speculation_features(&less) & ~speculation_features(&more), 0);
		}
}

int main(void)
{
	struct CMUnitTest tests[NR_ROWS + 2] = {
		cmocka_unit_test(test_all_facts),
		cmocka_unit_test(test_monotonic),
	};
	size_t i;

	for (i = 0; i < NR_ROWS; i++)
		tests[i + 2] = (struct CMUnitTest){ rows[i].name, test_row, NULL, NULL,
						    (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
