/* SPDX-License-Identifier: GPL-2.0 */
/* Model-specific registers as a guest kernel sees them. */
#ifndef PVHV_MONITOR_MSR_H
#define PVHV_MONITOR_MSR_H

#include "vcpu.h"

/** msr_read, msr_write - false: the register does not exist for a guest, raise #GP(0) */
bool msr_read(struct vcpu *v, u32 index, u64 *val);
bool msr_write(struct vcpu *v, u32 index, u64 val);

#endif
