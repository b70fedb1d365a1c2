// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See json.h. */
#include <json-c/json.h>
#include <string.h>

#include "json.h"

/* Takes @value over. NULL is JSON's null. */
static bool add(struct json_object *o, const char *key, struct json_object *value)
{
	if (!json_object_object_add(o, key, value))
		return true;
	json_object_put(value);
	return false;
}

static struct json_object *number(u64 n)
{
	return json_object_new_uint64(n);
}

static struct json_object *known(u64 n)
{
	return n ? number(n) : NULL;
}

static struct json_object *seconds(const struct entry *entry)
{
	char text[32];

	if (!entry->has_cpu)
		return NULL;
	snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long)entry->cpu_ns / 1000000000,
		 (unsigned long long)entry->cpu_ns / 1000000 % 1000);
	return json_object_new_double_s((double)entry->cpu_ns / 1e9, text);
}

static bool add_summary(struct json_object *o, const struct entry *entry)
{
	return add(o, "name", json_object_new_string(entry->name)) &&
	       add(o, "id", known(entry->id)) && add(o, "pid", known((u64)entry->pid)) &&
	       add(o, "uid", number(entry->uid)) && add(o, "vcpus", known(entry->vcpus)) &&
	       add(o, "memory_bytes", known(entry->memory)) &&
	       add(o, "overhead_bytes", known(entry->overhead)) &&
	       add(o, "state", json_object_new_string(entry->state)) &&
	       add(o, "age_seconds", number(entry->age)) &&
	       add(o, "cpu_seconds", seconds(entry));
}

/* One line of statistics into one of the two groups. */
static bool add_line(struct json_object *exits, struct json_object *counters,
		     const struct stats_line *l)
{
	enum stats_group group = stats_group(l->name);

	if (group == STATS_EXITS)
		return add(exits, l->name + strlen("exit_"), number(l->value));
	if (group == STATS_DOMAIN)
		return true;
	return add(counters, l->name, number(l->value));
}

static bool add_stats(struct json_object *o, const char *text)
{
	struct json_object *exits = json_object_new_object(), *counters = json_object_new_object();
	struct stats_line l;
	bool ok = exits && counters;

	while (ok && stats_next(&text, &l))
		ok = add_line(exits, counters, &l);
	/* Both are the object's from here on, or freed. */
	ok = add(o, "exits", exits) && ok;
	return add(o, "counters", counters) && ok;
}

static struct json_object *make(const struct roster *r, bool stats)
{
	struct json_object *all = json_object_new_array(), *o;
	size_t i;

	for (i = 0; all && i < r->n; i++) {
		o = json_object_new_object();
		if (o && add_summary(o, &r->entry[i]) &&
		    (!stats || add_stats(o, r->entry[i].text)) && !json_object_array_add(all, o))
			continue;
		json_object_put(o);
		json_object_put(all);
		return NULL;
	}
	return all;
}

int json_print(const struct roster *r, bool stats, FILE *out, struct error *e)
{
	struct json_object *all = make(r, stats);
	const char *text = all ? json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
							       JSON_C_TO_STRING_SPACED) : NULL;
	int ret = 0;

	if (text)
		fprintf(out, "%s\n", text);
	else
		ret = error_set(e, "out of memory");
	json_object_put(all);
	return ret;
}
