// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID policy: features by name, on CPUs that have all of them or a random set. The
 * lists are kept apart from the monitor's, which has one mask for each register.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../module/monitor/cpuid.h"

enum { EAX, EBX, ECX, EDX };

#define ALL_FEATURES	(FEATURE_XSAVE | FEATURE_FSGSBASE)

struct feature {
	const char *name;
	u32 leaf, sub, reg, bit;
};

/* Need ring 0, or are not kept apart between guests. */
static const struct feature hidden[] = {
	{ "dtes64", 1, 0, ECX, 2 }, { "monitor", 1, 0, ECX, 3 }, { "ds_cpl", 1, 0, ECX, 4 },
	{ "vmx", 1, 0, ECX, 5 }, { "smx", 1, 0, ECX, 6 }, { "eist", 1, 0, ECX, 7 },
	{ "tm2", 1, 0, ECX, 8 }, { "pdcm", 1, 0, ECX, 15 }, { "pcid", 1, 0, ECX, 17 },
	{ "dca", 1, 0, ECX, 18 }, { "x2apic", 1, 0, ECX, 21 }, { "tsc_deadline", 1, 0, ECX, 24 },
	{ "vme", 1, 0, EDX, 1 }, { "de", 1, 0, EDX, 2 }, { "pse", 1, 0, EDX, 3 },
	{ "mce", 1, 0, EDX, 7 }, { "mtrr", 1, 0, EDX, 12 }, { "pge", 1, 0, EDX, 13 },
	{ "mca", 1, 0, EDX, 14 }, { "pse36", 1, 0, EDX, 17 }, { "psn", 1, 0, EDX, 18 },
	{ "ds", 1, 0, EDX, 21 }, { "acpi", 1, 0, EDX, 22 }, { "tm", 1, 0, EDX, 29 },
	{ "tsc_adjust", 7, 0, EBX, 1 }, { "sgx", 7, 0, EBX, 2 }, { "hle", 7, 0, EBX, 4 },
	{ "smep", 7, 0, EBX, 7 }, { "invpcid", 7, 0, EBX, 10 }, { "rtm", 7, 0, EBX, 11 },
	{ "cqm", 7, 0, EBX, 12 }, { "mpx", 7, 0, EBX, 14 }, { "rdt_a", 7, 0, EBX, 15 },
	{ "smap", 7, 0, EBX, 20 }, { "intel_pt", 7, 0, EBX, 25 },
	{ "umip", 7, 0, ECX, 2 }, { "pku", 7, 0, ECX, 3 }, { "ospke", 7, 0, ECX, 4 },
	{ "waitpkg", 7, 0, ECX, 5 }, { "shstk", 7, 0, ECX, 7 }, { "la57", 7, 0, ECX, 16 },
	{ "rdpid", 7, 0, ECX, 22 }, { "kl", 7, 0, ECX, 23 }, { "bus_lock_detect", 7, 0, ECX, 24 },
	{ "enqcmd", 7, 0, ECX, 29 }, { "pks", 7, 0, ECX, 31 },
	{ "uintr", 7, 0, EDX, 5 }, { "md_clear", 7, 0, EDX, 10 }, { "hybrid", 7, 0, EDX, 15 },
	{ "pconfig", 7, 0, EDX, 18 }, { "arch_lbr", 7, 0, EDX, 19 }, { "ibt", 7, 0, EDX, 20 },
	{ "amx_bf16", 7, 0, EDX, 22 }, { "amx_tile", 7, 0, EDX, 24 }, { "amx_int8", 7, 0, EDX, 25 },
	{ "ibrs", 7, 0, EDX, 26 }, { "stibp", 7, 0, EDX, 27 }, { "l1d_flush", 7, 0, EDX, 28 },
	{ "arch_capabilities", 7, 0, EDX, 29 }, { "core_capabilities", 7, 0, EDX, 30 },
	{ "ssbd", 7, 0, EDX, 31 },
	{ "fred", 7, 1, EAX, 17 }, { "lkgs", 7, 1, EAX, 18 }, { "amx_fp16", 7, 1, EAX, 21 },
	{ "lam", 7, 1, EAX, 26 },
	{ "xsaves", 0xd, 1, EAX, 3 }, { "xfd", 0xd, 1, EAX, 4 },
	{ "svm", 0x80000001, 0, ECX, 2 }, { "extapic", 0x80000001, 0, ECX, 3 },
	{ "ibs", 0x80000001, 0, ECX, 10 }, { "skinit", 0x80000001, 0, ECX, 12 },
	{ "lwp", 0x80000001, 0, ECX, 15 }, { "topoext", 0x80000001, 0, ECX, 22 },
	{ "perfctr_core", 0x80000001, 0, ECX, 23 }, { "monitorx", 0x80000001, 0, ECX, 29 },
	{ "pdpe1gb", 0x80000001, 0, EDX, 26 }, { "rdtscp", 0x80000001, 0, EDX, 27 },
	{ "pse36", 0x80000001, 0, EDX, 17 },
	{ "amd_ibrs", 0x80000008, 0, EBX, 14 },
	{ "amd_stibp", 0x80000008, 0, EBX, 15 }, { "amd_ssbd", 0x80000008, 0, EBX, 24 },
	{ "invlpgb", 0x80000008, 0, EBX, 3 }, { "rdpru", 0x80000008, 0, EBX, 4 },
};

