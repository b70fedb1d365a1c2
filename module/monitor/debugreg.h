/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's debug registers and CR0.TS: state of the CPU that is the guest's own
 * while it runs and must be neutral in the host. They are put into the CPU only if
 * they do something; switch.S takes them out on every way to the host.
 */
#ifndef PVHV_MONITOR_DEBUGREG_H
#define PVHV_MONITOR_DEBUGREG_H

#include "panic.h"

#define DR6_INIT	0xffff0ff0
#define DR6_BREAKPOINTS	0xf		/* B0-B3 */
#define DR6_STEP	BIT(14)		/* BS */
#define DR6_STATUS	0xe00f		/* and BD, BS, BT */

/** debugreg_init - the values after reset */
void debugreg_init(struct vcpu *v);

/**
 * debugreg_write - DR0-DR3, DR6, DR7
 * Returns false for another register, or a value that a guest may not have: a
 * breakpoint outside of its own addresses, general detect.
 */
bool __must_check debugreg_write(struct vcpu *v, u32 n, u64 val);

/** debugreg_read - false: there is no such register */
bool __must_check debugreg_read(struct vcpu *v, u32 n, u64 *val);

/** debugreg_enter - from the host: into the CPU what is in use */
void debugreg_enter(struct vcpu *v);

/** debugreg_reload - the same after the debugger in the VMM has taken or left the registers */
void debugreg_reload(struct vcpu *v);

/** debugreg_take_status - #DB: what the CPU's DR6 says goes to the guest's */
void debugreg_take_status(struct vcpu *v);

/** debugreg_set_ts - the guest's CR0.TS: the next FPU instruction raises #NM */
void debugreg_set_ts(struct vcpu *v, bool ts);

long hypercall_fpu_taskswitch(struct vcpu *v, u64 arg[6]);
long hypercall_set_debugreg(struct vcpu *v, u64 arg[6]);
long hypercall_get_debugreg(struct vcpu *v, u64 arg[6]);

#endif
