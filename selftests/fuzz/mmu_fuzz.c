// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest can do to its page tables, in any order, against reference.c: each call
 * must return what the reference says, guest memory must be what the reference says,
 * and mmu_check() must find nothing, after each step.
 *
 * Where the monitor may differ from the reference, and does no harm by it: a table that
 * only tables without references refer to is a table to it, and memory to the
 * reference. Such a table's updates may also be refused or keep bits as a table's do,
 * and a write to it through a read-only mapping may be taken for one to a table.
 */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAMES	16

/* The interesting slots: both halves, edges, those of the monitor. */
static const u16 indexes[8] = { 0, 1, 2, 255, 256, 271, 272, 511 };

static const u64 hosts[8] = {
	0, FEATURE_PCID, FEATURE_PCID | FEATURE_INVPCID, FEATURE_MELTDOWN,
	FEATURE_MELTDOWN | FEATURE_PCID, FEATURE_LA57 | FEATURE_PCID,
	FEATURE_LA57 | FEATURE_MELTDOWN | FEATURE_PCID, FEATURE_LA57,
};

/* The input, as far as it is read; zeroes follow. */
static const u8 *input;
static size_t input_left;

static struct reference ref;
static struct vcpu *v;
static u32 cpu;			/* which one @v is */
static bool over;		/* the domain has crashed, as it may */
static const char *doing;

static void wrong(const char *what, u64 got, u64 expected)
{
	fprintf(stderr, "%s: %s is 0x%llx instead of 0x%llx\n", doing, what,
		(unsigned long long)got, (unsigned long long)expected);
	abort();
}

static u8 next(void)
{
	if (!input_left)
		return 0;
	input_left--;
	return *input++;
}

static u64 next_frame(void)
{
	return next() % (FRAMES + 3);	/* memory, special, hole, beyond */
}

static u32 next_index(void)
{
	return indexes[next() & 7];
}

static u64 next_entry(void)
{
	static const u64 bits[8] = {
		PTE_P, PTE_RW, PTE_A, PTE_D, PTE_US, PTE_NX, PTE_PSE, PTE_G,
	};
	u64 entry = next_frame() << 12;
	u8 flags = next();
	u32 i;

	/* Most entries are those that kernels write. */
	if (flags < 64)
		return entry | G_RW;
	if (flags < 96)
		return entry | G_RO;
	for (i = 0; i < 8; i++)
		entry |= flags >> i & 1 ? bits[i] : 0;
	return entry;
}

static u64 next_address(void)
{
	u8 a = next(), b = next();
	u64 va = (u64)indexes[a & 7] << 39 | (u64)(a >> 3 & 1) << 30 | (u64)(a >> 4 & 1) << 21 |
		 (u64)indexes[b & 7] << 12 | (u64)(b >> 3) * 8;

	if (va >> 47 & 1 && (a >> 5) != 7)
		va |= 0xffff000000000000;
	return va;
}

/* ------------------------------------------------------------- comparisons */

/* Promotion, also one that is not finished, sets accessed bits above level 1. */
static void check_memory(void)
{
	u64 g;
	u32 i;

	for (g = 0; g <= FRAMES; g++) {
		const u64 *found = mmu_frame(g);

		if (!memcmp(found, ref.mem[g], PVHV_PAGE_SIZE))
			continue;
		for (i = 0; i < PTE_ENTRIES; i++) {
			if (found[i] == ref.mem[g][i])
				continue;
			if (!(found[i] & PTE_P) || found[i] != (ref.mem[g][i] | PTE_A))
				wrong("guest memory", found[i], ref.mem[g][i]);
			ref.mem[g][i] = found[i];
		}
	}
}

/* Whether @err is right; true if the call has been carried out. */
static bool returned(int err, int expected)
{
	if (err == -RESTART && v->exit == EXIT_CRASH) {
		over = true;
		return false;
	}
	if (err != expected)
		wrong("result", (u64)(s64)err, (u64)(s64)expected);
	return !err;
}

static bool is_live_table(const struct reference_uses *u, u64 g)
{
	return g < FRAMES && u->level[g];
}

