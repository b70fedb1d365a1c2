// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See ring.h. Pure. */
#include "ring.h"

#define OUT_SIZE	((u32)sizeof(((struct xencons_interface *)0)->out))
#define IN_SIZE		((u32)sizeof(((struct xencons_interface *)0)->in))

size_t ring_take(struct ring *r, u8 *data, size_t max)
{
	u32 prod = __atomic_load_n(&r->page->out_prod, __ATOMIC_ACQUIRE);
	u32 n = prod - r->out_cons, i;

	if (n > OUT_SIZE) {
		/* Nonsense: continue from where the guest believes to be. */
		r->out_cons = prod;
		n = 0;
	}
	n = n < max ? n : (u32)max;
	for (i = 0; i < n; i++)
		data[i] = (u8)r->page->out[(r->out_cons + i) % OUT_SIZE];
	r->out_cons += n;
	__atomic_store_n(&r->page->out_cons, r->out_cons, __ATOMIC_RELEASE);
	return n;
}

size_t ring_give(struct ring *r, const u8 *data, size_t n)
{
	u32 cons = __atomic_load_n(&r->page->in_cons, __ATOMIC_ACQUIRE);
	u32 used = r->in_prod - cons, room, i;

	if (used > IN_SIZE) {
		r->in_prod = cons;
		used = 0;
	}
	room = IN_SIZE - used;
	room = room < n ? room : (u32)n;
	for (i = 0; i < room; i++)
		r->page->in[(r->in_prod + i) % IN_SIZE] = (char)data[i];
	r->in_prod += room;
	__atomic_store_n(&r->page->in_prod, r->in_prod, __ATOMIC_RELEASE);
	return room;
}
