/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Guest virtual addresses, for people who look at a guest: its page tables walked in
 * software, in the guest's memory. The guest may be running and write what it likes to
 * its tables: each entry is read once, and no frame outside of the memory is touched.
 */
#ifndef PVCTL_GVA_H
#define PVCTL_GVA_H

#include "domain.h"

/** struct gva_space - an address space: guest memory and the frame of its root table */
struct gva_space {
	u8 *mem;
	u64 nr_pages;
	u64 root_gfn;
};

/** struct gva_run - consecutive pages at @va that are consecutive frames from @gfn on */
struct gva_run {
	u64 va;
	u64 gfn;
	u64 pages;
};

/** gva_space - the one that a vCPU with root @root_gfn is in */
struct gva_space gva_space(const struct domain *d, u64 root_gfn);

/** gva_translate - the byte at @va, NULL: not mapped, or by no memory of the domain's */
u8 *gva_translate(const struct gva_space *s, u64 va);

/** gva_read, gva_write - copy up to @n bytes; returns how many there were */
size_t gva_read(const struct gva_space *s, u64 va, void *buf, size_t n);
size_t gva_write(const struct gva_space *s, u64 va, const void *buf, size_t n);

/**
 * gva_runs - all that is mapped, by ascending address
 * But for pages that map the same frame as the last one before them.
 * @runs: from malloc(), at most @max
 * @more: whether that was not all. If so, user space is what is missing first.
 */
int gva_runs(const struct gva_space *s, size_t max, struct gva_run **runs, size_t *n,
	     bool *more, struct error *e) __must_check;

#endif
