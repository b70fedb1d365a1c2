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

/* Return addresses by frame pointer, as far as they stay on one of our stacks. */
static void panic_backtrace(struct vcpu *v, const u64 *frame)
{
	u64 area = (u64)v - AREA_VCPU;
	unsigned int i;

	for (i = 0; i < WORLD_BACKTRACE_MAX - 1; i++) {
		u64 at = (u64)frame - area;

		if (at < AREA_STACK_BOTTOM || at > AREA_DB_TOP - 16 || at & 7)
			break;
		v->w->backtrace[i] = frame[1];
		if ((const u64 *)frame[0] <= frame)
			break;
		frame = (const u64 *)frame[0];
	}
	v->w->backtrace[i] = 0;
}

void panic(struct vcpu *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	lib_format(v->w->text, sizeof(v->w->text), fmt, ap);
	va_end(ap);
	panic_backtrace(v, __builtin_frame_address(0));
	v->w->exit_reason = EXIT_PANIC;
	v->w->exit_arg[0] = (u64)__builtin_return_address(0);
	/* What the monitor holds may be half done: nobody may enter again. */
	__atomic_store_n(&v->d->dead, 1, __ATOMIC_RELAXED);
	panic_leave((u64)v - AREA_VCPU);
}
