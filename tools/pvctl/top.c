// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See top.h. Pure. */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "top.h"

static const struct {
	char letter;
	const char *title;
} columns[TOP_KEYS] = {
	[TOP_CPU] = { 'c', "CPU%" }, [TOP_EXITS] = { 'e', "EXITS/s" },
	[TOP_HYPERCALLS] = { 'h', "HCALLS/s" }, [TOP_SYSCALLS] = { 's', "SYSCALLS/s" },
	[TOP_FAULTS] = { 'f', "FAULTS/s" }, [TOP_MEMORY] = { 'm', "MEMORY" },
	[TOP_NAME] = { 'n', "NAME" },
};

enum top_key top_key_of(char letter)
{
	unsigned int key;

	for (key = 0; key < TOP_KEYS && columns[key].letter != letter; key++)
		;
	return key;
}

/* ---------------------------------------------------------------- rates */

struct totals {
	u64 of[TOP_MEMORY];
};

static struct totals count(const struct entry *entry)
{
	struct totals t = { .of[TOP_CPU] = entry->cpu_ns };
	const char *text = entry->text ? entry->text : "";
	struct stats_line l;

	while (stats_next(&text, &l)) {
		if (stats_group(l.name) == STATS_EXITS)
			t.of[TOP_EXITS] += l.value;
		else if (!strcmp(l.name, "hypercall"))
			t.of[TOP_HYPERCALLS] = l.value;
		else if (!strcmp(l.name, "syscall") || !strcmp(l.name, "syscall32"))
			t.of[TOP_SYSCALLS] += l.value;
		else if (!strcmp(l.name, "page_fault"))
			t.of[TOP_FAULTS] = l.value;
	}
	return t;
}

/* The same domain, not another one that has its name now. */
static const struct entry *same(const struct roster *before, const struct entry *entry)
{
	size_t i;

	for (i = 0; i < before->n; i++)
		if (!strcmp(before->entry[i].name, entry->name) &&
		    before->entry[i].id == entry->id && before->entry[i].pid == entry->pid)
			return &before->entry[i];
	return NULL;
}

static void fill_row(struct top_row *row, const struct entry *old, double seconds)
{
	struct totals a, b = count(row->entry);
	unsigned int i;

	if (!old || seconds <= 0) {
		row->fresh = true;
		return;
	}
	a = count(old);
	for (i = 0; i < TOP_MEMORY; i++)
		row->rate[i] = b.of[i] > a.of[i] ? (double)(b.of[i] - a.of[i]) / seconds : 0;
	/* Nanoseconds per second. */
	row->rate[TOP_CPU] /= 1e7;
}

/* qsort() has no room for it. */
static enum top_key sort_key;

static int compare(const void *x, const void *y)
{
	const struct top_row *a = x, *b = y;
	int by_name = strcmp(a->entry->name, b->entry->name);

	if (sort_key < TOP_MEMORY && a->rate[sort_key] != b->rate[sort_key])
		return a->rate[sort_key] < b->rate[sort_key] ? 1 : -1;
	if (sort_key == TOP_MEMORY && a->entry->memory != b->entry->memory)
		return a->entry->memory < b->entry->memory ? 1 : -1;
	return by_name;
}

struct top_row *top_rows(const struct roster *before, const struct roster *now, double seconds,
			 enum top_key key)
{
	struct top_row *rows = calloc(now->n ? now->n : 1, sizeof(*rows));
	size_t i;

	if (!rows)
		return NULL;
	for (i = 0; i < now->n; i++) {
		rows[i].entry = &now->entry[i];
		fill_row(&rows[i], same(before, &now->entry[i]), seconds);
	}
	sort_key = key;
	qsort(rows, now->n, sizeof(*rows), compare);
	return rows;
}

/* ---------------------------------------------------------------- table */

static void header_cell(char cell[TABLE_CELL], enum top_key column, enum top_key key)
{
	snprintf(cell, TABLE_CELL, "%s%s", columns[column].title, column == key ? "*" : "");
}

static int add_header(struct table *t, enum top_key key)
{
	char (*cell)[TABLE_CELL] = table_row(t);
	unsigned int i;

	if (!cell)
		return -1;
	header_cell(cell[0], TOP_NAME, key);
	strcpy(cell[1], "STATE");
	for (i = TOP_CPU; i <= TOP_MEMORY; i++)
		header_cell(cell[2 + i], i, key);
	strcpy(cell[3 + TOP_MEMORY], "OVERHEAD");
	return 0;
}

static int add_row(struct table *t, const struct top_row *row)
{
	char (*cell)[TABLE_CELL] = table_row(t), text[FORMAT_MAX];
	unsigned int i;

	if (!cell)
		return -1;
	snprintf(cell[0], TABLE_CELL, "%s", row->entry->name);
	snprintf(cell[1], TABLE_CELL, "%s", row->entry->state);
	for (i = TOP_CPU; i < TOP_MEMORY; i++)
		snprintf(cell[2 + i], TABLE_CELL, "%s",
			 row->fresh ? "-" : format_rate(row->rate[i], text));
	snprintf(cell[2 + TOP_MEMORY], TABLE_CELL, "%s", format_bytes(row->entry->memory, text));
	snprintf(cell[3 + TOP_MEMORY], TABLE_CELL, "%s", format_bytes(row->entry->overhead, text));
	return 0;
}

int top_print(const struct top_row *rows, size_t n, enum top_key key, unsigned int lines,
	      unsigned int width, const char *end, FILE *out)
{
	struct table t = { .align = "llrrrrrrr" };
	int ret = add_header(&t, key);
	size_t i;

	for (i = 0; i < n && !ret && (!lines || i + 1 < lines); i++)
		ret = add_row(&t, &rows[i]);
	if (!ret)
		table_print(&t, width, end, out);
	table_free(&t);
	return ret;
}
