// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The console ring, which lies in the guest's memory: whatever its four indexes are, at
 * whatever moment, pvctl moves no more than a ringful, into and out of the page only, and
 * is out of step for one call at most. The input is a list of steps: an index gets a value,
 * or one of pvctl's two functions is called. A reference follows the bytes.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define require(cond) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
		abort();							\
	}									\
} while (0)

#define OUT	sizeof(((struct xencons_interface *)0)->out)
#define IN	sizeof(((struct xencons_interface *)0)->in)

_Static_assert(sizeof(((struct xencons_interface *)0)->in) == offsetof(struct xencons_interface, out),
	       "input and output are the first of the page");

static u8 pattern(u32 i)
{
	return (u8)(i * 7 + (i >> 8) * 3 + 1);
}

/* At most @max bytes into memory that ends behind them. */
static void take(struct ring *r, size_t max)
{
	u32 prod = r->page->out_prod, cons = r->out_cons, used = prod - cons, i;
	u8 *buf = malloc(max ? max : 1);
	size_t n, want = used > OUT ? 0 : used < max ? used : max;

	require(buf);
	n = ring_take(r, buf, max);
	require(n == want);
	for (i = 0; i < n; i++)
		require(buf[i] == (u8)r->page->out[(cons + i) % OUT]);
	require(r->out_cons == (used > OUT ? prod : cons + (u32)n));
	require(r->page->out_cons == r->out_cons);
	free(buf);
}

static void give(struct ring *r, size_t n)
{
	u32 cons = r->page->in_cons, prod = r->in_prod, i, room;
	struct xencons_interface before = *r->page;
	u8 *buf = malloc(n ? n : 1);
	size_t done;

	require(buf);
	for (i = 0; i < n; i++)
		buf[i] = pattern(i + n);
	prod = prod - cons > IN ? cons : prod;
	room = (u32)IN - (prod - cons);
	done = ring_give(r, buf, n);
	require(done == (n < room ? n : room));
	require(r->in_prod == prod + (u32)done && r->page->in_prod == r->in_prod);
	/* The bytes given, and no others. */
	for (i = 0; i < done; i++)
		before.in[(prod + i) % IN] = (char)buf[i];
	require(!memcmp(&before, (void *)r->page, OUT + IN));
	free(buf);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* A step: which, and a number of 32 bits. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* Allocated: ASan sees what is beside it. */
	struct xencons_interface *page = calloc(1, sizeof(*page));
	struct ring r = { .page = page };
	u32 val, i;

	require(page);
	for (i = 0; i < OUT; i++)
		page->out[i] = (char)pattern(i);
	for (; size >= 5; data += 5, size -= 5) {
		memcpy(&val, data + 1, sizeof(val));
		switch (data[0] % 8) {
		case 0: page->out_prod = val; break;
		case 1: page->out_prod += val % (OUT + 2); break;
		case 2: page->in_cons = val; break;
		case 3: page->in_cons += val % (IN + 2); break;
		case 4: page->out_cons = val; break;
		case 5: page->in_prod = val; break;
		case 6: take(&r, val % (2 * OUT)); break;
		case 7: give(&r, val % (2 * IN)); break;
		}
	}
	free(page);
	return 0;
}
