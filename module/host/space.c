// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of the monitor's slots. One set of tables serves both worlds; only
 * the level-3 table of the monitor slot exists twice, because the host's has one
 * gigabyte more: the saved host contexts. Nothing here is global, and nothing is
 * executable but the image.
 */
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>
#include <linux/vmalloc.h>
#include <asm/tlbflush.h>

#include "cpu.h"
#include "space.h"
#include "../shared/image.h"

/* Present, writable, accessed: leaves restrict, tables do not. */
#define TABLE_BITS	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED)

static u64 *space_new_table(struct pvhv_space *s)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (!page)
		return NULL;
	list_add(&page->lru, &s->tables);
	s->nr_tables++;
	return page_address(page);
}

static u64 table_entry(const u64 *table, u64 bits)
{
	return __pa(table) | bits;
}

static unsigned int slot_of(u64 va)
{
	return (va >> LAYOUT_SLOT_SHIFT) & 511;
}

/* The level-n table index of an address: 1 is the leaf's. */
static unsigned int index_of(u64 va, int level)
{
	return (va >> (3 + 9 * level)) & 511;
}

u64 pvhv_space_va(const struct pvhv_space *s, unsigned int slot, u64 offset)
{
	u64 base = slot == LAYOUT_SLOT_M2P ? LAYOUT_BASE_4LEVEL : s->base;

	return (base | (u64)slot << LAYOUT_SLOT_SHIFT) + offset;
}

/* The monitor slot in both worlds: shared first gigabyte. */
static int space_init_monitor_slot(struct pvhv_space *s)
{
	u64 *guest_pdpt = space_new_table(s);
	u64 *pd = space_new_table(s);

	s->host_pdpt = space_new_table(s);
	if (!guest_pdpt || !pd || !s->host_pdpt)
		return -ENOMEM;
	guest_pdpt[0] = table_entry(pd, TABLE_BITS);
	s->host_pdpt[0] = guest_pdpt[0];
	s->slots[LAYOUT_SLOT_MONITOR] = table_entry(guest_pdpt, TABLE_BITS);
	s->user_slots[LAYOUT_SLOT_MONITOR] = s->slots[LAYOUT_SLOT_MONITOR];
	s->host_slots[LAYOUT_SLOT_MONITOR] = table_entry(s->host_pdpt, TABLE_BITS);
	return 0;
}

int pvhv_space_init(struct pvhv_space *s)
{
	memset(s, 0, sizeof(*s));
	INIT_LIST_HEAD(&s->tables);
	s->la57 = pvhv_cpu_features() & FEATURE_LA57;
	s->base = s->la57 ? LAYOUT_BASE_5LEVEL : LAYOUT_BASE_4LEVEL;
	s->slots = space_new_table(s);
	s->user_slots = space_new_table(s);
	s->host_slots = space_new_table(s);
	s->idle = s->la57 ? space_new_table(s) : s->slots;
	if (!s->slots || !s->user_slots || !s->host_slots || !s->idle ||
	    space_init_monitor_slot(s)) {
		pvhv_space_destroy(s);
		return -ENOMEM;
	}
	if (s->la57)
		s->idle[LAYOUT_SLOT_M2P] = table_entry(s->slots, TABLE_BITS);
	return 0;
}

