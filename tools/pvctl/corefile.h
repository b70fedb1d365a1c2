/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What files with a guest's memory are made of, in each format. */
#ifndef PVCTL_COREFILE_H
#define PVCTL_COREFILE_H

#include "error.h"

/** corefile_padded - names and descriptors of notes end on such boundaries */
static inline size_t corefile_padded(size_t n)
{
	return (n + 3) & ~3UL;
}

/** corefile_write - all @n bytes, at @offset */
int corefile_write(int fd, const void *data, size_t n, u64 offset, struct error *e) __must_check;

/** corefile_resize - what is not written is a hole, and zero */
int corefile_resize(int fd, u64 size, struct error *e) __must_check;

/** corefile_is_zero - need this page not be written? */
bool corefile_is_zero(const u8 *page);

/**
 * corefile_note - put a note at @at, which has room and zeros
 * Returns where the next one begins.
 */
u8 *corefile_note(u8 *at, const char *name, u32 type, const void *desc, size_t n);

#endif
