// SPDX-License-Identifier: GPL-2.0
/* vCPUs: creation, registers, waking. What running means is in run.c. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <trace/events/ipi.h>	/* smp_send_reschedule() of newer kernels */

#include "chardev.h"
#include "vcpu.h"

/*
 * Any context, several at once. Nothing is to be done on the other CPU: the interrupt itself
 * makes it leave the guest. So it is one that needs no memory of ours, which two at once
 * would have to take turns with, and which would have to outlive the interrupt.
 */
static void vcpu_kick(struct pvhv_vcpu *v)
{
	int cpu;

	WRITE_ONCE(v->event, 1);
	smp_mb();	/* pairs with the one in run.c: it sees the event, or we its CPU */
	rcuwait_wake_up(&v->wait);
	preempt_disable();
	cpu = READ_ONCE(v->cpu);
	if (cpu >= 0 && cpu != smp_processor_id() && cpu_online(cpu)) {
		WRITE_ONCE(v->area.world->kick, 1);
		smp_send_reschedule(cpu);
	}
	preempt_enable();
}

void pvhv_vcpu_wake(struct pvhv_domain *d, u32 id)
{
	struct pvhv_vcpu *v = READ_ONCE(d->vcpu[id]);

	if (v)
		vcpu_kick(v);
}

void pvhv_vcpu_kick_all(struct pvhv_domain *d)
{
	u32 i;

	for (i = 0; i < PVHV_MAX_VCPUS; i++)
		pvhv_vcpu_wake(d, i);
}

/* Hard interrupt context. On the vCPU's own CPU the interrupt has ended the run. */
static void vcpu_timer_expired(struct pvhv_timer *t)
{
	vcpu_kick(container_of(t, struct pvhv_vcpu, timer));
}

u64 pvhv_vcpu_overhead(struct pvhv_domain *d)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < PVHV_MAX_VCPUS; i++)
		if (READ_ONCE(d->vcpu[i]))
			bytes += pvhv_area_bytes() + PAGE_SIZE;
	return bytes;
}

static int vcpu_alloc(struct pvhv_vcpu *v)
{
	struct pvhv_domain *d = v->d;

	v->run_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	v->task = pvhv_world_task_create();
	if (!v->run_page || !v->task)
		return -ENOMEM;
	v->run = page_address(v->run_page);
	return pvhv_area_create(&v->area, &d->space, v->id,
				pvhv_space_va(&d->space, LAYOUT_SLOT_STATE, LAYOUT_STATE_DOMAIN));
}

static struct pvhv_vcpu *vcpu_new(struct pvhv_domain *d, u32 id)
{
	struct pvhv_vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);

	if (!v)
		return NULL;
	v->d = d;
	v->id = id;
	v->cpu = -1;
	rcuwait_init(&v->wait);
	pvhv_timer_init(&v->timer, vcpu_timer_expired);
	return v;
}

static struct file *vcpu_open(struct pvhv_vcpu *v)
{
	struct file *f = anon_inode_getfile("[pvhv-vcpu]", &pvhv_vcpu_fops, v, O_RDWR);

	if (!IS_ERR(f))
		pvhv_domain_get(v->d);
	return f;
}

int pvhv_vcpu_create(struct pvhv_domain *d, u32 id)
{
	struct pvhv_vcpu *v;
	struct file *f;
	int err, fd;

	if (id >= PVHV_MAX_VCPUS)
		return -EINVAL;
	if (d->vcpu[id])
		return -EEXIST;
	if (d->ran)
		return -EBUSY;
	/* First: too many open files must not end the domain. */
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	v = vcpu_new(d, id);
	if (!v) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	err = vcpu_alloc(v);
	if (err)
		goto fail;
	f = vcpu_open(v);
	if (IS_ERR(f)) {
		err = PTR_ERR(f);
		goto fail;
	}
	v->area.regs->cs = SEL_GUEST_CS64;
	v->area.regs->ss = SEL_GUEST_SS;
	v->area.world->context.events_masked = 1;
	v->area.world->context.fault_vector = ~0ULL;
	WRITE_ONCE(d->vcpu[id], v);
	/* Where the monitor looks for vCPUs, whose ids may have holes. */
	d->shared->nr_vcpus = max(d->shared->nr_vcpus, id + 1);
	fd_install(fd, f);
	return fd;
fail:
	put_unused_fd(fd);
	pvhv_vcpu_destroy(v);
	return err;
}

