// SPDX-License-Identifier: GPL-2.0
/*
 * campaign: runs hostile guests until they have done so many operations, and says what
 * came of it. Domain n has the seed S + n, so a domain that found something is run again
 * by its own seed alone. Runs as root on a machine with the module; the kernel's log is
 * looked at after each domain, to know which one it complains of.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign.h"

static const char *const kind_names[OP_KINDS] = {
	"hypercall", "multicall", "table-update", "table-write", "table-op", "tree", "touch", "fill",
	"descriptor", "code-kernel", "code-user", "trap", "iret", "probe",
};

static const char *const found_names[FOUND_KINDS] = {
	"nothing", "a canary in memory", "a canary in a register", "an address of the monitor",
	"a register that a hypercall changed", "memory that is not mapped", "another frame's memory",
	"a change of memory that nothing writes",
};

static const char *const crash_names[] = {
	"none", "triple fault", "bad stack", "page tables", "page-table memory", "foreign write",
	"machine check", "MONITOR BUG", "guest",
};

/** struct totals - over all domains */
struct totals {
	u64 domains, ops, kinds[OP_KINDS], recovered, calls, succeeded, scans, scanned_pages, probes,
		probes_read, writes, not_started, found, complaints, audits;
	u64 shutdown[8], crash[ARRAY_SIZE(crash_names)], stuck, failed;
	u64 us[3];			/* creating, running, destroying */
	u64 last_kind[OP_KINDS];	/* what crashed it */
};

static struct totals t;
static struct report report;
static unsigned int printed;		/* domains in trouble that have been shown */

/* -------------------------------------------------------------- printing */

static void print_trace(void)
{
	u64 i, n = report.next < 20 ? report.next : 20;

	for (i = report.next - n; i != report.next; i++) {
		const struct report_op *o = &report.trace[i % REPORT_TRACE];

		printf("#   %llu %s %llx %llx %llx %llx %llx %llx -> %llx\n", (unsigned long long)o->number,
		       o->kind < OP_KINDS ? kind_names[o->kind] : "?", (unsigned long long)o->arg[0],
		       (unsigned long long)o->arg[1], (unsigned long long)o->arg[2],
		       (unsigned long long)o->arg[3], (unsigned long long)o->arg[4],
		       (unsigned long long)o->arg[5], (unsigned long long)o->result);
	}
}

static void trouble(const struct machine *m, u64 seed, const char *what)
{
	printf("# domain with seed %llu: %s (ended %u, code %u, %s); after %llu operations\n",
	       (unsigned long long)seed, what, m->ended, m->code, m->text,
	       (unsigned long long)report.ops);
	if (printed++ < 10)
		print_trace();
	fflush(stdout);
}

static void print_found(const struct machine *m, u64 seed, u64 allowed)
{
	u64 i, n = report.nr_found < REPORT_FOUND ? report.nr_found : REPORT_FOUND, counted = 0;

	for (i = 0; i < n; i++) {
		u64 kind = report.found[i].kind;

		if (kind < FOUND_KINDS && !(allowed >> kind & 1))
			continue;
		counted++;
		printf("# found %s: %llx %llx, at operation %llu\n",
		       kind < FOUND_KINDS ? found_names[kind] : "?",
		       (unsigned long long)report.found[i].a, (unsigned long long)report.found[i].b,
		       (unsigned long long)report.found[i].op);
	}
	t.found += counted;
	if (counted)
		trouble(m, seed, "found something");
}

/* ------------------------------------------------------------ kernel log */

static int kmsg = -1;

static void log_read(const struct machine *m, u64 seed)
{
	static const char *const bad[] = { "BUG", "WARNING", "Oops", "general protection", "RCU stall",
					   "rcu: INFO", "Call Trace", "monitor bug", "supervisor mode" };
	char line[1024];
	ssize_t n;
	size_t i;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, "audit: no difference"))
			t.audits++;
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			if (!strstr(line, bad[i]))
				continue;
			t.complaints++;
			printf("# kernel log: %s", line);
			trouble(m, seed, "the kernel complained");
			break;
		}
	}
}

/* ------------------------------------------------------------ one domain */

