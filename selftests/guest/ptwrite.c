// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Writes to page tables as if they were mapped writable: emulated, with every
 * instruction, operand size and addressing form that a kernel uses for it. Each is
 * executed on ordinary memory first, and must do the same to memory, registers and
 * flags when it hits a table. One that reaches into a second entry is a #PF.
 */
#include "guest.h"

#define FLAG_CF		1UL
#define LOGIC		0x8c5UL		/* CF PF ZF SF OF: AF is undefined */
#define ARITHMETIC	0x8d5UL
#define ENTRY		8		/* the entry that is written to */

static u64 table[512] __attribute__((aligned(4096)));	/* pinned as a level-1 table */
static u64 plain[512] __attribute__((aligned(4096)));

struct state {
	u64 memory[3], rax, rdx, rcx, rdi, flags;
};

/* Never present, so that any value will do. */
static void prepare(u64 *entries, u64 val)
{
	u64 i;

	for (i = ENTRY - 1; i <= ENTRY + 1; i++) {
		u64 v = i == ENTRY ? val : 0xa5a5a5a5a5a5a5a4;

		if (entries == plain)
			plain[i] = v;
		else
			mmu_update(va_to_gfn(table) * PAGE_SIZE + i * 8, v);
	}
}

static void finish(struct state *s, const u64 *entries)
{
	memcpy(s->memory, &entries[ENTRY - 1], sizeof(s->memory));
	s->rdi -= (u64)&entries[ENTRY];
}

static bool same(const struct state *a, const struct state *b, u64 mask)
{
	return !memcmp(a->memory, b->memory, sizeof(a->memory)) && a->rax == b->rax &&
	       a->rdx == b->rdx && a->rcx == b->rcx && a->rdi == b->rdi &&
	       !((a->flags ^ b->flags) & mask);
}

/* The entry's address is in rdi; rax, rcx, rdx hold arguments. */
#define EXECUTE(entries, s, init, a, d, insns) do { \
		prepare(entries, init); \
		(s).rax = (a); (s).rdx = (d); (s).rcx = 1; (s).rdi = (u64)&(entries)[ENTRY]; \
		(s).flags = 0x2; \
		asm volatile("push %4; popf; " insns "; pushf; pop %4; cld" \
			     : "+a" ((s).rax), "+d" ((s).rdx), "+c" ((s).rcx), "+D" ((s).rdi), \
			       "+r" ((s).flags) \
			     : : "r15", "memory", "cc"); \
		finish(&(s), entries); \
	} while (0)

#define CHECK(init, a, d, mask, insns) do { \
		struct state s1_, s2_; \
		EXECUTE(plain, s1_, init, a, d, insns); \
		EXECUTE(table, s2_, init, a, d, insns); \
		ok(same(&s1_, &s2_, mask) && s1_.memory[0] == s2_.memory[0], \
		   "%s (%lx, should be %lx; flags %lx, %lx)", insns, s2_.memory[1], s1_.memory[1], \
		   s2_.flags, s1_.flags); \
	} while (0)

#define INIT	0x0123456789abcdeeUL	/* not present */
#define VALUE	0xfedcba9876543210UL

