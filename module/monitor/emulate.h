/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions that the CPU refuses at CPL 3 and that the ABI promises to a guest
 * kernel all the same.
 */
#ifndef PVHV_MONITOR_EMULATE_H
#define PVHV_MONITOR_EMULATE_H

#include "panic.h"

/** emulate_gp - a #GP from the guest: emulate, raise `int n`, or bounce */
void emulate_gp(struct vcpu *v, u64 error);

/** emulate_ud - a #UD from the guest: forced emulation, SYSENTER, or bounce */
void emulate_ud(struct vcpu *v);

/**
 * emulate_table_write - the instruction at rip writes to a page table at @va
 * Returns false when it is not one that can be emulated: bounce the fault.
 */
bool emulate_table_write(struct vcpu *v, u64 va);

#endif
