// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See walk.h. Shares nothing with the builder but the bits of an entry. */
#include "test.h"

#include <xen/xen.h>

#include "pagetable.h"
#include "walk.h"

#define RW_ENTRY	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define RO_ENTRY	(PTE_P | PTE_US | PTE_A)

struct walker {
	const u8 *mem;
	u64 nr_pages;
	const struct layout *l;
	u8 *is_table;
	u8 *is_writable;
	u64 nr_tables;
	u64 nr_kernel;
	u64 nr_p2m;
};

static u64 entry_of(const u8 *mem, u64 nr_pages, u64 table, u64 i)
{
	assert_true(table < nr_pages);
	return ((const u64 *)(mem + table * 4096))[i];
}

u64 walk(const u8 *mem, u64 nr_pages, u64 root, u64 va)
{
	u64 entry = root << 12;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		entry = entry_of(mem, nr_pages, (entry & PTE_ADDR) >> 12, va >> shift & 511);
		if (!(entry & PTE_P))
			return 0;
	}
	return entry;
}

static bool among(const struct region *r, u64 gfn)
{
	return gfn >= r->gfn && gfn < r->gfn + r->pages;
}

static void check_leaf(struct walker *w, u64 va, u64 entry)
{
	u64 gfn = (entry & PTE_ADDR) >> 12, offset = (va - w->l->virt_base) >> 12;
	bool table = among(&w->l->tables, gfn);

	assert_true(gfn < w->nr_pages);
	assert_int_equal(entry & ~PTE_ADDR, table ? RO_ENTRY : RW_ENTRY);
	if (entry & PTE_RW)
		w->is_writable[gfn] = 1;
	if (va >= w->l->virt_base && offset < w->l->mapped) {
		assert_int_equal(gfn, offset);
		w->nr_kernel++;
	} else {
		assert_int_equal(gfn - w->l->p2m.gfn, (va - w->l->p2m_va) >> 12);
		assert_true(among(&w->l->p2m, gfn));
		w->nr_p2m++;
	}
}

/* Start of the addresses that entry @i of a table at @va covers. */
static u64 child_va(u64 va, u64 i, int shift)
{
	va |= i << shift;
	return shift == 39 && i >= 256 ? va | 0xffff000000000000 : va;
}

static void check_table(struct walker *w, u64 table, u64 va, int shift)
{
	u64 i, entry;

	assert_true(among(&w->l->tables, table) || among(&w->l->p2m_tables, table));
	assert_false(w->is_table[table]);
	w->is_table[table] = 1;
	w->nr_tables++;
	for (i = 0; i < 512; i++) {
		entry = entry_of(w->mem, w->nr_pages, table, i);
		if (!entry)
			continue;
		if (shift == 12) {
			check_leaf(w, child_va(va, i, shift), entry);
			continue;
		}
		assert_int_equal(entry & ~PTE_ADDR, RW_ENTRY);
		check_table(w, (entry & PTE_ADDR) >> 12, child_va(va, i, shift), shift - 9);
	}
}

void walk_check(const u8 *mem, u64 nr_pages, const struct image *image)
{
	const struct layout *l = &image->layout;
	struct walker w = { .mem = mem, .nr_pages = nr_pages, .l = l };
	u64 i;

	w.is_table = calloc(1, nr_pages);
	w.is_writable = calloc(1, nr_pages);
	check_table(&w, image->cr3_gfn, 0, 39);
	assert_int_equal(w.nr_tables, l->tables.pages + l->p2m_tables.pages);
	assert_int_equal(w.nr_kernel, l->mapped);
	assert_int_equal(w.nr_p2m, l->p2m_outside ? l->p2m.pages : 0);
	for (i = 0; i < nr_pages; i++)
		assert_false(w.is_table[i] && w.is_writable[i]);
	free(w.is_table);
	free(w.is_writable);
}

/* The memory at a mapped address; a mapping may only be assumed to reach one page. */
static const void *at(const struct builder_request *r, const struct image *image, u64 va)
{
	u64 entry = walk(r->mem, r->nr_pages, image->cr3_gfn, va);

	assert_true(entry & PTE_P);
	return r->mem + (entry & PTE_ADDR) + (va & 4095);
}

static void check_p2m(const struct builder_request *r, const struct image *image, u64 va)
{
	u64 i;

	for (i = 0; i < r->nr_pages; i++)
		assert_int_equal(*(const u64 *)at(r, image, va + i * 8), i);
}

static void check_initrd(const struct builder_request *r, const struct image *image,
			 const struct start_info *si)
{
	u64 i, n;

	assert_int_equal(si->mod_len, r->initrd_len);
	if (!r->initrd_len) {
		assert_int_equal(si->mod_start | si->flags, 0);
	} else if (si->flags & SIF_MOD_START_PFN) {
		assert_true(r->kernel->notes.mod_start_pfn);
		assert_memory_equal(r->mem + si->mod_start * 4096, r->initrd, r->initrd_len);
	} else {
		for (i = 0; i < r->initrd_len; i += 4096) {
			n = r->initrd_len - i < 4096 ? r->initrd_len - i : 4096;
			assert_memory_equal(at(r, image, si->mod_start + i),
					    (const u8 *)r->initrd + i, n);
		}
	}
}

/* At least 512 KiB behind the stack, up to a multiple of 4 MiB. */
static void check_padding(const struct builder_request *r, const struct image *image)
{
	u64 end = r->kernel->virt_base + image->layout.mapped * 4096, va;

	assert_int_equal(end & ((4 << 20) - 1), 0);
	assert_true(end - image->stack >= 512 << 10);
	assert_true(end - image->stack < (512 << 10) + (4 << 20));
	for (va = image->stack; va != end; va += 4096)
		assert_true(walk(r->mem, r->nr_pages, image->cr3_gfn, va) & PTE_RW);
}

void walk_check_start(const struct builder_request *r, const struct image *image)
{
	const struct start_info *si = at(r, image, image->start_info);

	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_int_equal(si->nr_pages, r->nr_pages);
	assert_int_equal(si->shared_info, r->shared_info_gfn << 12);
	assert_int_equal(si->flags & ~(u32)SIF_MOD_START_PFN, 0);
	assert_int_equal(si->store_evtchn, 0);
	assert_int_equal(si->console.domU.evtchn, r->console_port);
	assert_int_equal(si->console.domU.mfn, image->layout.console.gfn);
	assert_string_equal((const char *)si->cmd_line, r->cmdline);
	assert_int_equal(walk(r->mem, r->nr_pages, image->cr3_gfn, si->pt_base) >> 12,
			 image->cr3_gfn);
	assert_int_equal(si->nr_pt_frames, image->layout.tables.pages);
	assert_int_equal(!si->nr_p2m_frames, !image->layout.p2m_outside);
	if (si->nr_p2m_frames) {
		assert_int_equal(si->first_p2m_pfn, image->layout.p2m.gfn);
		assert_int_equal(si->nr_p2m_frames,
				 image->layout.p2m.pages + image->layout.p2m_tables.pages);
	}
	check_p2m(r, image, si->mfn_list);
	check_initrd(r, image, si);
	assert_int_equal(image->stack & 4095, 0);
	check_padding(r, image);
}
