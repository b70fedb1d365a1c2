// SPDX-License-Identifier: GPL-2.0
/* See decode.h. Opcode maps: Intel SDM volume 2, appendix A. */
#include "decode.h"

/* One decoding: the bytes, and how far it is. */
struct stream {
	const u8 *code;
	u32 n, at;
	bool short_of;		/* ran out of bytes */
	u8 rex;
	bool opsize, rep, repne;
};

static u8 next(struct stream *s)
{
	if (s->at >= s->n || s->at >= INSN_MAX) {
		s->short_of = true;
		return 0;
	}
	return s->code[s->at++];
}

/* @bytes of little-endian immediate, sign-extended. */
static u64 immediate(struct stream *s, u32 bytes)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < bytes; i++)
		val |= (u64)next(s) << (8 * i);
	if (bytes < 8 && val >> (8 * bytes - 1))
		val |= ~0ULL << (8 * bytes);
	return val;
}

static void prefixes(struct stream *s, struct insn *i)
{
	for (;;) {
		u8 b = next(s);

		switch (b) {
		case 0x66: s->opsize = true; break;
		case 0x67: i->address_size = 4; break;
		case 0xf0: i->lock = true; break;
		case 0xf2: s->repne = true; break;
		case 0xf3: s->rep = true; break;
		case 0x26: case 0x2e: case 0x36: case 0x3e: break;
		case 0x64: i->segment = 4; break;
		case 0x65: i->segment = 5; break;
		default:
			if ((b & 0xf0) == 0x40) {
				s->rex = b;
				return;
			}
			if (!s->short_of)
				s->at--;
			return;
		}
		if (s->short_of)
			return;
	}
}

static u8 operand_size(const struct stream *s, bool byte)
{
	if (byte)
		return 1;
	if (s->rex & 8)
		return 8;
	return s->opsize ? 2 : 4;
}

static void sib(struct stream *s, struct insn *i, u8 mod)
{
	u8 b = next(s);

	i->scale = b >> 6;
	i->index = (b >> 3 & 7) | (s->rex & 2) << 2;
	if (i->index == 4)
		i->index = INSN_NO_REG;
	i->base = (b & 7) | (s->rex & 1) << 3;
	if ((b & 7) == 5 && mod == 0) {
		i->base = INSN_NO_REG;
		i->disp = (s64)immediate(s, 4);
	}
}

/* The modrm byte of two registers, whatever its mod says. */
static u8 modrm_registers(struct stream *s, struct insn *i)
{
	u8 b = next(s);

	i->reg = (b >> 3 & 7) | (s->rex & 4) << 1;
	i->rm = (b & 7) | (s->rex & 1) << 3;
	i->base = INSN_NO_REG;
	i->index = INSN_NO_REG;
	return b;
}

static void modrm(struct stream *s, struct insn *i)
{
	u8 b = modrm_registers(s, i), mod = b >> 6;

	if (mod == 3)
		return;
	i->memory = true;
	if ((b & 7) == 4) {
		sib(s, i, mod);
	} else if ((b & 7) == 5 && mod == 0) {
		i->base = INSN_RIP;
		i->disp = (s64)immediate(s, 4);
	} else {
		i->base = i->rm;
	}
	if (mod == 1)
		i->disp = (s64)immediate(s, 1);
	else if (mod == 2)
		i->disp = (s64)immediate(s, 4);
}

static const u8 alu[8] = {
	INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR, INSN_UNKNOWN,
};

/* Operations on memory with a register or immediate; others stay unknown. */
static u8 memory_form(struct stream *s, struct insn *i, u8 kind, bool byte, u32 imm_bytes)
{
	modrm(s, i);
	i->size = operand_size(s, byte);
	if (imm_bytes) {
		i->has_imm = true;
		i->imm = immediate(s, imm_bytes);
	}
	i->high_byte = byte && !s->rex && !imm_bytes && i->reg >= 4;
	return i->memory ? kind : INSN_UNKNOWN;
}

