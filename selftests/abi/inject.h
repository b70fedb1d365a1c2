/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Failing allocations, one at a time: the kernel can be told to fail the n-th thing a
 * thread asks for that may fail (CONFIG_FAULT_INJECTION: slabs, pages, copies from and to
 * user space). So a call is made with n = 1, 2, 3 ... until it succeeds without having met
 * the failure.
 */
#ifndef ABI_INJECT_H
#define ABI_INJECT_H

#include "abi.h"

/** inject_init - false, and one skipped result, on kernels that cannot */
bool inject_init(void);

/** inject_arm - the @n-th thing that this thread asks for from now on fails */
void inject_arm(unsigned int n);

/** inject_left - how many until it would have failed, 0: it has. Nothing fails any more. */
unsigned int inject_left(void);

/** inject_met - has it? Nothing fails any more. */
bool inject_met(void);

struct sweep {
	const char *name;
	void (*prepare)(void);	/* before each call, undisturbed */
	long (*act)(void);	/* the call; 0 or more is success, else -errno */
	void (*undo)(long result);	/* of a call that succeeded */
	void (*finish)(void);	/* after each round, whatever has happened; may be NULL */
	int errnos[4];		/* what it may return, 0 ends the list */
};

/**
 * sweep - two results: every failure is one of those allowed, and the same call succeeds
 *	after each
 */
void sweep(const struct sweep *s);

#endif
