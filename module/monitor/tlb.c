// SPDX-License-Identifier: GPL-2.0
/*
 * Executes what tlb.h records: CR3 loads, flushes, single addresses. Everything that
 * must run on a machine rather than in a test is here.
 *
 * On CPUs with Meltdown a user root has the monitor's image and areas only: between
 * an entry from guest user mode and tlb_enter_monitor(), and after tlb_apply(),
 * nothing here may touch the domain.
 */
#include "tlb.h"
#include "cpu.h"

static bool has(u64 feature)
{
	return image_header.features & feature;
}

static u64 noflush(void)
{
	return has(FEATURE_PCID) ? CR3_NOFLUSH : 0;
}

/* The address spaces that a CR3 load of the root in use flushes. */
static u32 spaces_of(const struct vcpu *v, u64 root)
{
	if (!has(FEATURE_PCID))
		return TLB_FLUSH_BOTH;
	return (root & 0xfff) == v->w->pcid_user ? TLB_FLUSH_USER : TLB_FLUSH_KERNEL;
}

/*
 * Load @root, and flush its address space if that is asked for. The domain must be
 * mapped; it may be gone when this returns.
 */
static void __cold load(struct vcpu *v, u64 root)
{
	u32 spaces = spaces_of(v, root);
	u32 asked = READ_ONCE(v->tlb_flush) & spaces;
	u64 time;

	vcpu_count(v, COUNTER_cr3_write);
	v->loaded = root;
	/* Without PCID this flushes too; nobody wants to know when. */
	if (!asked) {
		cpu_write_cr3(root | noflush());
		return;
	}
	vcpu_count(v, COUNTER_tlb_flush);
	/* A request that comes from now on is for after this flush. */
	__atomic_fetch_and(&v->tlb_flush, ~spaces, __ATOMIC_SEQ_CST);
	time = tlb_flush_time(v->d);
	cpu_write_cr3(root);
	if (spaces & TLB_FLUSH_KERNEL)
		WRITE_ONCE(v->flushed[0], time);
	if (spaces & TLB_FLUSH_USER)
		WRITE_ONCE(v->flushed[1], time);
}

/*
 * Load @root without serving what is asked for its address space: that is for later. But
 * what a CPU knows there may be another domain's, which has the monitor's own data at the
 * same addresses: where a flush is asked for, there is one now, too.
 */
static void load_for_now(struct vcpu *v, u64 root)
{
	bool old = READ_ONCE(v->tlb_flush) & spaces_of(v, root);

	vcpu_count(v, COUNTER_cr3_write);
	v->loaded = root;
	cpu_write_cr3(old ? root : root | noflush());
}

void tlb_enter_world(struct vcpu *v)
{
	struct world *w = v->w;

	v->loaded = w->enter_root & ~CR3_NOFLUSH;
	if (w->request & REQUEST_FLUSH_TLB) {
		w->request &= ~REQUEST_FLUSH_TLB;
		tlb_flush_local(v);
	}
}

void tlb_leave_world(struct vcpu *v)
{
	v->w->enter_root = v->loaded | noflush();
}

void tlb_enter_monitor(struct vcpu *v)
{
	WRITE_ONCE(v->in_guest, 0);
	if (!has(FEATURE_MELTDOWN) || v->loaded != v->root_user || v->loaded == v->root_kernel)
		return;
	load_for_now(v, v->root_kernel);
}

void tlb_switch_root(struct vcpu *v)
{
	if (v->loaded != v->root_kernel)
		load(v, v->root_kernel);
}

void tlb_load_quick(struct vcpu *v, u64 root)
{
	if (v->loaded != root)
		load_for_now(v, root);
}

bool tlb_resume_quick(struct vcpu *v, u64 root)
{
	u32 spaces = spaces_of(v, root);

	WRITE_ONCE(v->in_guest, spaces);
	if (unlikely(v->d->nr_vcpus > 1))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(READ_ONCE(v->tlb_flush) & spaces);
}

void tlb_load_resumed(struct vcpu *v, u64 root)
{
	if (v->loaded == root)
		return;
	vcpu_count(v, COUNTER_cr3_write);
	v->loaded = root;
	cpu_write_cr3(root | noflush());
}

void tlb_apply(struct vcpu *v)
{
	WRITE_ONCE(v->in_guest, spaces_of(v, v->root));
	/* Either we see a request or its maker sees the mark. */
	if (v->d->nr_vcpus > 1)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (v->loaded != v->root || READ_ONCE(v->tlb_flush) & spaces_of(v, v->root))
		load(v, v->root);
}

/*
 * INVLPG acts on the address space in use, and on global entries, which are the
 * host's. For the other one there is INVPCID, or a flush before it is used.
 */
void tlb_invlpg(struct vcpu *v, u64 va)
{
	u32 other = TLB_FLUSH_BOTH & ~spaces_of(v, v->loaded);

	if (!lib_canonical(va))
		return;
	vcpu_count(v, COUNTER_invlpg);
	cpu_invlpg(va);
	if (!other || v->tlb_flush & other)
		return;
	if (has(FEATURE_INVPCID))
		cpu_invpcid(0, other == TLB_FLUSH_USER ? v->w->pcid_user : v->w->pcid_kernel,
			    va);
	else
		tlb_request(v, other);
}
