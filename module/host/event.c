// SPDX-License-Identifier: GPL-2.0
/*
 * Ports whose other end is the VMM. The port table is the monitor's; the host adds
 * entries under the event lock that both worlds share, and raises ports through an
 * atomic bitmap that the monitor collects at the next entry.
 */
#include <linux/eventfd.h>
#include <linux/nospec.h>

#include "compat.h"
#include "event.h"
#include "vcpu.h"
#include "../shared/lock.h"

/* Claim a port under the shared lock. Interrupts off, as everywhere it is taken. */
static int event_claim_port(struct pvhv_domain *d, u32 *port, u32 vcpu)
{
	struct domain *shared = d->shared;
	u32 p = *port ? *port : 1, last = *port ? *port : PVHV_MAX_PORTS - 1;
	unsigned long flags;
	int err = *port ? -EBUSY : -ENOSPC;

	local_irq_save(flags);
	if (!lock_take(shared, &shared->event_lock, LOCK_HOST)) {
		local_irq_restore(flags);
		return -EIO;
	}
	for (; p <= last; p++) {
		if (shared->ports[p].state != PORT_FREE || d->eventfd[p])
			continue;
		shared->ports[p] = (struct port){ .state = PORT_VMM, .vcpu = vcpu };
		*port = p;
		err = 0;
		break;
	}
	lock_drop(&shared->event_lock);
	local_irq_restore(flags);
	return err;
}

int pvhv_event_bind(struct pvhv_domain *d, struct pvhv_bind_port *args, struct eventfd_ctx **out)
{
	struct eventfd_ctx *ctx = NULL;
	u32 port = args->port;
	int err;

	if (port >= PVHV_MAX_PORTS || args->vcpu >= PVHV_MAX_VCPUS || args->reserved)
		return -EINVAL;
	if (args->eventfd != -1) {
		ctx = eventfd_ctx_fdget(args->eventfd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	err = event_claim_port(d, &port, args->vcpu);
	if (err) {
		if (ctx)
			eventfd_ctx_put(ctx);
		return err;
	}
	args->port = port;
	*out = ctx;
	return 0;
}

void pvhv_event_connect(struct pvhv_domain *d, u32 port, struct eventfd_ctx *ctx)
{
	WRITE_ONCE(d->eventfd[port], ctx);
}

/* Nobody can have signalled @ctx yet. The guest may have closed the port by a guess. */
void pvhv_event_unbind(struct pvhv_domain *d, u32 port, struct eventfd_ctx *ctx)
{
	struct domain *shared = d->shared;
	unsigned long flags;

	local_irq_save(flags);
	if (lock_take(shared, &shared->event_lock, LOCK_HOST)) {
		if (shared->ports[port].state == PORT_VMM)
			shared->ports[port] = (struct port){ .state = PORT_FREE };
		lock_drop(&shared->event_lock);
	}
	local_irq_restore(flags);
	if (ctx)
		eventfd_ctx_put(ctx);
}

int pvhv_event_raise(struct pvhv_domain *d, const struct pvhv_raise_port *args)
{
	struct domain *shared = d->shared;
	struct port port;

	if (args->reserved)
		return -EINVAL;
	if (!args->port || args->port >= PVHV_MAX_PORTS)
		return -ENOENT;
	port = READ_ONCE(shared->ports[args->port]);
	if (port.state != PORT_VMM)
		return -ENOENT;
	__atomic_fetch_or(&shared->incoming[args->port / 64], BIT_ULL(args->port % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&shared->incoming_summary, BIT_ULL(args->port / 64), __ATOMIC_SEQ_CST);
	/* The guest may have rebound it to a vCPU that does not exist: any will collect. */
	pvhv_vcpu_wake(d, port.vcpu < PVHV_MAX_VCPUS ? port.vcpu : 0);
	return 0;
}

void pvhv_event_signal(struct pvhv_domain *d, u64 port)
{
	struct eventfd_ctx *ctx;

	if (port >= PVHV_MAX_PORTS)
		return;
	ctx = READ_ONCE(d->eventfd[array_index_nospec(port, PVHV_MAX_PORTS)]);
	if (ctx)
		pvhv_compat_eventfd_signal(ctx);
}

void pvhv_event_destroy(struct pvhv_domain *d)
{
	unsigned int i;

	for (i = 0; i < PVHV_MAX_PORTS; i++)
		if (d->eventfd[i])
			eventfd_ctx_put(d->eventfd[i]);
}
