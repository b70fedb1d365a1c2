/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A domain as the host sees it: its memory, its address space, its vCPUs, its name.
 *
 * Legend: [I] constant after creation   [m] mutex of the domain
 *         [a] atomic                    [g] the global list's mutex
 */
#ifndef PVHV_HOST_DOMAIN_H
#define PVHV_HOST_DOMAIN_H

#include <linux/debugfs.h>
#include <linux/kref.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/pvhv.h>

#include "clock.h"
#include "space.h"
#include "../shared/domain.h"

struct eventfd_ctx;
struct pvhv_vcpu;

struct pvhv_pinned {
	struct list_head list;
	unsigned long pages;
	struct page *page[];
};

struct pvhv_domain {
	struct kref ref;
	struct list_head list;		/* [g] all domains */
	char name[PVHV_NAME_MAX];	/* [I] */
	u32 id;				/* [I] */
	struct mm_struct *mm;		/* [I] held with mmgrab */
	struct pid *pid;		/* [I] of the process that created it */
	time64_t started;		/* [I] seconds since boot */
	struct mmu_notifier notifier;
	struct mutex mutex;
	struct pvhv_space space;	/* [m] */
	bool ran;			/* [m] */
	struct pvhv_clock clock;	/* [I] system time 0 */

	/* Host aliases of what the monitor works on; sizes in bytes. */
	struct domain *shared;		/* [I] */
	struct frame *frames;		/* [I] */
	struct shadow *shadows;		/* [m] the last page of them, up to shadows_end */
	u32 shadows_end;		/* [m] */
	u64 *m2p;			/* [I] */
	size_t frames_size, m2p_size;
	struct page *shared_info;	/* [I] */

	struct list_head pinned;	/* [m] struct pvhv_pinned */
	struct list_head pool;		/* [m] pages of the shadow pool and struct shadow */
	unsigned long nr_pool;		/* [m] */
	unsigned long nr_pinned;	/* [m] */

	struct pvhv_vcpu *vcpu[PVHV_MAX_VCPUS];		/* [m] set once */
	struct eventfd_ctx *eventfd[PVHV_MAX_PORTS];	/* [m] set once per port */
	struct user_struct *user;	/* [I] charged for pinned pages */

	u32 ended;			/* [a] 1 once it must not run again */
	u32 end_reason;			/* PVHV_EXIT_SHUTDOWN or _CRASH */
	u32 end_code;			/* SHUTDOWN_* or enum pvhv_crash */
	char end_text[160];
	bool audited;			/* [a] */
	u32 provoke;			/* [a] enum provoke, for the next entry */
	struct dentry *debugfs;
};

/**
 * pvhv_domain_create - a new domain of current->mm; ERR_PTR
 * The caller has checked the struct; special_gfn is filled in.
 */
struct pvhv_domain *pvhv_domain_create(struct pvhv_create_domain *args);
void pvhv_domain_get(struct pvhv_domain *d);
void pvhv_domain_put(struct pvhv_domain *d);

/** pvhv_domain_usable - -EIO unless the caller is a thread of the domain's process */
int pvhv_domain_usable(struct pvhv_domain *d);

/** pvhv_domain_end - it will not run again; the first reason stays */
void pvhv_domain_end(struct pvhv_domain *d, u32 reason, u32 code, const char *text);

static inline bool pvhv_domain_ended(struct pvhv_domain *d)
{
	return READ_ONCE(d->ended);
}


#endif
