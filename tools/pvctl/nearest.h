/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What somebody may have meant who mistyped a word. */
#ifndef PVCTL_NEAREST_H
#define PVCTL_NEAREST_H

#include "types.h"

#define NEAREST_MAX	64	/* longer words are not looked at */

/** nearest_distance - how many letters to change, add, leave out or swap; at most NEAREST_MAX */
unsigned int nearest_distance(const char *a, const char *b);

/**
 * struct nearest - the best so far of what nearest_offer() is given
 * Starts as { .word = what was typed }. @best is NULL while nothing is like it.
 */
struct nearest {
	const char *word;
	const char *best;
	unsigned int distance;
};

/** nearest_offer - is @known what was meant? */
void nearest_offer(struct nearest *n, const char *known);

#endif
