// SPDX-License-Identifier: GPL-2.0
/*
 * Whole tables and single updates, on each kind of host: 4 and 5 levels, with and
 * without Meltdown, with and without PCID.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "mmu.h"

static const u64 hosts[] = {
	0,
	FEATURE_PCID,
	FEATURE_PCID | FEATURE_INVPCID,
	FEATURE_MELTDOWN,
	FEATURE_MELTDOWN | FEATURE_PCID,
	FEATURE_LA57 | FEATURE_PCID,
	FEATURE_LA57 | FEATURE_MELTDOWN | FEATURE_PCID,
};

static struct vcpu *v;

/*
 * A guest kernel as Linux is at its start: a root at 0 with frames mapped from both
 * halves, kernel tables at 1-3 under slot 272, user tables at 4-6 under slot 0.
 * Frame n is mapped at 0xffff880000000000 + n * 4096: tables read-only, others
 * writable; frames 20-27 also at address n * 4096 in the user half.
 */
#define KERNEL	0xffff880000000000ULL
#define KVA(n)	(KERNEL + (u64)(n) * 4096)
#define UVA(n)	((u64)(n) * 4096)
#define FIRST_FREE	10

static void fill_guest(void)
{
	int n;

	mmu_frame(0)[272] = gpte(1, G_TABLE);
	mmu_frame(1)[0] = gpte(2, G_TABLE);
	mmu_frame(2)[0] = gpte(3, G_TABLE);
	mmu_frame(0)[0] = gpte(4, G_TABLE);
	mmu_frame(4)[0] = gpte(5, G_TABLE);
	mmu_frame(5)[0] = gpte(6, G_TABLE);
	for (n = 0; n < 32; n++)
		mmu_frame(3)[n] = gpte(n, n < FIRST_FREE ? G_RO : G_RW);
	for (n = 20; n < 28; n++)
		mmu_frame(6)[n] = gpte(n, G_RW);
}

static void new_guest(u64 features, u32 pool, u32 limit)
{
	const struct mmu_config config = {
		.frames = 32, .pool_pages = pool, .pool_limit = limit, .vcpus = 1,
		.features = features,
	};

	mmu_new(&config);
	v = mmu->v[0];
	fill_guest();
	assert_int_equal(mmu_call(v, pgtable_load_initial(v, gfn(0))), 0);
	mmu_check();
}

static void boot(u64 features)
{
	new_guest(features, 64, 64);
}

static void end(void)
{
	mmu_check();
	mmu_resume(v);
	mmu_delete();
}

static int update(u64 table, u32 index, u64 val)
{
	int err = mmu_call(v, pgtable_update(v, table << 12 | index * 8, val, false));

	mmu_check();
	return err;
}

static int pin(u64 g, enum frame_type type)
{
	int err = mmu_call(v, pgtable_pin(v, gfn(g), type));

	mmu_check();
	return err;
}

static int unpin(u64 g)
{
	int err = pgtable_unpin(v, gfn(g));

	mmu_check();
	return err;
}

static u64 seen(u64 va, u64 access)
{
	u64 g = GFN_NONE.n, error = mmu_access(v, va, access, &g);

	return error ? error << 32 : g;
}

/* -------------------------------------------------------------------- tests */

static void test_boot(void **state)
{
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		assert_true(mmu->d->frames[0].flags & FRAME_PINNED);
		assert_int_equal(mmu_type(3), FRAME_L1);
		assert_int_equal(mmu_type(20), FRAME_WRITABLE);
		assert_int_equal(mmu->d->frames[20].u.typed, 2);
		assert_int_equal(seen(KVA(20), PF_WRITE), 20);
		assert_int_equal(seen(UVA(21), PF_WRITE), 21);
		assert_int_equal(seen(KVA(3), 0), 3);
		assert_int_equal(seen(KVA(3), PF_WRITE), (u64)MMU_WRITE_TABLE << 32);
		assert_int_equal(seen(UVA(3), 0), 0x100ULL << 32);
		end();
	}
}

/* Frame @g as a root with the user half only; frame 0 in this place means none. */
static void load_user_root(u64 g)
{
	assert_int_equal(update(3, g, gpte(g, G_RO)), 0);
	mmu_frame(g)[0] = gpte(4, G_TABLE);
	assert_int_equal(mmu_call(v, pgtable_load(v, gfn(g), true)), 0);
}

/* As SWAPGS and iret do: the guest goes on in its other mode. */
static void change_mode(void)
{
	v->user_mode = !v->user_mode;
	v->root = v->user_mode ? v->root_user : v->root_kernel;
	mmu_resume(v);
	mmu_enter(v);
}

