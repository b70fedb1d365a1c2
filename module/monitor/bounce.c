// SPDX-License-Identifier: GPL-2.0
/*
 * Bounces: the frame on the guest kernel's stack, its return, and the tables that
 * say where to go. The guest's interrupt flag does not exist in hardware: it is the
 * upcall mask in vcpu_info, mirrored into the IF bit of every frame. Hardware IF
 * is always on outside the monitor.
 *
 * Owns: user_mode, and which values rip, cs, ss, rflags of a guest may have.
 */
#include "bounce.h"
#include "cpu.h"
#include "guestmem.h"
#include "record.h"

#include <xen/callback.h>

/* Vectors with an error code, by bit. */
#define ERROR_CODE_VECTORS	(BIT(8) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | \
				 BIT(17) | BIT(21))

struct bounce_frame {
	u64 rip;
	u64 error;
	bool has_error;
	bool mask_events;
	u32 what;		/* for tracing: vector, or TRACE_BOUNCE_* */
};

static bool upcalls_masked(struct vcpu *v)
{
	return READ_ONCE(v->info->evtchn_upcall_mask) & 1;
}

void bounce_set_mode(struct vcpu *v, bool user)
{
	if (v->user_mode == user)
		return;
	/* No key is ever used: what user mode has closed must not be closed to its kernel. */
	if (vcpu_has(v, FEATURE_PKU) && !user && cpu_rdpkru())
		cpu_wrpkru(0);
	v->user_mode = user;
	v->root = user ? v->root_user : v->root_kernel;
	cpu_swapgs();
}

static void __cold bad_stack(struct vcpu *v, u64 sp)
{
	vcpu_crash(v, CRASH_BAD_STACK, "kernel stack 0x%lx is not writable (event at rip 0x%lx)",
		   sp, v->regs->rip);
}

/* With the frame on the stack at @sp: go to the guest kernel's handler at @rip. */
static void go(struct vcpu *v, u64 sp, u64 rip, bool mask)
{
	struct regs *r = v->regs;

	if (mask)
		WRITE_ONCE(v->info->evtchn_upcall_mask, 1);
	r->rip = rip;
	r->cs = SEL_GUEST_CS64;
	r->ss = SEL_GUEST_SS;
	r->rsp = sp;
	r->rflags = bounce_handler_rflags(r->rflags);
	r->vector = 0;
	vcpu_count(v, COUNTER_bounce);
}

/*
 * Build the frame and go to the handler. Low to high: rcx, r11, [error code,] rip,
 * cs with the saved upcall mask in bits 32-39, rflags, rsp, ss.
 */
static void bounce(struct vcpu *v, const struct bounce_frame *b)
{
	struct regs *r = v->regs;
	u64 mask = upcalls_masked(v);
	u64 cs = (v->user_mode ? r->cs : r->cs & ~3ULL) | mask << 32;
	u64 bytes = (b->has_error ? 8 : 7) * sizeof(u64);
	u64 sp = bounce_align(v->user_mode ? v->kernel_sp : r->rsp) - bytes;
	u64 local[8], *frame, *f;

	record(v, TRACE_BOUNCE, b->what, b->error);
	bounce_set_mode(v, false);
	frame = guestmem_cached(v, v->cr3_kernel, sp, bytes, true);
	f = likely(frame) ? frame : local;
	*f++ = r->rcx;
	*f++ = r->r11;
	if (b->has_error)
		*f++ = b->error;
	*f++ = r->rip;
	*f++ = cs;
	*f++ = bounce_guest_rflags(v, r->rflags, mask);
	*f++ = r->rsp;
	*f++ = r->ss;
	if (unlikely(!frame && guestmem_write(v, sp, local, bytes, NULL)))
		bad_stack(v, sp);
	else
		go(v, sp, b->rip, b->mask_events);
}

