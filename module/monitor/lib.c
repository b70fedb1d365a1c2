// SPDX-License-Identifier: GPL-2.0
/* See lib.h. In userspace tests libc has the memory functions; this has the rest. */
#include "lib.h"

#ifdef PVHV_MONITOR
void *memcpy(void *dst, const void *src, size_t n)
{
	void *ret = dst;
	size_t words = n / 8;

	n %= 8;
	asm volatile("rep movsq" : "+D" (dst), "+S" (src), "+c" (words) : : "memory");
	asm volatile("rep movsb" : "+D" (dst), "+S" (src), "+c" (n) : : "memory");
	return ret;
}

void *memset(void *dst, int c, size_t n)
{
	void *ret = dst;
	size_t words = n / 8;

	n %= 8;
	asm volatile("rep stosq" : "+D" (dst), "+c" (words)
		     : "a" ((u8)c * 0x0101010101010101ULL) : "memory");
	asm volatile("rep stosb" : "+D" (dst), "+c" (n) : "a" (c) : "memory");
	return ret;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
#endif

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_number(struct out *o, u64 n, u32 base, bool negative, u32 width, char pad)
{
	char digits[24];
	u32 i = 0;

	do {
		digits[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	/* Zeroes stand behind the sign, blanks before it. */
	if (negative && pad == '0') {
		put(o, '-');
		width -= !!width;
	} else if (negative) {
		digits[i++] = '-';
	}
	while (i < width && width <= sizeof(digits))
		digits[i++] = pad;
	while (i)
		put(o, digits[--i]);
}

/* One conversion; @fmt points behind the '%'. Returns the character it ends at. */
static const char *put_conversion(struct out *o, const char *fmt, va_list *ap)
{
	char pad = *fmt == '0' ? '0' : ' ';
	bool is_long = false;
	const char *s;
	u32 width = 0;
	s64 d;

	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		width = width * 10 + (u32)(*fmt - '0');
	for (; *fmt == 'l'; fmt++)
		is_long = true;
	switch (*fmt) {
	case 'd':
		d = is_long ? va_arg(*ap, long) : va_arg(*ap, int);
		put_number(o, d < 0 ? -(u64)d : (u64)d, 10, d < 0, width, pad);
		break;
	case 'u':
	case 'x':
		put_number(o, is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int),
			   *fmt == 'u' ? 10 : 16, false, width, pad);
		break;
	case 's':
		for (s = va_arg(*ap, const char *); *s; s++)
			put(o, *s);
		break;
	case 'c':
		put(o, (char)va_arg(*ap, int));
		break;
	default:
		if (*fmt)
			put(o, *fmt);
	}
	return fmt;
}

size_t lib_format(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	va_list copy;

	va_copy(copy, ap);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = put_conversion(&o, fmt + 1, &copy);
		if (!*fmt)
			break;
	}
	va_end(copy);
	if (size)
		buf[o.len] = 0;
	return o.len;
}
