// SPDX-License-Identifier: GPL-2.0
/* See event.h. */
#include "event.h"
#include "frame.h"
#include "guestmem.h"
#include "../shared/lock.h"

#include <xen/event_channel.h>

static struct shared_info *shared_info(struct domain *d)
{
	return guestmem_gfn_ptr(d, gfn(d->shared_info));
}

/* Atomic bit operations on words that others write too. Return the old value. */
static bool set_bit(xen_ulong_t *words, u32 bit)
{
	return __atomic_fetch_or(&words[bit / 64], BIT(bit % 64), __ATOMIC_SEQ_CST) >> bit % 64 & 1;
}

static bool test_bit(const xen_ulong_t *words, u32 bit)
{
	return READ_ONCE(words[bit / 64]) >> bit % 64 & 1;
}

static void clear_bit(xen_ulong_t *words, u32 bit)
{
	__atomic_fetch_and(&words[bit / 64], ~BIT(bit % 64), __ATOMIC_SEQ_CST);
}

void event_init(struct vcpu *v)
{
	/* The ABI has room for 32; the others must register a place of their own. */
	if (v->id < XEN_LEGACY_MAX_VCPUS)
		v->info = &shared_info(v->d)->vcpu_info[v->id];
	else
		v->info = &v->no_info;
	v->info->evtchn_upcall_mask = 1;
	v->info_page.gfn = GFN_NONE;
}

static struct vcpu *port_vcpu(struct vcpu *v, u32 port)
{
	u32 id = v->d->ports[port].vcpu;
	struct vcpu *to = id < DOMAIN_MAX_VCPUS ?
			  __atomic_load_n(&v->d->vcpus[id], __ATOMIC_ACQUIRE) : NULL;

	return to ? to : v;
}

