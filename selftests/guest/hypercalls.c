// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Every hypercall number with garbage in every argument. Expected: an error or a
 * harmless success each time, unknown numbers -ENOSYS, the guest and the monitor alive.
 */
#include "guest.h"

static u64 rng = 1;

static u64 random(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Values that have broken hypervisors before. */
static u64 garbage(void)
{
	static const u64 odd[] = {
		0, 1, 2, 0x7ff0, ~0UL, 0x7fffffffffffffff, 0x8000000000000000, 0xffff800000000000,
		0xffff808000000000, 0xffff810000000000, 0xffffffff80000000, 0xffff7fffffffffff,
		0x0000800000000000, 0x00007fffffffffff, 4095, 4096, 0x80000000, 0xffffffff,
		0x100000000, 0xfffffffffffff000,
	};
	u64 r = random();

	if (r & 1)
		return odd[(r >> 8) % ARRAY_SIZE(odd)];
	if (r & 2)
		return (u64)guest_image + (r >> 40);
	return r & 4 ? r >> 50 : random();
}

static bool ends_the_guest(u64 nr)
{
	return nr == __HYPERVISOR_iret || nr == __HYPERVISOR_sched_op;
}

void guest_main(void)
{
	u64 rounds = option("rounds", 50), i, nr, unknown = 0;

	rng = option("seed", 88172645463325252);
	for (nr = 41; nr < 64; nr++)
		unknown += H_(nr, 0, 0, 0, 0, 0, 0) == -38;
	ok(unknown == 23, "unknown hypercalls give -ENOSYS");
	ok(H_(~0UL, 0, 0, 0, 0, 0, 0) == -38, "the largest number too");
	for (i = 0; i < rounds; i++)
		for (nr = 0; nr < 64; nr++)
			if (!ends_the_guest(nr) && nr != __HYPERVISOR_set_trap_table &&
			    nr != __HYPERVISOR_stack_switch && nr != __HYPERVISOR_multicall &&
			    nr != __HYPERVISOR_console_io)
				hypercall(nr, garbage(), garbage(), garbage(), garbage(), garbage());
	ok(true, "alive after %lu rounds of garbage", rounds);
}
