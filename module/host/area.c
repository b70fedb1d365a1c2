// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU area: one piece of vmalloc memory with the pages that ../shared/layout.h
 * lists, mapped at their places, holes in between as guards. Descriptor tables are
 * the host's to fill; the monitor can write only those it has to.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/desc.h>
#include <asm/trapnr.h>

#include "area.h"
#include "compat_cpu.h"
#include "cpu.h"
#include "image.h"
#include "../shared/hostctx.h"

/* The parts of an area, in the order of their pages in the vmalloc memory. */
static const struct area_part {
	u32 offset, pages;
	enum pvhv_prot prot;
} parts[] = {
	{ AREA_IDT, 1, PVHV_PROT_RO },
	{ AREA_WORLD, 1, PVHV_PROT_RW },
	{ AREA_VCPU, AREA_VCPU_SIZE / PAGE_SIZE, PVHV_PROT_RW },
	{ AREA_TSS, 1, PVHV_PROT_RO },
	{ AREA_STACK_BOTTOM, (AREA_STACK_TOP - AREA_STACK_BOTTOM) / PAGE_SIZE, PVHV_PROT_RW },
	{ AREA_NMI_BOTTOM, 1, PVHV_PROT_RW },
	{ AREA_MC_BOTTOM, 1, PVHV_PROT_RW },
	{ AREA_DF_BOTTOM, 1, PVHV_PROT_RW },
	{ AREA_DB_BOTTOM, 1, PVHV_PROT_RW },
	{ AREA_ROOT_KERNEL, 1, PVHV_PROT_RW },
	{ AREA_ROOT_USER, 1, PVHV_PROT_RW },
	{ AREA_TRACE, 1, PVHV_PROT_RW },
	/* The guest's 14 pages and the reserved one; then the transition table's first. */
	{ AREA_GDT_GUEST, GDT_PAGES, PVHV_PROT_RW },
	{ AREA_GDT_TRANSITION, 1, PVHV_PROT_RW },
	{ AREA_LDT, 16, PVHV_PROT_RW },
	{ LAYOUT_HOSTCTX, 1, PVHV_PROT_RW },
};

static size_t area_pages(void)
{
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		n += parts[i].pages;
	return n;
}

size_t pvhv_area_bytes(void)
{
	return area_pages() * PAGE_SIZE;
}

/* Host address of the page at @offset of the area. */
static void *area_ptr(const struct pvhv_area *a, u32 offset)
{
	u8 *mem = a->mem;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		u32 size = parts[i].pages * PAGE_SIZE;

		if (offset >= parts[i].offset && offset - parts[i].offset < size)
			return mem + (offset - parts[i].offset);
		mem += size;
	}
	WARN_ON_ONCE(1);
	return NULL;
}

static hfn_t area_hfn(const struct pvhv_area *a, u32 offset)
{
	return hfn(vmalloc_to_pfn(area_ptr(a, offset)));
}

static int area_map(struct pvhv_area *a)
{
	u8 *mem = a->mem;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t size = parts[i].pages * PAGE_SIZE;

		err = pvhv_space_map_vmalloc(a->space, a->va + parts[i].offset, mem, size,
					     parts[i].prot);
		if (err)
			return err;
		mem += size;
	}
	/* The reserved page ends both descriptor tables. */
	err = pvhv_space_map(a->space,
			     a->va + AREA_GDT_TRANSITION + GDT_RESERVED_PAGE * PAGE_SIZE,
			     area_hfn(a, AREA_GDT_GUEST + GDT_RESERVED_PAGE * PAGE_SIZE),
			     PVHV_PROT_RW);
	if (err)
		return err;
	return pvhv_image_map(a->space, a->va);
}

/* An interrupt gate; DPL 3 only where the guest's programs may use `int n`. */
static void area_fill_idt(struct pvhv_area *a)
{
	static const u8 ist[] = {
		[X86_TRAP_DB] = IST_DB, [X86_TRAP_NMI] = IST_NMI,
		[X86_TRAP_DF] = IST_DF, [X86_TRAP_MC] = IST_MC,
	};
	u64 stub = a->va + pvhv_image_header()->stubs;
	gate_desc *idt = area_ptr(a, AREA_IDT);
	unsigned int i;

	for (i = 0; i < 256; i++, stub += IMAGE_STUB_SIZE)
		idt[i] = (gate_desc){
			.offset_low = (u16)stub,
			.segment = SEL_MONITOR_CS,
			.bits = {
				.ist = i < ARRAY_SIZE(ist) ? ist[i] : 0,
				.type = GATE_INTERRUPT,
				.dpl = i == X86_TRAP_BP || i == X86_TRAP_OF || i == 0x80 ? 3 : 0,
				.p = 1,
			},
			.offset_middle = (u16)(stub >> 16),
			.offset_high = (u32)(stub >> 32),
		};
}

static void area_fill_tss(struct pvhv_area *a)
{
	struct x86_hw_tss *tss = area_ptr(a, AREA_TSS);

	tss->sp0 = a->va + AREA_STACK_TOP;
	tss->ist[IST_NMI - 1] = a->va + AREA_NMI_TOP;
	tss->ist[IST_MC - 1] = a->va + AREA_MC_TOP;
	tss->ist[IST_DF - 1] = a->va + AREA_DF_TOP;
	tss->ist[IST_DB - 1] = a->va + AREA_DB_TOP;
	/* Beyond the limit: the guest has no I/O port. */
	tss->io_bitmap_base = sizeof(*tss);
}

