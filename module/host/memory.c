// SPDX-License-Identifier: GPL-2.0
/*
 * A domain's frames are pages of the VMM's own address space, pinned for as long
 * as the domain exists: no translation to them can outlive them. The shadow pool
 * is the host's memory, grown on demand before an entry, never during one.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "memory.h"
#include "cpu.h"
#include "vcpu.h"

static unsigned long max_pinned_mb = 1 << 20;
module_param(max_pinned_mb, ulong, 0644);
MODULE_PARM_DESC(max_pinned_mb, "guest memory one user may pin, in MiB (default 1 TiB)");

/* Frames of the module's own: shared_info and, later, grant tables. */
#define SPECIAL_FRAMES	16

/* What every guest needs at once, and one step of growth: a fork wants tens of tables. */
#define FIRST_PAGES	64
#define TOPUP_PAGES	16

static void *table_alloc(size_t size)
{
	/* The size is the caller's choice: no place for a warning. */
	return __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
}

static int memory_alloc_tables(struct pvhv_domain *d, u64 frames, u64 pool_limit)
{
	d->frames_size = PAGE_ALIGN(frames * sizeof(struct frame));
	d->m2p_size = PAGE_ALIGN(frames * sizeof(u64));
	d->shared = table_alloc(PAGE_ALIGN(sizeof(struct domain)));
	d->frames = table_alloc(d->frames_size);
	d->m2p = table_alloc(d->m2p_size);
	d->shared_info = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!d->shared || !d->frames || !d->m2p || !d->shared_info)
		return -ENOMEM;
	/* No gfn is valid machine-to-physical until its frame exists. */
	memset(d->m2p, 0xff, d->m2p_size);
	return 0;
}

static int memory_map_tables(struct pvhv_domain *d)
{
	struct pvhv_space *s = &d->space;
	int err;

	err = pvhv_space_map_vmalloc(s, pvhv_space_va(s, LAYOUT_SLOT_STATE, LAYOUT_STATE_DOMAIN),
				     d->shared, PAGE_ALIGN(sizeof(struct domain)), PVHV_PROT_RW);
	if (!err)
		err = pvhv_space_map_vmalloc(s, pvhv_space_va(s, LAYOUT_SLOT_STATE,
							      LAYOUT_STATE_FRAMES),
					     d->frames, d->frames_size, PVHV_PROT_RW);
	if (!err)
		err = pvhv_space_map_vmalloc(s, pvhv_space_va(s, LAYOUT_SLOT_STATE,
							      LAYOUT_STATE_M2P),
					     d->m2p, d->m2p_size, PVHV_PROT_RW);
	if (!err)
		err = pvhv_space_map_vmalloc(s, pvhv_space_va(s, LAYOUT_SLOT_M2P, 0),
					     d->m2p, d->m2p_size, PVHV_PROT_GUEST_RO);
	return err;
}

static u64 physmap_va(struct pvhv_domain *d, u64 gfn)
{
	return pvhv_space_va(&d->space, LAYOUT_SLOT_PHYSMAP, gfn << PAGE_SHIFT);
}

static void memory_fill_domain(struct pvhv_domain *d, u64 max_pages, u64 pool_limit)
{
	const struct pvhv_space *s = &d->space;
	struct domain *p = d->shared;

	/* Addresses of the guest world; nobody dereferences them here. */
	p->frames = (void *)pvhv_space_va(s, LAYOUT_SLOT_STATE, LAYOUT_STATE_FRAMES);
	p->shadows = (void *)pvhv_space_va(s, LAYOUT_SLOT_STATE, LAYOUT_STATE_SHADOWS);
	p->m2p = (void *)pvhv_space_va(s, LAYOUT_SLOT_STATE, LAYOUT_STATE_M2P);
	p->physmap = (void *)pvhv_space_va(s, LAYOUT_SLOT_PHYSMAP, 0);
	p->pool = (void *)pvhv_space_va(s, LAYOUT_SLOT_POOL, 0);
	p->nr_frames = max_pages + SPECIAL_FRAMES;
	p->max_pages = max_pages;
	p->shared_info = max_pages;
	p->pool_limit = pool_limit;
	p->pool_free = SHADOW_NONE;
	p->id = d->id;
	p->features = pvhv_cpu_features();
}