static void bounce_trap(struct vcpu *v, unsigned int vector, u64 error, bool has_error)
{
	const struct vcpu_trap *t = &v->traps[vector];
	struct bounce_frame b = {
		.rip = t->rip, .error = error, .has_error = has_error,
		.mask_events = t->mask_events, .what = vector,
	};

	/* For whoever looks at the registers. */
	v->fault_vector = vector;
	v->fault_error = error;
	v->fault_rip = v->regs->rip;
	if (!t->rip) {
		vcpu_crash(v, CRASH_TRIPLE_FAULT,
			   "no handler for exception %u (error code 0x%lx) at rip 0x%lx, rsp 0x%lx, cr2 0x%lx",
			   vector, error, v->regs->rip, v->regs->rsp, v->cr2);
		return;
	}
	bounce(v, &b);
}

void bounce_exception(struct vcpu *v, unsigned int vector, u64 error)
{
	bounce_trap(v, vector, error, vector < 32 && ERROR_CODE_VECTORS & BIT(vector));
}

void bounce_page_fault(struct vcpu *v, u64 va, u64 error)
{
	v->cr2 = va;
	v->info->arch.cr2 = va;
	bounce_trap(v, VECTOR_PF, error, true);
}

void bounce_software(struct vcpu *v, unsigned int vector, unsigned int length)
{
	const struct vcpu_trap *t = &v->traps[vector];

	/* The guest kernel is ring 1 of the ABI. */
	if (!t->rip || t->dpl < (v->user_mode ? 3 : 1)) {
		bounce_exception(v, VECTOR_GP, vector * 8 + ERROR_IDT);
		return;
	}
	v->regs->rip += length;
	bounce_trap(v, vector, 0, false);
}

void bounce_callback(struct vcpu *v, const struct vcpu_callback *cb)
{
	struct bounce_frame b = {
		.rip = cb->rip, .mask_events = cb->mask_events, .what = TRACE_BOUNCE_CALLBACK,
	};

	bounce(v, &b);
}

void __cold bounce_upcall(struct vcpu *v)
{
	struct bounce_frame b = {
		.rip = v->event.rip, .mask_events = true, .what = TRACE_BOUNCE_UPCALL,
	};

	vcpu_count(v, COUNTER_upcall);
	bounce(v, &b);
}

/*
 * The frame of the failsafe callback has the selectors below rip. The monitor never
 * changes them, so they are still live.
 */
void bounce_failsafe(struct vcpu *v)
{
	struct regs *r = v->regs;
	u64 mask = upcalls_masked(v);
	u64 frame[11] = {
		r->rcx, r->r11, cpu_read_ds(), cpu_read_es(), cpu_read_fs(), cpu_read_gs(), r->rip,
		(v->user_mode ? r->cs : r->cs & ~3ULL) | mask << 32,
		bounce_guest_rflags(v, r->rflags, mask), r->rsp, r->ss,
	};
	u64 sp = v->user_mode ? v->kernel_sp : r->rsp;

	record(v, TRACE_BOUNCE, TRACE_BOUNCE_FAILSAFE, 0);
	if (!v->failsafe.rip) {
		vcpu_crash(v, CRASH_TRIPLE_FAULT,
			   "bad selectors and no failsafe callback, rip 0x%lx", r->rip);
		return;
	}
	sp = bounce_align(sp) - sizeof(frame);
	bounce_set_mode(v, false);
	if (guestmem_write(v, sp, frame, sizeof(frame), NULL))
		bad_stack(v, sp);
	else
		go(v, sp, v->failsafe.rip, v->failsafe.mask_events);
}

/*
 * iret: the guest kernel's return to user mode or to itself. RPL 3 in cs means user
 * mode. With VGCF_in_syscall rcx and r11 are not in the frame.
 */
