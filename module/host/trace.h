/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the boundaries: events/pvhv/ in tracefs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pvhv

#if !defined(PVHV_HOST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PVHV_HOST_TRACE_H

#include <linux/tracepoint.h>

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
	TP_printk("domain %u vcpu %u reason %u arg 0x%llx rip 0x%llx", __entry->domain,
		  __entry->vcpu, __entry->reason, __entry->arg, __entry->rip)
);

/*
 * These two happen in the monitor, without the host: they come after the visit in which
 * they happened. "tsc" is when; the CPU of the record is right, its time is not.
 */
TRACE_EVENT(pvhv_hypercall,
	TP_PROTO(u32 domain, u32 vcpu, u64 tsc, u64 rip, u32 nr, u64 arg),
	TP_ARGS(domain, vcpu, tsc, rip, nr, arg),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u64, tsc)
		__field(u64, rip)
		__field(u32, nr)
		__field(u64, arg)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->vcpu = vcpu;
		__entry->tsc = tsc;
		__entry->rip = rip;
		__entry->nr = nr;
		__entry->arg = arg;
	),
	TP_printk("domain %u vcpu %u tsc %llu rip 0x%llx nr %u arg 0x%llx", __entry->domain,
		  __entry->vcpu, __entry->tsc, __entry->rip, __entry->nr, __entry->arg)
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
