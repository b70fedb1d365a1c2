/* SPDX-License-Identifier: GPL-2.0 */
/* Event ports between the VMM and the guest. */
#ifndef PVHV_HOST_EVENT_H
#define PVHV_HOST_EVENT_H

#include "domain.h"

/** pvhv_event_bind, pvhv_event_raise - the ioctls; the domain's mutex is held */
int pvhv_event_bind(struct pvhv_domain *d, struct pvhv_bind_port *args);
int pvhv_event_raise(struct pvhv_domain *d, const struct pvhv_raise_port *args);

/** pvhv_event_signal - the guest sent on @port (any value): signal its eventfd */
void pvhv_event_signal(struct pvhv_domain *d, u64 port);

void pvhv_event_destroy(struct pvhv_domain *d);

#endif
