/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest kernel is told about its CPU: the host's features minus what does not
 * work at CPL 3 under the monitor, plus the leaves of the ABI.
 */
#ifndef PVHV_MONITOR_CPUID_H
#define PVHV_MONITOR_CPUID_H

#include "vcpu.h"

/**
 * cpuid_filter - policy for one leaf. Pure.
 * @native: what the CPU answers; @out: what the guest gets (eax, ebx, ecx, edx)
 */
void cpuid_filter(u32 leaf, u32 sub, const u32 native[4], u64 features, u32 vcpu, u32 out[4]);

/** cpuid_xcr0 - the components of the host's XCR0 that a guest may know of */
static inline u64 cpuid_xcr0(u64 host)
{
	return host & ~(3ULL << 17);	/* AMX: it would need XFD, which is the host's */
}

/** cpuid_emulate - execute CPUID for the guest */
void cpuid_emulate(struct vcpu *v, u32 leaf, u32 sub, u32 out[4]);

#endif
