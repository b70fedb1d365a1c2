// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Descriptor tables, selectors and segment bases. A guest has up to 14 pages of GDT
 * and 16 of LDT, which nobody can write to, and in which no descriptor gives more
 * than CPL 3 code and data; each of its two modes has a GS base of its own; and what
 * is loaded stays loaded over world switches. Expected: what breaks a rule is refused
 * and changes nothing.
 */
#include "guest.h"

#define DATA		0x500000UL	/* the user page that segments point to */

/* Access byte, flags (G D L AVL), base, limit. */
#define DESC(access, flags, base, limit) \
	((u64)(access) << 40 | (u64)(flags) << 52 | ((u64)(base) & 0xffffff) << 16 | \
	 ((u64)(base) >> 24 & 0xff) << 56 | ((u64)(limit) & 0xffff) | ((u64)(limit) >> 16 & 15) << 48)

#define DATA_DESC(base)	DESC(0xf2, 0xc, base, 0xfffff)

static u64 *gdt, *gdt2, *ldt, *data;

static long set_gdt(u64 frame, u64 entries)
{
	return H(set_gdt, &frame, entries);
}

static long update(u64 *entry, u64 desc)
{
	return H(update_descriptor, pte_machine(entry), desc);
}

static int load_fs(u64 sel)
{
	return TRY("mov %0, %%fs", "r" (sel));
}

static u16 read_fs(void)
{
	u16 sel;

	asm volatile("mov %%fs, %0" : "=r" (sel));
	return sel;
}

static void test_set_gdt(void)
{
	u64 g = va_to_gfn(gdt), frames[15], i;

	ok(set_gdt(g, 512) == -22, "a writable frame is no GDT");
	set_page_bits(gdt, PTE_ROX);
	ok(set_gdt(g, 512) == 0, "a read-only one is");
	ok(set_page_bits(gdt, PTE_RWX) == -22, "it cannot be mapped writable now");
	ok(window_map(0, gdt, PTE_RWX) == -22, "at another address neither");
	ok(mmuext(MMUEXT_PIN_L1_TABLE, g, 0) == -22, "nor be a page table");
	ok(TRY("movq $0, 8(%0)", "r" (gdt)) == 14 && trapped.error == 3,
	   "a write to it is a #PF (%lx)", trapped.error);
	ok(set_gdt(g, 0) == 0 && !set_page_bits(gdt, PTE_RWX), "without entries it is memory again");
	set_page_bits(gdt, PTE_ROX);
	ok(set_gdt(g, 14 * 512 + 1) == -22, "more than 14 pages");
	ok(set_gdt(g, ~0UL) == -22 && set_gdt(g, 1UL << 32) == -22, "many more");
	ok(H(set_gdt, 0x123000, 512) == -14, "a list that is not there");
	ok(set_gdt(start_info->nr_pages + 100, 512) == -22 && set_gdt(~0UL, 512) == -22,
	   "frames that are not there");
	ok(set_gdt(va_to_gfn(pte_of((u64)gdt, 1)), 512) == -22, "a page table");
	set_page_bits(gdt2, PTE_ROX);
	for (i = 0; i < 14; i++)
		frames[i] = i & 1 ? va_to_gfn(gdt2) : g;
	ok(H(set_gdt, frames, 14 * 512) == 0, "14 pages, the same one in several places");
	frames[13] = ~0UL;
	ok(H(set_gdt, frames, 14 * 512) == -22, "one bad frame among 14");
	ok(H(set_gdt, frames, 13 * 512) == 0, "that is not counted");
	ok(set_gdt(g, 512) == 0 && !set_page_bits(gdt2, PTE_RWX), "old frames are released");
}

