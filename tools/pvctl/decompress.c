// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See decompress.h. Pure. The libraries check their formats; the containers of LZ4
 * and LZO, as the kernel's build writes them, are read here. All output goes through
 * struct sink, which alone knows the limit.
 */
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>

#include "decompress.h"

#define SINK_STEP	(1UL << 20)

struct sink {
	u8 *data;
	size_t size;
	size_t room;	/* allocated */
	size_t max;
};

static int fail_limit(const struct sink *s, struct error *e)
{
	return error_set(e, "the compressed data has more than %zu MiB", s->max >> 20);
}

static int fail_broken(const char *format, struct error *e)
{
	return error_set(e, "the %s data is broken or truncated", format);
}

/* Space for @n more bytes, all or nothing. */
static u8 *sink_reserve(struct sink *s, size_t n, struct error *e)
{
	size_t room = s->room;
	u8 *data;

	if (n > s->max - s->size) {
		fail_limit(s, e);
		return NULL;
	}
	while (room - s->size < n)
		room = room < SINK_STEP ? SINK_STEP : room * 2;
	if (room != s->room) {
		data = realloc(s->data, room);
		if (!data) {
			error_set(e, "no memory for %zu MiB of decompressed data", room >> 20);
			return NULL;
		}
		s->data = data;
		s->room = room;
	}
	return s->data + s->size;
}

/* Some space, as much as there is without more memory. *@n: how much. */
static u8 *sink_some(struct sink *s, size_t *n, struct error *e)
{
	size_t want = s->max - s->size < SINK_STEP ? s->max - s->size : SINK_STEP;
	u8 *at;

	at = sink_reserve(s, want ? want : 1, e);
	*n = want;
	return at;
}

/* ------------------------------------------------------------ libraries */

static int unpack_gzip(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	z_stream z = { .next_in = (u8 *)in, .avail_in = (uInt)size };
	size_t n;
	int ret;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return error_set(e, "no memory for zlib");
	do {
		z.next_out = sink_some(s, &n, e);
		if (!z.next_out) {
			inflateEnd(&z);
			return -1;
		}
		z.avail_out = (uInt)n;
		ret = inflate(&z, Z_NO_FLUSH);
		s->size += n - z.avail_out;
	} while (ret == Z_OK);
	inflateEnd(&z);
	return ret == Z_STREAM_END ? 0 : fail_broken("gzip", e);
}

/* Both .xz and the older .lzma. */
static int unpack_lzma(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret ret;
	size_t n;

	if (lzma_auto_decoder(&z, 256 << 20, 0) != LZMA_OK)
		return error_set(e, "no memory for liblzma");
	z.next_in = in;
	z.avail_in = size;
	do {
		z.next_out = sink_some(s, &n, e);
		if (!z.next_out) {
			lzma_end(&z);
			return -1;
		}
		z.avail_out = n;
		ret = lzma_code(&z, LZMA_RUN);
		s->size += n - z.avail_out;
	} while (ret == LZMA_OK);
	lzma_end(&z);
	return ret == LZMA_STREAM_END ? 0 : fail_broken("xz", e);
}

static int unpack_bzip2(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	bz_stream z = { .next_in = (char *)in, .avail_in = (unsigned int)size };
	size_t n = 0;
	int ret;

	if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
		return error_set(e, "no memory for libbz2");
	do {
		z.next_out = (char *)sink_some(s, &n, e);
		if (!z.next_out) {
			BZ2_bzDecompressEnd(&z);
			return -1;
		}
		z.avail_out = (unsigned int)n;
		ret = BZ2_bzDecompress(&z);
		s->size += n - z.avail_out;
		/* It has no code of its own for input that ends too early. */
	} while (ret == BZ_OK && (z.avail_in || !z.avail_out));
	BZ2_bzDecompressEnd(&z);
	return ret == BZ_STREAM_END ? 0 : fail_broken("bzip2", e);
}

