/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/pvhv and the file operations of domain and vCPU descriptors. */
#ifndef PVHV_HOST_CHARDEV_H
#define PVHV_HOST_CHARDEV_H

#include <linux/fs.h>

extern const struct file_operations pvhv_domain_fops, pvhv_vcpu_fops;

int pvhv_chardev_init(void);
void pvhv_chardev_exit(void);

#endif
