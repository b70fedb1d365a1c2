// SPDX-License-Identifier: GPL-2.0
/*
 * The audit takes every reference it can find the reason for off the counts, looks
 * whether anything is left, and puts them back. Needs no memory of its own.
 */
#include "audit.h"
#include "frame.h"
#include "shadow.h"

struct audit {
	struct domain *d;
	u32 step;		/* added to counts: ~0 to take off, 1 to put back */
	bool quiet;		/* second pass: everything has been reported */
	u64 differences;
	void (*report)(void *arg, const struct audit_difference *diff);
	void *arg;
};

static void differ(struct audit *a, const char *what, u64 g, u32 index, u64 found, u64 expected)
{
	struct audit_difference diff = { what, g, index, found, expected };

	if (a->quiet || found == expected)
		return;
	a->differences++;
	if (a->report)
		a->report(a->arg, &diff);
}

static void use_table(struct audit *a, gfn_t g, int level, u32 index)
{
	struct frame *f;

	if (!frame_owned(a->d, g) || frame_level(&a->d->frames[g.n]) != level) {
		differ(a, "reference to a frame that is no such table", g.n, index, 0, level);
		return;
	}
	f = &a->d->frames[g.n];
	f->refs += a->step;
	a->d->shadows[f->u.shadow].typed += a->step;
}

/* A use of the frame, which holds it to @type unless that is FRAME_NONE. */
static void use_frame(struct audit *a, gfn_t g, enum frame_type type, u32 index)
{
	struct frame *f;

	if (!frame_owned(a->d, g)) {
		differ(a, "reference to a frame not owned", g.n, index, 0, 1);
		return;
	}
	f = &a->d->frames[g.n];
	f->refs += a->step;
	if (type == FRAME_NONE)
		return;
	if (f->type == type)
		f->u.typed += a->step;
	else
		differ(a, "use against the type", g.n, index, f->type, type);
}

static void audit_entry(struct audit *a, u32 i, u32 index, u64 gpte, u64 spte)
{
	const struct shadow *s = &a->d->shadows[i];
	gfn_t g = pte_gfn(gpte);
	u64 expected = 0;

	differ(a, "entry not acceptable", s->gfn, index, !pte_acceptable(gpte, s->level), 0);
	if (!pte_is_mapped(gpte, s->level)) {
		differ(a, "shadow of an unmapped entry", s->gfn, index, spte, 0);
		return;
	}
	if (s->level > 1) {
		use_table(a, g, s->level - 1, index);
		if (frame_owned(a->d, g) && frame_level(&a->d->frames[g.n]) == s->level - 1)
			expected = pte_shadow(gpte, s->level, frame_shadow(a->d, g));
	} else {
		use_frame(a, g, spte & PTE_RW ? FRAME_WRITABLE : FRAME_NONE, index);
		if (frame_owned(a->d, g))
			expected = pte_shadow(gpte, 1, hfn(a->d->frames[g.n].hfn));
	}
	differ(a, "shadow entry", s->gfn, index, spte, expected);
}

/* What an L4 has in place of guest entries. */
static void audit_slots(struct audit *a, u32 i)
{
	const struct domain *d = a->d;
	const struct shadow *s = &d->shadows[i];
	bool la57 = d->features & FEATURE_LA57;
	u32 n;

	for (n = 0; n < LAYOUT_NR_SLOTS; n++) {
		u64 found = shadow_page(d, i)[LAYOUT_SLOT_FIRST + n];

		differ(a, "slot", s->gfn, n, found, la57 ? 0 : d->slots[n]);
		if (s->second == SHADOW_NONE)
			continue;
		found = shadow_page(d, s->second)[LAYOUT_SLOT_FIRST + n];
		differ(a, "slot of the second page", s->gfn, n, found,
		       n == 0 || (n == 1 && !la57) ? d->slots[n] : 0);
	}
}

/* Guest entries of an L4 also stand in its second page, or only in one of the two. */
static void audit_second(struct audit *a, u32 i, u32 index, u64 spte)
{
	const struct domain *d = a->d;
	const struct shadow *s = &d->shadows[i];

	if (s->second == SHADOW_NONE)
		return;
	if (!(d->features & FEATURE_LA57))
		differ(a, "second page", s->gfn, index, shadow_page(d, s->second)[index], spte);
	else if (index < PTE_ENTRIES / 2)
		differ(a, "high half", s->gfn, index, shadow_page(d, s->second)[index], 0);
	else
		differ(a, "low half", s->gfn, index, shadow_page(d, i)[index], 0);
}

static void audit_table(struct audit *a, u32 i)
{
	const struct domain *d = a->d;
	const struct shadow *s = &d->shadows[i];
	const u64 *gtable = frame_ptr(d, gfn(s->gfn));
	u32 index, present = 0;

	for (index = 0; index < PTE_ENTRIES; index++) {
		u64 spte;

		if (s->level == PTE_LEVELS && index == LAYOUT_SLOT_FIRST)
			index = LAYOUT_SLOT_LAST + 1;
		spte = shadow_entry(d, i, index);
		present += !!spte;
		audit_entry(a, i, index, gtable[index], spte);
		if (s->level == PTE_LEVELS)
			audit_second(a, i, index, spte);
	}
	differ(a, "present entries", s->gfn, 0, s->present, present);
	if (s->level == PTE_LEVELS)
		audit_slots(a, i);
}

