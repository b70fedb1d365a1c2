// SPDX-License-Identifier: GPL-2.0
/*
 * Sorts what comes from a guest: to the host (interrupts), to the MMU (page
 * faults), to emulation (privileged instructions), or back to the guest kernel.
 * And what goes wrong in the monitor itself: expected for three instructions,
 * which have fixups; anything else is a panic.
 */
#include "trap.h"
#include "bounce.h"
#include "cpu.h"
#include "debugger.h"
#include "debugreg.h"
#include "emulate.h"
#include "hypercall.h"
#include "pgtable.h"
#include "segment.h"
#include "tlb.h"

#define PF_PROT		BIT(0)
#define PF_WRITE	BIT(1)
#define PF_USER		BIT(2)
#define PF_RSVD		BIT(3)

/* Offset of an address in whatever copy of the image it lies. */
#define IMAGE_OFFSET(addr)	((u64)(addr) & (LAYOUT_AREA_SIZE - 1))

struct fixup {
	s32 from, to;		/* each relative to itself */
};

extern const struct fixup image_fixups[], image_fixups_end[];
extern const u8 guest_iretq[], guest_iretq_quick[];

static void trap_page_fault(struct vcpu *v, struct regs *r)
{
	u64 va = cpu_read_cr2();
	u64 error = r->error;

	vcpu_count(v, COUNTER_page_fault);
	if (trap_is_async_page_fault(error)) {
		vcpu_exit(v, EXIT_ASYNC_PF, va);
		return;
	}
	if (error & PF_RSVD)
		panic(v, "reserved bit in a shadow table: fault at 0x%lx", va);
	switch (pgtable_fault(v, va, r->error, &error)) {
	case FAULT_RETRY:
		return;
	case FAULT_WRITE_TABLE:
		if (emulate_table_write(v, va))
			return;
		break;
	case FAULT_GP:
		bounce_exception(v, VECTOR_GP, 0);
		return;
	case FAULT_BOUNCE:
		break;
	}
	vcpu_count(v, COUNTER_fault_bounced);
	bounce_page_fault(v, va, error);
}

/* Without CR0.TS it is XFD, which guards what does not exist for the guest: AMX. */
static void trap_no_device(struct vcpu *v)
{
	if (!v->ts) {
		/* It says which component; the host looks at it in its own #NM only. */
		if (vcpu_has(v, FEATURE_XFD))
			cpu_wrmsr(MSR_XFD_ERR, 0);
		bounce_exception(v, VECTOR_UD, 0);
		return;
	}
	debugreg_set_ts(v, false);
	bounce_exception(v, VECTOR_NM, 0);
}

static void trap_interrupt(struct vcpu *v, unsigned int vector)
{
	v->w->vector = vector;
	vcpu_exit(v, EXIT_INTERRUPT, vector);
}

void trap_guest(struct vcpu *v, struct regs *r)
{
	tlb_enter_monitor(v);
	debugger_entered(v);
	if (r->vector >= 32 && r->vector != 0x80) {
		trap_interrupt(v, r->vector);
		return;
	}
	switch (r->vector) {
	case VECTOR_PF:
		trap_page_fault(v, r);
		return;
	case VECTOR_GP:
		emulate_gp(v, r->error);
		return;
	case VECTOR_UD:
		emulate_ud(v);
		return;
	case VECTOR_DB:
		debugger_debug(v);
		return;
	case VECTOR_BP:
		debugger_breakpoint(v);
		return;
	case VECTOR_NM:
		trap_no_device(v);
		return;
	case VECTOR_NMI:
		vcpu_exit(v, EXIT_NMI, 0);
		return;
	case VECTOR_MC:
		vcpu_exit(v, EXIT_MCE, 1);
		return;
	case 0x80:
		/* Its gate is open in hardware: the instruction has been executed. */
		r->rip -= 2;
		bounce_software(v, 0x80, 2);
		return;
	default:
		bounce_exception(v, r->vector, r->error);
		return;
	}
}

void trap_syscall(struct vcpu *v, struct regs *r)
{
	const struct vcpu_callback *cb;

	tlb_enter_monitor(v);
	debugger_entered(v);
	if (likely(!v->user_mode)) {
		hypercall_dispatch(v, r);
		return;
	}
	if (r->vector == REGS_SYSCALL) {
		vcpu_count(v, COUNTER_syscall);
		cb = &v->syscall;
	} else {
		vcpu_count(v, COUNTER_syscall32);
		cb = &v->syscall32;
	}
	if (cb->rip) {
		bounce_callback(v, cb);
	} else {
		r->rip -= 2;
		bounce_exception(v, VECTOR_UD, 0);
	}
}

/*
 * IRETQ found a selector, rip or rsp that the CPU does not accept. The fault's frame
 * overwrote the lower part of struct regs: put the registers back in their place;
 * the five words of the refused frame above them are intact. The guest hears of it
 * through its failsafe callback.
 */
static void trap_bad_iret(struct vcpu *v, struct regs *fault)
{
	struct regs copy = *fault;
	struct regs *r = v->regs;

	memcpy(r, &copy, offsetof(struct regs, vector));
	r->vector = 0;
	r->error = 0;
	tlb_enter_monitor(v);
	debugger_entered(v);
	/* What the frame says is still what the guest asked for: show it. */
	bounce_failsafe(v);
}

u32 trap_monitor(struct vcpu *v, struct regs *r)
{
	const struct fixup *f;
	u64 at = IMAGE_OFFSET(r->rip);

	if (at == IMAGE_OFFSET(guest_iretq) || at == IMAGE_OFFSET(guest_iretq_quick)) {
		trap_bad_iret(v, r);
		return 1;
	}
	for (f = image_fixups; f < image_fixups_end; f++) {
		if (at == IMAGE_OFFSET((u64)&f->from + (s64)f->from)) {
			r->rip += (u64)(s64)(((u64)&f->to + (u64)(s64)f->to) -
					     ((u64)&f->from + (u64)(s64)f->from));
			return 0;
		}
	}
	trap_panic(v, r);
	return 0;
}

void trap_debug(struct vcpu *v, struct regs *r)
{
	debugreg_take_status(v);
}

void trap_panic(struct vcpu *v, struct regs *r)
{
	panic_at(v, r, cpu_read_cr2());
}