/* What user mode reaches of the monitor, by host. */
static void test_user_root(void **state)
{
	u32 h, shadow;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		const u64 *page;

		boot(hosts[h]);
		load_user_root(10);
		mmu_check();
		v->user_mode = true;
		v->root = v->root_user;
		assert_int_equal(seen(UVA(21), PF_WRITE), 21);
		if (hosts[h] & FEATURE_LA57) {
			u64 monitor = v->root5_user[LAYOUT_SLOT_M2P];

			assert_int_equal(monitor, v->d->monitor5[!!(hosts[h] & FEATURE_MELTDOWN)]);
			assert_int_equal(v->root5_kernel[LAYOUT_SLOT_M2P], v->d->monitor5[0]);
			end();
			continue;
		}
		shadow = v->d->frames[10].u.shadow;
		if (hosts[h] & FEATURE_MELTDOWN)
			shadow = v->d->shadows[shadow].second;
		page = shadow_page(v->d, shadow);
		assert_int_equal(pte_hfn(v->root_user).n, v->d->shadows[shadow].hfn);
		assert_true(page[256] && page[257]);
		assert_int_equal(!!page[258], !(hosts[h] & FEATURE_MELTDOWN));
		assert_int_equal(!!page[271], !(hosts[h] & FEATURE_MELTDOWN));
		end();
	}
}

static void test_pin(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(pin(0, FRAME_L4), -EINVAL);	/* it is already */
	assert_int_equal(unpin(7), -EINVAL);
	/* A writable mapping is in the way. */
	assert_int_equal(pin(11, FRAME_L1), -EINVAL);
	assert_int_equal(update(3, 11, gpte(11, G_RO)), 0);
	assert_int_equal(pin(11, FRAME_L1), 0);
	assert_int_equal(pin(11, FRAME_L1), -EINVAL);
	assert_int_equal(update(3, 11, gpte(11, G_RW)), -EINVAL);
	assert_int_equal(unpin(11), 0);
	assert_int_equal(update(3, 11, gpte(11, G_RW)), 0);
	assert_int_equal(mmu_type(11), FRAME_WRITABLE);
	/* Not owned. */
	assert_int_equal(pin(33, FRAME_L1), -EINVAL);
	assert_int_equal(pin(1000, FRAME_L1), -EINVAL);
	end();
}

/* The same frame at two levels, itself below itself, tables in a circle. */
static void test_linear(void **state)
{
	boot(FEATURE_PCID);
	/* The root as its own L3; an L4 in an L4. */
	assert_int_equal(update(0, 300, gpte(0, G_TABLE)), -EINVAL);
	assert_int_equal(update(0, 300, gpte(4, G_TABLE)), 0);
	assert_int_equal(update(4, 9, gpte(4, G_TABLE)), -EINVAL);
	assert_int_equal(update(5, 9, gpte(4, G_TABLE)), -EINVAL);
	assert_int_equal(update(6, 9, gpte(6, G_RW)), -EINVAL);
	assert_int_equal(update(6, 9, gpte(6, G_RO)), 0);
	/* Before any of them is a table. */
	assert_int_equal(update(3, 11, gpte(11, G_RO)), 0);
	assert_int_equal(update(3, 12, gpte(12, G_RO)), 0);
	mmu_frame(11)[0] = gpte(11, G_TABLE);
	assert_int_equal(pin(11, FRAME_L4), -EINVAL);
	assert_int_equal(pin(11, FRAME_L2), -EINVAL);
	mmu_frame(11)[0] = gpte(12, G_TABLE);
	mmu_frame(12)[0] = gpte(11, G_TABLE);
	assert_int_equal(pin(11, FRAME_L3), -EINVAL);
	assert_int_equal(mmu_type(11), FRAME_NONE);
	/* As a level-1 table it maps itself: fine if it cannot write. */
	mmu_frame(11)[0] = gpte(11, G_RW);
	assert_int_equal(pin(11, FRAME_L1), -EINVAL);
	mmu_frame(11)[0] = gpte(11, G_RO);
	assert_int_equal(pin(11, FRAME_L1), 0);
	/* Its parent cannot be writable in it either. */
	mmu_frame(12)[0] = gpte(11, G_TABLE);
	assert_int_equal(update(11, 1, gpte(12, G_RW)), 0);
	assert_int_equal(pin(12, FRAME_L2), -EINVAL);
	assert_int_equal(update(11, 1, 0), 0);
	assert_int_equal(pin(12, FRAME_L2), 0);
	/* Another level than the one it is in use at. */
	assert_int_equal(update(0, 301, gpte(12, G_TABLE)), -EINVAL);
	end();
}

