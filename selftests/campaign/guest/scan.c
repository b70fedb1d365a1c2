// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What must never be seen. The program that runs the guest has planted canaries in
 * memory of the host and of another domain; the guest knows them inverted, so that it
 * does not find its own copy. It looks at all that its page tables map, at registers,
 * and at addresses which should not be there; whether a frame is the one that the tables
 * name; and at memory that nothing may have changed.
 */
#include "campaign.h"

#define SCAN_PAGES	40	/* in one scan: most trees are small, some are endless */

static u64 keep_sum[KEEP_PAGES];

static bool canary(u64 val, u64 *which)
{
	u64 i;

	for (i = 0; i < REPORT_CANARIES; i++) {
		if (~val == canary_inverse[i]) {
			*which = i;
			return true;
		}
	}
	return false;
}

void scan_registers(const u64 *regs, size_t n)
{
	u64 which;
	size_t i;

	for (i = 0; i < n; i++)
		if (canary(regs[i], &which))
			found(FOUND_CANARY_REGISTER, i, which);
}

/*
 * What PHYS shows is evidence only as long as it shows what it should: a random write
 * to the tables behind it can make it show anything.
 */
static void found_by_view(enum found_kind kind, u64 a, u64 b)
{
	if (view_is_intact())
		found(kind, a, b);
}

/* ------------------------------------------------------- own page tables */

static const u64 *table_at(u64 gfn)
{
	return (const u64 *)(PHYS + gfn * PAGE_SIZE);
}

static bool gfn_exists(u64 gfn)
{
	return gfn < start_info->nr_pages;
}

/* The entry that maps @va under @root, or 0. */
static u64 walk(u64 root, u64 va)
{
	u64 e = root * PAGE_SIZE | PTE_P;
	int level;

	if (va >> 47 != 0 && va >> 47 != 0x1ffff)
		return 0;
	for (level = 4; level >= 1; level--) {
		if (!gfn_exists(PTE_GFN(e)))
			return 0;
		e = table_at(PTE_GFN(e))[va >> (3 + 9 * level) & 511];
		if (!(e & PTE_P))
			return 0;
	}
	return e;
}

static u64 words_scanned;

/* Reads a page by its address. Words that change meanwhile are nobody's but the guest's. */
static void scan_page(u64 va, u64 gfn)
{
	const volatile u64 *page = (const volatile u64 *)va;
	u64 i, val, which;

	report->scanned_pages++;
	for (i = 0; i < 512; i++) {
		val = page[i];
		if (canary(val, &which))
			found(FOUND_CANARY_MEMORY, va + i * 8, which);
		/* Counters and clocks live in some pages, so once is chance. */
		if (gfn_exists(gfn) && i % 8 == 5 && val != table_at(gfn)[i] &&
		    page[i] != table_at(gfn)[i] && page[i] != table_at(gfn)[i])
			found_by_view(FOUND_WRONG_FRAME, va + i * 8, val);
	}
	words_scanned += 512;
}

/* It may be gone, or never have been there: then it is no use to look. */
static void try_scan_page(u64 va, u64 gfn)
{
	struct jump here, *outer = recovery;

	recovery = &here;
	if (!jump_set(&here))
		scan_page(va, gfn);
	recovery = outer;
}

/* Depth first from a random place, @va is what the entries above add up to. */
static void scan_table(u64 gfn, int level, u64 va, unsigned int *budget)
{
	u64 start = one_in(2) ? 0 : below(512), i;

	for (i = 0; i < 512 && *budget; i++) {
		u64 slot = (start + i) & 511, e, at;

		/* m2p and monitor: not by these tables. */
		if (level == 4 && slot >= 256 && slot < 272)
			continue;
		/* Whole memory, twice: seldom, or nothing else would be seen. */
		if (((level == 4 && slot == 272) || (level == 3 && slot == 510)) && !one_in(8))
			continue;
		e = table_at(gfn)[slot];
		at = va | slot << (3 + 9 * level);
		if (level == 4 && slot >= 256)
			at |= 0xffff000000000000;
		if (!(e & PTE_P))
			continue;
		if (level > 1) {
			if (gfn_exists(PTE_GFN(e)))
				scan_table(PTE_GFN(e), level - 1, at, budget);
			continue;
		}
		--*budget;
		try_scan_page(at, PTE_GFN(e));
	}
}

/* -------------------------------------------------------------- the rest */