static void check_content(u64 desc, bool good, const char *what)
{
	long ret;

	set_gdt(0, 0);
	set_page_bits(gdt, PTE_RWX);
	gdt[5] = desc;
	set_page_bits(gdt, PTE_ROX);
	ret = set_gdt(va_to_gfn(gdt), 512);
	ok(ret == (good ? 0 : -22), "set_gdt with %s: %ld", what, ret);
	if (!good) {
		ok(set_gdt(va_to_gfn(gdt), 5) == 0, "but not if it is not counted");
		ok(load_fs(5 * 8 + 3) == 13, "and then it cannot be loaded");
		ok(update(&gdt[4], desc) == -22 && !gdt[4], "update_descriptor refuses it, too");
		ok(update(&gdt[6], desc) == -22 && !gdt[6], "also behind the last entry");
	}
	set_gdt(0, 0);
	set_page_bits(gdt, PTE_RWX);
	gdt[5] = 0;
	set_page_bits(gdt, PTE_ROX);
	set_gdt(va_to_gfn(gdt), 512);
}

static void test_contents(void)
{
	check_content(DESC(0xec, 0, 0x400000, 0xe033), false, "a call gate");
	check_content(DESC(0xee, 0, 0x400000, 0xe033), false, "an interrupt gate");
	check_content(DESC(0xef, 0, 0x400000, 0xe033), false, "a trap gate");
	check_content(DESC(0x89, 0, 0x400000, 0x67), false, "a TSS");
	check_content(DESC(0xe2, 0, 0x400000, 0x1000), false, "an LDT");
	check_content(DESC(0xe5, 0, 0x400000, 0x1000), false, "a task gate");
	check_content(DESC(0xe0, 0, 0, 0), false, "a reserved type");
	check_content(DESC(0xfa, 0xe, 0, 0xfffff), false, "code with L and D");
	check_content(DESC(0x6c, 0, 0x400000, 0xe033), true, "a call gate that is not present");
	check_content(0x00007fffffffffff, true, "anything not present");
	check_content(DESC(0xfa, 0xa, 0, 0xfffff), true, "64-bit code");
	check_content(DESC(0xfe, 0xc, 0, 0xfffff), true, "conforming 32-bit code");
	check_content(DESC(0xf6, 0xc, 0, 0), true, "expand-down data");
	check_content(DESC(0xfa, 0, 0, 0xffff), true, "16-bit code");
}

static void test_dpl(void)
{
	ok(!update(&gdt[7], DESC(0x92, 0xc, 0, 0xfffff)), "data of DPL 0 is taken");
	ok(load_fs(7 * 8 + 3) == -1 && read_fs() == 7 * 8 + 3, "and can be used: it has DPL 3");
	load_fs(0);
	ok(!update(&gdt[7], DESC(0x9a, 0xa, 0, 0xfffff)), "64-bit code of DPL 0 is taken");
	ok(TRY("push %0; push $1f; lretq; 1: mov %%cs, %%ecx; push $0xe033; push $2f; lretq\n"
	       "2: cmp %%ecx, %k0; je 3f; ud2; 3:", "r" (7 * 8 + 3UL)) == -1, "and runs, at CPL 3");
	ok(TRY("push %0; push $1f; lretq; 1: ud2", "r" (7 * 8 + 3UL)) == 6 &&
	   (u16)trapped.regs.cs == 7 * 8, "its selector is in the frame, with RPL 0 (%lx)",
	   trapped.regs.cs);
	TRY("push $0xe033; push $1f; lretq; 1:", "r" (0UL));
	update(&gdt[7], 0);
}

