// SPDX-License-Identifier: GPL-2.0
/*
 * See mmu.h. The monitor's own tlb.c runs here on instructions that act on the model;
 * panic() and vcpu_crash() are this file's, too.
 */
#include "mmu.h"

#include <stdio.h>
#include <stdlib.h>

/* Host frame numbers of what the CPU can see, far apart. */
#define HFN_FRAMES	0x12000
#define HFN_POOL	0x54000
#define HFN_SLOTS	0x76000
#define HFN_ROOT5	0x98000
#define HFN_IDLE	0x99000

#define PCID_KERNEL	0x400
#define PCID_USER	0x401

struct mmu *mmu;
static struct vcpu *current;	/* the vCPU whose CPU we are */

static void __noreturn fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "mmu: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}

/* ---------------------------------------------- the monitor's environment */

void panic(struct vcpu *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "panic: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}

void vcpu_crash(struct vcpu *v, u32 reason, const char *fmt, ...)
{
	va_list ap;

	if (v->exit == EXIT_CRASH)
		return;
	va_start(ap, fmt);
	vsnprintf(mmu->text, sizeof(mmu->text), fmt, ap);
	va_end(ap);
	v->exit = EXIT_CRASH;
	v->w->exit_arg[0] = reason;
}

static void cpu_fill(struct vcpu *v);

/* The CPU may look around at any time, so also here. */
bool need_restart(struct vcpu *v)
{
	cpu_fill(v);
	if (!mmu->restart_every || ++mmu->restart_count < mmu->restart_every)
		return false;
	mmu->restart_count = 0;
	return true;
}

bool mmu_serve(struct vcpu *v)
{
	u32 exit = v->exit;

	v->exit = EXIT_NONE;
	switch (exit) {
	case EXIT_NONE:		/* an interrupt */
		return true;
	case EXIT_TOPUP:
		/* One page only: the next want is a restart again. */
		if (mmu->d->pool_pages == mmu->d->pool_limit)
			fail("top-up beyond the limit");
		mmu->d->pool_pages++;
		mmu->topups++;
		return true;
	case EXIT_KICK:
		for (u32 i = 0; i < mmu->config.vcpus; i++)
			if (mmu->v[i] != v && mmu->v[i]->in_guest) {
				mmu_enter(mmu->v[i]);
				mmu_resume(mmu->v[i]);
			}
		current = v;
		return true;
	default:
		v->exit = exit;
		return false;
	}
}

void mmu_progress(u32 tries)
{
	if (tries > 100000)
		fail("a call does not get done");
}

/* -------------------------------------------------------- the CPU's tables */

/* Pool index of a host frame, or ~0. */
static u32 pool_index(u64 hfn)
{
	return hfn >= HFN_POOL && hfn < HFN_POOL + mmu->d->pool_pages ?
	       (u32)(hfn - HFN_POOL) : ~0u;
}

/* gfn of a host frame; scrambled, so that mixing the two up shows. */
static u64 frame_hfn(u64 g)
{
	return HFN_FRAMES + (g ^ 0x55);
}

static u64 frame_gfn(u64 hfn)
{
	u64 g = (hfn - HFN_FRAMES) ^ 0x55;

	return hfn >= HFN_FRAMES && g < mmu->d->nr_frames && mmu->d->frames[g].hfn == hfn ?
	       g : GFN_NONE.n;
}

static u32 vcpu_index(const struct vcpu *v)
{
	return v->id;
}

static bool la57(void)
{
	return mmu->config.features & FEATURE_LA57;
}

static u32 space_of_loaded(const struct vcpu *v)
{
	if (!(mmu->config.features & FEATURE_PCID))
		return 0;
	return (v->loaded & 0xfff) == PCID_USER;
}

/* One pass over everything that is reachable from a table, as of now. */
struct pass {
	struct mmu_tlb *t;
	u32 space;
	u8 visited[MMU_MAX_POOL];
};

static void fill_table(struct pass *p, u32 i, int level);

static void fill_entry(struct pass *p, u64 e, int level, u32 index)
{
	u64 hfn = pte_hfn(e).n, g;

	if (!(e & PTE_P)) {
		if (e)
			fail("non-present entry 0x%llx is not zero", (unsigned long long)e);
		return;
	}
	if (level > 1 && hfn >= HFN_SLOTS && hfn < HFN_SLOTS + LAYOUT_NR_SLOTS) {
		if (level != 4 || index != LAYOUT_SLOT_FIRST + hfn - HFN_SLOTS)
			fail("slot of the monitor at level %d, entry %u", level, index);
		return;
	}
	if (!(e & PTE_US) || !(e & PTE_A) || e & PTE_G || e & PTE_PWT || e & PTE_PCD)
		fail("bits of entry 0x%llx", (unsigned long long)e);
	if (level > 1) {
		if (e & PTE_PSE || pool_index(hfn) == ~0u)
			fail("entry 0x%llx of level %d", (unsigned long long)e, level);
		fill_table(p, pool_index(hfn), level - 1);
		return;
	}
	g = frame_gfn(hfn);
	if (e & PTE_PAT || g == GFN_NONE.n)
		fail("entry 0x%llx names what is not the domain's", (unsigned long long)e);
	if (e & PTE_RW) {
		if (!(e & PTE_D))
			fail("the CPU would write to a shadow: 0x%llx", (unsigned long long)e);
		p->t->writable[p->space][g] = true;
	}
}

static void fill_table(struct pass *p, u32 i, int level)
{
	const u64 *page = shadow_page(mmu->d, i);
	u32 index;

	if (p->visited[i] & BIT(level))
		return;
	p->visited[i] |= BIT(level);
	p->t->tables[p->space][i] |= BIT(level);
	for (index = 0; index < PTE_ENTRIES; index++)
		fill_entry(p, page[index], level, index);
}

/* The tables of level 4 under the root that is loaded. */
static u32 root_tables(const struct vcpu *v, u32 tables[2])
{
	u64 hfn = pte_hfn(v->loaded).n;
	u64 *root5;

	if (hfn == HFN_IDLE)
		return 0;
	if (!la57()) {
		tables[0] = pool_index(hfn);
		if (tables[0] == ~0u)
			fail("CR3 0x%llx", (unsigned long long)v->loaded);
		return 1;
	}
	root5 = mmu->root5[vcpu_index(v)][hfn & 1];
	tables[0] = pool_index(pte_hfn(root5[0]).n);
	tables[1] = pool_index(pte_hfn(root5[511]).n);
	if (tables[0] == ~0u || tables[1] == ~0u)
		fail("top-level table");
	return 2;
}

static bool is_table_page(u32 page, int level);

/*
 * What a CPU may learn at any time: all that it can reach, also by what it kept. In the
 * monitor, pages may have changed roles under what it kept: nothing uses a guest's
 * address there, and it is forgotten before the guest resumes.
 */
static void cpu_fill(struct vcpu *v)
{
	struct pass p = { .t = &mmu->tlb[vcpu_index(v)], .space = space_of_loaded(v) };
	u32 tables[2], n = root_tables(v, tables), i;
	int level;

	for (i = 0; i < n; i++) {
		/* We run on it: the monitor's slots must be there. */
		if (!la57() && !(shadow_page(mmu->d, tables[i])[LAYOUT_SLOT_MONITOR] & PTE_P))
			fail("running on a root without the monitor");
		fill_table(&p, tables[i], 4);
	}
	for (i = 0; i < mmu->d->pool_pages; i++)
		for (level = 1; level <= 4; level++)
			if (p.t->tables[p.space][i] & BIT(level) &&
			    (v->in_guest || is_table_page(i, level)))
				fill_table(&p, i, level);
}

static bool pool_page_free(u32 page)
{
	u32 i;

	for (i = mmu->d->pool_free; i != SHADOW_NONE; i = mmu->d->shadows[i].next)
		if (i == page)
			return true;
	return false;
}

static bool is_table_page(u32 page, int level)
{
	u64 g;

	for (g = 0; g < mmu->d->nr_frames; g++) {
		const struct frame *f = &mmu->d->frames[g];

		if (frame_level(f) != level)
			continue;
		if (f->u.shadow == page || mmu->d->shadows[f->u.shadow].second == page)
			return true;
	}
	return false;
}

/*
 * While the guest of @v runs. @late: another CPU may have asked it to flush meanwhile,
 * so it may write to what has just become a table; but no page may have changed roles.
 */
static void cpu_check(struct vcpu *v, bool late)
{
	const struct mmu_tlb *t = &mmu->tlb[vcpu_index(v)];
	u32 s = space_of_loaded(v), i;
	u64 g;
	int level;

	for (i = 0; i < mmu->d->pool_pages; i++)
		for (level = 1; level <= 4; level++)
			if (t->tables[s][i] & BIT(level) && !pool_page_free(i) &&
			    !is_table_page(i, level))
				fail("page %u is still known as a table of level %d", i, level);
	for (g = 0; g < mmu->d->nr_frames && !late; g++)
		if (t->writable[s][g] && mmu->d->frames[g].type > FRAME_WRITABLE)
			fail("frame %llu of type %u can be written", (unsigned long long)g,
			     mmu->d->frames[g].type);
}

/* --------------------------------------- instructions, and the real tlb.c */

static void cpu_flush(struct vcpu *v, u32 space)
{
	struct mmu_tlb *t = &mmu->tlb[vcpu_index(v)];

	memset(t->tables[space], 0, sizeof(t->tables[space]));
	memset(t->writable[space], 0, sizeof(t->writable[space]));
}

#define PVHV_MONITOR_CPU_H
#define CR3_NOFLUSH	BIT(63)

static void cpu_write_cr3(u64 val)
{
	/* The old root was good until now. */
	u64 root = val & ~CR3_NOFLUSH;

	if (!(mmu->config.features & FEATURE_PCID)) {
		if (val & (CR3_NOFLUSH | 0xfff))
			fail("CR3 0x%llx without PCID", (unsigned long long)val);
		cpu_flush(current, 0);
	} else if (!(val & CR3_NOFLUSH)) {
		cpu_flush(current, (root & 0xfff) == PCID_USER);
	}
	current->loaded = root;
	cpu_fill(current);
}

/* Forgetting less than the real instruction does is on the safe side. */
static void cpu_invlpg(u64 va)
{
	(void)va;
}

static void cpu_invpcid(u64 type, u64 pcid, u64 va)
{
	(void)type;
	(void)pcid;
	if (!lib_canonical(va))
		fail("INVPCID of 0x%llx", (unsigned long long)va);
}

static struct image_header header;
#define image_header header
#include "../../module/monitor/tlb.c"

/* --------------------------------------------------------------- the machine */

static void *zalloc(size_t n, size_t align)
{
	void *p = aligned_alloc(align, ALIGN_UP(n, align));

	if (!p)
		fail("out of memory");
	memset(p, 0, ALIGN_UP(n, align));
	return p;
}

static void new_domain(const struct mmu_config *c)
{
	struct domain *d = zalloc(sizeof(*d), 64);
	u64 g;
	u32 i;

	mmu->d = d;
	d->nr_frames = c->frames + 2;
	d->max_pages = c->frames;
	d->shared_info = c->frames;
	d->pool_limit = c->pool_limit;
	d->pool_pages = c->pool_pages;
	d->pool_free = SHADOW_NONE;
	d->nr_vcpus = c->vcpus;
	d->features = c->features;
	d->frames = zalloc(d->nr_frames * sizeof(*d->frames), 16);
	d->shadows = zalloc(d->pool_limit * sizeof(*d->shadows), 64);
	d->m2p = zalloc(d->nr_frames * 8, 64);
	d->physmap = zalloc(d->nr_frames * PVHV_PAGE_SIZE, PVHV_PAGE_SIZE);
	d->pool = zalloc(d->pool_limit * PVHV_PAGE_SIZE, PVHV_PAGE_SIZE);
	for (g = 0; g < d->nr_frames; g++) {
		d->frames[g].hfn = frame_hfn(g);
		d->frames[g].flags = g < c->frames ? 0 : FRAME_SPECIAL;
	}
	d->frames[d->nr_frames - 1].hfn = 0;	/* a hole */
	for (i = 0; i < d->pool_limit; i++)
		d->shadows[i].hfn = HFN_POOL + i;
	for (i = 0; i < LAYOUT_NR_SLOTS; i++)
		d->slots[i] = gpte(HFN_SLOTS + i, PTE_P | PTE_RW | PTE_A | (i ? 0 : PTE_US));
	d->monitor5[0] = gpte(HFN_SLOTS + 0x100, PTE_P | PTE_RW | PTE_A);
	d->monitor5[1] = gpte(HFN_SLOTS + 0x101, PTE_P | PTE_RW | PTE_A);
}

static void new_vcpu(u32 id)
{
	struct vcpu *v = zalloc(sizeof(*v), 64);
	bool pcid = mmu->config.features & FEATURE_PCID;
	u32 i;

	mmu->v[id] = v;
	mmu->d->vcpus[id] = v;
	v->w = zalloc(sizeof(*v->w), 64);
	v->d = mmu->d;
	v->id = id;
	v->w->pcid_kernel = pcid ? PCID_KERNEL : 0;
	v->w->pcid_user = pcid ? PCID_USER : 0;
	v->w->idle_root = HFN_IDLE << 12 | v->w->pcid_kernel;
	v->w->enter_root = v->w->idle_root;
	v->w->root5_kernel = (HFN_ROOT5 + id * 2) << 12 | v->w->pcid_kernel;
	v->w->root5_user = (HFN_ROOT5 + id * 2 + 1) << 12 | v->w->pcid_user;
	for (i = 0; i < 2; i++)
		mmu->root5[id][i] = zalloc(PVHV_PAGE_SIZE, PVHV_PAGE_SIZE);
	v->root5_kernel = mmu->root5[id][0];
	v->root5_user = mmu->root5[id][1];
	v->cr3_kernel = GFN_NONE;
	v->cr3_user = GFN_NONE;
	v->root = v->root_kernel = v->root_user = v->w->idle_root;
	memset(v->gdt_frames, 0xff, sizeof(v->gdt_frames));
	memset(v->ldt_frames, 0xff, sizeof(v->ldt_frames));
	pgtable_init(v);
	current = v;
	tlb_enter_world(v);
}

void mmu_new(const struct mmu_config *config)
{
	u32 i;

	mmu = zalloc(sizeof(*mmu), 64);
	mmu->config = *config;
	header.features = config->features;
	if (config->frames + 2 > MMU_MAX_FRAMES || config->pool_limit > MMU_MAX_POOL)
		fail("machine too large");
	new_domain(config);
	for (i = 0; i < config->vcpus; i++)
		new_vcpu(i);
	current = mmu->v[0];
}

void mmu_delete(void)
{
	struct domain *d = mmu->d;
	u32 i, n;

	for (i = 0; i < mmu->config.vcpus; i++) {
		for (n = 0; n < 2; n++)
			free(mmu->root5[i][n]);
		free(mmu->v[i]->w);
		free(mmu->v[i]);
	}
	free(d->frames);
	free(d->shadows);
	free(d->m2p);
	free(d->physmap);
	free(d->pool);
	free(d);
	free(mmu);
	mmu = NULL;
}

u64 *mmu_frame(u64 g)
{
	return frame_ptr(mmu->d, gfn(g));
}

enum frame_type mmu_type(u64 g)
{
	return mmu->d->frames[g].type;
}

void mmu_tree(u64 g)
{
	mmu_frame(g)[0] = gpte(g + 1, G_TABLE);
	mmu_frame(g + 1)[0] = gpte(g + 2, G_TABLE);
	mmu_frame(g + 2)[0] = gpte(g + 3, G_TABLE);
}

void mmu_resume(struct vcpu *v)
{
	current = v;
	tlb_enter_monitor(v);
	tlb_apply(v);
	if (v->loaded != v->root)
		fail("the guest would run on the wrong root");
	cpu_fill(v);
	cpu_check(v, false);
}

void mmu_enter(struct vcpu *v)
{
	current = v;
	cpu_fill(v);
	tlb_enter_monitor(v);
	if (mmu->config.features & FEATURE_MELTDOWN && v->loaded == v->root_user &&
	    v->root_user != v->root_kernel)
		fail("in the monitor on a user root");
}

/* ------------------------------------------------------------- guest accesses */

/* The hardware's walk. Returns 0 and the host frame, or the error code. */
static u64 cpu_walk(const struct vcpu *v, u64 va, u64 access, u64 *hfn)
{
	u64 error = PF_USER | access, e;
	u32 tables[2];
	u32 n = root_tables(v, tables), i;
	int level;

	if (!n)
		return error;
	i = tables[n == 2 && va >> 63];
	for (level = 4; level; level--) {
		e = shadow_page(mmu->d, i)[pte_index(va, level)];
		if (!(e & PTE_P))
			return error;
		if (!(e & PTE_US) || (access & PF_WRITE && !(e & PTE_RW)) ||
		    (access & PF_FETCH && e & PTE_NX))
			return error | PF_PRESENT;
		if (level > 1) {
			i = pool_index(pte_hfn(e).n);
			if (i == ~0u)	/* the monitor's own tables: m2p */
				return error | PF_PRESENT;
		}
	}
	*hfn = pte_hfn(e).n;
	return 0;
}

u64 mmu_access(struct vcpu *v, u64 va, u64 access, u64 *g)
{
	u64 error, hfn, told;
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		mmu_resume(v);
		error = lib_canonical(va) ? cpu_walk(v, va, access, &hfn) : PF_USER | access;
		mmu_enter(v);
		if (!error) {
			*g = frame_gfn(hfn);
			return 0;
		}
		switch (pgtable_fault(v, va, error, &told)) {
		case FAULT_RETRY:
			if (!mmu_serve(v))
				return ~0ULL;
			break;
		case FAULT_BOUNCE:
			return v->exit == EXIT_CRASH ? ~0ULL : told | 0x100;
		case FAULT_WRITE_TABLE:
			return MMU_WRITE_TABLE;
		case FAULT_GP:
			return MMU_GP;
		}
	}
	fail("fault at 0x%llx does not end", (unsigned long long)va);
}