/* What is in there may be the guest's own doing, by MMU_MACHPHYS_UPDATE. */
static void scan_m2p(void)
{
	u64 va = MONITOR_FIRST + (one_in(2) ? 0 : below(512) * PAGE_SIZE), i, val, which;

	for (i = 0; i < 512; i++, va += 8) {
		if (!try_read(va, &val))
			return;
		if (canary(val, &which))
			found(FOUND_CANARY_MEMORY, va, which);
	}
}

/* The vector registers: with them a leak would be between domains, or from the host. */
static void scan_vectors(void)
{
	u64 low[16], which;
	size_t i;

#define STORE(n)	asm volatile("movq %%xmm" #n ", %0" : "=m" (low[n]))
	STORE(0); STORE(1); STORE(2); STORE(3); STORE(4); STORE(5); STORE(6); STORE(7);
	STORE(8); STORE(9); STORE(10); STORE(11); STORE(12); STORE(13); STORE(14); STORE(15);
	for (i = 0; i < 16; i++)
		if (canary(low[i], &which))
			found(FOUND_CANARY_REGISTER, 100 + i, which);
}

static u64 probe_address(void)
{
	u64 va = one_in(2) ? random_address() : MONITOR_SECRET + below(MONITOR_END - MONITOR_SECRET);

	return va & ~7UL;
}

/*
 * An address that is not in the tables cannot be read. The guest's own flushes are its
 * business, so it makes one first.
 */
static void probe(u64 root, u64 va, bool (*read)(u64 va, u64 *val))
{
	u64 val = 0, which, e;

	note(va, root, 0, 0, 0, 0);
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	report->probes++;
	if (!read(va, &val))
		return;
	report->probes_read++;
	note_result(val);
	if (canary(val, &which))
		found(FOUND_CANARY_MEMORY, va, which);
	if (va >= MONITOR_FIRST && va < MONITOR_SECRET)
		return;
	e = walk(root, va);
	if (!(e & PTE_P) || (va >= MONITOR_SECRET && va < MONITOR_END))
		found_by_view(FOUND_NOT_MAPPED, va, val);
}

/* What user mode leaves in rdi, by the one system call that its code makes. */
static bool user_read(u64 va, u64 *val)
{
	static const u8 code[] = { 0x48, 0x8b, 0x3f, 0x31, 0xc0, 0x0f, 0x05 };
	struct jump here, *outer = recovery;
	bool good = false;

	user_copy((const char *)code, (const char *)code + sizeof(code));
	recovery = &here;
	user_reads = true;
	if (jump_set(&here) == 2) {
		*val = user_word;
		good = true;
	} else if (user_reads) {
		user_run(USER_CODE, USER_STACK, va);
	}
	user_reads = false;
	recovery = outer;
	return good;
}

void op_probe(void)
{
	if (one_in(3)) {
		mmuext(MMUEXT_NEW_USER_BASEPTR, user_root, 0);
		probe(user_root, probe_address(), user_read);
	} else {
		probe(current_root(), probe_address(), try_read);
	}
}

static u64 keep_value(u64 page, u64 i)
{
	return (page * 512 + i) * 0x9e3779b97f4a7c15 & ~1UL;
}

void keep_init(void)
{
	u64 page, i;

	for (page = 0; page < KEEP_PAGES; page++) {
		u64 *at = gfn_to_va(KEEP_GFN + page);

		for (i = 0; i < 512; i++) {
			at[i] = keep_value(page, i);
			keep_sum[page] += at[i];
		}
		set_page_bits(at, PTE_ROX | PTE_NX);
	}
}

static void scan_keep(void)
{
	u64 first = below(KEEP_PAGES), n, page, i;

	for (n = 0; n < 16; n++) {
		const u64 *at;
		u64 sum = 0;

		page = (first + n) % KEEP_PAGES;
		at = table_at(KEEP_GFN + page);
		for (i = 0; i < 512; i++)
			sum += at[i];
		for (i = 0; sum != keep_sum[page] && i < 512; i++)
			if (at[i] != keep_value(page, i))
				found_by_view(FOUND_KEEP_CHANGED, (u64)&at[i], at[i]);
	}
}

void scan(void)
{
	unsigned int budget = SCAN_PAGES;

	report->scans++;
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	scan_table(current_root(), 4, 0, &budget);
	scan_m2p();
	scan_keep();
	scan_vectors();
}