static int memory_add_special(struct pvhv_domain *d, u64 gfn, struct page *page)
{
	d->frames[gfn].hfn = page_to_pfn(page);
	d->frames[gfn].flags = FRAME_SPECIAL;
	return pvhv_space_map(&d->space, physmap_va(d, gfn), hfn(page_to_pfn(page)),
			      PVHV_PROT_RW);
}

int pvhv_memory_init(struct pvhv_domain *d, u64 max_pages, u64 pool_limit)
{
	int err;

	INIT_LIST_HEAD(&d->pinned);
	INIT_LIST_HEAD(&d->pool);
	d->user = get_uid(current_user());
	err = memory_alloc_tables(d, max_pages + SPECIAL_FRAMES, pool_limit);
	if (!err)
		err = memory_map_tables(d);
	if (err)
		return err;
	memory_fill_domain(d, max_pages, pool_limit);
	pvhv_space_publish(&d->space, d->shared);
	err = memory_add_special(d, max_pages, d->shared_info);
	if (!err)
		err = pvhv_memory_topup(d, FIRST_PAGES);
	/* The entries made since: slots of the physmap and the pool. */
	pvhv_space_publish(&d->space, d->shared);
	return err;
}

static void memory_unpin(struct pvhv_domain *d, struct pvhv_pinned *p)
{
	unpin_user_pages_dirty_lock(p->page, p->pages, true);
	atomic_long_sub(p->pages, &d->user->locked_vm);
	kvfree(p);
}

void pvhv_memory_destroy(struct pvhv_domain *d)
{
	struct pvhv_pinned *p, *next;
	struct page *page, *next_page;

	list_for_each_entry_safe(p, next, &d->pinned, list)
		memory_unpin(d, p);
	list_for_each_entry_safe(page, next_page, &d->pool, lru)
		__free_page(page);
	if (d->shared_info)
		__free_page(d->shared_info);
	vfree(d->m2p);
	vfree(d->frames);
	vfree(d->shared);
	if (d->user)
		free_uid(d->user);
}

/* Pinned pages count per user: RLIMIT_MEMLOCK would be too small for any guest. */
static struct pvhv_pinned *memory_pin(struct pvhv_domain *d, u64 addr, u64 pages)
{
	u64 limit = min(READ_ONCE(max_pinned_mb), U64_MAX >> 20) << (20 - PAGE_SHIFT), done = 0;
	struct pvhv_pinned *p;
	long n;

	if (atomic_long_add_return(pages, &d->user->locked_vm) > limit) {
		atomic_long_sub(pages, &d->user->locked_vm);
		return ERR_PTR(-ENOMEM);
	}
	/* A caller may ask for more than there can be; kvmalloc() would call that a bug. */
	p = kvmalloc(struct_size(p, page, pages), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!p) {
		atomic_long_sub(pages, &d->user->locked_vm);
		return ERR_PTR(-ENOMEM);
	}
	p->pages = pages;
	mmap_read_lock(current->mm);
	for (n = 0; done < pages; done += n) {
		n = pvhv_compat_pin(addr + done * PAGE_SIZE, min(pages - done, 1024ULL),
				    p->page + done);
		if (n <= 0 || fatal_signal_pending(current))
			break;
	}
	mmap_read_unlock(current->mm);
	if (done == pages)
		return p;
	unpin_user_pages(p->page, done + (n > 0 ? n : 0));
	atomic_long_sub(pages, &d->user->locked_vm);
	kvfree(p);
	return ERR_PTR(n < 0 ? n : -EINTR);
}

/* 2 MiB of physmap at once where gfn and host frames agree on it. */
static bool is_large(struct pvhv_domain *d, struct page **page, u64 gfn, u64 left)
{
	unsigned long i;

	if (left < 512 || gfn & 511 || page_to_pfn(page[0]) & 511)
		return false;
	/* An attempt that failed may have left one. */
	if (pvhv_space_has_table(&d->space, physmap_va(d, gfn)))
		return false;
	for (i = 1; i < 512; i++)
		if (page_to_pfn(page[i]) != page_to_pfn(page[0]) + i)
			return false;
	return true;
}

