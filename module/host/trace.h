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
