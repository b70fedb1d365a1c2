/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the tests of pvctl share: cmocka, and copies that end where ASan looks. */
#ifndef PVCTL_TEST_H
#define PVCTL_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy of exactly @n bytes: reading one more is an error that ASan reports. */
static inline void *exact_copy(const void *data, size_t n)
{
	void *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, data, n);
	return n ? copy : (free(copy), malloc(0));
}

/* The error text must say something, and say it about @about. */
#define assert_error(e, about) do {						\
	if (!strstr((e)->text, about))						\
		fail_msg("error is '%s', not about '%s'", (e)->text, about);	\
} while (0)

#endif
