// SPDX-License-Identifier: GPL-2.0
/*
 * The FPU and vector registers over switches between processes that all use them, and
 * over system calls. The loads, the switch and the stores are one piece of assembly, so
 * that no compiler puts anything else into the registers.
 */
#include <immintrin.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

#define PROCESSES	4
#define SWITCHES	300
#define REGISTERS	16

static void fill(uint8_t *p, size_t size, uint64_t seed)
{
	size_t i;

	for (i = 0; i < size; i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		p[i] = (uint8_t)(seed >> 56);
	}
}

#define EACH_REGISTER(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

/* ------------------------------------------------------------------- SSE */

static void sse_yield(const uint8_t *in, uint8_t *out)
{
	long number = SYS_sched_yield;

#define X(n) "movdqu " #n "*16(%[in]), %%xmm" #n "\n\t"
#define Y(n) "movdqu %%xmm" #n ", " #n "*16(%[out])\n\t"
	asm volatile(EACH_REGISTER(X) "syscall\n\t" EACH_REGISTER(Y)
		     : "+a" (number) : [in] "r" (in), [out] "r" (out)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
		       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
		       "xmm14", "xmm15");
#undef X
#undef Y
}

static void sse_work(int n)
{
	uint8_t in[16 * REGISTERS], out[sizeof(in)];
	int i;

	for (i = 0; i < SWITCHES; i++) {
		fill(in, sizeof(in), (uint64_t)n << 32 | i);
		memset(out, 0, sizeof(out));
		sse_yield(in, out);
		check(!memcmp(in, out, sizeof(in)));
	}
}

static void sse(void)
{
	run_children(PROCESSES, sse_work);
}

/* ------------------------------------------------------------------- AVX */

static __attribute__((target("avx"))) void avx_yield(const uint8_t *in, uint8_t *out)
{
	long number = SYS_sched_yield;

#define X(n) "vmovdqu " #n "*32(%[in]), %%ymm" #n "\n\t"
#define Y(n) "vmovdqu %%ymm" #n ", " #n "*32(%[out])\n\t"
	asm volatile(EACH_REGISTER(X) "syscall\n\t" EACH_REGISTER(Y) "vzeroupper"
		     : "+a" (number) : [in] "r" (in), [out] "r" (out)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
		       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
		       "xmm14", "xmm15");
#undef X
#undef Y
}

static void avx_work(int n)
{
	uint8_t in[32 * REGISTERS], out[sizeof(in)];
	int i;

	for (i = 0; i < SWITCHES; i++) {
		fill(in, sizeof(in), (uint64_t)n << 32 | i);
		memset(out, 0, sizeof(out));
		avx_yield(in, out);
		check(!memcmp(in, out, sizeof(in)));
	}
}

static void avx(void)
{
	if (!__builtin_cpu_supports("avx"))
		skip("no AVX");
	run_children(PROCESSES, avx_work);
}

/* ---------------------------------------------------------------- AVX-512 */

static __attribute__((target("avx512f"))) void avx512_yield(const uint8_t *in, uint8_t *out)
{
	long number = SYS_sched_yield;

#define X(n) "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n\t"
#define Y(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n\t"
	/* Four of the upper half, and a mask register, too. */
	asm volatile(EACH_REGISTER(X)
		     "vmovdqu64 1024(%[in]), %%zmm16\n\tvmovdqu64 1088(%[in]), %%zmm23\n\t"
		     "vmovdqu64 1152(%[in]), %%zmm30\n\tvmovdqu64 1216(%[in]), %%zmm31\n\t"
		     "kmovw 1280(%[in]), %%k1\n\tkmovw 1282(%[in]), %%k7\n\t"
		     "syscall\n\t"
		     EACH_REGISTER(Y)
		     "vmovdqu64 %%zmm16, 1024(%[out])\n\tvmovdqu64 %%zmm23, 1088(%[out])\n\t"
		     "vmovdqu64 %%zmm30, 1152(%[out])\n\tvmovdqu64 %%zmm31, 1216(%[out])\n\t"
		     "kmovw %%k1, 1280(%[out])\n\tkmovw %%k7, 1282(%[out])\n\t"
		     "vzeroupper"
		     : "+a" (number) : [in] "r" (in), [out] "r" (out)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
		       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
		       "xmm14", "xmm15", "xmm16", "xmm23", "xmm30", "xmm31", "k1", "k7");
#undef X
#undef Y
}

