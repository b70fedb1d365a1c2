// SPDX-License-Identifier: GPL-2.0
/*
 * The instruction decoder. For instructions that write to memory the CPU at hand says
 * what is right: random ones, of each opcode and addressing form, are executed by it,
 * and decoded and computed by us; all of memory and the flags must agree.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/monitor/decode.h"
#include "native.h"

#define FLAG_CF	BIT(0)
#define FLAG_PF	BIT(2)
#define FLAG_AF	BIT(4)
#define FLAG_ZF	BIT(6)
#define FLAG_SF	BIT(7)
#define FLAG_OF	BIT(11)
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)
#define FLAGS_FIXED	0x202		/* IF, and the bit that is always set */

/* The same sequence each time. */
static u64 random64(void)
{
	static u64 x = 0x9e3779b97f4a7c15ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * 0x2545f4914f6cdd1dULL;
}

static u32 below(u32 n)
{
	return (u32)(random64() >> 32) % n;
}

/* ------------------------------------------------- instructions at random */

enum imm { IMM_NONE, IMM_BYTE, IMM_OPERAND };

/* An opcode: @reg is its part in modrm, or ~0 for a register operand. */
struct form {
	u8 kind;
	u8 map;			/* 0x0f or 0 */
	u8 opcode;
	u8 reg;
	enum imm imm;
	bool byte, lock, no_modrm;
};

#define REG	0xff
#define ALU(n, kind)						\
	{ kind, 0, 8 * n, REG, IMM_NONE, true, true },		\
	{ kind, 0, 8 * n + 1, REG, IMM_NONE, false, true },	\
	{ kind, 0, 0x80, n, IMM_BYTE, true, true },		\
	{ kind, 0, 0x81, n, IMM_OPERAND, false, true },		\
	{ kind, 0, 0x83, n, IMM_BYTE, false, true }
#define BOTH(kind, map, opcode, reg, imm, lock)			\
	{ kind, map, opcode, reg, (imm) ? IMM_BYTE : IMM_NONE, true, lock },	\
	{ kind, map, opcode + 1, reg, imm, false, lock }

static const struct form forms[] = {
	ALU(0, INSN_ADD), ALU(1, INSN_OR), ALU(2, INSN_ADC), ALU(3, INSN_SBB),
	ALU(4, INSN_AND), ALU(5, INSN_SUB), ALU(6, INSN_XOR),
	BOTH(INSN_XCHG, 0, 0x86, REG, IMM_NONE, true),
	BOTH(INSN_MOV, 0, 0x88, REG, IMM_NONE, false),
	BOTH(INSN_MOV, 0, 0xc6, 0, IMM_OPERAND, false),
	BOTH(INSN_NOT, 0, 0xf6, 2, IMM_NONE, true),
	BOTH(INSN_NEG, 0, 0xf6, 3, IMM_NONE, true),
	BOTH(INSN_INC, 0, 0xfe, 0, IMM_NONE, true),
	BOTH(INSN_DEC, 0, 0xfe, 1, IMM_NONE, true),
	BOTH(INSN_CMPXCHG, 0x0f, 0xb0, REG, IMM_NONE, true),
	BOTH(INSN_XADD, 0x0f, 0xc0, REG, IMM_NONE, true),
	{ INSN_BTS, 0x0f, 0xab, REG, IMM_NONE, false, true },
	{ INSN_BTR, 0x0f, 0xb3, REG, IMM_NONE, false, true },
	{ INSN_BTC, 0x0f, 0xbb, REG, IMM_NONE, false, true },
	{ INSN_BTS, 0x0f, 0xba, 5, IMM_BYTE, false, true },
	{ INSN_BTR, 0x0f, 0xba, 6, IMM_BYTE, false, true },
	{ INSN_BTC, 0x0f, 0xba, 7, IMM_BYTE, false, true },
	{ INSN_MOV, 0x0f, 0xc3, REG, IMM_NONE, false, false },	/* movnti */
	{ INSN_MOVS, 0, 0xa4, REG, IMM_NONE, true, false, true },
	{ INSN_MOVS, 0, 0xa5, REG, IMM_NONE, false, false, true },
	{ INSN_STOS, 0, 0xaa, REG, IMM_NONE, true, false, true },
	{ INSN_STOS, 0, 0xab, REG, IMM_NONE, false, false, true },
};