/* A table to the monitor, and none to the reference. */
static bool is_dead_table(const struct reference_uses *u, u64 g)
{
	return g < FRAMES && !u->level[g] && frame_level(&mmu->d->frames[g]);
}

static int good_or_einval(const struct reference_uses *u)
{
	return reference_good(&ref, u) ? 0 : -EINVAL;
}

/* An update of a live table; *@val: what will be written. */
static int expect_entry(struct reference_uses *u, u64 g, u32 index, u64 *val)
{
	int level = u->level[g];

	if (level == 4 && index >= 256 && index <= 271)
		return -EINVAL;
	if (!(*val & PTE_P))
		return 0;
	if (level == 1) {
		reference_add_leaf(&ref, u, *val);
		return good_or_einval(u);
	}
	if (*val & PTE_PSE)
		return -EINVAL;
	reference_add_table(&ref, u, (*val & PTE_ADDR) >> 12, level - 1);
	*val |= PTE_A;
	return good_or_einval(u);
}

/* ------------------------------------------------------------------ steps */

/* What an update of a dead table did instead of what one of memory does. */
static bool dead_update(struct reference_uses *u, u64 g, u32 index, u64 val, int err)
{
	u64 found = mmu_frame(g)[index];

	if (!is_dead_table(u, g))
		return false;
	if (err == -EINVAL)
		return true;
	if (err || (found & ~(PTE_A | PTE_D)) != (val & ~(PTE_A | PTE_D)))
		return false;
	ref.mem[g][index] = found;
	return true;
}

static void step_update(void)
{
	u64 g = next_frame(), val = next_entry();
	u8 a = next();
	u32 index = indexes[a & 7];
	bool keep_ad = a & 8, dead;
	struct reference_uses u;
	int expected = 0, err;

	reference_uses(&ref, &u);
	dead = is_dead_table(&u, g);
	if (!reference_owned(&ref, g)) {
		expected = -EINVAL;
	} else if (is_live_table(&u, g)) {
		if (keep_ad)
			val |= ref.mem[g][index] & (PTE_A | PTE_D);
		expected = expect_entry(&u, g, index, &val);
	} else if (ref.segment[g]) {
		expected = -EINVAL;
	}
	err = mmu_call(v, pgtable_update(v, g << 12 | index * 8,
					 val, keep_ad));
	/* It is one no more if the update was to plain memory. */
	if (dead && (err == -EINVAL || mmu_frame(g)[index] != val)) {
		reference_uses(&ref, &u);
		if (dead_update(&u, g, index, val, err))
			return;
	}
	if (returned(err, expected))
		ref.mem[g][index] = val;
}

static void step_cmpxchg(void)
{
	u64 g = next_frame(), val = next_entry(), old;
	u8 a = next();
	u32 index = indexes[a & 7];
	struct reference_uses u;
	int expected = 0, err;
	bool dead;

	reference_uses(&ref, &u);
	dead = is_dead_table(&u, g);
	old = reference_owned(&ref, g) ? ref.mem[g][index] ^ (a >> 3 & 1) : 0;
	if (!reference_owned(&ref, g))
		expected = -EINVAL;
	else if (!is_live_table(&u, g) && ref.segment[g])
		expected = -EINVAL;
	else if (old != ref.mem[g][index])
		expected = -EBUSY;
	else if (is_live_table(&u, g))
		expected = expect_entry(&u, g, index, &val);
	err = mmu_call(v, pgtable_cmpxchg(v, gfn(g), index, old, val));
	if (dead && !expected && (err == -EINVAL || mmu_frame(g)[index] != val)) {
		reference_uses(&ref, &u);
		if (dead_update(&u, g, index, val, err))
			return;
	}
	if (returned(err, expected))
		ref.mem[g][index] = val;
}

static gfn_t current_root(void)
{
	return ref.root[cpu][v->user_mode];
}

static void step_update_va(void)
{
	u64 va = next_address(), val = next_entry();
	struct reference_uses u;
	struct reference_walk w;
	int expected = -EINVAL, err;

	reference_uses(&ref, &u);
	reference_walk(&ref, current_root(), va, &w);
	if (w.level == 1)
		expected = expect_entry(&u, w.table, w.index, &val);
	err = mmu_call(v, pgtable_update_va(v, va, val));
	if (returned(err, expected))
		ref.mem[w.table][w.index] = val;
}

