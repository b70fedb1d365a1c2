// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See debug.h. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "debug.h"

#define INT3	0xcc

static struct gva_space space(const struct debug *d)
{
	return gva_space(d->domain, d->regs.cr3_gfn);
}

/* The byte at @va: of the guest's address space, or of physical memory (core.h). */
static u8 *byte_at(const struct debug *d, u64 va)
{
	struct gva_space s = space(d);
	u64 gpa = va - CORE_PHYSICAL;

	if (gpa < d->domain->nr_pages << PAGE_SHIFT)
		return d->domain->mem + gpa;
	return gva_translate(&s, va);
}

int debug_load(struct debug *d, struct error *e)
{
	return vcpu_regs(d->vcpu, &d->regs, e);
}

int debug_store(struct debug *d, struct error *e)
{
	if (ioctl(d->vcpu->fd, PVHV_SET_REGS, &d->regs))
		return error_set(e, "cannot set the vCPU's registers: %s", strerror(errno));
	return debug_load(d, e);
}

/* --------------------------------------------------------- breakpoints */

/* In the guest's memory. */
static bool plant(struct debug *d, u64 va)
{
	u8 *at = byte_at(d, va);
	size_t i;

	if (!at)
		return false;
	for (i = 0; i < d->nr_breakpoints; i++)
		if (d->breakpoint[i].at == at)
			return true;
	if (d->nr_breakpoints == DEBUG_BREAKPOINTS)
		return false;
	d->breakpoint[d->nr_breakpoints++] = (struct breakpoint){ at, va, *at };
	__atomic_store_n(at, INT3, __ATOMIC_RELEASE);
	return true;
}

/* Unless the guest has put something else there meanwhile. */
static void take_out(const struct breakpoint *b)
{
	if (__atomic_load_n(b->at, __ATOMIC_ACQUIRE) == INT3)
		__atomic_store_n(b->at, b->old, __ATOMIC_RELEASE);
}

static bool uproot(struct debug *d, u64 va)
{
	size_t i;

	/* By its address: the guest may have mapped something else there. */
	for (i = 0; i < d->nr_breakpoints; i++) {
		if (d->breakpoint[i].va != va)
			continue;
		take_out(&d->breakpoint[i]);
		d->breakpoint[i] = d->breakpoint[--d->nr_breakpoints];
		return true;
	}
	return false;
}

static struct watchpoint *find_register(struct debug *d, enum debug_kind kind, u64 va, u32 len)
{
	struct watchpoint *w;

	for (w = d->watchpoint; w < d->watchpoint + DEBUG_WATCHPOINTS; w++)
		if (w->len && w->len == len && w->va == va && w->kind == kind)
			return w;
	return NULL;
}

static struct watchpoint *unused_register(struct debug *d)
{
	struct watchpoint *w;

	for (w = d->watchpoint; w < d->watchpoint + DEBUG_WATCHPOINTS; w++)
		if (!w->len)
			return w;
	return NULL;
}

/* An unused one, or one of a breakpoint, which can move to memory. */
static struct watchpoint *make_room(struct debug *d)
{
	struct watchpoint *w = unused_register(d);

	if (w)
		return w;
	for (w = d->watchpoint; w < d->watchpoint + DEBUG_WATCHPOINTS; w++)
		if (w->kind == DEBUG_SOFTWARE && plant(d, w->va))
			return w;
	return NULL;
}

/*
 * A kernel reads and changes its own code: Linux complains of an `int3` where its tracer
 * expects a call, and replaces others unseen. So as long as there are registers, they take
 * breakpoints of kernel code. Those of user space belong into the one program's memory.
 */
static bool insert_software(struct debug *d, u64 va)
{
	struct watchpoint *w;

	if (!byte_at(d, va))
		return false;
	if (find_register(d, DEBUG_SOFTWARE, va, 1))
		return true;
	w = (int64_t)va >> 47 == -1 ? unused_register(d) : NULL;
	if (!w)
		return plant(d, va);
	*w = (struct watchpoint){ .va = va, .len = 1, .kind = DEBUG_SOFTWARE };
	return true;
}

static bool insert_watchpoint(struct debug *d, enum debug_kind kind, u64 va, u32 len)
{
	struct watchpoint *w;

	/* The CPU cannot watch reads alone. */
	if (kind == DEBUG_READ || !len || len > 8 || len & (len - 1) || va & (len - 1))
		return false;
	w = make_room(d);
	if (w)
		*w = (struct watchpoint){ .va = va, .len = len, .kind = kind };
	return w;
}

