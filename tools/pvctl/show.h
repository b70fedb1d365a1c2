/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is known of domains, for people. */
#ifndef PVCTL_SHOW_H
#define PVCTL_SHOW_H

#include <stdio.h>

#include "roster.h"

/** show_list - a table of all domains */
int show_list(const struct roster *r, FILE *out, struct error *e) __must_check;

/** show_stats - the statistics of one, each "  name value", in groups, with an explanation */
void show_stats(const struct entry *entry, FILE *out);

#endif
