// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See domain.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain.h"

#define DEVICE		"/dev/pvhv"
#define HUGE_PAGE	(2UL << 20)

static int device_open(struct error *e)
{
	struct pvhv_version v = { .size = sizeof(v) };
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		return error_set(e, "cannot open %s: %s (is the module loaded? try: modprobe pvhv)",
				 DEVICE, strerror(errno));
	if (fd < 0)
		return error_set(e, "cannot open %s: %s%s", DEVICE, strerror(errno),
				 errno == EACCES || errno == EPERM ? " (try as root)" : "");
	if (ioctl(fd, PVHV_GET_VERSION, &v)) {
		error_set(e, "%s does not tell its version: %s", DEVICE, strerror(errno));
	} else if (v.api < PVHV_API_VERSION) {
		error_set(e, "the loaded module has interface version %u, pvctl needs %u (load a newer one)",
			  v.api, PVHV_API_VERSION);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

/* More than the host has would not fail at once but end in the OOM killer. */
static int memory_check(u64 bytes, struct error *e)
{
	u64 host = (u64)sysconf(_SC_PHYS_PAGES) << PAGE_SHIFT;

	if (bytes >= host)
		return error_set(e, "%llu MiB of guest memory are too much: the host has %llu MiB in all (see --memory)",
				 (unsigned long long)bytes >> 20, (unsigned long long)host >> 20);
	return 0;
}

/*
 * Anonymous memory, aligned so that the host can use huge pages, which cost it less page
 * table and TLB. No child process needs it, and a core dump has no use for it.
 */
static int memory_map(u64 bytes, u8 **mem, struct error *e)
{
	u64 room = bytes + HUGE_PAGE, lead;
	u8 *p = mmap(NULL, room, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return error_set(e, "no %llu MiB of guest memory: %s",
				 (unsigned long long)bytes >> 20, strerror(errno));
	lead = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (lead)
		munmap(p, lead);
	munmap(p + lead + bytes, HUGE_PAGE - lead);
	*mem = p + lead;
	/* Advice: a host without huge pages refuses, and nothing is lost. */
	madvise(*mem, bytes, MADV_HUGEPAGE);
	madvise(*mem, bytes, MADV_DONTFORK);
	madvise(*mem, bytes, MADV_DONTDUMP);
	return 0;
}

static int fail_create(const char *name, struct error *e)
{
	switch (errno) {
	case EEXIST:
		return error_set(e, "a domain called '%s' exists already (see: pvctl list)", name);
	case ENOMEM:
		return error_set(e, "the host has no memory for the domain");
	default:
		return error_set(e, "cannot create the domain: %s (see the kernel log)",
				 strerror(errno));
	}
}

static int module_create(int device, const char *name, struct domain *d, struct error *e)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = d->nr_pages };

	/* parse_name() has checked the length. */
	memcpy(c.name, name, strnlen(name, sizeof(c.name) - 1));
	memcpy(d->name, c.name, sizeof(d->name));
	d->fd = ioctl(device, PVHV_CREATE_DOMAIN, &c);
	if (d->fd < 0)
		return fail_create(name, e);
	d->special_gfn = c.special_gfn;
	return 0;
}

static int module_set_memory(const struct domain *d, struct error *e)
{
	struct pvhv_set_memory m = { .size = sizeof(m), .pages = d->nr_pages,
				     .addr = (uintptr_t)d->mem };

	if (!ioctl(d->fd, PVHV_SET_MEMORY, &m))
		return 0;
	return error_set(e, "cannot give the domain its %llu MiB of memory: %s%s",
			 (unsigned long long)d->nr_pages >> 8, strerror(errno),
			 errno == ENOMEM ? " (the host's, the memory cgroup's, or that of one user: max_pinned_mb of the module)" : "");
}

int domain_create(const char *name, u64 bytes, struct domain *d, struct error *e)
{
	int device, ret = -1;

	*d = (struct domain){ .fd = -1, .nr_pages = pages_of(bytes) };
	device = device_open(e);
	if (device < 0)
		return -1;
	if (memory_check(bytes, e) || memory_map(d->nr_pages << PAGE_SHIFT, &d->mem, e))
		goto out;
	if (!module_create(device, name, d, e))
		ret = module_set_memory(d, e);
	if (ret)
		domain_destroy(d);
out:
	close(device);
	return ret;
}

int domain_bind_port(const struct domain *d, int eventfd, u32 *port, struct error *e)
{
	struct pvhv_bind_port b = { .size = sizeof(b), .eventfd = eventfd };

	if (ioctl(d->fd, PVHV_BIND_PORT, &b))
		return error_set(e, "cannot bind an event port: %s", strerror(errno));
	*port = b.port;
	return 0;
}

void domain_raise_port(const struct domain *d, u32 port)
{
	struct pvhv_raise_port r = { .size = sizeof(r), .port = port };

	while (ioctl(d->fd, PVHV_RAISE_PORT, &r) && errno == EINTR)
		;
}

void domain_destroy(struct domain *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->mem)
		munmap(d->mem, d->nr_pages << PAGE_SHIFT);
	*d = (struct domain){ .fd = -1 };
}