static void mark_vcpu(struct vcpu *v, struct vcpu *to, u32 port)
{
	if (set_bit(&to->info->evtchn_pending_sel, port / 64))
		return;
	__atomic_store_n(&to->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	if (to != v)
		__atomic_fetch_or(&v->d->vcpu_events, BIT(to->id), __ATOMIC_SEQ_CST);
}

void event_raise_port(struct vcpu *v, u32 port)
{
	struct shared_info *s = shared_info(v->d);

	if (set_bit(s->evtchn_pending, port))
		return;
	if (!test_bit(s->evtchn_mask, port))
		mark_vcpu(v, port_vcpu(v, port), port);
}

void event_raise_virq(struct vcpu *v, u32 virq)
{
	if (v->virq_port[virq])
		event_raise_port(v, v->virq_port[virq]);
}

void event_collect(struct vcpu *v)
{
	struct domain *d = v->d;
	u64 words, bits;

	if (likely(!READ_ONCE(d->incoming_summary)))
		return;
	words = __atomic_exchange_n(&d->incoming_summary, 0, __ATOMIC_SEQ_CST);
	for (; words; words &= words - 1) {
		u64 word = lib_ffs(words);

		bits = __atomic_exchange_n(&d->incoming[word], 0, __ATOMIC_SEQ_CST);
		for (; bits; bits &= bits - 1) {
			u32 port = (u32)(word * 64 + lib_ffs(bits));

			if (d->ports[port].state == PORT_VMM)
				event_raise_port(v, port);
		}
	}
}

bool event_poll_ready(struct vcpu *v)
{
	u32 i;

	for (i = 0; i < v->poll_ports; i++)
		if (test_bit(shared_info(v->d)->evtchn_pending, v->poll_port[i]))
			return true;
	return false;
}

long event_register_info(struct vcpu *v, gfn_t g, u64 offset)
{
	struct vcpu_info *info;
	long err;
	u32 i;

	if (v->info_page.ptr || offset > PVHV_PAGE_SIZE - sizeof(struct vcpu_info) || offset & 7)
		return -EINVAL;
	err = frame_get_writable(v, g);
	if (err)
		return err;
	info = (struct vcpu_info *)((u8 *)guestmem_gfn_ptr(v->d, g) + offset);
	*info = *v->info;
	v->info_page = (struct vcpu_shared_page){ .gfn = g, .ptr = info };
	v->info = info;
	/* Nothing may be lost in the move: look at everything once. */
	info->evtchn_upcall_pending = 1;
	for (i = 0; i < 64; i++)
		set_bit(&info->evtchn_pending_sel, i);
	return 0;
}

/* --------------------------------------------------------------- ports */

static bool event_lock(struct vcpu *v)
{
	if (likely(lock_take(v->d, &v->d->event_lock, 1 + v->id)))
		return true;
	vcpu_crash(v, CRASH_MONITOR, "another vCPU of the domain has failed");
	return false;
}

static void event_unlock(struct vcpu *v)
{
	lock_drop(&v->d->event_lock);
}

/* Take a free port; -ENOSPC. Port 0 is never used. */
static long port_alloc(struct vcpu *v, struct port p)
{
	struct port *ports = v->d->ports;
	long port;

	if (!event_lock(v))
		return -RESTART;
	for (port = 1; port < DOMAIN_MAX_PORTS; port++) {
		if (ports[port].state == PORT_FREE) {
			ports[port] = p;
			event_unlock(v);
			return port;
		}
	}
	event_unlock(v);
	return -ENOSPC;
}

static bool is_self(struct vcpu *v, u32 domid)
{
	return domid == DOMID_SELF || domid == v->d->id;
}

static struct vcpu *vcpu_by_id(struct vcpu *v, u32 id)
{
	return id < DOMAIN_MAX_VCPUS ? __atomic_load_n(&v->d->vcpus[id], __ATOMIC_ACQUIRE) : NULL;
}

static long op_alloc_unbound(struct vcpu *v, void *data)
{
	struct evtchn_alloc_unbound *op = data;
	long port;

	if (!is_self(v, op->dom))
		return -ESRCH;
	port = port_alloc(v, (struct port){ .state = PORT_UNBOUND });
	if (port < 0)
		return port;
	op->port = (evtchn_port_t)port;
	return 0;
}

static long op_bind_interdomain(struct vcpu *v, void *data)
{
	struct evtchn_bind_interdomain *op = data;

	return is_self(v, op->remote_dom) ? -EINVAL : -ESRCH;
}

static long op_bind_virq(struct vcpu *v, void *data)
{
	struct evtchn_bind_virq *op = data;
	struct vcpu *to = vcpu_by_id(v, op->vcpu);
	long port;

	if (op->virq >= ARRAY_SIZE(v->virq_port))
		return -EINVAL;
	if (!to)
		return -ENOENT;
	if (to->virq_port[op->virq])
		return -EEXIST;
	port = port_alloc(v, (struct port){ .state = PORT_VIRQ, .vcpu = (u8)to->id,
					    .arg = (u16)op->virq });
	if (port < 0)
		return port;
	to->virq_port[op->virq] = (u32)port;
	op->port = (evtchn_port_t)port;
	return 0;
}

static long op_bind_ipi(struct vcpu *v, void *data)
{
	struct evtchn_bind_ipi *op = data;
	struct vcpu *to = vcpu_by_id(v, op->vcpu);
	long port;

	if (!to)
		return -ENOENT;
	port = port_alloc(v, (struct port){ .state = PORT_IPI, .vcpu = (u8)to->id });
	if (port < 0)
		return port;
	op->port = (evtchn_port_t)port;
	return 0;
}

static void port_close(struct vcpu *v, u32 port)
{
	struct port *p = &v->d->ports[port];

	if (p->state == PORT_VIRQ) {
		struct vcpu *to = vcpu_by_id(v, p->vcpu);

		if (to && p->arg < ARRAY_SIZE(to->virq_port))
			to->virq_port[p->arg] = 0;
	}
	*p = (struct port){ .state = PORT_FREE };
	clear_bit(shared_info(v->d)->evtchn_pending, port);
}

/* A port of the VMM stays bound: its other end lives as long as the domain. */
static long op_close(struct vcpu *v, void *data)
{
	struct evtchn_close *op = data;
	long err = 0;

	if (op->port >= DOMAIN_MAX_PORTS || !op->port)
		return -EINVAL;
	if (!event_lock(v))
		return -RESTART;
	if (v->d->ports[op->port].state == PORT_FREE)
		err = -EINVAL;
	else if (v->d->ports[op->port].state != PORT_VMM)
		port_close(v, op->port);
	event_unlock(v);
	return err;
}

static long op_send(struct vcpu *v, void *data)
{
	struct evtchn_send *op = data;

	vcpu_count(v, COUNTER_event_send);
	if (op->port >= DOMAIN_MAX_PORTS)
		return -EINVAL;
	switch (v->d->ports[op->port].state) {
	case PORT_VMM:
		vcpu_exit(v, EXIT_EVENT, op->port);
		return 0;
	case PORT_IPI:
		event_raise_port(v, op->port);
		return 0;
	case PORT_UNBOUND:
		return 0;
	default:
		return -EINVAL;
	}
}

static long op_status(struct vcpu *v, void *data)
{
	struct evtchn_status *op = data;
	struct port p;

	if (!is_self(v, op->dom))
		return -ESRCH;
	if (op->port >= DOMAIN_MAX_PORTS)
		return -EINVAL;
	p = v->d->ports[op->port];
	op->vcpu = p.vcpu;
	switch (p.state) {
	case PORT_FREE:
		op->status = EVTCHNSTAT_closed;
		break;
	case PORT_UNBOUND:
		op->status = EVTCHNSTAT_unbound;
		op->u.unbound.dom = 0;
		break;
	case PORT_VMM:
		op->status = EVTCHNSTAT_interdomain;
		op->u.interdomain.dom = 0;
		op->u.interdomain.port = op->port;
		break;
	case PORT_VIRQ:
		op->status = EVTCHNSTAT_virq;
		op->u.virq = p.arg;
		break;
	default:
		op->status = EVTCHNSTAT_ipi;
	}
	return 0;
}

static long op_bind_vcpu(struct vcpu *v, void *data)
{
	struct evtchn_bind_vcpu *op = data;
	struct port *p;

	if (op->port >= DOMAIN_MAX_PORTS)
		return -EINVAL;
	if (!vcpu_by_id(v, op->vcpu))
		return -ENOENT;
	p = &v->d->ports[op->port];
	if (p->state != PORT_VMM && p->state != PORT_UNBOUND)
		return -EINVAL;
	p->vcpu = (u8)op->vcpu;
	return 0;
}

static long op_unmask(struct vcpu *v, void *data)
{
	struct evtchn_unmask *op = data;
	struct shared_info *s = shared_info(v->d);

	if (op->port >= DOMAIN_MAX_PORTS)
		return -EINVAL;
	if (test_bit(s->evtchn_mask, op->port)) {
		clear_bit(s->evtchn_mask, op->port);
		if (test_bit(s->evtchn_pending, op->port))
			mark_vcpu(v, port_vcpu(v, op->port), op->port);
	}
	return 0;
}

static long op_reset(struct vcpu *v, void *data)
{
	struct evtchn_reset *op = data;
	u32 port;

	if (!is_self(v, op->dom))
		return -ESRCH;
	if (!event_lock(v))
		return -RESTART;
	for (port = 1; port < DOMAIN_MAX_PORTS; port++)
		if (v->d->ports[port].state != PORT_FREE && v->d->ports[port].state != PORT_VMM)
			port_close(v, port);
	event_unlock(v);
	return 0;
}

/* By operation: bytes of its struct, and whether it returns something in it. */
static const struct {
	u8 size;
	bool out;
	long (*handle)(struct vcpu *v, void *data);
} ops[] = {
	[EVTCHNOP_bind_interdomain] = { sizeof(struct evtchn_bind_interdomain), true,
					op_bind_interdomain },
	[EVTCHNOP_bind_virq] = { sizeof(struct evtchn_bind_virq), true, op_bind_virq },
	[EVTCHNOP_close] = { sizeof(struct evtchn_close), false, op_close },
	[EVTCHNOP_send] = { sizeof(struct evtchn_send), false, op_send },
	[EVTCHNOP_status] = { sizeof(struct evtchn_status), true, op_status },
	[EVTCHNOP_alloc_unbound] = { sizeof(struct evtchn_alloc_unbound), true, op_alloc_unbound },
	[EVTCHNOP_bind_ipi] = { sizeof(struct evtchn_bind_ipi), true, op_bind_ipi },
	[EVTCHNOP_bind_vcpu] = { sizeof(struct evtchn_bind_vcpu), false, op_bind_vcpu },
	[EVTCHNOP_unmask] = { sizeof(struct evtchn_unmask), false, op_unmask },
	[EVTCHNOP_reset] = { sizeof(struct evtchn_reset), false, op_reset },
};

long hypercall_event_channel_op(struct vcpu *v, u64 arg[6])
{
	u64 data[4] = { 0 };
	long err;

	if (arg[0] >= ARRAY_SIZE(ops) || !ops[arg[0]].handle)
		return -ENOSYS;
	if (guestmem_read(v, data, arg[1], ops[arg[0]].size, NULL))
		return -EFAULT;
	err = ops[arg[0]].handle(v, data);
	if (!err && ops[arg[0]].out && guestmem_write(v, arg[1], data, ops[arg[0]].size, NULL))
		return -EFAULT;
	return err;
}
