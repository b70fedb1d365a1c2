// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){};
}

static int file_check(int fd, const char *path, u64 max, u64 *size, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(e, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(e, "%s: is a directory", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, "%s: is not a regular file", path);
	if (!st.st_size)
		return error_set(e, "%s: is empty", path);
	if ((u64)st.st_size > max)
		return error_set(e, "%s: has %llu MiB, more than the %llu MiB possible here", path,
				 (unsigned long long)st.st_size >> 20, (unsigned long long)max >> 20);
	*size = (u64)st.st_size;
	return 0;
}

static int file_fill(int fd, const char *path, struct bytes *b, struct error *e)
{
	size_t done = 0;

	while (done < b->size) {
		ssize_t n = read(fd, b->data + done, b->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(e, "%s: %s", path, strerror(errno));
		if (!n)
			return error_set(e, "%s: became shorter while it was read", path);
		done += (size_t)n;
	}
	return 0;
}

int file_read(const char *path, u64 max, struct bytes *out, struct error *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = -1;
	u64 size = 0;

	*out = (struct bytes){};
	if (fd < 0)
		return error_set(e, "%s: %s", path, strerror(errno));
	if (file_check(fd, path, max, &size, e))
		goto out_close;
	out->data = malloc(size);
	out->size = size;
	if (!out->data) {
		error_set(e, "%s: no memory for its %llu MiB", path, (unsigned long long)size >> 20);
		goto out_close;
	}
	ret = file_fill(fd, path, out, e);
	if (ret)
		bytes_free(out);
out_close:
	close(fd);
	return ret;
}
