/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A kernel that can be started: from a bzImage, a compressed or a plain ELF file to
 * segments, notes and the guest addresses they ask for, all checked.
 */
#ifndef PVCTL_KERNEL_H
#define PVCTL_KERNEL_H

#include "file.h"
#include "notes.h"

/* No kernel is near this, and no file may make pvctl take more memory. */
#define KERNEL_MAX	(1UL << 30)

/**
 * struct kernel
 * @image: the ELF file if it had to be unpacked; else empty
 * @virt_base: guest virtual address of guest frame 0; page-aligned
 * @start, @end: guest physical bytes that the segments fill; @end <= KERNEL_MAX
 * @entry: guest virtual address, in the image
 * @hypercall_page: guest physical address of the page to fill, when @wants_hypercalls
 */
struct kernel {
	struct bytes image;
	struct elf elf;
	struct xen_notes notes;
	u64 virt_base;
	u64 start, end;
	u64 entry;
	bool wants_hypercalls;
	u64 hypercall_page;
};

/**
 * kernel_parse - understand a kernel file of any known kind
 * @data must outlive @kernel. @max: limit of the unpacked size. After success,
 * kernel_free() is the caller's to call.
 */
int kernel_parse(const void *data, size_t size, size_t max, struct kernel *kernel,
		 struct error *e) __must_check;

void kernel_free(struct kernel *kernel);

/** kernel_segment_gpa - guest physical address of a segment */
static inline u64 kernel_segment_gpa(const struct kernel *k, const struct elf_segment *s)
{
	return s->paddr - k->notes.paddr_offset;
}

#endif