static void test_update(void)
{
	u64 *page = page_alloc(), *e = pte_of((u64)gdt, 1);

	ok(H(update_descriptor, pte_machine(&gdt[8]) + 4, 0) == -22, "an unaligned address");
	ok(H(update_descriptor, (start_info->nr_pages + 5) * PAGE_SIZE, 0) == -22 &&
	   H(update_descriptor, 0xfffffffffffff000, 0) == -22, "an address that is not there");
	ok(update(e, 0) == -22 && *e, "an entry of a page table");
	ok(!update(&page[3], DATA_DESC(5)) && page[3] == DATA_DESC(5),
	   "any other memory is written to");
	ok(update(&page[3], DESC(0xec, 0, 0, 0)) == -22 && page[3] == DATA_DESC(5),
	   "but checked the same way");
	ok(load_fs(8 * 8 + 3) == 13 && (trapped.error & ~3UL) == 8 * 8,
	   "an empty entry: #GP with the selector (%lx)", trapped.error);
	ok(!update(&gdt[8], DATA_DESC(DATA)) && gdt[8] == DATA_DESC(DATA), "a new entry");
	ok(load_fs(8 * 8 + 3) == -1 && rdmsr(MSR_FS_BASE) == DATA, "can be loaded at once (%lx)",
	   rdmsr(MSR_FS_BASE));
	ok(!update(&gdt[8], DATA_DESC(DATA + 8)) && load_fs(8 * 8 + 3) == -1 &&
	   rdmsr(MSR_FS_BASE) == DATA + 8, "changed (%lx)", rdmsr(MSR_FS_BASE));
	ok(!update(&gdt[8], DATA_DESC(0) & ~(1ULL << 47)) && load_fs(8 * 8 + 3) == 11,
	   "not present: #NP");
	ok(!update(&gdt[8], 0), "and cleared");
	load_fs(0);
}

static void test_tls(void)
{
	u64 ret;

	data[0] = 0x1111;
	data[1] = 0x2222;
	update(&gdt[12], DATA_DESC(DATA));
	update(&gdt[13], DATA_DESC(DATA + 8));
	ret = USER(12 * 8 + 3, "mov %%edi, %%fs; mov %%fs:0, %%rdi");
	ok(ret == 0x1111, "user mode loads fs (%lx)", ret);
	ret = USER(13 * 8 + 3, "mov %%edi, %%gs; mov %%gs:0, %%rdi");
	ok(ret == 0x2222, "and gs (%lx)", ret);
	ok(USER(13 * 8 + 3, "mov %%edi, %%ss; mov %%ss, %%edi") == 13 * 8 + 3, "and ss");
	ret = USER(13 * 8 + 3, IN_32BIT("mov %%edi, %%ds; mov 0, %%edi; mov $0xe02b, %%eax\n"
					"mov %%eax, %%ds"));
	ok(ret == 0x2222, "and uses it in 32-bit code (%lx)", ret);
	ret = USER(0xe010, "mov %%edi, %%fs");
	ok(ret == USER_FAULT + 13, "but not the monitor's segments (%lx)", ret);
	update(&gdt[13], DESC(0xf6, 0x4, DATA, 0xfff));
	ret = USER(13 * 8 + 3, IN_32BIT("mov %%edi, %%fs; mov %%fs:8, %%edi"));
	if (on_tcg())
		skip("the limit of expand-down data", "QEMU's TCG has no segment limits");
	else
		ok(ret == USER_FAULT + 13, "below the limit of expand-down data: #GP (%lx)", ret);
	update(&gdt[13], DESC(0xfa, 0, USER_CODE, 0xffff));
	ret = USER(13 * 8 + 3,
		   "movl $0xe02b, %%eax; mov %%eax, %%ds; mov %%edi, %%eax; xor %%edi, %%edi\n"
		   "push %%rax; push $2f - 771b; lretq\n"
		   ".code16; 2: mov $0x12345678, %%edi; mov $0xabcd, %%di\n"
		   ".byte 0x66, 0xea; .long 0x400000 + 3f - 771b; .word 0xe033\n"
		   ".code64; 3:");
	ok(ret == 0x1234abcd, "16-bit code (%lx)", ret);
	ret = USER(13 * 8 + 3, "push %%rdi; push $2f - 771b; lretq; .code16; 2: ud2; .code64");
	ok(ret == USER_FAULT + 6 && (u16)trapped.regs.cs == 13 * 8 + 3 && trapped.rip < 0x1000,
	   "an exception in it (%lx: cs %lx, rip %lx)", ret, trapped.regs.cs, trapped.rip);
	update(&gdt[13], 0);
}

