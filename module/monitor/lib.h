/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a freestanding program must bring along: memory functions (the compiler
 * may call them), formatting into a buffer, and the few macros everybody uses.
 */
#ifndef PVHV_MONITOR_LIB_H
#define PVHV_MONITOR_LIB_H

#include "../shared/types.h"
#include <stdarg.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1ULL << (n))
#define ALIGN_DOWN(x, a)	((x) & ~((u64)(a) - 1))
#define ALIGN_UP(x, a)		ALIGN_DOWN((x) + (a) - 1, a)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define __must_check		__attribute__((warn_unused_result))
#define __cold			__attribute__((noinline, cold))
/* Keeps rare work, and the registers it needs, out of the way of the usual. */
#define __noinline		__attribute__((noinline))
#define __noreturn		__attribute__((noreturn))
#define __printf(f, a)		__attribute__((format(printf, f, a)))

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)	(*(volatile __typeof__(x) *)&(x) = (val))

/* Error numbers of the ABI; hypercalls return them negated. */
#define EPERM	1
#define ENOENT	2
#define ESRCH	3
#define EFAULT	14
#define EBUSY	16
#define EEXIST	17
#define EINVAL	22
#define ENOSPC	28
#define ENOSYS	38

/*
 * Not an error number: the hypercall is not done. It runs again, with the
 * arguments it may have advanced, after what stopped it has been served: a host
 * interrupt, a pool top-up, a console write.
 */
#define RESTART	1000

void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/**
 * lib_format - format into a buffer, always NUL-terminated
 * Knows %d %u %x %lu %lx %s %c %%, with width and zero padding.
 * Returns the number of bytes written without the NUL.
 */
size_t lib_format(char *buf, size_t size, const char *fmt, va_list ap);

static inline u64 lib_ffs(u64 x)	/* x != 0: number of the lowest set bit */
{
	return (u64)__builtin_ctzll(x);
}

/* A canonical address of 4-level paging, which is all that a guest has. */
static inline bool lib_canonical(u64 va)
{
	return (u64)((s64)(va << 16) >> 16) == va;
}

#endif