/* ------------------------------------------------------------------- checks */

/* Counts again, from the shadows only. */
struct counts {
	u32 refs[MMU_MAX_FRAMES], typed[MMU_MAX_FRAMES];
};

static u64 table_gfn(u64 hfn)
{
	u64 g;

	for (g = 0; g < mmu->d->nr_frames; g++)
		if (frame_level(&mmu->d->frames[g]) &&
		    frame_shadow(mmu->d, gfn(g)).n == hfn)
			return g;
	fail("entry names page 0x%llx, which is no shadow", (unsigned long long)hfn);
}

static void count_table(struct counts *c, const struct frame *f)
{
	int level = frame_level(f);
	u32 index;

	for (index = 0; index < PTE_ENTRIES; index++) {
		u64 spte, g;

		if (level == 4 && index >= LAYOUT_SLOT_FIRST && index <= LAYOUT_SLOT_LAST)
			continue;
		spte = shadow_entry(mmu->d, f->u.shadow, index);
		if (!spte)
			continue;
		g = level == 1 ? frame_gfn(pte_hfn(spte).n) : table_gfn(pte_hfn(spte).n);
		if (g == GFN_NONE.n)
			fail("entry of a foreign frame");
		c->refs[g]++;
		if (level > 1 || spte & PTE_RW)
			c->typed[g]++;
	}
}

