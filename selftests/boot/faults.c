// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions of user mode: each must reach the kernel with the vector, error code and
 * address of bare hardware, and come back as the signal that Linux makes of it. The
 * handler resumes behind the instruction, by sigreturn.
 *
 * And contexts that user mode cannot have: sigreturn to one must end in a signal, too.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "test.h"

enum trap { DE = 0, DB = 1, BP = 3, OF = 4, UD = 6, GP = 13, PF = 14, MF = 16, AC = 17, XM = 19 };

#define PF_P	(1 << 0)
#define PF_W	(1 << 1)
#define PF_U	(1 << 2)
#define PF_I	(1 << 4)

#define EFLAGS_TF	(1 << 8)
#define EFLAGS_IF	(1 << 9)
#define EFLAGS_IOPL	(3 << 12)
#define EFLAGS_AC	(1 << 18)

static struct {
	int count;
	int signo, code;
	uint64_t address, trap, error, cr2, rip;
} got;

void *fault_resume;	/* not static: the assembly below names it */

static void on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	/* A handler starts with the flags of what it interrupts, for the most part. */
	asm volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" :: "i" (~EFLAGS_AC) : "memory", "cc");
	got.count++;
	got.signo = sig;
	got.code = info->si_code;
	got.address = (uint64_t)info->si_addr;
	got.trap = (uint64_t)r[REG_TRAPNO];
	got.error = (uint64_t)r[REG_ERR];
	got.cr2 = (uint64_t)r[REG_CR2];
	got.rip = (uint64_t)r[REG_RIP];
	r[REG_EFL] &= ~(EFLAGS_TF | EFLAGS_AC);
	r[REG_RIP] = (greg_t)fault_resume;
}

static void catch_all(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		check(!sigaction(signals[i], &sa, NULL));
	memset(&got, 0, sizeof(got));
}

/* Executes assembly after which a signal is expected; goes on behind it either way. */
#define PROVOKE(text, ...) \
	asm volatile("lea 77f(%%rip), %%rax\n\tmov %%rax, fault_resume(%%rip)\n\t" \
		     text "\n77:\n\tcld" \
		     : : __VA_ARGS__ : "rax", "rbx", "rcx", "rdx", "r11", "xmm0", "memory", "cc")

static void expect(int signo, int code, enum trap trap)
{
	if (!got.count)
		fail("no signal");
	check_equal(got.count, 1);
	check_equal(got.signo, signo);
	check_equal(got.trap, trap);
	check_equal(got.code, code);
}

static void expect_page_fault(int code, const void *address, uint64_t error)
{
	expect(SIGSEGV, code, PF);
	check_equal(got.address, (uint64_t)address);
	check_equal(got.cr2, (uint64_t)address);
	check_equal(got.error, error);
}

static void *map(int protection)
{
	void *p = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED);
	return p;
}

/* ------------------------------------------------------------- page faults */

static void read_null(void)
{
	catch_all();
	PROVOKE("mov (%0), %%rcx", "r" (16L));
	expect_page_fault(SEGV_MAPERR, (void *)16, PF_U);
}

static void write_readonly(void)
{
	char *p = map(PROT_READ);

	check_equal(*p, 0);
	catch_all();
	PROVOKE("movb $1, 5(%0)", "r" (p));
	/* The zero page: present, and not writable. */
	expect_page_fault(SEGV_ACCERR, p + 5, PF_P | PF_W | PF_U);
	check_equal(p[5], 0);
}

static void execute_data(void)
{
	char *p = map(PROT_READ | PROT_WRITE);

	*p = (char)0xc3;
	catch_all();
	PROVOKE("jmp *%0", "r" (p));
	expect_page_fault(SEGV_ACCERR, p, PF_P | PF_U | PF_I);
	check_equal(got.rip, (uint64_t)p);
}

static void touch_kernel(void)
{
	/* The kernel's text, its direct map, and the hypervisor's addresses. */
	static const uint64_t addresses[] = {
		0xffffffff81000000, 0xffff888000000000, 0xffff808000000000, 0xffff870000000000,
	};
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		catch_all();
		PROVOKE("movb $0, (%0)", "r" (addresses[i]));
		expect(SIGSEGV, SEGV_MAPERR, PF);
		check_equal(got.address, addresses[i]);
		/* Linux says "protection" of all kernel addresses, so as to tell nothing. */
		check_equal(got.error, PF_P | PF_W | PF_U);
		catch_all();
		PROVOKE("jmp *%0", "r" (addresses[i]));
		check_equal(got.signo, SIGSEGV);
		check_equal(got.rip, addresses[i]);
	}
}