static bool remove_watchpoint(struct debug *d, enum debug_kind kind, u64 va, u32 len)
{
	struct watchpoint *w = find_register(d, kind, va, len);

	if (w)
		w->len = 0;
	return w;
}

bool debug_insert(struct debug *d, enum debug_kind kind, u64 va, u32 len)
{
	if (kind == DEBUG_SOFTWARE)
		return insert_software(d, va);
	return insert_watchpoint(d, kind, va, kind == DEBUG_EXECUTE ? 1 : len);
}

bool debug_remove(struct debug *d, enum debug_kind kind, u64 va, u32 len)
{
	if (kind == DEBUG_SOFTWARE)
		return remove_watchpoint(d, kind, va, 1) || uproot(d, va);
	return remove_watchpoint(d, kind, va, kind == DEBUG_EXECUTE ? 1 : len);
}

void debug_remove_all(struct debug *d)
{
	while (d->nr_breakpoints)
		take_out(&d->breakpoint[--d->nr_breakpoints]);
	memset(d->watchpoint, 0, sizeof(d->watchpoint));
}

const struct breakpoint *debug_hit(const struct debug *d)
{
	const u8 *at = byte_at(d, d->regs.rip);
	size_t i;

	for (i = 0; at && i < d->nr_breakpoints; i++)
		if (d->breakpoint[i].at == at)
			return &d->breakpoint[i];
	return NULL;
}

const struct watchpoint *debug_watch(const struct debug *d, u64 dr6)
{
	unsigned int n;

	for (n = 0; n < DEBUG_WATCHPOINTS; n++)
		if (dr6 & 1UL << n && d->watchpoint[n].len)
			return &d->watchpoint[n];
	return NULL;
}

/* ------------------------------------------------------------- running */

/* The field of DR7 above bit 16: what is watched, and how much. */
static u64 dr7_field(const struct watchpoint *w)
{
	static const u64 lengths[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
	u64 what = w->kind == DEBUG_WRITE ? 1 : w->kind == DEBUG_ACCESS ? 3 : 0;

	return what | lengths[w->len] << 2;
}

int debug_control(const struct debug *d, bool step, bool pass, bool off, struct error *e)
{
	struct pvhv_set_debug s = { .size = sizeof(s) };
	unsigned int n;

	for (n = 0; n < DEBUG_WATCHPOINTS && !off; n++) {
		const struct watchpoint *w = &d->watchpoint[n];

		if (!w->len)
			continue;
		s.dr[n] = w->va;
		s.dr7 |= dr7_field(w) << (16 + 4 * n) | 2UL << (2 * n);
		s.control |= PVHV_DEBUG_HARDWARE;
	}
	if (!off)
		s.control |= (d->nr_breakpoints ? PVHV_DEBUG_BREAKPOINT : 0) |
			     (step ? PVHV_DEBUG_STEP : 0);
	s.control |= pass ? PVHV_DEBUG_PASS : 0;
	if (ioctl(d->vcpu->fd, PVHV_SET_DEBUG, &s))
		return error_set(e, "cannot set what is to be debugged: %s", strerror(errno));
	return 0;
}

/* -------------------------------------------------------------- memory */

/* What is under a breakpoint. */
static u8 *under(struct debug *d, const u8 *at)
{
	size_t i;

	for (i = 0; i < d->nr_breakpoints; i++)
		if (d->breakpoint[i].at == at)
			return &d->breakpoint[i].old;
	return NULL;
}

size_t debug_read(const struct debug *d, u64 va, void *buf, size_t n)
{
	u8 *to = buf, *at, *old;
	size_t i;

	for (i = 0; i < n; i++) {
		at = byte_at(d, va + i);
		if (!at)
			break;
		old = under((struct debug *)d, at);
		to[i] = old ? *old : *at;
	}
	return i;
}

size_t debug_write(struct debug *d, u64 va, const void *buf, size_t n)
{
	const u8 *from = buf;
	u8 *at, *old;
	size_t i;

	for (i = 0; i < n; i++) {
		at = byte_at(d, va + i);
		if (!at)
			break;
		old = under(d, at);
		*(old ? old : at) = from[i];
	}
	return i;
}
