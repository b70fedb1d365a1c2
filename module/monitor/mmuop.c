// SPDX-License-Identifier: GPL-2.0
/*
 * The hypercalls on page tables: argument copying, batches and their restarts. What
 * an update means, and whether it is allowed, is pgtable.c's.
 */
#include "hypercall.h"
#include "frame.h"
#include "guestmem.h"
#include "pgtable.h"
#include "restart.h"
#include "segment.h"
#include "tlb.h"

/*
 * Set in the count of mmu_update and mmuext_op when a batch continues: the number
 * done so far is then already in the guest's variable.
 */
#define BATCH_CONTINUED		0x80000000u

/* Requests copied at a time: few enough for the stack, enough to spread the cost. */
#define BATCH			16

/* The guest's own number or "self": it has no rights over others. */
static bool is_self(struct vcpu *v, u64 domid)
{
	return domid == DOMID_SELF || domid == v->d->id;
}

/* Number done before this part of a batch; *count loses its mark. */
static long batch_begin(struct vcpu *v, u64 *count, u64 done_va, u32 *done)
{
	*done = 0;
	if (*count & BATCH_CONTINUED && done_va &&
	    guestmem_read(v, done, done_va, sizeof(*done), NULL))
		return -EFAULT;
	*count = (u32)*count & ~BATCH_CONTINUED;
	return 0;
}

static long batch_end(struct vcpu *v, u64 done_va, u32 done, long err)
{
	if (done_va && guestmem_write(v, done_va, &done, sizeof(done), NULL))
		return -EFAULT;
	return err;
}

static long update_one(struct vcpu *v, const struct mmu_update *req)
{
	vcpu_count(v, COUNTER_mmu_update);
	switch (req->ptr & 3) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_PRESERVE_AD:
		return pgtable_update(v, req->ptr & ~7ULL, req->val,
				      (req->ptr & 3) == MMU_PT_UPDATE_PRESERVE_AD);
	case MMU_MACHPHYS_UPDATE:
		return pgtable_machphys(v, gfn(req->ptr >> PVHV_PAGE_SHIFT), req->val);
	default:
		return -ENOSYS;
	}
}

/* mmu_update(requests, count, number done, domain) */
long hypercall_mmu_update(struct vcpu *v, u64 arg[6])
{
	struct mmu_update req[BATCH];
	u64 count = arg[1], n, i;
	u32 done;
	long err = batch_begin(v, &count, arg[2], &done);

	if (err)
		return err;
	if (!is_self(v, arg[3] & 0xffff) || (arg[3] >> 16 && !is_self(v, (arg[3] >> 16) - 1)))
		return -ESRCH;
	while (count) {
		n = min(count, (u64)BATCH);
		if (guestmem_read(v, req, arg[0], n * sizeof(req[0]), NULL))
			return batch_end(v, arg[2], done, -EFAULT);
		for (i = 0; i < n; i++, done++) {
			err = update_one(v, &req[i]);
			if (err)
				break;
		}
		arg[0] += i * sizeof(req[0]);
		count -= i;
		if (!err && count && need_restart(v))
			err = -RESTART;
		if (err)
			break;
	}
	if (err == -RESTART)
		arg[1] = count | BATCH_CONTINUED;
	return batch_end(v, arg[2], done, err);
}

/* What UVMF_* asks for after an update of one address. */
static long flush_after_update(struct vcpu *v, u64 va, u64 flags)
{
	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_NONE:
		return 0;
	case UVMF_TLB_FLUSH:
		if ((flags & ~UVMF_FLUSHTYPE_MASK) == UVMF_LOCAL)
			tlb_flush_local(v);
		else
			tlb_flush_domain(v);
		return 0;
	case UVMF_INVLPG:
		if ((flags & ~UVMF_FLUSHTYPE_MASK) == UVMF_LOCAL)
			tlb_invlpg(v, va);
		else
			tlb_invlpg_domain(v, va);
		return 0;
	default:
		return -EINVAL;
	}
}

/* update_va_mapping(va, entry, flags) */
long hypercall_update_va_mapping(struct vcpu *v, u64 arg[6])
{
	long err;

	vcpu_count(v, COUNTER_update_va);
	err = pgtable_update_va(v, arg[0], arg[1]);
	if (err)
		return err;
	return flush_after_update(v, arg[0], arg[2]);
}

long hypercall_update_va_mapping_other(struct vcpu *v, u64 arg[6])
{
	if (!is_self(v, arg[3]))
		return -ESRCH;
	return hypercall_update_va_mapping(v, arg);
}

static long clear_page(struct vcpu *v, gfn_t to)
{
	long err = frame_get_writable(v, to);

	if (err)
		return err;
	memset(guestmem_gfn_ptr(v->d, to), 0, PVHV_PAGE_SIZE);
	frame_put_writable(v, to);
	return 0;
}

static long copy_page(struct vcpu *v, gfn_t to, gfn_t from)
{
	long err;

	if (!frame_owned(v->d, from))
		return -EINVAL;
	err = frame_get_writable(v, to);
	if (err)
		return err;
	memcpy(guestmem_gfn_ptr(v->d, to), guestmem_gfn_ptr(v->d, from), PVHV_PAGE_SIZE);
	frame_put_writable(v, to);
	return 0;
}

static long mmuext_one(struct vcpu *v, const struct mmuext_op *op)
{
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		vcpu_count(v, COUNTER_pin);
		return pgtable_pin(v, gfn(op->arg1.mfn),
				   FRAME_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
	case MMUEXT_UNPIN_TABLE:
		vcpu_count(v, COUNTER_unpin);
		return pgtable_unpin(v, gfn(op->arg1.mfn));
	case MMUEXT_NEW_BASEPTR:
		return pgtable_load(v, gfn(op->arg1.mfn), false);
	case MMUEXT_NEW_USER_BASEPTR:
		return pgtable_load(v, gfn(op->arg1.mfn), true);
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local(v);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		tlb_invlpg(v, op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush_domain(v);
		return 0;
	case MMUEXT_INVLPG_MULTI:
	case MMUEXT_INVLPG_ALL:
		tlb_invlpg_domain(v, op->arg1.linear_addr);
		return 0;
	case MMUEXT_FLUSH_CACHE:
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return 0;	/* all guest memory is write-back, no device is behind it */
	case MMUEXT_SET_LDT:
		return segment_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_CLEAR_PAGE:
		return clear_page(v, gfn(op->arg1.mfn));
	case MMUEXT_COPY_PAGE:
		return copy_page(v, gfn(op->arg1.mfn), gfn(op->arg2.src_mfn));
	default:
		return -ENOSYS;
	}
}

/* mmuext_op(operations, count, number done, domain) */
long hypercall_mmuext_op(struct vcpu *v, u64 arg[6])
{
	struct mmuext_op op;
	u64 count = arg[1];
	u32 done;
	long err = batch_begin(v, &count, arg[2], &done);

	if (err)
		return err;
	if (!is_self(v, arg[3]))
		return -ESRCH;
	while (count) {
		if (guestmem_read(v, &op, arg[0], sizeof(op), NULL)) {
			err = -EFAULT;
			break;
		}
		err = mmuext_one(v, &op);
		if (err)
			break;
		arg[0] += sizeof(op);
		done++;
		if (--count && need_restart(v)) {
			err = -RESTART;
			break;
		}
	}
	if (err == -RESTART)
		arg[1] = count | BATCH_CONTINUED;
	return batch_end(v, arg[2], done, err);
}
