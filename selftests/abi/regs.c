// SPDX-License-Identifier: GPL-2.0
/*
 * PVHV_SET_REGS and PVHV_GET_REGS: what is refused, what is kept, and that a guest
 * starts with what was set.
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"

static struct guest g = { .domain = -1, .vcpu = -1 };

static int ready(void)
{
	guest_free(&g);
	guest_create(&g, name_of("regs"), code_shutdown);
	return g.vcpu;
}

static struct pvhv_regs pattern(void)
{
	struct pvhv_regs r = { .size = sizeof(r) };
	u64 *first = &r.r15, *last = &r.rdi, n = 0x0123456789abcdef;

	for (; first <= last; first++, n += 0x1111111111111111)
		*first = n;
	r.rip = 0x12345678;
	r.rflags = 0x246;
	r.rsp = 0xffffffff80001000;
	r.fs_base = 0x7fff12345678;
	r.gs_base_kernel = 0xffff880012345678;
	r.gs_base_user = 0xffffffffffffffff;
	r.cr2 = 0xdeadbeef000;
	r.cr3_gfn = 63;
	return r;
}

static struct pvhv_regs get(void)
{
	struct pvhv_regs r = { .size = sizeof(r) };

	is(call(g.vcpu, PVHV_GET_REGS, &r), 0, "get");
	return r;
}

static void check_kept(void)
{
	struct pvhv_regs in = pattern(), out;

	ready();
	out = get();
	ok(out.cs == 0xe033 && out.ss == 0xe02b && !out.ds && !out.es && !out.fs && !out.gs,
	   "a new vCPU has the ABI's flat selectors");
	is(call(g.vcpu, PVHV_SET_REGS, &in), 0, "set");
	out = get();
	in.cs = 0xe033;
	in.ss = 0xe02b;
	in.events_masked = 1;
	in.fault_vector = ~0ULL;
	ok(!memcmp(&in, &out, sizeof(in)), "what was set is what is got");
	in.cs = 0x10;
	in.ss = in.ds = in.es = in.fs = in.gs = 0xffff;
	is(call(g.vcpu, PVHV_SET_REGS, &in), 0, "set with selectors of the host");
	out = get();
	ok(out.cs == 0xe033 && out.ss == 0xe02b && !out.ds && !out.es && !out.fs && !out.gs,
	   "selectors are read-only");
}

static void check_refused(const char *what, u64 *member, u64 value)
{
	u64 old = *member;

	*member = value;
	is(guest_set_regs(&g), -EINVAL, "%s = 0x%llx", what, value);
	*member = old;
}

/* What the monitor could not load into the CPU must not reach it. */
static void check_values(void)
{
	static const u64 bad[] = { 0x800000000000, 0x8000000000000000, 0xffff7fffffffffff,
				   0x0100000000000000, 0xff00000000000000 };
	size_t i;

	ready();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		check_refused("fs_base", &g.regs.fs_base, bad[i]);
		check_refused("gs_base_kernel", &g.regs.gs_base_kernel, bad[i]);
		check_refused("gs_base_user", &g.regs.gs_base_user, bad[i]);
	}
	check_refused("user_mode", &g.regs.user_mode, 1);
	check_refused("user_mode", &g.regs.user_mode, ~0ULL);
	check_refused("cr3_gfn", &g.regs.cr3_gfn, GUEST_PAGES);
	check_refused("cr3_gfn", &g.regs.cr3_gfn, g.special_gfn);
	check_refused("cr3_gfn", &g.regs.cr3_gfn, 1ULL << 40);
	check_refused("cr3_gfn", &g.regs.cr3_gfn, ~0ULL);
	is(guest_run(&g), -EINVAL, "after all that the vCPU has no registers yet");
	is(guest_set_regs(&g), 0, "good ones");
	g.regs.cr3_gfn = ~0ULL;
	is(guest_set_regs(&g), -EINVAL, "bad ones after good ones");
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the good ones count");
}

static void check_order(void)
{
	struct pvhv_regs r;

	ready();
	is(guest_set_regs(&g), 0, "registers");
	g.regs.rip = GUEST_VA + (u64)(code_loop - code_start);
	is(guest_set_regs(&g), 0, "others");
	g.regs.rip = GUEST_VA + (u64)(code_shutdown - code_start);
	g.regs.rbx = 0x1122334455667788;
	is(guest_set_regs(&g), 0, "the last ones count");
	*(u32 *)guest_data(&g, DATA_REASON) = 0;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "run");
	is(guest_set_regs(&g), -ESHUTDOWN, "registers after the end");
	r = get();
	ok(r.rbx == 0x1122334455667788, "rbx is what it was");
	ok(r.rdi == 2 && r.rsp == g.regs.rsp && r.cr3_gfn == GFN_L4 && !r.user_mode,
	   "the others are those of the last instruction");
	ok(r.rip >= GUEST_VA && r.rip < GUEST_VA + PAGE, "which is in the guest's code");
	ok(r.cs == 0xe033 && r.ss == 0xe02b, "selectors are the ABI's");
}

/* A caller from before the last members were added. */
static void check_version_1(void)
{
	struct pvhv_regs r = pattern();

	ready();
	r.size = PVHV_REGS_SIZE_1;
	memset((u8 *)&r + PVHV_REGS_SIZE_1, 0xee, sizeof(r) - PVHV_REGS_SIZE_1);
	is(call(g.vcpu, PVHV_SET_REGS, &r), 0, "set, as in version 1");
	r.rip = 0;
	is(call(g.vcpu, PVHV_GET_REGS, &r), 0, "get, as in version 1");
	ok(r.rip == pattern().rip && r.size == PVHV_REGS_SIZE_1, "what was set is what is got");
	ok(r.events_masked == 0xeeeeeeeeeeeeeeee && r.fault_rip == 0xeeeeeeeeeeeeeeee,
	   "and nothing behind it");
}

static void check_crashed(void)
{
	struct pvhv_regs r;

	ready();
	g.regs.rip = GUEST_VA + (u64)(code_fault - code_start);
	g.regs.r12 = 0x1234;
	is(guest_set_regs(&g), 0, "a guest that will crash");
	is(guest_crash(&g), PVHV_CRASH_TRIPLE_FAULT, "crashes");
	r = get();
	ok(r.rip == g.regs.rip && r.fault_rip == g.regs.rip && r.r12 == 0x1234 &&
	   r.rsp == g.regs.rsp && r.cr3_gfn == GFN_L4, "its registers can still be had");
	ok(r.fault_vector == 6 && !r.fault_error && r.events_masked == 1,
	   "and what it died of (vector %lld)", r.fault_vector);
}

int main(void)
{
	static struct pvhv_regs set, get_in = { .size = sizeof(get_in) };
	const struct checked checked[] = {
		{ "SET_REGS", PVHV_SET_REGS, sizeof(set), false, &set, ready, NULL, { 0 },
		  PVHV_REGS_SIZE_1 },
		{ "GET_REGS", PVHV_GET_REGS, sizeof(get_in), true, &get_in, ready, NULL, { 0 },
		  PVHV_REGS_SIZE_1 },
	};
	const unsigned long known[] = { PVHV_RUN, PVHV_SET_REGS, PVHV_GET_REGS, PVHV_SET_DEBUG };

	close(device());
	set = pattern();
	check_struct(&checked[0]);
	check_struct(&checked[1]);
	check_unknown("vCPU", ready(), known, ARRAY_SIZE(known));
	check_kept();
	check_values();
	check_order();
	check_version_1();
	check_crashed();
	guest_free(&g);
	return finish();
}
