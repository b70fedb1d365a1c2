/* SPDX-License-Identifier: GPL-2.0 */
/* What the host does for each reason the monitor can return with. */
#ifndef PVHV_HOST_EXIT_H
#define PVHV_HOST_EXIT_H

#include "vcpu.h"

enum pvhv_verdict {
	PVHV_CONTINUE,		/* enter again */
	PVHV_TO_VMM,		/* return from PVHV_RUN; the run page says why */
};

/**
 * pvhv_exit_handle - serve an exit; interrupts on, may sleep
 * Returns enum pvhv_verdict or a negative errno for PVHV_RUN.
 */
int pvhv_exit_handle(struct pvhv_vcpu *v, u32 reason);

/** pvhv_exit_report - fill the run page from the domain's end */
void pvhv_exit_report(struct pvhv_vcpu *v);

/** pvhv_exit_name - "interrupt", "block", ... for statistics */
const char *pvhv_exit_name(u32 reason);

#endif