/* Found while its parent is being validated: the child maps the parent writable. */
static void test_child_maps_parent(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(update(3, 11, 0), 0);
	assert_int_equal(update(3, 12, 0), 0);
	mmu_frame(11)[3] = gpte(12, G_TABLE);
	mmu_frame(12)[3] = gpte(11, G_RW);
	assert_int_equal(pin(11, FRAME_L2), -EINVAL);
	/* The order of validation must not matter: the child first. */
	assert_int_equal(pin(12, FRAME_L1), 0);
	assert_int_equal(pin(11, FRAME_L2), -EINVAL);
	assert_int_equal(unpin(12), 0);
	assert_int_equal(pin(11, FRAME_L2), -EINVAL);
	end();
}

static void test_entries_refused(void **state)
{
	static const struct { u64 table; u32 index; u64 gpte; } bad[] = {
		{ 3, 100, 33ULL << 12 | G_RO },		/* not owned */
		{ 3, 100, 34ULL << 12 | G_RO },		/* beyond the end */
		{ 3, 100, 34ULL << 12 | PTE_P },	/* also if not accessed */
		{ 3, 100, PTE_ADDR | G_RO },
		{ 2, 100, 11ULL << 12 | G_TABLE | PTE_PSE },
		{ 1, 100, 11ULL << 12 | G_TABLE | PTE_PSE },
		{ 0, 100, 1ULL << 12 | G_TABLE | PTE_PSE },
		{ 2, 100, 33ULL << 12 | G_TABLE },
		{ 2, 100, 32ULL << 12 | G_TABLE },	/* special */
		{ 2, 100, 11ULL << 12 | G_TABLE },	/* mapped writable */
		{ 2, 100, 2ULL << 12 | G_TABLE },	/* another level */
		{ 0, 256, 1ULL << 12 | G_TABLE },	/* the monitor's */
		{ 0, 271, 1ULL << 12 | G_TABLE },
		{ 0, 260, 0 },
	};
	u32 i;

	boot(FEATURE_PCID);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 before = mmu_frame(bad[i].table)[bad[i].index];

		assert_int_equal(update(bad[i].table, bad[i].index, bad[i].gpte), -EINVAL);
		assert_int_equal(mmu_frame(bad[i].table)[bad[i].index], before);
	}
	assert_int_equal(pgtable_update(v, 33 << 12, 0, false), -EINVAL);
	assert_int_equal(pgtable_update(v, ~7ULL, 0, false), -EINVAL);
	end();
}

/* What a guest has in the monitor's slots before promotion is its own business. */
static void test_slots_ignored(void **state)
{
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		assert_int_equal(update(3, 11, 0), 0);
		mmu_frame(11)[256] = ~0ULL;
		mmu_frame(11)[257] = gpte(20, G_RW);
		mmu_frame(11)[271] = gpte(11, G_RW);
		mmu_frame(11)[272] = gpte(1, G_TABLE);
		assert_int_equal(pin(11, FRAME_L4), 0);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(11), false)), 0);
		mmu_check();
		assert_int_equal(seen(KVA(20), PF_WRITE), 20);
		assert_int_equal(seen(UVA(21), 0), 0x100ULL << 32);
		end();
	}
}

static void test_plain_write(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(update(20, 7, 0x1234), 0);
	assert_int_equal(mmu_frame(20)[7], 0x1234);
	assert_int_equal(update(32, 7, 0x77), 0);		/* special */
	assert_int_equal(frame_get_segment(v, gfn(33)), -EINVAL);
	assert_int_equal(update(3, 11, gpte(11, G_RO)), 0);
	assert_int_equal(frame_get_segment(v, gfn(11)), 0);
	assert_int_equal(pgtable_update(v, 11 << 12, 1, false), -EINVAL);
	frame_put_segment(v, gfn(11));
	/* A table without references is memory again, whatever is written. */
	assert_int_equal(pin(11, FRAME_L1), 0);
	assert_int_equal(unpin(11), 0);
	assert_int_equal(update(11, 3, ~0ULL), 0);
	assert_int_equal(mmu_frame(11)[3], ~0ULL);
	assert_int_equal(mmu_type(11), FRAME_NONE);
	assert_int_equal(pin(11, FRAME_L1), -EINVAL);
	end();
}