static void use_page(struct audit *a, const struct vcpu_shared_page *p)
{
	if (p->ptr)
		use_frame(a, p->gfn, FRAME_WRITABLE, 0);
}

static void audit_vcpu(struct audit *a, const struct vcpu *v)
{
	u32 i;

	if (v->cr3_kernel.n != GFN_NONE.n)
		use_table(a, v->cr3_kernel, PTE_LEVELS, 0);
	if (v->cr3_user.n != GFN_NONE.n)
		use_table(a, v->cr3_user, PTE_LEVELS, 0);
	use_page(a, &v->info_page);
	use_page(a, &v->time_page);
	use_page(a, &v->runstate_page);
	use_page(a, &v->runstate_rest);
	for (i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
		if (v->gdt_frames[i] != GFN_NONE.n)
			use_frame(a, gfn(v->gdt_frames[i]), FRAME_SEGMENT, i);
	for (i = 0; i < ARRAY_SIZE(v->ldt_frames); i++)
		if (v->ldt_frames[i] != GFN_NONE.n)
			use_frame(a, gfn(v->ldt_frames[i]), FRAME_SEGMENT, i);
}

/* All references with a reason, once. */
static void audit_uses(struct audit *a)
{
	struct domain *d = a->d;
	u64 g;
	u32 i;

	for (g = 0; g < d->nr_frames; g++) {
		const struct frame *f = &d->frames[g];
		int level = frame_level(f);

		if (level)
			audit_table(a, f->u.shadow);
		if (f->flags & FRAME_PINNED)
			use_table(a, gfn(g), level ? level : PTE_LEVELS, 0);
	}
	for (i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i])
			audit_vcpu(a, d->vcpus[i]);
}

/* With all of them taken off. */
static void audit_rest(struct audit *a)
{
	struct domain *d = a->d;
	u64 g;

	for (g = 0; g < d->nr_frames; g++) {
		const struct frame *f = &d->frames[g];
		const struct shadow *s;

		differ(a, "references", g, 0, f->refs, 0);
		differ(a, "incomplete table", g, 0, f->flags & FRAME_VALIDATING, 0);
		if (!frame_level(f)) {
			differ(a, "typed references", g, 0, f->u.typed, 0);
			continue;
		}
		s = &d->shadows[f->u.shadow];
		differ(a, "references to the table", g, 0, s->typed, 0);
		differ(a, "gfn of the shadow", g, 0, s->gfn, g);
		differ(a, "level of the shadow", g, 0, s->level, frame_level(f));
	}
}

/* A frame has a type as long as it has a use for it, and a table is listed if not. */
static void audit_types(struct audit *a)
{
	struct domain *d = a->d;
	u64 g, unreferenced = 0, listed = 0;
	u32 i;
	int n;

	for (g = 0; g < d->nr_frames; g++) {
		const struct frame *f = &d->frames[g];

		if (frame_level(f))
			unreferenced += !d->shadows[f->u.shadow].typed;
		else
			differ(a, "type", g, 0, !!f->u.typed, f->type != FRAME_NONE);
	}
	for (n = 0; n < PTE_LEVELS; n++) {
		for (i = d->unreferenced[n]; i != SHADOW_NONE; i = d->shadows[i].next) {
			differ(a, "list of unreferenced tables", i, n, d->shadows[i].typed, 0);
			differ(a, "level in that list", i, n, d->shadows[i].level, n + 1);
			if (++listed > d->pool_used)
				break;
		}
	}
	differ(a, "unreferenced tables", 0, 0, listed, unreferenced);
}

/* Every page of the pool ever used is a shadow, a second page, or free and zero. */
static void audit_pool(struct audit *a)
{
	struct domain *d = a->d;
	u64 g, pages = 0;
	u32 i, n;

	for (g = 0; g < d->nr_frames; g++)
		if (frame_level(&d->frames[g]))
			pages += d->shadows[d->frames[g].u.shadow].second == SHADOW_NONE ? 1 : 2;
	for (i = d->pool_free; i != SHADOW_NONE; i = d->shadows[i].next) {
		for (n = 0; n < PTE_ENTRIES; n++)
			differ(a, "free page", i, n, shadow_page(d, i)[n], 0);
		if (++pages > d->pool_used)
			break;
	}
	differ(a, "pages of the pool", 0, 0, pages, d->pool_used);
}

u64 audit_run(struct vcpu *v,
	      void (*report)(void *arg, const struct audit_difference *diff), void *arg)
{
	struct audit a = { .d = v->d, .report = report, .arg = arg };

	audit_types(&a);
	audit_pool(&a);
	a.step = ~0u;
	audit_uses(&a);
	audit_rest(&a);
	a.step = 1;
	a.quiet = true;
	audit_uses(&a);
	return a.differences;
}