static void step_pin(void)
{
	u64 g = next_frame();
	int level = 1 + (next() & 3), expected = -EINVAL;
	struct reference_uses u;

	reference_uses(&ref, &u);
	if (g < FRAMES && !ref.pin[g]) {
		reference_add_table(&ref, &u, g, level);
		expected = good_or_einval(&u);
	}
	if (returned(mmu_call(v, pgtable_pin(v, gfn(g), FRAME_L1 + level - 1)), expected))
		ref.pin[g] = (u8)level;
}

static void step_unpin(void)
{
	u64 g = next_frame();

	if (returned(mmu_call(v, pgtable_unpin(v, gfn(g))),
		     g < FRAMES && ref.pin[g] ? 0 : -EINVAL))
		ref.pin[g] = 0;
}

static void step_load(void)
{
	u64 g = next_frame();
	bool user = next() & 1;
	gfn_t root = user && !g ? GFN_NONE : gfn(g);
	struct reference_uses u;
	int expected;

	reference_uses(&ref, &u);
	if (root.n == GFN_NONE.n) {
		expected = 0;
	} else {
		reference_add_table(&ref, &u, g, 4);
		expected = good_or_einval(&u);
	}
	if (returned(mmu_call(v, pgtable_load(v, gfn(g), user)), expected))
		ref.root[cpu][user] = root;
}

static void step_mode(void)
{
	v->user_mode = !v->user_mode;
	v->root = v->user_mode ? v->root_user : v->root_kernel;
}

/* ------------------------------------------------- accesses of the guest */

enum outcome { DONE, FAULTS, WRITES_TABLE, NOT_CANONICAL };

/* What becomes of an access, and of accessed and dirty bits. */
static enum outcome expect_access(u64 va, u64 access, struct reference_walk *w, u64 *error)
{
	struct reference_uses u;
	u64 g;

	*error = access | (v->user_mode ? PF_USER : 0);
	if (!lib_canonical(va))
		return NOT_CANONICAL;
	reference_walk(&ref, current_root(), va, w);
	if (w->level != 1 || !(w->gpte & PTE_P))
		return FAULTS;
	*error |= PF_PRESENT;
	g = (w->gpte & PTE_ADDR) >> 12;
	reference_uses(&ref, &u);
	if (access & PF_WRITE) {
		if (!v->user_mode && is_live_table(&u, g))
			return WRITES_TABLE;
		if (!w->writable || is_live_table(&u, g) || ref.segment[g])
			return FAULTS;
	}
	return access & PF_FETCH && !w->executable ? FAULTS : DONE;
}

static void note_access(const struct reference_walk *w, u64 access)
{
	ref.mem[w->table][w->index] |= PTE_A | (access & PF_WRITE ? PTE_D : 0);
}

/* Also the monitor's own slots: there, only what the guest is told is fixed. */
static bool in_reserved_slot(u64 va)
{
	return lib_canonical(va) && (va >> 39 & 511) >= 256 && (va >> 39 & 511) <= 271;
}

static void step_access(void)
{
	static const u64 kinds[4] = { 0, PF_WRITE, PF_FETCH, PF_WRITE };
	u64 va = next_address(), access = kinds[next() & 3], error, found, g = GFN_NONE.n;
	struct reference_walk w;
	struct reference_uses u;
	enum outcome outcome = expect_access(va, access, &w, &error);
	bool dead;

	if (in_reserved_slot(va))
		return;
	reference_uses(&ref, &u);
	dead = outcome == FAULTS && w.level == 1 && is_dead_table(&u, (w.gpte & PTE_ADDR) >> 12);
	found = mmu_access(v, va, access, &g);
	if (found == ~0ULL) {
		over = true;
		return;
	}
	switch (outcome) {
	case DONE:
		if (found || g != (w.gpte & PTE_ADDR) >> 12)
			wrong("frame of the access", found ? found : g, (w.gpte & PTE_ADDR) >> 12);
		note_access(&w, access);
		break;
	case FAULTS:
		if (dead && access & PF_WRITE && found == MMU_WRITE_TABLE)
			break;
		if (found != (error | 0x100))
			wrong("error code", found, error | 0x100);
		break;
	case WRITES_TABLE:
		if (found != MMU_WRITE_TABLE)
			wrong("outcome", found, MMU_WRITE_TABLE);
		break;
	case NOT_CANONICAL:
		if (found != MMU_GP)
			wrong("outcome", found, MMU_GP);
		break;
	}
}

