// SPDX-License-Identifier: GPL-2.0
/* PVHV_GET_VERSION, and that /dev/pvhv knows no ioctl of other descriptors. */
#include <string.h>
#include <unistd.h>

#include "abi.h"

static int dev = -1;

static int ready(void)
{
	return dev;
}

static void check_values(void)
{
	struct pvhv_version v = { .size = sizeof(v) }, again;

	memset(v.module, 0xaa, sizeof(v.module));
	v.api = ~0u;
	v.features = ~0ULL;
	is(call(dev, PVHV_GET_VERSION, &v), 0, "whatever the out members are before");
	ok(v.api == PVHV_API_VERSION, "the module has the api of its header");
	ok(!v.flags && !v.reserved, "flags and reserved are still zero");
	ok(v.module[0] && memchr(v.module, 0, sizeof(v.module)), "the version is a string");
	ok(!(v.features & ~(PVHV_FEATURE_LA57 | PVHV_FEATURE_PCID | PVHV_FEATURE_STABLE_TSC |
			    PVHV_FEATURE_DEBUG)),
	   "no feature that the header does not name");
	again = v;
	is(call(dev, PVHV_GET_VERSION, &again), 0, "a second time");
	ok(!memcmp(&v, &again, sizeof(v)), "the answer is the same");
}

int main(void)
{
	static const struct pvhv_version good = { .size = sizeof(good) };
	const struct checked checked = {
		"GET_VERSION", PVHV_GET_VERSION, sizeof(good), true, &good, ready, NULL,
		{ offsetof(struct pvhv_version, reserved) },
	};
	const unsigned long known[] = { PVHV_GET_VERSION, PVHV_CREATE_DOMAIN };

	dev = device();
	check_struct(&checked);
	check_values();
	check_unknown("/dev/pvhv", dev, known, ARRAY_SIZE(known));
	close(dev);
	return finish();
}
