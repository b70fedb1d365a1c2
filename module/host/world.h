/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's half of the world switch: everything about this CPU that C code can
 * save, change and restore around the assembly in ../monitor/switch.S. Every
 * state it touches is a row of Documentation/world-switch.rst.
 */
#ifndef PVHV_HOST_WORLD_H
#define PVHV_HOST_WORLD_H

#include "area.h"

struct pvhv_world_task;		/* per vCPU: guest FPU state and such */

/** pvhv_world_task_create - per-vCPU state that outlives a run ioctl; NULL: -ENOMEM */
struct pvhv_world_task *pvhv_world_task_create(void);
void pvhv_world_task_destroy(struct pvhv_world_task *t);

/**
 * pvhv_world_begin, pvhv_world_end - bracket one run ioctl: swap FPU state
 * May sleep; the thread stays the same in between.
 */
void pvhv_world_begin(struct pvhv_world_task *t);
void pvhv_world_end(struct pvhv_world_task *t);

/**
 * pvhv_world_enter - run the guest until the monitor returns
 *
 * Called and returning with interrupts off. The host interrupt, NMI or machine
 * check that ended the run has been delivered to the host when this returns.
 * Returns enum exit_reason; arguments are in a->world->exit_arg.
 */
u32 pvhv_world_enter(struct pvhv_world_task *t, struct pvhv_area *a);

/** pvhv_world_init - per-module state: saved MSRs, notifiers; errno */
int pvhv_world_init(void);
void pvhv_world_exit(void);

#endif
