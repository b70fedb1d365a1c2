// SPDX-License-Identifier: GPL-2.0
/*
 * The doors of userspace. An ioctl is copied once into kernel memory, checked, and
 * only then acted upon; its result is copied back. Size and flags of every struct
 * are checked here, the rest by the function that knows the members.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "chardev.h"
#include "compat.h"
#include "cpu.h"
#include "debug.h"
#include "domain.h"
#include "event.h"
#include "memory.h"
#include "run.h"
#include "vcpu.h"
#include "../shared/image.h"

/* Reference counts of frames are 32 bits: each pool page holds 512 references. */
#define POOL_MAX	(1ULL << 22)

union ioctl_arg {
	struct {
		u32 size, flags;
	};
	struct pvhv_version version;
	struct {
		struct pvhv_create_domain create;
		struct file *domain;	/* from handle to finish */
	};
	struct pvhv_set_memory memory;
	struct pvhv_create_vcpu vcpu;
	struct {
		struct pvhv_bind_port bind;
		struct eventfd_ctx *eventfd;	/* from handle to finish */
	};
	struct pvhv_raise_port raise;
	struct pvhv_regs regs;
	struct pvhv_set_debug debug;
};

/**
 * struct ioctl_desc - one ioctl
 * @cmd: the ioctl's number
 * @size: bytes of its struct, 0: it has none
 * @first: bytes of its first version, if it has grown since
 * @out: copy the struct back when @handle returns 0 or more
 * @handle: does it; returns the ioctl's result
 * @finish: with @out, after a @handle that returned 0 or more, @told: whether the struct
 *	could be copied back. Shows the world what was made, or takes it back.
 */
struct ioctl_desc {
	unsigned int cmd;
	u32 size;
	bool out;
	long (*handle)(void *self, union ioctl_arg *arg);
	void (*finish)(void *self, union ioctl_arg *arg, long ret, bool told);
	u32 first;
};

static long ioctl_dispatch(const struct ioctl_desc *desc, size_t n, unsigned int cmd, void *self,
			   void __user *user)
{
	union ioctl_arg arg = {};
	bool told;
	u32 size;
	long ret;

	while (n && desc->cmd != cmd)
		desc++, n--;
	if (!n)
		return -ENOTTY;
	if (!desc->size)
		return desc->handle(self, NULL);
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < (desc->first ?: desc->size))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, desc->size, user, size);
	if (ret)
		return ret;
	arg.size = size;
	if (arg.flags)
		return -EINVAL;
	ret = desc->handle(self, &arg);
	if (ret < 0 || !desc->out)
		return ret;
	told = !copy_to_user(user, &arg, min(size, desc->size));
	if (desc->finish)
		desc->finish(self, &arg, ret, told);
	return told ? ret : -EFAULT;
}

/* ------------------------------------------------------------ /dev/pvhv */

static long dev_get_version(void *self, union ioctl_arg *arg)
{
	u64 host = pvhv_cpu_features();

	if (arg->version.reserved)
		return -EINVAL;
	arg->version.api = PVHV_API_VERSION;
	arg->version.features = (host & FEATURE_LA57 ? PVHV_FEATURE_LA57 : 0) |
				(host & FEATURE_PCID ? PVHV_FEATURE_PCID : 0) |
				(host & FEATURE_TSC_STABLE ? PVHV_FEATURE_STABLE_TSC : 0) |
				PVHV_FEATURE_DEBUG;
	strscpy(arg->version.module, THIS_MODULE->version, sizeof(arg->version.module));
	return 0;
}