static void read_kernel(void)
{
	catch_all();
	PROVOKE("mov (%0), %%rcx", "r" (0xffffffff81000000));
	expect(SIGSEGV, SEGV_MAPERR, PF);
	catch_all();
	PROVOKE("mov (%0), %%rcx", "r" (0xffff888000000000));
	expect(SIGSEGV, SEGV_MAPERR, PF);
}

static void protection(void)
{
	char *p = map(PROT_READ | PROT_WRITE);
	int i;

	for (i = 0; i < 50; i++) {
		*p = (char)i;
		check(!mprotect(p, 4096, PROT_NONE));
		catch_all();
		PROVOKE("mov (%0), %%rcx", "r" (p));
		expect(SIGSEGV, SEGV_ACCERR, PF);
		check(!mprotect(p, 4096, PROT_READ));
		check_equal(*p, i);
		catch_all();
		PROVOKE("movb $1, (%0)", "r" (p));
		expect_page_fault(SEGV_ACCERR, p, PF_P | PF_W | PF_U);
		check(!mprotect(p, 4096, PROT_READ | PROT_WRITE));
	}
	check(!munmap(p, 4096));
	catch_all();
	PROVOKE("mov (%0), %%rcx", "r" (p));
	expect_page_fault(SEGV_MAPERR, p, PF_U);
}

/* ------------------------------------------------------ general protection */

static void noncanonical(void)
{
	catch_all();
	PROVOKE("mov (%0), %%rcx", "S" (0x8000000000000000));
	expect(SIGSEGV, SI_KERNEL, GP);
	check_equal(got.error, 0);
	catch_all();
	PROVOKE("jmp *%0", "S" (0x8000000000000000));
	expect(SIGSEGV, SI_KERNEL, GP);
}

#define PRIVILEGED(text) do { \
	catch_all(); \
	PROVOKE(text, "i" (0)); \
	if (got.signo != SIGSEGV || got.trap != GP) \
		fail("%s: signal %d, trap %d", text, got.signo, (int)got.trap); \
} while (0)

static void privileged(void)
{
	PRIVILEGED("hlt");
	PRIVILEGED("cli");
	PRIVILEGED("sti");
	PRIVILEGED("clts");
	PRIVILEGED("wbinvd");
	PRIVILEGED("invlpg (%%rsp)");
	PRIVILEGED("swapgs");
	PRIVILEGED("sysretq");
	PRIVILEGED("mov %%cr0, %%rdx");
	PRIVILEGED("mov %%cr3, %%rdx");
	PRIVILEGED("mov %%rdx, %%cr3");
	PRIVILEGED("mov %%cr4, %%rdx");
	PRIVILEGED("mov %%db7, %%rdx");
	PRIVILEGED("mov %%rdx, %%db7");
	PRIVILEGED("mov $0x10, %%ecx\n\trdmsr");
	PRIVILEGED("mov $0x10, %%ecx\n\twrmsr");
	PRIVILEGED("xor %%ecx, %%ecx\n\txsetbv");
	PRIVILEGED("lidt (%%rsp)");
	PRIVILEGED("lgdt (%%rsp)");
	PRIVILEGED("lmsw %%dx");
	PRIVILEGED("ltr %%dx");
	PRIVILEGED("lldt %%dx");
	PRIVILEGED("inb $0x80, %%al");
	PRIVILEGED("mov $0x3f8, %%edx\n\toutb %%al, %%dx");
	PRIVILEGED("int $0x20");
	PRIVILEGED("int $0x81");
	PRIVILEGED("int $0x82");
	PRIVILEGED("int $14");
}

/* Selectors of the hypervisor's or the kernel's that must not be had. */
static void bad_selectors(void)
{
	catch_all();
	PROVOKE("mov %0, %%fs", "r" (0xfff8));
	expect(SIGSEGV, SI_KERNEL, GP);
	check_equal(got.error, 0xfff8);
	catch_all();
	PROVOKE("mov %0, %%ss", "r" (0));
	expect(SIGSEGV, SI_KERNEL, GP);
	/* No local descriptor table yet. */
	catch_all();
	PROVOKE("mov %0, %%es", "r" (7));
	expect(SIGSEGV, SI_KERNEL, GP);
	check_equal(got.error, 4);
}

