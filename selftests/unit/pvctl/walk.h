/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Looks at a built domain the way a guest and the monitor do: only through its page
 * tables and start_info.
 */
#ifndef PVCTL_WALK_H
#define PVCTL_WALK_H

#include "builder.h"

/** walk - the entry that maps @va, 0 if none does */
u64 walk(const u8 *mem, u64 nr_pages, u64 root, u64 va);

/**
 * walk_check - the whole tree against the whole layout
 * Every mapped page is one that must be, with the right frame and rights; none is
 * missing; every table is used once, lies among the tables, and is mapped read-only
 * or not at all.
 */
void walk_check(const u8 *mem, u64 nr_pages, const struct image *image);

/** walk_check_start - registers and start_info against the memory */
void walk_check_start(const struct builder_request *r, const struct image *image);

#endif
