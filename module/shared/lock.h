/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The spin lock both worlds can take: see struct lock in domain.h. Interrupts
 * must be off. In the monitor they always are.
 */
#ifndef PVHV_SHARED_LOCK_H
#define PVHV_SHARED_LOCK_H

#include "domain.h"

/**
 * lock_take - spin until the lock is ours
 * @who: 1 + vCPU id, or LOCK_HOST
 *
 * Returns false, without the lock, once the domain is dead.
 */
static inline bool lock_take(struct domain *d, struct lock *lock, u32 who)
{
	u32 free = 0;

	while (!__atomic_compare_exchange_n(&lock->holder, &free, who, false,
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&d->dead, __ATOMIC_RELAXED))
			return false;
		free = 0;
		__builtin_ia32_pause();
	}
	return true;
}

static inline void lock_drop(struct lock *lock)
{
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

#endif
