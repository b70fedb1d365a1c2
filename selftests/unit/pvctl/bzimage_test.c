// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * bzImages and all compressions. What is decompressed was compressed by the tools
 * that a kernel's build calls, with their options; where one is not installed, its
 * format is skipped.
 */
#include "test.h"

#include <unistd.h>

#include "bzimage.h"
#include "decompress.h"
#include "kernel.h"
#include "testelf.h"

static struct testelf t;

static const struct {
	const char *name;
	const char *command;
	bool appended;	/* the build appends the size of the output */
	bool checked;	/* the format has checksums */
} tools[] = {
	{ "gzip", "gzip -n -9", false, true },
	{ "xz", "xz --check=crc32 --x86 --lzma2=,dict=32MiB", true, true },
	{ "lzma", "lzma -9", true, false },
	{ "zstd", "zstd -q -19", true, true },
	{ "lz4", "lz4 -l -9 -c", true, false },
	{ "lzo", "lzop -9", true, true },
	{ "bzip2", "bzip2 -9", true, true },
};

static u8 *read_all(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	u8 *data;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	data = malloc(*size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *size, f), *size);
	fclose(f);
	return data;
}

/* Compressed by @command, NULL if that is not installed. */
static u8 *compress(const char *command, const void *data, size_t n, size_t *size)
{
	char in[] = "/tmp/pvctl-in-XXXXXX", out[] = "/tmp/pvctl-out-XXXXXX", line[256];
	int fd = mkstemp(in), status;
	u8 *result = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	close(fd);
	fd = mkstemp(out);
	assert_true(fd >= 0);
	close(fd);
	snprintf(line, sizeof(line), "%s <%s >%s 2>/dev/null", command, in, out);
	status = system(line);
	if (status != 127 << 8) {
		assert_int_equal(status, 0);
		result = read_all(out, size);
	}
	unlink(in);
	unlink(out);
	return result;
}

/* 3 MiB with runs, repeats and noise. */
static u8 *sample(size_t *size)
{
	size_t i;
	u32 x = 1;
	u8 *data;

	*size = 3 << 20;
	data = malloc(*size);
	assert_non_null(data);
	for (i = 0; i < *size; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = i & 1 << 16 ? (u8)(x >> 24) : (u8)(i >> 9);
	}
	return data;
}

static void unpack_equal(const u8 *packed, size_t n, const u8 *data, size_t size)
{
	struct bytes out;
	struct error e;

	assert_int_equal(decompress(packed, n, size, &out, &e), 0);
	assert_int_equal(out.size, size);
	assert_memory_equal(out.data, data, size);
	bytes_free(&out);
	/* One byte too few. */
	assert_int_equal(decompress(packed, n, size - 1, &out, &e), -1);
	assert_null(out.data);
	assert_error(&e, "more than");
}

static void unpack_truncated(const u8 *packed, size_t n)
{
	struct bytes out;
	struct error e;
	size_t cut;
	void *copy;

	for (cut = 0; cut < n; cut += cut < 64 || n - cut < 64 ? 1 : n / 50) {
		copy = exact_copy(packed, cut);
		assert_int_equal(decompress(copy, cut, 8 << 20, &out, &e), -1);
		free(copy);
	}
}

static void check_format(size_t tool)
{
	size_t size, n;
	u8 *data = sample(&size), *packed = compress(tools[tool].command, data, size, &n);
	u8 trailer[] = { (u8)size, (u8)(size >> 8), (u8)(size >> 16), 0 };

	if (!packed) {
		free(data);
		skip();
	}
	assert_string_equal(decompress_name(packed, n), tools[tool].name);
	unpack_equal(packed, n, data, size);
	/* In the legacy lz4 frame, what follows a block may be the end. */
	if (strcmp(tools[tool].name, "lz4"))
		unpack_truncated(packed, n);
	if (tools[tool].appended) {
		packed = realloc(packed, n + 4);
		memcpy(packed + n, trailer, 4);
		unpack_equal(packed, n + 4, data, size);
	}
	free(packed);
	free(data);
}

#define FORMAT_TEST(name, i) static void format_##name(void **state) { (void)state; check_format(i); }
FORMAT_TEST(gzip, 0)
FORMAT_TEST(xz, 1)
FORMAT_TEST(lzma, 2)
FORMAT_TEST(zstd, 3)
FORMAT_TEST(lz4, 4)
FORMAT_TEST(lzo, 5)
FORMAT_TEST(bzip2, 6)

/*
 * Broken data must end in an error, or in what it was where the byte does not matter;
 * without checksums also in other output, but never in a crash.
 */
static void broken_data(void **state)
{
	struct bytes out;
	struct error e;
	size_t size, n, i, at;
	u8 *data = sample(&size), *packed;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		packed = compress(tools[i].command, data, 200000, &n);
		for (at = 0; packed && at < n; at += at < 48 ? 1 : n / 37) {
			packed[at] ^= 0x55;
			if (!decompress(packed, n, 1 << 20, &out, &e)) {
				if (tools[i].checked)
					assert_true(out.size == 200000 &&
						    !memcmp(out.data, data, out.size));
				bytes_free(&out);
			}
			packed[at] ^= 0x55;
		}
		free(packed);
	}
	free(data);
}