void pvhv_vcpu_destroy(struct pvhv_vcpu *v)
{
	pvhv_timer_destroy(&v->timer);
	pvhv_area_destroy(&v->area);
	pvhv_world_task_destroy(v->task);
	if (v->run_page)
		__free_page(v->run_page);
	kfree(v);
}

/* WRFSBASE and WRMSR refuse anything else, and the monitor does not expect that. */
bool pvhv_vcpu_base_valid(u64 base)
{
	return (u64)((s64)(base << 16) >> 16) == base;
}

/* The guest may have set one itself that only 5-level paging has: what is there may stay. */
static bool base_acceptable(u64 base, u64 now)
{
	return pvhv_vcpu_base_valid(base) || base == now;
}

/* What a vCPU that has begun to run must not change. */
static bool same_context(const struct world_context *c, const struct pvhv_regs *in)
{
	return in->user_mode == c->user_mode && in->cr3_gfn == c->cr3_gfn;
}

/* The caller holds @running. */
int pvhv_vcpu_set_regs(struct pvhv_vcpu *v, const struct pvhv_regs *in)
{
	struct world_context *c = &v->area.world->context;
	struct regs *r = v->area.regs;
	/* Until the monitor has loaded its context it can be another one. */
	bool started = v->ran && !(v->area.world->request & REQUEST_CONTEXT);

	if (v->ran && pvhv_domain_ended(v->d))
		return -ESHUTDOWN;
	/* The other vCPUs are the guest's to start. */
	if (v->id || !base_acceptable(in->fs_base, c->fs_base) ||
	    !base_acceptable(in->gs_base_kernel, c->gs_base_kernel) ||
	    !base_acceptable(in->gs_base_user, c->gs_base_user))
		return -EINVAL;
	if (started ? !same_context(c, in) :
	    in->user_mode || in->cr3_gfn >= v->d->shared->max_pages)
		return -EINVAL;
	*r = (struct regs){
		.r15 = in->r15, .r14 = in->r14, .r13 = in->r13, .r12 = in->r12, .rbp = in->rbp,
		.rbx = in->rbx, .r11 = in->r11, .r10 = in->r10, .r9 = in->r9, .r8 = in->r8,
		.rax = in->rax, .rcx = in->rcx, .rdx = in->rdx, .rsi = in->rsi, .rdi = in->rdi,
		.rip = in->rip, .cs = r->cs, .rflags = in->rflags, .rsp = in->rsp, .ss = r->ss,
	};
	/* The monitor does it at its first entry only. */
	if (v->ran)
		r->rflags = (in->rflags & RFLAGS_GUEST) | RFLAGS_FIXED;
	c->fs_base = in->fs_base;
	c->gs_base_kernel = in->gs_base_kernel;
	c->gs_base_user = in->gs_base_user;
	v->ready = true;
	if (started)
		return 0;
	c->cr2 = in->cr2;
	c->cr3_gfn = in->cr3_gfn;
	v->area.world->request |= REQUEST_CONTEXT;
	return 0;
}

void pvhv_vcpu_get_regs(struct pvhv_vcpu *v, struct pvhv_regs *out)
{
	const struct world_context *c = &v->area.world->context;
	const struct regs *r = v->area.regs;
	u32 size = out->size;

	*out = (struct pvhv_regs){
		.size = size,
		.r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12, .rbp = r->rbp,
		.rbx = r->rbx, .r11 = r->r11, .r10 = r->r10, .r9 = r->r9, .r8 = r->r8,
		.rax = r->rax, .rcx = r->rcx, .rdx = r->rdx, .rsi = r->rsi, .rdi = r->rdi,
		.rip = r->rip, .cs = r->cs, .rflags = r->rflags, .rsp = r->rsp, .ss = r->ss,
		.ds = c->ds, .es = c->es, .fs = c->fs, .gs = c->gs,
		.fs_base = c->fs_base, .gs_base_kernel = c->gs_base_kernel,
		.gs_base_user = c->gs_base_user, .cr2 = c->cr2, .cr3_gfn = c->cr3_gfn,
		.user_mode = c->user_mode, .events_masked = c->events_masked,
		.fault_vector = c->fault_vector, .fault_error = c->fault_error,
		.fault_rip = c->fault_rip,
	};
}
