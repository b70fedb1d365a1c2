/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two moments between guest and host: what an entry does before the guest
 * continues, and the decision after each event to resume or to leave.
 */
#ifndef PVHV_MONITOR_RUN_H
#define PVHV_MONITOR_RUN_H

#include "panic.h"

/* Called by switch.S once per world switch, on world.enter_root. */
void run_enter(struct vcpu *v);

/*
 * Called by entry.S before every return to the guest, possibly twice for one.
 * Returns 0 to resume, else world.exit_reason is set and switch.S leaves.
 */
u32 run_prepare(struct vcpu *v);

#endif
