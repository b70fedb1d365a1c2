/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ways for a domain to die. vcpu_crash() is for what a guest (or the process
 * that owns its memory) did: the domain ends after the current entry.
 * panic() is for a bug of the monitor: it never returns; the host prints the
 * text and a backtrace, and lives.
 */
#ifndef PVHV_MONITOR_PANIC_H
#define PVHV_MONITOR_PANIC_H

#include "vcpu.h"

/** vcpu_text - words for the log, which go with the exit that follows */
void __printf(2, 3) vcpu_text(struct vcpu *v, const char *fmt, ...);

/**
 * vcpu_crash - end the domain for a reason of the guest's making
 * @reason: enum crash_reason
 * The caller returns to its caller in the ordinary way.
 */
void __printf(3, 4) vcpu_crash(struct vcpu *v, u32 reason, const char *fmt, ...);

void __printf(2, 3) __noreturn panic(struct vcpu *v, const char *fmt, ...);

/** panic_at - for an exception in the monitor at @r */
void __noreturn panic_at(struct vcpu *v, const struct regs *r, u64 cr2);

#define assert(v, cond) \
	do { \
		if (unlikely(!(cond))) \
			panic(v, "assertion failed: %s", #cond); \
	} while (0)

#endif
