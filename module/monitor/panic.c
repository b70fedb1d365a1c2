// SPDX-License-Identifier: GPL-2.0
/*
 * How a domain ends. Neither way needs anything that could itself be broken: the
 * text goes to the world page, the rest is the world switch.
 */
#include "panic.h"

/* switch.S: leaves from wherever we are; the argument is the address of the area. */
void __noreturn panic_leave(u64 area);

void vcpu_text(struct vcpu *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lib_format(v->w->text, sizeof(v->w->text), fmt, ap);
	va_end(ap);
}

void vcpu_crash(struct vcpu *v, u32 reason, const char *fmt, ...)
{
	va_list ap;

	if (v->exit == EXIT_CRASH)
		return;		/* the first reason is the cause */
	va_start(ap, fmt);
	lib_format(v->w->text, sizeof(v->w->text), fmt, ap);
	va_end(ap);
	v->exit = EXIT_CRASH;
	v->w->exit_arg[0] = reason;
}

/*
 * Return addresses by frame pointer, as far as they stay on one of our stacks; before
 * them @rip, unless it is 0.
 */
static void panic_backtrace(struct vcpu *v, u64 rip, const u64 *frame)
{
	u64 area = (u64)v - AREA_VCPU;
	unsigned int i = 0;

	if (rip)
		v->w->backtrace[i++] = rip;
	for (; i < WORLD_BACKTRACE_MAX - 1; i++) {
		u64 at = (u64)frame - area;

		if (at < AREA_STACK_BOTTOM || at > AREA_DB_TOP - 16 || at & 7)
			break;
		/* A guard page between the stacks is no frame either. */
		if ((at & ~0xfffULL) == AREA_NMI_BOTTOM - 0x1000 ||
		    (at & ~0xfffULL) == AREA_MC_BOTTOM - 0x1000 ||
		    (at & ~0xfffULL) == AREA_DF_BOTTOM - 0x1000 ||
		    (at & ~0xfffULL) == AREA_DB_BOTTOM - 0x1000)
			break;
		/* In the call: behind one that never returns begins another function. */
		v->w->backtrace[i] = frame[1] - 1;
		if ((const u64 *)frame[0] <= frame)
			break;
		frame = (const u64 *)frame[0];
	}
	v->w->backtrace[i] = 0;
}

/* A second time, in here: on a root without the domain, say. Leave with what there is. */
static void panic_once(struct vcpu *v)
{
	if (v->w->exit_reason == EXIT_PANIC)
		panic_leave((u64)v - AREA_VCPU);
}

static void __noreturn panic_end(struct vcpu *v)
{
	v->w->exit_reason = EXIT_PANIC;
	v->w->exit_arg[0] = v->w->backtrace[0];
	/* What the monitor holds may be half done: nobody may enter again. */
	__atomic_store_n(&v->d->dead, 1, __ATOMIC_RELAXED);
	panic_leave((u64)v - AREA_VCPU);
}

void panic(struct vcpu *v, const char *fmt, ...)
{
	va_list ap;

	panic_once(v);
	va_start(ap, fmt);
	lib_format(v->w->text, sizeof(v->w->text), fmt, ap);
	va_end(ap);
	panic_backtrace(v, 0, __builtin_frame_address(0));
	panic_end(v);
}

void panic_at(struct vcpu *v, const struct regs *r, u64 cr2)
{
	panic_once(v);
	vcpu_text(v, "exception %lu, error code 0x%lx at rip 0x%lx, rsp 0x%lx, cr2 0x%lx",
		  r->vector, r->error, r->rip, r->rsp, cr2);
	panic_backtrace(v, r->rip, (const u64 *)r->rbp);
	panic_end(v);
}
