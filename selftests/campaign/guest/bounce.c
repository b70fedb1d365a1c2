// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The ways between the two modes of the guest, and into its handlers: trap tables,
 * stacks and callbacks that lead nowhere, software interrupts, system calls, and the
 * iret hypercall with frames in which anything may be wrong.
 */
#include "campaign.h"

static u64 somewhere(void)
{
	return one_in(2) ? WINDOW(WIN_CODE) + below(64) : random_address();
}

/* A stack that has room, has not quite enough, or is no memory at all. */
static u64 some_stack(void)
{
	switch (below(16)) {
	case 0:
		return one_in(4) ? random_address() : LOW_STACK + PAGE_SIZE;
	case 1:
		return WINDOW(WIN_STACK) + below(40) * 8;
	case 2:
		return WINDOW(WIN_EDGE + 1 + below(EDGE_PAGES)) + below(8);
	default:
		return (one_in(2) ? WINDOW(WIN_STACK + 2) : LOW_STACK + 2 * PAGE_SIZE) -
		       below(64) * (one_in(3) ? 1 : 8);
	}
}

static void spoil_traps(void)
{
	struct trap_info *t = scratch(5 * sizeof(*t));
	size_t i;

	for (i = 0; i < 1 + below(4); i++)
		t[i] = (struct trap_info){
			.vector = (u8)(one_in(3) ? random64() : below(32)), .flags = (u8)below(8),
			.cs = (u16)random_value(), .address = somewhere(),
		};
	/* Without these there is no way back from anything. */
	for (i = 0; i < 4; i++)
		if ((t[i].vector == 14 || t[i].vector == 3 || t[i].vector == 13) && !one_in(40))
			t[i].vector = 0x81;
	H(set_trap_table, t);
}

static void spoil_callbacks(void)
{
	static const unsigned int types[] = {
		CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall, CALLBACKTYPE_syscall32,
		CALLBACKTYPE_sysenter, CALLBACKTYPE_nmi,
	};

	register_callback(PICK(types), (unsigned int)below(2), one_in(8) ? NULL : (void *)somewhere());
}

static void set_iopl(void)
{
	struct physdev_set_iopl *iopl = scratch(sizeof(*iopl));

	iopl->iopl = (u32)below(4);
	H(physdev_op, PHYSDEVOP_set_iopl, iopl);
}

static void spoil(void)
{
	spoilt |= SPOILT_ALL & ~SPOILT_ROOT;
	switch (below(6)) {
	case 0:
	case 1:
		spoil_traps();
		return;
	case 2:
		spoil_callbacks();
		return;
	case 3:
		set_iopl();
		return;
	case 4:
		H(set_debugreg, below(4), one_in(2) ? WINDOW(WIN_CODE) + below(64) : random_address());
		H(set_debugreg, 7, random64() & 0xffff00ff);
		return;
	case 5:
		if (one_in(24))
			H(stack_switch, random_value(), some_stack());
		return;
	}
}

static const char *const triggers[] = {
	"\x0f\x0b", "\xcc", "\xce", "\xf1", "\x0f\x05", "\x0f\x34", "\xcd\x80", "\xcd\x03", "\xcd\x0e",
	"\x31\xf6\xf7\xf6", "\x48\x8b\x06", "\x89\x06", "\x9c\x9d\x90", "\x0f\x01\xc8", "\xff\xe0", "\xf4",
	"\xeb\xfe", "\x8e\xd8", "\x8e\xe0", "\x8e\xd0\x90\x90", "\xcf", "\x48\xcf", "\xcb", "\xdb\xe3",
	"\x0f\xa2", "\xe6\x80", "\xfa\xfb", "\xf3\x90\xeb\xfc",
};

static void write_trigger(void)
{
	u8 *at = (u8 *)WINDOW(WIN_CODE);
	const char *t = PICK(triggers);

	while (no_iret && (t[strlen(t) - 1] == '\xcf' || t[strlen(t) - 1] == '\xcb'))
		t = PICK(triggers);
	memset(at, 0xcc, 128);
	memcpy(at, t, strlen(t));
	if (one_in(3)) {
		at[0] = 0xcd;
		at[1] = (u8)random64();
	}
	note(*(u64 *)at, 0, 0, 0, 0, 0);
}

static u64 random_rflags(void)
{
	u64 flags = 2 | (random64() & 0x8d5);

	if (one_in(4))
		flags ^= PICK(((u64[]){ 0x100, 0x200, 0x400, 0x1000, 0x2000, 0x3000, 0x4000, 0x10000,
					0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 1UL << 40 }));
	return one_in(3) ? flags : flags | 0x200;
}

static void random_general(struct registers *r)
{
	u64 *reg = (u64 *)r;
	size_t i;

	for (i = 0; i < 16; i++)
		reg[i] = random_value();
}

void op_trap(void)
{
	struct registers r;
	u64 *frame = (u64 *)WINDOW(WIN_EDGE), n;

	random_general(&r);
	for (n = below(3); n; n--)
		spoil();
	write_trigger();
	spoilt |= SPOILT_SEGMENTS;
	r.rflags = random_rflags() & ~(one_in(8) ? 0 : 0x40100UL);
	r.rip = WINDOW(WIN_CODE);
	r.rsp = one_in(200) ? some_stack() : WINDOW(WIN_STACK + 2) - below(64) * 8;
	if (one_in(2))
		run_kernel(&r);
	memcpy(frame, (u64[]){ r.rax, r.r11, r.rcx, below(2) * VGCF_in_syscall, LOW_CODE, FLAT_USER_CS,
			       r.rflags, LOW_STACK + 2 * PAGE_SIZE - below(64) * 8, FLAT_USER_SS }, 72);
	r.rsp = (u64)frame;
	run_iret(&r);
}

static u64 random_selector(u64 usual)
{
	static const u64 selectors[] = {
		0, 1, 2, 3, 4, 7, 8, 0x0f, 0x10, 0x17, 0x23, 0x2b, 0x33, 0xe008, 0xe00b, 0xe010, 0xe018,
		0xe019, 0xe023, 0xe020, 0xe02b, 0xe028, 0xe030, 0xe033, 0xe040, 0xe043, 0xe050, 0xfff8, 0xffff,
		0x10000e033, 0xff0000e030,
	};

	if (!one_in(3))
		return usual;
	return one_in(4) ? random64() : PICK(selectors);
}

void op_iret(void)
{
	bool user = one_in(2);
	u64 *at = (u64 *)WINDOW(WIN_EDGE), frame[9] = {
		random_value(), random_value(), random_value(), below(2) * VGCF_in_syscall,
		one_in(3) ? random_address() : user ? LOW_CODE : WINDOW(WIN_CODE),
		random_selector(user ? FLAT_USER_CS : FLAT_KERNEL_CS), random_rflags(),
		one_in(200) ? random_address() : LOW_STACK + 2 * PAGE_SIZE - 64 - below(16),
		random_selector(user ? FLAT_USER_SS : FLAT_KERNEL_SS),
	};
	struct registers r;

	random_general(&r);
	write_trigger();
	if (one_in(16))
		perturb(frame, sizeof(frame));
	memcpy(at, frame, sizeof(frame));
	r.rsp = (u64)at;
	/* A frame that cannot be read ends the domain. */
	if (one_in(200))
		r.rsp = scratch_place(frame, sizeof(frame));
	note(r.rsp, frame[3], frame[4], frame[5], frame[6], frame[7]);
	if (one_in(8))
		spoil();
	spoilt |= SPOILT_SEGMENTS;
	run_iret(&r);
}
