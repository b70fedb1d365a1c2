/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Integer names of the kernel's style, and the page size of guest and host. */
#ifndef PVCTL_TYPES_H
#define PVCTL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Pages that hold @bytes. */
static inline u64 pages_of(u64 bytes)
{
	return (bytes >> PAGE_SHIFT) + !!(bytes & (PAGE_SIZE - 1));
}

#endif
