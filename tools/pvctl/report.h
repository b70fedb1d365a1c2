/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a vCPU was doing, for people: the form of a kernel's own reports. */
#ifndef PVCTL_REPORT_H
#define PVCTL_REPORT_H

#include <stdio.h>

#include <linux/pvhv.h>

#include "gva.h"

/**
 * report_vcpu - registers, code and stack of vCPU @id
 * Several lines. Memory that the guest has not mapped is left out.
 */
void report_vcpu(FILE *out, unsigned int id, const struct pvhv_regs *r, const struct domain *d);

#endif