static void avx512_work(int n)
{
	uint8_t in[1284], out[sizeof(in)];
	int i;

	for (i = 0; i < SWITCHES; i++) {
		fill(in, sizeof(in), (uint64_t)n << 32 | i);
		memset(out, 0, sizeof(out));
		avx512_yield(in, out);
		check(!memcmp(in, out, sizeof(in)));
	}
}

static void avx512(void)
{
	if (!__builtin_cpu_supports("avx512f"))
		skip("no AVX-512");
	run_children(PROCESSES, avx512_work);
}

/* ------------------------------------------------------- x87 and controls */

static void x87_work(int n)
{
	double in[8], out[8];
	uint16_t control = (uint16_t)(0x37f & ~0xc00) | (uint16_t)(n << 10), control_out;
	uint32_t mxcsr = 0x1f80u | (uint32_t)n << 13, mxcsr_out;
	long number;
	int i, k;

	for (i = 0; i < SWITCHES; i++) {
		for (k = 0; k < 8; k++)
			in[k] = n * 1000 + i + k / 8.0;
		number = SYS_sched_yield;
		asm volatile("fninit\n\tfldcw %[cw]\n\tldmxcsr %[mx]\n\t"
			     "fldl (%[in])\n\tfldl 8(%[in])\n\tfldl 16(%[in])\n\tfldl 24(%[in])\n\t"
			     "fldl 32(%[in])\n\tfldl 40(%[in])\n\tfldl 48(%[in])\n\tfldl 56(%[in])\n\t"
			     "syscall\n\t"
			     "fnstcw %[cwo]\n\tstmxcsr %[mxo]\n\t"
			     "fstpl 56(%[out])\n\tfstpl 48(%[out])\n\tfstpl 40(%[out])\n\t"
			     "fstpl 32(%[out])\n\tfstpl 24(%[out])\n\tfstpl 16(%[out])\n\t"
			     "fstpl 8(%[out])\n\tfstpl (%[out])"
			     : "+a" (number), [cwo] "=m" (control_out), [mxo] "=m" (mxcsr_out)
			     : [in] "r" (in), [out] "r" (out), [cw] "m" (control), [mx] "m" (mxcsr)
			     : "rcx", "r11", "memory");
		check(!memcmp(in, out, sizeof(in)));
		check_equal(control_out, control);
		check_equal(mxcsr_out, mxcsr);
	}
}

static void x87(void)
{
	run_children(PROCESSES, x87_work);
}

/* Preempted instead of yielding: the switch is in an interrupt. */
static void spin_work(int n)
{
	uint64_t turns = 30000000 + (uint64_t)n, sum;
	double value = n + 0.5, result;

	asm volatile("movq %[value], %%xmm9\n\tfldl %[value]\n\tmov %[turns], %[sum]\n"
		     "1:\n\tdec %[sum]\n\tjnz 1b\n\t"
		     "fstpl %[result]\n\tmovq %%xmm9, %[sum]"
		     : [sum] "=&r" (sum), [result] "=m" (result)
		     : [value] "m" (value), [turns] "r" (turns) : "xmm9", "cc");
	check(result == value);
	check(!memcmp(&sum, &value, sizeof(sum)));
}

static void preempted(void)
{
	run_children(PROCESSES, spin_work);
}

const struct test registers_tests[] = {
	{ "SSE registers kept over switches", sse },
	{ "AVX registers kept over switches", avx },
	{ "AVX-512 registers kept over switches", avx512 },
	{ "x87 stack, control words and MXCSR kept over switches", x87 },
	{ "FPU kept over preemption", preempted },
	{ },
};