static void flags(void)
{
	uint64_t before, after;

	/* popf keeps what user mode may not change, and says nothing. */
	asm volatile("pushfq\n\tmov (%%rsp), %0\n\txorq %2, (%%rsp)\n\tpopfq\n\tpushfq\n\tpop %1"
		     : "=&r" (before), "=&r" (after)
		     : "i" (EFLAGS_IF | EFLAGS_IOPL) : "memory", "cc");
	check_equal(before & EFLAGS_IF, EFLAGS_IF);
	check_equal(before & EFLAGS_IOPL, 0);
	check_equal(after, before);
}

/* ------------------------------------------------------------ other traps */

static void undefined(void)
{
	catch_all();
	PROVOKE("ud2", "i" (0));
	expect(SIGILL, ILL_ILLOPN, UD);
	check_equal(got.address, got.rip);
	/* What the guest's kernel writes where it wants CPUID emulated. */
	catch_all();
	PROVOKE("ud2\n\t.ascii \"xen\"\n\tcpuid", "i" (0));
	check(!got.count || got.signo == SIGILL);
}

static void divide(void)
{
	catch_all();
	PROVOKE("xor %%edx, %%edx\n\tmov $1, %%eax\n\tdivl %0", "r" (0));
	expect(SIGFPE, FPE_INTDIV, DE);
}

static void divide_sse(void)
{
	uint32_t control = 0x1f80 & ~(1 << 9);	/* zero divide is not masked */
	double zero = 0, one = 1;

	catch_all();
	PROVOKE("ldmxcsr %0\n\tmovsd %1, %%xmm0\n\tdivsd %2, %%xmm0",
		"m" (control), "m" (one), "m" (zero));
	expect(SIGFPE, FPE_FLTDIV, XM);
}

static void divide_x87(void)
{
	uint16_t control = 0x37f & ~(1 << 2);

	catch_all();
	PROVOKE("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait", "m" (control));
	expect(SIGFPE, FPE_FLTDIV, MF);
}

static void breakpoint(void)
{
	catch_all();
	PROVOKE("int3", "i" (0));
	expect(SIGTRAP, SI_KERNEL, BP);
	check_equal(*(uint8_t *)(got.rip - 1), 0xcc);
	catch_all();
	PROVOKE(".byte 0xcd, 3", "i" (0));
	expect(SIGTRAP, SI_KERNEL, BP);
	check_equal(*(uint8_t *)(got.rip - 2), 0xcd);
}

static void overflow_vector(void)
{
	catch_all();
	PROVOKE("int $4", "i" (0));
	expect(SIGSEGV, SI_KERNEL, OF);
}

static void icebp(void)
{
	catch_all();
	PROVOKE(".byte 0xf1", "i" (0));
	check_equal(got.signo, SIGTRAP);
	check_equal(got.trap, DB);
	check_equal(*(uint8_t *)(got.rip - 1), 0xf1);
}

static void single_step(void)
{
	catch_all();
	PROVOKE("pushfq\n\torq %0, (%%rsp)\n\tpopfq\n\tnop\n\thlt", "i" (EFLAGS_TF));
	expect(SIGTRAP, TRAP_TRACE, DB);
	check_equal(*(uint8_t *)(got.rip - 1), 0x90);
}

/* The flag must not be on while the kernel runs, but be there again afterwards. */
static void single_step_syscall(void)
{
	catch_all();
	PROVOKE("pushfq\n\torq %0, (%%rsp)\n\tmov %1, %%eax\n\tpopfq\n\tsyscall\n\tnop\n\thlt",
		"i" (EFLAGS_TF), "i" (SYS_getppid));
	expect(SIGTRAP, TRAP_TRACE, DB);
}

static void alignment(void)
{
	uint64_t words[2] = { 0 };

	catch_all();
	PROVOKE("pushfq\n\torq %0, (%%rsp)\n\tpopfq\n\t"
		/* The kernel must not trip over it: */
		"mov %1, %%eax\n\tsyscall\n\t"
		"mov 1(%2), %%rcx\n\t"
		"pushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq",
		"i" (EFLAGS_AC), "i" (SYS_getppid), "r" (words));
	if (!got.count)
		skip("this processor does not check alignment");
	expect(SIGBUS, BUS_ADRALN, AC);
}

static void int80(void)
{
	long result = 20;	/* getpid, of the 32-bit calls */

	asm volatile("int $0x80" : "+a" (result) : : "memory", "r8", "r9", "r10", "r11");
	check_equal(result, getpid());
}

/* ------------------------------------------------------------ bad contexts */

static void (*change)(greg_t *r);

