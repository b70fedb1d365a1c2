// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Hostile page tables: loops, tables at two levels, tables that can be written to,
 * roots that are not pinned, and then a random sequence of operations (seed=, rounds=
 * on the command line). Expected: whatever would let a guest write to a table that is
 * in use is refused; when all is undone, every page is ordinary memory again.
 */
#include "guest.h"

#define DATA		0x500000UL

static u64 entry(const void *page, u64 bits)
{
	return va_to_gfn(page) * PAGE_SIZE | bits;
}

/* A page that is not mapped writable, with one entry. */
static u64 *table_with(unsigned int index, u64 val)
{
	u64 *t = page_alloc();

	t[index] = val;
	set_page_bits(t, PTE_ROX);
	return t;
}

static long pin(int level, const void *page)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, va_to_gfn(page), 0);
}

static long unpin(const void *page)
{
	return mmuext(MMUEXT_UNPIN_TABLE, va_to_gfn(page), 0);
}

/* Is it ordinary memory again? */
static bool free_again(void *page)
{
	return !set_page_bits(page, PTE_RWX);
}

static void test_loops(void)
{
	u64 *t, *l3, *l2;
	int level;

	for (level = 2; level <= 4; level++) {
		t = page_alloc();
		t[3] = entry(t, PTE_RWX);
		set_page_bits(t, PTE_ROX);
		ok(pin(level, t) == -22, "a level-%d table that refers to itself", level);
		ok(free_again(t), "is still memory");
	}
	t = page_alloc();
	t[3] = entry(t, PTE_RWX);
	set_page_bits(t, PTE_ROX);
	ok(pin(1, t) == -22, "a level-1 table that maps itself writable");
	set_page_bits(t, PTE_RWX);
	t[3] = entry(t, PTE_ROX);
	set_page_bits(t, PTE_ROX);
	ok(!pin(1, t), "but read-only");
	ok(mmu_update(pte_machine(&t[4]), entry(t, PTE_RWX)) == -22, "it cannot map itself writable later");
	ok(!unpin(t) && free_again(t), "unpin");
	l2 = page_alloc();
	l3 = page_alloc();
	l3[0] = entry(l2, PTE_RWX);
	l2[0] = entry(l3, PTE_RWX);
	set_page_bits(l2, PTE_ROX);
	set_page_bits(l3, PTE_ROX);
	ok(pin(3, l3) == -22 && pin(2, l2) == -22 && pin(4, l3) == -22, "a loop of two");
	ok(free_again(l2) && free_again(l3), "both are still memory");
	t = table_with(0, 0);
	l2 = table_with(0, entry(t, PTE_RWX));
	ok(!pin(2, l2), "a good table of two levels");
	ok(mmu_update(pte_machine(&t[1]), entry(l2, PTE_RWX)) == -22, "the lower may not map the upper");
	ok(!mmu_update(pte_machine(&t[1]), entry(l2, PTE_ROX)), "but read-only");
	ok(mmu_update(pte_machine(&l2[1]), entry(l2, PTE_RWX)) == -22, "the upper not refer to itself");
	ok(!unpin(l2) && free_again(l2) && free_again(t), "unpin");
}

static void test_two_levels(void)
{
	u64 *t = table_with(0, 0), *l2 = table_with(0, entry(t, PTE_RWX)), *l3, *l2b;
	int level;

	ok(!pin(1, t), "a level-1 table");
	for (level = 2; level <= 4; level++)
		ok(pin(level, t) == -22, "is none of level %d", level);
	l3 = table_with(0, entry(t, PTE_RWX));
	ok(pin(3, l3) == -22, "nor in a level-3 table");
	ok(!pin(2, l2), "but in a level-2 table");
	l2b = table_with(7, entry(t, PTE_RWX));
	ok(!pin(2, l2b), "and in another");
	ok(!mmu_update(pte_machine(&l2[9]), entry(t, PTE_RWX)), "and twice in one");
	ok(!unpin(t) && set_page_bits(t, PTE_RWX) == -22, "unpinned it is in use still");
	ok(!unpin(l2) && set_page_bits(t, PTE_RWX) == -22, "with one user less, too");
	ok(!unpin(l2b) && free_again(t), "but not with none");
	ok(free_again(l2) && free_again(l2b) && free_again(l3), "all are memory");
}

