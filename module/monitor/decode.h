/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction decoder, for what the monitor emulates and nothing else: writes to
 * page tables, and instructions that CPL 3 may not execute. Pure: bytes in, struct
 * out; it touches no memory of a guest.
 */
#ifndef PVHV_MONITOR_DECODE_H
#define PVHV_MONITOR_DECODE_H

#include "lib.h"

#define INSN_MAX	15	/* bytes of the longest instruction */

enum insn_kind {
	INSN_UNKNOWN = 0,	/* not one that we emulate */
	INSN_TRUNCATED,		/* more bytes are needed */
	/* memory destination; operand 2 is a register or an immediate */
	INSN_MOV, INSN_XCHG, INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR,
	INSN_BTS, INSN_BTR, INSN_BTC, INSN_CMPXCHG, INSN_XADD, INSN_INC, INSN_DEC, INSN_NOT,
	INSN_NEG, INSN_STOS, INSN_MOVS,
	/* privileged */
	INSN_CLI, INSN_STI, INSN_HLT, INSN_IN, INSN_OUT, INSN_INS, INSN_OUTS, INSN_RDMSR,
	INSN_WRMSR, INSN_CPUID, INSN_READ_CR, INSN_WRITE_CR, INSN_READ_DR, INSN_WRITE_DR, INSN_CLTS,
	INSN_INVLPG, INSN_WBINVD, INSN_SYSENTER, INSN_INT, INSN_RDTSC, INSN_RDPMC, INSN_SWAPGS,
	INSN_XSETBV, INSN_CLAC, INSN_STAC, INSN_UD2, INSN_UMIP,
};

/* Register numbers of the encoding: rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15. */
#define INSN_NO_REG	0xff
#define INSN_RIP	0xfe	/* as base */

struct insn {
	u8 kind;		/* enum insn_kind */
	u8 length;		/* bytes */
	u8 size;		/* of the operand: 1, 2, 4, 8 */
	u8 address_size;	/* 4 or 8 */
	bool lock, rep, memory, forced;	/* forced: with the ABI's prefix */
	bool has_imm, high_byte;	/* high_byte: reg means ah, ch, dh, bh */
	u8 segment;		/* 0, or 4 (fs), 5 (gs) */
	u8 reg, rm;		/* register operands; rm if !memory */
	u8 base, index, scale;
	s64 disp;
	u64 imm;		/* sign-extended to the operand's size */
};

/** insn_decode - decode 64-bit code; @n: valid bytes at @code */
void insn_decode(struct insn *i, const u8 *code, u32 n);

/**
 * insn_address - effective address of the memory operand
 * @regs: by encoding; @next_rip: address behind the instruction
 */
u64 insn_address(const struct insn *i, const u64 regs[16], u64 next_rip, u64 fs_base,
		 u64 gs_base);

/**
 * insn_compute - what a read-modify-write does to its memory operand
 * @old: memory before; @src: operand 2; @flags: arithmetic flags in and out
 * @accumulator: rax, for cmpxchg; *write is false if memory keeps its value
 * Returns the new value, of @i->size bytes.
 */
u64 insn_compute(const struct insn *i, u64 old, u64 src, u64 accumulator, u64 *flags,
		 bool *write);

#endif
