/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /init that does nothing: it marks the end of a boot (its first instruction has an
 * address that no other program has) and powers the machine off.
 */
	.globl _start
_start:
	mov $0xfee1dead, %edi
	mov $672274793, %esi
	mov $0x4321fedc, %edx		/* LINUX_REBOOT_CMD_POWER_OFF */
	mov $169, %eax			/* reboot */
	syscall
	jmp _start
	.section .note.GNU-stack, "", @progbits
