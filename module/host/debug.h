/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PVHV_HOST_DEBUG_H
#define PVHV_HOST_DEBUG_H

#include "vcpu.h"

/** pvhv_debug_set - PVHV_SET_DEBUG; the caller holds @running */
int pvhv_debug_set(struct pvhv_vcpu *v, const struct pvhv_set_debug *in);

#endif