/* The monitor's own way to guest memory, with its caches, must see the same. */
static void step_guestmem(void)
{
	u64 va = next_address(), access = next() & 1 ? PF_WRITE : 0, error;
	struct reference_walk w;
	enum outcome outcome = expect_access(va, access, &w, &error);
	u8 *expected = NULL, *found;
	struct guestmem_fault fault;

	if (outcome == DONE)
		expected = (u8 *)mmu_frame((w.gpte & PTE_ADDR) >> 12) + (va & 4095);
	found = guestmem_map(v, va, access, &fault);
	if (v->exit == EXIT_CRASH) {
		over = true;
		return;
	}
	if (found != expected)
		wrong("address in guest memory", (u64)found, (u64)expected);
	if (found)
		note_access(&w, access);
	else if (fault.va != va || (fault.error != error && !in_reserved_slot(va) &&
				    outcome != NOT_CANONICAL))
		wrong("error code", fault.error, error);
}

/* ------------------------------------------- uses by the monitor, and others */

/* One slot of each kind, as segment.c and event.c keep them. */
static void step_use(void)
{
	u64 g = next_frame();
	bool segment = next() & 1;
	struct vcpu_shared_page *page = &v->info_page;
	u8 *uses = segment ? ref.segment : ref.writable;
	struct reference_uses u;
	int err, expected = -EINVAL;

	if (segment && v->gdt_frames[0] != GFN_NONE.n) {
		frame_put_segment(v, gfn(v->gdt_frames[0]));
		uses[v->gdt_frames[0]]--;
		v->gdt_frames[0] = GFN_NONE.n;
	} else if (!segment && page->ptr) {
		frame_put_writable(v, page->gfn);
		uses[page->gfn.n]--;
		page->ptr = NULL;
	}
	reference_uses(&ref, &u);
	if (reference_owned(&ref, g)) {
		uses[g]++;
		expected = good_or_einval(&u);
		uses[g]--;
	}
	err = mmu_call(v, segment ? frame_get_segment(v, gfn(g)) : frame_get_writable(v, gfn(g)));
	if (!returned(err, expected))
		return;
	uses[g]++;
	if (segment)
		v->gdt_frames[0] = g;
	else
		*page = (struct vcpu_shared_page){ gfn(g), mmu_frame(g) };
}

static void step_flush(void)
{
	u64 va = next_address();

	switch (next() & 3) {
	case 0:
		tlb_flush_local(v);
		break;
	case 1:
		tlb_flush_domain(v);
		break;
	case 2:
		tlb_invlpg(v, va);
		break;
	default:
		tlb_invlpg_domain(v, va);
	}
}

/* The process that owns the memory may write to it, to tables too, but only harm itself. */
static void step_foreign(void)
{
	u64 g = next_frame(), val = next_entry();
	u32 index = next_index();

	if (g >= FRAMES)
		return;
	mmu->foreign = true;
	mmu_frame(g)[index] = val;
}

static void step_restarts(void)
{
	mmu->restart_every = next() & 7;
	mmu->restart_count = 0;
}