/* Opcodes with an operation in the reg field. */
static u8 group(struct stream *s, struct insn *i, const u8 kinds[8], bool byte, u32 imm_bytes)
{
	u8 op = s->at < s->n ? s->code[s->at] >> 3 & 7 : 0;

	return memory_form(s, i, kinds[op], byte, imm_bytes);
}

static u8 one_byte(struct stream *s, struct insn *i, u8 op)
{
	static const u8 mov[8] = { INSN_MOV }, f6[8] = { [2] = INSN_NOT, [3] = INSN_NEG };
	static const u8 fe[8] = { INSN_INC, INSN_DEC };
	bool byte = !(op & 1);
	u32 imm = byte ? 1 : s->opsize && !(s->rex & 8) ? 2 : 4;

	if (op < 0x40 && (op & 7) < 2)
		return memory_form(s, i, alu[op >> 3], byte, 0);
	switch (op) {
	case 0x80: case 0x81:
		return group(s, i, alu, byte, imm);
	case 0x83:
		return group(s, i, alu, false, 1);
	case 0x86: case 0x87:
		return memory_form(s, i, INSN_XCHG, byte, 0);
	case 0x88: case 0x89:
		return memory_form(s, i, INSN_MOV, byte, 0);
	case 0xc6: case 0xc7:
		return group(s, i, mov, byte, imm);
	case 0xf6: case 0xf7:
		return group(s, i, f6, byte, 0);
	case 0xfe: case 0xff:
		return group(s, i, fe, byte, 0);
	case 0xa2: case 0xa3:	/* rax to an absolute address */
		i->size = operand_size(s, byte);
		i->memory = true;
		i->base = i->index = INSN_NO_REG;
		i->disp = (s64)immediate(s, i->address_size);
		return INSN_MOV;
	case 0xa4: case 0xa5: case 0xaa: case 0xab:
		i->size = operand_size(s, byte);
		i->memory = true;
		return op < 0xa8 ? INSN_MOVS : INSN_STOS;
	case 0x6c: case 0x6d: case 0x6e: case 0x6f:
		i->size = byte ? 1 : s->opsize ? 2 : 4;
		return op < 0x6e ? INSN_INS : INSN_OUTS;
	case 0xe4: case 0xe5: case 0xe6: case 0xe7:
		i->has_imm = true;
		i->imm = next(s);
		/* fallthrough */
	case 0xec: case 0xed: case 0xee: case 0xef:
		i->size = byte ? 1 : s->opsize ? 2 : 4;
		return op & 2 ? INSN_OUT : INSN_IN;
	case 0xcd:
		i->imm = next(s);
		return INSN_INT;
	case 0xf4:
		return INSN_HLT;
	case 0xfa:
		return INSN_CLI;
	case 0xfb:
		return INSN_STI;
	default:
		return INSN_UNKNOWN;
	}
}

/* 0f 01: by the whole modrm byte, or by reg for memory operands. */
static u8 system_group(struct stream *s, struct insn *i)
{
	u8 b = s->at < s->n ? s->code[s->at] : 0;

	modrm(s, i);
	switch (b) {
	case 0xca: return INSN_CLAC;
	case 0xcb: return INSN_STAC;
	case 0xd1: return INSN_XSETBV;
	case 0xf8: return INSN_SWAPGS;
	default: break;
	}
	if (i->memory && (i->reg & 7) == 7)
		return INSN_INVLPG;
	if ((i->memory && (i->reg & 7) <= 1) || (i->reg & 7) == 4)
		return INSN_UMIP;
	return INSN_UNKNOWN;
}

