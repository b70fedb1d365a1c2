// SPDX-License-Identifier: GPL-2.0
/*
 * PVHV_SET_DEBUG, PVHV_EXIT_DEBUG, and PVHV_SET_REGS of a vCPU that has run: what is
 * refused, what stops a guest, and that no value hurts anybody but the guest.
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define TF	0x100UL

static struct guest g = { .domain = -1, .vcpu = -1 };
static const char *code = code_count;

static int ready(void)
{
	guest_free(&g);
	guest_ready(&g, name_of("debug"), code);
	return g.vcpu;
}

static void start(const char *with)
{
	code = with;
	ready();
}

static u64 va(const char *at)
{
	return GUEST_VA + (u64)(at - code_start);
}

static struct pvhv_regs get(void)
{
	struct pvhv_regs r = { .size = sizeof(r) };

	if (call(g.vcpu, PVHV_GET_REGS, &r))
		bail("cannot get registers");
	return r;
}

static long set(const struct pvhv_regs *r)
{
	return call(g.vcpu, PVHV_SET_REGS, r);
}

static long debug(u32 control)
{
	struct pvhv_set_debug d = { .size = sizeof(d), .control = control };

	return call(g.vcpu, PVHV_SET_DEBUG, &d);
}

static long watch(u64 where, u64 dr7)
{
	struct pvhv_set_debug d = { .size = sizeof(d), .control = PVHV_DEBUG_HARDWARE,
				    .dr = { where }, .dr7 = dr7 };

	return call(g.vcpu, PVHV_SET_DEBUG, &d);
}

/* Until there is something to tell. */
static u32 run(void)
{
	long ret;

	while ((ret = guest_run(&g)) == -EINTR)
		;
	if (ret)
		note("run: errno %ld", -ret);
	return ret ? 0 : g.run->reason;
}

static void stops(u32 vector, u64 dr6, u64 rip, const char *what)
{
	u32 reason = run();

	if (!ok(reason == PVHV_EXIT_DEBUG && g.run->debug.vector == vector &&
		(g.run->debug.dr6 & 0x400f) == dr6 && g.run->debug.rip == rip && get().rip == rip,
		"%s", what))
		note("reason %u, vector %u, dr6 0x%llx, rip 0x%llx", reason, g.run->debug.vector,
		     g.run->debug.dr6, g.run->debug.rip);
}

/* ------------------------------------------------------------- refused */