static int unpack_zstd(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	ZSTD_inBuffer from = { .src = in, .size = size };
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_outBuffer to;
	size_t ret, n;

	if (!z)
		return error_set(e, "no memory for libzstd");
	do {
		to.dst = sink_some(s, &n, e);
		if (!to.dst) {
			ZSTD_freeDStream(z);
			return -1;
		}
		to.size = n;
		to.pos = 0;
		ret = ZSTD_decompressStream(z, &to, &from);
		s->size += to.pos;
		/* 0: the frame is complete. No progress without input: it never will be. */
	} while (ret && !ZSTD_isError(ret) && (from.pos < from.size || to.pos == to.size));
	ZSTD_freeDStream(z);
	return ret ? fail_broken("zstd", e) : 0;
}

/* ------------------------------------------------- containers read here */

struct reader {
	const u8 *at;
	size_t left;
};

static const u8 *read_bytes(struct reader *r, size_t n)
{
	const u8 *at = r->at;

	if (n > r->left)
		return NULL;
	r->at += n;
	r->left -= n;
	return at;
}

static bool read_be(struct reader *r, unsigned int bytes, u32 *val)
{
	const u8 *p = read_bytes(r, bytes);

	for (*val = 0; p && bytes; bytes--)
		*val = *val << 8 | *p++;
	return p;
}

static bool read_le32(struct reader *r, u32 *val)
{
	const u8 *p = read_bytes(r, 4);

	if (p)
		*val = p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
	return p;
}

#define LZ4_BLOCK	(8U << 20)	/* of the legacy frame, uncompressed */

/*
 * The legacy frame: blocks of up to 8 MiB, each behind its compressed size. It has no
 * end mark; in a bzImage, the size of all output follows the last block.
 */
static int unpack_lz4(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	struct reader r = { .at = in, .left = size };
	const u8 *block;
	size_t room;
	u32 len;
	u8 *out;
	int n;

	if (!read_le32(&r, &len))
		return fail_broken("lz4", e);
	while (r.left > 4) {
		if (!read_le32(&r, &len) || len > (u32)LZ4_compressBound(LZ4_BLOCK))
			return fail_broken("lz4", e);
		block = read_bytes(&r, len);
		if (!block)
			return fail_broken("lz4", e);
		/* What is allocated may be more than what is allowed. */
		room = s->max - s->size < LZ4_BLOCK ? s->max - s->size : LZ4_BLOCK;
		out = sink_reserve(s, room, e);
		if (!out)
			return -1;
		n = LZ4_decompress_safe((const char *)block, (char *)out, (int)len, (int)room);
		if (n < 0)
			return room < LZ4_BLOCK ? fail_limit(s, e) : fail_broken("lz4", e);
		s->size += (size_t)n;
	}
	return r.left && r.left < 4 ? fail_broken("lz4", e) : 0;
}

#define LZOP_VERSION_LONG	0x0940	/* headers from here on have more members */
#define LZOP_ADLER32_D		0x00000001	/* checksums of a block before ... */
#define LZOP_ADLER32_C		0x00000002	/* ... and after compression */
#define LZOP_EXTRA_FIELD	0x00000040
#define LZOP_CRC32_D		0x00000100
#define LZOP_CRC32_C		0x00000200
#define LZOP_FILTER		0x00000800
#define LZOP_BLOCK_MAX		(64U << 20)

static bool lzop_header(struct reader *r, u32 *flags)
{
	u32 version, len;
	bool is_long;

	if (!read_bytes(r, 9) || !read_be(r, 2, &version))
		return false;
	is_long = version >= LZOP_VERSION_LONG;
	/* Library's version; needed version, method, level. */
	if (!read_bytes(r, is_long ? 6 : 3) || !read_be(r, 4, flags))
		return false;
	if (*flags & LZOP_FILTER && !read_bytes(r, 4))
		return false;
	/* Mode and time, name, checksum. */
	if (!read_bytes(r, is_long ? 12 : 8) || !read_be(r, 1, &len) || !read_bytes(r, len + 4))
		return false;
	if (!(*flags & LZOP_EXTRA_FIELD))
		return true;
	return read_be(r, 4, &len) && read_bytes(r, len) && read_bytes(r, 4);
}

struct lzop_sums {
	u32 adler, crc;
};

