/* SPDX-License-Identifier: GPL-2.0 */
/* The question that everything long asks between two steps: is somebody waiting? */
#ifndef PVHV_MONITOR_RESTART_H
#define PVHV_MONITOR_RESTART_H

#include "vcpu.h"

/**
 * need_restart - let a waiting host interrupt in, and say whether to stop
 * True: leave a consistent state, return -RESTART, and the work will be asked for
 * again. Callers do at least one step between two calls, so that work that is
 * interrupted at every step still ends.
 */
bool need_restart(struct vcpu *v);

#endif
