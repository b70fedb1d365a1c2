// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See pagetable.h. Pure. Tables are taken in the order in which a walk first needs
 * them, so the first three are those of levels 4, 3 and 2 of the kernel's own
 * mapping: Linux takes them over and frees the others.
 */
#include <assert.h>

#include "pagetable.h"

#define TABLE_FLAGS	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PAGE_FLAGS	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PAGE_RO_FLAGS	(PTE_P | PTE_US | PTE_A)

/**
 * struct builder - tables under construction
 * @next, @end: frames to take new tables from
 */
struct builder {
	u8 *mem;
	u64 root;
	u64 next;
	u64 end;
};

static u64 *table_at(const struct builder *b, u64 gfn)
{
	return (u64 *)(b->mem + (gfn << PAGE_SHIFT));
}

static u64 table_take(struct builder *b)
{
	/* layout_make() has counted them. */
	assert(b->next < b->end);
	return b->next++;
}

static u64 *entry_at(const struct builder *b, u64 table, u64 va, int level)
{
	return &table_at(b, table)[va >> (3 + 9 * level) & 511];
}

static void map_page(struct builder *b, u64 va, u64 gfn, u64 flags)
{
	u64 table = b->root, *entry;
	int level;

	for (level = 4; level > 1; level--) {
		entry = entry_at(b, table, va, level);
		if (!*entry)
			*entry = table_take(b) << PAGE_SHIFT | TABLE_FLAGS;
		table = (*entry & PTE_ADDR) >> PAGE_SHIFT;
	}
	*entry_at(b, table, va, 1) = gfn << PAGE_SHIFT | flags;
}

static bool is_in(const struct region *r, u64 gfn)
{
	return gfn - r->gfn < r->pages;
}

void pagetable_build(u8 *mem, const struct layout *l)
{
	struct builder b = { .mem = mem, .root = l->tables.gfn, .next = l->tables.gfn + 1,
			     .end = l->tables.gfn + l->tables.pages };
	u64 i;

	for (i = 0; i < l->mapped; i++)
		map_page(&b, layout_va(l, i), i, is_in(&l->tables, i) ? PAGE_RO_FLAGS : PAGE_FLAGS);
	if (!l->p2m_outside)
		return;
	b.next = l->p2m_tables.gfn;
	b.end = b.next + l->p2m_tables.pages;
	for (i = 0; i < l->p2m.pages; i++)
		map_page(&b, l->p2m_va + (i << PAGE_SHIFT), l->p2m.gfn + i, PAGE_FLAGS);
}