/* Programs use them, and the kernel may tell. */
static const struct feature shown[] = {
	{ "sse3", 1, 0, ECX, 0 }, { "fma", 1, 0, ECX, 12 }, { "cx16", 1, 0, ECX, 13 },
	{ "popcnt", 1, 0, ECX, 23 }, { "aes", 1, 0, ECX, 25 }, { "xsave", 1, 0, ECX, 26 },
	{ "osxsave", 1, 0, ECX, 27 }, { "avx", 1, 0, ECX, 28 }, { "rdrand", 1, 0, ECX, 30 },
	{ "fpu", 1, 0, EDX, 0 }, { "tsc", 1, 0, EDX, 4 }, { "pae", 1, 0, EDX, 6 },
	{ "cx8", 1, 0, EDX, 8 }, { "sep", 1, 0, EDX, 11 }, { "cmov", 1, 0, EDX, 15 },
	{ "fxsr", 1, 0, EDX, 24 }, { "sse2", 1, 0, EDX, 26 },
	{ "fsgsbase", 7, 0, EBX, 0 }, { "avx2", 7, 0, EBX, 5 }, { "avx512f", 7, 0, EBX, 16 },
	{ "vaes", 7, 0, ECX, 9 }, { "fsrm", 7, 0, EDX, 4 }, { "xsavec", 0xd, 1, EAX, 1 },
	{ "xgetbv1", 0xd, 1, EAX, 2 }, { "lahf", 0x80000001, 0, ECX, 0 },
	{ "syscall", 0x80000001, 0, EDX, 11 }, { "nx", 0x80000001, 0, EDX, 20 },
	{ "lm", 0x80000001, 0, EDX, 29 }, { "constant_tsc", 0x80000007, 0, EDX, 8 },
};

static const u32 all_ones[4] = { ~0u, ~0u, ~0u, ~0u };

static void test_hidden(void **state)
{
	u32 out[4], i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hidden); i++) {
		const struct feature *f = &hidden[i];

		cpuid_filter(f->leaf, f->sub, all_ones, ALL_FEATURES, 0, out);
		if (out[f->reg] >> f->bit & 1)
			fail_msg("%s is shown", f->name);
	}
}

static void test_shown(void **state)
{
	static const u32 nothing[4];
	u32 out[4], i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		const struct feature *f = &shown[i];

		cpuid_filter(f->leaf, f->sub, all_ones, ALL_FEATURES, 0, out);
		if (!(out[f->reg] >> f->bit & 1))
			fail_msg("%s is not shown", f->name);
		cpuid_filter(f->leaf, f->sub, nothing, ALL_FEATURES, 0, out);
		if (out[f->reg] >> f->bit & 1)
			fail_msg("%s is made up", f->name);
	}
}

/* On any CPU: no feature that it does not have, but for the hypervisor bit and IBPB. */
static void test_nothing_made_up(void **state)
{
	static const struct { u32 leaf, sub; } leaves[] = {
		{ 7, 0 }, { 7, 1 }, { 7, 2 }, { 0xd, 0 }, { 0xd, 1 }, { 0xd, 2 }, { 0xd, 9 },
		{ 0xd, 17 }, { 0x80000001, 0 }, { 0x80000007, 0 }, { 0x80000008, 0 }, { 0xa, 0 },
	};
	u64 x = 0x9e3779b97f4a7c15ULL;
	u32 native[4], out[4], n, i, r;

	(void)state;
	for (n = 0; n < 10000; n++) {
		for (r = 0; r < 4; r++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			native[r] = (u32)(x >> 16);
		}
		for (i = 0; i < ARRAY_SIZE(leaves); i++) {
			cpuid_filter(leaves[i].leaf, leaves[i].sub, native, x & ~FEATURE_IBPB, 3,
				     out);
			for (r = leaves[i].leaf == 7 && !leaves[i].sub ? EBX : EAX; r < 4; r++)
				assert_int_equal(out[r] & ~native[r], 0);
		}
		cpuid_filter(1, 0, native, x, 3, out);
		assert_int_equal(out[ECX] & ~native[ECX], ~native[ECX] & 1u << 31);
		assert_true(out[ECX] & 1u << 31);
		assert_int_equal(out[EDX] & ~native[EDX], 0);
	}
}