static void test_writable(void)
{
	u64 *t = page_alloc(), *l2;

	window_map(0, t, PTE_RWX);
	set_page_bits(t, PTE_ROX);
	ok(pin(1, t) == -22, "a page that is writable at another address");
	l2 = table_with(0, entry(t, PTE_RWX));
	ok(pin(2, l2) == -22, "not even as part of a table");
	window_map(0, t, PTE_P | PTE_RW | PTE_US);
	ok(!pin(2, l2), "writable, but never accessed: nothing can write yet");
	ok(TRY("movq %1, 8(%0)", "r" (WINDOW(0)), "r" (entry(t, PTE_RWX))) == 14 && !t[1],
	   "and nothing will (%lx)", t[1]);
	window_map(0, t, PTE_ROX);
	asm volatile("movq $0x40, 16(%0)" : : "r" (WINDOW(0)) : "memory");
	ok(t[2] == 0x40, "a store through any read-only mapping is emulated");
	ok(TRY("movq %1, 16(%0)", "r" (WINDOW(0)), "r" (entry(t, PTE_RWX))) == 14 && t[2] == 0x40,
	   "with the same checks");
	user_init();
	user_map(DATA, t, PTE_ROX);
	ok(USER(DATA, "mov 16(%%rdi), %%rdi") == 0x40, "user mode may read a table");
	ok(USER(DATA, "movq $0, 16(%%rdi)") == USER_FAULT + 14 && trapped.error == 7 && t[2] == 0x40,
	   "its stores are not emulated (%lx)", trapped.error);
	ok(user_map(DATA, t, PTE_RWX) == -22, "nor can it have it writable");
	user_map(DATA, t, 0);
	window_map(0, NULL, 0);
	ok(!unpin(l2) && free_again(t) && free_again(l2), "unpin");
}

static void test_entries(void)
{
	u64 *t = table_with(0, 0), *page = page_alloc(), *l2 = table_with(0, entry(t, PTE_RWX));
	u64 info = start_info->shared_info, i, bad = 0;

	pin(2, l2);
	ok(!mmu_update(pte_machine(&t[0]), entry(page, PTE_RWX) | 0x7ffUL << 52),
	   "bits 52 to 62 mean nothing");
	ok(!mmu_update(pte_machine(&t[0]), entry(page, PTE_RWX | PTE_PWT | PTE_PCD | PTE_PSE | PTE_G) |
		       0xe00), "nor do PWT PCD PAT G and the free bits");
	for (i = 14; i < 40; i++)
		bad += mmu_update(pte_machine(&t[1]), (1ULL << (i + 12)) | PTE_RWX) != -22;
	ok(!bad, "frames that do not exist are refused (%lu)", bad);
	ok(mmu_update(pte_machine(&l2[1]), entry(t, PTE_RWX | PTE_PSE)) == -22, "PSE in level 2");
	ok(!mmu_update(pte_machine(&t[2]), info | PTE_RWX), "shared_info may be mapped");
	ok(mmu_update(pte_machine(&l2[1]), info | PTE_RWX) == -22, "but is no table");
	ok(mmuext(MMUEXT_PIN_L1_TABLE, info / PAGE_SIZE, 0) == -22, "and not pinned");
	ok(!mmu_update(pte_machine(&t[3]), ~1ULL), "what is not present may be anything");
	ok(mmu_update(pte_machine(&t[3]) + 3, 0) == -38, "an unknown kind of update");
	ok(mmu_update(~7ULL, 0) == -22 && mmu_update(1ULL << 45, 0) == -22, "an entry of no frame");
	ok(!unpin(l2) && free_again(t) && free_again(l2), "unpin");
}

static void test_batch(void)
{
	u64 *t = table_with(0, 0), *page = page_alloc();
	struct mmu_update u[40];
	struct mmuext_op op[3] = { { .cmd = MMUEXT_PIN_L1_TABLE }, { .cmd = 99 }, { .cmd = 99 } };
	u32 done = 77, i;

	for (i = 0; i < 40; i++)
		u[i] = (struct mmu_update){ .ptr = pte_machine(&t[i]), .val = entry(page, PTE_RWX) };
	u[29].val = entry(t, PTE_RWX);
	op[0].arg1.mfn = va_to_gfn(t);
	ok(H(mmuext_op, op, 3, &done, DOMID_SELF) == -38 && done == 1, "one of three done (%u)", done);
	ok(H(mmu_update, u, 40, &done, DOMID_SELF) == -22 && done == 29, "29 of 40 done (%u)", done);
	ok(t[28] && !t[29], "and no more");
	ok(H(mmu_update, u, 5, 0, 0x6fff) == -3 && H(mmu_update, u, 5, 0, DOMID_IO) == -3 &&
	   H(mmuext_op, op, 1, 0, 0x6fff) == -3, "of other domains none");
	ok(H(mmu_update, 0x123000, 5, &done, DOMID_SELF) == -14 && done == 0, "a list that is not there");
	ok(!unpin(t) && free_again(t), "unpin");
}

