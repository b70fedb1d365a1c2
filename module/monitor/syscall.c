// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest does most: a system call's way to its kernel, and the iret hypercall back.
 * Here are the checks that nothing else is to be done on the way, and the same steps as
 * in bounce.c without detours. Everything that could fail or wait is looked at first; the
 * stack must be among the recent translations. Whatever is not as usual goes the long
 * way, with nothing done yet.
 *
 * A host that wants the CPU has sent an interrupt, which comes as soon as the guest runs:
 * no need to look for that here. The note of an NMI is tested in entry.S.
 */
#include "syscall.h"
#include "bounce.h"
#include "cpu.h"
#include "guestmem.h"
#include "record.h"
#include "tlb.h"

/* Go to the other mode. Its page tables are loaded by the caller. */
static void set_mode(struct vcpu *v, bool user, u64 root)
{
	v->user_mode = user;
	v->root = root;
	cpu_swapgs();
}

/* Low to high: rcx, r11, rip, cs, rflags, rsp, ss for the kernel. */
u32 syscall_enter_quick(struct vcpu *v, struct regs *r)
{
	const struct vcpu_callback *cb = &v->syscall;
	struct vcpu_info *info = v->info;
	struct world *w = v->w;
	u64 sp = bounce_align(v->kernel_sp) - 7 * sizeof(u64);
	u64 *frame;
	u8 mask;

	tlb_load_quick(v, v->root_kernel);
	frame = guestmem_cached(v, v->cr3_kernel, sp, 7 * sizeof(u64), true);
	if (unlikely(!frame || !cb->rip || record_wanted(w) ||
		     !tlb_resume_quick(v, v->root_kernel)))
		return 0;
	mask = READ_ONCE(info->evtchn_upcall_mask);
	if (unlikely(!cb->mask_events && !(mask & 1) && READ_ONCE(info->evtchn_upcall_pending)))
		return 0;
	if (unlikely(vcpu_has(v, FEATURE_PKU) && cpu_rdpkru()))
		return 0;

	frame[0] = r->rcx;
	frame[1] = r->r11;
	frame[2] = r->rip;
	frame[3] = r->cs | (u64)(mask & 1) << 32;
	frame[4] = bounce_guest_rflags(v, r->rflags, mask & 1);
	frame[5] = r->rsp;
	frame[6] = r->ss;
	if (cb->mask_events)
		WRITE_ONCE(info->evtchn_upcall_mask, 1);
	r->rip = cb->rip;
	r->rsp = sp;
	r->rflags = bounce_handler_rflags(r->rflags);
	set_mode(v, false, v->root_kernel);
	w->counter[COUNTER_syscall]++;
	w->counter[COUNTER_bounce]++;
	return 1;
}

u32 syscall_leave_quick(struct vcpu *v, struct regs *r)
{
	const struct iret_context *f;
	struct vcpu_info *info = v->info;
	struct world *w = v->w;
	u64 flags, cs;
	bool user;

	f = guestmem_cached(v, v->cr3_kernel, r->rsp, sizeof(*f), false);
	if (unlikely(!f || record_wanted(w)))
		return 0;
	flags = READ_ONCE(f->rflags);
	cs = READ_ONCE(f->cs);
	user = (cs & 3) == 3;
	if (unlikely(flags & RFLAGS_IF && READ_ONCE(info->evtchn_upcall_pending)))
		return 0;
	if (unlikely(user && v->cr3_user.n == GFN_NONE.n))
		return 0;
	if (unlikely(!tlb_resume_quick(v, user ? v->root_user : v->root_kernel)))
		return 0;

	r->rip = READ_ONCE(f->rip);
	r->cs = (cs & 0xffff) | 3;
	r->rflags = bounce_hardware_rflags(flags);
	r->ss = (READ_ONCE(f->ss) & 0xffff) | 3;
	r->rax = READ_ONCE(f->rax);
	if (READ_ONCE(f->flags) & VGCF_in_syscall) {
		r->rcx = r->rip;
		r->r11 = r->rflags;
	} else {
		r->rcx = READ_ONCE(f->rcx);
		r->r11 = READ_ONCE(f->r11);
	}
	r->rsp = READ_ONCE(f->rsp);
	WRITE_ONCE(info->evtchn_upcall_mask, !(flags & RFLAGS_IF));
	w->counter[COUNTER_hypercall]++;
	w->counter[COUNTER_iret]++;
	if (user) {
		set_mode(v, true, v->root_user);
		tlb_load_resumed(v, v->root_user);
	}
	return 1;
}
