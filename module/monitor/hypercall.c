// SPDX-License-Identifier: GPL-2.0
/*
 * The hypercall table, multicall and sched_op. Numbers and structures are those of
 * the Xen ABI; what is not in the table is -ENOSYS, counted.
 */
#include "hypercall.h"
#include "bounce.h"
#include "debugreg.h"
#include "event.h"
#include "guestmem.h"
#include "hcall.h"
#include "record.h"
#include "restart.h"
#include "segment.h"
#include "time.h"

#include <xen/sched.h>

typedef long (*hypercall_fn)(struct vcpu *v, u64 arg[6]);

static const hypercall_fn table[] = {
	[__HYPERVISOR_set_trap_table] = hypercall_set_trap_table,
	[__HYPERVISOR_mmu_update] = hypercall_mmu_update,
	[__HYPERVISOR_set_gdt] = hypercall_set_gdt,
	[__HYPERVISOR_stack_switch] = hypercall_stack_switch,
	[__HYPERVISOR_set_callbacks] = hypercall_set_callbacks,
	[__HYPERVISOR_fpu_taskswitch] = hypercall_fpu_taskswitch,
	[__HYPERVISOR_set_debugreg] = hypercall_set_debugreg,
	[__HYPERVISOR_get_debugreg] = hypercall_get_debugreg,
	[__HYPERVISOR_update_descriptor] = hypercall_update_descriptor,
	[__HYPERVISOR_memory_op] = hypercall_memory_op,
	[__HYPERVISOR_multicall] = hypercall_multicall,
	[__HYPERVISOR_update_va_mapping] = hypercall_update_va_mapping,
	[__HYPERVISOR_set_timer_op] = hypercall_set_timer_op,
	[__HYPERVISOR_xen_version] = hypercall_xen_version,
	[__HYPERVISOR_console_io] = hypercall_console_io,
	[__HYPERVISOR_grant_table_op] = hypercall_grant_table_op,
	[__HYPERVISOR_vm_assist] = hypercall_vm_assist,
	[__HYPERVISOR_update_va_mapping_otherdomain] = hypercall_update_va_mapping_other,
	[__HYPERVISOR_vcpu_op] = hypercall_vcpu_op,
	[__HYPERVISOR_set_segment_base] = hypercall_set_segment_base,
	[__HYPERVISOR_mmuext_op] = hypercall_mmuext_op,
	[__HYPERVISOR_sched_op] = hypercall_sched_op,
	[__HYPERVISOR_callback_op] = hypercall_callback_op,
	[__HYPERVISOR_event_channel_op] = hypercall_event_channel_op,
	[__HYPERVISOR_physdev_op] = hypercall_physdev_op,
};

static long call(struct vcpu *v, u64 nr, u64 arg[6])
{
	if (nr >= ARRAY_SIZE(table) || !table[nr]) {
		vcpu_count(v, COUNTER_hypercall_unknown);
		return -ENOSYS;
	}
	return table[nr](v, arg);
}

/* SYSCALL is two bytes long: going back by two executes the call again. */
static void restart(struct vcpu *v, struct regs *r, u64 nr, const u64 arg[6])
{
	vcpu_count(v, COUNTER_restart);
	r->rip -= 2;
	r->rax = nr;
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
}

void hypercall_dispatch(struct vcpu *v, struct regs *r)
{
	u64 arg[6] = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 };
	u64 nr = r->rax;
	struct trace_record *rec;
	long ret;

	vcpu_count(v, COUNTER_hypercall);
	rec = record(v, TRACE_HYPERCALL, (u32)nr, arg[0]);
	/* Not through the table: any value may be its result. */
	if (nr == __HYPERVISOR_iret) {
		r->rax = (u64)hypercall_iret(v, arg);
		record_end(rec);
		return;
	}
	ret = call(v, nr, arg);
	record_end(rec);
	if (ret == -RESTART)
		restart(v, r, nr, arg);
	else
		r->rax = (u64)ret;
}

/*
 * multicall(list, number): a call that must restart leaves its advanced arguments in
 * its entry and the rest of the list as our own arguments.
 */
long hypercall_multicall(struct vcpu *v, u64 arg[6])
{
	struct multicall_entry e;
	long ret;

	vcpu_count(v, COUNTER_multicall);
	for (; arg[1]; arg[0] += sizeof(e), arg[1]--) {
		if (guestmem_read(v, &e, arg[0], sizeof(e), NULL))
			return -EFAULT;
		/* No call list within a list, and nothing that replaces rip. */
		if (e.op == __HYPERVISOR_multicall || e.op == __HYPERVISOR_iret)
			ret = -EINVAL;
		else
			ret = call(v, e.op, (u64 *)e.args);
		if (ret == -RESTART) {
			if (guestmem_write(v, arg[0], &e, sizeof(e), NULL))
				return -EFAULT;
			return -RESTART;
		}
		e.result = (xen_ulong_t)ret;
		if (guestmem_write(v, arg[0] + offsetof(struct multicall_entry, result),
				   &e.result, sizeof(e.result), NULL))
			return -EFAULT;
		/* Leaving for the host between two calls keeps the rest for later. */
		if (arg[1] > 1 && need_restart(v)) {
			arg[0] += sizeof(e);
			arg[1]--;
			return -RESTART;
		}
	}
	return 0;
}

static long sched_block(struct vcpu *v)
{
	WRITE_ONCE(v->info->evtchn_upcall_mask, 0);
	if (!event_pending(v)) {
		v->w->blocked = 1;
		vcpu_exit(v, EXIT_BLOCK, 0);
	}
	return 0;
}

static long sched_shutdown(struct vcpu *v, u64 va)
{
	struct sched_shutdown s;

	if (guestmem_read(v, &s, va, sizeof(s), NULL))
		return -EFAULT;
	vcpu_exit(v, EXIT_SHUTDOWN, s.reason);
	return 0;
}

static long sched_poll(struct vcpu *v, u64 va)
{
	struct sched_poll p;
	evtchn_port_t port;
	u64 ports, i;

	if (guestmem_read(v, &p, va, sizeof(p), NULL))
		return -EFAULT;
	if (p.nr_ports > ARRAY_SIZE(v->poll_port))
		return -EINVAL;
	ports = (u64)p.ports.p;
	for (i = 0; i < p.nr_ports; i++) {
		if (guestmem_read(v, &port, ports + i * sizeof(port), sizeof(port), NULL))
			return -EFAULT;
		if (port >= DOMAIN_MAX_PORTS)
			return -EINVAL;
		v->poll_port[i] = port;
	}
	v->poll_ports = p.nr_ports;
	if (!event_poll_ready(v)) {
		v->w->blocked = 1;
		vcpu_exit(v, EXIT_POLL, p.timeout ? p.timeout : ~0ULL);
	}
	return 0;
}

long hypercall_sched_op(struct vcpu *v, u64 arg[6])
{
	switch (arg[0]) {
	case SCHEDOP_yield:
		vcpu_exit(v, EXIT_YIELD, 0);
		return 0;
	case SCHEDOP_block:
		return sched_block(v);
	case SCHEDOP_shutdown:
		return sched_shutdown(v, arg[1]);
	case SCHEDOP_shutdown_code:
		return 0;
	case SCHEDOP_poll:
		return sched_poll(v, arg[1]);
	default:
		return -ENOSYS;
	}
}
