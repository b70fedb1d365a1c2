/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of a domain: the frames the VMM gives, and the shadow pool. */
#ifndef PVHV_HOST_MEMORY_H
#define PVHV_HOST_MEMORY_H

#include "domain.h"

/** pvhv_memory_init - tables of struct domain for @max_pages frames; -ENOMEM */
int __must_check pvhv_memory_init(struct pvhv_domain *d, u64 max_pages, u64 pool_limit);
void pvhv_memory_destroy(struct pvhv_domain *d);

/** pvhv_memory_set - PVHV_SET_MEMORY; the domain's mutex is held */
int __must_check pvhv_memory_set(struct pvhv_domain *d, const struct pvhv_set_memory *args);

/**
 * pvhv_memory_topup - give the shadow pool at least @want more pages
 * May sleep. -ENOMEM; -ENOSPC: the pool is at its limit.
 */
int __must_check pvhv_memory_topup(struct pvhv_domain *d, unsigned int want);

/** pvhv_memory_overhead - bytes of host memory beyond the guest's frames */
u64 pvhv_memory_overhead(struct pvhv_domain *d);

#endif