/* The one we leave goes on with what it does: in its guest, if it is there. */
static void step_other_cpu(void)
{
	cpu = (cpu + 1) % mmu->config.vcpus;
	v = mmu->v[cpu];
	mmu_enter(v);
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[16] = {
	{ "update", step_update }, { "update", step_update }, { "update", step_update },
	{ "update_va", step_update_va }, { "update_va", step_update_va },
	{ "cmpxchg", step_cmpxchg }, { "pin", step_pin }, { "unpin", step_unpin },
	{ "load", step_load }, { "mode", step_mode }, { "access", step_access },
	{ "guestmem", step_guestmem }, { "use", step_use }, { "flush", step_flush },
	{ "restarts", step_restarts }, { "other CPU", step_other_cpu },
};

/* ------------------------------------------------------------------ a life */

static void set(u64 g, u32 index, u64 val)
{
	mmu_frame(g)[index] = ref.mem[g][index] = val;
}

/* As a kernel finds it: its tables, all else mapped writable, in both halves. */
static void fill_guest(void)
{
	u32 n;

	set(0, 272, gpte(1, G_TABLE));
	set(1, 0, gpte(2, G_TABLE));
	set(2, 0, gpte(3, G_TABLE));
	set(0, 0, gpte(4, G_TABLE));
	set(4, 0, gpte(5, G_TABLE));
	set(5, 0, gpte(6, G_TABLE));
	for (n = 0; n < 8; n++)
		set(3, indexes[n], gpte(n, n < 7 ? G_RO : G_RW));
	set(6, 0, gpte(7, G_RW));
	set(6, 1, gpte(8, G_RW));
}

static void start(u8 a, u8 b)
{
	struct mmu_config config = {
		.frames = FRAMES, .vcpus = 1 + (a >> 3 & 1), .features = hosts[a & 7],
		.pool_limit = a & 0x10 ? 12 : 2 * FRAMES, .pool_pages = a & 0x20 ? 0 : 10,
	};

	mmu_new(&config);
	reference_new(&ref, FRAMES);
	v = mmu->v[0];
	cpu = 0;
	over = false;
	doing = "start";
	mmu->restart_every = b & 7;
	fill_guest();
	if (!returned(mmu_call(v, pgtable_load_initial(v, gfn(0))), 0))
		return;
	ref.pin[0] = 4;
	ref.root[0][0] = gfn(0);
}

static void step(u8 a)
{
	bool foreign_wanted = a == 0xff;

	doing = foreign_wanted ? "foreign" : steps[a & 15].name;
	if (v->in_guest && (foreign_wanted || steps[a & 15].run != step_other_cpu))
		mmu_enter(v);
	if (foreign_wanted)
		step_foreign();
	else
		steps[a & 15].run();
}

/*
 * After a foreign write the reference knows nothing: only that the monitor stays whole,
 * which mmu_check() and the CPU's view tell.
 */
static void life_after_foreign_write(void)
{
	while (input_left && v->exit != EXIT_CRASH) {
		u64 g = next_frame(), val = next_entry(), va = next_address(), seen;
		u32 index = next_index();
		u8 a = next();
		int err = 0;

		if (v->in_guest)
			mmu_enter(v);
		doing = "after a foreign write";
		switch (a & 7) {
		case 0:
			err = mmu_call(v, pgtable_update(v, g << 12 | index * 8, val, false));
			break;
		case 1:
			err = mmu_call(v, pgtable_update_va(v, va, val));
			break;
		case 2:
			err = mmu_call(v, pgtable_pin(v, gfn(g), FRAME_L1 + (a >> 3 & 3)));
			break;
		case 3:
			err = mmu_call(v, pgtable_unpin(v, gfn(g)));
			break;
		case 4:
			err = mmu_call(v, pgtable_load(v, gfn(g), a & 8));
			break;
		case 5:
			mmu_access(v, va, a & 8 ? PF_WRITE : 0, &seen);
			break;
		case 6:
			guestmem_map(v, va, a & 8, NULL);
			break;
		default:
			if (g < FRAMES)
				mmu_frame(g)[index] = val;
		}
		if (err && err != -EINVAL && v->exit != EXIT_CRASH)
			wrong("result", (u64)(s64)err, 0);
		mmu_check();
		if (a & 0x80 && v->exit != EXIT_CRASH)
			mmu_resume(v);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	input = data;
	input_left = size;
	start(next(), next());
	while (!over && input_left) {
		u8 a = next();

		step(a);
		mmu_check();
		if (mmu->foreign) {
			life_after_foreign_write();
			break;
		}
		if (!over)
			check_memory();
		/* The guest goes on, on what it has now, and stays there for a while. */
		if (a & 0x10 && !over)
			mmu_resume(v);
	}
	reference_delete(&ref);
	mmu_delete();
	return 0;
}
