/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program that runs the campaign: one domain after the other, each with a seed of
 * its own, and whatever may end one. See campaign.c.
 */
#ifndef PVHV_CAMPAIGN_PROGRAM_H
#define PVHV_CAMPAIGN_PROGRAM_H

#include <pthread.h>
#include <stdio.h>

#include <linux/pvhv.h>

#include "builder.h"
#include "domain.h"
#include "report.h"

#define GUEST_BYTES	(8UL << 20)

/** struct options - of the command line */
struct options {
	const char *kernel;
	u64 seed, ops, per_domain, kinds;
	bool hostile, plant, verbose, trace;
};

/** enum ended - how a domain came to its end */
enum ended {
	ENDED_SHUTDOWN,		/* code: SHUTDOWN_* */
	ENDED_CRASH,		/* code: enum pvhv_crash */
	ENDED_STUCK,		/* nothing happens any more; stopped by us */
	ENDED_FAILED,		/* PVHV_RUN failed, code: errno */
};

/** struct machine - a domain and what runs it */
struct machine {
	struct domain domain;
	struct image image;
	int fd;				/* of the vCPU */
	struct pvhv_run *run;
	u32 poke_port;
	pthread_t thread;
	bool done, stop;		/* atomic */
	bool verbose;
	bool kicks;			/* disturb it with signals */
	enum ended ended;
	u32 code;
	char text[160];
};

/* The guest's file, read once. */
int kernel_open(const char *path, struct error *e) __must_check;

/** machine_create - @pool_pages: limit of page-table memory, 0: the usual one */
int machine_create(struct machine *m, const char *name, u64 pool_pages, const char *cmdline,
		   struct error *e) __must_check;

/** machine_start - a thread that runs it until its end */
int machine_start(struct machine *m, struct error *e) __must_check;

/** machine_wait - until its end, or until nothing happens any more */
void machine_wait(struct machine *m);

/** machine_kick - end it from outside, if it is not at its end */
void machine_kick(struct machine *m);
void machine_destroy(struct machine *m);

/** machine_report - a copy of the guest's report */
void machine_report(const struct machine *m, struct report *r);

/* canary.c: patterns that the guest must never see */
extern u64 canaries[REPORT_CANARIES];

/** canary_start - plant them: processes of their own, which end with this one */
int canary_start(const char *kernel, struct error *e) __must_check;
void canary_stop(void);

/** random_bits - from the kernel */
u64 random_bits(void);

/* hostile.c: writes to the domain's memory while it runs */
struct hostile {
	struct machine *m;
	u64 state;
	pthread_t thread;
	bool stop;		/* atomic */
	u64 writes;
};

int hostile_start(struct hostile *h, struct machine *m, u64 seed, struct error *e) __must_check;
void hostile_stop(struct hostile *h);

#endif
