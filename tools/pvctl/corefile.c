// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See corefile.h. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "corefile.h"

int corefile_write(int fd, const void *data, size_t n, u64 offset, struct error *e)
{
	const u8 *at = data;
	ssize_t done;

	while (n) {
		done = pwrite(fd, at, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return error_set(e, "cannot write the core file: %s",
					 strerror(done ? errno : ENOSPC));
		at += done;
		n -= (size_t)done;
		offset += (u64)done;
	}
	return 0;
}

int corefile_resize(int fd, u64 size, struct error *e)
{
	if (ftruncate(fd, (off_t)size))
		return error_set(e, "cannot make the core file as large as the guest: %s",
				 strerror(errno));
	return 0;
}

bool corefile_is_zero(const u8 *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE_SIZE - 1);
}

u8 *corefile_note(u8 *at, const char *name, u32 type, const void *desc, size_t n)
{
	Elf64_Nhdr h = { .n_namesz = (u32)strlen(name) + 1, .n_descsz = (u32)n, .n_type = type };

	memcpy(at, &h, sizeof(h));
	at += sizeof(h);
	memcpy(at, name, h.n_namesz);
	at += corefile_padded(h.n_namesz);
	if (n)
		memcpy(at, desc, n);
	return at + corefile_padded(n);
}
