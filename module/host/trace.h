/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the boundaries: events/pvhv/ in tracefs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pvhv

#if !defined(PVHV_HOST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PVHV_HOST_TRACE_H

#include <linux/tracepoint.h>

#include "../shared/world.h"

/* Programs that read a trace see numbers where the kernel has names of an enum. */
TRACE_DEFINE_ENUM(EXIT_NONE);
TRACE_DEFINE_ENUM(EXIT_INTERRUPT);
TRACE_DEFINE_ENUM(EXIT_NMI);
TRACE_DEFINE_ENUM(EXIT_MCE);
TRACE_DEFINE_ENUM(EXIT_KICK);
TRACE_DEFINE_ENUM(EXIT_BLOCK);
TRACE_DEFINE_ENUM(EXIT_POLL);
TRACE_DEFINE_ENUM(EXIT_YIELD);
TRACE_DEFINE_ENUM(EXIT_TIMER);
TRACE_DEFINE_ENUM(EXIT_TOPUP);
TRACE_DEFINE_ENUM(EXIT_EVENT);
TRACE_DEFINE_ENUM(EXIT_CONSOLE_WRITE);
TRACE_DEFINE_ENUM(EXIT_CONSOLE_READ);
TRACE_DEFINE_ENUM(EXIT_SHUTDOWN);
TRACE_DEFINE_ENUM(EXIT_CRASH);
TRACE_DEFINE_ENUM(EXIT_PANIC);
TRACE_DEFINE_ENUM(EXIT_ASYNC_PF);
TRACE_DEFINE_ENUM(EXIT_DEBUG);
TRACE_DEFINE_ENUM(EXIT_AUDIT);

#define EXIT_NAMES \
	{ EXIT_NONE, "none" }, \
	{ EXIT_INTERRUPT, "interrupt" }, \
	{ EXIT_NMI, "nmi" }, \
	{ EXIT_MCE, "mce" }, \
	{ EXIT_KICK, "kick" }, \
	{ EXIT_BLOCK, "block" }, \
	{ EXIT_POLL, "poll" }, \
	{ EXIT_YIELD, "yield" }, \
	{ EXIT_TIMER, "timer" }, \
	{ EXIT_TOPUP, "topup" }, \
	{ EXIT_EVENT, "event" }, \
	{ EXIT_CONSOLE_WRITE, "console_write" }, \
	{ EXIT_CONSOLE_READ, "console_read" }, \
	{ EXIT_SHUTDOWN, "shutdown" }, \
	{ EXIT_CRASH, "crash" }, \
	{ EXIT_PANIC, "panic" }, \
	{ EXIT_ASYNC_PF, "async_pf" }, \
	{ EXIT_DEBUG, "debug" }, \
	{ EXIT_AUDIT, "audit" }

/* Of xen/xen.h. */
#define HYPERCALL_NAMES \
	{ 0, "set_trap_table" }, \
	{ 1, "mmu_update" }, \
	{ 2, "set_gdt" }, \
	{ 3, "stack_switch" }, \
	{ 4, "set_callbacks" }, \
	{ 5, "fpu_taskswitch" }, \
	{ 8, "set_debugreg" }, \
	{ 9, "get_debugreg" }, \
	{ 10, "update_descriptor" }, \
	{ 12, "memory_op" }, \
	{ 13, "multicall" }, \
	{ 14, "update_va_mapping" }, \
	{ 15, "set_timer_op" }, \
	{ 17, "xen_version" }, \
	{ 18, "console_io" }, \
	{ 20, "grant_table_op" }, \
	{ 21, "vm_assist" }, \
	{ 23, "iret" }, \
	{ 24, "vcpu_op" }, \
	{ 25, "set_segment_base" }, \
	{ 26, "mmuext_op" }, \
	{ 29, "sched_op" }, \
	{ 30, "callback_op" }, \
	{ 32, "event_channel_op" }, \
	{ 33, "physdev_op" }

