/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory by guest virtual address. The monitor never dereferences such an
 * address: it walks the guest's tables of the current mode itself and copies through
 * the physmap. An access has the rights, and sets the accessed and dirty bits, of the
 * guest's own.
 *
 * What is read here may change before the next read: copy once, then check.
 */
#ifndef PVHV_MONITOR_GUESTMEM_H
#define PVHV_MONITOR_GUESTMEM_H

#include "walk.h"

/* The page fault that the guest would have taken. */
struct guestmem_fault {
	u64 va;
	u64 error;
};

/* Low bits of vcpu_translation.key; the rest is the page's address. */
#define TRANSLATION_VALID	BIT(0)
#define TRANSLATION_WRITE	BIT(1)	/* writable: also serves for reading */

static inline struct vcpu_translation *guestmem_slot(struct vcpu *v, u64 va)
{
	return &v->translation[(va >> PVHV_PAGE_SHIFT) & (VCPU_TRANSLATIONS - 1)];
}

/**
 * guestmem_cached - @n bytes at @va under @root, if a recent translation is at hand
 * NULL otherwise, also when they are on two pages. Changes nothing.
 */
static inline void *guestmem_cached(struct vcpu *v, gfn_t root, u64 va, u64 n, bool write)
{
	const struct vcpu_translation *slot = guestmem_slot(v, va);
	u64 offset = va & (PVHV_PAGE_SIZE - 1);
	u64 key = (va - offset) | TRANSLATION_VALID | TRANSLATION_WRITE;

	if (likely((write ? slot->key : slot->key | TRANSLATION_WRITE) == key &&
		   slot->root == root.n && v->translations == READ_ONCE(v->d->translations) &&
		   READ_ONCE(*slot->spte_at) == slot->spte && offset + n <= PVHV_PAGE_SIZE))
		return slot->ptr + offset;
	return NULL;
}

/* Without a recent translation, or over several pages. */
int __must_check guestmem_read_long(struct vcpu *v, void *dst, u64 va, u64 n,
				    struct guestmem_fault *fault);
int __must_check guestmem_write_long(struct vcpu *v, u64 va, const void *src, u64 n,
				     struct guestmem_fault *fault);

/**
 * guestmem_read - copy @n bytes from guest address @va
 * @fault: out, on failure; may be NULL
 *
 * Returns 0 or -EFAULT; then nothing or a first part has been copied.
 */
static inline int __must_check guestmem_read(struct vcpu *v, void *dst, u64 va, u64 n,
					     struct guestmem_fault *fault)
{
	const void *from = guestmem_cached(v, walk_root(v), va, n, false);

	if (unlikely(!from))
		return guestmem_read_long(v, dst, va, n, fault);
	memcpy(dst, from, n);
	return 0;
}

/** guestmem_write - copy @n bytes to guest address @va; otherwise as guestmem_read() */
static inline int __must_check guestmem_write(struct vcpu *v, u64 va, const void *src, u64 n,
					      struct guestmem_fault *fault)
{
	void *to = guestmem_cached(v, walk_root(v), va, n, true);

	if (unlikely(!to))
		return guestmem_write_long(v, va, src, n, fault);
	memcpy(to, src, n);
	return 0;
}

/**
 * guestmem_map - where @va is for the monitor, valid to the end of its page
 * Good until the guest next runs or changes a page table. NULL: not accessible.
 */
void *guestmem_map(struct vcpu *v, u64 va, bool write, struct guestmem_fault *fault);

/** guestmem_translate - the frame behind @va for reading; -EFAULT when there is none */
int __must_check guestmem_translate(struct vcpu *v, u64 va, gfn_t *g);

/** guestmem_gfn_ptr - a frame in the physmap; the domain must own it */
static inline void *guestmem_gfn_ptr(const struct domain *d, gfn_t g)
{
	return frame_ptr(d, g);
}

/** guestmem_reserved - is @va in the part of the address space that is not the guest's? */
static inline bool guestmem_reserved(u64 va)
{
	return pte_reserved(va);
}

#endif
