/* SPDX-License-Identifier: GPL-2.0 */
/* The monitor image and its symbols, as data of this module: see image.c. */
	.section .rodata, "a"
	.balign 4096
	.globl pvhv_payload_image, pvhv_payload_image_end
pvhv_payload_image:
	.incbin "monitor.bin"
pvhv_payload_image_end:
	.globl pvhv_payload_symbols, pvhv_payload_symbols_end
pvhv_payload_symbols:
	.incbin "monitor.sym"
pvhv_payload_symbols_end:
	.section .note.GNU-stack, "", @progbits
