// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See roster.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "nearest.h"
#include "roster.h"

#define INFO_SECONDS	2	/* to wait for a domain's own answer */

const struct roster_source roster_system = {
	.debugfs = "/sys/kernel/debug/pvhv", .proc = "/proc",
};

/* ------------------------------------------------------ processor time */

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, (int)size, f);

	if (f)
		fclose(f);
	return ok;
}

/* Adds what one thread has used, if it is a vCPU's. */
static void add_thread(const char *task, const char *tid, struct entry *entry)
{
	char path[600], line[128];
	unsigned long long ns;

	snprintf(path, sizeof(path), "%s/%s/comm", task, tid);
	if (!read_line(path, line, sizeof(line)) || strncmp(line, "vcpu", 4))
		return;
	snprintf(path, sizeof(path), "%s/%s/schedstat", task, tid);
	if (!read_line(path, line, sizeof(line)) || sscanf(line, "%llu", &ns) != 1)
		return;
	entry->cpu_ns += ns;
	entry->has_cpu = true;
}

static void read_cpu(const char *proc, struct entry *entry)
{
	struct dirent *d;
	char task[300];
	DIR *dir;

	if (entry->pid <= 0)
		return;
	snprintf(task, sizeof(task), "%s/%d/task", proc, entry->pid);
	dir = opendir(task);
	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			add_thread(task, d->d_name, entry);
	closedir(dir);
}

/* -------------------------------------------------------- one at a time */

static struct entry *add_entry(struct roster *r, const char *name, struct error *e)
{
	struct entry *more = realloc(r->entry, (r->n + 1) * sizeof(*more));

	if (!more) {
		error_set(e, "out of memory");
		return NULL;
	}
	r->entry = more;
	more[r->n] = (struct entry){};
	snprintf(more[r->n].name, sizeof(more[r->n].name), "%s", name);
	return &more[r->n++];
}

static int add_from_module(const struct roster_source *s, const char *name, struct roster *r,
			   struct error *e)
{
	static char text[STATS_MAX];
	struct entry *entry;
	u64 n = 0;
	int ret = stats_read(s->debugfs, name, text, e);

	if (ret)
		return ret < 0 ? -1 : 0;
	entry = add_entry(r, name, e);
	if (!entry)
		return -1;
	stats_value(text, "id", &entry->id);
	stats_value(text, "vcpus", &entry->vcpus);
	stats_value(text, "age_seconds", &entry->age);
	stats_value(text, "overhead_bytes", &entry->overhead);
	if (stats_value(text, "memory_pages", &n))
		entry->memory = n << PAGE_SHIFT;
	if (stats_value(text, "pid", &n))
		entry->pid = (pid_t)n;
	if (stats_value(text, "uid", &n))
		entry->uid = (uid_t)n;
	stats_word(text, "state", entry->state, sizeof(entry->state));
	read_cpu(s->proc, entry);
	entry->text = strdup(text);
	return entry->text ? 0 : error_set(e, "out of memory");
}

/* Who serves the socket but does not answer is there nevertheless. */
static int add_from_socket(const struct roster_source *s, const char *dir, const char *name,
			   struct roster *r, struct error *e)
{
	struct json_object *reply = NULL;
	struct error ignored;
	struct entry *entry;
	struct client c;

	if (client_connect(&c, dir, name, &ignored))
		return 0;
	entry = add_entry(r, name, e);
	if (!entry) {
		client_close(&c);
		return -1;
	}
	entry->pid = c.pid;
	entry->uid = c.uid;
	strcpy(entry->state, "silent");
	if (!client_call(&c, "info", NULL, -1, INFO_SECONDS, &reply, &ignored)) {
		wire_number(reply, "vcpus", &entry->vcpus);
		wire_number(reply, "memory_bytes", &entry->memory);
		wire_number(reply, "age_seconds", &entry->age);
		strcpy(entry->state, "up");
		json_object_put(reply);
	}
	client_close(&c);
	read_cpu(s->proc, entry);
	return 0;
}

/* ------------------------------------------------------------------ all */

static int read_module(const struct roster_source *s, struct roster *r, struct error *e)
{
	char **names;
	size_t n, i;
	int ret = 0;

	if (stats_names(s->debugfs, &names, &n, e))
		return -1;
	for (i = 0; i < n && !ret; i++)
		ret = add_from_module(s, names[i], r, e);
	stats_free_names(names, n);
	return ret;
}

static int read_sockets(const struct roster_source *s, struct roster *r, struct error *e)
{
	const size_t suffix = strlen(RUNDIR_SUFFIX);
	char dir[RUNDIR_MAX], name[PVHV_NAME_MAX];
	struct dirent *d;
	int ret = 0;
	DIR *all;

	if (rundir_path(dir, e))
		return -1;
	all = opendir(dir);
	while (all && !ret && (d = readdir(all))) {
		size_t len = strlen(d->d_name);

		if (len <= suffix || len - suffix >= sizeof(name) ||
		    strcmp(d->d_name + len - suffix, RUNDIR_SUFFIX))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(len - suffix), d->d_name);
		ret = add_from_socket(s, dir, name, r, e);
	}
	if (all)
		closedir(all);
	return ret;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

int roster_read(const struct roster_source *s, bool need_stats, struct roster *r, struct error *e)
{
	int ret;

	*r = (struct roster){};
	if (need_stats || !access(s->debugfs, R_OK | X_OK) || errno == ENOENT)
		ret = read_module(s, r, e);
	else
		ret = read_sockets(s, r, e);
	if (ret) {
		roster_free(r);
		return -1;
	}
	if (r->n)
		qsort(r->entry, r->n, sizeof(*r->entry), compare);
	return 0;
}

void roster_free(struct roster *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		free(r->entry[i].text);
	free(r->entry);
	*r = (struct roster){};
}

struct entry *roster_find(const struct roster *r, const char *name, struct error *e)
{
	struct nearest near = { .word = name };
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (!strcmp(r->entry[i].name, name))
			return &r->entry[i];
		nearest_offer(&near, r->entry[i].name);
	}
	if (near.best)
		error_set(e, "no domain called '%s' runs: is it '%s'? (see: pvctl list)", name,
			  near.best);
	else
		error_set(e, "no domain called '%s' runs (see: pvctl list)", name);
	return NULL;
}
