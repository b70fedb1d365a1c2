// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * pvctl destroy: ends domains at once, as pulling the plug does. Their pvctl is asked
 * first; one that does not answer is killed.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "parse.h"
#include "roster.h"
#include "target.h"

#define GRACE_DEFAULT	10
#define GRACE_MAX	3600
#define KILL_SECONDS	30	/* for the kernel to take a killed process down */

struct destroy_options {
	bool all;
	bool force;
	int grace;
};

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	struct destroy_options *o = context;
	char *end;
	long n;

	switch (letter) {
	case 'a':
		o->all = true;
		return 0;
	case 'f':
		o->force = true;
		return 0;
	default:
		errno = 0;
		n = strtol(value, &end, 10);
		if (errno || *end || end == value || n < 1 || n > GRACE_MAX)
			return error_set(e, "destroy: '%s' is no number of seconds from 1 to %d",
					 value, GRACE_MAX);
		o->grace = (int)n;
		return 0;
	}
}

/* Asked in order: by its socket, or by a signal if it has none. Did it end? */
static bool ask(struct target *t, int grace, struct error *e)
{
	struct error refused;

	if (t->client.fd < 0)
		return !target_kill(t, SIGTERM, e) && target_gone(t, grace);
	return !client_call(&t->client, "destroy", NULL, -1, grace, NULL, &refused) &&
	       target_gone(t, grace);
}

static int destroy(const char *name, const struct destroy_options *o, struct error *e)
{
	struct target t;
	int ret = 0;

	if (target_find(name, &t, e))
		return -1;
	if (o->force || !ask(&t, o->grace, e)) {
		ret = target_kill(&t, SIGKILL, e);
		if (!ret && !target_gone(&t, KILL_SECONDS))
			ret = error_set(e, "domain '%s' does not end, though process %d was killed (see the kernel log)",
					name, t.pid);
		else if (!ret)
			target_sweep(&t);
		if (!ret && !o->force)
			error_set(e, "domain '%s' did not end when asked to: its process %d was killed",
				  name, t.pid);
	}
	target_close(&t);
	return ret;
}

/* Each message is printed before the next one takes its place. */
static int destroy_names(char *const *names, int n, const struct destroy_options *o,
			 struct error *e)
{
	int i, ret = 0;

	for (i = 0; i < n; i++) {
		error_print(e);
		if (destroy(names[i], o, e))
			ret = -1;
	}
	return ret;
}

static int destroy_all(const struct destroy_options *o, struct error *e)
{
	struct roster r;
	size_t i;
	int ret = 0;

	if (roster_read(&roster_system, false, &r, e))
		return -1;
	for (i = 0; i < r.n; i++) {
		char *name = r.entry[i].name;

		ret |= destroy_names(&name, 1, o, e);
	}
	roster_free(&r);
	return ret;
}

static int run(int argc, char **argv, struct error *e)
{
	struct destroy_options o = { .grace = GRACE_DEFAULT };
	int at = options_parse(&cmd_destroy, argc, argv, option_set, &o, e), i, ret;

	if (at < 0)
		return EXIT_USAGE;
	if (o.all == (at < argc)) {
		error_set(e, o.all ? "destroy: either names or --all, not both" :
			  "destroy: which domain? (pvctl list has their names; --all for all of them)");
		return EXIT_USAGE;
	}
	for (i = at; i < argc; i++)
		if (parse_name(argv[i], e))
			return EXIT_USAGE;
	ret = o.all ? destroy_all(&o, e) : destroy_names(argv + at, argc - at, &o, e);
	return ret ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_destroy = {
	.name = "destroy", .usage = "[options] NAME... | --all", .run = run,
	.summary = "end domains at once, as pulling the plug does",
	.about =
	"The guest is not told. When the command returns, the domain is gone, its memory is\n"
	"free, and so is its name. Its 'pvctl run' ends with status 143.\n",
	.options = (const struct option_text []) {
		{ "all", 'a', NULL, "all domains that 'pvctl list' shows" },
		{ "force", 'f', NULL, "do not ask its pvctl: kill it" },
		{ "grace", 'g', "SECONDS", "how long it may take before it is killed: 10" },
		{},
	},
};