static int memory_map_physmap(struct pvhv_domain *d, u64 gfn, struct pvhv_pinned *p)
{
	u64 i = 0;
	int err;

	while (i < p->pages) {
		hfn_t frame = hfn(page_to_pfn(p->page[i]));

		if (is_large(d, p->page + i, gfn + i, p->pages - i)) {
			err = pvhv_space_map_large(&d->space, physmap_va(d, gfn + i), frame,
						   PVHV_PROT_RW);
			i += 512;
		} else {
			err = pvhv_space_map(&d->space, physmap_va(d, gfn + i), frame,
					     PVHV_PROT_RW);
			i++;
		}
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static int memory_range_free(struct pvhv_domain *d, u64 gfn, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		if (d->frames[gfn + i].hfn)
			return -EEXIST;
	return 0;
}

int pvhv_memory_set(struct pvhv_domain *d, const struct pvhv_set_memory *args)
{
	u64 max = d->shared->max_pages, i;
	struct pvhv_pinned *p;
	int err;

	if (d->ran)
		return -EBUSY;
	if (!args->pages || !PAGE_ALIGNED(args->addr))
		return -EINVAL;
	if (args->gfn >= max || args->pages > max - args->gfn)
		return -ERANGE;
	err = memory_range_free(d, args->gfn, args->pages);
	if (err)
		return err;
	p = memory_pin(d, args->addr, args->pages);
	if (IS_ERR(p))
		return PTR_ERR(p);
	err = memory_map_physmap(d, args->gfn, p);
	if (err) {
		pvhv_space_unmap(&d->space, physmap_va(d, args->gfn), args->pages << PAGE_SHIFT);
		memory_unpin(d, p);
		return err;
	}
	list_add(&p->list, &d->pinned);
	for (i = 0; i < p->pages; i++) {
		d->frames[args->gfn + i].hfn = page_to_pfn(p->page[i]);
		d->m2p[args->gfn + i] = args->gfn + i;
	}
	d->nr_pinned += p->pages;
	d->shared->start_pages += p->pages;
	pvhv_space_publish(&d->space, d->shared);
	return 0;
}

/* A page of the domain's own, zero, mapped at @va and freed with the pool. */
static struct page *pool_page(struct pvhv_domain *d, u64 va)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	int err;

	if (!page)
		return ERR_PTR(-ENOMEM);
	err = pvhv_space_map(&d->space, va, hfn(page_to_pfn(page)), PVHV_PROT_RW);
	if (err) {
		__free_page(page);
		return ERR_PTR(err);
	}
	list_add(&page->lru, &d->pool);
	d->nr_pool++;
	return page;
}

#define SHADOWS_PER_PAGE	(PAGE_SIZE / sizeof(struct shadow))

/* One more pool page, with its struct shadow, which may need a page, too. */
static int pool_grow(struct pvhv_domain *d, u32 index)
{
	struct pvhv_space *s = &d->space;
	struct page *page;

	if (index == d->shadows_end) {
		page = pool_page(d, pvhv_space_va(s, LAYOUT_SLOT_STATE,
						  LAYOUT_STATE_SHADOWS + index * sizeof(struct shadow)));
		if (IS_ERR(page))
			return PTR_ERR(page);
		d->shadows = page_address(page);
		d->shadows_end += SHADOWS_PER_PAGE;
	}
	page = pool_page(d, pvhv_space_va(s, LAYOUT_SLOT_POOL, (u64)index << PAGE_SHIFT));
	if (IS_ERR(page))
		return PTR_ERR(page);
	d->shadows[index % SHADOWS_PER_PAGE].hfn = page_to_pfn(page);
	return 0;
}

int pvhv_memory_topup(struct pvhv_domain *d, unsigned int want)
{
	struct domain *shared = d->shared;
	u32 have = shared->pool_pages;
	u32 end = min_t(u64, (u64)have + max_t(u32, want, TOPUP_PAGES), shared->pool_limit);
	int err;

	if (have == shared->pool_limit)
		return -ENOSPC;
	for (; have < end; have++) {
		err = pool_grow(d, have);
		if (err)
			return err;
		/* Only now may the monitor look at it. */
		smp_store_release(&shared->pool_pages, have + 1);
	}
	return 0;
}

u64 pvhv_memory_overhead(struct pvhv_domain *d)
{
	u64 pages = d->space.nr_tables + d->nr_pool + 1;

	return pages * PAGE_SIZE + PAGE_ALIGN(sizeof(struct domain)) + d->frames_size +
	       d->m2p_size + pvhv_vcpu_overhead(d);
}