static void on_change(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	change(((ucontext_t *)context)->uc_mcontext.gregs);
}

/* A process whose context is spoilt must die of SIGSEGV or SIGBUS, and nobody else. */
static void die_by(const char *what, void (*f)(greg_t *r))
{
	struct sigaction sa = { .sa_sigaction = on_change, .sa_flags = SA_SIGINFO };
	int pipe_fd[2];
	siginfo_t info;
	pid_t pid;

	check(!pipe(pipe_fd));
	pid = fork();
	if (!pid) {
		change = f;
		sigaction(SIGUSR1, &sa, NULL);
		kill(getpid(), SIGUSR1);
		_exit(0);
	}
	check(!waitid(P_PID, pid, &info, WEXITED));
	if (info.si_code == CLD_EXITED ||
	    (info.si_status != SIGSEGV && info.si_status != SIGBUS))
		fail("%s: code %d, status %d", what, info.si_code, info.si_status);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void rip_noncanonical(greg_t *r) { r[REG_RIP] = (greg_t)0x8000000000000000; }
static void rip_edge(greg_t *r) { r[REG_RIP] = 0x800000000000; }
static void rip_kernel(greg_t *r) { r[REG_RIP] = (greg_t)0xffffffff81000000; }
static void rip_hypervisor(greg_t *r) { r[REG_RIP] = (greg_t)0xffff808000000000; }
static void rsp_noncanonical(greg_t *r) { r[REG_RSP] = (greg_t)0x8000000000000000; }

static void set_cs(greg_t *r, uint16_t cs)
{
	r[REG_CSGSFS] = (r[REG_CSGSFS] & ~0xffffL) | cs;
}

static void cs_null(greg_t *r) { set_cs(r, 0); }
static void cs_data(greg_t *r) { set_cs(r, 0x2b); }
static void cs_beyond(greg_t *r) { set_cs(r, 0xfffb); }
static void cs_ldt(greg_t *r) { set_cs(r, 7); }
static void cs_hypervisor(greg_t *r) { set_cs(r, 0xe033); }

static void bad_contexts(void)
{
	die_by("rip not canonical", rip_noncanonical);
	die_by("rip just not canonical", rip_edge);
	die_by("rip in the kernel", rip_kernel);
	die_by("rip in the hypervisor", rip_hypervisor);
	die_by("rsp not canonical", rsp_noncanonical);
	die_by("cs null", cs_null);
	die_by("cs of data", cs_data);
	die_by("cs beyond the table", cs_beyond);
	die_by("cs without a local table", cs_ldt);
}

static void on_user(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	cs_hypervisor(((ucontext_t *)context)->uc_mcontext.gregs);
}

/* The ABI's own user code segment is as good as Linux's. */
static void abi_selector(void)
{
	struct sigaction sa = { .sa_sigaction = on_user, .sa_flags = SA_SIGINFO };
	uint16_t cs;

	if (access("/sys/hypervisor/type", F_OK))
		skip("this is no guest");
	check(!sigaction(SIGUSR1, &sa, NULL));
	check(!kill(getpid(), SIGUSR1));
	asm volatile("mov %%cs, %0" : "=r" (cs));
	check(cs == 0xe033 || cs == 0x33);
	check(getppid() > 0);
}

const struct test faults_tests[] = {
	{ "page fault: nothing mapped", read_null },
	{ "page fault: read-only", write_readonly },
	{ "page fault: no code", execute_data },
	{ "page fault: writes to and jumps into the kernel's addresses", touch_kernel },
	{ "page fault: reads of the kernel's memory", read_kernel },
	{ "page fault: mprotect and munmap take effect at once", protection },
	{ "general protection: address not canonical", noncanonical },
	{ "general protection: privileged instructions", privileged },
	{ "general protection: selectors", bad_selectors },
	{ "popf does not change IF and IOPL", flags },
	{ "undefined instruction", undefined },
	{ "division by zero, integers", divide },
	{ "division by zero, SSE", divide_sse, "sse-exception" },
	{ "division by zero, x87", divide_x87 },
	{ "int3", breakpoint },
	{ "int 4", overflow_vector },
	{ "icebp", icebp, "icebp" },
	{ "single step by the trap flag", single_step },
	{ "single step over a system call", single_step_syscall },
	{ "alignment check", alignment },
	{ "int 0x80 from 64-bit code", int80 },
	{ "sigreturn to contexts that cannot be", bad_contexts },
	{ "sigreturn to the ABI's user code segment", abi_selector },
	{ },
};
