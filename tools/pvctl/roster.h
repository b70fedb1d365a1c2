/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The domains that run, and what is known of each: from the module's statistics, which
 * root can read, or else from the control sockets, which tell users of their own.
 * Domains come and go meanwhile; one that has gone is left out.
 */
#ifndef PVCTL_ROSTER_H
#define PVCTL_ROSTER_H

#include <sys/types.h>

#include <linux/pvhv.h>

#include "stats.h"

/** where statistics and processes are; tests have others */
struct roster_source {
	const char *debugfs;
	const char *proc;
};

extern const struct roster_source roster_system;

/**
 * struct entry - one domain
 * @id: 0 if it is not known; @cpu_ns: of its vCPUs' threads, if @has_cpu
 * @text: its statistics as the module has them, or NULL
 */
struct entry {
	char name[PVHV_NAME_MAX];
	char state[16];
	u64 id, vcpus, memory, overhead, age;
	pid_t pid;
	uid_t uid;
	bool has_cpu;
	u64 cpu_ns;
	char *text;
};

struct roster {
	size_t n;
	struct entry *entry;
};

/**
 * roster_read - all domains, sorted by name
 * @need_stats: fail rather than do without the module's statistics
 */
int roster_read(const struct roster_source *s, bool need_stats, struct roster *r,
		struct error *e) __must_check;
void roster_free(struct roster *r);

/** roster_find - the domain called @name, or NULL and an error */
struct entry *roster_find(const struct roster *r, const char *name, struct error *e);

#endif
