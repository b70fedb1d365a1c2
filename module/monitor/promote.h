/* SPDX-License-Identifier: GPL-2.0 */
/* Frames become page tables here. Under the domain lock; results as in pgtable.h. */
#ifndef PVHV_MONITOR_PROMOTE_H
#define PVHV_MONITOR_PROMOTE_H

#include "frame.h"

/**
 * promote_get - a reference to @g as a table of @level, made one if it is not
 * Validates the whole tree below it as far as that has not been done. Other tables
 * may lose their shadow on the way, but none that is referenced.
 */
int __must_check promote_get(struct vcpu *v, gfn_t g, int level);

#endif
