// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Instructions: random bytes, and those that a kernel may use or nobody may, with
 * random prefixes and operands, at the end of a page and across it; in both modes of
 * the guest, with random registers.
 */
#include "campaign.h"

#define CODE_BYTES	(2 * PAGE_SIZE)

static u8 *code_at;

static void emit(u64 byte)
{
	*code_at++ = (u8)byte;
}

static void emit_random(size_t n)
{
	random_fill(code_at, n);
	code_at += n;
}

/* One-byte opcodes, then those behind 0f. */
static const u8 plain_ops[] = {
	0x07, 0x17, 0x1f, 0x62, 0x63, 0x6c, 0x6d, 0x6e, 0x6f, 0x82, 0x8c, 0x8e, 0x8f, 0x9a, 0x9b, 0x9c,
	0x9d, 0xa4, 0xa5, 0xab, 0xad, 0xc4, 0xc5, 0xc8, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd6, 0xdb,
	0xd9, 0xdd, 0xe4, 0xe5, 0xe6, 0xe7, 0xea, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xf5, 0xf6, 0xf7,
	0xfa, 0xfb, 0xfc, 0xfd, 0xff,
};

static const u8 system_ops[] = {
	0x00, 0x01, 0x01, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x0e,
	0x18, 0x1a, 0x1b, 0x1c, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x26, 0x30, 0x31, 0x32, 0x33,
	0x34, 0x35, 0x36, 0x37, 0x38, 0x3a, 0x6e, 0x6f, 0x77, 0x78, 0x79, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9,
	0xaa, 0xae, 0xae, 0xae, 0xb0, 0xb1, 0xb2, 0xb4, 0xb5, 0xb9, 0xba, 0xc0, 0xc1, 0xc3, 0xc7, 0xc7,
	0xff,
};

static void emit_prefixes(void)
{
	static const u8 prefixes[] = {
		0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65,
	};

	while (one_in(3))
		emit(PICK(prefixes));
	if (one_in(3))
		emit(0x40 | below(16));
}

static void emit_instruction(void)
{
	emit_prefixes();
	switch (below(8)) {
	case 0:
		emit(PICK(plain_ops));
		break;
	case 1:
		emit_random(1 + below(16));
		return;
	case 2:
		/* The ABI's prefix, before CPUID or anything else. */
		memcpy(code_at, "\x0f\x0bxen", 5);
		code_at += 5;
		emit(0x0f);
		emit(one_in(4) ? random64() : 0xa2);
		return;
	default:
		emit(0x0f);
		emit(one_in(12) ? random64() : PICK(system_ops));
	}
	/* ModRM with a register as operand or base, then whatever it takes. */
	emit(random64());
	emit_random(below(7));
}

static bool is_vector_op(u8 op)
{
	return op == 0x0f || (op >= 0x10 && op <= 0x17) || (op >= 0x28 && op <= 0x2f) || op == 0x38 ||
	       op == 0x3a || (op >= 0x50 && op <= 0x7f) || op == 0xc2 || (op >= 0xc4 && op <= 0xc6) ||
	       (op >= 0xd0 && op != 0xff);
}

/*
 * What its CPU does with the rights of ring 0, see campaign.h; and vector instructions,
 * since some strange ones make QEMU itself jump to address 0.
 */
static void spare_qemu(u8 *code, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (code[i] == 0xcf || code[i] == 0xca || code[i] == 0xcb || code[i] == 0xff ||
		    code[i] == 0xc4 || code[i] == 0xc5 || code[i] == 0x62 || code[i] == 0x8f)
			code[i] = 0x90;
		if (i && code[i - 1] == 0x0f && is_vector_op(code[i]))
			code[i] = 0x01;
	}
}

