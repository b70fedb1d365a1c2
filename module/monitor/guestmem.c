// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between monitor and guest. Each page is looked up once, in a small cache of
 * recent translations first: arguments and stacks of a guest lie on few pages. A
 * cached translation is used only while the shadow entry that it came from is still the
 * same, so it is never older than what a CPU might still use.
 */
#include "guestmem.h"
#include "fault.h"

/* Tables whose use ends for one access while somebody waits for the CPU. */
#define PATIENCE	1000

/* Look up in full; NULL with the fault the guest would take. */
static u8 *translate(struct vcpu *v, u64 va, bool write, struct guestmem_fault *fault)
{
	u64 access = write ? PF_WRITE : 0;
	struct vcpu_translation *slot = guestmem_slot(v, va);
	u32 rounds = 0;
	struct touch t;
	int err;

	/*
	 * Nobody could restart us half-way. Each round ends the use of one table; a guest
	 * with more of them in its way, or another vCPU that makes new ones, has no access.
	 */
	do {
		err = fault_touch(v, va, access, &t);
	} while (err == -RESTART && ++rounds < PATIENCE && !READ_ONCE(v->d->dead));
	if (err) {
		if (fault && err != -RESTART)
			*fault = (struct guestmem_fault){ va, fault_error(v, &t.walk, access) };
		return NULL;
	}
	*slot = (struct vcpu_translation){
		.key = ALIGN_DOWN(va, PVHV_PAGE_SIZE) | TRANSLATION_VALID | (write ? TRANSLATION_WRITE : 0),
		.root = walk_root(v).n, .spte_at = t.spte_at, .spte = t.spte,
		.ptr = guestmem_gfn_ptr(v->d, pte_gfn(t.walk.gpte)),
	};
	return slot->ptr;
}

void *guestmem_map(struct vcpu *v, u64 va, bool write, struct guestmem_fault *fault)
{
	u8 *page = guestmem_cached(v, walk_root(v), va, 1, write);

	if (likely(page))
		return page;
	walk_cache_check(v);
	page = translate(v, va, write, fault);
	return page ? page + (va & (PVHV_PAGE_SIZE - 1)) : NULL;
}

/* Bytes of an access at @va that lie in its first page. */
static u64 chunk(u64 va, u64 n)
{
	u64 room = PVHV_PAGE_SIZE - (va & (PVHV_PAGE_SIZE - 1));

	return min(n, room);
}

int guestmem_read_long(struct vcpu *v, void *dst, u64 va, u64 n,
		       struct guestmem_fault *fault)
{
	u8 *to = dst;

	while (n) {
		u64 len = chunk(va, n);
		const u8 *from = guestmem_map(v, va, false, fault);

		if (!from)
			return -EFAULT;
		memcpy(to, from, len);
		to += len;
		va += len;
		n -= len;
	}
	return 0;
}

int guestmem_write_long(struct vcpu *v, u64 va, const void *src, u64 n,
			struct guestmem_fault *fault)
{
	const u8 *from = src;

	while (n) {
		u64 len = chunk(va, n);
		u8 *to = guestmem_map(v, va, true, fault);

		if (!to)
			return -EFAULT;
		memcpy(to, from, len);
		from += len;
		va += len;
		n -= len;
	}
	return 0;
}

int guestmem_translate(struct vcpu *v, u64 va, gfn_t *g)
{
	struct walk w;

	if (!walk_va(v, va, &w) || !walk_allows(&w, 0) || !frame_owned(v->d, pte_gfn(w.gpte)))
		return -EFAULT;
	*g = pte_gfn(w.gpte);
	return 0;
}
