/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control transfers between the guest's modes: events of every kind go to the
 * guest kernel on a frame that the monitor writes to its stack, and come back
 * through the iret hypercall.
 */
#ifndef PVHV_MONITOR_BOUNCE_H
#define PVHV_MONITOR_BOUNCE_H

#include "panic.h"

/* Flags that survive into a handler: all but those that change how code runs. */
#define BOUNCE_CLEARED_FLAGS	(BIT(8) | BIT(14) | BIT(16) | BIT(17) | BIT(18)) /* TF NT RF VM AC */

/* Flags a guest may not choose: IF, IOPL, VM, VIF, VIP, and the one that is always set. */
#define BOUNCE_FIXED_FLAGS	(BIT(9) | BIT(12) | BIT(13) | BIT(17) | BIT(19) | BIT(20) | BIT(1))

/* rflags as the hardware gets them: IF is always on. */
static inline u64 bounce_hardware_rflags(u64 flags)
{
	return (flags & 0x3fffff & ~BOUNCE_FIXED_FLAGS) | BIT(9) | BIT(1);
}

/* The same at the start of a handler. */
static inline u64 bounce_handler_rflags(u64 flags)
{
	return bounce_hardware_rflags(flags & ~BOUNCE_CLEARED_FLAGS);
}

/* rflags as the guest shall see them: virtual IF and IOPL. */
static inline u64 bounce_guest_rflags(const struct vcpu *v, u64 flags, bool masked)
{
	return (flags & ~(BIT(9) | BIT(12) | BIT(13))) | (masked ? 0 : BIT(9)) |
	       (u64)v->iopl << 12;
}

/* Frames begin on a boundary of 16 bytes, as the CPU's own do. */
static inline u64 bounce_align(u64 sp)
{
	return ALIGN_DOWN(sp, 16);
}

/* Vectors of the architecture that the monitor treats by name. */
enum {
	VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_UD = 6, VECTOR_NM = 7,
	VECTOR_DF = 8, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MC = 18,
};

#define ERROR_IDT	BIT(1)		/* an error code of #GP names a gate of the IDT */

/**
 * bounce_exception - raise @vector in the guest
 * @error: error code, pushed if the vector has one
 * A guest without a handler has tripled: the domain ends.
 */
void bounce_exception(struct vcpu *v, unsigned int vector, u64 error);

/** bounce_page_fault - the same for #PF, with the address in the guest's CR2 */
void bounce_page_fault(struct vcpu *v, u64 va, u64 error);

/**
 * bounce_software - `int @vector` of @length bytes at rip
 * #GP, naming the gate, if the guest has no handler or its mode may not use it.
 */
void bounce_software(struct vcpu *v, unsigned int vector, unsigned int length);

/** bounce_callback - enter the guest kernel at @cb, as for an exception without code */
void bounce_callback(struct vcpu *v, const struct vcpu_callback *cb);

/** bounce_upcall - deliver pending event channels; the caller has checked the mask */
void bounce_upcall(struct vcpu *v);

/** bounce_failsafe - tell the guest that its selectors could not be loaded */
void bounce_failsafe(struct vcpu *v);

/** bounce_set_mode - guest user or kernel mode: roots and GS base follow */
void bounce_set_mode(struct vcpu *v, bool user);

long hypercall_iret(struct vcpu *v, u64 arg[6]);
long hypercall_set_trap_table(struct vcpu *v, u64 arg[6]);
long hypercall_set_callbacks(struct vcpu *v, u64 arg[6]);
long hypercall_callback_op(struct vcpu *v, u64 arg[6]);
long hypercall_stack_switch(struct vcpu *v, u64 arg[6]);

#endif
