// SPDX-License-Identifier: GPL-2.0
/*
 * Signals and sigreturn: whatever the handler does, the interrupted code finds its
 * registers as they were.
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "test.h"

static volatile sig_atomic_t handled;

static void set_handler(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	check(!sigaction(sig, &sa, NULL));
}

/* Leaves nothing of the FPU as it was; the compiler's own registers are restored. */
static void on_signal_clobber(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	asm volatile("fninit\n\t"
		     "pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm1, %%xmm1\n\t"
		     "pcmpeqd %%xmm7, %%xmm7\n\tpcmpeqd %%xmm8, %%xmm8\n\t"
		     "pcmpeqd %%xmm15, %%xmm15" ::: "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
	handled++;
}

struct pattern {
	uint64_t general[6];	/* rbx, r12 to r15, rdx */
	uint64_t xmm[10];	/* xmm0, 1, 7, 8, 15 */
	double x87;
};

static struct pattern pattern_make(uint64_t seed)
{
	struct pattern p = { .x87 = (double)seed + 0.25 };
	size_t i;

	for (i = 0; i < 6; i++)
		p.general[i] = seed * 0x9e3779b97f4a7c15 + i;
	for (i = 0; i < 10; i++)
		p.xmm[i] = seed * 0xc2b2ae3d27d4eb4f + i;
	return p;
}

#define LOAD_PATTERN \
	"mov 0(%[in]), %%rbx\n\tmov 8(%[in]), %%r12\n\tmov 16(%[in]), %%r13\n\t" \
	"mov 24(%[in]), %%r14\n\tmov 32(%[in]), %%r15\n\tmov 40(%[in]), %%rdx\n\t" \
	"movdqu 48(%[in]), %%xmm0\n\tmovdqu 64(%[in]), %%xmm1\n\tmovdqu 80(%[in]), %%xmm7\n\t" \
	"movdqu 96(%[in]), %%xmm8\n\tmovdqu 112(%[in]), %%xmm15\n\tfldl 128(%[in])\n\t"

#define STORE_PATTERN \
	"mov %%rbx, 0(%[out])\n\tmov %%r12, 8(%[out])\n\tmov %%r13, 16(%[out])\n\t" \
	"mov %%r14, 24(%[out])\n\tmov %%r15, 32(%[out])\n\tmov %%rdx, 40(%[out])\n\t" \
	"movdqu %%xmm0, 48(%[out])\n\tmovdqu %%xmm1, 64(%[out])\n\tmovdqu %%xmm7, 80(%[out])\n\t" \
	"movdqu %%xmm8, 96(%[out])\n\tmovdqu %%xmm15, 112(%[out])\n\tfstpl 128(%[out])\n\t"

#define CLOBBERS \
	"rbx", "r12", "r13", "r14", "r15", "rdx", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15", \
	"memory", "cc"

static void sigreturn_after_syscall(void)
{
	struct pattern in, out;
	long number, pid = getpid();
	uint64_t i;

	set_handler(SIGUSR1, on_signal_clobber, 0);
	for (i = 1; i <= 100; i++) {
		in = pattern_make(i);
		memset(&out, 0, sizeof(out));
		number = SYS_kill;
		asm volatile(LOAD_PATTERN "syscall\n\t" STORE_PATTERN
			     : "+a" (number)
			     : [in] "r" (&in), [out] "r" (&out), "D" (pid), "S" (SIGUSR1)
			     : "rcx", "r11", CLOBBERS);
		check_equal(number, 0);
		check(!memcmp(&in, &out, sizeof(in)));
	}
	check_equal(handled, 100);
}

static void sigreturn_after_interrupt(void)
{
	struct itimerval timer = { { 0, 2000 }, { 0, 2000 } };
	struct pattern in, out;
	sig_atomic_t last;
	uint64_t i;

	set_handler(SIGALRM, on_signal_clobber, 0);
	check(!setitimer(ITIMER_REAL, &timer, NULL));
	for (i = 1; i <= 50; i++) {
		in = pattern_make(i);
		last = handled;
		/* Spins until the handler has run, most probably right in the loop. */
		asm volatile(LOAD_PATTERN
			     "1:\n\tcmp %[last], %[now]\n\tje 1b\n\t"
			     STORE_PATTERN
			     : [now] "+m" (handled)
			     : [in] "r" (&in), [out] "r" (&out), [last] "r" (last) : CLOBBERS);
		check(!memcmp(&in, &out, sizeof(in)));
	}
}

/* ------------------------------------------------ what the handler sees, changes */

static void on_signal_set_rax(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	handled = info->si_value.sival_int;
	uc->uc_mcontext.gregs[REG_RBX] = 0x1234567890abcdef;
}

static void handler_changes_registers(void)
{
	union sigval value = { .sival_int = 4711 };
	unsigned long rbx;
	sigset_t set;

	set_handler(SIGRTMIN, on_signal_set_rax, 0);
	/* Queued while blocked, so that it comes on return from the call that unblocks. */
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	check(!sigprocmask(SIG_BLOCK, &set, NULL));
	check(!sigqueue(getpid(), SIGRTMIN, value));
	check_equal(handled, 0);
	asm volatile("xor %%ebx, %%ebx\n\tmov $8, %%r10d\n\tsyscall\n\tmov %%rbx, %0"
		     : "=&r" (rbx)
		     : "a" (SYS_rt_sigprocmask), "D" (SIG_UNBLOCK), "S" (&set), "d" (0)
		     : "rbx", "rcx", "r11", "r10", "memory");
	check_equal(handled, 4711);
	check_equal(rbx, 0x1234567890abcdef);
}

static char alternate[65536];
static void *handler_stack;

static void on_overflow(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	handler_stack = __builtin_frame_address(0);
	_exit(handler_stack >= (void *)alternate &&
	      handler_stack < (void *)(alternate + sizeof(alternate)) ? 0 : 1);
}

static __attribute__((noinline)) int overflow(int depth)
{
	volatile char space[4096];

	space[0] = (char)depth;
	if (depth < 0)
		return 0;
	return overflow(depth + 1) + space[0];
}

static void stack_overflow(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	check(!sigaltstack(&stack, NULL));
	set_handler(SIGSEGV, on_overflow, SA_ONSTACK);
	overflow(0);
	fail("the stack is endless");
}

static void on_signal_count(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	handled++;
}

static void nested(void)
{
	pid_t parent = getpid(), pid;
	int i;

	set_handler(SIGUSR1, on_signal_count, SA_NODEFER | SA_RESTART);
	set_handler(SIGUSR2, on_signal_clobber, SA_RESTART);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 200; i++)
			kill(parent, i & 1 ? SIGUSR1 : SIGUSR2);
		_exit(0);
	}
	wait_good(pid);
	check(handled > 0);
}

const struct test signals_tests[] = {
	{ "sigreturn after a system call restores all registers", sigreturn_after_syscall },
	{ "sigreturn after an interrupt restores all registers", sigreturn_after_interrupt },
	{ "a handler's changes to registers take effect", handler_changes_registers },
	{ "a stack overflow is handled on the alternate stack", stack_overflow },
	{ "signals from another process", nested },
	{ },
};
