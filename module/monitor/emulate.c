// SPDX-License-Identifier: GPL-2.0
/*
 * Emulation at the guest kernel's rip. An instruction is fetched once, decoded, and
 * then either done completely or not at all; what is not known becomes the exception
 * that the CPU raised.
 */
#include "emulate.h"
#include "bounce.h"
#include "cpu.h"
#include "cpuid.h"
#include "debugreg.h"
#include "decode.h"
#include "guestmem.h"
#include "msr.h"
#include "pgtable.h"
#include "segment.h"
#include "tlb.h"
#include "walk.h"

#define CR0_GUEST	0x80050033	/* PG AM WP NE ET MP PE */
#define CR0_TS		BIT(3)
#define DR6_SINGLE_STEP	BIT(14)

/* Where a register of the encoding's number is. */
static u64 *reg(struct vcpu *v, u8 n)
{
#define AT(name) offsetof(struct regs, name)
	static const u8 at[16] = {
		AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp), AT(rsi), AT(rdi),
		AT(r8), AT(r9), AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15),
	};
#undef AT

	return (u64 *)((u8 *)v->regs + at[n & 15]);
}

static u64 read_reg(struct vcpu *v, const struct insn *i)
{
	if (i->high_byte)
		return *reg(v, i->reg - 4) >> 8 & 0xff;
	return *reg(v, i->reg);
}

/* A result of 1, 2, 4 or 8 bytes; 4 bytes clear the upper half. */
static void write_part(u64 *to, u64 val, u8 size, bool high)
{
	u64 mask = size == 8 ? ~0ULL : BIT(size * 8) - 1;

	if (high)
		*to = (*to & ~0xff00ULL) | (val & 0xff) << 8;
	else if (size == 4)
		*to = (u32)val;
	else
		*to = (*to & ~mask) | (val & mask);
}

/* Fetch and decode at rip, from the second page only if needed. 64-bit code only. */
static bool fetch(struct vcpu *v, struct insn *i)
{
	u8 code[INSN_MAX];
	u64 rip = v->regs->rip;
	u32 n = (u32)min((u64)INSN_MAX, PVHV_PAGE_SIZE - (rip & (PVHV_PAGE_SIZE - 1)));

	if (guestmem_read(v, code, rip, n, NULL))
		return false;
	insn_decode(i, code, n);
	/* UD2 may be the beginning of the ABI's prefix. */
	if ((i->kind == INSN_TRUNCATED || i->kind == INSN_UD2) && n < INSN_MAX &&
	    !guestmem_read(v, code + n, rip + n, INSN_MAX - n, NULL))
		insn_decode(i, code, INSN_MAX);
	return i->kind != INSN_UNKNOWN && i->kind != INSN_TRUNCATED;
}

static bool is_long_mode_code(struct vcpu *v)
{
	return v->regs->cs == SEL_GUEST_CS64 || !v->user_mode;
}

/* What the CPU does at the end of an instruction, single step included. */
static void done(struct vcpu *v, const struct insn *i)
{
	v->regs->rip += i->length;
	v->regs->rflags &= ~RFLAGS_RF;
	vcpu_count(v, COUNTER_emulate_insn);
	if (unlikely(v->regs->rflags & RFLAGS_TF)) {
		v->debugreg[6] |= DR6_SINGLE_STEP;
		bounce_exception(v, VECTOR_DB, 0);
	}
}

/* Address of the memory operand. */
static u64 address(struct vcpu *v, const struct insn *i)
{
	u64 regs[16];

	/* All that an address can depend on. */
	regs[i->base & 15] = *reg(v, i->base);
	regs[i->index & 15] = *reg(v, i->index);
	regs[i->reg & 15] = *reg(v, i->reg);
	regs[7] = v->regs->rdi;
	return insn_address(i, regs, v->regs->rip + i->length,
			    i->segment == 4 ? segment_fs_base(v) : 0,
			    i->segment == 5 ? segment_gs_base(v) : 0);
}

/* -------------------------------------------------- privileged instructions */

static void do_cpuid(struct vcpu *v)
{
	struct regs *r = v->regs;
	u32 out[4];

	cpuid_emulate(v, (u32)r->rax, (u32)r->rcx, out);
	r->rax = out[0];
	r->rbx = out[1];
	r->rcx = out[2];
	r->rdx = out[3];
}

static bool do_msr(struct vcpu *v, bool write)
{
	struct regs *r = v->regs;
	u64 val = (r->rdx << 32) | (u32)r->rax;

	if (write)
		return msr_write(v, (u32)r->rcx, val);
	if (!msr_read(v, (u32)r->rcx, &val))
		return false;
	r->rax = (u32)val;
	r->rdx = val >> 32;
	return true;
}