/* One instruction as it was made, which the decoder is not told. */
struct made {
	const struct form *form;
	u8 bytes[INSN_MAX];
	u32 n;
	u8 size, segment, rex;
	bool opsize, addr32, lock;
	u8 mod, rm, reg;
	u8 base, index, scale;		/* 0xff: none */
	bool rip;
	u32 disp_at, disp_size;
	s64 disp;
	u64 imm;
};

static void add(struct made *m, u64 val, u32 bytes)
{
	memcpy(m->bytes + m->n, &val, bytes);
	m->n += bytes;
}

static u64 sign_extend(u64 val, u32 bytes)
{
	u32 shift = 64 - 8 * bytes;

	return (u64)((s64)(val << shift) >> shift);
}

static void make_prefixes(struct made *m)
{
	static const u8 nothing[] = { 0x26, 0x2e, 0x36, 0x3e };
	bool movnti = m->form->map && m->form->opcode == 0xc3;
	u32 n = below(4);

	while (n--) {
		switch (below(6)) {
		case 0:
			if (!movnti) {
				m->opsize = true;
				add(m, 0x66, 1);
			}
			break;
		case 1:
			m->addr32 = true;
			add(m, 0x67, 1);
			break;
		case 2:
			if (m->form->lock) {
				m->lock = true;
				add(m, 0xf0, 1);
			}
			break;
		case 3:
			add(m, nothing[below(4)], 1);
			break;
		default:
			if (m->form->no_modrm)
				break;
			m->segment = 4 + (u8)below(2);
			add(m, 0x60 + m->segment, 1);
		}
	}
	if (below(2)) {
		m->rex = 0x40 | (u8)below(16);
		add(m, m->rex, 1);
	}
}

static void make_modrm(struct made *m)
{
	u8 low;

	m->mod = (u8)below(3);
	low = (u8)below(8);
	m->rm = low | (m->rex & 1) << 3;
	m->reg = m->form->reg == REG ? (u8)below(8) : m->form->reg;
	add(m, m->mod << 6 | m->reg << 3 | low, 1);
	if (m->form->reg == REG)
		m->reg |= (m->rex & 4) << 1;
	m->base = m->rm;
	m->index = 0xff;
	m->disp_size = m->mod == 1 ? 1 : m->mod == 2 ? 4 : 0;
	if (low == 4) {
		u8 sib = (u8)random64();

		add(m, sib, 1);
		m->scale = sib >> 6;
		m->index = (sib >> 3 & 7) | (m->rex & 2) << 2;
		if (m->index == 4)
			m->index = 0xff;
		m->base = (sib & 7) | (m->rex & 1) << 3;
		if ((sib & 7) == 5 && m->mod == 0) {
			m->base = 0xff;
			m->disp_size = 4;
		}
	} else if (low == 5 && m->mod == 0) {
		m->base = 0xff;
		m->rip = true;
		m->disp_size = 4;
	}
	m->disp_at = m->n;
	m->disp = (s64)sign_extend(random64() & 0xfff, m->disp_size ? m->disp_size : 8);
	if (!m->disp_size)
		m->disp = 0;
	add(m, (u64)m->disp, m->disp_size);
}

static void make(struct made *m, const struct form *form)
{
	u32 bytes;

	memset(m, 0, sizeof(*m));
	m->form = form;
	make_prefixes(m);
	if (form->map)
		add(m, form->map, 1);
	add(m, form->opcode, 1);
	m->size = form->byte ? 1 : m->rex & 8 ? 8 : m->opsize ? 2 : 4;
	if (!form->no_modrm)
		make_modrm(m);
	if (form->imm == IMM_NONE)
		return;
	bytes = form->imm == IMM_BYTE ? 1 : m->size == 8 ? 4 : m->size;
	m->imm = sign_extend(random64(), bytes);
	add(m, m->imm, bytes);
}

/* --------------------------------------------- registers that fit its operand */

static u64 segment_base(const struct made *m)
{
	return m->segment == 4 ? native_fs_base() : m->segment == 5 ? native_gs_base() : 0;
}

static bool is_bit_string(const struct made *m)
{
	return m->form->kind >= INSN_BTS && m->form->kind <= INSN_BTC && m->form->imm == IMM_NONE;
}

