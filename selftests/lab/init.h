/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of a lab machine's PID 1 share: the report (see init.c) and what the
 * kernel's own checkers say of it (checkers.c).
 */
#ifndef LAB_INIT_H
#define LAB_INIT_H

#include <stdbool.h>

__attribute__((format(printf, 1, 2))) void report(const char *format, ...);

/* Reads the kernel log up to its end; reports complaints and what follows them. */
void report_kernel_log(void);

/* Is this a kernel with checkers? */
bool checkers_present(void);

/* Before the first item, and after the last. */
void checkers_start(void);
void checkers_finish(void);

#endif