static void test_bases(void)
{
	static const u64 bad[] = { 0x0000800000000000, 0xffff7fffffffffff, 0x8000000000000000,
				   0x00ffffffffffffff, 0xff00000000000000 };
	u64 i, which, ret, refused = 0;

	ok(!H(set_segment_base, SEGBASE_FS, 0x123456789ab), "SEGBASE_FS");
	ok(rdmsr(MSR_FS_BASE) == 0x123456789ab, "is the fs base (%lx)", rdmsr(MSR_FS_BASE));
	ok(!H(set_segment_base, SEGBASE_GS_KERNEL, (u64)data), "SEGBASE_GS_KERNEL");
	ok(!H(set_segment_base, SEGBASE_GS_USER, DATA), "SEGBASE_GS_USER");
	ok(rdmsr(MSR_GS_BASE) == (u64)data && rdmsr(MSR_KERNEL_GS_BASE) == DATA,
	   "are the gs bases (%lx, %lx)", rdmsr(MSR_GS_BASE), rdmsr(MSR_KERNEL_GS_BASE));
	data[2] = 0x3333;
	asm volatile("mov %%gs:16, %0" : "=r" (ret));
	ok(ret == 0x3333, "the kernel has its own");
	ret = USER(0, "mov %%gs:16, %%rdi");
	ok(ret == 0x3333, "user mode has its own (%lx)", ret);
	for (which = 0; which < 3; which++)
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			refused += H(set_segment_base, which, bad[i]) == -22;
	ok(refused == 15, "non-canonical bases are refused (%lu of 15)", refused);
	ok(rdmsr(MSR_FS_BASE) == 0x123456789ab && rdmsr(MSR_GS_BASE) == (u64)data &&
	   rdmsr(MSR_KERNEL_GS_BASE) == DATA, "and change nothing");
	for (i = refused = 0; i < ARRAY_SIZE(bad); i++)
		for (which = MSR_FS_BASE; which <= MSR_KERNEL_GS_BASE; which++)
			refused += TRY("mov %0, %%ecx; mov %1, %%edx; wrmsr", "r" ((u32)which),
				       "r" ((u32)(bad[i] >> 32))) == 13;
	ok(refused == 15, "in WRMSR they are a #GP (%lu of 15)", refused);
	wrmsr(MSR_KERNEL_GS_BASE, DATA + 8);
	ret = USER(0, "mov %%gs:8, %%rdi");
	ok(ret == 0x3333, "WRMSR sets the user's base (%lx)", ret);
	ok(H(set_segment_base, 4, 0) == -22 && H(set_segment_base, ~0UL, 0) == -22,
	   "unknown bases are refused");
	H(set_segment_base, SEGBASE_GS_KERNEL, 0xffff808000000000);
	ok(TRY("mov %%gs:0, %%rcx", "r" (0UL)) == 14, "a base in the monitor gives no access");
	H(set_segment_base, SEGBASE_GS_KERNEL, 0);
}

static void test_user_selector(void)
{
	static const u16 bad[] = { 0x10, 0xe008, 0xe010, 0xe040, 0xe050, 0xfff8, 0x7fff, 0xffff };
	u64 ret, i;

	update(&gdt[12], DATA_DESC(DATA + 16));
	H(set_segment_base, SEGBASE_GS_KERNEL, (u64)data);
	ok(!H(set_segment_base, SEGBASE_GS_USER_SEL, 12 * 8 + 3), "SEGBASE_GS_USER_SEL");
	ok(rdmsr(MSR_GS_BASE) == (u64)data, "leaves the kernel's base (%lx)", rdmsr(MSR_GS_BASE));
	ok(rdmsr(MSR_KERNEL_GS_BASE) == DATA + 16, "sets the user's (%lx)",
	   rdmsr(MSR_KERNEL_GS_BASE));
	ret = USER(0, "mov %%gs, %%edi; shl $16, %%edi; or %%gs:0, %%edi");
	ok(ret == ((12 * 8 + 3) << 16 | 0x3333), "user mode has selector and base (%lx)", ret);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		H(set_segment_base, SEGBASE_GS_USER_SEL, bad[i]);
		ret = USER(0, "mov %%gs, %%edi");
		ok(ret == 0, "a bad selector, 0x%x, becomes null (%lx)", bad[i], ret);
	}
	ok(!H(set_segment_base, SEGBASE_GS_USER_SEL, 0) &&
	   !H(set_segment_base, SEGBASE_GS_USER, DATA), "the null selector and a base");
	ret = USER(0, "mov %%gs:16, %%rdi");
	ok(ret == 0x3333 && rdmsr(MSR_GS_BASE) == (u64)data, "go together (%lx)", ret);
	H(set_segment_base, SEGBASE_GS_KERNEL, 0);
}