/* The address that the SDM's rules give, without what a bit number adds. */
static u64 address_of(const struct made *m, const u64 *regs)
{
	u64 a = (u64)m->disp;

	if (m->form->no_modrm)
		a = regs[7];
	if (m->rip)
		a += native_address() + m->n;
	if (!m->form->no_modrm && m->base != 0xff)
		a += regs[m->base];
	if (!m->form->no_modrm && m->index != 0xff)
		a += regs[m->index] << m->scale;
	if (m->addr32)
		a = (u32)a;
	return a + segment_base(m);
}

static void set_disp(struct made *m, u64 disp)
{
	m->disp = (s64)sign_extend(disp, 4);
	memcpy(m->bytes + m->disp_at, &disp, 4);
}

/* Have it write to @target, more or less. False: this form cannot with such registers. */
static bool aim(struct made *m, u64 *regs, u64 target)
{
	u64 garbage = m->addr32 ? random64() << 32 : 0;
	u64 offset = target - segment_base(m);

	/* With 32-bit addresses only what is above a low base can be reached. */
	if (m->addr32 && m->segment == 4)
		return false;
	if (m->form->no_modrm) {
		regs[7] = target + garbage;
		if (m->form->kind == INSN_MOVS)
			regs[6] = (u64)native_arena() + below(NATIVE_ARENA - 8) + garbage;
		return true;
	}
	if (m->rip) {
		set_disp(m, offset - (native_address() + m->n));
	} else if (m->base == 0xff) {
		if (m->index != 0xff)
			regs[m->index] = below(4096);
		set_disp(m, offset - (m->index == 0xff ? 0 : regs[m->index] << m->scale));
	} else if (m->base == m->index) {
		regs[m->base] = (u64)((s64)(offset - (u64)m->disp) / (1 + (1 << m->scale)));
	} else {
		offset -= (u64)m->disp + (m->index == 0xff ? 0 : regs[m->index] << m->scale);
		regs[m->base] = offset + garbage;
	}
	/* A displacement may be too short for the way. */
	if (address_of(m, regs) - (u64)native_arena() - NATIVE_ARENA / 4 > NATIVE_ARENA / 2)
		return false;
	if (!is_bit_string(m))
		return true;
	if (m->reg == m->base || m->reg == m->index)
		return false;
	/* At most 2 KiB to either side; above the operand's size anything. */
	regs[m->reg] = (u64)((s64)below(32768) - 16384);
	if (m->size < 8)
		regs[m->reg] ^= random64() << (8 * m->size);
	return true;
}

/* ------------------------------------------------------------------ comparing */

static u64 load(const u8 *arena, u64 at, u32 size)
{
	u64 val = 0;

	at -= (u64)native_arena();
	assert_true(at <= NATIVE_ARENA - size);
	memcpy(&val, arena + at, size);
	return val;
}

static u64 source_of(const struct insn *i, const u64 *regs, const u8 *before)
{
	u64 rsi = i->address_size == 4 ? (u32)regs[6] : regs[6];

	if (i->kind == INSN_MOVS)
		return load(before, rsi, i->size);
	if (i->has_imm)
		return i->imm;
	return i->high_byte ? regs[i->reg - 4] >> 8 : regs[i->reg];
}

static u64 flags_compared(u8 kind)
{
	switch (kind) {
	case INSN_BTS: case INSN_BTR: case INSN_BTC:
		return FLAG_CF | FLAG_ZF;	/* others are undefined */
	case INSN_AND: case INSN_OR: case INSN_XOR:
		return FLAGS_ARITHMETIC & ~FLAG_AF;
	default:
		return FLAGS_ARITHMETIC;
	}
}

static void check_fields(const struct made *m, const struct insn *i)
{
	assert_int_equal(i->kind, m->form->kind);
	assert_int_equal(i->length, m->n);
	assert_int_equal(i->size, m->size);
	assert_int_equal(i->address_size, m->addr32 ? 4 : 8);
	assert_int_equal(i->segment, m->segment);
	assert_int_equal(i->lock, m->lock);
	assert_int_equal(i->has_imm, m->form->imm != IMM_NONE);
	assert_true(i->memory);
	assert_false(i->forced);
	if (i->has_imm)
		assert_int_equal(i->imm, m->imm);
}

