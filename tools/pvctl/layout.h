/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Where everything of a new domain lies in its memory: the start-of-day layout that
 * xen.h documents. Frame n is at virt_base + n * 4 KiB as far as the initial mapping
 * reaches; what a kernel can do without a mapping of (initrd, p2m list) lies behind.
 */
#ifndef PVCTL_LAYOUT_H
#define PVCTL_LAYOUT_H

#include "error.h"

/** struct region - frames [gfn, gfn + pages) */
struct region {
	u64 gfn;
	u64 pages;
};

/**
 * struct layout_request
 * @kernel_end: guest physical end of the kernel's image
 * @initrd_len: 0: there is none
 * @initrd_unmapped: leave it out of the initial mapping
 * @p2m_base: virtual address of the p2m list, 0: in the initial mapping
 */
struct layout_request {
	u64 virt_base;
	u64 kernel_end;
	u64 initrd_len;
	bool initrd_unmapped;
	u64 p2m_base;
	u64 nr_pages;
};

/**
 * struct layout - the regions, in order of frames but for @initrd and @p2m
 * @tables: page tables of the initial mapping; the root is the first
 * @mapped: frames [0, mapped) are in the initial mapping
 * @p2m_va: virtual address of the p2m list
 * @p2m_outside: that is not in the initial mapping, but in one of its own
 * @p2m_tables: behind @p2m: the tables that only this other mapping needs
 */
struct layout {
	u64 virt_base;
	struct region initrd;
	struct region p2m;
	struct region start_info;
	struct region xenstore;
	struct region console;
	struct region tables;
	struct region stack;
	u64 mapped;
	u64 p2m_va;
	bool p2m_outside;
	struct region p2m_tables;
};

/** layout_make - fails when memory or address space is too small, saying for what */
int layout_make(const struct layout_request *r, struct layout *out, struct error *e) __must_check;

/** layout_va - virtual address of a frame in the initial mapping */
static inline u64 layout_va(const struct layout *l, u64 gfn)
{
	return l->virt_base + (gfn << PAGE_SHIFT);
}

#endif
