/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A core file in Xen's format, for crash: sections of ELF, and no program headers. See
 * Xen's docs/misc/dump-core-format.txt. Pages of zeros are holes of the file.
 */
#ifndef PVCTL_XENCORE_H
#define PVCTL_XENCORE_H

#include <linux/pvhv.h>

#include "domain.h"

/* Descriptors of the notes of section .note.Xen; their types are in <xen/elfnote.h>. */
struct xencore_header {
	u64 magic;
	u64 nr_vcpus;
	u64 nr_pages;
	u64 page_size;
};

#define XENCORE_TRANSLATED	0xf00febee	/* a magic: frame numbers are physical ones */
#define XENCORE_FORMAT		1

#define XENCORE_NO_PFN		(~0ULL)

/** xencore_index - which page of section .xen_pages is frame @gfn */
static inline u64 xencore_index(u64 gfn)
{
	return 2 * gfn + 1;
}

/** xencore_write - see core_write() */
int xencore_write(int fd, const struct domain *d, const struct pvhv_regs *regs, unsigned int nr,
		  struct error *e) __must_check;

#endif
