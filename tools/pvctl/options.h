/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Commands and their options: one table for what is accepted, what `pvctl help` says, and
 * what the shell completes.
 */
#ifndef PVCTL_OPTIONS_H
#define PVCTL_OPTIONS_H

#include <stdio.h>

#include "error.h"

#define OPTION_LONG	256	/* letters from here on: no short form */

/**
 * struct option_text - one option; the table ends with a NULL name
 * @letter: its short form, and what is passed on
 * @arg: what its value is called; NULL: it has none
 * @help: one line
 */
struct option_text {
	const char *name;
	int letter;
	const char *arg;
	const char *help;
};

/**
 * struct command - see cmd.h
 * @usage: its operands; @summary: one line; @about: more lines, or NULL
 * @first_operand_ends: no options behind the first operand
 */
struct command {
	const char *name;
	const char *usage;
	const char *summary;
	const char *about;
	const struct option_text *options;
	bool first_operand_ends;
	int (*run)(int argc, char **argv, struct error *e);
};

/** options_set_t - takes an option and its value, or NULL */
typedef int (*options_set_t)(void *context, int letter, const char *value, struct error *e);

/**
 * options_parse - the options in @argv, in any order, to @set; "--" ends them
 * Returns the index of the first operand: they have been moved to the end.
 */
int options_parse(const struct command *c, int argc, char **argv, options_set_t set,
		  void *context, struct error *e) __must_check;

/** options_help - all there is to say about @c */
void options_help(const struct command *c, FILE *out);

#endif
