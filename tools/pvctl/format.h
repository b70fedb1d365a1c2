/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Numbers and tables as people read them. */
#ifndef PVCTL_FORMAT_H
#define PVCTL_FORMAT_H

#include <stdio.h>

#include "types.h"

#define FORMAT_MAX	32

/** format_bytes - "160 MiB", "1.5 GiB": at most four digits, rounded down */
const char *format_bytes(u64 bytes, char out[FORMAT_MAX]);

/** format_age - "42s", "3m 05s", "2h 40m", "4d 03h": the two largest units */
const char *format_age(u64 seconds, char out[FORMAT_MAX]);

/** format_cpu - processor time, "1:02.34": minutes, seconds, hundredths */
const char *format_cpu(u64 ns, char out[FORMAT_MAX]);

/** format_rate - "0", "0.4", "12.5", "1234", "12.3k", "4.5M": five characters at most */
const char *format_rate(double rate, char out[FORMAT_MAX]);

#define TABLE_COLUMNS	12
#define TABLE_CELL	72

/**
 * struct table - rows of text, the first one its header
 * @align: 'l' or 'r' for each column
 */
struct table {
	const char *align;
	size_t rows, room;
	char (*cell)[TABLE_COLUMNS][TABLE_CELL];
};

/** table_row - one more row, of empty cells; NULL: out of memory */
char (*table_row(struct table *t))[TABLE_CELL];

/** table_print - each column as wide as its widest cell; @width: cut lines there, 0: do not */
void table_print(const struct table *t, unsigned int width, const char *end, FILE *out);
void table_free(struct table *t);

#endif
