/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A domain's memory and registers at its first instruction. */
#ifndef PVCTL_BUILDER_H
#define PVCTL_BUILDER_H

#include "kernel.h"
#include "layout.h"

/**
 * struct builder_request
 * @cmdline: shorter than MAX_GUEST_CMDLINE
 * @mem: @nr_pages pages of zeroes, which become frames 0 and up
 * @shared_info_gfn: the module's shared_info page
 * @console_port: event port of the console ring
 */
struct builder_request {
	const struct kernel *kernel;
	const void *initrd;
	u64 initrd_len;
	const char *cmdline;
	u8 *mem;
	u64 nr_pages;
	u64 shared_info_gfn;
	u32 console_port;
};

/** struct image - what a vCPU needs to start on it; addresses are guest virtual */
struct image {
	struct layout layout;
	u64 entry;
	u64 stack;
	u64 start_info;
	u64 cr3_gfn;
};

/** builder_layout - the layout alone: can it be built? Writes nothing to memory. */
int builder_layout(const struct builder_request *r, struct layout *l, struct error *e) __must_check;

/** builder_build - fill @r->mem and @image; writes nothing to memory when it fails */
int builder_build(const struct builder_request *r, struct image *image,
		  struct error *e) __must_check;

#endif
