// SPDX-License-Identifier: GPL-2.0
/*
 * A VMM that turns against its own guest: it writes to page tables, descriptor tables,
 * the guest's data, its start_info, and the run page, while the guest runs.
 */
#include <string.h>
#include <time.h>

#include "campaign.h"

#define TOY_GFN		0x400
#define TOY_PAGES	48	/* the ones that the guest uses most */

static u64 next(struct hostile *h)
{
	h->state ^= h->state << 13;
	h->state ^= h->state >> 7;
	h->state ^= h->state << 17;
	return h->state;
}

static u64 any_entry(struct hostile *h)
{
	static const u64 flags[] = { 0x67, 0x65, 0x27, 0x7, 0x63, 0xe7, 0x167, 0x8000000000000067, 0x66 };
	u64 r = next(h), gfn = r % 8 ? TOY_GFN + (r >> 8) % TOY_PAGES : (r >> 8) % (GUEST_BYTES / PAGE_SIZE + 4);

	if (r >> 60 == 0)
		return next(h);
	return gfn * PAGE_SIZE | flags[(r >> 32) % (sizeof(flags) / sizeof(flags[0]))];
}

/* Mostly toys; seldom the tables that the guest lives on, or anything at all. */
static u64 any_frame(struct hostile *h)
{
	const struct layout *l = &h->m->image.layout;
	u64 r = next(h), n = GUEST_BYTES / PAGE_SIZE - REPORT_PAGES;

	switch (r % 400) {
	case 0:
		return l->tables.gfn + (r >> 16) % l->tables.pages;
	case 1:
		return l->start_info.gfn;
	case 2:
		return (r >> 16) % n;
	default:
		return TOY_GFN + (r >> 16) % TOY_PAGES;
	}
}

static void write_memory(struct hostile *h)
{
	u64 gfn = any_frame(h), r = next(h), slot = r % 4 ? (r >> 8) % 8 : (r >> 8) % 512;
	volatile u64 *at = (volatile u64 *)(h->m->domain.mem + gfn * PAGE_SIZE) + slot;

	switch (r >> 62) {
	case 0:
		*at ^= 1ULL << (r >> 32) % 64;
		return;
	case 1:
		*at = 0;
		return;
	default:
		*at = any_entry(h);
	}
}

/* All but immediate_exit may hold anything: the module does not look at it. */
static void write_run_page(struct hostile *h)
{
	volatile u8 *at = (volatile u8 *)h->m->run;
	u64 r = next(h), i = r % PAGE_SIZE;

	if (r >> 40 & 1)
		i = 0x10 + r % 0x40;
	if (i >= 8)
		at[i] = (u8)(r >> 16);
}

static void *hostile_thread(void *arg)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	struct hostile *h = arg;

	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE)) {
		u64 n = next(h) % 16;

		h->writes += n;
		while (n--)
			write_memory(h);
		write_run_page(h);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int hostile_start(struct hostile *h, struct machine *m, u64 seed, struct error *e)
{
	int err;

	*h = (struct hostile){ .m = m, .state = seed * 0x9e3779b97f4a7c15 | 1 };
	err = pthread_create(&h->thread, NULL, hostile_thread, h);
	if (err)
		return error_set(e, "thread: %s", strerror(err));
	return 0;
}

void hostile_stop(struct hostile *h)
{
	__atomic_store_n(&h->stop, true, __ATOMIC_RELEASE);
	pthread_join(h->thread, NULL);
}
