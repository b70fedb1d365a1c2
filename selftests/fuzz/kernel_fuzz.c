// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Kernel files: bzImages, compressed data, ELF files, notes. pvctl may run as root, and
 * a file may come from anywhere: each must end in an error with a text, or in a domain
 * whose memory has been built within bounds. Readings beyond a file's end, or beyond the
 * guest's memory, are found by ASan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"

#define PAGES	1024		/* of the domain: 4 MiB */
#define MAX	(1UL << 20)	/* of unpacked data */

#define require(cond) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
		abort();							\
	}									\
} while (0)

static void check_kernel(const struct kernel *k)
{
	u32 i;

	require(k->elf.nr_segments && k->elf.nr_segments <= ELF_MAX_SEGMENTS);
	require(k->start <= k->end && k->end <= 2 * KERNEL_MAX);
	require(k->entry - k->virt_base >= k->start && k->entry - k->virt_base < k->end);
	require(!k->wants_hypercalls || k->hypercall_page + PAGE_SIZE > k->hypercall_page);
	for (i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];

		require(s->filesz <= s->memsz);
		require(kernel_segment_gpa(k, s) + s->memsz <= k->end);
	}
}

/* Does the guest find its first instruction, through the tables that were made for it? */
static void check_entry(const u8 *mem, const struct image *image, const struct kernel *k)
{
	u64 entry = image->cr3_gfn << PAGE_SHIFT;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		u64 table = entry >> PAGE_SHIFT & 0xffffffffff;

		require(table < PAGES);
		memcpy(&entry, mem + (table << PAGE_SHIFT) + (image->entry >> shift & 511) * 8, 8);
		require(entry & 1);
	}
	require((entry & 0xffffffffff000) + (image->entry & (PAGE_SIZE - 1)) ==
		image->entry - k->virt_base);
}

static void build(const struct kernel *k)
{
	struct builder_request r = {
		.kernel = k, .initrd = "initrd", .initrd_len = 6, .cmdline = "quiet",
		.nr_pages = PAGES, .shared_info_gfn = PAGES, .console_port = 1,
	};
	struct layout layout;
	struct image image;
	struct error e = {};

	if (builder_layout(&r, &layout, &e)) {
		require(e.text[0]);
		return;
	}
	r.mem = calloc(PAGES, PAGE_SIZE);
	require(r.mem);
	require(!builder_build(&r, &image, &e));
	check_entry(r.mem, &image, k);
	free(r.mem);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct kernel k;
	struct error e = {};

	if (kernel_parse(data, size, MAX, &k, &e)) {
		require(e.text[0]);
		return 0;
	}
	require(!e.text[0]);
	require(k.image.size <= MAX);
	check_kernel(&k);
	build(&k);
	kernel_free(&k);
	return 0;
}
