/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What went wrong, as one line for people. A function that can fail takes a struct
 * error, returns 0 or -1, and fills it in exactly when it returns -1: what was wrong
 * and, where there is something, what to do about it.
 */
#ifndef PVCTL_ERROR_H
#define PVCTL_ERROR_H

#include "types.h"

#define __must_check __attribute__((warn_unused_result))

struct error {
	char text[512];
};

/**
 * error_set - say what went wrong
 * Always returns -1, for `return error_set(...)`. Bytes that a terminal would
 * interpret are shown as '?': texts may quote files.
 */
int error_set(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** error_print - on stderr, if there is any; then there is none. For pvctl.c and commands. */
void error_print(struct error *e);

#endif