static bool read_cr(struct vcpu *v, u8 n, u64 *val)
{
	switch (n) {
	case 0:
		*val = CR0_GUEST | (v->ts ? CR0_TS : 0);
		return true;
	case 2:
		*val = v->cr2;
		return true;
	case 3:
		*val = v->cr3_kernel.n << PVHV_PAGE_SHIFT;
		return true;
	case 4:
		*val = 0x660 | (vcpu_has(v, FEATURE_XSAVE) ? BIT(18) : 0) |
		       (vcpu_has(v, FEATURE_FSGSBASE) ? BIT(16) : 0);
		return true;
	default:
		return false;
	}
}

/* CR0.TS and the value that is there are all that may be written. */
static bool write_cr(struct vcpu *v, u8 n, u64 val)
{
	u64 now;

	switch (n) {
	case 0:
		if ((val | CR0_TS) != (CR0_GUEST | CR0_TS))
			return false;
		debugreg_set_ts(v, val & CR0_TS);
		return true;
	case 2:
		v->cr2 = val;
		v->info->arch.cr2 = val;
		return true;
	case 4:
		/* Linux sets what it knows; what has no meaning here is dropped. */
		return read_cr(v, 4, &now);
	default:
		return false;
	}
}

static bool do_dr(struct vcpu *v, const struct insn *i)
{
	u8 n = i->reg == 4 ? 6 : i->reg == 5 ? 7 : i->reg;

	if (i->kind == INSN_READ_DR)
		return debugreg_read(v, n, reg(v, i->rm));
	return debugreg_write(v, n, *reg(v, i->rm));
}

/*
 * XCR0 stays the host's: changing it is slow in a virtual machine, and what it enables
 * is enabled for the guest as CPUID says. A guest may name any part of that.
 */
static bool write_xcr(struct vcpu *v)
{
	u64 val = v->regs->rdx << 32 | (u32)v->regs->rax;

	if (!vcpu_has(v, FEATURE_XSAVE) || (u32)v->regs->rcx || !(val & 1) ||
	    val & ~cpuid_xcr0(cpu_xgetbv(0)))
		return false;
	v->xcr0 = val;
	return true;
}

/* No port exists: reads float high, writes go nowhere. */
static bool do_io(struct vcpu *v, const struct insn *i)
{
	if (!v->iopl)
		return false;
	if (i->kind == INSN_IN)
		write_part(&v->regs->rax, ~0ULL, i->size, false);
	return true;
}

/* Of the guest kernel. False: raise the exception after all. */
static bool emulate_kernel(struct vcpu *v, const struct insn *i)
{
	u64 val;

	switch (i->kind) {
	case INSN_CPUID:
		do_cpuid(v);
		return true;
	case INSN_RDMSR: case INSN_WRMSR:
		return do_msr(v, i->kind == INSN_WRMSR);
	case INSN_READ_CR:
		if (!read_cr(v, i->reg, &val))
			return false;
		*reg(v, i->rm) = val;
		return true;
	case INSN_WRITE_CR:
		return write_cr(v, i->reg, *reg(v, i->rm));
	case INSN_READ_DR: case INSN_WRITE_DR:
		return do_dr(v, i);
	case INSN_XSETBV:
		return write_xcr(v);
	case INSN_CLTS:
		debugreg_set_ts(v, false);
		return true;
	case INSN_IN: case INSN_OUT:
		return do_io(v, i);
	case INSN_CLI: case INSN_STI:
		if (!v->iopl)
			return false;
		WRITE_ONCE(v->info->evtchn_upcall_mask, i->kind == INSN_CLI);
		return true;
	case INSN_WBINVD: case INSN_CLAC: case INSN_STAC:
		return true;
	case INSN_INVLPG:
		tlb_invlpg(v, address(v, i));
		return true;
	case INSN_RDTSC:
		val = cpu_rdtsc();
		v->regs->rax = (u32)val;
		v->regs->rdx = val >> 32;
		return true;
	default:
		return false;
	}
}

static void sysenter(struct vcpu *v, const struct insn *i, unsigned int vector)
{
	if (v->user_mode && v->sysenter.rip) {
		v->regs->rip += i->length;
		bounce_callback(v, &v->sysenter);
	} else {
		bounce_exception(v, vector, 0);
	}
}

