// SPDX-License-Identifier: GPL-2.0
/*
 * The pool of shadow pages. A free page is zero and waits at the end of the free
 * list, so that by the time it is used again the CPUs have most likely flushed what
 * they knew of it; shadow_take() sees to the rest.
 */
#include "shadow.h"
#include "tlb.h"

void shadow_init(struct domain *d)
{
	int i;

	d->pool_free = SHADOW_NONE;
	d->pool_used = 0;
	for (i = 0; i < PTE_LEVELS; i++)
		d->unreferenced[i] = SHADOW_NONE;
}

/*
 * One page, or SHADOW_NONE. Free pages that another CPU may still walk stay where they
 * are: *waiting tells of them.
 */
static u32 shadow_take(struct vcpu *v, bool *waiting)
{
	struct domain *d = v->d;
	u32 i = d->pool_free;

	if (i != SHADOW_NONE) {
		if (tlb_expire(v, tlb_widen(d, d->shadows[i].stamp, 32))) {
			d->pool_free = d->shadows[i].next;
			return i;
		}
		*waiting = true;
	}
	if (d->pool_used < __atomic_load_n(&d->pool_pages, __ATOMIC_ACQUIRE))
		return d->pool_used++;
	return SHADOW_NONE;
}

/* At the end of the free list: the most recently used page is the last to return. */
static void shadow_give(struct domain *d, u32 i, u64 stamp)
{
	struct shadow *s = &d->shadows[i];

	s->stamp = (u32)stamp;
	s->level = 0;
	s->next = SHADOW_NONE;
	if (d->pool_free == SHADOW_NONE)
		d->pool_free = i;
	else
		d->shadows[d->pool_free_last].next = i;
	d->pool_free_last = i;
}

static bool has_second_page(const struct domain *d, int level)
{
	return level == PTE_LEVELS && d->features & (FEATURE_LA57 | FEATURE_MELTDOWN);
}

/*
 * The monitor's slots in the page or pages of an L4: all of them, but on CPUs with
 * Meltdown only the m2p and the monitor itself in the second, for guest user mode.
 * With LA57 they hang elsewhere; just the m2p is in the guest's half, the second page.
 */
static void shadow_set_slots(struct domain *d, const struct shadow *s, u64 *first)
{
	u64 *second = s->second == SHADOW_NONE ? NULL : shadow_page(d, s->second);
	u32 i;

	if (d->features & FEATURE_LA57) {
		second[LAYOUT_SLOT_M2P] = d->slots[0];
		return;
	}
	for (i = 0; i < LAYOUT_NR_SLOTS; i++)
		first[LAYOUT_SLOT_FIRST + i] = d->slots[i];
	if (second) {
		second[LAYOUT_SLOT_M2P] = d->slots[0];
		second[LAYOUT_SLOT_MONITOR] = d->slots[1];
	}
}

/* One page, or two where the level needs them. */
static u32 shadow_take_all(struct vcpu *v, u32 pages, u32 *second, bool *waiting)
{
	u32 i = shadow_take(v, waiting);

	*second = SHADOW_NONE;
	if (i == SHADOW_NONE || pages == 1)
		return i;
	*second = shadow_take(v, waiting);
	if (*second != SHADOW_NONE)
		return i;
	shadow_give(v->d, i, tlb_stamp(v->d));
	return SHADOW_NONE;
}

u32 shadow_alloc(struct vcpu *v, gfn_t table, int level, u32 *wanted)
{
	struct domain *d = v->d;
	bool waiting = false;
	u32 i, second;
	struct shadow *s;

	*wanted = has_second_page(d, level) ? 2 : 1;
	i = shadow_take_all(v, *wanted, &second, &waiting);
	if (i == SHADOW_NONE) {
		if (waiting)
			*wanted = 0;
		return SHADOW_NONE;
	}
	s = &d->shadows[i];
	s->gfn = (u32)table.n;
	s->level = (u8)level;
	s->second = second;
	s->typed = 1;
	s->present = 0;
	if (level == PTE_LEVELS)
		shadow_set_slots(d, s, shadow_page(d, i));
	vcpu_count(v, COUNTER_shadow_alloc);
	return i;
}

/* Free pages are zero: the entries are gone, the slots go here. */
static void shadow_clear_slots(struct domain *d, u32 i)
{
	u64 *page = shadow_page(d, i);
	u32 slot;

	for (slot = LAYOUT_SLOT_FIRST; slot <= LAYOUT_SLOT_LAST; slot++)
		WRITE_ONCE(page[slot], 0);
}

void shadow_free(struct domain *d, u32 i)
{
	struct shadow *s = &d->shadows[i];
	u32 second = s->second;
	u64 stamp;

	if (s->level == PTE_LEVELS) {
		shadow_clear_slots(d, i);
		if (second != SHADOW_NONE)
			shadow_clear_slots(d, second);
	}
	stamp = tlb_stamp(d);
	shadow_give(d, i, stamp);
	if (second != SHADOW_NONE)
		shadow_give(d, second, stamp);
}

void shadow_link(struct domain *d, u32 i)
{
	struct shadow *s = &d->shadows[i];
	u32 *head = &d->unreferenced[s->level - 1];

	s->prev = SHADOW_NONE;
	s->next = *head;
	if (*head != SHADOW_NONE)
		d->shadows[*head].prev = i;
	*head = i;
}

void shadow_unlink(struct domain *d, u32 i)
{
	struct shadow *s = &d->shadows[i];

	if (s->prev == SHADOW_NONE)
		d->unreferenced[s->level - 1] = s->next;
	else
		d->shadows[s->prev].next = s->next;
	if (s->next != SHADOW_NONE)
		d->shadows[s->next].prev = s->prev;
}

u32 shadow_unreferenced(const struct domain *d, int lowest)
{
	int level;

	for (level = PTE_LEVELS; level >= lowest; level--)
		if (d->unreferenced[level - 1] != SHADOW_NONE)
			return d->unreferenced[level - 1];
	return SHADOW_NONE;
}

static u64 *slot(const struct domain *d, u32 i, u32 index)
{
	return shadow_half(d, i, index / SHADOW_HALF) + index % SHADOW_HALF;
}

u64 shadow_entry(const struct domain *d, u32 i, u32 index)
{
	return *slot(d, i, index);
}

void shadow_set(struct domain *d, u32 i, u32 index, u64 spte)
{
	struct shadow *s = &d->shadows[i];
	u64 *at = slot(d, i, index);

	s->present += !!spte - !!*at;
	WRITE_ONCE(*at, spte);
	if (s->level == PTE_LEVELS && s->second != SHADOW_NONE && !(d->features & FEATURE_LA57))
		WRITE_ONCE(shadow_page(d, s->second)[index], spte);
}
