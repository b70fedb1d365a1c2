/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A domain of the module, and its memory. One per process: the module's rule. */
#ifndef PVCTL_DOMAIN_H
#define PVCTL_DOMAIN_H

#include <linux/pvhv.h>

#include "error.h"

/**
 * struct domain
 * @fd: of the domain
 * @name: as the module has it
 * @mem: the guest's memory, frames 0 to @nr_pages - 1; it may change at any moment
 *	once the domain runs
 * @special_gfn: the module's shared_info page
 */
struct domain {
	int fd;
	char name[PVHV_NAME_MAX];
	u8 *mem;
	u64 nr_pages;
	u64 special_gfn;
};

/**
 * domain_create - a domain with @bytes of zeroed memory and no vCPU
 * @bytes is rounded up to whole pages. domain_destroy() is the caller's after success.
 */
int domain_create(const char *name, u64 bytes, struct domain *d, struct error *e) __must_check;

/** domain_bind_port - a new event port to vCPU 0; the guest's sends signal @eventfd */
int domain_bind_port(const struct domain *d, int eventfd, u32 *port,
		     struct error *e) __must_check;

/**
 * domain_raise_port - send the guest an event
 * Errors mean that the domain is gone, which running it shows better; so there are none.
 */
void domain_raise_port(const struct domain *d, u32 port);

/** domain_destroy - the module frees all once the vCPUs' fds are closed, too */
void domain_destroy(struct domain *d);

#endif
