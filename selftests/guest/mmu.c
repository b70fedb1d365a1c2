// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Page tables by hypercall: what may be mapped, what may not, types, pins, and that a
 * change is seen by the next access.
 */
#include "guest.h"

/* The last gigabyte: in the boot mapping's level-3 table, but nothing is there. */
#define TEST_VA		0xffffffffc0000000UL

static u64 *new_tables(u64 va, u64 **l1, u64 **l2)
{
	u64 *l3e = pte_of(va, 3);

	*l1 = page_alloc();
	*l2 = page_alloc();
	(*l2)[(va >> 21) & 511] = va_to_gfn(*l1) * PAGE_SIZE | PTE_RWX;
	set_page_bits(*l1, PTE_ROX);
	set_page_bits(*l2, PTE_ROX);
	return l3e;
}

static void test_map(void)
{
	u64 *page = page_alloc(), *l1, *l2, *l3e;
	u64 *window = (u64 *)TEST_VA, *e;

	l3e = new_tables(TEST_VA, &l1, &l2);
	ok(!*l3e, "the test range is not mapped at first");
	ok(!mmu_update(pte_machine(l3e), va_to_gfn(l2) * PAGE_SIZE | PTE_RWX),
	   "tables are validated when they are hooked in");
	e = pte_of(TEST_VA, 1);
	ok(e == &l1[0], "the walk ends in the new table");
	ok(!mmu_update(pte_machine(e), va_to_gfn(page) * PAGE_SIZE | PTE_RWX), "a page is mapped");
	page[7] = 0x1234;
	ok(window[7] == 0x1234, "and seen through the new mapping");
	window[8] = 0x5678;
	ok(page[8] == 0x5678, "writes too");
	ok(!H(update_va_mapping, TEST_VA, va_to_gfn(page) * PAGE_SIZE | PTE_ROX, UVMF_INVLPG),
	   "the mapping becomes read-only");
	ok(TRY("movq $1, (%0)", "r" (window)) == 14 && trapped.error == 3,
	   "a write raises #PF with error code 3 (%lx)", trapped.error);
	ok(!H(update_va_mapping, TEST_VA, 0, UVMF_INVLPG), "the mapping is removed");
	ok(TRY("movq (%0), %%rcx", "r" (window)) == 14 && trapped.error == 0,
	   "a read raises #PF with error code 0 (%lx)", trapped.error);
}