/* Registers that CPL 3 can use must be saved by the guest, so it must know of them. */
static void test_xcr0(void **state)
{
	const u64 amx = 3ULL << 17;
	u32 out[4], sub;

	(void)state;
	cpuid_filter(0xd, 0, all_ones, ALL_FEATURES, 0, out);
	assert_int_equal(out[EAX], (u32)~amx);
	assert_int_equal(cpuid_xcr0(~0ULL), ~amx);
	assert_int_equal(cpuid_xcr0(0x2e7), 0x2e7);
	for (sub = 2; sub < 63; sub++) {
		/* Size and place, in the user's part: ECX bit 0 is clear. */
		const u32 native[4] = { 256, 576 + 64 * sub, 2, 0 };

		cpuid_filter(0xd, sub, native, ALL_FEATURES, 0, out);
		assert_int_equal(out[EAX], amx >> sub & 1 ? 0 : native[EAX]);
		assert_int_equal(out[EBX], amx >> sub & 1 ? 0 : native[EBX]);
		/* A supervisor component does not exist for it. */
		cpuid_filter(0xd, sub, (const u32 [4]){ 256, 0, 1, 0 }, ALL_FEATURES, 0, out);
		assert_int_equal(out[EAX] | out[EBX] | out[ECX] | out[EDX], 0);
	}
	/* No list of supervisor components. */
	cpuid_filter(0xd, 1, all_ones, ALL_FEATURES, 0, out);
	assert_int_equal(out[ECX] | out[EDX], 0);
}

/* The one feature whose bit is not where the CPU has it. */
static void test_ibpb(void **state)
{
	static const u32 nothing[4];
	u32 out[4];

	(void)state;
	cpuid_filter(0x80000008, 0, nothing, FEATURE_IBPB, 0, out);
	assert_int_equal(out[EBX], 1u << 12);
	cpuid_filter(0x80000008, 0, all_ones, ALL_FEATURES & ~FEATURE_IBPB, 0, out);
	assert_int_equal(out[EBX] & 1u << 12, 0);
}

static void test_without(void **state)
{
	u32 out[4];

	(void)state;
	cpuid_filter(1, 0, all_ones, ALL_FEATURES & ~FEATURE_XSAVE, 0, out);
	assert_int_equal(out[ECX] & (1u << 26 | 1u << 27 | 1u << 28 | 1u << 12 | 1u << 29), 0);
	assert_true(out[ECX] & 1);
	cpuid_filter(7, 0, all_ones, ALL_FEATURES & ~FEATURE_FSGSBASE, 0, out);
	assert_false(out[EBX] & 1);
	assert_true(out[EBX] & 1u << 5);
}

/* Performance counters, topology, SGX, PT, AMX and SVM tell of what is not there. */
static void test_leaves(void **state)
{
	static const u32 leaves[] = { 5, 6, 0xa, 0xb, 0xf, 0x10, 0x12, 0x14, 0x1d, 0x1e, 0x1f,
				      0x8000000a, 0x8000001e, 0x8000001f };
	u32 out[4], i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		cpuid_filter(leaves[i], 0, all_ones, ALL_FEATURES, 0, out);
		assert_int_equal(out[EAX] | out[EBX] | out[ECX] | out[EDX], 0);
	}
	cpuid_filter(7, 2, all_ones, ALL_FEATURES, 0, out);
	assert_int_equal(out[EAX] | out[EBX] | out[ECX] | out[EDX], 0);
	cpuid_filter(0, 0, (const u32 [4]){ 0x20, 1, 2, 3 }, ALL_FEATURES, 0, out);
	assert_true(out[EAX] < 0x17);
	cpuid_filter(0, 0, (const u32 [4]){ 0xd, 1, 2, 3 }, ALL_FEATURES, 0, out);
	assert_int_equal(out[EAX], 0xd);
	assert_int_equal(out[EBX], 1);
}

/* Each vCPU is a package of its own, with an APIC id of its own. */
static void test_topology(void **state)
{
	u32 out[4], vcpu, id, last = ~0u;

	(void)state;
	for (vcpu = 0; vcpu < DOMAIN_MAX_VCPUS; vcpu++) {
		cpuid_filter(1, 0, all_ones, ALL_FEATURES, vcpu, out);
		id = out[EBX] >> 24;
		assert_true(!vcpu || id > last);
		assert_int_equal(out[EBX] >> 16 & 0xff, 1);
		last = id;
	}
	cpuid_filter(4, 0, all_ones, ALL_FEATURES, 0, out);
	assert_int_equal(out[EAX] >> 14, 0);
	cpuid_filter(0x80000008, 0, all_ones, ALL_FEATURES, 0, out);
	assert_int_equal(out[ECX], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_nothing_made_up),
		cmocka_unit_test(test_xcr0),
		cmocka_unit_test(test_ibpb),
		cmocka_unit_test(test_without),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_topology),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
