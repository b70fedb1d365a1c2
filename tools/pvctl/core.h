/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A core file of a guest, as gdb reads it (ELF), or crash (see xencore.h). In that for gdb
 * memory lies once, frame by frame from @CORE_PHYSICAL on; program headers say at which
 * addresses the guest sees it. Pages of zeros are holes of the file.
 */
#ifndef PVCTL_CORE_H
#define PVCTL_CORE_H

#include <linux/pvhv.h>

#include "gva.h"

/*
 * Where a debugger finds physical memory as such: addresses that no guest can have. In
 * gdb, physical address p is at CORE_PHYSICAL + p.
 */
#define CORE_PHYSICAL	0x8000000000000000

enum core_format { CORE_ELF, CORE_CRASH };

/** core_format_parse, core_format_name - from and to the words that users know */
int core_format_parse(const char *text, enum core_format *format, struct error *e) __must_check;
const char *core_format_name(enum core_format format);

/**
 * core_write - write a core file of a domain whose vCPUs do not run
 * @fd: an empty regular file, open for writing; the caller closes it
 * @regs: of its @nr vCPUs, as PVHV_GET_REGS tells them. Virtual addresses are those of
 *	the first one's address space.
 */
int core_write(int fd, enum core_format format, const struct domain *d,
	       const struct pvhv_regs *regs, unsigned int nr, struct error *e) __must_check;

/** core_save - the same into a new or existing file called @path */
int core_save(const char *path, enum core_format format, const struct domain *d,
	      const struct pvhv_regs *regs, unsigned int nr, struct error *e) __must_check;

#endif
