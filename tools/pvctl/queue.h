/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A bounded queue of bytes, between two threads that take turns by a lock of their
 * own. A zeroed one is empty.
 */
#ifndef PVCTL_QUEUE_H
#define PVCTL_QUEUE_H

#include "types.h"

#define QUEUE_SIZE	(64UL << 10)	/* power of two */

/** struct queue - bytes [head, tail) of a stream, each at its position modulo the size */
struct queue {
	size_t head;
	size_t tail;
	u8 data[QUEUE_SIZE];
};

static inline size_t queue_used(const struct queue *q)
{
	return q->tail - q->head;
}

static inline size_t queue_room(const struct queue *q)
{
	return QUEUE_SIZE - queue_used(q);
}

/** queue_put - append as many of @n bytes as fit; returns how many */
size_t queue_put(struct queue *q, const void *data, size_t n);

/** queue_peek - the first bytes, up to @n, which stay; returns how many */
size_t queue_peek(const struct queue *q, void *data, size_t n);

/** queue_drop - remove the first @n bytes, which must exist */
void queue_drop(struct queue *q, size_t n);

#endif