static void check_one(const struct made *m, const struct native *in)
{
	static u8 before[NATIVE_ARENA], expected[NATIVE_ARENA];
	struct native out = *in;
	u64 flags = in->flags, at, old, new;
	struct insn i;
	bool write;

	insn_decode(&i, m->bytes, m->n);
	check_fields(m, &i);
	at = insn_address(&i, in->regs, native_address() + m->n, native_fs_base(),
			  native_gs_base());
	if (!is_bit_string(m))
		assert_int_equal(at, address_of(m, in->regs));
	memcpy(before, native_arena(), sizeof(before));
	native_run(m->bytes, m->n, &out);
	old = load(before, at, i.size);
	new = insn_compute(&i, old, source_of(&i, in->regs, before), in->regs[0], &flags, &write);
	memcpy(expected, before, sizeof(expected));
	if (write)
		memcpy(expected + (at - (u64)native_arena()), &new, i.size);
	assert_memory_equal(native_arena(), expected, sizeof(expected));
	assert_int_equal(flags & flags_compared(i.kind), out.flags & flags_compared(i.kind));
	assert_int_equal(flags & ~FLAGS_ARITHMETIC, FLAGS_FIXED);
}

static void fill_arena(void)
{
	u64 *p = (u64 *)native_arena();
	u32 n;

	for (n = 0; n < NATIVE_ARENA / 8; n++)
		p[n] = below(4) ? random64() : below(2) ? 0 : ~0ULL;
}

/* Values at which carries and overflows happen are as likely as others. */
static u64 random_operand(void)
{
	u64 val = random64();

	switch (below(4)) {
	case 0:
		return val;
	case 1:
		return (u64)(s64)(s8)val;
	case 2:
		return (1ULL << below(64)) - (val & 1);
	default:
		return ~(1ULL << below(64)) + (val & 1);
	}
}

static void test_against_the_cpu(void **state)
{
	u32 f, n, r, done;
	struct native in;
	struct made m;

	(void)state;
	if (native_init())
		skip();
	for (f = 0; f < ARRAY_SIZE(forms); f++) {
		for (n = 0, done = 0; n < 2000; n++) {
			u64 target = (u64)native_arena() + NATIVE_ARENA / 4 + below(NATIVE_ARENA / 2);

			make(&m, &forms[f]);
			for (r = 0; r < 16; r++)
				in.regs[r] = random_operand();
			in.flags = FLAGS_FIXED | (random64() & FLAGS_ARITHMETIC);
			if (!aim(&m, in.regs, target))
				continue;
			if (!(n & 15))
				fill_arena();
			/* For cmpxchg, and for results of zero. */
			if (!(n & 3))
				memcpy((void *)address_of(&m, in.regs), &in.regs[0], 8);
			check_one(&m, &in);
			done++;
		}
		assert_true(done > 500);
	}
}

/* -------------------------------------------------------------- by hand */

struct sample {
	u8 kind, n;
	u8 code[INSN_MAX + 1];
};

