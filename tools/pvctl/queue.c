// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See queue.h. Pure. */
#include <assert.h>

#include "queue.h"

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t queue_put(struct queue *q, const void *data, size_t n)
{
	const u8 *in = data;
	size_t i;

	n = min_size(n, queue_room(q));
	for (i = 0; i < n; i++)
		q->data[q->tail++ % QUEUE_SIZE] = in[i];
	return n;
}

size_t queue_peek(const struct queue *q, void *data, size_t n)
{
	u8 *out = data;
	size_t i;

	n = min_size(n, queue_used(q));
	for (i = 0; i < n; i++)
		out[i] = q->data[(q->head + i) % QUEUE_SIZE];
	return n;
}

void queue_drop(struct queue *q, size_t n)
{
	assert(n <= queue_used(q));
	q->head += n;
}
