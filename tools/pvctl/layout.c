// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See layout.h. Pure. All sums stay below 2^63: requests are checked first. */
#include "layout.h"

#define MAPPING_ALIGN	(4UL << 20)	/* the initial mapping ends on such an address */
#define MAPPING_SPARE	(512UL << 10)	/* and has this much behind the last element */

#define PAGES_MAX	(1UL << 32)	/* 16 TiB */

/* The hypervisor's part of the address space, and all that is not canonical. */
#define HOLE_START	(1ULL << 47)
#define HOLE_END	0xffff880000000000ULL

/* Tables of level 1 to 3 for the addresses [first, last]. */
static u64 count_tables(u64 first, u64 last)
{
	u64 n = 0;
	int shift;

	for (shift = 21; shift <= 39; shift += 9)
		n += (last >> shift) - (first >> shift) + 1;
	return n;
}

/* How many of the tables for [.., last] are also tables for [virt_base, ..] above it. */
static u64 count_shared(u64 last, u64 virt_base)
{
	u64 n = 0;
	int shift;

	for (shift = 21; shift <= 39; shift += 9)
		n += last >> shift == virt_base >> shift;
	return n;
}

/* Is [va, va + bytes) the guest's to use? */
static bool range_usable(u64 va, u64 bytes)
{
	if (va < HOLE_START)
		return bytes <= HOLE_START - va;
	return va >= HOLE_END && bytes <= 0 - va;
}

static struct region place(u64 *next, u64 pages)
{
	struct region r = { .gfn = *next, .pages = pages };

	*next += pages;
	return r;
}

static bool p2m_is_outside(const struct layout_request *r)
{
	u64 bytes = pages_of(r->nr_pages * 8) << PAGE_SHIFT;

	/* As every domain builder does: elsewhere only below the image. */
	return r->p2m_base && !(r->p2m_base & (PAGE_SIZE - 1)) && r->p2m_base < r->virt_base &&
	       bytes <= r->virt_base - r->p2m_base && range_usable(r->p2m_base, bytes);
}

/* Bytes from virt_base to the end of the mapping when elements end at frame @next. */
static u64 mapping_bytes(const struct layout_request *r, u64 next)
{
	u64 lead = r->virt_base & (MAPPING_ALIGN - 1);
	u64 bytes = lead + (next << PAGE_SHIFT) + MAPPING_SPARE;

	return ((bytes + MAPPING_ALIGN - 1) & ~(MAPPING_ALIGN - 1)) - lead;
}

/* Tables and stack, and with them the end of the mapping: each depends on the other. */
static int place_tables(const struct layout_request *r, struct layout *l, u64 *next,
			struct error *e)
{
	u64 n = 4, need, bytes;

	for (;;) {
		bytes = mapping_bytes(r, *next + n + 1);
		if (!range_usable(r->virt_base, bytes))
			return error_set(e, "kernel, initrd and tables for %llu MiB of memory do not fit into the address space behind %#llx (see --memory)",
					 (unsigned long long)r->nr_pages >> 8,
					 (unsigned long long)r->virt_base);
		need = 1 + count_tables(r->virt_base, r->virt_base + bytes - 1);
		if (need <= n)
			break;
		n = need;
	}
	l->tables = place(next, n);
	l->stack = place(next, 1);
	l->mapped = bytes >> PAGE_SHIFT;
	*next = l->mapped;
	return 0;
}

static int place_mapped(const struct layout_request *r, struct layout *l, u64 *next,
			struct error *e)
{
	*next = pages_of(r->kernel_end);
	if (!r->initrd_unmapped)
		l->initrd = place(next, pages_of(r->initrd_len));
	if (!l->p2m_outside) {
		l->p2m = place(next, pages_of(r->nr_pages * 8));
		l->p2m_va = layout_va(l, l->p2m.gfn);
	}
	l->start_info = place(next, 1);
	l->xenstore = place(next, 1);
	l->console = place(next, 1);
	return place_tables(r, l, next, e);
}

static void place_unmapped(const struct layout_request *r, struct layout *l, u64 *next)
{
	u64 pages = pages_of(r->nr_pages * 8), last;

	if (r->initrd_unmapped)
		l->initrd = place(next, pages_of(r->initrd_len));
	if (!l->p2m_outside)
		return;
	l->p2m_va = r->p2m_base;
	l->p2m = place(next, pages);
	last = l->p2m_va + (pages << PAGE_SHIFT) - 1;
	l->p2m_tables = place(next, count_tables(l->p2m_va, last) - count_shared(last, r->virt_base));
}

int layout_make(const struct layout_request *r, struct layout *l, struct error *e)
{
	u64 next;

	*l = (struct layout){ .virt_base = r->virt_base };
	if (r->nr_pages > PAGES_MAX || pages_of(r->kernel_end) > PAGES_MAX ||
	    pages_of(r->initrd_len) > PAGES_MAX)
		return error_set(e, "more than %lu TiB of guest memory (see --memory)", PAGES_MAX >> 28);
	l->p2m_outside = p2m_is_outside(r);
	if (place_mapped(r, l, &next, e))
		return -1;
	place_unmapped(r, l, &next);
	if (next > r->nr_pages)
		return error_set(e, "%llu MiB of memory are too little: kernel, initrd and tables alone take %llu MiB (see --memory)",
				 (unsigned long long)r->nr_pages >> 8,
				 (unsigned long long)(next + 255) >> 8);
	return 0;
}
