// SPDX-License-Identifier: GPL-2.0
/*
 * Bugs on request, one of each kind that a debug kernel finds: a name written to
 * /sys/kernel/debug/bugs commits it. The lab's test of itself wants each reported; a
 * checker that is off, or a module that is not instrumented, is found out so.
 *
 * Every bug is harmless to a machine that nobody needs afterwards. Knows nothing of pvhv.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static DEFINE_MUTEX(outer);
static DEFINE_MUTEX(inner);
static DEFINE_SPINLOCK(spin);
static struct dentry *file;
static void *kept;

/* Nothing is optimised away, and no warning of the compiler, which sees it coming. */
static noinline void touch(void *memory, long offset)
{
	OPTIMIZER_HIDE_VAR(memory);
	((volatile char *)memory)[offset] = 1;
}

static void heap_overflow(void)
{
	void *memory = kmalloc(100, GFP_KERNEL);

	if (memory)
		touch(memory, 100);
	kfree(memory);
}

static void use_after_free(void)
{
	void *memory = kmalloc(100, GFP_KERNEL);

	kfree(memory);
	if (memory)
		touch(memory, 10);
}

static void stack_overflow(void)
{
	char memory[40];

	touch(memory, 40);
}

static void vmalloc_overflow(void)
{
	void *memory = vmalloc(100);

	if (memory)
		touch(memory, 100);
	vfree(memory);
}

static void bad_shift(void)
{
	int by = 100, one = 1;

	OPTIMIZER_HIDE_VAR(by);
	OPTIMIZER_HIDE_VAR(one);
	one <<= by;
	OPTIMIZER_HIDE_VAR(one);
}

/* Two orders, at two times: nobody waits, but two CPUs could. */
static void lock_inversion(void)
{
	mutex_lock(&outer);
	mutex_lock(&inner);
	mutex_unlock(&inner);
	mutex_unlock(&outer);

	mutex_lock(&inner);
	mutex_lock(&outer);
	mutex_unlock(&outer);
	mutex_unlock(&inner);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	msleep(1);
	spin_unlock(&spin);
}

static void leak(void)
{
	int i;

	/* A register or stack may happen to hold the address of one. */
	for (i = 0; i < 10; i++) {
		void *memory = kmalloc(1000, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(memory);
	}
}

static void list_corruption(void)
{
	struct list_head head, entry;

	INIT_LIST_HEAD(&head);
	list_add(&entry, &head);
	head.next = &head;
	list_del(&entry);
}

static void no_work(struct timer_list *timer)
{
}

static void freed_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, no_work, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void wild_usercopy(void)
{
	char *memory = kmalloc(64, GFP_KERNEL);
	unsigned long n = 128;

	OPTIMIZER_HIDE_VAR(memory);
	OPTIMIZER_HIDE_VAR(n);
	if (memory && copy_to_user((void __user *)0x10000, memory, n))
		pr_info("bugs: nothing copied\n");
	kfree(memory);
}

static void preemptible_cpu(void)
{
	pr_info("bugs: on CPU %d\n", smp_processor_id());
}

/* No bug at all: what the lab must not complain of. */
static void no_bug(void)
{
	if (!kept)
		kept = kmalloc(1000, GFP_KERNEL);
}

static const struct {
	const char *name;
	void (*commit)(void);
} bugs[] = {
	{ "heap-overflow", heap_overflow },
	{ "use-after-free", use_after_free },
	{ "stack-overflow", stack_overflow },
	{ "vmalloc-overflow", vmalloc_overflow },
	{ "bad-shift", bad_shift },
	{ "lock-inversion", lock_inversion },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "leak", leak },
	{ "list-corruption", list_corruption },
	{ "freed-timer", freed_timer },
	{ "wild-usercopy", wild_usercopy },
	{ "preemptible-cpu", preemptible_cpu },
	{ "none", no_bug },
};

static ssize_t bugs_write(struct file *f, const char __user *buf, size_t len, loff_t *pos)
{
	char name[32] = "";
	int i;

	if (len >= sizeof(name) || copy_from_user(name, buf, len))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(strim(name), bugs[i].name)) {
			bugs[i].commit();
			return len;
		}
	}
	return -EINVAL;
}

static const struct file_operations bugs_fops = {
	.owner = THIS_MODULE,
	.write = bugs_write,
};

static int __init bugs_init(void)
{
	file = debugfs_create_file("bugs", 0200, NULL, NULL, &bugs_fops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit bugs_exit(void)
{
	debugfs_remove(file);
	kfree(kept);
}

module_init(bugs_init);
module_exit(bugs_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("bugs on request, for the lab's test of itself");
