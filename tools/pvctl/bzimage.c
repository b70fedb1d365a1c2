// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See bzimage.h. Pure. */
#include <string.h>

#include "bzimage.h"

/* Offsets of the setup header's members; Documentation/x86/boot.rst in Linux. */
#define SETUP_SECTS	0x1f1	/* 1 byte: sectors after the first, 0 means 4 */
#define BOOT_FLAG	0x1fe	/* 2 bytes: 0xaa55 */
#define MAGIC		0x202	/* "HdrS" */
#define VERSION		0x206	/* 2 bytes */
#define PAYLOAD_OFFSET	0x248	/* 4 bytes: from the end of the setup sectors */
#define PAYLOAD_LENGTH	0x24c	/* 4 bytes */
#define HEADER_END	0x250

#define SECTOR		512
#define VERSION_PAYLOAD	0x0208

static u32 get_le(const u8 *p, unsigned int bytes)
{
	u32 val = 0;

	while (bytes--)
		val = val << 8 | p[bytes];
	return val;
}

bool bzimage_is_bzimage(const void *data, size_t size)
{
	const u8 *p = data;

	return size >= VERSION && get_le(p + BOOT_FLAG, 2) == 0xaa55 &&
	       !memcmp(p + MAGIC, "HdrS", 4);
}

int bzimage_payload(const void *data, size_t size, size_t *offset, size_t *len, struct error *e)
{
	const u8 *p = data;
	u32 version;

	if (!bzimage_is_bzimage(data, size))
		return error_set(e, "not a bzImage");
	if (size < HEADER_END)
		return error_set(e, "the file ends within the bzImage header (truncated?)");
	version = get_le(p + VERSION, 2);
	if (version < VERSION_PAYLOAD)
		return error_set(e, "a bzImage of boot protocol %x.%02x, before 2.08: too old to be unpacked",
				 version >> 8, version & 0xff);
	*offset = ((p[SETUP_SECTS] ? p[SETUP_SECTS] : 4) + 1UL) * SECTOR +
		  get_le(p + PAYLOAD_OFFSET, 4);
	*len = get_le(p + PAYLOAD_LENGTH, 4);
	if (!*len || *offset > size || *len > size - *offset)
		return error_set(e, "the kernel in the bzImage lies beyond the end of the file (truncated?)");
	return 0;
}
