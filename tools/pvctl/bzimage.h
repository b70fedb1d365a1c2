/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The kernel inside a bzImage, by Linux's x86 boot protocol 2.08 or later. */
#ifndef PVCTL_BZIMAGE_H
#define PVCTL_BZIMAGE_H

#include "error.h"

bool bzimage_is_bzimage(const void *data, size_t size);

/**
 * bzimage_payload - where the compressed kernel lies in the file
 * It is within the @size bytes, and not empty.
 */
int bzimage_payload(const void *data, size_t size, size_t *offset, size_t *len,
		    struct error *e) __must_check;

#endif
