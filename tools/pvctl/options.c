// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See options.h. getopt_long() finds them; what is wrong is said better here. */
#define _GNU_SOURCE
#include <getopt.h>
#include <string.h>

#include "nearest.h"
#include "options.h"

#define OPTIONS_MAX	16
#define HELP_COLUMN	30

/* ------------------------------------------------------------- parsing */

static void fill_tables(const struct command *c, struct option *longs, char *shorts)
{
	const struct option_text *o;

	if (c->first_operand_ends)
		*shorts++ = '+';
	*shorts++ = ':';
	for (o = c->options; o->name; o++) {
		*longs++ = (struct option){ o->name, o->arg ? required_argument : no_argument,
					    NULL, o->letter };
		if (o->letter >= OPTION_LONG)
			continue;
		*shorts++ = (char)o->letter;
		if (o->arg)
			*shorts++ = ':';
	}
	*longs = (struct option){};
	*shorts = 0;
}

static const struct option_text *find(const struct command *c, int letter)
{
	const struct option_text *o;

	for (o = c->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* A long option that is none, or the beginning of several. */
static int fail_long(const struct command *c, const char *word, struct error *e)
{
	size_t len = strcspn(word, "=");
	char name[NEAREST_MAX];
	struct nearest n = { .word = name };
	const struct option_text *o;
	int begin = 0;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	for (o = c->options; o->name; o++) {
		nearest_offer(&n, o->name);
		begin += !strncmp(o->name, name, strlen(name));
	}
	if (begin > 1)
		return error_set(e, "%s: '--%s' can be more than one option (see: pvctl help %s)",
				 c->name, name, c->name);
	if (n.best)
		return error_set(e, "%s: unknown option '--%s': is it '--%s'? (see: pvctl help %s)",
				 c->name, name, n.best, c->name);
	return error_set(e, "%s: unknown option '--%s' (see: pvctl help %s)", c->name, name, c->name);
}

static int fail_option(const struct command *c, const char *word, struct error *e)
{
	const struct option_text *o = optopt ? find(c, optopt) : NULL;

	if (o)
		return error_set(e, "%s: option '--%s' takes no value, but got one: '%s'", c->name,
				 o->name, word);
	if (!strncmp(word, "--", 2))
		return fail_long(c, word + 2, e);
	return error_set(e, "%s: unknown option '-%c' (see: pvctl help %s)", c->name, optopt, c->name);
}

int options_parse(const struct command *c, int argc, char **argv, options_set_t set, void *context,
		  struct error *e)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	int letter;

	fill_tables(c, longs, shorts);
	opterr = 0;
	optind = 0;	/* from the beginning, whoever called before */
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (letter == ':')
			return error_set(e, "%s: option '%s' needs a value: %s", c->name,
					 argv[optind - 1], find(c, optopt)->arg);
		if (letter == '?')
			return fail_option(c, argv[optind - 1], e);
		if (set(context, letter, optarg, e))
			return -1;
	}
	return optind;
}

/* ---------------------------------------------------------------- help */

static void help_option(const struct option_text *o, FILE *out)
{
	int n = o->letter < OPTION_LONG ? fprintf(out, "  -%c, --%s", o->letter, o->name) :
		fprintf(out, "      --%s", o->name);

	if (o->arg)
		n += fprintf(out, " %s", o->arg);
	/* At least two spaces before the text. */
	fprintf(out, "%*s%s\n", n < HELP_COLUMN - 1 ? HELP_COLUMN - n : 2, "", o->help);
}

void options_help(const struct command *c, FILE *out)
{
	const struct option_text *o;

	fprintf(out, "usage: pvctl %s%s%s\n\n%s\n", c->name, c->usage[0] ? " " : "", c->usage,
		c->summary);
	fputs("\noptions:\n", out);
	for (o = c->options; o->name; o++)
		help_option(o, out);
	fprintf(out, "  -h, --help%*sthis text\n", HELP_COLUMN - 12, "");
	if (c->about)
		fprintf(out, "\n%s", c->about);
}
