/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is known of domains, for programs: an array of objects. */
#ifndef PVCTL_JSON_H
#define PVCTL_JSON_H

#include <stdio.h>

#include "roster.h"

/**
 * json_print - all of @r
 * Members: name, id, pid, uid, vcpus, memory_bytes, overhead_bytes, state, age_seconds,
 * cpu_seconds; null for what is not known. With @stats also "exits", by reason,
 * and "counters".
 */
int json_print(const struct roster *r, bool stats, FILE *out, struct error *e) __must_check;

#endif
