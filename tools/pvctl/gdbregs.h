/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A vCPU's registers as gdb numbers them, and the description of that for gdb. */
#ifndef PVCTL_GDBREGS_H
#define PVCTL_GDBREGS_H

#include <linux/pvhv.h>

#include "types.h"

extern const char gdbregs_xml[];

/** gdbregs_count - how many there are */
size_t gdbregs_count(void);

/** gdbregs_hex - register @n in hexadecimal, as x where nobody knows it; returns the end */
char *gdbregs_hex(const struct pvhv_regs *r, size_t n, char *to);

/** gdbregs_hex_len - digits of register @n */
size_t gdbregs_hex_len(size_t n);

/** gdbregs_set - from hexadecimal; false: there is no such register, or it cannot be set */
bool gdbregs_set(struct pvhv_regs *r, size_t n, const char *hex);

#endif
