/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a kernel says about itself to a Xen PV domain builder: ELF notes called "Xen"
 * or, in kernels from before 2007, a string in a section.
 */
#ifndef PVCTL_NOTES_H
#define PVCTL_NOTES_H

#include "elf.h"

#define NOTES_STRING_MAX	64

/**
 * struct xen_notes - the notes that matter here
 * @present: bit n: note XEN_ELFNOTE_n exists. Members whose note does not are 0.
 * @legacy: they come from section __xen_guest
 * @mod_start_pfn: the kernel can do with an initrd that is not mapped
 */
struct xen_notes {
	u32 present;
	bool legacy;
	u64 entry;
	u64 hypercall_page;
	u64 virt_base;
	u64 paddr_offset;
	u64 hv_start_low;
	u64 init_p2m;
	u64 mod_start_pfn;
	char xen_version[NOTES_STRING_MAX];
	char guest_os[NOTES_STRING_MAX];
	char loader[NOTES_STRING_MAX];
	char features[4 * NOTES_STRING_MAX];
};

static inline bool notes_have(const struct xen_notes *n, u32 type)
{
	return n->present & 1U << type;
}

/**
 * notes_parse - find the notes: in segments, else in sections, else the old string
 * Fails when there are none, one is malformed, or they say that the kernel cannot
 * run here.
 */
int notes_parse(const struct elf *elf, struct xen_notes *notes, struct error *e) __must_check;

#endif
