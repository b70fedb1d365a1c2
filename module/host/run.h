/* SPDX-License-Identifier: GPL-2.0 */
/* The run loop: PVHV_RUN. */
#ifndef PVHV_HOST_RUN_H
#define PVHV_HOST_RUN_H

#include <linux/types.h>

struct pvhv_vcpu;

/** pvhv_run_audits - is this module loaded for tests? */
bool pvhv_run_audits(void);

/** pvhv_run - run a vCPU until there is something for the VMM; errno as in the uapi */
int pvhv_run(struct pvhv_vcpu *v);

#endif
