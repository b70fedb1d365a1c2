/* SPDX-License-Identifier: GPL-2.0 */
/* The first bytes of the image: struct image_header, see ../shared/image.h. */
#include "offsets.h"

	.section .header, "a"
	.globl image_header
	.hidden image_header
image_header:
	.quad IMAGE_MAGIC
	.long IMAGE_VERSION
	.long image_text - image_header
	.long image_end - image_header
	.long image_rela - image_header
	.long image_rela_end - image_header
	.long entry_stubs - image_header
	.long entry_syscall64 - image_header
	.long entry_syscall32 - image_header
	.long world_enter - image_header
	.long image_patches - image_header
	.long image_patches_end - image_header
	.long 0
	.quad 0			/* base: filled by the host */
	.quad 0			/* features: filled by the host */
	.if . - image_header != IMAGE_HEADER_SIZE
	.error "header.S and image.h differ"
	.endif
