// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel has a helper for this, made for KVM. A file of its own, because KVM's
 * headers have types that are called as ours.
 */
#include <linux/entry-kvm.h>
#include <linux/kvm_host.h>

#include "work.h"

/*
 * When a signal comes during the work, the helper notes that on its vCPU, and trusts
 * that there is one. Nobody reads these.
 */
static struct kvm_run nobodys_run;
static struct kvm_vcpu nobody = { .run = &nobodys_run };

int pvhv_work_do(void)
{
	return xfer_to_guest_mode_handle_work(&nobody);
}
