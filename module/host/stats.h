/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/pvhv/NAME/stats: "name value" lines. */
#ifndef PVHV_HOST_STATS_H
#define PVHV_HOST_STATS_H

struct pvhv_domain;

void pvhv_stats_init(void);
void pvhv_stats_exit(void);
void pvhv_stats_add(struct pvhv_domain *d);
void pvhv_stats_remove(struct pvhv_domain *d);

#endif
