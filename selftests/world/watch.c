// SPDX-License-Identifier: GPL-2.0
/*
 * A process that watches its own registers while something else shares its CPU: vector
 * registers, FS and GS base, MXCSR, x87 control word, and that nobody changed them. Ends
 * with SIGTERM; prints how often it looked; exit status 1 on a difference.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t get_base(int code)
{
	uint64_t val = 0;

	syscall(SYS_arch_prctl, code, &val);
	return val;
}

/* Spin with patterns in all sixteen registers; how many differ afterwards. */
static unsigned int vectors(uint64_t seed)
{
	uint64_t back[16];
	unsigned int i, bad = 0;

#define FILL(n)	"lea " #n "(%1), %%rax\n movq %%rax, %%xmm" #n "\n"
#define SAVE(n)	"movq %%xmm" #n ", 8*" #n "(%0)\n"
#define ALL(X)	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) \
		X(14) X(15)
	asm volatile(ALL(FILL)
		     "mov $0x100000, %%ecx\n 1: dec %%ecx\n jnz 1b\n"
		     ALL(SAVE) : : "r" (back), "r" (seed)
		     : "rax", "rcx", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
		       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
		       "xmm14", "xmm15");
	for (i = 0; i < 16; i++)
		bad += back[i] != seed + i;
	return bad;
}

int main(void)
{
	cpu_set_t first;
	uint64_t fs = get_base(ARCH_GET_FS), rounds = 0;
	uint32_t mxcsr = 0x9fc0, now;	/* flush to zero, denormals are zero: not the default */
	uint16_t control = 0x27f, control_now;
	unsigned int bad = 0;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	signal(SIGTERM, on_term);
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0x123456789000);
	asm volatile("ldmxcsr %0; fldcw %1" : : "m" (mxcsr), "m" (control));
	while (!stop && !bad) {
		bad += vectors(rounds++ * 0x9e3779b97f4a7c15);
		bad += get_base(ARCH_GET_FS) != fs;
		bad += get_base(ARCH_GET_GS) != 0x123456789000;
		asm volatile("stmxcsr %0; fnstcw %1" : "=m" (now), "=m" (control_now));
		bad += (now & ~0x3fu) != mxcsr || control_now != control;
	}
	printf("%llu looks, %u differences\n", (unsigned long long)rounds, bad);
	return bad || rounds < 2;
}