static void test_preserve_ad(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(update(3, 25, gpte(25, G_RW)), 0);
	assert_int_equal(pgtable_update(v, 3 << 12 | 25 * 8, gpte(25, PTE_P | PTE_RW), true), 0);
	mmu_check();
	assert_int_equal(mmu_frame(3)[25], gpte(25, PTE_P | PTE_RW | PTE_A | PTE_D));
	assert_int_equal(pgtable_update(v, 3 << 12 | 25 * 8, gpte(25, PTE_P | PTE_RW), false), 0);
	mmu_check();
	assert_int_equal(mmu_frame(3)[25], gpte(25, PTE_P | PTE_RW));
	end();
}

/* Every change of one entry to any other, seen by the guest. */
static void test_shapes(void **state)
{
	static const u64 shapes[] = {
		0, 0x123000 << 1,
		20ULL << 12 | G_RW, 20ULL << 12 | G_RO, 20ULL << 12 | PTE_P,
		20ULL << 12 | G_RW | PTE_NX, 20ULL << 12 | G_RW | BIT(9) | BIT(58) | PTE_PWT,
		21ULL << 12 | G_RW, 21ULL << 12 | G_RO, 21ULL << 12 | PTE_P | PTE_RW | PTE_A,
		3ULL << 12 | G_RO, 32ULL << 12 | G_RW,
	};
	u32 from, to;

	boot(FEATURE_PCID);
	for (from = 0; from < ARRAY_SIZE(shapes); from++)
		for (to = 0; to < ARRAY_SIZE(shapes); to++) {
			u64 g = pte_gfn(shapes[to]).n;

			assert_int_equal(update(3, 400, shapes[from]), 0);
			assert_int_equal(update(3, 400, shapes[to]), 0);
			assert_int_equal(mmu_frame(3)[400], shapes[to]);
			tlb_flush_local(v);
			assert_int_equal(seen(KVA(400), 0),
					 shapes[to] & PTE_P ? g : 0x100ULL << 32);
			assert_int_equal(seen(KVA(400), PF_FETCH),
					 !(shapes[to] & PTE_P) ? 0x110ULL << 32 :
					 shapes[to] & PTE_NX ? 0x111ULL << 32 : g);
		}
	end();
}

static void test_update_va(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, KVA(40), gpte(20, G_RW))), 0);
	assert_int_equal(seen(KVA(40), PF_WRITE), 20);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, KVA(40), gpte(3, G_RW))), -EINVAL);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, KERNEL + (2 << 20), 0)), -EINVAL);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, 0xffff800000000000, 0)), -EINVAL);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, 0x800000000000, 0)), -EINVAL);
	end();
}

/*
 * A walk through an entry that somebody wrote from outside finds a table that nothing
 * refers to. When it is none any more, the walk that is remembered must not go there: the
 * word that told where its shadow is counts something else then.
 */
static void test_walk_of_foreign(void **state)
{
	struct walk w;

	boot(FEATURE_PCID);
	mmu->foreign = true;
	assert_int_equal(update(3, 11, gpte(11, G_RO)), 0);
	assert_int_equal(pin(11, FRAME_L1), 0);
	assert_int_equal(unpin(11), 0);
	mmu_frame(2)[1] = gpte(11, G_TABLE);
	assert_true(walk_va(v, KERNEL + (2 << 20), &w));
	assert_int_equal(w.table.n, 11);
	assert_int_equal(mmu_call(v, pgtable_update_va(v, KVA(11), gpte(11, G_RW))), 0);
	assert_int_equal(mmu_type(11), FRAME_WRITABLE);
	assert_false(walk_va(v, KERNEL + (2 << 20), &w));
	assert_int_equal(mmu_call(v, pgtable_update_va(v, KERNEL + (2 << 20), gpte(20, G_RO))),
			 -EINVAL);
	mmu_frame(2)[1] = 0;
	end();
}

static void test_cmpxchg(void **state)
{
	u64 old;

	boot(FEATURE_PCID);
	old = mmu_frame(3)[25];
	assert_int_equal(pgtable_cmpxchg(v, gfn(3), 25, old ^ 1, 0), -EBUSY);
	assert_int_equal(pgtable_cmpxchg(v, gfn(3), 25, old, gpte(3, G_RW)), -EINVAL);
	assert_int_equal(mmu_frame(3)[25], old);
	assert_int_equal(pgtable_cmpxchg(v, gfn(3), 25, old, old & ~PTE_RW), 0);
	assert_int_equal(mmu_frame(3)[25], old & ~PTE_RW);
	assert_int_equal(pgtable_cmpxchg(v, gfn(3), 512, 0, 0), -EINVAL);
	assert_int_equal(pgtable_cmpxchg(v, gfn(33), 0, 0, 0), -EINVAL);
	/* Not a table any more. */
	assert_int_equal(pgtable_cmpxchg(v, gfn(20), 0, 0, 5), 0);
	assert_int_equal(pgtable_cmpxchg(v, gfn(20), 0, 0, 6), -EBUSY);
	assert_int_equal(mmu_frame(20)[0], 5);
	end();
}