static const struct sample privileged[] = {
	{ INSN_CLI, 1, { 0xfa } },
	{ INSN_STI, 1, { 0xfb } },
	{ INSN_HLT, 1, { 0xf4 } },
	{ INSN_IN, 2, { 0xe4, 0x80 } },
	{ INSN_IN, 3, { 0x66, 0xe5, 0x80 } },
	{ INSN_IN, 1, { 0xec } },
	{ INSN_OUT, 2, { 0xe7, 0x80 } },
	{ INSN_OUT, 1, { 0xee } },
	{ INSN_INS, 2, { 0xf3, 0x6c } },
	{ INSN_OUTS, 2, { 0xf3, 0x6f } },
	{ INSN_RDMSR, 2, { 0x0f, 0x32 } },
	{ INSN_WRMSR, 2, { 0x0f, 0x30 } },
	{ INSN_RDTSC, 2, { 0x0f, 0x31 } },
	{ INSN_RDPMC, 2, { 0x0f, 0x33 } },
	{ INSN_SYSENTER, 2, { 0x0f, 0x34 } },
	{ INSN_CPUID, 2, { 0x0f, 0xa2 } },
	{ INSN_CPUID, 7, { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 } },
	{ INSN_UD2, 2, { 0x0f, 0x0b } },
	{ INSN_READ_CR, 3, { 0x0f, 0x20, 0xc0 } },
	{ INSN_READ_CR, 4, { 0x44, 0x0f, 0x20, 0xc0 } },
	{ INSN_WRITE_CR, 3, { 0x0f, 0x22, 0xe0 } },
	/* Modrm's mod is ignored: nothing follows. */
	{ INSN_READ_CR, 3, { 0x0f, 0x20, 0x40 } },
	{ INSN_WRITE_CR, 3, { 0x0f, 0x22, 0x84 } },
	{ INSN_READ_DR, 3, { 0x0f, 0x21, 0x3c } },
	{ INSN_WRITE_DR, 3, { 0x0f, 0x23, 0xf8 } },
	{ INSN_CLTS, 2, { 0x0f, 0x06 } },
	{ INSN_INVLPG, 3, { 0x0f, 0x01, 0x38 } },
	{ INSN_INVLPG, 8, { 0x0f, 0x01, 0x3c, 0x25, 0, 0x10, 0, 0 } },
	{ INSN_WBINVD, 2, { 0x0f, 0x09 } },
	{ INSN_WBINVD, 2, { 0x0f, 0x08 } },
	{ INSN_SWAPGS, 3, { 0x0f, 0x01, 0xf8 } },
	{ INSN_XSETBV, 3, { 0x0f, 0x01, 0xd1 } },
	{ INSN_CLAC, 3, { 0x0f, 0x01, 0xca } },
	{ INSN_STAC, 3, { 0x0f, 0x01, 0xcb } },
	{ INSN_UMIP, 4, { 0x0f, 0x01, 0x44, 0x24 } },	/* sgdt, sib without its disp */
	{ INSN_UMIP, 3, { 0x0f, 0x01, 0x08 } },		/* sidt */
	{ INSN_UMIP, 3, { 0x0f, 0x01, 0xe0 } },		/* smsw */
	{ INSN_UMIP, 3, { 0x0f, 0x00, 0xc0 } },		/* sldt */
	{ INSN_UMIP, 3, { 0x0f, 0x00, 0xc8 } },		/* str */
	{ INSN_INT, 2, { 0xcd, 0x80 } },
	{ INSN_UNKNOWN, 1, { 0x90 } },
	{ INSN_UNKNOWN, 2, { 0x0f, 0x05 } },
	{ INSN_UNKNOWN, 3, { 0x0f, 0x01, 0xc1 } },	/* vmcall */
	{ INSN_UNKNOWN, 3, { 0x0f, 0x00, 0xd0 } },	/* lldt */
	{ INSN_UNKNOWN, 2, { 0x89, 0xc0 } },		/* no memory operand */
	{ INSN_UNKNOWN, 2, { 0x3b, 0x00 } },		/* cmp reads only */
	{ INSN_UNKNOWN, 2, { 0x39, 0x00 } },
	{ INSN_UNKNOWN, 3, { 0x80, 0x38, 0 } },
	{ INSN_UNKNOWN, 4, { 0x0f, 0xba, 0x20, 0 } },	/* bt */
	{ INSN_UNKNOWN, 4, { 0x66, 0x0f, 0xc3, 0x00 } },
};

/* What ends earlier than the instruction does is truncated, and not read beyond. */
static void decode_exact(struct insn *i, const u8 *code, u32 n)
{
	u8 *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, code, n);
	insn_decode(i, copy, n);
	free(copy);
}

static void test_samples(void **state)
{
	struct insn i;
	u32 s;
	u8 n;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(privileged); s++) {
		const struct sample *p = &privileged[s];
		u8 length = p->n;

		/* The one sample that stands for its first bytes only. */
		if (p->code[2] == 0x44 && p->code[3] == 0x24) {
			decode_exact(&i, p->code, p->n);
			assert_int_equal(i.kind, INSN_TRUNCATED);
			length++;
		}
		decode_exact(&i, p->code, length);
		if (i.kind != p->kind || (i.kind && i.length != length))
			fail_msg("sample %u: kind %u, %u bytes", s, i.kind, i.length);
		/* What follows does not matter. */
		insn_decode(&i, p->code, INSN_MAX);
		assert_int_equal(i.kind, p->kind);
		if (i.kind == INSN_UNKNOWN)
			continue;
		assert_int_equal(i.length, length);
		/* Of the ABI's prefix, the first two bytes are an instruction. */
		for (n = 0; n < length; n++) {
			decode_exact(&i, p->code, n);
			assert_int_equal(i.kind, p->n == 7 && n >= 2 && n < 5 ? INSN_UD2 :
						 INSN_TRUNCATED);
		}
	}
}

