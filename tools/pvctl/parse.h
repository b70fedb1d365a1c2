/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Arguments of the command line. */
#ifndef PVCTL_PARSE_H
#define PVCTL_PARSE_H

#include "error.h"

/**
 * parse_size - "128M" in bytes
 * A decimal number, then nothing (bytes) or one of K M G T, powers of 1024, in either
 * case. Fails on anything else, on 0, and on what does not fit into 63 bits.
 */
int parse_size(const char *text, u64 *bytes, struct error *e) __must_check;

/** parse_name - is @text a name that the module takes for a domain? */
int parse_name(const char *text, struct error *e) __must_check;

/**
 * parse_join - @words with one space between them into @out
 * Fails when they and a NUL need more than @size bytes.
 */
int parse_join(char *const *words, int n, char *out, size_t size, struct error *e) __must_check;

#endif
