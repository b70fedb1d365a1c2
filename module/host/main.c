// SPDX-License-Identifier: GPL-2.0
/* Load and unload: the list of parts, up and down. */
#include <linux/module.h>

#include "chardev.h"
#include "clock.h"
#include "cpu.h"
#include "image.h"
#include "stats.h"
#include "world.h"

static int __init pvhv_init(void)
{
	int err = pvhv_cpu_init();

	if (err)
		return err;
	err = pvhv_image_init();
	if (err)
		return err;
	err = pvhv_world_init();
	if (err)
		goto fail_world;
	err = pvhv_clock_init();
	if (err)
		goto fail_clock;
	pvhv_stats_init();
	err = pvhv_chardev_init();
	if (err)
		goto fail_chardev;
	pr_info("pvhv: %s loaded, features 0x%llx, monitor of %u KiB\n", THIS_MODULE->version,
		pvhv_cpu_features(), pvhv_image_header()->size >> 10);
	return 0;

fail_chardev:
	pvhv_stats_exit();
	pvhv_clock_exit();
fail_clock:
	pvhv_world_exit();
fail_world:
	pvhv_image_exit();
	return err;
}

static void __exit pvhv_exit(void)
{
	pvhv_chardev_exit();
	pvhv_stats_exit();
	pvhv_clock_exit();
	pvhv_world_exit();
	pvhv_image_exit();
	pr_info("pvhv: unloaded\n");
}

module_init(pvhv_init);
module_exit(pvhv_exit);

MODULE_DESCRIPTION("type-2 paravirtual hypervisor for Xen PV guests");
MODULE_VERSION(PVHV_VERSION);
MODULE_LICENSE("GPL");
