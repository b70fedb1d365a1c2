// SPDX-License-Identifier: GPL-2.0
/* One use at a time: writable, segment, table, and the ways from one to another. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "mmu.h"

static int setup(void **state)
{
	static const struct mmu_config config = {
		.frames = 32, .pool_pages = 16, .pool_limit = 16, .vcpus = 1,
		.features = FEATURE_PCID,
	};

	mmu_new(&config);
	*state = mmu->v[0];
	return 0;
}

static int teardown(void **state)
{
	mmu_delete();
	return 0;
}

static void test_owned(void **state)
{
	struct vcpu *v = *state;

	assert_true(frame_owned(v->d, gfn(0)));
	assert_true(frame_owned(v->d, gfn(32)));
	assert_false(frame_owned(v->d, gfn(33)));	/* a hole */
	assert_false(frame_owned(v->d, gfn(34)));
	assert_false(frame_owned(v->d, GFN_NONE));
	assert_int_equal(frame_get_writable(v, gfn(33)), -EINVAL);
	assert_int_equal(frame_get_segment(v, gfn(34)), -EINVAL);
}

static void test_counts(void **state)
{
	struct vcpu *v = *state;
	struct frame *f = &v->d->frames[5];

	assert_int_equal(frame_get_writable(v, gfn(5)), 0);
	assert_int_equal(frame_get_writable(v, gfn(5)), 0);
	assert_int_equal(f->type, FRAME_WRITABLE);
	assert_int_equal(f->u.typed, 2);
	assert_int_equal(f->refs, 2);
	assert_int_equal(frame_get_segment(v, gfn(5)), -EINVAL);
	frame_put_writable(v, gfn(5));
	assert_int_equal(frame_get_segment(v, gfn(5)), -EINVAL);
	frame_put_writable(v, gfn(5));
	assert_int_equal(f->type, FRAME_NONE);
	assert_int_equal(frame_get_segment(v, gfn(5)), 0);
	assert_int_equal(frame_get_writable(v, gfn(5)), -EINVAL);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(5), FRAME_L1)), -EINVAL);
	frame_put_segment(v, gfn(5));
	mmu_check();
}

/* A use that is put once too often is not a bug of the monitor: two gfns, one page. */
static void test_underflow(void **state)
{
	struct vcpu *v = *state;

	frame_put_writable(v, gfn(5));
	assert_int_equal(v->exit, EXIT_CRASH);
	assert_int_equal(v->w->exit_arg[0], CRASH_FOREIGN_WRITE);
	assert_int_equal(v->d->frames[5].type, FRAME_NONE);
	assert_int_equal(v->d->frames[5].u.typed, 0);
}

static void test_reference_limit(void **state)
{
	struct vcpu *v = *state;

	v->d->frames[5].refs = 0xffffffff;
	assert_int_equal(frame_get_writable(v, gfn(5)), -EINVAL);
	assert_int_equal(v->d->frames[5].refs, 0xffffffff);
	assert_int_equal(v->d->frames[5].type, FRAME_NONE);
	mmu_frame(6)[0] = gpte(5, G_RO);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), -EINVAL);
	v->d->frames[5].refs = 0;
	mmu_check();
}

static void test_table_to_writable(void **state)
{
	struct vcpu *v = *state;

	mmu_frame(6)[9] = gpte(7, G_RW);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), 0);
	assert_int_equal(frame_get_writable(v, gfn(6)), -EINVAL);
	assert_int_equal(frame_get_segment(v, gfn(7)), -EINVAL);
	assert_int_equal(pgtable_unpin(v, gfn(6)), 0);
	/* Without references it is still a table, until somebody wants the frame. */
	assert_int_equal(mmu_type(6), FRAME_L1);
	assert_int_equal(mmu_type(7), FRAME_WRITABLE);
	mmu_check();
	assert_int_equal(frame_get_writable(v, gfn(6)), 0);
	assert_int_equal(mmu_type(6), FRAME_WRITABLE);
	assert_int_equal(mmu_type(7), FRAME_NONE);
	frame_put_writable(v, gfn(6));
	mmu_check();
}

/* The whole tree is unreferenced; the leaf has references from it all the same. */
static void test_wanted_from_below(void **state)
{
	struct vcpu *v = *state;

	mmu_tree(10);
	mmu_frame(13)[0] = gpte(20, G_RW);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(10), FRAME_L4)), 0);
	assert_int_equal(frame_get_writable(v, gfn(13)), -EINVAL);
	assert_int_equal(mmu_type(10), FRAME_L4);
	assert_int_equal(pgtable_unpin(v, gfn(10)), 0);
	mmu->restart_every = 1;
	assert_int_equal(mmu_call(v, frame_get_writable(v, gfn(13))), 0);
	assert_int_equal(mmu_type(10), FRAME_NONE);
	assert_int_equal(mmu_type(20), FRAME_NONE);
	frame_put_writable(v, gfn(13));
	mmu_check();
}

/* A frame that only an unreferenced table maps writable can become a table. */
static void test_wanted_from_above(void **state)
{
	struct vcpu *v = *state;

	mmu_frame(6)[0] = gpte(7, G_RW);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), 0);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(7), FRAME_L1)), -EINVAL);
	assert_int_equal(pgtable_unpin(v, gfn(6)), 0);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(7), FRAME_L1)), 0);
	assert_int_equal(mmu_type(6), FRAME_NONE);
	mmu_check();
}

/* Nor does that keep it from holding descriptors. */
static void test_segment_wanted(void **state)
{
	struct vcpu *v = *state;

	mmu_frame(6)[0] = gpte(7, G_RW);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), 0);
	assert_int_equal(mmu_call(v, frame_get_segment(v, gfn(7))), -EINVAL);
	assert_int_equal(pgtable_unpin(v, gfn(6)), 0);
	mmu->restart_every = 1;
	assert_int_equal(mmu_call(v, frame_get_segment(v, gfn(7))), 0);
	assert_int_equal(mmu_type(6), FRAME_NONE);
	/* The table's content would now be against the rules. */
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), -EINVAL);
	frame_put_segment(v, gfn(7));
	mmu_check();
}

static void test_special(void **state)
{
	struct vcpu *v = *state;

	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(32), FRAME_L1)), -EINVAL);
	mmu_frame(6)[0] = gpte(32, G_RW);
	assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(6), FRAME_L1)), 0);
	assert_int_equal(mmu_type(32), FRAME_WRITABLE);
	assert_int_equal(pgtable_update(v, 6 << 12, gpte(33, G_RO), false), -EINVAL);
	mmu_check();
}

static void test_dead_domain(void **state)
{
	struct vcpu *v = *state;

	v->d->dead = 1;
	v->d->lock.holder = 7;		/* as a panic of another vCPU leaves it */
	assert_int_equal(frame_get_writable(v, gfn(5)), -RESTART);
	assert_int_equal(v->exit, EXIT_KICK);
	assert_int_equal(mmu_type(5), FRAME_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_owned),
		TEST(test_counts),
		TEST(test_underflow),
		TEST(test_reference_limit),
		TEST(test_table_to_writable),
		TEST(test_wanted_from_below),
		TEST(test_wanted_from_above),
		TEST(test_segment_wanted),
		TEST(test_special),
		TEST(test_dead_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
