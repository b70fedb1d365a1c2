// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See parse.h. Pure: no locale, no errno. */
#include <string.h>

#include <linux/pvhv.h>

#include "parse.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("_.-", c));
}

/* The shift of a size suffix, -1 for what is none. */
static int size_shift(const char *suffix)
{
	static const char letters[] = "kmgt";
	const char *at;

	if (!suffix[0])
		return 0;
	if (suffix[1])
		return -1;
	at = strchr(letters, suffix[0] | 0x20);
	return at ? 10 * (int)(at - letters + 1) : -1;
}

int parse_size(const char *text, u64 *bytes, struct error *e)
{
	const char *at = text;
	u64 n = 0;
	int shift;

	for (; is_digit(*at); at++) {
		if (n > INT64_MAX / 10)
			return error_set(e, "size '%s' is too large", text);
		n = n * 10 + (u64)(*at - '0');
	}
	shift = at == text ? -1 : size_shift(at);
	if (shift < 0)
		return error_set(e, "'%s' is not a size (a number with K, M, G or T, as in 128M)",
				 text);
	if (!n)
		return error_set(e, "size '%s': must be more than nothing", text);
	if (n > (u64)INT64_MAX >> shift)
		return error_set(e, "size '%s' is too large", text);
	*bytes = n << shift;
	return 0;
}

int parse_name(const char *text, struct error *e)
{
	size_t i, len = strlen(text);

	if (!len || len >= PVHV_NAME_MAX)
		return error_set(e, "a domain's name has 1 to %d characters", PVHV_NAME_MAX - 1);
	for (i = 0; i < len; i++)
		if (!is_name_char(text[i]))
			return error_set(e, "'%s' is no domain name (letters, digits and _ . - only)",
					 text);
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return error_set(e, "'%s' cannot be a domain's name", text);
	return 0;
}

int parse_join(char *const *words, int n, char *out, size_t size, struct error *e)
{
	size_t used = 0;
	int i;

	out[0] = 0;
	for (i = 0; i < n; i++) {
		size_t len = strlen(words[i]), gap = i ? 1 : 0;

		if (gap + len >= size - used)
			return error_set(e, "the guest's command line is longer than %zu bytes",
					 size - 1);
		if (gap)
			out[used] = ' ';
		memcpy(out + used + gap, words[i], len + 1);
		used += gap + len;
	}
	return 0;
}