/* An upper-level entry: A is set; replaced children go when nobody else has them. */
static void test_upper(void **state)
{
	boot(FEATURE_PCID);
	assert_int_equal(update(3, 11, gpte(11, G_RO)), 0);
	assert_int_equal(update(2, 1, gpte(11, PTE_P | PTE_RW)), 0);
	assert_int_equal(mmu_frame(2)[1], gpte(11, PTE_P | PTE_RW | PTE_A));
	assert_int_equal(update(11, 5, gpte(22, G_RW)), 0);
	assert_int_equal(seen(KERNEL + (2 << 20) + UVA(5), PF_WRITE), 22);
	/* Rights combine over the levels. */
	assert_int_equal(update(2, 1, gpte(11, PTE_P)), 0);
	tlb_flush_local(v);
	assert_int_equal(seen(KERNEL + (2 << 20) + UVA(5), PF_WRITE), 0x103ULL << 32);
	assert_int_equal(update(2, 1, gpte(11, PTE_P | PTE_RW | PTE_NX)), 0);
	assert_int_equal(seen(KERNEL + (2 << 20) + UVA(5), PF_WRITE), 22);
	assert_int_equal(seen(KERNEL + (2 << 20) + UVA(5), PF_FETCH), 0x111ULL << 32);
	assert_int_equal(update(2, 1, gpte(6, G_TABLE)), 0);
	tlb_flush_local(v);
	assert_int_equal(seen(KERNEL + (2 << 20) + UVA(20), PF_WRITE), 20);
	assert_int_equal(mmu_type(11), FRAME_L1);
	assert_int_equal(update(3, 11, gpte(11, G_RW)), 0);
	assert_int_equal(mmu_type(11), FRAME_WRITABLE);
	end();
}

/*
 * As Linux leaves an mm: unpin the root, then make all its pages writable, leaves
 * first. And as it makes one: read-only first, then pin.
 */
static void test_exit_and_fork(void **state)
{
	static const u64 order[] = { 13, 12, 11, 10 };
	u32 h, n, round;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		mmu->restart_every = 2;
		for (round = 0; round < 3; round++) {
			mmu_tree(10);
			mmu_frame(13)[7] = gpte(20 + round, G_RW);
			mmu_frame(10)[272] = gpte(1, G_TABLE);
			for (n = 0; n < 4; n++)
				assert_int_equal(update(3, 10 + n, gpte(10 + n, G_RO)), 0);
			assert_int_equal(pin(10, FRAME_L4), 0);
			assert_int_equal(mmu_call(v, pgtable_load(v, gfn(10), false)), 0);
			assert_int_equal(mmu_call(v, pgtable_load(v, gfn(10), true)), 0);
			assert_int_equal(seen(UVA(7), PF_WRITE), 20 + round);
			assert_int_equal(mmu_call(v, pgtable_load(v, gfn(0), false)), 0);
			assert_int_equal(mmu_call(v, pgtable_load(v, gfn(0), true)), 0);
			assert_int_equal(mmu_call(v, pgtable_load(v, gfn(0), true)), 0);
			assert_int_equal(unpin(10), 0);
			for (n = 0; n < 4; n++)
				assert_int_equal(mmu_call(v, pgtable_update_va(v, KVA(order[n]),
							  gpte(order[n], G_RW))), 0);
			mmu_check();
			assert_int_equal(mmu_type(13), FRAME_WRITABLE);
			assert_int_equal(mmu_access(v, KVA(13), PF_WRITE, &(u64){ 0 }), 0);
		}
		end();
	}
}

/* The root in use keeps its shadow whatever happens to its pin. */
static void test_loaded_root(void **state)
{
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		assert_int_equal(unpin(0), 0);
		assert_int_equal(update(3, 0, gpte(0, G_RW)), -EINVAL);
		assert_int_equal(seen(KVA(20), PF_WRITE), 20);
		assert_int_equal(update(3, 10, 0), 0);
		mmu_frame(10)[272] = gpte(1, G_TABLE);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(10), false)), 0);
		/* We run in the monitor now, and take the old root's shadow. */
		assert_int_equal(update(3, 0, gpte(0, G_RW)), 0);
		assert_int_equal(seen(KVA(0), PF_WRITE), 0);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(3), false)), -EINVAL);
		assert_int_equal(mmu_call(v, pgtable_load(v, GFN_NONE, false)), -EINVAL);
		end();
	}
}

