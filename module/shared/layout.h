/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of the monitor's address space: top-level slots of 512 GiB, and what
 * lies at which offset of a vCPU area. Both worlds use the same addresses.
 * Documentation/memory-map.rst draws it. Usable from assembly.
 *
 * Slots are indexes into a 4-level root table. On 4-level hosts they are slots
 * of the root; on 5-level hosts (LA57) slots of the one level-4 table under
 * root slot 256. The guest's machine-to-physical table keeps the address that
 * the ABI gives it in both cases.
 */
#ifndef PVHV_SHARED_LAYOUT_H
#define PVHV_SHARED_LAYOUT_H

#define LAYOUT_BASE_4LEVEL	0xffff000000000000	/* address of "slot 0", sign-extended */
#define LAYOUT_BASE_5LEVEL	0xff00000000000000
#define LAYOUT_SLOT_SHIFT	39

#define LAYOUT_SLOT_M2P		256	/* m2p at its ABI address; read-only to the guest */
#define LAYOUT_SLOT_MONITOR	257	/* image and vCPU areas */
#define LAYOUT_SLOT_STATE	258	/* struct domain and its tables */
#define LAYOUT_SLOT_POOL	259	/* shadow pages, by pool index */
#define LAYOUT_SLOT_PHYSMAP	260	/* guest memory, by gfn; to slot 271 */
#define LAYOUT_SLOT_FIRST	256	/* first and last slot the guest may not use */
#define LAYOUT_SLOT_LAST	271
#define LAYOUT_NR_SLOTS		16

/* 12 slots of 512 GiB: the largest domain, in 4 KiB frames. */
#define LAYOUT_MAX_FRAMES	(12UL << (LAYOUT_SLOT_SHIFT - 12))

/* Offsets in LAYOUT_SLOT_STATE. */
#define LAYOUT_STATE_DOMAIN	0x0000000000	/* struct domain */
#define LAYOUT_STATE_FRAMES	0x1000000000	/* struct frame[nr_frames] */
#define LAYOUT_STATE_SHADOWS	0x2000000000	/* struct shadow[pool_limit] */
#define LAYOUT_STATE_M2P	0x3000000000	/* u64[nr_frames], writable alias */

/*
 * The monitor slot: the canonical image at offset 0, then one area per vCPU. The
 * host's version of this slot has one gigabyte more: the page at an area's
 * address + LAYOUT_HOSTCTX holds the saved host context. It is absent from every
 * root that a guest runs on, because its content would break KASLR under Meltdown.
 */
#define LAYOUT_AREA_SIZE	0x100000
#define LAYOUT_AREA(id)		((1 + (id)) * LAYOUT_AREA_SIZE)
#define LAYOUT_HOSTCTX		0x40000000

/*
 * Offsets in an area. The image itself is mapped at the start of each, so that
 * an entry stub reaches its own vCPU by RIP-relative addresses and everything
 * else by direct jumps. Every stack has an unmapped page below it.
 */
#define AREA_IMAGE		0x00000
#define AREA_IMAGE_MAX		0x40000
#define AREA_IDT		0x40000	/* read-only */
#define AREA_WORLD		0x41000	/* struct world */
#define AREA_VCPU		0x42000	/* struct vcpu */
#define AREA_VCPU_SIZE		0x02000
#define AREA_TSS		0x44000	/* read-only; no I/O bitmap */
#define AREA_STACK_BOTTOM	0x47000
#define AREA_STACK_TOP		0x4b000	/* struct regs lies below */
#define AREA_NMI_BOTTOM		0x4c000
#define AREA_NMI_TOP		0x4d000
#define AREA_MC_BOTTOM		0x4e000
#define AREA_MC_TOP		0x4f000
#define AREA_DF_BOTTOM		0x50000
#define AREA_DF_TOP		0x51000
#define AREA_DB_BOTTOM		0x52000
#define AREA_DB_TOP		0x53000
#define AREA_ROOT_KERNEL	0x56000	/* LA57: level-5 table for guest kernel mode */
#define AREA_ROOT_USER		0x57000	/* LA57: level-5 table for guest user mode */
#define AREA_TRACE		0x58000	/* struct trace_ring */
#define AREA_GDT_GUEST		0x60000	/* 14 pages of the guest, then the reserved page */
#define AREA_GDT_TRANSITION	0x70000	/* host selectors, then the reserved page */
#define AREA_LDT		0x80000	/* copy of the guest's LDT: 16 pages */

/* The reserved page of both descriptor tables: selectors 0xe000-0xefff. */
#define GDT_RESERVED_PAGE	14
#define GDT_PAGES		15
#define GDT_LIMIT		(GDT_PAGES * 4096 - 1)
#define SEL_MONITOR_CS		0xe008
#define SEL_MONITOR_SS		0xe010
#define SEL_GUEST_CS32		0xe023	/* FLAT_RING3_CS32 of the ABI */
#define SEL_GUEST_SS		0xe02b	/* FLAT_RING3_DS32, also SS of 64-bit code */
#define SEL_GUEST_CS64		0xe033	/* FLAT_RING3_CS64 */
#define SEL_TSS			0xe040	/* 16 bytes */
#define SEL_LDT			0xe050	/* 16 bytes */

/* The host's selectors the transition needs; Linux's since 2.6, checked at load. */
#define SEL_HOST_CS		0x10
#define SEL_HOST_SS		0x18
#define SEL_HOST_TSS		0x40
#define SEL_HOST_CPUNODE	0x78	/* its limit names the CPU: see world.c */

/*
 * IST numbers in the monitor's TSS. The same as Linux's: between loading the
 * monitor's IDT and its TSS, an NMI or #MC runs on the host's stack of that name.
 */
#define IST_DF			1
#define IST_NMI			2
#define IST_DB			3
#define IST_MC			4

#endif
