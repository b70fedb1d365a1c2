/* SPDX-License-Identifier: GPL-2.0 */
/* What Linux does on the way to user mode, done on the way to a guest. */
#ifndef PVHV_HOST_WORK_H
#define PVHV_HOST_WORK_H

/**
 * pvhv_work_do - when there is work: reschedule, task work, and such
 * May sleep. -EINTR: a signal is pending.
 */
int __must_check pvhv_work_do(void);

#endif