TRACE_EVENT(pvhv_enter,
	TP_PROTO(u32 domain, u32 vcpu, u64 rip),
	TP_ARGS(domain, vcpu, rip),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u64, rip)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->rip = rip;
	),
	TP_printk("domain %u vcpu %u rip 0x%llx", __entry->domain, __entry->vcpu, __entry->rip)
);

TRACE_EVENT(pvhv_exit,
	TP_PROTO(u32 domain, u32 vcpu, u32 reason, u64 arg, u64 rip),
	TP_ARGS(domain, vcpu, reason, arg, rip),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u64, arg)
		__field(u64, rip)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->reason = reason;
		__entry->arg = arg;
		__entry->rip = rip;
	),
	TP_printk("domain %u vcpu %u reason %u (%s) arg 0x%llx rip 0x%llx", __entry->domain,
		  __entry->vcpu, __entry->reason,
		  __print_symbolic(__entry->reason, EXIT_NAMES), __entry->arg, __entry->rip)
);

/*
 * These two happen in the monitor, without the host: they come after the visit in which
 * they happened. "tsc" is when; the CPU of the record is right, its time is not. "ticks" of
 * the TSC is how long it took.
 */
TRACE_EVENT(pvhv_hypercall,
	TP_PROTO(u32 domain, u32 vcpu, u64 tsc, u64 rip, u32 nr, u64 arg, u64 ticks),
	TP_ARGS(domain, vcpu, tsc, rip, nr, arg, ticks),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u64, tsc)
		__field(u64, rip)
		__field(u32, nr)
		__field(u64, arg)
		__field(u64, ticks)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->tsc = tsc;
		__entry->rip = rip;
		__entry->nr = nr;
		__entry->arg = arg;
		__entry->ticks = ticks;
	),
	TP_printk("domain %u vcpu %u tsc %llu rip 0x%llx nr %u (%s) arg 0x%llx ticks %llu",
		  __entry->domain, __entry->vcpu, __entry->tsc, __entry->rip, __entry->nr,
		  __print_symbolic(__entry->nr, HYPERCALL_NAMES), __entry->arg, __entry->ticks)
);

TRACE_EVENT(pvhv_bounce,
	TP_PROTO(u32 domain, u32 vcpu, u64 tsc, u64 rip, u32 what, u64 error),
	TP_ARGS(domain, vcpu, tsc, rip, what, error),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u64, tsc)
		__field(u64, rip)
		__field(u32, what)
		__field(u64, error)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->tsc = tsc;
		__entry->rip = rip;
		__entry->what = what;
		__entry->error = error;
	),
	TP_printk("domain %u vcpu %u tsc %llu rip 0x%llx to %s (0x%x) error 0x%llx",
		  __entry->domain, __entry->vcpu, __entry->tsc, __entry->rip,
		  __print_symbolic(__entry->what, { 1, "#DB" }, { 3, "#BP" }, { 6, "#UD" },
				   { 7, "#NM" }, { 13, "#GP" }, { 14, "#PF" }, { 0x80, "int80" },
				   { 0x100, "upcall" }, { 0x101, "syscall" },
				   { 0x102, "failsafe" }),
		  __entry->what, __entry->error)
);

TRACE_EVENT(pvhv_lost,
	TP_PROTO(u32 domain, u32 vcpu, u32 records),
	TP_ARGS(domain, vcpu, records),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u32, records)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->records = records;
	),
	TP_printk("domain %u vcpu %u records %u", __entry->domain, __entry->vcpu,
		  __entry->records)
);

TRACE_EVENT(pvhv_kill,
	TP_PROTO(u32 domain, u32 reason, u32 code),
	TP_ARGS(domain, reason, code),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, reason)
		__field(u32, code)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->reason = reason;
		__entry->code = code;
	),
	TP_printk("domain %u reason %u code %u", __entry->domain, __entry->reason,
		  __entry->code)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
