/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The guest of the campaign: it does to the hypervisor, one operation after the other,
 * whatever chance says, and survives most of it. Operation n depends on the seed, on n,
 * and on what the operations before have left behind: the same seed gives the same
 * sequence.
 *
 * Frames, by number:
 *
 *   image, boot tables	the guest itself; operations aim at them rarely
 *   KEEP_GFN...	nothing may write these: their content is checked
 *   TOY_GFN...		tables, descriptors, data: what operations play with
 *   the last ones	struct report
 *
 * All frames can be read at PHYS. No operation of a well-behaved monitor can make a
 * KEEP frame change, short of a random entry that names it.
 */
#ifndef PVHV_CAMPAIGN_H
#define PVHV_CAMPAIGN_H

#include "../../guest/guest.h"
#include "../report.h"

#define KEEP_GFN	0x280UL
#define KEEP_PAGES	0x100UL
#define TOY_GFN		0x400UL
#define TOY_PAGES	0x200UL

#define PHYS		0xffff880000000000UL	/* all frames, read-only */
#define TREE		0xffff960000000000UL	/* top-level slot for trees of toys */
#define TREE_SLOT	300


/* QEMU's far returns and calls at CPL 3 use the stack with the rights of ring 0. */
extern bool no_iret;

/* Pages of the window of guest.h. */
#define WIN_REPORT	0
#define WIN_EDGE	32	/* RW RW - RW RO RW table - */
#define EDGE_PAGES	8
#define WIN_CODE	48	/* two pages for random code, then nothing */
#define WIN_STACK	56	/* two pages of stack for it, nothing below and above */
#define LOW_CODE	0x500000UL	/* the same code and stack, in both roots */
#define LOW_STACK	0x700000UL

#define WIN_TOY		64	/* from here on: whatever operations put there */
#define WIN_END		512

#define MONITOR_FIRST	0xffff800000000000UL	/* m2p, and behind it the monitor */
#define MONITOR_SECRET	0xffff808000000000UL
#define MONITOR_END	0xffff880000000000UL

extern struct report *report;
extern u64 special_gfn;		/* shared_info */
extern u64 canary_inverse[REPORT_CANARIES];

/* ------------------------------------------------------------- random.c */

/** random_start - the numbers of operation @n */
void random_start(u64 seed, u64 n);

u64 random64(void);

/** below - 0 to n - 1 */
static inline u64 below(u64 n)
{
	return random64() % n;
}

static inline bool one_in(u64 n)
{
	return !below(n);
}

#define PICK(array)	((array)[below(ARRAY_SIZE(array))])

/** random_value - a number that code may get wrong */
u64 random_value(void);

/** random_gfn - mostly a toy */
u64 random_gfn(void);

/** random_toy - a toy; its role is whatever it was used for last */
u64 random_toy(void);

/** toy_with_role - a toy of that level, if chance has it, and make it one if @claim */
u64 toy_with_role(unsigned int level, bool claim);

/** random_pte - for a table of that level, plausible or not */
u64 random_pte(unsigned int level);

/** random_address - canonical or not, mapped or not, the monitor's, a table's */
u64 random_address(void);

/** random_place - where @size bytes can be written, or partly, or not at all */
u64 random_place(size_t size);

/** perturb - change one member of a struct */
void perturb(void *data, size_t size);

/** random_fill - bytes that are no pattern */
void random_fill(void *data, size_t size);

/* ------------------------------------------------------------ recovery */

struct jump {
	u64 rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

/** jump_set - returns 0; once more, with another value, at jump_back() */
long jump_set(struct jump *j) __attribute__((returns_twice));
void jump_back(struct jump *j, long value) __attribute__((noreturn));

/* Where traps continue; NULL: there should be none. */
extern struct jump *recovery;

/* What an operation has spoilt; main.c repairs it afterwards. */
enum spoilt {
	SPOILT_TRAPS = 1,
	SPOILT_STACK = 2,
	SPOILT_ROOT = 4,
	SPOILT_SEGMENTS = 8,
	SPOILT_DEBUG = 16,
	SPOILT_FPU = 32,
	SPOILT_IOPL = 64,
	SPOILT_CODE = 128,
	SPOILT_ALL = 255,
};
extern unsigned int spoilt;

struct registers {
	u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rip, rflags;
};

/** call_captured - a hypercall; all registers before and after in @regs */
void call_captured(struct registers *regs);

/** run_kernel - load all registers and jump; only a trap comes back */
void run_kernel(const struct registers *regs) __attribute__((noreturn));

/** run_iret - load all registers but rax and make the iret hypercall, rsp is the frame */
void run_iret(const struct registers *regs) __attribute__((noreturn));

/** canary_yield - SCHEDOP_yield with @value in all registers that keep one */
void canary_yield(u64 value);

/** try_read - one word; false: it faulted */
bool try_read(u64 va, u64 *val);

/* ---------------------------------------------------------- operations */

/** note - the arguments of this operation, for the trace */
void note(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);
void note_result(u64 result);

/** found - something that must not be */
void found(enum found_kind kind, u64 a, u64 b);

struct call {
	u64 nr, arg[5];
};

/** call_make - a random hypercall; what its pointers point to is written, too */
void call_make(struct call *c, unsigned int depth);

/** call_do - make it; checks the registers */
long call_do(const struct call *c);

/** scratch - memory for arguments, good until the next operation */
void *scratch(size_t size);

/** scratch_place - the copy of that at a random place: the address to pass */
u64 scratch_place(const void *data, size_t size);
void scratch_reset(void);

/** has_kernel - is that a root that the guest can live on? */
bool has_kernel(u64 gfn);

void op_hypercall(void);
void op_multicall(void);
void op_table_update(void);
void op_table_write(void);
void op_table_op(void);
void op_tree(void);
void op_touch(void);
void op_fill(void);
void op_descriptor(void);
void op_code_kernel(void);
void op_code_user(void);
void op_trap(void);
void op_iret(void);
void op_probe(void);

/** view_is_intact - does PHYS show frame n as page n, and the boot mapping its tables? */
bool view_is_intact(void);

/* -------------------------------------------------------------- scan.c */

/** keep_init - fill the frames that nothing may change */
void keep_init(void);

/** scan - look for canaries, wrong frames, changed memory */
void scan(void);

/* Between user_read() and the trap it ends with. */
extern bool user_reads;
extern u64 user_word;

/** scan_registers - the general registers of a trap or hypercall */
void scan_registers(const u64 *regs, size_t n);

#endif