long hypercall_iret(struct vcpu *v, u64 arg[6])
{
	struct regs *r = v->regs;
	struct iret_context f;

	vcpu_count(v, COUNTER_iret);
	if (guestmem_read(v, &f, r->rsp, sizeof(f), NULL)) {
		vcpu_crash(v, CRASH_BAD_STACK, "iret frame at 0x%lx is not readable", r->rsp);
		return 0;
	}
	if ((f.cs & 3) == 3) {
		if (v->cr3_user.n == GFN_NONE.n) {
			vcpu_crash(v, CRASH_GUEST,
				   "iret to user mode without a user page table, rip 0x%lx",
				   (u64)f.rip);
			return 0;
		}
		bounce_set_mode(v, true);
	}
	r->rip = f.rip;
	r->cs = (f.cs & 0xffff) | 3;
	r->rflags = bounce_hardware_rflags(f.rflags);
	r->rsp = f.rsp;
	r->ss = (f.ss & 0xffff) | 3;
	if (f.flags & VGCF_in_syscall) {
		/* As SYSRET leaves them: what is there now is the guest kernel's. */
		r->rcx = r->rip;
		r->r11 = r->rflags;
	} else {
		r->rcx = f.rcx;
		r->r11 = f.r11;
		r->vector = 0;
	}
	WRITE_ONCE(v->info->evtchn_upcall_mask, !(f.rflags & RFLAGS_IF));
	return (long)f.rax;
}

/* A handler address must be the guest's own; 4-level canonical is all there is. */
static bool handler_valid(u64 rip)
{
	return lib_canonical(rip) && !guestmem_reserved(rip);
}

long hypercall_set_trap_table(struct vcpu *v, u64 arg[6])
{
	u64 va = arg[0];
	struct trap_info t;
	unsigned int n;

	if (!va) {
		memset(v->traps, 0, sizeof(v->traps));
		return 0;
	}
	for (n = 0; n <= 256; n++, va += sizeof(t)) {
		if (guestmem_read(v, &t, va, sizeof(t), NULL))
			return -EFAULT;
		if (!t.address)
			return 0;
		if (!handler_valid(t.address))
			return -EINVAL;
		v->traps[t.vector] = (struct vcpu_trap){
			.rip = t.address, .cs = t.cs, .dpl = TI_GET_DPL(&t),
			.mask_events = !!TI_GET_IF(&t),
		};
	}
	return -EINVAL;
}

static long register_callback(struct vcpu *v, unsigned int type, unsigned int flags, u64 rip)
{
	struct vcpu_callback cb = { .rip = rip, .mask_events = flags & CALLBACKF_mask_events };

	if (!handler_valid(rip))
		return -EINVAL;
	switch (type) {
	case CALLBACKTYPE_event:
		v->event = cb;
		return 0;
	case CALLBACKTYPE_failsafe:
		v->failsafe = cb;
		return 0;
	case CALLBACKTYPE_syscall:
		v->syscall = cb;
		return 0;
	case CALLBACKTYPE_syscall32:
		v->syscall32 = cb;
		return 0;
	case CALLBACKTYPE_sysenter:
		v->sysenter = cb;
		return 0;
	case CALLBACKTYPE_nmi:
		return 0;	/* accepted: no NMI is ever sent */
	default:
		return -ENOSYS;
	}
}

long hypercall_set_callbacks(struct vcpu *v, u64 arg[6])
{
	long err = register_callback(v, CALLBACKTYPE_event, 0, arg[0]);

	if (!err)
		err = register_callback(v, CALLBACKTYPE_failsafe, 0, arg[1]);
	if (!err && arg[2])
		err = register_callback(v, CALLBACKTYPE_syscall, 0, arg[2]);
	return err;
}

long hypercall_callback_op(struct vcpu *v, u64 arg[6])
{
	struct callback_register reg;
	struct callback_unregister unreg;

	switch (arg[0]) {
	case CALLBACKOP_register:
		if (guestmem_read(v, &reg, arg[1], sizeof(reg), NULL))
			return -EFAULT;
		return register_callback(v, reg.type, reg.flags, reg.address);
	case CALLBACKOP_unregister:
		if (guestmem_read(v, &unreg, arg[1], sizeof(unreg), NULL))
			return -EFAULT;
		if (unreg.type == CALLBACKTYPE_event || unreg.type == CALLBACKTYPE_failsafe ||
		    unreg.type == CALLBACKTYPE_syscall)
			return -EINVAL;
		return register_callback(v, unreg.type, 0, 0);
	default:
		return -ENOSYS;
	}
}

long hypercall_stack_switch(struct vcpu *v, u64 arg[6])
{
	v->kernel_sp = arg[1];
	return 0;
}
