// SPDX-License-Identifier: GPL-2.0
/*
 * Domains: creation and release in mirror order, the registry of names, and the tie
 * to the process whose memory they use. The mm is held with mmgrab: its page tables
 * stay allocated, its memory may go. When it goes (exit, execve) the notifier stops
 * the domain and takes the monitor out of the page tables.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "domain.h"
#include "event.h"
#include "image.h"
#include "memory.h"
#include "stats.h"
#include "trace.h"
#include "vcpu.h"

static LIST_HEAD(domains);
static DEFINE_MUTEX(domains_mutex);
static u32 last_id;

static const char * const crash_names[] = {
	"from outside", "triple fault", "bad kernel stack", "bad page tables", "out of page-table memory",
	"memory changed by its owner", "machine check", "monitor bug", "undefined behaviour",
};

/* ------------------------------------------------------------ registry */

static int domain_register(struct pvhv_domain *d)
{
	struct pvhv_domain *other;

	mutex_lock(&domains_mutex);
	list_for_each_entry(other, &domains, list) {
		if (!strcmp(other->name, d->name)) {
			mutex_unlock(&domains_mutex);
			return -EEXIST;
		}
	}
	/* 0 and the ABI's reserved ids from 0x7ff0 on are nobody's. */
	last_id = last_id % 0x7fef + 1;
	d->id = last_id;
	list_add(&d->list, &domains);
	mutex_unlock(&domains_mutex);
	return 0;
}

static void domain_unregister(struct pvhv_domain *d)
{
	mutex_lock(&domains_mutex);
	list_del(&d->list);
	mutex_unlock(&domains_mutex);
}

/* ---------------------------------------------------------- the mm tie */

static void domain_mm_release(struct mmu_notifier *n, struct mm_struct *mm)
{
	struct pvhv_domain *d = container_of(n, struct pvhv_domain, notifier);

	/* No thread of this mm is left that could run it. */
	pvhv_domain_end(d, PVHV_EXIT_CRASH, PVHV_CRASH_NONE, "its process has ended");
	mutex_lock(&d->mutex);
	pvhv_space_detach(&d->space);
	mutex_unlock(&d->mutex);
}

static const struct mmu_notifier_ops domain_mm_ops = {
	.release = domain_mm_release,
};

int pvhv_domain_usable(struct pvhv_domain *d)
{
	return current->mm == d->mm ? 0 : -EIO;
}

/* ------------------------------------------------------------ life cycle */

void pvhv_domain_end(struct pvhv_domain *d, u32 reason, u32 code, const char *text)
{
	static DEFINE_SPINLOCK(lock);
	bool first;

	spin_lock(&lock);
	first = !d->ended;
	if (first) {
		d->end_reason = reason;
		d->end_code = code;
		strscpy(d->end_text, text, sizeof(d->end_text));
		/* A vCPU that panicked may hold a lock that others spin for. */
		WRITE_ONCE(d->shared->dead, 1);
		smp_store_release(&d->ended, 1);
	}
	spin_unlock(&lock);
	if (!first)
		return;
	trace_pvhv_kill(d->id, reason, code);
	if (reason == PVHV_EXIT_SHUTDOWN)
		pr_info("pvhv: %s: ended, shutdown code %u\n", d->name, code);
	else
		pr_info("pvhv: %s: ended, %s: %s\n", d->name,
			code < ARRAY_SIZE(crash_names) ? crash_names[code] : "?", text);
	pvhv_vcpu_kick_all(d);
}

static void domain_free(struct pvhv_domain *d)
{
	u32 i;

	for (i = 0; i < PVHV_MAX_VCPUS; i++)
		if (d->vcpu[i])
			pvhv_vcpu_destroy(d->vcpu[i]);
	pvhv_event_destroy(d);
	pvhv_memory_destroy(d);
	pvhv_space_destroy(&d->space);
	put_pid(d->pid);
	mmdrop(d->mm);
	kvfree(d);
}

struct pvhv_domain *pvhv_domain_create(struct pvhv_create_domain *args)
{
	u64 limit = args->pool_pages ?: clamp(args->max_pages / 8, 512ULL, 1ULL << 22);
	struct pvhv_domain *d = kvzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	int err;

	if (!d)
		return ERR_PTR(-ENOMEM);
	kref_init(&d->ref);
	mutex_init(&d->mutex);
	memcpy(d->name, args->name, sizeof(d->name));
	pvhv_clock_start(&d->clock);
	d->mm = current->mm;
	mmgrab(d->mm);
	d->pid = get_task_pid(current, PIDTYPE_TGID);
	d->started = ktime_get_boottime_seconds();
	d->notifier.ops = &domain_mm_ops;
	INIT_LIST_HEAD(&d->pinned);
	INIT_LIST_HEAD(&d->pool);
	INIT_LIST_HEAD(&d->space.tables);
	err = domain_register(d);
	if (err)
		goto fail;
	err = pvhv_space_init(&d->space);
	if (err)
		goto fail_registered;
	/* The canonical copy: what pointers in the monitor's tables refer to. */
	err = pvhv_image_map(&d->space, pvhv_image_header()->base);
	if (err)
		goto fail_registered;
	err = pvhv_memory_init(d, args->max_pages, limit);
	if (err)
		goto fail_registered;
	err = pvhv_space_attach(&d->space);
	if (err)
		goto fail_registered;
	err = mmu_notifier_register(&d->notifier, d->mm);
	if (err)
		goto fail_attached;
	pvhv_stats_add(d);
	args->special_gfn = d->shared->shared_info;
	pr_info("pvhv: %s: started, id %u, up to %llu MiB\n", d->name, d->id,
		args->max_pages >> (20 - PAGE_SHIFT));
	return d;

fail_attached:
	pvhv_space_detach(&d->space);
fail_registered:
	domain_unregister(d);
fail:
	domain_free(d);
	return ERR_PTR(err);
}

static void domain_release(struct kref *ref)
{
	struct pvhv_domain *d = container_of(ref, struct pvhv_domain, ref);

	pvhv_stats_remove(d);
	/* First: unregistering calls the notifier, whose reason is another. */
	pvhv_domain_end(d, PVHV_EXIT_CRASH, PVHV_CRASH_NONE, "closed");
	mmu_notifier_unregister(&d->notifier, d->mm);
	pvhv_space_detach(&d->space);
	domain_unregister(d);
	domain_free(d);
}

void pvhv_domain_get(struct pvhv_domain *d)
{
	kref_get(&d->ref);
}

void pvhv_domain_put(struct pvhv_domain *d)
{
	kref_put(&d->ref, domain_release);
}