/* The flags say which there are. */
static bool lzop_read_sums(struct reader *r, bool has_adler, bool has_crc, struct lzop_sums *sums)
{
	return (!has_adler || read_be(r, 4, &sums->adler)) && (!has_crc || read_be(r, 4, &sums->crc));
}

static bool lzop_sums_right(const u8 *data, u32 len, bool has_adler, bool has_crc,
			    const struct lzop_sums *sums)
{
	return (!has_adler || adler32(1, data, len) == sums->adler) &&
	       (!has_crc || crc32(0, data, len) == sums->crc);
}

/* One block. 1: there may be more, 0: that was the end mark. */
static int lzop_block(struct reader *r, u32 flags, struct sink *s, struct error *e)
{
	struct lzop_sums unpacked = {}, packed = {};
	u32 out_len, len;
	const u8 *block;
	lzo_uint n;
	u8 *out;

	if (!read_be(r, 4, &out_len))
		return fail_broken("lzo", e);
	if (!out_len)
		return 0;
	if (!read_be(r, 4, &len) || !len || len > out_len || out_len > LZOP_BLOCK_MAX)
		return fail_broken("lzo", e);
	if (!lzop_read_sums(r, flags & LZOP_ADLER32_D, flags & LZOP_CRC32_D, &unpacked) ||
	    (len < out_len &&
	     !lzop_read_sums(r, flags & LZOP_ADLER32_C, flags & LZOP_CRC32_C, &packed)))
		return fail_broken("lzo", e);
	block = read_bytes(r, len);
	if (!block || (len < out_len && !lzop_sums_right(block, len, flags & LZOP_ADLER32_C,
							 flags & LZOP_CRC32_C, &packed)))
		return fail_broken("lzo", e);
	out = sink_reserve(s, out_len, e);
	if (!out)
		return -1;
	n = out_len;
	if (len == out_len)	/* stored */
		memcpy(out, block, len);
	else if (lzo1x_decompress_safe(block, len, out, &n, NULL) != LZO_E_OK || n != out_len)
		return fail_broken("lzo", e);
	if (!lzop_sums_right(out, out_len, flags & LZOP_ADLER32_D, flags & LZOP_CRC32_D, &unpacked))
		return fail_broken("lzo", e);
	s->size += out_len;
	return 1;
}

static int unpack_lzo(const u8 *in, size_t size, struct sink *s, struct error *e)
{
	struct reader r = { .at = in, .left = size };
	u32 flags;
	int ret;

	if (!lzop_header(&r, &flags))
		return fail_broken("lzo", e);
	do
		ret = lzop_block(&r, flags, s, e);
	while (ret > 0);
	return ret;
}

/* ------------------------------------------------------------- table */

static const struct format {
	const char *name;
	const char *magic;
	size_t magic_len;
	int (*unpack)(const u8 *in, size_t size, struct sink *s, struct error *e);
} formats[] = {
	{ "gzip", "\x1f\x8b", 2, unpack_gzip },
	{ "xz", "\xfd" "7zXZ\0", 6, unpack_lzma },
	{ "lzma", "\x5d\0\0", 3, unpack_lzma },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd },
	{ "lz4", "\x02\x21\x4c\x18", 4, unpack_lz4 },
	{ "lzo", "\x89LZO\0\r\n\x1a\n", 9, unpack_lzo },
	{ "bzip2", "BZh", 3, unpack_bzip2 },
};

static const struct format *format_of(const void *in, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].magic_len &&
		    !memcmp(in, formats[i].magic, formats[i].magic_len))
			return &formats[i];
	return NULL;
}

const char *decompress_name(const void *in, size_t size)
{
	const struct format *f = format_of(in, size);

	return f ? f->name : NULL;
}

int decompress(const void *in, size_t size, size_t max, struct bytes *out, struct error *e)
{
	const struct format *f = format_of(in, size);
	struct sink s = { .max = max };
	int ret;

	*out = (struct bytes){};
	if (!f)
		return error_set(e, "compressed in an unknown way");
	if (size > INT32_MAX)
		return error_set(e, "more than 2 GiB of compressed data");
	ret = f->unpack(in, size, &s, e);
	if (ret) {
		free(s.data);
		return -1;
	}
	*out = (struct bytes){ .data = s.data, .size = s.size };
	return 0;
}
