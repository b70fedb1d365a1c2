/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A debugger in the VMM: breakpoints and single steps that are its own end the run
 * (EXIT_DEBUG) and are hidden from the guest, whose own go on working. Only while
 * world.debug_control says so; otherwise nothing of this costs more than a test.
 *
 * A step ends when the guest's rip is another one, by whatever way: an instruction, a
 * hypercall, a bounce. The trap flag that makes the CPU tell is in struct regs only from
 * the last moment before the guest resumes to the first one after. Upcalls wait.
 */
#ifndef PVHV_MONITOR_DEBUGGER_H
#define PVHV_MONITOR_DEBUGGER_H

#include "panic.h"

void debugger_hide_step(struct vcpu *v);
void debugger_resume_slow(struct vcpu *v);

/** debugger_entered - first thing after the guest ran: what it shall not see is gone */
static inline void debugger_entered(struct vcpu *v)
{
	if (unlikely(v->step_forced))
		debugger_hide_step(v);
}

/** debugger_steps - is a single step wanted? Then no upcall comes in between. */
static inline bool debugger_steps(const struct vcpu *v)
{
	return unlikely(v->w->debug_control & DEBUG_STEP);
}

/** debugger_resume - the guest is about to resume: prepare a step, or see that one is done */
static inline void debugger_resume(struct vcpu *v)
{
	if (unlikely(v->w->debug_control | v->step_armed))
		debugger_resume_slow(v);
}

/**
 * debugger_pass_breakpoint - the #BP that the VMM was told of is the guest's own
 * Before anything else is delivered: an upcall would change the rip that it is about.
 */
void debugger_pass_breakpoint(struct vcpu *v);

/** debugger_debug - #DB: whose is it? */
void debugger_debug(struct vcpu *v);

/** debugger_breakpoint - #BP */
void debugger_breakpoint(struct vcpu *v);

/** debugger_request - REQUEST_DEBUG: the VMM has changed its mind */
void debugger_request(struct vcpu *v);

#endif
