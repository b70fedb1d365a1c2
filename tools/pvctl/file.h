/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Whole files in memory. */
#ifndef PVCTL_FILE_H
#define PVCTL_FILE_H

#include "error.h"

struct bytes {
	u8 *data;	/* from malloc(), or NULL */
	size_t size;
};

/**
 * file_read - read a regular file of 1 to @max bytes
 * A copy rather than a mapping: it cannot change or shrink while it is looked at.
 */
int file_read(const char *path, u64 max, struct bytes *out, struct error *e) __must_check;

void bytes_free(struct bytes *b);

#endif