static void count_vcpu(struct counts *c, const struct vcpu *v)
{
	const gfn_t roots[2] = { v->cr3_kernel, v->cr3_user };
	u32 i;

	for (i = 0; i < 2; i++)
		if (roots[i].n != GFN_NONE.n) {
			c->refs[roots[i].n]++;
			c->typed[roots[i].n]++;
		}
	for (i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
		if (v->gdt_frames[i] != GFN_NONE.n) {
			c->refs[v->gdt_frames[i]]++;
			c->typed[v->gdt_frames[i]]++;
		}
	if (v->info_page.ptr) {
		c->refs[v->info_page.gfn.n]++;
		c->typed[v->info_page.gfn.n]++;
	}
}

static void check_counts(void)
{
	struct domain *d = mmu->d;
	static struct counts c;
	u64 g;
	u32 i;

	memset(&c, 0, sizeof(c));
	for (g = 0; g < d->nr_frames; g++) {
		if (frame_level(&d->frames[g]))
			count_table(&c, &d->frames[g]);
		if (d->frames[g].flags & FRAME_PINNED) {
			c.refs[g]++;
			c.typed[g]++;
		}
	}
	for (i = 0; i < mmu->config.vcpus; i++)
		count_vcpu(&c, mmu->v[i]);
	for (g = 0; g < d->nr_frames; g++) {
		const struct frame *f = &d->frames[g];
		u32 typed = frame_level(f) ? d->shadows[f->u.shadow].typed : f->u.typed;

		if (f->refs != c.refs[g] || typed != c.typed[g])
			fail("frame %llu of type %u: %u references for %u, %u typed for %u",
			     (unsigned long long)g, f->type, f->refs, c.refs[g], typed,
			     c.typed[g]);
	}
}

static void report(void *arg, const struct audit_difference *diff)
{
	fprintf(stderr, "audit: %s: frame %llu entry %u: 0x%llx instead of 0x%llx\n",
		diff->what, (unsigned long long)diff->gfn, diff->index,
		(unsigned long long)diff->found, (unsigned long long)diff->expected);
}

static bool crashed(void)
{
	u32 i;

	for (i = 0; i < mmu->config.vcpus; i++)
		if (mmu->v[i]->exit == EXIT_CRASH)
			return true;
	return false;
}

void mmu_check(void)
{
	u32 i;

	for (i = 0; i < mmu->config.vcpus; i++)
		if (mmu->v[i]->in_guest) {
			cpu_fill(mmu->v[i]);
			cpu_check(mmu->v[i], true);
		}
	if (mmu->d->lock.holder)
		fail("the lock is held");
	if (mmu->foreign && crashed())
		return;		/* counts may be too high from then on */
	check_counts();
	if (!mmu->foreign && audit_run(mmu->v[0], report, NULL))
		fail("audit");
}