static void test_ldt(void)
{
	u64 *second = page_alloc();
	long ret;

	set_page_bits(ldt, PTE_RWX);
	ldt[2] = DATA_DESC(DATA);
	ok(mmuext(MMUEXT_SET_LDT, (u64)ldt, 512) < 0, "a writable page is no LDT");
	set_page_bits(ldt, PTE_ROX);
	ok(mmuext(MMUEXT_SET_LDT, (u64)ldt + 8, 512) == -22, "an unaligned address");
	ok(mmuext(MMUEXT_SET_LDT, (u64)ldt, 8193) == -22, "too many entries");
	ok(mmuext(MMUEXT_SET_LDT, WINDOW(9), 512) < 0, "nothing there");
	ok(mmuext(MMUEXT_SET_LDT, 0xffff808000000000, 512) < 0, "the monitor there");
	ok(mmuext(MMUEXT_SET_LDT, 0x8000000000000000, 512) < 0, "no address");
	ok(load_fs(2 * 8 + 7) == 13, "no LDT: #GP");
	ok(!mmuext(MMUEXT_SET_LDT, (u64)ldt, 512), "a good LDT");
	ok(load_fs(2 * 8 + 7) == -1 && rdmsr(MSR_FS_BASE) == DATA, "its selectors can be loaded");
	ok(set_page_bits(ldt, PTE_RWX) == -22, "it cannot be mapped writable");
	H(sched_op, SCHEDOP_yield, 0);
	ok(read_fs() == 2 * 8 + 7 && rdmsr(MSR_FS_BASE) == DATA, "they survive a world switch");
	ok(!update(&ldt[3], DATA_DESC(DATA + 8)) && load_fs(3 * 8 + 7) == -1 &&
	   rdmsr(MSR_FS_BASE) == DATA + 8, "update_descriptor acts on it");
	ok(update(&ldt[3], DESC(0xec, 0, 0, 0)) == -22, "with the same checks");
	load_fs(0);
	/* Two pages that are neighbours in the window only, the later one first. */
	second[1] = DATA_DESC(DATA + 24);
	set_page_bits(second, PTE_ROX);
	window_map(0, second, PTE_ROX);
	window_map(1, ldt, PTE_ROX);
	ret = mmuext(MMUEXT_SET_LDT, WINDOW(0), 515);
	ok(!ret, "an LDT of two pages, not full (%ld)", ret);
	ok(load_fs(1 * 8 + 7) == -1 && rdmsr(MSR_FS_BASE) == DATA + 24, "an entry of the first");
	ok(load_fs(514 * 8 + 7) == -1 && rdmsr(MSR_FS_BASE) == DATA, "an entry of the second");
	ok(load_fs(515 * 8 + 7) == 13, "the limit holds");
	load_fs(0);
	ok(!mmuext(MMUEXT_SET_LDT, 0, 0), "no LDT");
	ok(load_fs(1 * 8 + 7) == 13, "is none");
	ok(!set_page_bits(ldt, PTE_RWX) && !set_page_bits(second, PTE_RWX),
	   "its pages are memory again");
	ldt[4] = DESC(0xec, 0, 0, 0);
	set_page_bits(ldt, PTE_ROX);
	ok(mmuext(MMUEXT_SET_LDT, (u64)ldt, 512) < 0, "a call gate in an LDT");
	window_map(0, NULL, 0);
	window_map(1, NULL, 0);
}

