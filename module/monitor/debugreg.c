// SPDX-License-Identifier: GPL-2.0
/* See debugreg.h. */
#include "debugreg.h"
#include "cpu.h"
#include "guestmem.h"

#define DR7_FIXED	0x400
#define DR7_ENABLE	0xff		/* L0 G0 ... L3 G3 */
#define DR7_GD		BIT(13)
#define DR7_RESERVED	(BIT(11) | BIT(12) | BIT(14) | BIT(15))
#define CR0_TS		BIT(3)

void debugreg_init(struct vcpu *v)
{
	v->debugreg[6] = DR6_INIT;
	v->debugreg[7] = DR7_FIXED;
}

/* An address that a breakpoint may watch: the guest's, not the monitor's. */
static bool breakpoint_valid(u64 va)
{
	return lib_canonical(va) && !guestmem_reserved(va);
}

static bool debugger_has_them(const struct vcpu *v)
{
	return v->w->debug_control & DEBUG_HARDWARE;
}

/* The guest's registers, or its debugger's, become the CPU's; or breakpoints go off. */
static void load(struct vcpu *v)
{
	const u64 *dr = debugger_has_them(v) ? v->w->debug_dr : v->debugreg;
	u64 dr7 = debugger_has_them(v) ? v->w->debug_dr7 : v->debugreg[7];
	bool live = dr7 & DR7_ENABLE;
	int n;

	/* First the note for switch.S, which a machine check may bring us to at any moment. */
	WRITE_ONCE(v->debug_live, true);
	if (live)
		for (n = 0; n < 4; n++)
			cpu_write_dr(n, dr[n]);
	cpu_write_dr(7, live ? dr7 : DR7_FIXED);
	WRITE_ONCE(v->debug_live, live);
}

void debugreg_reload(struct vcpu *v)
{
	load(v);
}

bool debugreg_write(struct vcpu *v, u32 n, u64 val)
{
	switch (n) {
	case 0: case 1: case 2: case 3:
		if (!breakpoint_valid(val))
			return false;
		v->debugreg[n] = val;
		break;
	case 6:
		v->debugreg[6] = (val & DR6_STATUS) | DR6_INIT;
		return true;
	case 7:
		if (val >> 32 || val & DR7_GD)
			return false;
		v->debugreg[7] = (val & ~DR7_RESERVED) | DR7_FIXED;
		break;
	default:
		return false;
	}
	if (v->debug_live || n == 7)
		load(v);
	return true;
}

bool debugreg_read(struct vcpu *v, u32 n, u64 *val)
{
	if (n > 7 || n == 4 || n == 5)
		return false;
	*val = v->debugreg[n];
	return true;
}

void debugreg_enter(struct vcpu *v)
{
	if (unlikely(v->debugreg[7] & DR7_ENABLE || debugger_has_them(v)))
		load(v);
	if (unlikely(v->ts))
		debugreg_set_ts(v, true);
}

void debugreg_take_status(struct vcpu *v)
{
	u64 status = cpu_read_dr(6) & DR6_STATUS;

	/* The debugger's is of no interest any more. */
	if (debugger_has_them(v))
		status &= ~(u64)DR6_BREAKPOINTS;
	if (v->step_forced && !v->step_own)
		status &= ~(u64)DR6_STEP;
	v->debugreg[6] |= status;
	cpu_write_dr(6, DR6_INIT);
}

void debugreg_set_ts(struct vcpu *v, bool ts)
{
	/* First the note for switch.S: a TS too many would kill the host's FPU users. */
	v->ts = true;
	if (ts) {
		cpu_write_cr0(cpu_read_cr0() | CR0_TS);
	} else {
		cpu_clts();
		v->ts = false;
	}
}

long hypercall_fpu_taskswitch(struct vcpu *v, u64 arg[6])
{
	debugreg_set_ts(v, arg[0] != 0);
	return 0;
}

long hypercall_set_debugreg(struct vcpu *v, u64 arg[6])
{
	if (arg[0] > 7 || arg[0] == 4 || arg[0] == 5)
		return -EINVAL;
	return debugreg_write(v, (u32)arg[0], arg[1]) ? 0 : -EPERM;
}

long hypercall_get_debugreg(struct vcpu *v, u64 arg[6])
{
	u64 val;

	if (arg[0] > 7 || !debugreg_read(v, (u32)arg[0], &val))
		return -EINVAL;
	/* An address like any other, but as a result it would have us called for ever. */
	return (long)val == -RESTART ? -EINVAL : (long)val;
}