static void lz4_blocks(void **state)
{
	static const u8 huge[] = { 2, 0x21, 0x4c, 0x18, 0xff, 0xff, 0xff, 0xff, 0 };
	static const u8 cut[] = { 2, 0x21, 0x4c, 0x18, 9, 0, 0, 0, 0x10, 'a' };
	static const u8 tail[] = { 2, 0x21, 0x4c, 0x18, 9, 0 };
	struct bytes out;
	struct error e;

	(void)state;
	assert_int_equal(decompress(huge, sizeof(huge), 1 << 20, &out, &e), -1);
	assert_int_equal(decompress(cut, sizeof(cut), 1 << 20, &out, &e), -1);
	assert_int_equal(decompress(tail, sizeof(tail), 1 << 20, &out, &e), -1);
}

/* ------------------------------------------------------------ bzImages */

#define SETUP	(3 * 512)

static void put32(u8 *at, u32 val)
{
	memcpy(at, &val, sizeof(val));
}

/* A bzImage with 2 setup sectors and @payload 0x40 bytes behind them. */
static u8 *make_bzimage(const void *payload, size_t n, size_t *size)
{
	u8 *file = calloc(1, SETUP + 0x40 + n + 100);

	assert_non_null(file);
	file[0x1f1] = 2;
	file[0x1fe] = 0x55;
	file[0x1ff] = 0xaa;
	memcpy(file + 0x202, "HdrS\x0f\x02", 6);
	put32(file + 0x248, 0x40);
	put32(file + 0x24c, (u32)n);
	memcpy(file + SETUP + 0x40, payload, n);
	*size = SETUP + 0x40 + n + 100;
	return file;
}

static void bzimage_good(void **state)
{
	size_t size, n, offset, len;
	u8 *file, *packed;
	struct kernel k;
	struct error e;

	(void)state;
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SEGMENT);
	/* CONFIG_KERNEL_UNCOMPRESSED */
	file = make_bzimage(t.file, t.size, &size);
	assert_true(bzimage_is_bzimage(file, size));
	assert_int_equal(bzimage_payload(file, size, &offset, &len, &e), 0);
	assert_int_equal(offset, SETUP + 0x40);
	assert_int_equal(len, t.size);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), 0);
	free(file);
	packed = compress("gzip", t.file, t.size, &n);
	if (!packed)
		skip();
	file = make_bzimage(packed, n, &size);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), 0);
	assert_int_equal(k.image.size, t.size);
	kernel_free(&k);
	free(file);
	/* A compressed ELF file without bzImage. */
	assert_int_equal(kernel_parse(packed, n, 1 << 20, &k, &e), 0);
	kernel_free(&k);
	free(packed);
}

static void bzimage_truncated(void **state)
{
	struct kernel k;
	struct error e;
	size_t size, n;
	u8 *file;
	void *copy;

	(void)state;
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SEGMENT);
	file = make_bzimage(t.file, t.size, &size);
	for (n = 0; n < SETUP + 0x40 + t.size; n += n < SETUP + 0x80 ? 1 : 61) {
		copy = exact_copy(file, n);
		assert_int_equal(kernel_parse(copy, n, 1 << 20, &k, &e), -1);
		free(copy);
	}
	free(file);
}

static void bzimage_wrong(void **state)
{
	struct kernel k;
	struct error e;
	size_t size;
	u8 *file;

	(void)state;
	file = make_bzimage("what is this?", 14, &size);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), -1);
	assert_error(&e, "unknown way");
	put32(file + 0x248, UINT32_MAX);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), -1);
	assert_error(&e, "beyond the end");
	put32(file + 0x248, 0);
	put32(file + 0x24c, UINT32_MAX);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), -1);
	assert_error(&e, "beyond the end");
	put32(file + 0x24c, 0);
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), -1);
	assert_error(&e, "beyond the end");
	file[0x206] = 7;
	assert_int_equal(kernel_parse(file, size, 1 << 20, &k, &e), -1);
	assert_error(&e, "2.07");
	/* 0 setup sectors are 4. */
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_gzip), cmocka_unit_test(format_xz),
		cmocka_unit_test(format_lzma), cmocka_unit_test(format_zstd),
		cmocka_unit_test(format_lz4), cmocka_unit_test(format_lzo),
		cmocka_unit_test(format_bzip2), cmocka_unit_test(broken_data),
		cmocka_unit_test(lz4_blocks), cmocka_unit_test(bzimage_good),
		cmocka_unit_test(bzimage_truncated), cmocka_unit_test(bzimage_wrong),
	};

	return cmocka_run_group_tests_name("pvctl bzimage", tests, NULL, NULL);
}