static void test_operands(void **state)
{
	struct insn i;

	(void)state;
	insn_decode(&i, (const u8 []){ 0x44, 0x0f, 0x20, 0xc3 }, 4);	/* mov %cr8, %rbx */
	assert_int_equal(i.reg, 8);
	assert_int_equal(i.rm, 3);
	assert_false(i.memory);
	insn_decode(&i, (const u8 []){ 0x41, 0x0f, 0x23, 0xff }, 4);	/* mov %r15, %db7 */
	assert_int_equal(i.reg, 7);
	assert_int_equal(i.rm, 15);
	insn_decode(&i, (const u8 []){ 0xe5, 0xff }, 2);		/* in $0xff, %eax */
	assert_int_equal(i.imm, 0xff);
	assert_int_equal(i.size, 4);
	insn_decode(&i, (const u8 []){ 0x66, 0xef }, 2);		/* out %ax, %dx */
	assert_int_equal(i.size, 2);
	assert_false(i.has_imm);
	insn_decode(&i, (const u8 []){ 0x48, 0xed }, 2);		/* in: never 8 bytes */
	assert_int_equal(i.size, 4);
	insn_decode(&i, (const u8 []){ 0xcd, 0xfe }, 2);
	assert_int_equal(i.imm, 0xfe);
	insn_decode(&i, (const u8 []){ 0x0f, 0x01, 0x3d, 0, 0x10, 0, 0 }, 7); /* invlpg 0x1000(%rip) */
	assert_int_equal(insn_address(&i, (u64 [16]){ 0 }, 0x400000, 0, 0), 0x401000);
	insn_decode(&i, (const u8 []){ 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 }, 7);
	assert_true(i.forced);
	insn_decode(&i, (const u8 []){ 0x0f, 0x0b, 'x', 'e', 'm', 0x0f, 0xa2 }, 7);
	assert_false(i.forced);
	assert_int_equal(i.kind, INSN_UD2);
	insn_decode(&i, (const u8 []){ 0xf3, 0x48, 0xab }, 3);		/* rep stosq */
	assert_true(i.rep);
	insn_decode(&i, (const u8 []){ 0xf2, 0xa4 }, 2);
	assert_true(i.rep);
}

/* 15 bytes are the most; the CPU refuses longer ones, and so do we, without asking for more. */
static void test_too_long(void **state)
{
	u8 code[32];
	struct insn i;
	u32 n;

	(void)state;
	memset(code, 0x2e, sizeof(code));
	for (n = 0; n < INSN_MAX; n++) {
		decode_exact(&i, code, n);
		assert_int_equal(i.kind, INSN_TRUNCATED);
	}
	decode_exact(&i, code, INSN_MAX);
	assert_int_equal(i.kind, INSN_UNKNOWN);
	/* The last byte that may be one is the opcode, or one before it. */
	code[14] = 0xfa;
	insn_decode(&i, code, sizeof(code));
	assert_int_equal(i.kind, INSN_CLI);
	assert_int_equal(i.length, 15);
	code[14] = 0x2e;
	code[15] = 0xfa;
	insn_decode(&i, code, sizeof(code));
	assert_int_equal(i.kind, INSN_UNKNOWN);
	code[13] = 0x89;
	code[14] = 0x04;
	code[15] = 0x25;
	insn_decode(&i, code, sizeof(code));
	assert_int_equal(i.kind, INSN_UNKNOWN);
}

/* Truncations of what writes to memory: all of them, at each byte. */
static void test_truncated(void **state)
{
	struct made m;
	struct insn i;
	u32 f, n, round;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(forms); f++)
		for (round = 0; round < 20; round++) {
			make(&m, &forms[f]);
			for (n = 0; n < m.n; n++) {
				decode_exact(&i, m.bytes, n);
				assert_int_equal(i.kind, INSN_TRUNCATED);
			}
			decode_exact(&i, m.bytes, n);
			assert_int_equal(i.kind, forms[f].kind);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_cpu),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
