// SPDX-License-Identifier: GPL-2.0
/* Exceptions and signals of 32-bit code: as in faults.c, and what only it has. */
#include "compat32.h"

static struct {
	int count, signal;
	uint32_t address, trap, eip;
} got;

/* Not static: the assembly below names them. */
void *fault_resume;
const int32_t fault_bounds[2] = { 0, 1 };

static void on_fault(int signal, siginfo_t *info, struct ucontext *context)
{
	got.count++;
	got.signal = signal;
	got.address = (uint32_t)info->si_addr;
	got.trap = context->uc_mcontext.trapno;
	got.eip = context->uc_mcontext.eip;
	context->uc_mcontext.eip = (uint32_t)fault_resume;
}

static void catch_all(void)
{
	set_handler(SIGSEGV, on_fault);
	set_handler(SIGBUS, on_fault);
	set_handler(SIGFPE, on_fault);
	set_handler(SIGILL, on_fault);
	set_handler(SIGTRAP, on_fault);
	memset(&got, 0, sizeof(got));
}

#define PROVOKE(text) do { \
	catch_all(); \
	asm volatile("movl $77f, fault_resume\n\t" text "\n77:" \
		     ::: "eax", "ecx", "edx", "memory", "cc"); \
} while (0)

static void expect(int line, int signal, uint32_t trap)
{
	if (got.count != 1 || got.signal != signal || got.trap != trap)
		fail_at(line, __FILE__ ": another signal or trap (signal << 8 | trap)",
			(unsigned long)got.signal << 8 | got.trap);
}

#define EXPECT(text, signal, trap) do { \
	PROVOKE(text); \
	expect(__LINE__, signal, trap); \
} while (0)

static void page_faults(void)
{
	EXPECT("movl 16, %%eax", SIGSEGV, 14);
	check_equal(got.address, 16);
	EXPECT("movl %%eax, 0xfffff000", SIGSEGV, 14);
	check_equal(got.address, 0xfffff000);
	EXPECT("movl $0x30, %%eax\n\tjmp *%%eax", SIGSEGV, 14);
	check_equal(got.eip, 0x30);
}

static void traps(void)
{
	EXPECT("ud2", SIGILL, 6);
	EXPECT("xorl %%edx, %%edx\n\tmovl $1, %%eax\n\txorl %%ecx, %%ecx\n\tdivl %%ecx", SIGFPE, 0);
	EXPECT("int3", SIGTRAP, 3);
	check_equal(*(uint8_t *)(got.eip - 1), 0xcc);
	/* One that only 32-bit code has. */
	EXPECT("movb $0x7f, %%al\n\taddb $1, %%al\n\tinto", SIGSEGV, 4);
	check_equal(*(uint8_t *)(got.eip - 1), 0xce);
	EXPECT("int $4", SIGSEGV, 4);
	EXPECT("movl $2, %%eax\n\tbound %%eax, fault_bounds", SIGSEGV, 5);
}

static void privileged(void)
{
	EXPECT("hlt", SIGSEGV, 13);
	EXPECT("cli", SIGSEGV, 13);
	EXPECT("sti", SIGSEGV, 13);
	EXPECT("inb $0x80, %%al", SIGSEGV, 13);
	EXPECT("movl %%cr3, %%eax", SIGSEGV, 13);
	EXPECT("movl $0x10, %%ecx\n\trdmsr", SIGSEGV, 13);
	EXPECT("int $0x82", SIGSEGV, 13);
	EXPECT("movl $0xfff8, %%eax\n\tmovl %%eax, %%fs", SIGSEGV, 13);
	EXPECT("movl $7, %%eax\n\tmovl %%eax, %%es", SIGSEGV, 13);
}

/* ----------------------------------------------------------------- sigreturn */

static volatile int handled;

static void on_signal(int signal, siginfo_t *info, struct ucontext *context)
{
	(void)signal;
	(void)info;
	(void)context;
	asm volatile("pxor %xmm0, %xmm0\n\tpxor %xmm7, %xmm7\n\tfninit");
	handled++;
}

static void sigreturn(void)
{
	static uint32_t in[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, out[8];
	static struct { uint64_t in, out; } x87 = { .in = 0x40b2674000000000 };	/* 4711.25 */
	long number, pid = sys(__NR_getpid);
	uint32_t esi, edi;
	int i;

	set_handler(SIGUSR1, on_signal);
	for (i = 0; i < 100; i++) {
		in[0]++;
		number = __NR_kill;
		esi = 0x12345678 + (uint32_t)i;
		edi = ~esi;
		asm volatile("movdqu %[in], %%xmm0\n\tmovdqu 16+%[in], %%xmm7\n\tfldl %[x]\n\t"
			     "int $0x80\n\t"
			     "movdqu %%xmm0, %[out]\n\tmovdqu %%xmm7, 16+%[out]\n\tfstpl %[y]"
			     : "+a" (number), "+S" (esi), "+D" (edi), [out] "=m" (out),
			       [y] "=m" (x87.out)
			     : "b" (pid), "c" (SIGUSR1), [in] "m" (in), [x] "m" (x87.in)
			     : "memory");
		check_equal(number, 0);
		check_equal(esi, 0x12345678 + i);
		check_equal(edi, ~esi);
		check_equal(out[0], in[0]);
		check_equal(out[3], 4);
		check_equal(out[7], 8);
		check(x87.in == x87.out);
	}
	check_equal(handled, 100);
}

/* --------------------------------------------------------------- into 64-bit code */

static void long_mode(void)
{
	uint32_t low, high, cs;

	/* A register of 64 bits shows where we are. */
	asm volatile("ljmp $0x33, $1f\n\t"
		     "1:\n\t"
		     ".byte 0x48, 0xb8\n\t.quad 0x1122334455667788\n\t"	/* mov $.., %rax */
		     ".byte 0x89, 0xc1\n\t"				/* mov %eax, %ecx */
		     ".byte 0x48, 0xc1, 0xe8, 32\n\t"			/* shr $32, %rax */
		     ".byte 0xff, 0x2d\n\t.long 0\n\t"			/* ljmp *0(%rip) */
		     ".long 2f\n\t.word 0x23\n"
		     "2:\n\tmov %%cs, %[cs]"
		     : "=a" (high), "=c" (low), [cs] "=r" (cs) : : "cc");
	check_equal(low, 0x55667788);
	check_equal(high, 0x11223344);
	check_equal(cs & 0xffff, 0x23);
	check(sys(__NR_getpid) > 0);
}

const struct test faults_tests[] = {
	{ "page faults", page_faults },
	{ "traps", traps },
	{ "privileged instructions and bad selectors", privileged },
	{ "sigreturn restores registers", sigreturn },
	{ "a far jump to 64-bit code and back", long_mode },
	{ },
};