void emulate_gp(struct vcpu *v, u64 error)
{
	struct insn i;

	if (!fetch(v, &i)) {
		bounce_exception(v, VECTOR_GP, error);
		return;
	}
	/* A gate that is closed in hardware: the guest's table decides. */
	if (i.kind == INSN_INT && error & ERROR_IDT) {
		bounce_software(v, (u8)i.imm, i.length);
		return;
	}
	if (i.kind == INSN_SYSENTER) {
		sysenter(v, &i, VECTOR_GP);
		return;
	}
	if (!error && !v->user_mode && is_long_mode_code(v) && emulate_kernel(v, &i))
		done(v, &i);
	else
		bounce_exception(v, VECTOR_GP, error);
}

void emulate_ud(struct vcpu *v)
{
	struct insn i;

	if (fetch(v, &i)) {
		if (i.kind == INSN_CPUID && i.forced) {
			do_cpuid(v);
			done(v, &i);
			return;
		}
		if (i.kind == INSN_SYSENTER) {
			sysenter(v, &i, VECTOR_UD);
			return;
		}
		if (!v->user_mode && (i.kind == INSN_CLAC || i.kind == INSN_STAC)) {
			done(v, &i);
			return;
		}
	}
	bounce_exception(v, VECTOR_UD, 0);
}

/* ------------------------------------------------------- page-table writes */

static bool is_table_write(const struct insn *i)
{
	return i->kind >= INSN_MOV && i->kind <= INSN_STOS && i->memory &&
	       (!i->rep || (i->kind == INSN_STOS && i->address_size == 8));
}

/* Operand 2. False: it cannot be had. */
static u64 source(struct vcpu *v, const struct insn *i)
{
	if (i->has_imm)
		return i->imm;
	if (i->kind == INSN_STOS)
		return v->regs->rax;
	return read_reg(v, i);
}

/* Registers that the instruction writes besides memory. */
static void write_back(struct vcpu *v, const struct insn *i, u64 old, bool written)
{
	if (i->kind == INSN_XCHG || i->kind == INSN_XADD)
		write_part(reg(v, i->high_byte ? i->reg - 4 : i->reg), old, i->size, i->high_byte);
	else if (i->kind == INSN_CMPXCHG && !written)
		write_part(&v->regs->rax, old, i->size, false);
	else if (i->kind == INSN_STOS)
		v->regs->rdi += v->regs->rflags & BIT(10) ? -(u64)i->size : i->size;
}

static u64 merge(u64 entry, u64 part, u32 shift, u8 size)
{
	u64 mask = (size == 8 ? ~0ULL : BIT(size * 8) - 1) << shift;

	return (entry & ~mask) | (part << shift & mask);
}

/*
 * Compute on the whole entry, validate, compare-exchange. Returns 0, -EINVAL if the
 * guest must not have the new entry, -RESTART; -EBUSY if somebody else has changed it
 * meanwhile, which may go on for as long as he likes.
 */
static long table_write(struct vcpu *v, const struct insn *i, gfn_t table, u64 va)
{
	const u64 *entry = (u64 *)guestmem_gfn_ptr(v->d, table) + (va & 0xfff) / 8;
	u32 shift = (u32)(va & 7) * 8;
	u64 old, new, part, flags;
	bool write;
	long err;

	old = READ_ONCE(*entry);
	flags = v->regs->rflags;
	part = insn_compute(i, old >> shift, source(v, i), v->regs->rax, &flags, &write);
	if (write) {
		new = merge(old, part, shift, i->size);
		err = pgtable_cmpxchg(v, table, (u32)(va & 0xfff) / 8, old, new);
		if (err)
			return err;
	}
	write_back(v, i, old >> shift, write);
	v->regs->rflags = flags;
	return 0;
}

bool emulate_table_write(struct vcpu *v, u64 va)
{
	struct insn i;
	gfn_t table;
	long err;
	u64 at;

	if (!is_long_mode_code(v) || !fetch(v, &i) || !is_table_write(&i))
		return false;
	at = address(v, &i);
	/* One entry only; the fault was about the first byte of the operand. */
	if (at != va || (at & 7) + i.size > 8 || guestmem_translate(v, at, &table))
		return false;
	vcpu_count(v, COUNTER_emulate_pte);
	err = table_write(v, &i, table, at);
	if (err == -RESTART || err == -EBUSY)
		return true;	/* the instruction executes again */
	if (err)
		return false;
	/* One entry at a time: rip stays on the instruction until the last. */
	if (i.rep && --v->regs->rcx)
		return true;
	done(v, &i);
	return true;
}
