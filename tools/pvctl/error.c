// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See error.h. Pure. */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

void error_print(struct error *e)
{
	if (e->text[0])
		fprintf(stderr, "pvctl: %s\n", e->text);
	e->text[0] = 0;
}

int error_set(struct error *e, const char *fmt, ...)
{
	va_list ap;
	char *c;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	for (c = e->text; *c; c++)
		if ((u8)*c < ' ' || *c == 127)
			*c = '?';
	return -1;
}
