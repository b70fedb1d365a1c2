/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What `pvctl top` computes: how much domains do per second, from two looks at them. */
#ifndef PVCTL_TOP_H
#define PVCTL_TOP_H

#include <stdio.h>

#include "roster.h"

/** enum top_key - what the table is sorted by */
enum top_key {
	TOP_CPU, TOP_EXITS, TOP_HYPERCALLS, TOP_SYSCALLS, TOP_FAULTS, TOP_MEMORY, TOP_NAME, TOP_KEYS
};

/** top_key_of - the key that this letter chooses; TOP_KEYS: none */
enum top_key top_key_of(char letter);

/** struct top_row - one domain; @rate: per second; of TOP_CPU: percent of one CPU */
struct top_row {
	const struct entry *entry;
	bool fresh;		/* it was not there before: no rates yet */
	double rate[TOP_MEMORY];
};

/**
 * top_rows - from @before to @now, in @seconds
 * Returns an array of @now->n rows from malloc(), sorted by @key; NULL: out of memory.
 */
struct top_row *top_rows(const struct roster *before, const struct roster *now, double seconds,
			 enum top_key key);

/**
 * top_print - the table
 * @lines, @width: what there is room for; 0: no end
 */
int top_print(const struct top_row *rows, size_t n, enum top_key key, unsigned int lines,
	      unsigned int width, const char *end, FILE *out) __must_check;

#endif