static void count_end(const struct machine *m)
{
	u64 last = report.trace[(report.next - 1) % REPORT_TRACE].kind;

	switch (m->ended) {
	case ENDED_SHUTDOWN:
		t.shutdown[m->code < 8 ? m->code : 7]++;
		break;
	case ENDED_CRASH:
		t.crash[m->code < ARRAY_SIZE(crash_names) ? m->code : 0]++;
		break;
	case ENDED_STUCK:
		t.stuck++;
		break;
	case ENDED_FAILED:
		t.failed++;
		break;
	}
	if (m->ended != ENDED_SHUTDOWN && last < OP_KINDS)
		t.last_kind[last]++;
}

/* Random code may have written to the report: one of two signs is enough. */
static bool has_started(void)
{
	return report.ready == REPORT_READY || report.ops;
}

static void count_report(void)
{
	size_t i;

	t.domains++;
	t.ops += report.ops;
	for (i = 0; i < OP_KINDS; i++)
		t.kinds[i] += report.kinds[i];
	t.recovered += report.recovered;
	t.calls += report.calls;
	t.succeeded += report.succeeded;
	t.scans += report.scans;
	t.scanned_pages += report.scanned_pages;
	t.probes += report.probes;
	t.probes_read += report.probes_read;
	t.not_started += !has_started();
}

/* What changes under the guest's hands by ours is no discovery. */
static u64 allowed_finds(const struct options *o)
{
	return o->hostile ? 1 << FOUND_CANARY_MEMORY | 1 << FOUND_CANARY_REGISTER : ~0ULL;
}

static bool is_wrong(const struct machine *m)
{
	return m->ended == ENDED_FAILED || (m->ended == ENDED_CRASH && m->code == PVHV_CRASH_MONITOR);
}

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000 + (u64)ts.tv_nsec / 1000;
}

/* Every third domain has less than it wants: with 32 pages it just starts. */
static u64 pool_pages(u64 seed)
{
	return seed % 3 ? 0 : 32 + seed / 3 * 7 % 64;
}

static int run_domain(const struct options *o, u64 seed, struct error *e)
{
	static struct machine m;
	struct hostile h;
	char line[300];

	snprintf(line, sizeof(line),
		 "seed=%llu ops=%llu kinds=%llu plant=%d trace=%d canary0=%llu canary1=%llu canary2=%llu",
		 (unsigned long long)seed, (unsigned long long)o->per_domain,
		 (unsigned long long)o->kinds, o->plant, o->trace, (unsigned long long)~canaries[0],
		 (unsigned long long)~canaries[1], (unsigned long long)~canaries[2]);
	t.us[0] -= now_us();
	if (machine_create(&m, "campaign", pool_pages(seed), line, e))
		return -1;
	t.us[0] += now_us();
	t.us[1] -= now_us();
	m.verbose = o->verbose;
	m.kicks = seed % 2;
	if (machine_start(&m, e) || (o->hostile && hostile_start(&h, &m, seed, e)))
		exit(1);
	machine_wait(&m);
	if (o->hostile) {
		hostile_stop(&h);
		t.writes += h.writes;
	}
	t.us[1] += now_us();
	machine_report(&m, &report);
	count_report();
	count_end(&m);
	if (is_wrong(&m))
		trouble(&m, seed, "an end that must not be");
	else if (!has_started() && !o->hostile)
		trouble(&m, seed, "the guest did not start");
	else if (o->verbose)
		trouble(&m, seed, "ended");
	print_found(&m, seed, allowed_finds(o));
	t.us[2] -= now_us();
	machine_destroy(&m);
	t.us[2] += now_us();
	log_read(&m, seed);
	return 0;
}

/* ----------------------------------------------------------------- main */

