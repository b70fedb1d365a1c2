// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics in debugfs. Counters are summed over vCPUs while they run: a reader
 * sees a value that was true a moment ago.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/user.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>

#include "domain.h"
#include "exit.h"
#include "memory.h"
#include "run.h"
#include "stats.h"
#include "vcpu.h"

static struct dentry *root;

static const char * const counter_names[COUNTERS] = {
#define X(name) #name,
	MONITOR_COUNTERS(X)
#undef X
};

/* How it is at this moment: the first of these that fits. */
static const char *domain_state(const struct pvhv_domain *d)
{
	bool entered = false, awake = false;
	struct pvhv_vcpu *v;
	u32 i;

	for (i = 0; i < PVHV_MAX_VCPUS; i++) {
		v = READ_ONCE(d->vcpu[i]);
		if (!v || !atomic_read(&v->running))
			continue;
		entered = true;
		awake |= !rcuwait_active(&v->wait);
	}
	if (READ_ONCE(d->ended))
		return "ended";
	if (!READ_ONCE(d->ran))
		return "starting";
	if (!entered)
		return "paused";
	return awake ? "running" : "idle";
}

/* The process as the reader's namespace calls it; 0 if it is not there, or not any more. */
static void show_domain(struct seq_file *m, const struct pvhv_domain *d)
{
	seq_printf(m, "id %u\n", d->id);
	seq_printf(m, "pid %d\n", pid_has_task(d->pid, PIDTYPE_TGID) ? pid_vnr(d->pid) : 0);
	seq_printf(m, "uid %u\n", from_kuid_munged(current_user_ns(), d->user->uid));
	seq_printf(m, "age_seconds %lld\n", ktime_get_boottime_seconds() - d->started);
	seq_printf(m, "state %s\n", domain_state(d));
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct pvhv_domain *d = m->private;
	u64 sum;
	u32 i, n;

	show_domain(m, d);
	for (i = EXIT_NONE + 1; i < EXIT_REASONS; i++) {
		for (sum = 0, n = 0; n < PVHV_MAX_VCPUS; n++)
			if (READ_ONCE(d->vcpu[n]))
				sum += READ_ONCE(d->vcpu[n]->exits[i]);
		seq_printf(m, "exit_%s %llu\n", pvhv_exit_name(i), sum);
	}
	for (i = 0; i < COUNTERS; i++) {
		for (sum = 0, n = 0; n < PVHV_MAX_VCPUS; n++)
			if (READ_ONCE(d->vcpu[n]))
				sum += READ_ONCE(d->vcpu[n]->area.world->counter[i]);
		seq_printf(m, "%s %llu\n", counter_names[i], sum);
	}
	seq_printf(m, "memory_pages %lu\n", d->nr_pinned);
	seq_printf(m, "pool_pages %u\n", READ_ONCE(d->shared->pool_pages));
	seq_printf(m, "pool_limit %u\n", d->shared->pool_limit);
	seq_printf(m, "overhead_bytes %llu\n", pvhv_memory_overhead(d));
	seq_printf(m, "vcpus %u\n", d->shared->nr_vcpus);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static const char * const provoke_names[PROVOKE_KINDS] = {
	[PROVOKE_NONE] = "none", [PROVOKE_ASSERT] = "assert", [PROVOKE_FAULT] = "fault",
	[PROVOKE_OVERFLOW] = "overflow",
};

/* For tests: the name of a bug that the monitor shall have at the next entry. */
static ssize_t provoke_write(struct file *f, const char __user *user, size_t size, loff_t *pos)
{
	struct pvhv_domain *d = file_inode(f)->i_private;
	char name[16] = "";
	int kind;

	if (size >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, user, size))
		return -EFAULT;
	kind = sysfs_match_string(provoke_names, strim(name));
	if (kind < 0)
		return kind;
	WRITE_ONCE(d->provoke, kind);
	pvhv_vcpu_wake(d, 0);
	return size;
}

static const struct file_operations provoke_fops = {
	.owner = THIS_MODULE,
	.write = provoke_write,
};

void pvhv_stats_init(void)
{
	root = debugfs_create_dir("pvhv", NULL);
}

void pvhv_stats_exit(void)
{
	debugfs_remove(root);
}

void pvhv_stats_add(struct pvhv_domain *d)
{
	d->debugfs = debugfs_create_dir(d->name, root);
	debugfs_create_file("stats", 0400, d->debugfs, d, &stats_fops);
	if (pvhv_run_audits())
		debugfs_create_file("provoke", 0200, d->debugfs, d, &provoke_fops);
}

void pvhv_stats_remove(struct pvhv_domain *d)
{
	debugfs_remove(d->debugfs);
}