static void test_no_user_root(void **state)
{
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(0), true)), 0);
		assert_int_equal(v->cr3_user.n, GFN_NONE.n);
		assert_int_equal(update(3, 10, 0), 0);
		mmu_frame(10)[0] = gpte(4, G_TABLE);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(10), true)), 0);
		assert_int_equal(v->cr3_user.n, 10);
		assert_int_equal(mmu_call(v, pgtable_load(v, gfn(0), true)), 0);
		assert_int_equal(v->cr3_user.n, GFN_NONE.n);
		assert_int_equal(update(3, 10, gpte(10, G_RW)), 0);
		end();
	}
}

static void test_machphys(void **state)
{
	boot(0);
	assert_int_equal(pgtable_machphys(v, gfn(5), 0x99), 0);
	assert_int_equal(v->d->m2p[5], 0x99);
	assert_int_equal(pgtable_machphys(v, gfn(32), 0x99), -EINVAL);
	assert_int_equal(pgtable_machphys(v, gfn(34), 0x99), -EINVAL);
	end();
}

static void test_bad_initial(void **state)
{
	const struct mmu_config config = {
		.frames = 8, .pool_pages = 8, .pool_limit = 8, .vcpus = 1,
	};

	mmu_new(&config);
	v = mmu->v[0];
	mmu_frame(0)[0] = gpte(1, G_TABLE);
	mmu_frame(1)[0] = gpte(9, G_TABLE);
	assert_int_equal(mmu_call(v, pgtable_load_initial(v, gfn(0))), -EINVAL);
	assert_int_equal(v->exit, EXIT_CRASH);
	assert_int_equal(v->w->exit_arg[0], CRASH_PAGETABLE);
	assert_int_equal(v->cr3_kernel.n, GFN_NONE.n);
	v->exit = 0;
	mmu_check();
	mmu_delete();
}

/* -------------------------------------------------------- pool and restarts */

/* The pool is empty at first and grows one page at a time: each allocation fails once. */
static void test_topup(void **state)
{
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		new_guest(hosts[h], 0, 64);
		assert_in_range(mmu->topups, 7, 9);
		assert_int_equal(mmu->topups, v->d->pool_used);
		assert_int_equal(seen(KVA(20), PF_WRITE), 20);
		end();
	}
}

static void test_every_restart(void **state)
{
	u32 h, n;

	for (h = 0; h < ARRAY_SIZE(hosts); h++)
		for (n = 1; n < 9; n++) {
			const struct mmu_config config = {
				.frames = 32, .pool_pages = 0, .pool_limit = 64, .vcpus = 1,
				.features = hosts[h],
			};

			mmu_new(&config);
			v = mmu->v[0];
			mmu->restart_every = n;
			fill_guest();
			assert_int_equal(mmu_call(v, pgtable_load_initial(v, gfn(0))), 0);
			assert_int_equal(seen(KVA(20), PF_WRITE), 20);
			end();
		}
}

/* A table all of whose entries end the use of another: a restart point after each of them. */
static void test_restart_filling(void **state)
{
	u32 restarts = 0, i;
	u64 g;

	boot(FEATURE_PCID);
	for (g = 11; g < 15; g++)
		assert_int_equal(update(3, (u32)g, gpte(g, G_RO)), 0);
	for (g = 12; g < 15; g++) {
		mmu_frame(11)[g] = gpte(g, G_RW);
		assert_int_equal(pin(g, FRAME_L1), 0);
		assert_int_equal(unpin(g), 0);
	}
	mmu->restart_every = 1;
	for (i = 0; i < 10 && pgtable_pin(v, gfn(11), FRAME_L1) == -RESTART; i++) {
		mmu_check();
		assert_true(mmu_serve(v));
		restarts++;
	}
	assert_int_equal(restarts, 3);
	assert_int_equal(mmu_type(11), FRAME_L1);
	assert_int_equal(mmu_type(14), FRAME_WRITABLE);
	end();
}

