// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See show.h. Pure. */
#include <string.h>

#include "format.h"
#include "show.h"

/* ----------------------------------------------------------------- list */

static void number(char cell[TABLE_CELL], u64 n)
{
	if (n)
		snprintf(cell, TABLE_CELL, "%llu", (unsigned long long)n);
	else
		snprintf(cell, TABLE_CELL, "-");
}

static int add_row(struct table *t, const struct entry *entry)
{
	char (*cell)[TABLE_CELL] = table_row(t), text[FORMAT_MAX];

	if (!cell)
		return -1;
	snprintf(cell[0], TABLE_CELL, "%s", entry->name);
	number(cell[1], entry->id);
	number(cell[2], (u64)entry->pid);
	number(cell[3], entry->vcpus);
	snprintf(cell[4], TABLE_CELL, "%s", format_bytes(entry->memory, text));
	snprintf(cell[5], TABLE_CELL, "%s", entry->state);
	snprintf(cell[6], TABLE_CELL, "%s", entry->has_cpu ? format_cpu(entry->cpu_ns, text) : "-");
	snprintf(cell[7], TABLE_CELL, "%s", format_age(entry->age, text));
	return 0;
}

int show_list(const struct roster *r, FILE *out, struct error *e)
{
	static const char * const header[] = {
		"NAME", "ID", "PID", "VCPUS", "MEMORY", "STATE", "TIME", "AGE",
	};
	struct table t = { .align = "lrrrrlrr" };
	char (*cell)[TABLE_CELL] = table_row(&t);
	size_t i;
	int ret = cell ? 0 : -1;

	for (i = 0; cell && i < ARRAY_SIZE(header); i++)
		snprintf(cell[i], TABLE_CELL, "%s", header[i]);
	for (i = 0; i < r->n && !ret; i++)
		ret = add_row(&t, &r->entry[i]);
	if (ret)
		error_set(e, "out of memory");
	else
		table_print(&t, 0, "\n", out);
	table_free(&t);
	return ret;
}

/* ---------------------------------------------------------------- stats */

/* What the number is in units of people, where that says more. */
static void explain(const struct stats_line *l, char out[FORMAT_MAX])
{
	out[0] = 0;
	if (strstr(l->name, "_bytes"))
		format_bytes(l->value, out);
	else if (stats_group(l->name) == STATS_MEMORY)
		format_bytes(l->value << PAGE_SHIFT, out);
}

static void print_line(const struct stats_line *l, FILE *out)
{
	const char *about = stats_about(l->name);
	char size[FORMAT_MAX];

	explain(l, size);
	fprintf(out, "  %-18s %14llu", l->name, (unsigned long long)l->value);
	if (size[0])
		fprintf(out, "  %s", size);
	if (about[0])
		fprintf(out, "%s%s", size[0] ? ", " : "  ", about);
	fputc('\n', out);
}

static void print_group(const char *text, enum stats_group group, const char *title, FILE *out)
{
	struct stats_line l;
	bool first = true;

	while (stats_next(&text, &l)) {
		if (stats_group(l.name) != group)
			continue;
		if (first)
			fprintf(out, "%s\n", title);
		first = false;
		print_line(&l, out);
	}
}

void show_stats(const struct entry *entry, FILE *out)
{
	static const struct { enum stats_group group; const char *title; } groups[] = {
		{ STATS_MEMORY, "memory" },
		{ STATS_EXITS, "exits: the guest world was left for the host" },
		{ STATS_GUEST, "what the guest asked for" },
		{ STATS_TABLES, "page tables" },
		{ STATS_OTHER, "other" },
	};
	char age[FORMAT_MAX], cpu[FORMAT_MAX];
	size_t i;

	fprintf(out, "[%s]\nid %llu, process %d, %s, started %s ago, %s of processor time\n",
		entry->name, (unsigned long long)entry->id, entry->pid, entry->state,
		format_age(entry->age, age), format_cpu(entry->cpu_ns, cpu));
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		print_group(entry->text, groups[i].group, groups[i].title, out);
}