static bool name_valid(const char *name)
{
	size_t len = strnlen(name, PVHV_NAME_MAX), i;

	if (!len || len == PVHV_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	/* debugfs makes a directory of it; the rest of the field is padding. */
	return strcmp(name, ".") && strcmp(name, "..") &&
	       !memchr_inv(name + len, 0, PVHV_NAME_MAX - len);
}

static long dev_create_domain(void *self, union ioctl_arg *arg)
{
	struct pvhv_create_domain *c = &arg->create;
	struct pvhv_domain *d;
	int fd;

	if (!c->max_pages || c->max_pages > LAYOUT_MAX_FRAMES - 512 ||
	    c->max_pages > totalram_pages() || c->pool_pages > min(c->max_pages + 512, POOL_MAX) ||
	    c->special_gfn || !name_valid(c->name))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	d = pvhv_domain_create(c);
	if (IS_ERR(d)) {
		put_unused_fd(fd);
		return PTR_ERR(d);
	}
	arg->domain = anon_inode_getfile("[pvhv-domain]", &pvhv_domain_fops, d, O_RDWR);
	if (IS_ERR(arg->domain)) {
		put_unused_fd(fd);
		pvhv_domain_put(d);
		return PTR_ERR(arg->domain);
	}
	return fd;
}

static void dev_finish_domain(void *self, union ioctl_arg *arg, long fd, bool told)
{
	if (told) {
		fd_install(fd, arg->domain);
	} else {
		put_unused_fd(fd);
		fput(arg->domain);
	}
}

static const struct ioctl_desc dev_ioctls[] = {
	{ PVHV_GET_VERSION, sizeof(struct pvhv_version), true, dev_get_version },
	{ PVHV_CREATE_DOMAIN, sizeof(struct pvhv_create_domain), true, dev_create_domain,
	  dev_finish_domain },
};

static long dev_ioctl(struct file *f, unsigned int cmd, unsigned long user)
{
	return ioctl_dispatch(dev_ioctls, ARRAY_SIZE(dev_ioctls), cmd, NULL, (void __user *)user);
}

/* ------------------------------------------------------------ domain fd */

static long domain_set_memory(void *self, union ioctl_arg *arg)
{
	return pvhv_memory_set(self, &arg->memory);
}

static long domain_create_vcpu(void *self, union ioctl_arg *arg)
{
	if (arg->vcpu.reserved)
		return -EINVAL;
	return pvhv_vcpu_create(self, arg->vcpu.id);
}

static long domain_bind_port(void *self, union ioctl_arg *arg)
{
	return pvhv_event_bind(self, &arg->bind, &arg->eventfd);
}

static void domain_finish_bind(void *self, union ioctl_arg *arg, long ret, bool told)
{
	if (told)
		pvhv_event_connect(self, arg->bind.port, arg->eventfd);
	else
		pvhv_event_unbind(self, arg->bind.port, arg->eventfd);
}

static long domain_raise_port(void *self, union ioctl_arg *arg)
{
	return pvhv_event_raise(self, &arg->raise);
}

static const struct ioctl_desc domain_ioctls[] = {
	{ PVHV_SET_MEMORY, sizeof(struct pvhv_set_memory), false, domain_set_memory },
	{ PVHV_CREATE_VCPU, sizeof(struct pvhv_create_vcpu), false, domain_create_vcpu },
	{ PVHV_BIND_PORT, sizeof(struct pvhv_bind_port), true, domain_bind_port,
	  domain_finish_bind },
	{ PVHV_RAISE_PORT, sizeof(struct pvhv_raise_port), false, domain_raise_port },
};

static long domain_ioctl(struct file *f, unsigned int cmd, unsigned long user)
{
	struct pvhv_domain *d = f->private_data;
	long ret = pvhv_domain_usable(d);

	if (ret)
		return ret;
	if (mutex_lock_killable(&d->mutex))
		return -EINTR;
	ret = ioctl_dispatch(domain_ioctls, ARRAY_SIZE(domain_ioctls), cmd, d,
			     (void __user *)user);
	mutex_unlock(&d->mutex);
	return ret;
}

static int domain_close(struct inode *inode, struct file *f)
{
	pvhv_domain_put(f->private_data);
	return 0;
}

const struct file_operations pvhv_domain_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = domain_ioctl,
	.release = domain_close,
	.llseek = noop_llseek,
};

/* -------------------------------------------------------------- vCPU fd */

static_assert(offsetof(struct pvhv_regs, events_masked) == PVHV_REGS_SIZE_1, "version 1");

static long vcpu_run(void *self, union ioctl_arg *arg)
{
	return pvhv_run(self);
}

static long vcpu_set_regs(void *self, union ioctl_arg *arg)
{
	return pvhv_vcpu_set_regs(self, &arg->regs);
}

static long vcpu_get_regs(void *self, union ioctl_arg *arg)
{
	pvhv_vcpu_get_regs(self, &arg->regs);
	return 0;
}

static long vcpu_set_debug(void *self, union ioctl_arg *arg)
{
	return pvhv_debug_set(self, &arg->debug);
}

static const struct ioctl_desc vcpu_ioctls[] = {
	{ PVHV_RUN, 0, false, vcpu_run },
	{ PVHV_SET_REGS, sizeof(struct pvhv_regs), false, vcpu_set_regs,
	  .first = PVHV_REGS_SIZE_1 },
	{ PVHV_GET_REGS, sizeof(struct pvhv_regs), true, vcpu_get_regs,
	  .first = PVHV_REGS_SIZE_1 },
	{ PVHV_SET_DEBUG, sizeof(struct pvhv_set_debug), false, vcpu_set_debug },
};

static long vcpu_ioctl(struct file *f, unsigned int cmd, unsigned long user)
{
	struct pvhv_vcpu *v = f->private_data;
	long ret = pvhv_domain_usable(v->d);

	if (ret)
		return ret;
	if (atomic_cmpxchg(&v->running, 0, 1))
		return -EBUSY;
	ret = ioctl_dispatch(vcpu_ioctls, ARRAY_SIZE(vcpu_ioctls), cmd, v, (void __user *)user);
	atomic_set(&v->running, 0);
	return ret;
}

static int vcpu_mmap(struct file *f, struct vm_area_struct *vma)
{
	struct pvhv_vcpu *v = f->private_data;
	int err = pvhv_domain_usable(v->d);

	if (err)
		return err;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	/* A child after fork() has no part of the domain. */
	pvhv_compat_vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	return vm_insert_page(vma, vma->vm_start, v->run_page);
}

static int vcpu_close(struct inode *inode, struct file *f)
{
	struct pvhv_vcpu *v = f->private_data;

	pvhv_domain_put(v->d);
	return 0;
}

const struct file_operations pvhv_vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.release = vcpu_close,
	.llseek = noop_llseek,
};

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pvhv",
	.fops = &dev_fops,
	.mode = 0660,
};

int pvhv_chardev_init(void)
{
	return misc_register(&device);
}

void pvhv_chardev_exit(void)
{
	misc_deregister(&device);
}
