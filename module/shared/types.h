/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer types and the two kinds of frame number, the same for the kernel
 * driver, the freestanding monitor and userspace tests. gfn_t and hfn_t are
 * distinct structs so that the compiler refuses to mix what the guest may know
 * with what it must never learn.
 */
#ifndef PVHV_SHARED_TYPES_H
#define PVHV_SHARED_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/build_bug.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#ifndef static_assert
#define static_assert(cond, ...) _Static_assert(cond, "" __VA_ARGS__)
#endif
#endif

/** gfn_t - guest frame number: what the ABI calls a machine frame; per domain */
typedef struct { u64 n; } gfn_t;

/** hfn_t - host frame number: a real page of the machine; never shown to a guest */
typedef struct { u64 n; } hfn_t;

static inline gfn_t gfn(u64 n) { return (gfn_t){ n }; }
static inline hfn_t hfn(u64 n) { return (hfn_t){ n }; }

/* No gfn: an all-ones value that no domain can own. */
#define GFN_NONE	((gfn_t){ ~0ULL })

#define PVHV_PAGE_SHIFT	12
#define PVHV_PAGE_SIZE	4096ULL

#endif
