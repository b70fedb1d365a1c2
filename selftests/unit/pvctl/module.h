/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The module, as far as pvctl sees it: open() of /dev/pvhv and the ioctls, replaced at
 * link time (--wrap). It notes what it is told, checks what the contract asks of the
 * caller, and fails when a test wants it to. Its one vCPU executes a C function.
 */
#ifndef PVCTL_TEST_MODULE_H
#define PVCTL_TEST_MODULE_H

#include <linux/pvhv.h>

#include "types.h"

/**
 * struct module
 * Wanted by the test:
 * @guest: one PVHV_RUN, in the vCPU's thread: fills module.run, returns 0 or an errno
 * @open_errno: of /dev/pvhv, 0: it opens
 * @api: the version it tells
 * @fail: a request that fails with @fail_errno, 0: none
 * @no_run_page: mmap() of the vCPU fails
 * @fault_vector: the last exception, as PVHV_GET_REGS tells it
 *
 * Noted:
 * @run: the run page
 * @opens, @ioctls, @runs: how often; @runs is atomic
 */
struct module {
	int (*guest)(void);
	int open_errno;
	u32 api;
	unsigned long fail;
	int fail_errno;
	bool no_run_page;
	u64 fault_vector;

	struct pvhv_run *run;
	struct pvhv_create_domain domain;
	struct pvhv_set_memory memory;
	struct pvhv_regs regs;
	int eventfd;
	u32 raised;		/* atomic */
	u32 opens, ioctls, runs;
};

extern struct module module;

#define MODULE_PORT	9
#define MODULE_SPECIAL	0x123456

void module_reset(void);

/** module_memory - guest memory at @gpa */
void *module_memory(u64 gpa);

#endif
