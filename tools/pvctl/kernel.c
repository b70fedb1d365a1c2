// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See kernel.h. Pure. */
#include <xen/elfnote.h>

#include "bzimage.h"
#include "decompress.h"
#include "kernel.h"

/* The ELF file in @data: itself, or unpacked into kernel->image. */
static int kernel_unpack(const u8 *data, size_t size, size_t max, struct kernel *k,
			 const u8 **elf, size_t *elf_size, struct error *e)
{
	size_t offset = 0;

	if (bzimage_is_bzimage(data, size) && bzimage_payload(data, size, &offset, &size, e))
		return -1;
	*elf = data + offset;
	*elf_size = size;
	if (elf_is_elf(*elf, *elf_size))
		return 0;
	if (!offset && !decompress_name(data, size))
		return error_set(e, "neither a bzImage nor an ELF file, nor one of these compressed");
	if (decompress(*elf, *elf_size, max, &k->image, e))
		return -1;
	*elf = k->image.data;
	*elf_size = k->image.size;
	return 0;
}

/* Loaded one over the other, neither would be what the kernel's author has linked. */
static bool kernel_overlaps(const struct kernel *k, u32 i)
{
	u64 gpa = kernel_segment_gpa(k, &k->elf.segment[i]), other;
	u32 j;

	for (j = 0; j < i; j++) {
		other = kernel_segment_gpa(k, &k->elf.segment[j]);
		if (gpa < other + k->elf.segment[j].memsz && other < gpa + k->elf.segment[i].memsz)
			return true;
	}
	return false;
}

/* Where the segments lie in guest memory. */
static int kernel_extent(struct kernel *k, struct error *e)
{
	u32 i;

	k->start = UINT64_MAX;
	k->end = 0;
	for (i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];
		u64 gpa = kernel_segment_gpa(k, s);

		if (gpa > KERNEL_MAX || s->memsz > KERNEL_MAX - gpa)
			return error_set(e, "an ELF segment of %#llx bytes is to be loaded at %#llx, beyond the %lu MiB that a kernel may use",
					 (unsigned long long)s->memsz, (unsigned long long)gpa,
					 KERNEL_MAX >> 20);
		if (kernel_overlaps(k, i))
			return error_set(e, "an ELF segment to be loaded at %#llx overlaps another one",
					 (unsigned long long)gpa);
		k->start = gpa < k->start ? gpa : k->start;
		k->end = gpa + s->memsz > k->end ? gpa + s->memsz : k->end;
	}
	return 0;
}

/* The notes' virtual addresses, all of which must be in the image. */
static int kernel_addresses(struct kernel *k, struct error *e)
{
	const struct xen_notes *n = &k->notes;

	k->virt_base = n->virt_base;
	k->entry = notes_have(n, XEN_ELFNOTE_ENTRY) ? n->entry : k->elf.header.e_entry;
	if (k->virt_base & (PAGE_SIZE - 1))
		return error_set(e, "the kernel's VIRT_BASE %#llx is not the start of a page",
				 (unsigned long long)k->virt_base);
	if (k->entry - k->virt_base < k->start || k->entry - k->virt_base >= k->end)
		return error_set(e, "the kernel's entry point %#llx is not in its image",
				 (unsigned long long)k->entry);
	k->wants_hypercalls = notes_have(n, XEN_ELFNOTE_HYPERCALL_PAGE);
	if (!k->wants_hypercalls)
		return 0;
	k->hypercall_page = n->hypercall_page - k->virt_base;
	if (k->hypercall_page & (PAGE_SIZE - 1) || k->hypercall_page >= k->end)
		return error_set(e, "the kernel's hypercall page %#llx is not a page of its image",
				 (unsigned long long)n->hypercall_page);
	return 0;
}

int kernel_parse(const void *data, size_t size, size_t max, struct kernel *k, struct error *e)
{
	const u8 *elf;
	size_t elf_size;

	*k = (struct kernel){};
	if (kernel_unpack(data, size, max, k, &elf, &elf_size, e) ||
	    elf_parse(elf, elf_size, &k->elf, e) || notes_parse(&k->elf, &k->notes, e) ||
	    kernel_extent(k, e) || kernel_addresses(k, e)) {
		kernel_free(k);
		return -1;
	}
	return 0;
}

void kernel_free(struct kernel *k)
{
	bytes_free(&k->image);
}
