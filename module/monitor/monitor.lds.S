/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor image: read-only data, then text, nothing writable. Behind it, at
 * fixed offsets, the parts of a vCPU area: symbols only, so that entry code
 * reaches its own vCPU RIP-relative.
 */
#include "../shared/layout.h"

OUTPUT_FORMAT("elf64-x86-64")
ENTRY(world_enter)

SECTIONS
{
	. = 0;
	.rodata : {
		KEEP(*(.header))
		*(.rodata .rodata.*)
		*(.data.rel.ro .data.rel.ro.*)
		. = ALIGN(8);
		image_patches = .;
		KEEP(*(.patches))
		image_patches_end = .;
		image_fixups = .;
		KEEP(*(.fixups))
		image_fixups_end = .;
	}
	.rela : {
		image_rela = .;
		*(.rela.*)
		image_rela_end = .;
	}
	.dynamic : { *(.dynamic) *(.dynsym) *(.dynstr) *(.hash) *(.gnu.hash) }
	.got : { *(.got) *(.got.plt) *(.igot .igot.plt) *(.plt .plt.*) }

	. = ALIGN(4096);
	image_text = .;
	.text : { *(.text .text.*) . = ALIGN(4096); }
	image_end = .;

	/* A writable global would be shared by all domains and faults anyway. */
	.data : { *(.data .data.*) }
	.bss : { *(.bss .bss.* COMMON) }
	ASSERT(SIZEOF(.data) == 0, "the monitor has no writable data")
	ASSERT(SIZEOF(.bss) == 0, "the monitor has no writable data")
	ASSERT(image_end <= AREA_IMAGE_MAX, "the image has outgrown its place")

	. = AREA_IDT;
	.area (NOLOAD) : {
		. = AREA_WORLD - AREA_IDT;
		area_world = .;
		. = AREA_VCPU - AREA_IDT;
		area_vcpu = .;
		. = AREA_STACK_TOP - AREA_IDT;
		area_stack_top = .;
		. = AREA_DF_TOP - AREA_IDT;
		area_df_top = .;
		. = AREA_GDT_GUEST - AREA_IDT;
		area_gdt_guest = .;
		. = AREA_GDT_TRANSITION - AREA_IDT;
		area_gdt_transition = .;
		. = LAYOUT_HOSTCTX - AREA_IDT;
		area_hostctx = .;
		. = . + 4096;
	}

	/DISCARD/ : { *(.comment) *(.note.*) *(.interp) *(.eh_frame*) *(.gnu.version*) *(.sframe) }
}