static void set_system_segment(u64 *desc, u64 base, u32 limit, u8 type)
{
	desc[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | (u64)(0x80 | type) << 40 |
		  (u64)(limit >> 16 & 15) << 48 | (base >> 24 & 0xff) << 56;
	desc[1] = base >> 32;
}

/* The reserved page: flat segments, TSS, and an LDT that the monitor sets. */
static void area_fill_gdt(struct pvhv_area *a)
{
	u64 *gdt = area_ptr(a, AREA_GDT_GUEST + GDT_RESERVED_PAGE * PAGE_SIZE);
	const u32 base = GDT_RESERVED_PAGE * PAGE_SIZE;

#define RESERVED(sel) gdt[((sel) - base) >> 3]
	RESERVED(SEL_MONITOR_CS) = 0x00af9b000000ffff;
	RESERVED(SEL_MONITOR_SS) = 0x00cf93000000ffff;
	RESERVED(SEL_GUEST_CS32) = 0x00cffb000000ffff;
	RESERVED(SEL_GUEST_SS) = 0x00cff3000000ffff;
	RESERVED(SEL_GUEST_CS64) = 0x00affb000000ffff;
	set_system_segment(&RESERVED(SEL_TSS), a->va + AREA_TSS,
			   sizeof(struct x86_hw_tss) - 1, DESC_TSS);
	set_system_segment(&RESERVED(SEL_LDT), a->va + AREA_LDT, 0, DESC_LDT);
#undef RESERVED
}

static void area_fill_world(struct pvhv_area *a, u64 domain)
{
	const struct image_header *h = pvhv_image_header();
	struct world *w = a->world;
	u64 noflush = h->features & FEATURE_PCID ? X86_CR3_PCID_NOFLUSH : 0;

	w->domain = domain;
	w->vcpu_id = a->id;
	if (h->features & FEATURE_PCID) {
		w->pcid_kernel = PVHV_PCID_KERNEL;
		w->pcid_user = PVHV_PCID_USER;
	}
	w->idle_root = __pa(a->space->idle) | w->pcid_kernel;
	w->enter_root = w->idle_root | noflush;
	w->root5_kernel = area_hfn(a, AREA_ROOT_KERNEL).n << PAGE_SHIFT | w->pcid_kernel;
	w->root5_user = area_hfn(a, AREA_ROOT_USER).n << PAGE_SHIFT | w->pcid_user;
	w->gdt_guest = (struct world_descriptor){ .limit = GDT_LIMIT,
						  .base = a->va + AREA_GDT_GUEST };
	w->gdt_transition = (struct world_descriptor){ .limit = GDT_LIMIT,
						       .base = a->va + AREA_GDT_TRANSITION };
	w->idt = (struct world_descriptor){ .limit = 256 * 16 - 1, .base = a->va + AREA_IDT };
	w->programmed = ~0ULL;
	w->deadline = ~0ULL;
}

int pvhv_area_create(struct pvhv_area *a, struct pvhv_space *s, unsigned int id, u64 domain)
{
	int err;

	memset(a, 0, sizeof(*a));
	a->id = id;
	a->space = s;
	a->va = pvhv_space_va(s, LAYOUT_SLOT_MONITOR, LAYOUT_AREA(id));
	a->mem = __vmalloc(area_pages() * PAGE_SIZE,
			   GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!a->mem)
		return -ENOMEM;
	a->world = area_ptr(a, AREA_WORLD);
	a->regs = area_ptr(a, AREA_STACK_TOP - PAGE_SIZE) + PAGE_SIZE - sizeof(struct regs);
	a->trace = area_ptr(a, AREA_TRACE);
	a->transition_gdt = area_ptr(a, AREA_GDT_TRANSITION);
	a->hostctx = area_ptr(a, LAYOUT_HOSTCTX);
	a->hostctx->nmi_entry = pvhv_compat_nmi_entry();
	if (pvhv_cpu_features() & FEATURE_EXIT_BHB)
		a->hostctx->clear_bhb = pvhv_compat_clear_bhb();
	a->enter = a->va + pvhv_image_header()->enter;
	a->lstar = a->va + pvhv_image_header()->syscall64;
	err = area_map(a);
	if (err) {
		pvhv_area_destroy(a);
		return err;
	}
	area_fill_idt(a);
	area_fill_tss(a);
	area_fill_gdt(a);
	area_fill_world(a, domain);
	return 0;
}

void pvhv_area_destroy(struct pvhv_area *a)
{
	/* The domain goes on without: nothing may refer to the pages, which are free now. */
	if (a->mem && a->space->mm) {
		pvhv_space_unmap(a->space, a->va, LAYOUT_AREA_SIZE);
		pvhv_space_unmap(a->space, a->va + LAYOUT_HOSTCTX, PAGE_SIZE);
	}
	vfree(a->mem);
	a->mem = NULL;
}