/* At the limit: tables nobody refers to give way; without any the domain ends. */
static void test_pool_limit(void **state)
{
	u32 h, n, tables;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		u32 root = hosts[h] & (FEATURE_LA57 | FEATURE_MELTDOWN) ? 2 : 1;

		new_guest(hosts[h], 0, 6 + root + 2);
		for (n = 10; n < 16; n++) {
			assert_int_equal(update(3, n, 0), 0);
			assert_int_equal(pin(n, FRAME_L1), 0);
			assert_int_equal(unpin(n), 0);
			mmu_resume(v);
		}
		/* The last one has a page, and one of the others, whichever it is. */
		for (n = 10, tables = 0; n < 16; n++)
			tables += mmu_type(n) == FRAME_L1;
		assert_int_equal(tables, 2);
		assert_int_equal(mmu_type(15), FRAME_L1);
		assert_int_equal(pin(10, FRAME_L1), 0);
		assert_int_equal(pin(11, FRAME_L1), 0);
		assert_int_equal(v->exit, EXIT_NONE);
		assert_int_equal(mmu_call(v, pgtable_pin(v, gfn(12), FRAME_L1)), -RESTART);
		assert_int_equal(v->exit, EXIT_CRASH);
		assert_int_equal(v->w->exit_arg[0], CRASH_POOL);
		v->exit = 0;
		assert_int_equal(mmu_type(12), FRAME_NONE);
		end();
	}
}

/* A pin that fails late leaves nothing half done. */
static void test_failed_pin(void **state)
{
	boot(FEATURE_PCID);
	mmu->restart_every = 2;
	assert_int_equal(update(3, 10, 0), 0);
	assert_int_equal(update(3, 11, 0), 0);
	assert_int_equal(update(3, 12, 0), 0);
	assert_int_equal(update(3, 13, 0), 0);
	mmu_tree(10);
	mmu_frame(13)[0] = gpte(20, G_RW);
	mmu_frame(13)[511] = gpte(33, G_RO);
	assert_int_equal(pin(10, FRAME_L4), -EINVAL);
	assert_int_equal(mmu_type(13), FRAME_NONE);
	assert_int_equal(mmu_type(10), FRAME_NONE);
	mmu_frame(13)[511] = 0;
	mmu_frame(10)[511] = gpte(13, G_TABLE);	/* a level-1 table as level 3 */
	assert_int_equal(pin(10, FRAME_L4), -EINVAL);
	mmu_frame(10)[511] = 0;
	assert_int_equal(pin(10, FRAME_L4), 0);
	end();
}

/* ------------------------------------------------------------------- flushes */

static u64 flushes(void)
{
	return v->d->flush_clock;
}

/* A frame that has not been writable since the last flush needs none to be a table. */
static void test_flush_stamps(void **state)
{
	u64 before;

	boot(FEATURE_PCID);
	mmu_resume(v);
	mmu_enter(v);
	assert_int_equal(update(3, 10, 0), 0);
	before = flushes();
	assert_int_equal(pin(10, FRAME_L1), 0);
	mmu_resume(v);
	assert_int_equal(flushes(), before + 1);
	mmu_enter(v);

	assert_int_equal(update(3, 11, 0), 0);
	tlb_flush_local(v);
	mmu_resume(v);
	mmu_enter(v);
	/* User mode's translations are flushed when it runs. */
	load_user_root(12);
	change_mode();
	change_mode();
	before = flushes();
	assert_int_equal(pin(11, FRAME_L1), 0);
	mmu_resume(v);
	mmu_enter(v);
	assert_int_equal(flushes(), before);
	change_mode();
	assert_int_equal(flushes(), before);
	change_mode();

	/* One of the two spaces has not been flushed: just that one is, when it is next used. */
	assert_int_equal(update(3, 13, 0), 0);
	tlb_request(v, TLB_FLUSH_KERNEL);
	mmu_resume(v);
	mmu_enter(v);
	before = flushes();
	assert_int_equal(pin(13, FRAME_L1), 0);
	mmu_resume(v);
	mmu_enter(v);
	assert_int_equal(flushes(), before);
	change_mode();
	assert_int_equal(flushes(), before + 1);
	change_mode();
	assert_int_equal(flushes(), before + 1);
	end();
}

/*
 * Another domain has run on this CPU. Each of the two address spaces is flushed before
 * even the monitor uses it, because its own addresses are the same in all domains; the
 * one that the CPU enters on is the host's to flush.
 */
