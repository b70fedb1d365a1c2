/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The console ring: a page that the guest may change at any moment, by accident or
 * on purpose. Its indexes are read once per call and checked; ours live outside of
 * it and are only ever published. Whatever the guest does, a call moves no more than
 * a ringful and stays inside the page.
 */
#ifndef PVCTL_RING_H
#define PVCTL_RING_H

#include <stdint.h>

#include <xen/io/console.h>

#include "types.h"

/**
 * struct ring
 * @page: guest memory
 * @out_cons, @in_prod: our indexes
 */
struct ring {
	volatile struct xencons_interface *page;
	u32 out_cons;
	u32 in_prod;
};

/** ring_take - up to @max bytes of the guest's output; returns how many */
size_t ring_take(struct ring *r, u8 *data, size_t max);

/** ring_give - up to @n bytes of input to the guest; returns how many it has room for */
size_t ring_give(struct ring *r, const u8 *data, size_t n);

#endif