/* A table that is refused must not take the old one with it. */
static void test_old_gdt_stays(void)
{
	update(&gdt[12], DATA_DESC(DATA));
	gdt2[5] = DESC(0xec, 0, 0, 0);
	set_page_bits(gdt2, PTE_ROX);
	ok(set_gdt(va_to_gfn(gdt2), 512) == -22, "a bad GDT");
	ok(load_fs(12 * 8 + 3) == -1, "leaves the old one in place");
	load_fs(0);
	ok(!set_page_bits(gdt2, PTE_RWX), "and is not held");
	set_page_bits(gdt2, PTE_ROX);
	ok(!mmuext(MMUEXT_SET_LDT, (u64)gdt, 512) && load_fs(12 * 8 + 7) == -1,
	   "the same page may be GDT and LDT");
	ok(mmuext(MMUEXT_SET_LDT, (u64)gdt2, 512) == -22 && load_fs(12 * 8 + 7) == -1,
	   "a bad LDT leaves the old one in place");
	load_fs(0);
	mmuext(MMUEXT_SET_LDT, 0, 0);
	set_page_bits(gdt2, PTE_RWX);
}

/* Everything at once, over world switches: yields, and other exits in between. */
static void test_world_switches(void)
{
	u64 i, bad = 0, ret, fs_base = 0x7fff12345678, gs_base = (u64)data;
	u16 ds, es, fs, gs;

	update(&gdt[12], DATA_DESC(DATA));
	update(&gdt[13], DATA_DESC(DATA + 8));
	asm volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%fs; mov %3, %%gs"
		     : : "r" (0xe02b), "r" (12 * 8 + 3), "r" (13 * 8 + 3), "r" (12 * 8 + 3));
	H(set_segment_base, SEGBASE_FS, fs_base);
	H(set_segment_base, SEGBASE_GS_KERNEL, gs_base);
	H(set_segment_base, SEGBASE_GS_USER, DATA);
	for (i = 0; i < 300; i++) {
		H(sched_op, SCHEDOP_yield, 0);
		asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
			     : "=r" (ds), "=r" (es), "=r" (fs), "=r" (gs));
		bad += ds != 0xe02b || es != 12 * 8 + 3 || fs != 13 * 8 + 3 || gs != 12 * 8 + 3;
		bad += rdmsr(MSR_FS_BASE) != fs_base || rdmsr(MSR_GS_BASE) != gs_base ||
		       rdmsr(MSR_KERNEL_GS_BASE) != DATA;
	}
	ok(!bad, "selectors and bases survive 300 yields (%lu)", bad);
	user_syscall = NULL;
	for (i = bad = 0; i < 50; i++) {
		ret = USER(DATA + 16, "wrfsbase %%rdi; mov $1, %%eax; syscall; mov %%fs:0, %%rdi\n"
				      "shl $16, %%rdi; or %%gs:16, %%rdi");
		H(sched_op, SCHEDOP_yield, 0);
		bad += ret != 0x33333333 || rdmsr(MSR_GS_BASE) != gs_base;
	}
	ok(!bad, "and going to user mode and back (%lu)", bad);
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" : : "r" (0));
	H(set_segment_base, SEGBASE_GS_KERNEL, 0);
}

/* A selector whose descriptor goes away is still in the register. */
static void test_vanishing(void)
{
	load_fs(12 * 8 + 3);
	update(&gdt[12], 0);
	H(sched_op, SCHEDOP_yield, 0);
	ok(read_fs() == 0 || read_fs() == 12 * 8 + 3,
	   "a world switch after its descriptor went away (fs %x)", read_fs());
	load_fs(0);
	update(&gdt[12], DATA_DESC(DATA));
	load_fs(12 * 8 + 3);
	set_gdt(0, 0);
	H(sched_op, SCHEDOP_yield, 0);
	ok(read_fs() == 0 || read_fs() == 12 * 8 + 3, "and after the GDT went away");
	load_fs(0);
	ok(load_fs(12 * 8 + 3) == 13, "then it cannot be loaded again");
}

void guest_main(void)
{
	gdt = page_alloc();
	gdt2 = page_alloc();
	ldt = page_alloc();
	data = page_alloc();
	user_init();
	user_map(DATA, data, PTE_RWX);
	test_set_gdt();
	test_contents();
	test_dpl();
	test_update();
	test_tls();
	test_bases();
	test_user_selector();
	test_ldt();
	test_world_switches();
	test_old_gdt_stays();
	test_vanishing();
}
