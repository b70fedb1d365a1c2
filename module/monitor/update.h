/* SPDX-License-Identifier: GPL-2.0 */
/* One entry of one table: the step that every change of a table goes through. */
#ifndef PVHV_MONITOR_UPDATE_H
#define PVHV_MONITOR_UPDATE_H

#include "frame.h"

/**
 * update_entry - replace entry @index of table @table by @gpte, in guest and shadow
 * Under the domain lock. The table has references; what they come from may go on the
 * way, but the table stays until this returns. Results as in pgtable.h.
 */
int __must_check update_entry(struct vcpu *v, gfn_t table, u32 index, u64 gpte);

#endif
