/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the CPU may remember of the page tables. Requests are recorded in the vCPU
 * (pure, here); tlb.c executes them, at the latest in tlb_apply(), just before the
 * guest resumes. The invariant: when a guest runs, its CPU holds no translation that
 * would reach a shadow page after its reuse, or write to a frame that has become a
 * table since (see tlb_expire() for what that means on other CPUs).
 *
 * Each vCPU has two address spaces, for guest kernel and guest user mode, with a
 * PCID each where the CPU has them.
 */
#ifndef PVHV_MONITOR_TLB_H
#define PVHV_MONITOR_TLB_H

#include "vcpu.h"

#define TLB_FLUSH_KERNEL	1u	/* one address space, before it is next used */
#define TLB_FLUSH_USER		2u
#define TLB_FLUSH_BOTH		3u

/** tlb_request - have @v flush before it resumes; any CPU may ask */
static inline void tlb_request(struct vcpu *v, u32 spaces)
{
	if (~READ_ONCE(v->tlb_flush) & spaces)
		__atomic_fetch_or(&v->tlb_flush, spaces, __ATOMIC_SEQ_CST);
}

/** tlb_flush_local - forget all translations of this vCPU, in both address spaces */
static inline void tlb_flush_local(struct vcpu *v)
{
	tlb_request(v, TLB_FLUSH_BOTH);
}

/*
 * Have another vCPU flush. Returns the address space that it may be using right now, with
 * what it knew before, or 0: it marks itself before it looks for requests a last time.
 */
static inline u32 tlb_request_other(struct vcpu *o)
{
	tlb_request(o, TLB_FLUSH_BOTH);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return READ_ONCE(o->in_guest);
}

/**
 * tlb_flush_domain - forget all translations on all vCPUs of the domain
 * Returns true if another vCPU may be running the guest right now: its request is
 * recorded, and is served when it next enters the monitor, at the latest with its
 * CPU's next interrupt. A caller whose guest must not continue earlier leaves to the
 * host and has those vCPUs interrupted.
 */
static inline bool tlb_flush_domain(struct vcpu *v)
{
	const struct domain *d = v->d;
	bool running = false;
	u32 i;

	for (i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *o = d->vcpus[i];

		if (o == v)
			tlb_flush_local(v);
		else if (o && tlb_request_other(o))
			running = true;
	}
	return running;
}

/**
 * tlb_stamp - the time to note for a translation that has just been taken back
 * Call it after the shadow entry is cleared.
 */
static inline u64 tlb_stamp(struct domain *d)
{
	/* The clearing must not pass another CPU's flush: see tlb_flush_time(). */
	if (d->nr_vcpus > 1)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return READ_ONCE(d->flush_clock);
}

/**
 * tlb_widen - the latest time whose low bits are @stamp
 * Never earlier than the time that was stamped, so a stamp that has wrapped can only
 * cause a flush too many.
 */
static inline u64 tlb_widen(const struct domain *d, u64 stamp, int bits)
{
	u64 now = READ_ONCE(d->flush_clock);

	return now - ((now - stamp) & (BIT(bits) - 1));
}

/* The address spaces of @v that have not been flushed since @stamp. */
static inline u32 tlb_older(const struct vcpu *v, u64 stamp)
{
	return (READ_ONCE(v->flushed[0]) <= stamp ? TLB_FLUSH_KERNEL : 0) |
	       (READ_ONCE(v->flushed[1]) <= stamp ? TLB_FLUSH_USER : 0);
}

/**
 * tlb_expire - what was taken back at @stamp will be used for something else
 * @stamp: a tlb_stamp(), or its low bits and tlb_widen()
 *
 * Every vCPU that may still hold such a translation flushes before it resumes.
 * Returns true if none can be using one now; false if another CPU is running the
 * guest and may use it until it next enters the monitor. A shadow page must not be
 * reused then. A frame may become a table: its content is never trusted twice, so all
 * a guest can do with the old translation is to end its own domain.
 */
static inline bool tlb_expire(struct vcpu *v, u64 stamp)
{
	const struct domain *d = v->d;
	bool expired = true;
	u32 i;

	for (i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *o = d->vcpus[i];
		u32 older = o ? tlb_older(o, stamp) : 0;

		if (!older)
			continue;
		if (o == v)
			tlb_request(v, older);
		/* The space that is not in use will be flushed before it is. */
		else if (tlb_request_other(o) & older)
			expired = false;
	}
	return expired;
}

/*
 * tlb_flush_time - take the time of a flush that is done right after
 * The order makes stamps work: an entry cleared before a stamp earlier than this time
 * was cleared before this flush.
 */
static inline u64 tlb_flush_time(struct domain *d)
{
	return __atomic_add_fetch(&d->flush_clock, 1, __ATOMIC_SEQ_CST);
}

/** tlb_invlpg - forget the translations of one address, in both address spaces */
void tlb_invlpg(struct vcpu *v, u64 va);

/** tlb_invlpg_domain - the same on all vCPUs; result as of tlb_flush_domain() */
static inline bool tlb_invlpg_domain(struct vcpu *v, u64 va)
{
	const struct domain *d = v->d;
	bool running = false;
	u32 i;

	for (i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i] && d->vcpus[i] != v && tlb_request_other(d->vcpus[i]))
			running = true;
	tlb_invlpg(v, va);
	return running;
}

/* ------------------------------------------------------- execution: tlb.c */

/** tlb_enter_world - start of run_enter(): the CPU is on world.enter_root */
void tlb_enter_world(struct vcpu *v);

/** tlb_leave_world - end of a run: world.enter_root is where we continue */
void tlb_leave_world(struct vcpu *v);

/**
 * tlb_enter_monitor - first thing after an entry from the guest, and first thing of
 * run_prepare(), which may run a second time: on CPUs with Meltdown the user root does
 * not have the state of the domain. Until then touch the vCPU's own area only.
 */
void tlb_enter_monitor(struct vcpu *v);

/**
 * tlb_switch_root - run on v->root_kernel from now on
 * The caller is about to give up the root in use.
 */
void tlb_switch_root(struct vcpu *v);

/** tlb_load_quick - load @root as it is; flushes stay asked for */
void tlb_load_quick(struct vcpu *v, u64 root);

/**
 * tlb_resume_quick - may the guest resume on @root without a flush?
 * If so, it counts as running from now on. If not, see tlb_enter_monitor().
 */
bool __must_check tlb_resume_quick(struct vcpu *v, u64 root);

/** tlb_load_resumed - load @root, about which tlb_resume_quick() has just said yes */
void tlb_load_resumed(struct vcpu *v, u64 root);

/** tlb_apply - load v->root and do the flushes asked for; the guest resumes next */
void tlb_apply(struct vcpu *v);

#endif
