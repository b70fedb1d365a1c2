// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See format.h. Pure. */
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define LINE_MAX_BYTES	(TABLE_COLUMNS * (TABLE_CELL + 2))

const char *format_bytes(u64 bytes, char out[FORMAT_MAX])
{
	static const char * const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	u64 whole = bytes, rest = 0;
	size_t u = 0;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		u++;
	}
	if (rest && whole < 100)
		snprintf(out, FORMAT_MAX, "%llu.%llu %s", (unsigned long long)whole,
			 (unsigned long long)(rest * 10 / 1024), units[u]);
	else
		snprintf(out, FORMAT_MAX, "%llu %s", (unsigned long long)whole, units[u]);
	return out;
}

const char *format_age(u64 seconds, char out[FORMAT_MAX])
{
	unsigned long long s = seconds, m = s / 60, h = m / 60, d = h / 24;

	if (d)
		snprintf(out, FORMAT_MAX, "%llud %02lluh", d, h % 24);
	else if (h)
		snprintf(out, FORMAT_MAX, "%lluh %02llum", h, m % 60);
	else if (m)
		snprintf(out, FORMAT_MAX, "%llum %02llus", m, s % 60);
	else
		snprintf(out, FORMAT_MAX, "%llus", s);
	return out;
}

const char *format_cpu(u64 ns, char out[FORMAT_MAX])
{
	unsigned long long c = ns / 10000000;

	snprintf(out, FORMAT_MAX, "%llu:%02llu.%02llu", c / 6000, c / 100 % 60, c % 100);
	return out;
}

const char *format_rate(double rate, char out[FORMAT_MAX])
{
	static const char units[] = { 0, 'k', 'M', 'G', 'T' };
	size_t u = 0;

	while (rate >= 9999.5 && u + 1 < sizeof(units)) {
		rate /= 1000;
		u++;
	}
	if (rate < 0.05)
		snprintf(out, FORMAT_MAX, "0");
	else if (rate < 99.95)
		snprintf(out, FORMAT_MAX, "%.1f%.1s", rate, &units[u]);
	else
		snprintf(out, FORMAT_MAX, "%.0f%.1s", rate, &units[u]);
	return out;
}

/* --------------------------------------------------------------- tables */

char (*table_row(struct table *t))[TABLE_CELL]
{
	if (t->rows == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		void *more = realloc(t->cell, room * sizeof(*t->cell));

		if (!more)
			return NULL;
		t->cell = more;
		t->room = room;
	}
	memset(t->cell[t->rows], 0, sizeof(*t->cell));
	return t->cell[t->rows++];
}

static void fill_line(const struct table *t, size_t row, const int *wide, char line[LINE_MAX_BYTES])
{
	size_t c, used = 0, columns = strlen(t->align);

	for (c = 0; c < columns; c++)
		used += (size_t)snprintf(line + used, LINE_MAX_BYTES - used, "%s%*s", c ? "  " : "",
					 t->align[c] == 'l' ? -wide[c] : wide[c], t->cell[row][c]);
	/* Nothing invisible at the end. */
	while (used && line[used - 1] == ' ')
		line[--used] = 0;
}

void table_print(const struct table *t, unsigned int width, const char *end, FILE *out)
{
	size_t r, c, columns = strlen(t->align);
	int wide[TABLE_COLUMNS] = {}, len;
	char line[LINE_MAX_BYTES];

	for (r = 0; r < t->rows; r++)
		for (c = 0; c < columns; c++) {
			len = (int)strlen(t->cell[r][c]);
			if (len > wide[c])
				wide[c] = len;
		}
	for (r = 0; r < t->rows; r++) {
		fill_line(t, r, wide, line);
		fprintf(out, "%.*s%s", width ? (int)width : LINE_MAX_BYTES, line, end);
	}
}

void table_free(struct table *t)
{
	free(t->cell);
	*t = (struct table){ .align = t->align };
}
