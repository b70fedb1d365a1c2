// SPDX-License-Identifier: GPL-2.0
/*
 * See native.h. The code loads all registers, among them rsp, from a context that it
 * reaches by 32-bit addresses, and stores them there behind the instruction: nothing
 * but the instruction's own operands depends on what they contain. MOV keeps flags.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <asm/prctl.h>
#include <string.h>

#include "native.h"

#define CODE		0x0000
#define CONTEXT		0x1000
#define STACK_TOP	0x3000		/* the stack has the page below */
#define ARENA		0x4000
#define GS_BASE		0x12345000ULL	/* below the mapping */

#define REG_RSP		4

struct context {
	struct native n;
	u64 rsp;		/* of the caller */
};

static u8 *base;
static u8 *emit_at;
static u32 prologue;

static void emit(const void *bytes, size_t n)
{
	memcpy(emit_at, bytes, n);
	emit_at += n;
}

#define EMIT(...) emit((const u8 []){ __VA_ARGS__ }, sizeof((const u8 []){ __VA_ARGS__ }))

static void emit_address(size_t offset)
{
	u32 address = (u32)(u64)(base + offset);

	emit(&address, sizeof(address));
}

/* mov reg, [address], or the other way round. */
static void emit_mov(u8 opcode, u8 reg, size_t offset)
{
	EMIT(0x48 | (reg & 8) >> 1, opcode, 0x04 | (reg & 7) << 3, 0x25);
	emit_address(offset);
}

#define LOAD	0x8b
#define STORE	0x89
#define REG_AT(r)	(CONTEXT + offsetof(struct context, n.regs) + 8 * (r))
#define FLAGS_AT	(CONTEXT + offsetof(struct context, n.flags))
#define RSP_AT		(CONTEXT + offsetof(struct context, rsp))

static void emit_own_stack(void)
{
	EMIT(0x48, 0xc7, 0xc4);			/* mov $..., %rsp */
	emit_address(STACK_TOP);
}

static void emit_prologue(void)
{
	u8 reg;

	emit_at = base + CODE;
	EMIT(0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57);	/* push */
	emit_mov(STORE, REG_RSP, RSP_AT);
	emit_own_stack();
	EMIT(0xff, 0x34, 0x25);			/* push flags */
	emit_address(FLAGS_AT);
	EMIT(0x9d);				/* popfq */
	for (reg = 0; reg < 16; reg++)
		emit_mov(LOAD, reg, REG_AT(reg));
	prologue = (u32)(emit_at - base);
}

static void emit_epilogue(void)
{
	u8 reg;

	emit_mov(STORE, REG_RSP, REG_AT(REG_RSP));
	emit_own_stack();
	EMIT(0x9c, 0x8f, 0x04, 0x25);		/* pushfq; pop flags */
	emit_address(FLAGS_AT);
	for (reg = 0; reg < 16; reg++)
		if (reg != REG_RSP)
			emit_mov(STORE, reg, REG_AT(reg));
	emit_mov(LOAD, REG_RSP, RSP_AT);
	EMIT(0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3);
}

int native_init(void)
{
	base = mmap(NULL, ARENA + NATIVE_ARENA, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (base == MAP_FAILED || syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE))
		return -1;
	emit_prologue();
	return 0;
}

u8 *native_arena(void)
{
	return base + ARENA;
}

u64 native_address(void)
{
	return (u64)(base + prologue);
}

u64 native_fs_base(void)
{
	u64 fs = 0;

	syscall(SYS_arch_prctl, ARCH_GET_FS, &fs);
	return fs;
}

u64 native_gs_base(void)
{
	return GS_BASE;
}

void native_run(const u8 *insn, u32 length, struct native *n)
{
	struct context *c = (struct context *)(base + CONTEXT);
	void (*code)(void) = (void (*)(void))(base + CODE);

	c->n = *n;
	emit_at = base + prologue;
	emit(insn, length);
	emit_epilogue();
	code();
	*n = c->n;
}