static u8 two_byte(struct stream *s, struct insn *i, u8 op)
{
	static const u8 bits[8] = { [5] = INSN_BTS, [6] = INSN_BTR, [7] = INSN_BTC };
	u8 kind;

	switch (op) {
	case 0x01: return system_group(s, i);
	case 0x00:
		modrm(s, i);
		return (i->reg & 7) <= 1 ? INSN_UMIP : INSN_UNKNOWN;
	case 0x06: return INSN_CLTS;
	case 0x08: case 0x09: return INSN_WBINVD;
	case 0x0b: return INSN_UD2;
	case 0x20: case 0x21: case 0x22: case 0x23:
		modrm_registers(s, i);
		return op == 0x20 ? INSN_READ_CR : op == 0x21 ? INSN_READ_DR :
		       op == 0x22 ? INSN_WRITE_CR : INSN_WRITE_DR;
	case 0x30: return INSN_WRMSR;
	case 0x31: return INSN_RDTSC;
	case 0x32: return INSN_RDMSR;
	case 0x33: return INSN_RDPMC;
	case 0x34: return INSN_SYSENTER;
	case 0xa2: return INSN_CPUID;
	case 0xab: return memory_form(s, i, INSN_BTS, false, 0);
	case 0xb3: return memory_form(s, i, INSN_BTR, false, 0);
	case 0xbb: return memory_form(s, i, INSN_BTC, false, 0);
	case 0xba: return group(s, i, bits, false, 1);
	case 0xb0: case 0xb1: return memory_form(s, i, INSN_CMPXCHG, !(op & 1), 0);
	case 0xc0: case 0xc1: return memory_form(s, i, INSN_XADD, !(op & 1), 0);
	case 0xc3:
		kind = memory_form(s, i, INSN_MOV, false, 0);	/* movnti */
		return s->opsize || s->rep || s->repne ? INSN_UNKNOWN : kind;
	default:
		return INSN_UNKNOWN;
	}
}

/* "ud2; xen": the ABI's prefix that has an instruction emulated. */
static bool forced_prefix(struct stream *s)
{
	static const u8 prefix[5] = { 0x0f, 0x0b, 'x', 'e', 'n' };

	if (s->n < sizeof(prefix) || memcmp(s->code, prefix, sizeof(prefix)))
		return false;
	s->at = sizeof(prefix);
	return true;
}

void insn_decode(struct insn *i, const u8 *code, u32 n)
{
	struct stream s = { .code = code, .n = n };
	u8 op;

	memset(i, 0, sizeof(*i));
	i->address_size = 8;
	i->forced = forced_prefix(&s);
	prefixes(&s, i);
	op = next(&s);
	i->kind = op == 0x0f ? two_byte(&s, i, next(&s)) : one_byte(&s, i, op);
	i->rep = s.rep || s.repne;
	i->length = (u8)s.at;
	if (s.short_of)
		i->kind = n < INSN_MAX ? INSN_TRUNCATED : INSN_UNKNOWN;
}

u64 insn_address(const struct insn *i, const u64 regs[16], u64 next_rip, u64 fs_base,
		 u64 gs_base)
{
	u64 a = (u64)i->disp;

	if (i->kind == INSN_STOS || i->kind == INSN_MOVS) {
		a = regs[7];
	} else {
		if (i->base == INSN_RIP)
			a += next_rip;
		else if (i->base != INSN_NO_REG)
			a += regs[i->base];
		if (i->index != INSN_NO_REG)
			a += regs[i->index] << i->scale;
	}
	if (i->address_size == 4)
		a = (u32)a;
	/* A bit number in a register reaches beyond the operand. */
	if (i->kind >= INSN_BTS && i->kind <= INSN_BTC && !i->has_imm) {
		s64 bit = (s64)regs[i->reg];

		if (i->size == 4)
			bit = (s32)bit;
		else if (i->size == 2)
			bit = (s16)bit;
		a += (u64)(bit >> (i->size == 8 ? 6 : i->size == 4 ? 5 : 4)) * i->size;
	}
	if (i->kind == INSN_STOS || i->kind == INSN_MOVS)
		return a;	/* es:rdi: no override */
	return a + (i->segment == 4 ? fs_base : i->segment == 5 ? gs_base : 0);
}

