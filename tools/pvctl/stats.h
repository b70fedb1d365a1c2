/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The module's statistics: below @dir, a directory per domain with a file "stats" of
 * lines "name value". Domains may come and go between any two calls.
 */
#ifndef PVCTL_STATS_H
#define PVCTL_STATS_H

#include <stdio.h>

#include "error.h"

#define STATS_MAX	(64UL << 10)	/* bytes of one domain's statistics */

/**
 * stats_names - names of all domains, sorted
 * @names: an array from malloc() of strings from malloc(), freed by stats_free_names()
 */
int stats_names(const char *dir, char ***names, size_t *n, struct error *e) __must_check;
void stats_free_names(char **names, size_t n);

/**
 * stats_read - all statistics of @name as text into @out
 * 1: there is no such domain.
 */
int stats_read(const char *dir, const char *name, char out[STATS_MAX],
	       struct error *e) __must_check;

/** stats_value - the number in line "@key value" of @text; false: no such line */
bool stats_value(const char *text, const char *key, u64 *value);

/** stats_word - the word in line "@key word" of @text; "?": no such line */
void stats_word(const char *text, const char *key, char *out, size_t size);

/** struct stats_line - one number */
struct stats_line {
	char name[40];
	u64 value;
};

/** stats_next - the first number of @text, which moves behind it; false: there is none */
bool stats_next(const char **text, struct stats_line *l);

/** enum stats_group - what a number belongs to */
enum stats_group {
	STATS_DOMAIN, STATS_MEMORY, STATS_EXITS, STATS_GUEST, STATS_TABLES,
	STATS_OTHER,	/* a newer module has it */
};

enum stats_group stats_group(const char *name);

/** stats_about - what it counts, in words; "" */
const char *stats_about(const char *name);

#endif
