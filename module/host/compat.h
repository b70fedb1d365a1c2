/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions, all in one place to be deleted with the
 * last kernel that needs them. compat_cpu.h has those about CPU state.
 */
#ifndef PVHV_HOST_COMPAT_H
#define PVHV_HOST_COMPAT_H

#include <linux/debugfs.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/version.h>

/* 6.3 made vm_flags read-only, 6.5 dropped the list of VMAs, 6.8 the count of eventfd_signal(). */
static inline void pvhv_compat_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags |= flags;
#else
	vm_flags_set(vma, flags);
#endif
}

static inline long pvhv_compat_pin(unsigned long addr, unsigned long n, struct page **pages)
{
	unsigned int flags = FOLL_WRITE | FOLL_LONGTERM;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return pin_user_pages(addr, n, flags, pages, NULL);
#else
	return pin_user_pages(addr, n, flags, pages);
#endif
}

static inline void pvhv_compat_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

#endif