static void test_rights(void)
{
	u64 *page = page_alloc(), *t = table_with(0, entry(page, PTE_RWX)), *l2, *l3e;
	u64 va = 0xffffffff40000000;	/* a gigabyte that nothing uses */

	l2 = table_with(0, entry(t, PTE_RWX));
	l3e = pte_of(va, 3);
	ok(l3e && !*l3e && !mmu_update(pte_machine(l3e), entry(l2, PTE_RWX)), "a new gigabyte");
	page[0] = 5;
	ok(*(volatile u64 *)va == 5, "works");
	mmu_update(pte_machine(&l2[0]), entry(t, PTE_ROX));
	mmuext(MMUEXT_INVLPG_LOCAL, va, 0);
	ok(TRY("movq $1, (%0)", "r" (va)) == 14 && trapped.error == 3,
	   "without RW above nothing is writable (%lx)", trapped.error);
	mmu_update(pte_machine(&l2[0]), entry(t, PTE_RWX | PTE_NX));
	mmuext(MMUEXT_INVLPG_LOCAL, va, 0);
	ok(TRY("jmp *%0", "r" (va)) == 14 && trapped.error == 0x11,
	   "with NX above nothing is executable (%lx)", trapped.error);
	mmu_update(pte_machine(&l2[0]), entry(t, PTE_P | PTE_RW));
	mmuext(MMUEXT_INVLPG_LOCAL, va, 0);
	ok(*(volatile u64 *)va == 5 && l2[0] & PTE_A, "U is implied, and A is set above (%lx)", l2[0]);
	ok(!mmu_update(pte_machine(l3e), 0), "it goes again");
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	ok(TRY("mov (%0), %%rcx", "r" (va)) == 14, "and cannot be read");
	ok(free_again(t) && free_again(l2), "its tables are memory");
}

/* A copy of the live root, with a difference. */
static u64 *copy_root(unsigned int index, u64 val)
{
	u64 *root = page_alloc();

	memcpy(root, (void *)start_info->pt_base, PAGE_SIZE);
	root[index] = val;
	set_page_bits(root, PTE_ROX);
	return root;
}

static void test_roots(void)
{
	static const u64 slots[] = { 0xffff808000000000, 0xffff810000000000, 0xffff828000000000,
				     0xffff87ffffffffff };
	u64 *l3 = table_with(0, 0), *root, i, slot, bad = 0;
	u64 old = current_root();

	ok(mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(l3) + 100000000, 0) == -22, "a root that is not there");
	root = copy_root(300, entry(l3, PTE_RWX | PTE_PSE));
	ok(pin(4, root) == -22, "a root with a bad entry");
	ok(mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(root), 0) == -22, "cannot be loaded either");
	ok(free_again(root), "and is memory");
	for (slot = 256; slot < 272; slot++)
		root[slot] = entry(l3, PTE_RWX);
	root[300] = 0;
	set_page_bits(root, PTE_ROX);
	ok(!pin(4, root), "entries in the monitor's slots are ignored");
	ok(!mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(root), 0), "also when it is loaded");
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		bad += TRY("movb (%0), %%cl", "r" (slots[i])) != 14;
	ok(!bad, "there is nothing of the guest in them (%lu)", bad);
	ok(*(volatile u64 *)0xffff800000000008 == 1, "the m2p is where it was");
	ok(mmu_update(pte_machine(&root[260]), 0) == -22 &&
	   TRY("movq $0, (%0)", "r" (&root[260])) == 14, "they cannot be written");
	ok(free_again(l3), "and hold no reference");
	ok(!mmuext(MMUEXT_NEW_BASEPTR, old, 0) && !unpin(root) && free_again(root), "back to the old root");

	set_page_bits(root, PTE_RWX);
	memset(&root[256], 0, 16 * 8);
	set_page_bits(root, PTE_ROX);
	ok(!mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(root), 0), "a root that is not pinned is loaded");
	ok(set_page_bits(root, PTE_RWX) == -22, "while it is, it is a table");
	ok(!mmuext(MMUEXT_NEW_BASEPTR, old, 0) && free_again(root), "and then memory");

	ok(!mmuext(MMUEXT_UNPIN_TABLE, old, 0), "the live root is unpinned");
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	ok(set_page_bits((void *)start_info->pt_base, PTE_RWX) == -22, "it stays a table");
	H(sched_op, SCHEDOP_yield, 0);
	ok(TRY("ud2") == 6, "and in use");
	ok(!mmuext(MMUEXT_PIN_L4_TABLE, old, 0), "it is pinned again");
	ok(mmuext(MMUEXT_NEW_BASEPTR, va_to_gfn(pte_of(WINDOW(0), 1)), 0) == -22,
	   "a table of level 1 is no root");
}

/* ------------------------------------------------------------------ random */

#define PAGES	20
#define ROOTS	2	/* of them: with the kernel's entries, may be loaded */

static u64 rng;
static u64 *pages[PAGES];

static u64 random(u64 below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 11) % below;
}