static void test_other_domain(void **state)
{
	struct mmu_tlb *t;
	u32 h;

	for (h = 0; h < ARRAY_SIZE(hosts); h++) {
		boot(hosts[h]);
		t = &mmu->tlb[0];
		load_user_root(12);
		change_mode();
		v->loaded = v->root_user;
		tlb_leave_world(v);
		v->w->request |= REQUEST_FLUSH_TLB;
		tlb_enter_world(v);
		mmu_resume(v);
		t->writable[0][3] = hosts[h] & FEATURE_PCID;
		tlb_load_quick(v, v->root_kernel);	/* a system call */
		assert_false(t->writable[0][3]);
		mmu_resume(v);

		tlb_flush_local(v);
		mmu_resume(v);
		t->writable[0][3] = hosts[h] & FEATURE_PCID;
		mmu_enter(v);
		assert_true(!(hosts[h] & FEATURE_MELTDOWN) || !t->writable[0][3]);
		t->writable[0][3] = false;
		end();
	}
}

/* 16 bits of a stamp: what wraps may cost a flush, never save one. */
static void test_stamp_wrap(void **state)
{
	u64 offset;

	boot(FEATURE_PCID);
	for (offset = 0; offset < 0x20010; offset += 0xfff) {
		assert_int_equal(update(3, 10, gpte(10, G_RW)), 0);
		mmu_resume(v);
		mmu_enter(v);
		assert_int_equal(update(3, 10, gpte(10, G_RO)), 0);
		v->d->flush_clock += offset;	/* flushes of some other vCPU */
		assert_int_equal(pin(10, FRAME_L1), 0);
		mmu_resume(v);			/* fails if frame 10 can be written */
		mmu_enter(v);
		assert_int_equal(unpin(10), 0);
	}
	end();
}

/* Another CPU keeps a page of the pool from being used again until it has flushed. */
static void test_other_cpu(void **state)
{
	const struct mmu_config config = {
		.frames = 32, .pool_pages = 9, .pool_limit = 9, .vcpus = 2,
		.features = FEATURE_PCID,
	};
	struct vcpu *other;
	u32 page;

	mmu_new(&config);
	v = mmu->v[0];
	other = mmu->v[1];
	fill_guest();
	assert_int_equal(mmu_call(v, pgtable_load_initial(v, gfn(0))), 0);
	assert_int_equal(mmu_call(other, pgtable_load(other, gfn(0), false)), 0);
	assert_int_equal(update(3, 10, 0), 0);
	assert_int_equal(update(3, 11, 0), 0);
	assert_int_equal(update(3, 12, 0), 0);
	assert_int_equal(update(2, 9, gpte(10, G_TABLE)), 0);
	mmu_resume(other);		/* it may know the shadow of 10 from now on */
	page = v->d->frames[10].u.shadow;
	assert_int_equal(update(2, 9, 0), 0);
	assert_int_equal(update(3, 10, gpte(10, G_RW)), 0);
	assert_true(tlb_flush_domain(v));
	/* One fresh page is left; then the free one is the only one. */
	assert_int_equal(pin(11, FRAME_L1), 0);
	assert_int_not_equal(v->d->frames[11].u.shadow, page);
	assert_int_equal(pgtable_pin(v, gfn(12), FRAME_L1), -RESTART);
	assert_int_equal(v->exit, EXIT_KICK);
	mmu_check();
	assert_true(mmu_serve(v));	/* interrupts the other */
	assert_int_equal(pin(12, FRAME_L1), 0);
	assert_int_equal(v->d->frames[12].u.shadow, page);
	mmu_enter(other);
	mmu_resume(other);
	mmu_check();
	mmu_delete();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_user_root),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_child_maps_parent),
		cmocka_unit_test(test_entries_refused),
		cmocka_unit_test(test_slots_ignored),
		cmocka_unit_test(test_plain_write),
		cmocka_unit_test(test_preserve_ad),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_update_va),
		cmocka_unit_test(test_walk_of_foreign),
		cmocka_unit_test(test_cmpxchg),
		cmocka_unit_test(test_upper),
		cmocka_unit_test(test_exit_and_fork),
		cmocka_unit_test(test_loaded_root),
		cmocka_unit_test(test_no_user_root),
		cmocka_unit_test(test_machphys),
		cmocka_unit_test(test_bad_initial),
		cmocka_unit_test(test_topup),
		cmocka_unit_test(test_every_restart),
		cmocka_unit_test(test_restart_filling),
		cmocka_unit_test(test_pool_limit),
		cmocka_unit_test(test_failed_pin),
		cmocka_unit_test(test_flush_stamps),
		cmocka_unit_test(test_other_domain),
		cmocka_unit_test(test_stamp_wrap),
		cmocka_unit_test(test_other_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
