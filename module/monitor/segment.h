/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments. The CPU uses copies of the guest's descriptors, checked here, with DPL 3
 * and the accessed bit already set, so that it never writes to them. Frames that hold
 * descriptors have a type of their own and change only through update_descriptor.
 */
#ifndef PVHV_MONITOR_SEGMENT_H
#define PVHV_MONITOR_SEGMENT_H

#include "panic.h"

void segment_init(struct vcpu *v);

/** segment_load - from the host: LDT, selectors, bases. False: a selector was bad */
bool segment_load(struct vcpu *v);
void segment_save(struct vcpu *v);

/** segment_fs_base, segment_gs_base - the live bases, of the guest's mode */
u64 segment_fs_base(struct vcpu *v);
u64 segment_gs_base(struct vcpu *v);

/** segment_set_ldt - MMUEXT_SET_LDT */
long segment_set_ldt(struct vcpu *v, u64 va, u64 entries);

long hypercall_set_gdt(struct vcpu *v, u64 arg[6]);
long hypercall_update_descriptor(struct vcpu *v, u64 arg[6]);
long hypercall_set_segment_base(struct vcpu *v, u64 arg[6]);

#endif
