// SPDX-License-Identifier: GPL-2.0
/*
 * The instruction decoder: whatever the bytes are, it reads none beyond those it is
 * given, decides by those it says the instruction has, and by all of these; and what it
 * returns keeps within what its users rely on.
 */
#include "../../module/monitor/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_ARITHMETIC	0x8d5ULL

#define require(cond) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
		abort();							\
	}									\
} while (0)

/* From exactly @n bytes. */
static void decode_exact(struct insn *i, const u8 *code, u32 n)
{
	u8 *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, code, n);
	insn_decode(i, copy, n);
	free(copy);
}

static bool is_register(u8 reg)
{
	return reg < 16 || reg == INSN_NO_REG;
}

static void check_fields(const struct insn *i, u32 n)
{
	require(i->length && i->length <= n && i->length <= INSN_MAX);
	require(i->kind <= INSN_UMIP);
	require(i->address_size == 4 || i->address_size == 8);
	require(!i->segment || i->segment == 4 || i->segment == 5);
	require(is_register(i->base) || i->base == INSN_RIP);
	require(is_register(i->index) && i->index != 4);
	require(i->reg < 16 && i->rm < 16 && i->scale < 4);
	require(!i->high_byte || (i->size == 1 && i->reg >= 4 && i->reg < 8));
	if (i->kind >= INSN_MOV && i->kind <= INSN_MOVS) {
		require(i->memory);
		require(i->size == 1 || i->size == 2 || i->size == 4 || i->size == 8);
	}
	if (i->kind >= INSN_IN && i->kind <= INSN_OUTS)
		require(i->size == 1 || i->size == 2 || i->size == 4);
}

/* Properties that hold for all operands; the unit test asks the CPU for the values. */
static void check_compute(const struct insn *i)
{
	static const u64 operands[] = { 0, 1, ~0ULL, 0x8000000000000000, 0x0123456789abcdef };
	u64 mask = ~0ULL >> (64 - 8 * i->size), flags, new;
	u32 o, s;
	bool write;

	for (o = 0; o < ARRAY_SIZE(operands); o++)
		for (s = 0; s < ARRAY_SIZE(operands); s++) {
			flags = operands[o] & FLAGS_ARITHMETIC;
			new = insn_compute(i, operands[o], operands[s], operands[s] ^ o, &flags,
					   &write);
			require(!(new & ~mask));
			require(!(flags & ~FLAGS_ARITHMETIC));
			require(write || new == (operands[o] & mask));
		}
}

static void check_address(const struct insn *i)
{
	static const u64 regs[16] = {
		1, 1ULL << 63, ~0ULL, 0x1000, 0xffff880000000000, 7, 0x7fffffffffff, 0x80000000,
	};
	u64 a = insn_address(i, regs, 0xffffffff81000000, 0, 0);

	/* Neither base is looked at without its prefix, and it is added last. */
	require(insn_address(i, regs, 0xffffffff81000000, 0x10000, 0x200000) ==
		a + (i->segment == 4 ? 0x10000 : i->segment == 5 ? 0x200000 : 0) ||
		i->kind == INSN_STOS || i->kind == INSN_MOVS);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 n = (u32)size, m;
	struct insn i, again;

	decode_exact(&i, data, n);
	if (i.kind == INSN_TRUNCATED) {
		require(n < INSN_MAX);
		return 0;
	}
	if (i.kind == INSN_UNKNOWN)
		return 0;
	check_fields(&i, n);
	decode_exact(&again, data, i.length);
	require(!memcmp(&i, &again, sizeof(i)));
	for (m = 0; m < i.length; m++) {
		decode_exact(&again, data, m);
		/* The ABI's prefix begins with an instruction of its own. */
		require(again.kind == INSN_TRUNCATED ||
			(i.forced && m >= 2 && m < 5 && again.kind == INSN_UD2));
	}
	if (i.kind >= INSN_MOV && i.kind <= INSN_MOVS)
		check_compute(&i);
	if (i.memory)
		check_address(&i);
	return 0;
}
