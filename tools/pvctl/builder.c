// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See builder.h. Pure. Nothing runs on the memory yet, so it is written without
 * care for who else may look; layout_make() has shown that everything is inside.
 */
#include <stdint.h>
#include <string.h>

#include <xen/elfnote.h>
#include <xen/xen.h>

#include "builder.h"
#include "pagetable.h"

#define HYPERCALL_SLOTS		128
#define HYPERCALL_SLOT_SIZE	32

static u8 *frame_at(const struct builder_request *r, u64 gfn)
{
	return r->mem + (gfn << PAGE_SHIFT);
}

/*
 * The hypercall page: slot n issues hypercall n. The guest's syscall instruction
 * clobbers rcx and r11, which the ABI preserves; iret does not return, and finds its
 * frame above the three words.
 */
static void fill_hypercalls(u8 *page)
{
	static const u8 call[] = {
		0x51,			/* push %rcx */
		0x41, 0x53,		/* push %r11 */
		0xb8, 0, 0, 0, 0,	/* mov $n, %eax */
		0x0f, 0x05,		/* syscall */
		0x41, 0x5b,		/* pop %r11 */
		0x59,			/* pop %rcx */
		0xc3,			/* ret */
	};
	static const u8 iret[] = {
		0x51,			/* push %rcx */
		0x41, 0x53,		/* push %r11 */
		0x50,			/* push %rax */
		0xb8, __HYPERVISOR_iret, 0, 0, 0, /* mov $n, %eax */
		0x0f, 0x05,		/* syscall */
	};
	unsigned int n;

	memset(page, 0xcc, PAGE_SIZE);	/* int3 */
	for (n = 0; n < HYPERCALL_SLOTS; n++) {
		u8 *slot = page + n * HYPERCALL_SLOT_SIZE;

		if (n == __HYPERVISOR_iret)
			continue;
		memcpy(slot, call, sizeof(call));
		slot[4] = (u8)n;
	}
	memcpy(page + __HYPERVISOR_iret * HYPERCALL_SLOT_SIZE, iret, sizeof(iret));
}

static void load_kernel(const struct builder_request *r)
{
	const struct kernel *k = r->kernel;
	u32 i;

	for (i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];
		u8 *at = r->mem + kernel_segment_gpa(k, s);

		memcpy(at, s->data, s->filesz);
		memset(at + s->filesz, 0, s->memsz - s->filesz);
	}
	if (k->wants_hypercalls)
		fill_hypercalls(r->mem + k->hypercall_page);
}

static void fill_p2m(const struct builder_request *r, const struct layout *l)
{
	u64 *list = (u64 *)frame_at(r, l->p2m.gfn), i;

	for (i = 0; i < r->nr_pages; i++)
		list[i] = i;
}

static void fill_start_info(const struct builder_request *r, const struct layout *l)
{
	struct start_info *si = (struct start_info *)frame_at(r, l->start_info.gfn);
	bool unmapped = r->kernel->notes.mod_start_pfn;

	strcpy(si->magic, "xen-3.0-x86_64");
	si->nr_pages = r->nr_pages;
	si->shared_info = r->shared_info_gfn << PAGE_SHIFT;
	/* store_mfn and store_evtchn stay 0: no XenStore answers, and Linux would wait. */
	si->console.domU.mfn = l->console.gfn;
	si->console.domU.evtchn = r->console_port;
	si->pt_base = layout_va(l, l->tables.gfn);
	si->nr_pt_frames = l->tables.pages;
	si->mfn_list = l->p2m_va;
	if (l->p2m_outside) {
		si->first_p2m_pfn = l->p2m.gfn;
		si->nr_p2m_frames = l->p2m.pages + l->p2m_tables.pages;
	}
	if (r->initrd_len) {
		si->flags = unmapped ? SIF_MOD_START_PFN : 0;
		si->mod_start = unmapped ? l->initrd.gfn : layout_va(l, l->initrd.gfn);
		si->mod_len = r->initrd_len;
	}
	strcpy((char *)si->cmd_line, r->cmdline);
}

int builder_layout(const struct builder_request *r, struct layout *l, struct error *e)
{
	const struct kernel *k = r->kernel;
	struct layout_request request = {
		.virt_base = k->virt_base, .kernel_end = k->end,
		.initrd_len = r->initrd_len, .initrd_unmapped = k->notes.mod_start_pfn,
		.p2m_base = k->notes.init_p2m, .nr_pages = r->nr_pages,
	};

	if (strlen(r->cmdline) >= MAX_GUEST_CMDLINE)
		return error_set(e, "the guest's command line is longer than %d bytes",
				 MAX_GUEST_CMDLINE - 1);
	return layout_make(&request, l, e);
}

int builder_build(const struct builder_request *r, struct image *image, struct error *e)
{
	struct layout *l = &image->layout;

	*image = (struct image){};
	if (builder_layout(r, l, e))
		return -1;
	load_kernel(r);
	if (r->initrd_len)
		memcpy(frame_at(r, l->initrd.gfn), r->initrd, r->initrd_len);
	fill_p2m(r, l);
	fill_start_info(r, l);
	pagetable_build(r->mem, l);
	image->entry = r->kernel->entry;
	image->stack = layout_va(l, l->stack.gfn + 1);
	image->start_info = layout_va(l, l->start_info.gfn);
	image->cr3_gfn = l->tables.gfn;
	return 0;
}
