/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The compressions that kernels come in. */
#ifndef PVCTL_DECOMPRESS_H
#define PVCTL_DECOMPRESS_H

#include "file.h"

/** decompress_name - the format that @in starts like, NULL: none of those known */
const char *decompress_name(const void *in, size_t size);

/**
 * decompress - unpack the first stream in @in; what follows it is ignored
 * @max: bytes of output at which to give up, so that a small file cannot fill the
 *	host's memory
 *
 * @out is the caller's to free. Fails on unknown formats and broken or truncated data.
 */
int decompress(const void *in, size_t size, size_t max, struct bytes *out,
	       struct error *e) __must_check;

#endif