static void check_refused(void)
{
	static const u64 bad[] = { 0x800000000000, 0x8000000000000000, 0xffff7fffffffffff,
				   0xffff800000000000, 0xffff808000142000, 0xffff87ffffffffff,
				   0x0100000000000000, 0xff00000000000000 };
	static const u64 bad7[] = { 1UL << 11, 1UL << 12, 1UL << 13, 1UL << 14, 1UL << 15, 1UL << 32,
				    1UL << 63, 2UL << 16, 6UL << 16, 4UL << 16, 0xc0000000, 2UL << 28 };
	struct pvhv_set_debug d = { .size = sizeof(d) };
	size_t i, n;

	start(code_count);
	for (i = 4; i < 32; i++)
		is(debug(1u << i), -EINVAL, "control 0x%x", 1u << i);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (n = 0; n < 4; n++) {
			d.control = PVHV_DEBUG_HARDWARE;
			memset(d.dr, 0, sizeof(d.dr));
			d.dr[n] = bad[i];
			is(call(g.vcpu, PVHV_SET_DEBUG, &d), -EINVAL, "dr[%zu] = 0x%llx", n, bad[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(bad7); i++)
		is(watch(GUEST_VA, bad7[i]), -EINVAL, "dr7 = 0x%llx", bad7[i]);
	d = (struct pvhv_set_debug){ .size = sizeof(d), .dr7 = 1 };
	is(call(g.vcpu, PVHV_SET_DEBUG, &d), -EINVAL, "dr7 without PVHV_DEBUG_HARDWARE");
	d = (struct pvhv_set_debug){ .size = sizeof(d), .dr = { 0, 0, 0, GUEST_VA } };
	is(call(g.vcpu, PVHV_SET_DEBUG, &d), -EINVAL, "an address without it");
}

/* --------------------------------------------------------------- stops */

static void check_step(void)
{
	u64 at = va(code_count);

	start(code_count);
	is(debug(PVHV_DEBUG_STEP), 0, "single steps");
	stops(1, 0x4000, at + 7, "one instruction");
	ok(*guest_data(&g, DATA_COUNT) == 1, "has been executed");
	ok(!(get().rflags & TF), "its trap flag is not to be seen");
	stops(1, 0x4000, at, "the next");
	stops(1, 0x4000, at + 7, "and one more");
	ok(*guest_data(&g, DATA_COUNT) == 2, "no more than that");
	start(code_flags);
	is(debug(PVHV_DEBUG_STEP), 0, "single steps of pushf");
	stops(1, 0x4000, va(code_flags) + 1, "pushf");
	stops(1, 0x4000, va(code_flags) + 2, "pop");
	ok(!(get().rbx & TF), "the guest does not see the trap flag (0x%llx)", get().rbx);
	start(code_yield);
	is(debug(PVHV_DEBUG_STEP), 0, "single steps of a hypercall");
	while (run() == PVHV_EXIT_DEBUG && *(__u16 *)(g.mem + get().rip - GUEST_VA) != 0x050f)
		;
	at = get().rip;
	stops(1, 0x4000, at + 2, "a hypercall is one step");
	ok(!(get().r11 & TF), "which leaves no trap flag in r11 (0x%llx)", get().r11);
	is(debug(0), 0, "no more steps");
}

static void check_breakpoint(void)
{
	struct pvhv_regs r;

	start(code_int3);
	is(guest_crash(&g), PVHV_CRASH_TRIPLE_FAULT, "int3 without a debugger is the guest's");
	ok(get().fault_vector == 3, "as exception 3");
	start(code_int3);
	is(debug(PVHV_DEBUG_BREAKPOINT), 0, "breakpoints");
	stops(3, 0, va(code_int3), "int3");
	stops(3, 0, va(code_int3), "it is still there");
	r = get();
	r.rip++;
	is(set(&r), 0, "behind it");
	*(u32 *)guest_data(&g, DATA_REASON) = 0;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the guest goes on");
	start(code_int3);
	is(debug(PVHV_DEBUG_BREAKPOINT | PVHV_DEBUG_PASS), 0, "nothing to pass on yet");
	stops(3, 0, va(code_int3), "int3");
	is(debug(PVHV_DEBUG_PASS), 0, "pass it on");
	is(guest_crash(&g), PVHV_CRASH_TRIPLE_FAULT, "the guest gets it");
	ok(get().fault_vector == 3 && get().fault_rip == va(code_int3) + 1, "with rip behind it");
}

/* An event that has come meanwhile must not be what the breakpoint is about. */
static void check_pass_before_event(void)
{
	struct pvhv_bind_port b = { .size = sizeof(b), .eventfd = -1 };
	struct pvhv_raise_port r = { .size = sizeof(r) };

	start(code_int3_events);
	is(debug(PVHV_DEBUG_BREAKPOINT), 0, "breakpoints, and events");
	stops(3, 0, va(code_int3_here), "int3");
	is(call(g.domain, PVHV_BIND_PORT, &b), 0, "a port");
	r.port = b.port;
	is(call(g.domain, PVHV_RAISE_PORT, &r), 0, "an event");
	is(debug(PVHV_DEBUG_PASS), 0, "pass the breakpoint on");
	is(guest_crash(&g), PVHV_CRASH_TRIPLE_FAULT, "the guest gets it");
	ok(get().fault_vector == 3 && get().fault_rip == va(code_int3_here) + 1,
	   "with rip behind it, not behind the event's handler (0x%llx)", get().fault_rip);
	start(code_int3_events);
	is(debug(PVHV_DEBUG_BREAKPOINT), 0, "breakpoints");
	stops(3, 0, va(code_int3_here), "int3");
	is(call(g.domain, PVHV_BIND_PORT, &b), 0, "a port");
	is(call(g.domain, PVHV_RAISE_PORT, &r), 0, "an event");
	is(debug(0), 0, "no debugger any more");
	guest_end(&g);
	ok(*guest_data(&g, DATA_COUNT) == 1, "else the event is delivered");
}

static void check_hardware(void)
{
	u64 jump = va(code_count) + 7, count = GUEST_VA + PAGE + DATA_COUNT;

	start(code_count);
	is(watch(jump, 2), 0, "a breakpoint of the CPU");
	stops(1, 1, jump, "stops before the instruction");
	is(watch(count, 2 | 0x90000UL), 0, "eight bytes watched for writes");
	g.regs = get();
	g.regs.rip = va(code_count);
	is(set(&g.regs), 0, "back");
	stops(1, 1, jump, "stops behind the instruction that writes");
	ok(*guest_data(&g, DATA_COUNT) == 2, "which has been executed");
	is(watch(count + 8, 2 | 0xd0000UL), 0, "four bytes next to it");
	g.regs.rip = va(code_shutdown);
	is(set(&g.regs), 0, "to the end");
	*(u32 *)guest_data(&g, DATA_REASON) = 0;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "does not stop what does not touch it");
}

/* ----------------------------------------------------------- registers */

static void check_registers(void)
{
	struct pvhv_regs r, now;

	start(code_count);
	is(debug(PVHV_DEBUG_STEP), 0, "single steps");
	run();
	r = get();
	r.user_mode = 1;
	is(set(&r), -EINVAL, "not to user mode");
	r = get();
	r.cr3_gfn = GFN_L3;
	is(set(&r), -EINVAL, "no other root");
	r = get();
	r.fs_base = 0x800000000000;
	is(set(&r), -EINVAL, "fs_base has to be canonical");
	r = get();
	r.gs_base_kernel = 0x8000000000000000;
	is(set(&r), -EINVAL, "so has the kernel's gs_base");
	r = get();
	r.gs_base_user = 0xff00000000000000;
	is(set(&r), -EINVAL, "and the user's");
	r = get();
	r.rbx = 0x1234;
	r.fs_base = 0x7fff00001000;
	r.gs_base_kernel = 0xffff888800001000;
	r.cs = r.ss = r.ds = 0x10;
	r.rflags = ~TF;
	is(set(&r), 0, "good ones");
	now = get();
	ok(now.rbx == 0x1234 && now.cs == 0xe033 && now.ss == 0xe02b && !now.ds,
	   "selectors are read-only");
	ok(now.rflags == 0x254ed7, "flags that are not a guest's to choose are not set (0x%llx)",
	   now.rflags);
	run();
	now = get();
	ok(now.fs_base == 0x7fff00001000 && now.gs_base_kernel == 0xffff888800001000,
	   "bases are loaded");
	ok(!(now.rflags & 0x1a3000), "and none of those flags came (0x%llx)", now.rflags);
}

/* Whatever they are set to: the guest crashes, or runs into nothing. */
static void check_wild(void)
{
	static const u64 wild[] = { 0, 0x800000000000, 0x8000000000000000, ~0ULL,
				    0xffff800000000000, 0xffff808000000000, 0xffff808000142000,
				    0xffff888000000000, 0xffffffff81000000, 0xffffffffff600000 };
	struct pvhv_regs r;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		for (n = 0; n < 3; n++) {
			start(code_count);
			debug(PVHV_DEBUG_STEP);
			run();
			r = get();
			*(n ? n == 1 ? &r.rsp : &r.rflags : &r.rip) = wild[i];
			is(set(&r), 0, "%s = 0x%llx", n ? n == 1 ? "rsp" : "rflags" : "rip", wild[i]);
			run();
			debug(0);
			g.run->immediate_exit = 0;
			if (n != 1 && g.run->reason != PVHV_EXIT_DEBUG)
				guest_end(&g);
		}
	}
	start(code_shutdown);
	*(u32 *)guest_data(&g, DATA_REASON) = 0;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "a guest after all those");
}

int main(void)
{
	static struct pvhv_set_debug good = { .size = sizeof(good) };
	const struct checked checked = {
		"SET_DEBUG", PVHV_SET_DEBUG, sizeof(good), false, &good, ready, NULL,
		{ offsetof(struct pvhv_set_debug, reserved) },
	};

	close(device());
	check_struct(&checked);
	check_refused();
	check_step();
	check_breakpoint();
	check_pass_before_event();
	check_hardware();
	check_registers();
	check_wild();
	guest_free(&g);
	return finish();
}
