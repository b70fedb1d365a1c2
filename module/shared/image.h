/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The header at offset 0 of the monitor image. The build fills all but the last
 * group; the host checks it, fills the last group once at module load, applies
 * the relative relocations, and from then on the image is read-only.
 */
#ifndef PVHV_SHARED_IMAGE_H
#define PVHV_SHARED_IMAGE_H

#include "types.h"

#define IMAGE_MAGIC		0x726f74696e6f6d70ULL	/* "pmonitor", little endian */
#define IMAGE_VERSION		1	/* of the whole contract in module/shared */

struct image_header {
	u64 magic;
	u32 version;
	u32 text;		/* offset of the executable part, page-aligned, to the end */
	u32 size;		/* bytes of the whole image, page-aligned */
	u32 rela;		/* offset of Elf64_Rela[], all R_X86_64_RELATIVE */
	u32 rela_end;
	u32 stubs;		/* 256 entry stubs of IMAGE_STUB_SIZE bytes */
	u32 syscall64;		/* LSTAR */
	u32 syscall32;		/* CSTAR */
	u32 enter;		/* world switch: void enter(void), see switch.S */
	u32 patches;		/* offset of struct image_patch[] */
	u32 patches_end;
	u32 reserved;

	/* filled by the host */
	u64 base;		/* address of the canonical copy */
	u64 features;		/* FEATURE_* */
};

#define IMAGE_STUB_SIZE		16

/*
 * Instructions for which the CPU may lack the feature: the host overwrites them
 * with NOPs, before the image is ever mapped, unless @feature is there.
 */
struct image_patch {
	s32 offset;		/* from here to the instruction */
	u32 length;
	u64 feature;
};

/* Facts about the CPU and the host that the monitor needs, constant while loaded. */
#define FEATURE_PCID		(1ULL << 0)	/* CR4.PCIDE is on and we use our own ids */
#define FEATURE_INVPCID		(1ULL << 1)
#define FEATURE_LA57		(1ULL << 2)	/* CR4.LA57 is on */
#define FEATURE_FSGSBASE	(1ULL << 3)	/* CR4.FSGSBASE is on */
#define FEATURE_MELTDOWN	(1ULL << 4)	/* user roots leave out the monitor's state */
#define FEATURE_SMAP		(1ULL << 5)	/* CLAC and STAC exist */
#define FEATURE_VERW		(1ULL << 6)	/* MDS: clear buffers before CPL 3 */
#define FEATURE_TSC_STABLE	(1ULL << 7)	/* constant and non-stop TSC, used by the host */
#define FEATURE_IBPB		(1ULL << 8)	/* the host empties branch predictors: we do, too */
#define FEATURE_NX		(1ULL << 9)
#define FEATURE_AMD		(1ULL << 10)	/* AMD or Hygon: syscall in compat mode, SS quirks */
#define FEATURE_PKU		(1ULL << 11)	/* CR4.PKE is on: PKRU is live at CPL 3 */
#define FEATURE_XSAVE		(1ULL << 12)	/* CR4.OSXSAVE is on */
#define FEATURE_RSB_FILL	(1ULL << 13)	/* fill the return stack on leave */
#define FEATURE_UMIP		(1ULL << 14)
#define FEATURE_XFD		(1ULL << 15)	/* XFD can make a guest's FPU instruction raise #NM */
#define FEATURE_EXIT_IBPB	(1ULL << 16)	/* IBPB on leave: returns follow the branch predictor */
#define FEATURE_EXIT_IBRS	(1ULL << 17)	/* write the host's SPEC_CTRL on leave */
#define FEATURE_EXIT_BHB	(1ULL << 18)	/* clear the branch history on leave */
#define FEATURE_DIV0		(1ULL << 19)	/* a division's result stays in the divider */

#endif
