/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The contract between a guest and the monitor beyond the Xen ABI. A guest that
 * knows only the Xen ABI never meets anything of this.
 */
#ifndef _UAPI_LINUX_PVHV_GUEST_H
#define _UAPI_LINUX_PVHV_GUEST_H

/*
 * CPUID leaf, directly above the Xen leaves (0x40000000 + 0x100), answered only
 * to the forced-emulation prefix: eax = last pvhv leaf, ebx:ecx:edx = "pvhv" and
 * the ABI version twice. No extension is defined so far.
 */
#define PVHV_CPUID_LEAF		0x40000100
#define PVHV_CPUID_SIGNATURE	0x76687670	/* "pvhv", little endian */
#define PVHV_GUEST_ABI_VERSION	1

#endif /* _UAPI_LINUX_PVHV_GUEST_H */