static void test_mov(void)
{
	CHECK(INIT, VALUE, 0, 0, "mov %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%eax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%eax, 4(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%ax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%ax, 3(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%ax, 6(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%al, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%al, 7(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%ah, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%dh, 5(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movq $-0x7ffffff0, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movl $0x12345678, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movw $0x1234, 2(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movb $0x12, 1(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movnti %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "movnti %%eax, 4(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%rax, %%r15; mov %%r15, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%rax, %%r15; mov %%r15b, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "mov %%rsp, %%r15; mov %%rax, %%rsp; mov %%spl, 2(%%rdi); mov %%r15, %%rsp");
}

static void test_xchg(void)
{
	CHECK(INIT, VALUE, 0, 0, "xchg %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "xchg %%eax, 4(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "xchg %%ax, 2(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "xchg %%al, 7(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "xchg %%ah, 6(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "lock xadd %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "lock xadd %%eax, 4(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "xadd %%al, 1(%%rdi)");
	CHECK(INIT, INIT, VALUE, ARITHMETIC, "lock cmpxchg %%rdx, (%%rdi)");
	CHECK(INIT, INIT + 1, VALUE, ARITHMETIC, "lock cmpxchg %%rdx, (%%rdi)");
	CHECK(INIT, INIT, VALUE, ARITHMETIC, "lock cmpxchg %%edx, (%%rdi)");
	CHECK(INIT, 5, VALUE, ARITHMETIC, "lock cmpxchg %%edx, (%%rdi)");
	CHECK(INIT, 0x0123, VALUE, ARITHMETIC, "lock cmpxchg %%dx, 6(%%rdi)");
	CHECK(INIT, 0x99, VALUE, ARITHMETIC, "lock cmpxchg %%dl, 1(%%rdi)");
}

static void test_arithmetic(void)
{
	CHECK(INIT, VALUE, 0, ARITHMETIC, "lock add %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "addq $0x7fffff00, (%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "addb $0x7f, 7(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "stc; adcl $-1, 4(%%rdi)");
	CHECK(INIT, VALUE + 1, 0, ARITHMETIC, "stc; sbb %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "lock sub %%eax, (%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "stc; lock incl 4(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "stc; lock decb 3(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "negw 2(%%rdi)");
	CHECK(INIT, VALUE, 0, ARITHMETIC, "stc; notl 4(%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "lock and %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "lock andb $0xfd, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "andq $-0x1000, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "lock orb $0x40, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "lock or %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "orw $0x120, (%%rdi)");
	CHECK(INIT, VALUE, 0, LOGIC, "lock xor %%eax, 4(%%rdi)");
}

static void test_bits(void)
{
	CHECK(INIT, 5, 0, FLAG_CF, "lock btsq $9, (%%rdi)");
	CHECK(INIT, 5, 0, FLAG_CF, "lock btrq $63, (%%rdi)");
	CHECK(INIT, 5, 0, FLAG_CF, "lock btcq $56, (%%rdi)");
	CHECK(INIT, 5, 0, FLAG_CF, "lock btsl $30, 4(%%rdi)");
	CHECK(INIT, 5, 0, FLAG_CF, "btrw $7, 2(%%rdi)");
	CHECK(INIT, 5, 0, FLAG_CF, "lock bts %%rax, (%%rdi)");
	CHECK(INIT, 6, 0, FLAG_CF, "lock btr %%eax, (%%rdi)");
	CHECK(INIT, 64 + 7, 0, FLAG_CF, "lock btc %%rax, -8(%%rdi)");
	CHECK(INIT, -3UL, 0, FLAG_CF, "lock bts %%rax, 8(%%rdi)");
	CHECK(INIT, 32 + 7, 0, FLAG_CF, "lock btr %%eax, (%%rdi)");
}

static void test_stos(void)
{
	CHECK(INIT, VALUE, 0, 0, "stosq");
	CHECK(INIT, VALUE, 0, 0, "std; stosq");
	CHECK(INIT, VALUE, 0, 0, "stosl");
	CHECK(INIT, VALUE, 0, 0, "stosb");
	CHECK(INIT, VALUE, 0, 0, "mov $2, %%ecx; rep stosq");
	CHECK(INIT, VALUE, 0, 0, "mov $2, %%ecx; std; rep stosq");
	CHECK(INIT, VALUE, 0, 0, "mov $11, %%ecx; rep stosb");
	CHECK(INIT, VALUE, 0, 0, "mov $3, %%ecx; rep stosl");
	CHECK(INIT, VALUE, 0, 0, "mov $0, %%ecx; rep stosq");
}

static void test_addressing(void)
{
	CHECK(INIT, VALUE, 0, 0, "mov %%rax, 0x40 - 0x40(%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "sub $0x7ff0, %%rdi; mov %%rax, 0x7ff0(%%rdi); add $0x7ff0, %%rdi");
	CHECK(INIT, VALUE, 0, 0, "add $0x7ff0, %%rdi; mov %%rax, -0x7ff0(%%rdi); sub $0x7ff0, %%rdi");
	CHECK(INIT, VALUE, 0, 0, "add $16, %%rdi; mov %%rax, -16(%%rdi); sub $16, %%rdi");
	CHECK(INIT, VALUE, 0, 0, "mov $2, %%edx; mov %%rax, -16(%%rdi, %%rdx, 8)");
	CHECK(INIT, VALUE, 0, 0, "mov $-4, %%rdx; mov %%rax, 16(%%rdi, %%rdx, 4)");
	CHECK(INIT, VALUE, 0, 0, "mov $-6, %%rdx; mov %%rax, 12(%%rdi, %%rdx, 2)");
	CHECK(INIT, VALUE, 0, 0, "lea -64(%%rdi), %%rdx; mov $64, %%ecx; mov %%rax, (%%rdx, %%rcx); mov $0, %%edx");
	CHECK(INIT, VALUE, 0, 0, "mov %%rdi, %%r15; mov %%rax, (%%r15)");
	CHECK(INIT, VALUE, 0, 0, "push %%r12; mov %%rdi, %%r12; mov %%rax, (%%r12); pop %%r12");
	CHECK(INIT, VALUE, 0, 0, "push %%r13; mov %%rdi, %%r13; mov %%rax, (%%r13); pop %%r13");
	CHECK(INIT, VALUE, 0, 0, "push %%rbp; mov %%rdi, %%rbp; mov %%rax, (%%rbp); pop %%rbp");
	CHECK(INIT, VALUE, 0, 0, "push %%r12; mov $2, %%r12; mov %%rax, -16(%%rdi, %%r12, 8); pop %%r12");
	CHECK(INIT, VALUE, 0, 0, "mov %%rsp, %%r15; mov %%rdi, %%rsp; mov %%rax, (%%rsp); mov %%r15, %%rsp");
	CHECK(INIT, VALUE, 0, 0, "mov %%rsp, %%r15; lea -24(%%rdi), %%rsp; movl $4, 24(%%rsp); mov %%r15, %%rsp");
	CHECK(INIT, VALUE, 0, 0, "movabs $0, %%r15; mov %%rax, (%%rdi, %%r15)");
	CHECK(INIT, VALUE, 0, 0, "ds mov %%rax, (%%rdi)");
	CHECK(INIT, VALUE, 0, 0, "cs mov %%rax, (%%rdi)");
}

/* Forms that name the table itself, or reach it through a segment base. */
static void test_special_addressing(void)
{
	prepare(table, INIT);
	asm volatile("movq $0x50, table + 64(%%rip)" : : : "memory");
	ok(table[ENTRY] == 0x50, "rip-relative (%lx)", table[ENTRY]);
	asm volatile("movl $0x60, table + 64(%%rip)" : : : "memory");
	ok(table[ENTRY] == 0x60, "rip-relative with an immediate behind (%lx)", table[ENTRY]);
	asm volatile("lock orb $0x02, table + 64(%%rip)" : : : "memory");
	ok(table[ENTRY] == 0x62, "rip-relative, a byte (%lx)", table[ENTRY]);
	asm volatile("movq $0x70, table" : : : "memory");
	ok(table[0] == 0x70, "an absolute address (%lx)", table[0]);
	asm volatile("movq $0x80, table(, %0, 8)" : : "r" (8UL) : "memory");
	ok(table[ENTRY] == 0x80, "an index without base (%lx)", table[ENTRY]);
	asm volatile("movabs %%rax, table" : : "a" (0x90UL) : "memory");
	ok(table[0] == 0x90, "moffs (%lx)", table[0]);
	H(set_segment_base, SEGBASE_GS_KERNEL, (u64)table - 0x1000);
	asm volatile("movq $0xa0, %%gs:0x1040" : : : "memory");
	ok(table[ENTRY] == 0xa0, "gs-relative (%lx)", table[ENTRY]);
	asm volatile("movq $0xb0, %%gs:(%0)" : : "r" (0x1040UL) : "memory");
	ok(table[ENTRY] == 0xb0, "gs-relative with a base (%lx)", table[ENTRY]);
	H(set_segment_base, SEGBASE_GS_KERNEL, 0);
	H(set_segment_base, SEGBASE_FS, (u64)table);
	asm volatile("movq $0xc0, %%fs:64" : : : "memory");
	ok(table[ENTRY] == 0xc0, "fs-relative (%lx)", table[ENTRY]);
	H(set_segment_base, SEGBASE_FS, 0);
}

#define REFUSED(insns) do { \
		int vector_; \
		prepare(table, INIT); \
		vector_ = TRY(insns, "D" (&table[ENTRY])); \
		ok(vector_ == 14 && trapped.error == 3 && table[ENTRY - 1] == 0xa5a5a5a5a5a5a5a4 && \
		   table[ENTRY] == INIT && table[ENTRY + 1] == 0xa5a5a5a5a5a5a5a4, \
		   "%s: a #PF, nothing changed (%d)", insns, vector_); \
	} while (0)

static void test_refused(void)
{
	REFUSED("movq $0x40, 4(%0)");
	REFUSED("movq $0x40, -1(%0)");
	REFUSED("movl $0x40, 6(%0)");
	REFUSED("movw $0x40, 7(%0)");
	REFUSED("lock orl $0x40, -2(%0)");
	REFUSED("movdqu %%xmm0, (%0)");
	REFUSED("movq %%xmm0, (%0)");
	REFUSED("lock cmpxchg16b (%0)");
	REFUSED("shlq $1, (%0)");
	REFUSED("popq (%0)");
	/* A present entry that the guest must not have. */
	REFUSED("movb $0xff, (%0)");
	REFUSED("movq $-1, (%0)");
	ok(trapped.cr2 == (u64)&table[ENTRY], "cr2 is the entry (%lx)", trapped.cr2);
	ok(TRY("mov $1, %%ecx; rep movsq", "D" (&table[ENTRY]), "S" (plain)) == 14,
	   "rep movs: a #PF");
}

/* What is written is used: present entries, seen by the hardware. */
static void test_present(void)
{
	u64 *page = page_alloc(), *e = window_pte(5);

	page[1] = 0x4321;
	asm volatile("movq %1, %0" : "=m" (*e) : "r" (va_to_gfn(page) * PAGE_SIZE | PTE_RWX) : "memory");
	ok(*(volatile u64 *)(WINDOW(5) + 8) == 0x4321, "a present entry");
	asm volatile("lock andb $0xfd, %0" : "+m" (*e) : : "memory");
	mmuext(MMUEXT_INVLPG_LOCAL, WINDOW(5), 0);
	ok(TRY("movb $0, (%0)", "r" (WINDOW(5))) == 14 && trapped.error == 3, "made read-only");
	asm volatile("lock orb $2, %0" : "+m" (*e) : : "memory");
	ok(TRY("movb $0, (%0)", "r" (WINDOW(5))) == -1, "and writable");
	asm volatile("lock btrq $0, %0" : "+m" (*e) : : "memory");
	mmuext(MMUEXT_INVLPG_LOCAL, WINDOW(5), 0);
	ok(TRY("movb $0, (%0)", "r" (WINDOW(5))) == 14 && trapped.error == 2, "made not present");
	asm volatile("movl $0, 4(%0); movl $0, (%0)" : : "r" (e) : "memory");
	ok(*e == 0, "cleared in two halves");
}

static bool stop_stepping(struct trap_regs *r)
{
	r->rflags &= ~0x100UL;
	return true;
}

static void test_single_step(void)
{
	u64 expected;

	trap_handlers[1] = stop_stepping;
	asm volatile("pushf; orq $0x100, (%%rsp); popf\n movq $0x20, %1\n"
		     "1: nop; nop; lea 1b(%%rip), %0" : "=r" (expected) : "m" (table[3]) : "memory", "cc");
	ok(trapped.vector == 1 && trapped.rip == expected, "TF: #DB after an emulated write (%ld)",
	   trapped.rip - expected);
	trap_handlers[1] = NULL;
}

void guest_main(void)
{
	window_pte(0);
	set_page_bits(table, PTE_ROX);
	ok(!mmuext(MMUEXT_PIN_L1_TABLE, va_to_gfn(table), 0), "an empty level-1 table");
	test_mov();
	test_xchg();
	test_arithmetic();
	test_bits();
	test_stos();
	test_addressing();
	test_special_addressing();
	test_refused();
	test_present();
	test_single_step();
	ok(!mmuext(MMUEXT_UNPIN_TABLE, va_to_gfn(table), 0), "unpin");
}
