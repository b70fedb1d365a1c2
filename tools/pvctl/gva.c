// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See gva.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gva.h"

#define ENTRIES		512
#define LEVELS		4
#define UPPER_HALF	0xffff000000000000

#define PTE_PRESENT	(1ULL << 0)
#define PTE_PSE		(1ULL << 7)
#define PTE_FRAME	0x000ffffffffff000

/* Root slots that are the monitor's, whatever the guest's own table says. */
#define RESERVED_FIRST	256
#define RESERVED_LAST	271

struct gva_space gva_space(const struct domain *d, u64 root_gfn)
{
	return (struct gva_space){ .mem = d->mem, .nr_pages = d->nr_pages, .root_gfn = root_gfn };
}

static int shift_of(int level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

/*
 * Entry @i of the table in frame @gfn, 0 if it leads nowhere: the guest has neither large
 * pages nor frames beyond its memory, but for the module's own, which we do not have.
 */
static u64 entry(const struct gva_space *s, u64 gfn, unsigned int i, int level)
{
	u64 e;

	if (gfn >= s->nr_pages || (level == LEVELS && i >= RESERVED_FIRST && i <= RESERVED_LAST))
		return 0;
	e = __atomic_load_n((u64 *)(s->mem + (gfn << PAGE_SHIFT)) + i, __ATOMIC_RELAXED);
	if (!(e & PTE_PRESENT) || (level > 1 && e & PTE_PSE) ||
	    (e & PTE_FRAME) >> PAGE_SHIFT >= s->nr_pages)
		return 0;
	return e;
}

u8 *gva_translate(const struct gva_space *s, u64 va)
{
	u64 gfn = s->root_gfn, e;
	int level;

	if ((u64)((int64_t)(va << 16) >> 16) != va)
		return NULL;
	for (level = LEVELS; level; level--) {
		e = entry(s, gfn, va >> shift_of(level) & (ENTRIES - 1), level);
		if (!e)
			return NULL;
		gfn = (e & PTE_FRAME) >> PAGE_SHIFT;
	}
	return s->mem + (gfn << PAGE_SHIFT) + (va & (PAGE_SIZE - 1));
}

/* Page by page: copy(guest, ours, n). */
static size_t gva_copy(const struct gva_space *s, u64 va, u8 *buf, size_t n, bool write)
{
	size_t done = 0, part;
	u8 *at;

	while (done < n) {
		at = gva_translate(s, va + done);
		if (!at)
			break;
		part = PAGE_SIZE - ((va + done) & (PAGE_SIZE - 1));
		part = part < n - done ? part : n - done;
		if (write)
			memcpy(at, buf + done, part);
		else
			memcpy(buf + done, at, part);
		done += part;
	}
	return done;
}

size_t gva_read(const struct gva_space *s, u64 va, void *buf, size_t n)
{
	return gva_copy(s, va, buf, n, false);
}

size_t gva_write(const struct gva_space *s, u64 va, const void *buf, size_t n)
{
	/* The cast takes a const away that gva_copy() respects when it writes to the guest. */
	return gva_copy(s, va, (u8 *)buf, n, true);
}

/* ------------------------------------------------------- all that is mapped */

/**
 * struct visit
 * @tables: how many may still be looked at: in a guest that wants to keep us for ever, few
 *	tables refer to each other very often
 */
struct visit {
	const struct gva_space *s;
	struct gva_run *runs;
	size_t n, room, max;
	u64 tables;
	bool more;
	bool no_memory;
};

static bool visit_grow(struct visit *v)
{
	size_t room = v->room ? 2 * v->room : 256;
	struct gva_run *runs = realloc(v->runs, room * sizeof(*runs));

	if (!runs) {
		v->no_memory = true;
		return false;
	}
	v->runs = runs;
	v->room = room;
	return true;
}

/* Returns whether to go on. */
static bool visit_page(struct visit *v, u64 va, u64 gfn)
{
	struct gva_run *last = v->n ? &v->runs[v->n - 1] : NULL;

	if (last && last->va + (last->pages << PAGE_SHIFT) == va &&
	    last->gfn + last->pages == gfn) {
		last->pages++;
		return true;
	}
	/*
	 * The same frame again and again, as Linux maps the stacks for its returns to 16-bit
	 * code: in numbers that leave no room for the rest.
	 */
	if (last && last->gfn == gfn && last->pages == 1)
		return true;
	if (v->n == v->max) {
		v->more = true;
		return false;
	}
	if (v->n == v->room && !visit_grow(v))
		return false;
	v->runs[v->n++] = (struct gva_run){ .va = va, .gfn = gfn, .pages = 1 };
	return true;
}

/* The entries from @first to @last of a table whose first one maps @va. */
static bool visit_table(struct visit *v, u64 gfn, u64 va, int level, unsigned int first,
			unsigned int last)
{
	unsigned int i;

	if (!v->tables) {
		v->more = true;
		return false;
	}
	v->tables--;
	for (i = first; i <= last; i++) {
		u64 e = entry(v->s, gfn, i, level), below = va | (u64)i << shift_of(level);
		u64 to = (e & PTE_FRAME) >> PAGE_SHIFT;

		if (!e)
			continue;
		if (level == 1 ? !visit_page(v, below, to) :
		    !visit_table(v, to, below, level - 1, 0, ENTRIES - 1))
			return false;
	}
	return true;
}

static int run_compare(const void *a, const void *b)
{
	const struct gva_run *x = a, *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

int gva_runs(const struct gva_space *s, size_t max, struct gva_run **runs, size_t *n,
	     bool *more, struct error *e)
{
	struct visit v = { .s = s, .max = max, .tables = 2 * s->nr_pages + ENTRIES };

	/* What is wanted most first, should it be too much: Linux's text is in the last slot. */
	if (visit_table(&v, s->root_gfn, UPPER_HALF, LEVELS, ENTRIES - 1, ENTRIES - 1) &&
	    visit_table(&v, s->root_gfn, UPPER_HALF, LEVELS, ENTRIES / 2, ENTRIES - 2))
		visit_table(&v, s->root_gfn, 0, LEVELS, 0, ENTRIES / 2 - 1);
	if (v.no_memory) {
		free(v.runs);
		return error_set(e, "no memory for a list of what the guest has mapped");
	}
	if (v.n)
		qsort(v.runs, v.n, sizeof(*v.runs), run_compare);
	*runs = v.runs;
	*n = v.n;
	*more = v.more;
	return 0;
}
