// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The console ring against honest and dishonest guests; the queue. */
#include "test.h"

#include <pthread.h>

#include "queue.h"
#include "ring.h"

static struct xencons_interface page;
static struct ring r;

static int reset(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	r = (struct ring){ .page = &page };
	return 0;
}

/* What the guest's driver does. */
static void guest_write(const char *text)
{
	for (; *text; text++)
		page.out[page.out_prod++ % sizeof(page.out)] = *text;
}

static void output(void **state)
{
	char buf[64] = {};
	u32 i;

	(void)state;
	assert_int_equal(ring_take(&r, (u8 *)buf, sizeof(buf)), 0);
	/* Long enough to wrap the ring, and the indexes from 2^32 - 100 on. */
	page.out_prod = page.out_cons = r.out_cons = 0U - 100;
	for (i = 0; i < 1000; i++) {
		guest_write("hello");
		memset(buf, 0, sizeof(buf));
		assert_int_equal(ring_take(&r, (u8 *)buf, 3), 3);
		assert_string_equal(buf, "hel");
		assert_int_equal(ring_take(&r, (u8 *)buf, sizeof(buf)), 2);
		assert_int_equal(page.out_cons, page.out_prod);
	}
}

static void full_output(void **state)
{
	u8 buf[4096];

	(void)state;
	memset(page.out, 'x', sizeof(page.out));
	page.out_prod = sizeof(page.out);
	assert_int_equal(ring_take(&r, buf, sizeof(buf)), sizeof(page.out));
	assert_int_equal(ring_take(&r, buf, sizeof(buf)), 0);
}

static void input(void **state)
{
	u8 data[3000], got[3000];
	size_t given = 0, taken = 0, i;

	(void)state;
	page.in_prod = page.in_cons = r.in_prod = 0U - 500;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 13);
	assert_int_equal(ring_give(&r, data, sizeof(data)), sizeof(page.in));
	given = sizeof(page.in);
	while (taken < sizeof(data)) {
		assert_true(page.in_prod - page.in_cons <= sizeof(page.in));
		for (i = 0; i < 77 && page.in_cons != page.in_prod; i++)
			got[taken++] = (u8)page.in[page.in_cons++ % sizeof(page.in)];
		given += ring_give(&r, data + given, sizeof(data) - given);
	}
	assert_memory_equal(got, data, sizeof(data));
}

/* Whatever the indexes are: no more than a ringful, never outside of the page. */
static void hostile_indexes(void **state)
{
	static const u32 values[] = { 0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 0x7fffffff,
				      0x80000000, 0xfffffbff, 0xffffffff };
	u8 *buf = malloc(2048);
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			page.out_prod = values[i];
			page.out_cons = values[j];	/* ours to write: must not matter */
			assert_true(ring_take(&r, buf, 2048) <= 2048);
			assert_int_equal(page.out_cons, values[i]);
			page.in_cons = values[i];
			page.in_prod = values[j];
			assert_true(ring_give(&r, buf, 2048) <= 1024);
			assert_true(page.in_prod - values[i] <= 1024);
		}
	}
	free(buf);
	/* After nonsense, an honest guest is served again. */
	guest_write("back");
	buf = malloc(4);
	assert_int_equal(ring_take(&r, buf, 4), 4);
	assert_memory_equal(buf, "back", 4);
	free(buf);
}

static bool stop;

/* Another CPU of the guest, which does not care for turns. */
static void *change_indexes(void *unused)
{
	u32 x = 1;

	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		x = x * 1664525 + 1013904223;
		__atomic_store_n(&page.out_prod, x >> (x & 31), __ATOMIC_RELAXED);
		__atomic_store_n(&page.in_cons, r.in_prod - (x >> 20), __ATOMIC_RELAXED);
		__atomic_store_n(&page.out_cons, x, __ATOMIC_RELAXED);
		__atomic_store_n(&page.in_prod, ~x, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Memory that changes between any two readings of it. The buffers end where they say. */
static void indexes_that_change(void **state)
{
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, change_indexes, NULL), 0);
	for (i = 0; i < 3000; i++) {
		size_t size = (size_t)i % 3000 + 1;
		u8 *buf = malloc(size);

		memset(buf, 'b', size);
		assert_true(ring_take(&r, buf, size) <= size);
		assert_true(ring_give(&r, buf, size) <= sizeof(page.in));
		free(buf);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void queue(void **state)
{
	static struct queue q;
	static u8 in[5000], out[5000];
	size_t i, used = 0;

	(void)state;
	memset(&q, 0, sizeof(q));
	for (i = 0; i < sizeof(in); i++)
		in[i] = (u8)(i ^ i >> 8);
	while (used + sizeof(in) <= QUEUE_SIZE) {
		assert_int_equal(queue_put(&q, in, sizeof(in)), sizeof(in));
		used += sizeof(in);
	}
	assert_int_equal(queue_put(&q, in, sizeof(in)), QUEUE_SIZE - used);
	assert_int_equal(queue_room(&q), 0);
	assert_int_equal(queue_put(&q, in, 1), 0);
	for (i = 0; i < 100; i++) {
		assert_int_equal(queue_peek(&q, out, sizeof(out)), sizeof(out));
		if (i < used / sizeof(in))
			assert_memory_equal(out, in, sizeof(in));
		queue_drop(&q, sizeof(out));
		assert_int_equal(queue_put(&q, in, sizeof(in)), sizeof(in));
	}
	assert_int_equal(queue_used(&q), QUEUE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(output, reset), cmocka_unit_test_setup(full_output, reset),
		cmocka_unit_test_setup(input, reset),
		cmocka_unit_test_setup(hostile_indexes, reset),
		cmocka_unit_test_setup(indexes_that_change, reset), cmocka_unit_test(queue),
	};

	return cmocka_run_group_tests_name("pvctl ring", tests, NULL, NULL);
}
