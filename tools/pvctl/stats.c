// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See stats.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

void stats_word(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) || line[len] != ' ')
			continue;
		snprintf(out, size, "%.*s", (int)strcspn(line + len + 1, " \n"), line + len + 1);
		return;
	}
	snprintf(out, size, "?");
}

bool stats_next(const char **text, struct stats_line *l)
{
	const char *at = *text;
	unsigned long long value;
	bool ok = false;

	while (*at && !ok) {
		ok = sscanf(at, "%39s %llu", l->name, &value) == 2;
		l->value = ok ? value : 0;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	*text = at;
	return ok;
}

/* -------------------------------------------------------------- meaning */

static const struct {
	const char *name;
	enum stats_group group;
	const char *about;
} known[] = {
	{ "id", STATS_DOMAIN, "" }, { "pid", STATS_DOMAIN, "" }, { "uid", STATS_DOMAIN, "" },
	{ "age_seconds", STATS_DOMAIN, "" }, { "vcpus", STATS_DOMAIN, "" },
	{ "memory_pages", STATS_MEMORY, "given to the guest" },
	{ "pool_pages", STATS_MEMORY, "for shadow page tables" },
	{ "pool_limit", STATS_MEMORY, "at most for these" },
	{ "overhead_bytes", STATS_MEMORY, "what the domain costs the host besides" },
	{ "exit_interrupt", STATS_EXITS, "an interrupt of the host" },
	{ "exit_nmi", STATS_EXITS, "a non-maskable interrupt" },
	{ "exit_mce", STATS_EXITS, "a machine check" },
	{ "exit_kick", STATS_EXITS, "the host wants something of the vCPU" },
	{ "exit_block", STATS_EXITS, "the guest has nothing to do" },
	{ "exit_poll", STATS_EXITS, "the guest waits for one event" },
	{ "exit_yield", STATS_EXITS, "the guest lets others run" },
	{ "exit_timer", STATS_EXITS, "the guest sets an earlier timer" },
	{ "exit_topup", STATS_EXITS, "page tables need memory" },
	{ "exit_event", STATS_EXITS, "the guest signals pvctl" },
	{ "exit_console_write", STATS_EXITS, "output by hypercall" },
	{ "exit_console_read", STATS_EXITS, "input by hypercall" },
	{ "exit_shutdown", STATS_EXITS, "the guest shuts down" },
	{ "exit_crash", STATS_EXITS, "the guest cannot go on" },
	{ "exit_panic", STATS_EXITS, "a bug of the monitor" },
	{ "exit_async_pf", STATS_EXITS, "a page of the host's own host is missing" },
	{ "exit_debug", STATS_EXITS, "something for gdb" },
	{ "exit_audit", STATS_EXITS, "the recount at the end" },
	{ "hypercall", STATS_GUEST, "hypercalls" },
	{ "hypercall_unknown", STATS_GUEST, "of them such as are not served" },
	{ "syscall", STATS_GUEST, "system calls of its programs" },
	{ "syscall32", STATS_GUEST, "those of 32-bit programs" },
	{ "iret", STATS_GUEST, "returns by hypercall" },
	{ "bounce", STATS_GUEST, "exceptions and events given to its kernel" },
	{ "page_fault", STATS_GUEST, "page faults" },
	{ "fault_bounced", STATS_GUEST, "of them such as are its own" },
	{ "fault_accessed", STATS_GUEST, "for an accessed bit" },
	{ "fault_dirty", STATS_GUEST, "for a dirty bit" },
	{ "fault_spurious", STATS_GUEST, "that the TLB alone was the cause of" },
	{ "emulate_pte", STATS_GUEST, "writes to page tables, emulated" },
	{ "emulate_insn", STATS_GUEST, "privileged instructions, emulated" },
	{ "upcall", STATS_GUEST, "events delivered" },
	{ "event_send", STATS_GUEST, "events sent" },
	{ "msr", STATS_GUEST, "RDMSR and WRMSR" },
	{ "cpuid", STATS_GUEST, "CPUID" },
	{ "set_timer", STATS_GUEST, "timers set" },
	{ "multicall", STATS_GUEST, "hypercalls that contain others" },
	{ "context_load", STATS_GUEST, "registers loaded as a whole" },
	{ "restart", STATS_GUEST, "hypercalls interrupted and begun again" },
	{ "mmu_update", STATS_TABLES, "entries changed by hypercall" },
	{ "update_va", STATS_TABLES, "mappings changed by address" },
	{ "pin", STATS_TABLES, "tables pinned" }, { "unpin", STATS_TABLES, "tables unpinned" },
	{ "load_root", STATS_TABLES, "address spaces entered" },
	{ "promote", STATS_TABLES, "frames that became tables" },
	{ "demote", STATS_TABLES, "tables that became frames" },
	{ "shadow_alloc", STATS_TABLES, "shadow pages taken" },
	{ "cr3_write", STATS_TABLES, "CR3 loaded" },
	{ "tlb_flush", STATS_TABLES, "TLB emptied" },
	{ "invlpg", STATS_TABLES, "single addresses flushed" },
};

enum stats_group stats_group(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].group;
	return strncmp(name, "exit_", 5) ? STATS_OTHER : STATS_EXITS;
}

const char *stats_about(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].about;
	return "";
}