static u64 random_bits(void)
{
	static const u64 often[] = { PTE_RWX, PTE_ROX, PTE_P | PTE_RW | PTE_US, PTE_P | PTE_US, 0,
				     PTE_RWX | PTE_NX, PTE_ROX | PTE_NX };

	return random(8) ? often[random(ARRAY_SIZE(often))] : (random(4096) | random(2) << 63);
}

/* Entries 0 to 7 and around the monitor's slots: the kernel's own stay. */
static u64 random_index(void)
{
	return random(8) ? random(8) : 254 + random(20);
}

static u64 random_entry(void)
{
	if (!random(20))
		return random(1UL << 52) | random(2);
	return entry(pages[random(PAGES)], random_bits());
}

static void random_store(u64 *to)
{
	u64 val = random_entry();

	switch (random(4)) {
	case 0:
		TRY("movq %1, (%0)", "r" (to), "r" (val));
		break;
	case 1:
		TRY("lock orb %b1, (%0)", "r" (to), "q" (val));
		break;
	case 2:
		TRY("lock btrq $0, (%0)", "r" (to));
		break;
	default:
		TRY("xchg %1, (%0)", "r" (to), "r" (val));
	}
}

/*
 * A window page shows what its entry names, if it shows anything: the first access may
 * find that the page has become a table.
 */
static bool window_true(unsigned int n)
{
	u64 e = *window_pte(n), gfn = PTE_GFN(e);

	if (!(e & PTE_P) || gfn >= start_info->nr_pages)
		return true;
	if (TRY("mov (%0), %%rcx", "r" (WINDOW(n))) != -1)
		return trapped.vector == 14 && !(e & PTE_A);
	return !memcmp((void *)WINDOW(n), gfn_to_va(gfn), 64);
}

static long one(unsigned int *wrong)
{
	u64 *page = pages[random(PAGES)];
	unsigned int n = (unsigned int)random(8);
	long err;

	switch (random(14)) {
	case 0: case 1:
		return pin((int)random(4) + 1, page);
	case 2:
		return unpin(page);
	case 3: case 4: case 5: case 6:
		return mmu_update(pte_machine(&page[random_index()]) | (random(4) ? 0 : 2),
				  random_entry());
	case 7:
		return set_page_bits(page, random(2) ? PTE_RWX : PTE_ROX);
	case 8:
		err = window_map(n, page, random_bits());
		*wrong += !window_true(n);
		return err;
	case 9: case 10:
		random_store(&page[random_index()]);
		return 0;
	case 11:
		return mmuext(MMUEXT_NEW_USER_BASEPTR, random(4) ? va_to_gfn(page) : 0, 0);
	case 12:
		return mmuext(MMUEXT_NEW_BASEPTR, random(2) ? current_root() :
			      va_to_gfn(pages[random(ROOTS)]), 0);
	default:
		return random(2) ? mmuext(MMUEXT_CLEAR_PAGE, va_to_gfn(pages[ROOTS + random(PAGES - ROOTS)]), 0) :
		       mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	}
}

static void test_random(void)
{
	u64 rounds = option("rounds", 10000), i, done = 0, odd = 0;
	unsigned int wrong = 0, kept = 0;
	long err;

	rng = option("seed", 20240229);
	print("# seed=%lu rounds=%lu\n", rng, rounds);
	for (i = 0; i < PAGES; i++) {
		pages[i] = page_alloc();
		if (i < ROOTS)
			memcpy(pages[i], (void *)start_info->pt_base, PAGE_SIZE);
	}
	for (i = 0; i < rounds; i++) {
		err = one(&wrong);
		done += !err;
		odd += err && err != -22;
	}
	ok(!wrong, "mappings show the pages that they name (%u)", wrong);
	ok(!odd, "errors are -EINVAL (%lu)", odd);
	ok(done > rounds / 10 && done < rounds * 9 / 10, "%lu of %lu operations were done", done, rounds);
	/* Undo everything. */
	mmuext(MMUEXT_NEW_BASEPTR, current_root(), 0);
	mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	for (i = 0; i < 8; i++)
		window_map((unsigned int)i, NULL, 0);
	for (i = 0; i < PAGES; i++)
		unpin(pages[i]);
	for (i = 0; i < PAGES; i++)
		kept += !free_again(pages[i]);
	ok(!kept, "all pages are memory again (%u are not)", kept);
	for (i = 0; i < PAGES; i++)
		memset(pages[i], 0xff, PAGE_SIZE);
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	ok(TRY("ud2") == 6, "and the guest is alive");
}

void guest_main(void)
{
	if (!option("random", 0)) {
		test_loops();
		test_two_levels();
		test_writable();
		test_entries();
		test_batch();
		test_rights();
		test_roots();
	}
	test_random();
}
