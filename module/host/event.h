/* SPDX-License-Identifier: GPL-2.0 */
/* Event ports between the VMM and the guest. */
#ifndef PVHV_HOST_EVENT_H
#define PVHV_HOST_EVENT_H

#include "domain.h"

/**
 * pvhv_event_bind - PVHV_BIND_PORT, without the eventfd: that is for pvhv_event_connect(),
 * or pvhv_event_unbind() if nobody can be told the port. The domain's mutex is held.
 */
int __must_check pvhv_event_bind(struct pvhv_domain *d, struct pvhv_bind_port *args,
				 struct eventfd_ctx **ctx);
void pvhv_event_connect(struct pvhv_domain *d, u32 port, struct eventfd_ctx *ctx);
void pvhv_event_unbind(struct pvhv_domain *d, u32 port, struct eventfd_ctx *ctx);

/** pvhv_event_raise - PVHV_RAISE_PORT; the domain's mutex is held */
int pvhv_event_raise(struct pvhv_domain *d, const struct pvhv_raise_port *args);

/** pvhv_event_signal - the guest sent on @port (any value): signal its eventfd */
void pvhv_event_signal(struct pvhv_domain *d, u64 port);

void pvhv_event_destroy(struct pvhv_domain *d);

#endif
