// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The world switch keeps every register: count at CPL 3 for as many rounds as the
 * command line says (rounds=N, in units of 2^20), with a pattern in every general
 * register and in vector registers, and check the pattern after each round while
 * host interrupts and NMIs come. Expected: no difference, ever.
 */
#include "guest.h"

/* One round: fill, spin, compare. Returns the number of registers that differ. */
static u64 round(u64 seed, u64 spins)
{
	u64 bad;

	asm volatile(
		"push %%rbp\n"
		"mov %[seed], %%rax\n"
		"movq %%rax, %%xmm0\n movq %%rax, %%xmm15\n"
		"lea 1(%%rax), %%rbx\n lea 2(%%rax), %%rdx\n lea 3(%%rax), %%rsi\n"
		"lea 4(%%rax), %%rdi\n lea 5(%%rax), %%rbp\n lea 6(%%rax), %%r8\n"
		"lea 7(%%rax), %%r9\n lea 8(%%rax), %%r10\n lea 9(%%rax), %%r11\n"
		"lea 10(%%rax), %%r12\n lea 11(%%rax), %%r13\n lea 12(%%rax), %%r14\n"
		"lea 13(%%rax), %%r15\n"
		"1: dec %%rcx\n jnz 1b\n"
		/* rcx = 0: collects differences */
		"sub %%rax, %%rbx\n xor $1, %%rbx\n or %%rbx, %%rcx\n"
		"sub %%rax, %%rdx\n xor $2, %%rdx\n or %%rdx, %%rcx\n"
		"sub %%rax, %%rsi\n xor $3, %%rsi\n or %%rsi, %%rcx\n"
		"sub %%rax, %%rdi\n xor $4, %%rdi\n or %%rdi, %%rcx\n"
		"sub %%rax, %%rbp\n xor $5, %%rbp\n or %%rbp, %%rcx\n"
		"sub %%rax, %%r8\n xor $6, %%r8\n or %%r8, %%rcx\n"
		"sub %%rax, %%r9\n xor $7, %%r9\n or %%r9, %%rcx\n"
		"sub %%rax, %%r10\n xor $8, %%r10\n or %%r10, %%rcx\n"
		"sub %%rax, %%r11\n xor $9, %%r11\n or %%r11, %%rcx\n"
		"sub %%rax, %%r12\n xor $10, %%r12\n or %%r12, %%rcx\n"
		"sub %%rax, %%r13\n xor $11, %%r13\n or %%r13, %%rcx\n"
		"sub %%rax, %%r14\n xor $12, %%r14\n or %%r14, %%rcx\n"
		"sub %%rax, %%r15\n xor $13, %%r15\n or %%r15, %%rcx\n"
		"movq %%xmm0, %%rbx\n xor %%rax, %%rbx\n or %%rbx, %%rcx\n"
		"movq %%xmm15, %%rbx\n xor %%rax, %%rbx\n or %%rbx, %%rcx\n"
		"pop %%rbp\n"
		: "=c" (bad), [seed] "+a" (seed)
		: "0" (spins)
		: "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "cc", "memory");
	return bad;
}

void guest_main(void)
{
	u64 rounds = option("rounds", 64), i, bad = 0;
	u16 cs;

	asm("mov %%cs, %0" : "=r" (cs));
	ok((cs & 3) == 3, "runs at CPL 3 (cs 0x%x) at 0x%lx", cs, (u64)guest_image);
	for (i = 0; i < rounds; i++)
		bad |= round(i * 0x9e3779b97f4a7c15, 1 << 20);
	ok(!bad, "all registers the same after %lu rounds", rounds);
}