#define FLAG_CF	BIT(0)
#define FLAG_PF	BIT(2)
#define FLAG_AF	BIT(4)
#define FLAG_ZF	BIT(6)
#define FLAG_SF	BIT(7)
#define FLAG_OF	BIT(11)

static u64 result_flags(u64 r, u32 bits)
{
	u64 f = 0;

	if (!(__builtin_popcount((u32)r & 0xff) & 1))
		f |= FLAG_PF;
	if (!r)
		f |= FLAG_ZF;
	if (r >> (bits - 1) & 1)
		f |= FLAG_SF;
	return f;
}

/* a + b + carry, or a - b - carry, in @bits bits, with all arithmetic flags. */
static u64 add_flags(u64 a, u64 b, u64 carry, u32 bits, bool subtract, u64 *f)
{
	u64 mask = ~0ULL >> (64 - bits), top = 1ULL << (bits - 1);
	u64 r = (subtract ? a - b - carry : a + b + carry) & mask;
	u64 carries = subtract ? (~a & b) | ((~a | b) & r) : (a & b) | ((a | b) & ~r);
	u64 overflow = subtract ? (a ^ b) & (a ^ r) : ~(a ^ b) & (a ^ r);

	*f = result_flags(r, bits);
	if (carries & top)
		*f |= FLAG_CF;
	if (overflow & top)
		*f |= FLAG_OF;
	if ((a ^ b ^ r) & 0x10)
		*f |= FLAG_AF;
	return r;
}

u64 insn_compute(const struct insn *i, u64 old, u64 src, u64 accumulator, u64 *flags,
		 bool *write)
{
	const u64 all = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;
	u32 bits = i->size * 8u;
	u64 mask = ~0ULL >> (64 - bits), r = old, f = 0, bit, carry = *flags & FLAG_CF;

	old &= mask;
	src &= mask;
	*write = true;
	switch (i->kind) {
	case INSN_MOV: case INSN_XCHG: case INSN_STOS: case INSN_MOVS:
		return src;
	case INSN_NOT:
		return ~old & mask;
	case INSN_ADD: case INSN_XADD:
		r = add_flags(old, src, 0, bits, false, &f);
		break;
	case INSN_ADC:
		r = add_flags(old, src, carry, bits, false, &f);
		break;
	case INSN_SUB:
		r = add_flags(old, src, 0, bits, true, &f);
		break;
	case INSN_SBB:
		r = add_flags(old, src, carry, bits, true, &f);
		break;
	case INSN_INC: case INSN_DEC:
		r = add_flags(old, 1, 0, bits, i->kind == INSN_DEC, &f);
		f = (f & ~FLAG_CF) | carry;
		break;
	case INSN_NEG:
		r = add_flags(0, old, 0, bits, true, &f);
		break;
	case INSN_AND:
		r = old & src;
		f = result_flags(r, bits);
		break;
	case INSN_OR:
		r = old | src;
		f = result_flags(r, bits);
		break;
	case INSN_XOR:
		r = old ^ src;
		f = result_flags(r, bits);
		break;
	case INSN_BTS: case INSN_BTR: case INSN_BTC:
		bit = 1ULL << (src & (bits - 1));
		r = i->kind == INSN_BTS ? old | bit : i->kind == INSN_BTR ? old & ~bit : old ^ bit;
		*flags = (*flags & ~FLAG_CF) | (old & bit ? FLAG_CF : 0);
		return r;
	case INSN_CMPXCHG:
		add_flags(accumulator & mask, old, 0, bits, true, &f);
		*write = f & FLAG_ZF;
		r = *write ? src : old;
		break;
	default:
		*write = false;
		return old;
	}
	*flags = (*flags & ~all) | f;
	return r;
}