void pvhv_space_destroy(struct pvhv_space *s)
{
	struct page *page, *next;

	WARN_ON_ONCE(s->mm);
	list_for_each_entry_safe(page, next, &s->tables, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	s->nr_tables = 0;
}

/* The table of the slots that has @va's. */
static u64 *space_top(const struct pvhv_space *s, u64 va)
{
	bool host_only = slot_of(va) == LAYOUT_SLOT_MONITOR &&
			 (va & ((1ULL << LAYOUT_SLOT_SHIFT) - 1)) >= LAYOUT_HOSTCTX;

	return host_only ? s->host_slots : s->slots;
}

/* The entry at @level that maps @va, with the tables above it made as needed. */
static u64 *space_entry(struct pvhv_space *s, u64 va, int level)
{
	u64 bits = TABLE_BITS | (slot_of(va) == LAYOUT_SLOT_M2P ? _PAGE_USER : 0);
	u64 *table = space_top(s, va);
	int at;

	for (at = 4; at > level; at--) {
		u64 *e = &table[index_of(va, at)];

		if (!*e) {
			u64 *next = space_new_table(s);

			if (!next)
				return NULL;
			WRITE_ONCE(*e, table_entry(next, bits));
		}
		table = __va(*e & PTE_PFN_MASK);
	}
	return &table[index_of(va, level)];
}

static u64 prot_bits(enum pvhv_prot prot)
{
	switch (prot) {
	case PVHV_PROT_RO:
		return _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_NX;
	case PVHV_PROT_RW:
		return _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_RW | _PAGE_DIRTY | _PAGE_NX;
	case PVHV_PROT_RX:
		return _PAGE_PRESENT | _PAGE_ACCESSED;
	case PVHV_PROT_GUEST_RO:
		return _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_USER | _PAGE_NX;
	}
	return 0;
}

static int space_set(struct pvhv_space *s, u64 va, int level, u64 val)
{
	unsigned int slot = slot_of(va);
	u64 *e;

	if (WARN_ON_ONCE(slot < LAYOUT_SLOT_FIRST || slot > LAYOUT_SLOT_LAST))
		return -EINVAL;
	e = space_entry(s, va, level);
	if (!e)
		return -ENOMEM;
	if (*e)
		return -EEXIST;
	WRITE_ONCE(*e, val);
	return 0;
}

int pvhv_space_map(struct pvhv_space *s, u64 va, hfn_t frame, enum pvhv_prot prot)
{
	return space_set(s, va, 1, frame.n << PAGE_SHIFT | prot_bits(prot));
}

bool pvhv_space_has_table(struct pvhv_space *s, u64 va)
{
	const u64 *e = &space_top(s, va)[index_of(va, 4)];
	int level;

	for (level = 3; *e && level >= 2; level--)
		e = (u64 *)__va(*e & PTE_PFN_MASK) + index_of(va, level);
	return *e && !(*e & _PAGE_PSE);
}

int pvhv_space_map_large(struct pvhv_space *s, u64 va, hfn_t frame, enum pvhv_prot prot)
{
	return space_set(s, va, 2, frame.n << PAGE_SHIFT | prot_bits(prot) | _PAGE_PSE);
}

int pvhv_space_map_vmalloc(struct pvhv_space *s, u64 va, void *mem, size_t size,
			   enum pvhv_prot prot)
{
	size_t off;
	int err;

	for (off = 0; off < size; off += PAGE_SIZE) {
		err = pvhv_space_map(s, va + off, hfn(vmalloc_to_pfn(mem + off)), prot);
		if (err)
			return err;
	}
	return 0;
}

static void flush_this_cpu(void *unused)
{
	__flush_tlb_all();
}

/* Clears what maps @va, if anything does; returns the bytes that it mapped or would have. */
static u64 space_clear(struct pvhv_space *s, u64 va)
{
	u64 *e = &space_top(s, va)[index_of(va, 4)];
	int level = 4;

	while (*e && level > 1 && !(level == 2 && *e & _PAGE_PSE)) {
		level--;
		e = (u64 *)__va(*e & PTE_PFN_MASK) + index_of(va, level);
	}
	if (*e)
		WRITE_ONCE(*e, 0);
	return 1ULL << (3 + 9 * level);
}

void pvhv_space_unmap(struct pvhv_space *s, u64 va, u64 size)
{
	u64 end = va + size, step;

	while (va < end) {
		step = space_clear(s, va);
		va = (va | (step - 1)) + 1;
	}
	/* No guest world has run, but a CPU may have looked at the host's by itself. */
	if (s->mm)
		on_each_cpu(flush_this_cpu, NULL, 1);
}

/*
 * The slot is in the hole that Linux reserves for hypervisors, in 4- and 5-level
 * layouts; nothing in the kernel looks at it. It goes to this mm's table only, so
 * that no other process can reach a monitor, and to the kernel half of PTI's pair.
 */
int pvhv_space_attach(struct pvhv_space *s)
{
	u64 *root = (u64 *)current->mm->pgd;
	unsigned int slot = s->la57 ? LAYOUT_SLOT_M2P : LAYOUT_SLOT_MONITOR;
	u64 *top = s->la57 ? s->host_slots : s->host_pdpt;
	u64 empty = 0;

	if (!try_cmpxchg64(&root[slot], &empty, table_entry(top, TABLE_BITS)))
		return -EBUSY;
	s->mm = current->mm;
	return 0;
}

void pvhv_space_detach(struct pvhv_space *s)
{
	u64 *root;

	if (!s->mm)
		return;
	root = (u64 *)s->mm->pgd;
	WRITE_ONCE(root[s->la57 ? LAYOUT_SLOT_M2P : LAYOUT_SLOT_MONITOR], 0);
	s->mm = NULL;
	on_each_cpu(flush_this_cpu, NULL, 1);
}

void pvhv_space_publish(const struct pvhv_space *s, struct domain *d)
{
	memcpy(d->slots, s->slots + LAYOUT_SLOT_FIRST, sizeof(d->slots));
	d->monitor5[0] = table_entry(s->slots, TABLE_BITS);
	d->monitor5[1] = table_entry(s->user_slots, TABLE_BITS);
}
