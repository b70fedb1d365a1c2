// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See nearest.h. Pure. */
#include <string.h>

#include "nearest.h"

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Row by row: row[i % 3][j] is the distance of the first i letters of @a and the first
 * j of @b. Two letters in the wrong order count once.
 */
unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int row[3][NEAREST_MAX + 1];
	size_t i, j, m = strlen(a), n = strlen(b);

	if (m > NEAREST_MAX || n > NEAREST_MAX)
		return NEAREST_MAX;
	for (j = 0; j <= n; j++)
		row[0][j] = (unsigned int)j;
	for (i = 1; i <= m; i++) {
		unsigned int *new = row[i % 3], *old = row[(i - 1) % 3], *older = row[(i + 1) % 3];

		new[0] = (unsigned int)i;
		for (j = 1; j <= n; j++) {
			new[j] = min3(old[j] + 1, new[j - 1] + 1,
				      old[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < new[j])
				new[j] = older[j - 2] + 1;
		}
	}
	return row[m % 3][n];
}

/* A third of the letters may be wrong, one in a short word; the beginning alone is like it, too. */
void nearest_offer(struct nearest *n, const char *known)
{
	size_t len = strlen(n->word);
	unsigned int distance = nearest_distance(n->word, known);

	if (len >= 2 && !strncmp(n->word, known, len))
		distance = 0;
	if (distance > (len > 5 ? len / 3 : 1) || (n->best && distance >= n->distance))
		return;
	n->best = known;
	n->distance = distance;
}
