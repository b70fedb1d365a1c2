// SPDX-License-Identifier: GPL-2.0
/* See debugger.h. */
#include "debugger.h"
#include "bounce.h"
#include "cpu.h"
#include "debugreg.h"
#include "guestmem.h"

#define INSN_MAX	15

/* What the instruction that is stepped does with the trap flag. */
enum { STEP_PLAIN, STEP_SAVES_TF, STEP_SETS_TF };

/* Prefixes before an opcode of one byte: operand size and so on, and REX. */
static bool is_prefix(u8 b)
{
	return b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 || b == 0x2e ||
	       b == 0x36 || b == 0x3e || b == 0x26 || b == 0x64 || b == 0x65 || (b & 0xf0) == 0x40;
}

static u32 step_kind(struct vcpu *v)
{
	u64 rip = v->regs->rip;
	int i;
	u8 b;

	/* In other code than flat 64-bit one the bytes mean something else. */
	if ((v->regs->cs | 3) != SEL_GUEST_CS64)
		return STEP_PLAIN;

	for (i = 0; i < INSN_MAX && !guestmem_read(v, &b, rip + (u64)i, 1, NULL); i++) {
		if (is_prefix(b))
			continue;
		if (b == 0x9c)
			return STEP_SAVES_TF;
		/* popf, iret */
		return b == 0x9d || b == 0xcf ? STEP_SETS_TF : STEP_PLAIN;
	}
	return STEP_PLAIN;
}

/* pushf has been executed: TF is in the second byte of what it left on the stack. */
static void hide_saved(struct vcpu *v)
{
	u8 b;

	if (guestmem_read(v, &b, v->regs->rsp + 1, 1, NULL))
		return;
	b &= (u8)~(RFLAGS_TF >> 8);
	/* Just written by the guest: it works, or another vCPU has taken the page away. */
	if (guestmem_write(v, v->regs->rsp + 1, &b, 1, NULL))
		return;
}

void debugger_hide_step(struct vcpu *v)
{
	struct regs *r = v->regs;
	bool done = r->rip != v->step_rip;

	v->step_forced = false;
	if (v->step_own)
		return;
	/* After popf and iret it is what the guest wanted it to be. */
	if (v->step_kind != STEP_SETS_TF || !done)
		r->rflags &= ~RFLAGS_TF;
	if (v->step_kind == STEP_SAVES_TF && done && r->vector == VECTOR_DB)
		hide_saved(v);
	if (r->vector == REGS_SYSCALL || r->vector == REGS_SYSCALL32)
		r->r11 &= ~RFLAGS_TF;
}

static void stop(struct vcpu *v, u64 vector, u64 dr6)
{
	v->step_armed = false;
	if (v->exit)
		return;
	v->told_breakpoint = vector == VECTOR_BP;
	v->told_rip = v->regs->rip;
	vcpu_exit(v, EXIT_DEBUG, vector);
	v->w->exit_arg[1] = dr6;
}

void debugger_pass_breakpoint(struct vcpu *v)
{
	v->pass_breakpoint = false;
	v->regs->rip++;
	bounce_exception(v, VECTOR_BP, 0);
}

void debugger_resume_slow(struct vcpu *v)
{
	struct regs *r = v->regs;

	if (!debugger_steps(v)) {
		v->step_armed = false;
		return;
	}
	if (v->step_armed && r->rip != v->step_rip)
		stop(v, VECTOR_DB, DR6_STEP);
	if (v->exit)
		return;
	v->step_armed = true;
	v->step_rip = r->rip;
	v->step_kind = step_kind(v);
	/* Reading the instruction may have found a reason to leave. */
	if (v->exit)
		return;
	v->step_own = r->rflags & RFLAGS_TF;
	v->step_forced = true;
	r->rflags |= RFLAGS_TF;
}

/*
 * Breakpoints are the debugger's while its registers are in the CPU; a step is its own if
 * it wants one, and the guest's too if the guest had TF set.
 */
void debugger_debug(struct vcpu *v)
{
	u64 status = cpu_read_dr(6) & DR6_STATUS, own = status;
	u32 control = v->w->debug_control;

	cpu_write_dr(6, DR6_INIT);
	if (control & DEBUG_HARDWARE)
		own &= ~DR6_BREAKPOINTS;
	if (control & DEBUG_STEP && !v->step_own)
		own &= ~DR6_STEP;
	/* `int1`, which says nothing at all, is the guest's. */
	if (own || !status) {
		v->debugreg[6] |= own;
		bounce_exception(v, VECTOR_DB, 0);
	}
	if ((control & DEBUG_STEP && status & DR6_STEP) ||
	    (control & DEBUG_HARDWARE && status & DR6_BREAKPOINTS))
		stop(v, VECTOR_DB, status);
}

void debugger_breakpoint(struct vcpu *v)
{
	if (!(v->w->debug_control & DEBUG_BREAKPOINT)) {
		bounce_exception(v, VECTOR_BP, 0);
		return;
	}
	/* `int3` of one byte, which is what debuggers use. */
	v->regs->rip--;
	stop(v, VECTOR_BP, 0);
}

void debugger_request(struct vcpu *v)
{
	v->w->request &= ~REQUEST_DEBUG;
	/* Only the one that the last stop was about, and only while the guest is still there. */
	v->pass_breakpoint = v->told_breakpoint && v->told_rip == v->regs->rip &&
			     v->w->debug_control & DEBUG_PASS;
	v->told_breakpoint = false;
	debugreg_reload(v);
}
