// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See stats.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stats.h"

static int fail_open(const char *dir, struct error *e)
{
	if (errno == ENOENT)
		return error_set(e, "cannot open %s: %s (is the module loaded, and debugfs mounted? try: modprobe pvhv; mount -t debugfs none /sys/kernel/debug)",
				 dir, strerror(errno));
	return error_set(e, "cannot open %s: %s%s", dir, strerror(errno),
			 errno == EACCES || errno == EPERM ? " (try as root)" : "");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_add(char ***names, size_t *n, const char *name)
{
	char **more = realloc(*names, (*n + 1) * sizeof(**names));

	if (!more)
		return -1;
	*names = more;
	more[*n] = strdup(name);
	if (!more[*n])
		return -1;
	(*n)++;
	return 0;
}

void stats_free_names(char **names, size_t n)
{
	while (n)
		free(names[--n]);
	free(names);
}

int stats_names(const char *dir, char ***names, size_t *n, struct error *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int ret = 0;

	*names = NULL;
	*n = 0;
	if (!d)
		return fail_open(dir, e);
	while (!ret && (entry = readdir(d)))
		if (entry->d_name[0] != '.' || (entry->d_name[1] && strcmp(entry->d_name, "..")))
			ret = names_add(names, n, entry->d_name);
	closedir(d);
	if (ret) {
		stats_free_names(*names, *n);
		return error_set(e, "out of memory");
	}
	if (*n)
		qsort(*names, *n, sizeof(**names), compare);
	return 0;
}

int stats_read(const char *dir, const char *name, char out[STATS_MAX], struct error *e)
{
	size_t used = 0;
	char *path;
	ssize_t n;
	int fd;

	if (asprintf(&path, "%s/%s/stats", dir, name) < 0)
		return error_set(e, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (fd < 0)
		return fail_open(dir, e);
	while ((n = read(fd, out + used, STATS_MAX - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = 0;
	close(fd);
	/* A domain that ended meanwhile: debugfs says EIO. */
	return n < 0 ? 1 : 0;
}

bool stats_value(const char *text, const char *key, u64 *value)
{
	size_t len = strlen(key);
	const char *line;
	char *end;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) || line[len] != ' ')
			continue;
		errno = 0;
		*value = strtoull(line + len + 1, &end, 10);
		return end != line + len + 1 && !errno && (*end == '\n' || !*end);
	}
	return false;
}

static void print_row(const char *name, const char *text, FILE *out)
{
	u64 vcpus = 0, pages = 0, overhead = 0;

	stats_value(text, "vcpus", &vcpus);
	stats_value(text, "memory_pages", &pages);
	stats_value(text, "overhead_bytes", &overhead);
	fprintf(out, "%-24s %5llu %10llu %13llu\n", name, (unsigned long long)vcpus,
		(unsigned long long)pages >> 8, (unsigned long long)overhead >> 10);
}

int stats_print_list(const char *dir, FILE *out, struct error *e)
{
	static char text[STATS_MAX];
	char **names;
	size_t n, i;
	int ret = 0;

	if (stats_names(dir, &names, &n, e))
		return -1;
	fprintf(out, "%-24s %5s %10s %13s\n", "NAME", "VCPUS", "MEMORY-MiB", "OVERHEAD-KiB");
	for (i = 0; i < n && ret >= 0; i++) {
		ret = stats_read(dir, names[i], text, e);
		if (!ret)
			print_row(names[i], text, out);
	}
	stats_free_names(names, n);
	return ret < 0 ? -1 : 0;
}

static int print_all(const char *dir, FILE *out, struct error *e)
{
	static char text[STATS_MAX];
	char **names;
	size_t n, i;
	int ret = 0;

	if (stats_names(dir, &names, &n, e))
		return -1;
	for (i = 0; i < n && ret >= 0; i++) {
		ret = stats_read(dir, names[i], text, e);
		if (!ret)
			fprintf(out, "[%s]\n%s", names[i], text);
	}
	stats_free_names(names, n);
	return ret < 0 ? -1 : 0;
}

int stats_print(const char *dir, const char *name, FILE *out, struct error *e)
{
	static char text[STATS_MAX];
	int ret;

	if (!name)
		return print_all(dir, out, e);
	/* Tell a missing module from a missing domain. */
	if (access(dir, R_OK | X_OK))
		return fail_open(dir, e);
	ret = stats_read(dir, name, text, e);
	if (ret > 0)
		return error_set(e, "no domain called '%s' runs (see: pvctl list)", name);
	if (!ret)
		fputs(text, out);
	return ret;
}