/* Returns how far into the pages it begins; they end in breakpoints. */
static u64 write_code(void)
{
	u8 *pages = (u8 *)WINDOW(WIN_CODE);
	u8 tmp[256];
	size_t n = 1 + below(4), len;
	u64 start;

	code_at = tmp;
	while (n--)
		emit_instruction();
	len = (size_t)(code_at - tmp);
	switch (below(4)) {
	case 0:		/* across the two pages */
		start = PAGE_SIZE - below(len + 1);
		break;
	case 1:		/* to the end of what is mapped, or beyond */
		start = CODE_BYTES - 1 - below(len);
		break;
	default:
		start = below(16) * 64;
	}
	memset(pages + (start & ~0xfffUL), 0xcc, PAGE_SIZE);
	if (start + len + 32 > PAGE_SIZE && start < PAGE_SIZE)
		memset(pages + PAGE_SIZE, 0xcc, 64);
	if (no_iret)
		spare_qemu(tmp, len);
	memcpy(pages + start, tmp, start + len > CODE_BYTES ? CODE_BYTES - start : len);
	return start;
}

/* A system call can undo anything that the guest has set up; the rest only this. */
static unsigned int what_is_spoilt(u64 start)
{
	const u8 *at = (const u8 *)WINDOW(WIN_CODE) + start, *end = (const u8 *)WINDOW(WIN_CODE) + CODE_BYTES;

	for (; at + 1 < end && at[0] != 0xcc; at++)
		if (at[0] == 0x0f && at[1] == 0x05)
			return SPOILT_ALL;
	return SPOILT_SEGMENTS | SPOILT_DEBUG | SPOILT_FPU;
}

static u64 register_value(void)
{
	static const u64 msrs[] = {
		0x10, 0x1b, 0x3a, 0x48, 0x49, 0x8b, 0x10a, 0x174, 0x175, 0x176, 0x1a0, 0x277, 0x38f, 0x480,
		0x6e0, 0xda0, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100,
		0xc0000101, 0xc0000102, 0xc0000103, 0xc0010015, 0x40000000, 0x4b564d00,
	};

	switch (below(5)) {
	case 0:
		return PICK(msrs);
	case 1:
		return random_address();
	case 2:
		return WINDOW(WIN_EDGE + below(2)) + below(512) * 8;
	default:
		return random_value();
	}
}

static void random_registers(struct registers *r)
{
	u64 *reg = (u64 *)r;
	size_t i;

	for (i = 0; i < 16; i++)
		reg[i] = register_value();
	r->rsp = WINDOW(WIN_STACK + 2) - 64 - below(128) * 8;
	r->rflags = 2;
	if (one_in(4))
		r->rflags |= random64() & 0x257fd5;
	/* #AC and #DB after each instruction end everything soon: not too often. */
	if (!one_in(8))
		r->rflags &= ~0x40100UL;
}

static void note_code(u64 start, const struct registers *r)
{
	u64 bytes[2] = { 0 };

	memcpy(bytes, (void *)(WINDOW(WIN_CODE) + start), start + 16 > CODE_BYTES ? CODE_BYTES - start : 16);
	note(r->rip, bytes[0], bytes[1], r->rcx, r->rax, r->rsp);
}

void op_code_kernel(void)
{
	struct registers r;
	u64 start = write_code();

	r.rip = (one_in(2) ? LOW_CODE : WINDOW(WIN_CODE)) + start;
	random_registers(&r);
	if (one_in(200))
		r.rsp = random_address();
	note_code(start, &r);
	spoilt |= what_is_spoilt(start);
	run_kernel(&r);
}

void op_code_user(void)
{
	struct registers r;
	u64 start = write_code(), *frame = (u64 *)WINDOW(WIN_EDGE);

	random_registers(&r);
	frame[0] = r.rax;
	frame[1] = r.r11;
	frame[2] = r.rcx;
	frame[3] = one_in(4) ? VGCF_in_syscall : 0;
	frame[4] = LOW_CODE + start;
	frame[5] = FLAT_USER_CS;
	frame[6] = r.rflags | 0x200;
	frame[7] = one_in(16) ? random_address() : LOW_STACK + 2 * PAGE_SIZE - 64 - below(128) * 8;
	frame[8] = FLAT_USER_SS;
	r.rsp = (u64)frame;
	r.rip = frame[4];
	note_code(start, &r);
	spoilt |= what_is_spoilt(start);
	run_iret(&r);
}