static void print_totals(void)
{
	size_t i;

	printf("# %llu operations in %llu domains, %llu ended by a trap; %llu hypercalls, %llu succeeded\n",
	       (unsigned long long)t.ops, (unsigned long long)t.domains, (unsigned long long)t.recovered,
	       (unsigned long long)t.calls, (unsigned long long)t.succeeded);
	for (i = 0; i < OP_KINDS; i++)
		printf("#   %-12s %8llu, the last one of %llu domains\n", kind_names[i],
		       (unsigned long long)t.kinds[i], (unsigned long long)t.last_kind[i]);
	printf("# %llu scans of %llu pages; %llu addresses probed, %llu read\n",
	       (unsigned long long)t.scans, (unsigned long long)t.scanned_pages,
	       (unsigned long long)t.probes, (unsigned long long)t.probes_read);
	printf("# ends: %llu power-off, %llu reboot, %llu suspend, %llu crash, %llu other shutdowns; %llu stuck, %llu failed\n",
	       (unsigned long long)t.shutdown[0], (unsigned long long)t.shutdown[1],
	       (unsigned long long)t.shutdown[2], (unsigned long long)t.shutdown[3],
	       (unsigned long long)(t.shutdown[4] + t.shutdown[5] + t.shutdown[6] + t.shutdown[7]),
	       (unsigned long long)t.stuck, (unsigned long long)t.failed);
	for (i = 0; i < ARRAY_SIZE(crash_names); i++)
		if (t.crash[i])
			printf("#   %s: %llu\n", crash_names[i], (unsigned long long)t.crash[i]);
	printf("# milliseconds: %llu to create, %llu to run, %llu to destroy\n",
	       (unsigned long long)t.us[0] / 1000, (unsigned long long)t.us[1] / 1000,
	       (unsigned long long)t.us[2] / 1000);
	printf("# %llu audits without difference; %llu writes from outside\n", (unsigned long long)t.audits,
	       (unsigned long long)t.writes);
}

static bool check(bool good, const char *what)
{
	static int n;

	printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
	return good;
}

static int conclude(const struct options *o)
{
	bool good = true;

	print_totals();
	good &= check(t.ops >= o->ops, "all operations were done");
	good &= check(!t.crash[PVHV_CRASH_MONITOR], "no bug of the monitor");
	good &= check(!t.failed, "PVHV_RUN worked");
	good &= check(!t.not_started || o->hostile, "every guest came to its first operation");
	good &= check(!t.found, "no canary, no memory of somebody else, no change that nobody made");
	good &= check(!t.complaints, "the kernel log is clean");
	if (!o->hostile)
		good &= check(t.audits, "domains were audited");
	printf("1..%d\n", 6 + !o->hostile);
	return good ? 0 : 1;
}

static void options_parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "seed", required_argument, NULL, 's' }, { "ops", required_argument, NULL, 'o' },
		{ "per-domain", required_argument, NULL, 'd' }, { "kinds", required_argument, NULL, 'k' },
		{ "guest", required_argument, NULL, 'g' }, { "hostile", no_argument, NULL, 'h' },
		{ "plant", no_argument, NULL, 'p' }, { "verbose", no_argument, NULL, 'v' },
		{ "trace", no_argument, NULL, 't' }, { },
	};
	int c;

	*o = (struct options){ .kernel = "/guest/campaign.elf", .ops = 20000, .per_domain = 4000,
			       .kinds = (1ULL << OP_KINDS) - 1, .seed = random_bits() >> 16 };
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's': o->seed = strtoull(optarg, NULL, 0); break;
		case 'o': o->ops = strtoull(optarg, NULL, 0); break;
		case 'd': o->per_domain = strtoull(optarg, NULL, 0); break;
		case 'k': o->kinds = strtoull(optarg, NULL, 0); break;
		case 'g': o->kernel = optarg; break;
		case 'h': o->hostile = true; break;
		case 'p': o->plant = true; break;
		case 'v': o->verbose = true; break;
		case 't': o->verbose = o->trace = true; setvbuf(stdout, NULL, _IONBF, 0); break;
		default: exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options o;
	struct error e;
	u64 n;

	options_parse(argc, argv, &o);
	printf("# seed %llu\n", (unsigned long long)o.seed);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
	if (kernel_open(o.kernel, &e) || canary_start(o.kernel, &e)) {
		printf("Bail out! %s\n", e.text);
		return 1;
	}
	for (n = 0; t.ops < o.ops; n++) {
		if (run_domain(&o, o.seed + n, &e)) {
			printf("Bail out! %s\n", e.text);
			return 1;
		}
		if (n % 20 == 19) {
			printf("# %llu operations, %llu domains\n", (unsigned long long)t.ops, (unsigned long long)t.domains);
			fflush(stdout);
		}
	}
	canary_stop();
	return conclude(&o);
}
