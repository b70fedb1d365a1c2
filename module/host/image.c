// SPDX-License-Identifier: GPL-2.0
/*
 * The monitor image. The payload in this module is a template: it is copied to
 * pages of its own, adapted to this machine (features, relocations) and never
 * written again. The guest's world maps it without write permission.
 */
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "cpu.h"
#include "image.h"

extern const u8 pvhv_payload_image[], pvhv_payload_image_end[];
extern const char pvhv_payload_symbols[], pvhv_payload_symbols_end[];

static u8 *image;

const struct image_header *pvhv_image_header(void)
{
	return (const struct image_header *)image;
}

static bool image_header_valid(const struct image_header *h, size_t size)
{
	return h->magic == IMAGE_MAGIC && h->version == IMAGE_VERSION && h->size == size &&
	       PAGE_ALIGNED(h->size) && h->size <= AREA_IMAGE_MAX && PAGE_ALIGNED(h->text) &&
	       h->text < h->size && h->rela <= h->rela_end && h->rela_end <= h->text &&
	       h->patches <= h->patches_end && h->patches_end <= h->text &&
	       h->stubs >= h->text && h->enter >= h->text && h->syscall64 >= h->text &&
	       h->syscall32 >= h->text;
}

/* Replace what this CPU cannot execute. */
static int image_patch(struct image_header *h)
{
	struct image_patch *p = (void *)image + h->patches;
	struct image_patch *end = (void *)image + h->patches_end;

	for (; p < end; p++) {
		u64 offset = (u8 *)&p->offset + p->offset - image;

		if (offset < h->text || offset + p->length > h->size)
			return -ENOEXEC;
		if (!(h->features & p->feature))
			memset(image + offset, 0x90, p->length);
	}
	return 0;
}

/* Tables of function pointers hold addresses: the base differs with LA57. */
static int image_relocate(struct image_header *h)
{
	const Elf64_Rela *r = (void *)image + h->rela;
	const Elf64_Rela *end = (void *)image + h->rela_end;

	for (; r < end; r++) {
		if (ELF64_R_TYPE(r->r_info) != R_X86_64_RELATIVE ||
		    r->r_offset > h->size - sizeof(u64))
			return -ENOEXEC;
		*(u64 *)(image + r->r_offset) = h->base + r->r_addend;
	}
	return 0;
}

int pvhv_image_init(void)
{
	size_t size = pvhv_payload_image_end - pvhv_payload_image;
	struct image_header *h;
	int err = -ENOEXEC;

	image = __vmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!image)
		return -ENOMEM;
	memcpy(image, pvhv_payload_image, size);
	h = (struct image_header *)image;
	if (!image_header_valid(h, size))
		goto fail;
	h->features = pvhv_cpu_features();
	h->base = (h->features & FEATURE_LA57 ? LAYOUT_BASE_5LEVEL : LAYOUT_BASE_4LEVEL) |
		  (u64)LAYOUT_SLOT_MONITOR << LAYOUT_SLOT_SHIFT;
	err = image_patch(h);
	if (!err)
		err = image_relocate(h);
	if (!err)
		return 0;
fail:
	pr_err("pvhv: the monitor image does not fit this module; rebuild both\n");
	pvhv_image_exit();
	return err;
}

void pvhv_image_exit(void)
{
	vfree(image);
	image = NULL;
}

int pvhv_image_map(struct pvhv_space *s, u64 va)
{
	const struct image_header *h = pvhv_image_header();
	u32 off;
	int err;

	for (off = 0; off < h->size; off += PAGE_SIZE) {
		err = pvhv_space_map(s, va + off, hfn(vmalloc_to_pfn(image + off)),
				     off < h->text ? PVHV_PROT_RO : PVHV_PROT_RX);
		if (err)
			return err;
	}
	return 0;
}

char *pvhv_image_symbol(u64 addr, char *buf, size_t size)
{
	const struct image_header *h = pvhv_image_header();
	const char *line = pvhv_payload_symbols, *end = pvhv_payload_symbols_end;
	/* Areas and the canonical copy are all aligned to the size of an area. */
	u64 offset = addr & (LAYOUT_AREA_SIZE - 1);
	unsigned int start;
	char name[64];

	snprintf(buf, size, "0x%llx", addr);
	if ((addr ^ h->base) >> LAYOUT_SLOT_SHIFT || offset >= h->size)
		return buf;
	while (line < end && sscanf(line, "%x %63s", &start, name) == 2 && start <= offset) {
		snprintf(buf, size, "%s+0x%llx", name, offset - start);
		line = memchr(line, '\n', end - line);
		if (!line)
			break;
		line++;
	}
	return buf;
}