static void test_accessed_dirty(void)
{
	u64 *page = page_alloc(), *e = pte_of(TEST_VA, 1), frame = va_to_gfn(page) * PAGE_SIZE;
	volatile u64 *window = (u64 *)TEST_VA;

	H(update_va_mapping, TEST_VA, frame | PTE_P | PTE_RW | PTE_US, UVMF_INVLPG);
	ok(!(*e & (PTE_A | PTE_D)), "a new entry is neither accessed nor dirty");
	(void)window[0];
	ok((*e & (PTE_A | PTE_D)) == PTE_A, "a read sets accessed");
	window[0] = 1;
	ok((*e & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "a write sets dirty");
	H(update_va_mapping, TEST_VA, frame | PTE_P | PTE_US | PTE_A | PTE_NX, UVMF_INVLPG);
	ok(TRY("jmp *%0", "r" (TEST_VA)) == 14 && trapped.error == 0x11,
	   "execution of a NX page raises #PF with error code 0x11 (%lx)", trapped.error);
	H(update_va_mapping, TEST_VA, 0, UVMF_INVLPG);
}

static void test_forbidden(void)
{
	u64 *e = pte_of(TEST_VA, 1), *l1 = (u64 *)((u64)e & ~(PAGE_SIZE - 1));
	u64 *data = page_alloc(), *l4 = (u64 *)start_info->pt_base;

	ok(mmu_update(pte_machine(e), va_to_gfn(l1) * PAGE_SIZE | PTE_RWX) == -22,
	   "a page table cannot be mapped writable");
	ok(!mmu_update(pte_machine(e), va_to_gfn(l1) * PAGE_SIZE | PTE_ROX),
	   "but read-only");
	ok(mmu_update(pte_machine(e), 0x123456789000 | PTE_RWX) == -22,
	   "a frame that is not the guest's cannot be mapped");
	ok(mmu_update(pte_machine(e), (start_info->nr_pages + 3) * PAGE_SIZE | PTE_RWX) == -22,
	   "nor one just above its memory");
	ok(mmu_update(pte_machine(pte_of(TEST_VA, 2)), va_to_gfn(data) * PAGE_SIZE | PTE_RWX | PTE_PSE)
	   == -22, "large pages are refused");
	ok(mmu_update(pte_machine(&l4[256]), va_to_gfn(data) * PAGE_SIZE | PTE_RWX) == -22,
	   "the monitor's slots of a root cannot be written");
	ok(mmu_update(pte_machine(&l4[300]), va_to_gfn(l4) * PAGE_SIZE | PTE_RWX) == -22,
	   "no linear page tables: a root is no level-3 table");
	ok(mmu_update(pte_machine(&l4[300]), va_to_gfn(data) * PAGE_SIZE | PTE_RWX) == -22,
	   "a page that is mapped writable cannot become a table");
	ok(TRY("movq $0, (%0)", "r" (e)) == -1 && *e == 0,
	   "a store to a read-only page table is emulated");
	ok(TRY("movq %1, (%0)", "r" (e), "r" (0x123456789000 | PTE_RWX)) == 14 && *e == 0,
	   "a forbidden one is a #PF");
	mmu_update(pte_machine(e), 0);
}

static void test_pins(void)
{
	u64 *t = page_alloc();
	u64 g = va_to_gfn(t);

	ok(mmuext(MMUEXT_PIN_L1_TABLE, g, 0) == -22, "a writable page cannot be pinned");
	set_page_bits(t, PTE_ROX);
	ok(!mmuext(MMUEXT_PIN_L1_TABLE, g, 0), "a read-only one can");
	ok(mmuext(MMUEXT_PIN_L1_TABLE, g, 0) == -22, "but not twice");
	ok(mmuext(MMUEXT_PIN_L2_TABLE, g, 0) == -22, "nor as another level");
	ok(set_page_bits(t, PTE_RWX) == -22, "pinned tables stay read-only");
	ok(!mmuext(MMUEXT_UNPIN_TABLE, g, 0), "unpin");
	ok(mmuext(MMUEXT_UNPIN_TABLE, g, 0) == -22, "unpin what is not pinned");
	ok(!set_page_bits(t, PTE_RWX), "then it is ordinary memory again");
	t[0] = 5;
	ok(t[0] == 5, "and writable");
	ok(mmuext(MMUEXT_PIN_L4_TABLE, 0x7fffffff, 0) == -22, "pin of a foreign frame");
	ok(mmuext(MMUEXT_NEW_BASEPTR, g, 0) == -22, "a writable page is no root");
}

static void test_emulated_writes(void)
{
	u64 *page = page_alloc(), *e = pte_of(TEST_VA, 1);
	u64 val = va_to_gfn(page) * PAGE_SIZE | PTE_RWX, old = 0, ret;

	asm volatile("lock cmpxchg %2, %1" : "+a" (old), "+m" (*e) : "r" (val) : "memory");
	ok(!old && *e == val, "lock cmpxchg on an entry");
	page[0] = 77;
	ok(*(volatile u64 *)TEST_VA == 77, "the hardware sees it");
	asm volatile("lock andb $0xfd, %0" : "+m" (*(u8 *)e));
	ok(*e == (val & ~PTE_RW), "lock andb: Linux's clear_bit");
	mmuext(MMUEXT_INVLPG_LOCAL, TEST_VA, 0);
	ok(TRY("movq $0, (%0)", "r" (TEST_VA)) == 14, "the page is read-only now");
	asm volatile("lock btsq $1, %0" : "+m" (*e));
	ok(*e == val, "lock bts");
	ret = 0;
	asm volatile("xchg %0, %1" : "+r" (ret), "+m" (*e));
	ok(ret == val && *e == 0, "xchg");
}

void guest_main(void)
{
	test_map();
	test_accessed_dirty();
	test_forbidden();
	test_pins();
	test_emulated_writes();
}
