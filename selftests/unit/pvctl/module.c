// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See module.h. What the contract forbids ends the test program, from any thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module.h"

struct module module;
static int device_fd = -1, domain_fd = -1, vcpu_fd = -1;

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);

#define require(cond) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "module: not so: %s\n", #cond);			\
		abort();							\
	}									\
} while (0)

/* A size that is known, no flag. */
#define require_header(arg) require((arg)->size == sizeof(*(arg)) && !(arg)->flags)

void module_reset(void)
{
	if (module.run)
		munmap(module.run, PAGE_SIZE);
	module = (struct module){ .api = PVHV_API_VERSION, .eventfd = -1 };
	device_fd = domain_fd = vcpu_fd = -1;
}

void *module_memory(u64 gpa)
{
	require(gpa < module.memory.pages << PAGE_SHIFT);
	return (u8 *)(uintptr_t)module.memory.addr + gpa;
}

/* ----------------------------------------------------------- /dev/pvhv */

static int device_open(void)
{
	module.opens++;
	if (module.open_errno) {
		errno = module.open_errno;
		return -1;
	}
	device_fd = eventfd(0, EFD_CLOEXEC);
	require(device_fd >= 0);
	return device_fd;
}

static int get_version(struct pvhv_version *v)
{
	require_header(v);
	v->api = module.api;
	return 0;
}

static int create_domain(struct pvhv_create_domain *c)
{
	require_header(c);
	require(c->max_pages && memchr(c->name, 0, sizeof(c->name)));
	module.domain = *c;
	c->special_gfn = MODULE_SPECIAL;
	domain_fd = eventfd(0, EFD_CLOEXEC);
	return domain_fd;
}

/* ----------------------------------------------------------- domain fd */

static int set_memory(const struct pvhv_set_memory *m)
{
	require_header(m);
	require(m->pages && !(m->addr & (PAGE_SIZE - 1)) && !module.runs);
	require(m->gfn + m->pages <= module.domain.max_pages);
	module.memory = *m;
	return 0;
}

static int bind_port(struct pvhv_bind_port *b)
{
	require_header(b);
	require(!b->reserved && !b->port && b->vcpu == 0);
	module.eventfd = b->eventfd;
	b->port = MODULE_PORT;
	return 0;
}

static int raise_port(const struct pvhv_raise_port *r)
{
	require_header(r);
	require(r->port == MODULE_PORT && !r->reserved);
	__atomic_fetch_add(&module.raised, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* The run page is a page of a memfd, which we keep a mapping of. */
static int create_vcpu(const struct pvhv_create_vcpu *c)
{
	require_header(c);
	require(c->id == 0 && !c->reserved);
	if (module.no_run_page) {
		vcpu_fd = eventfd(0, EFD_CLOEXEC);
		return vcpu_fd;
	}
	vcpu_fd = memfd_create("vcpu", MFD_CLOEXEC);
	require(vcpu_fd >= 0 && !ftruncate(vcpu_fd, PAGE_SIZE));
	module.run = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd, 0);
	require(module.run != MAP_FAILED);
	return vcpu_fd;
}

/* ------------------------------------------------------------- vCPU fd */

static int set_regs(const struct pvhv_regs *r)
{
	require_header(r);
	require(!module.runs);
	module.regs = *r;
	return 0;
}

/* As those of a vCPU that has not moved. */
static int get_regs(struct pvhv_regs *r)
{
	require_header(r);
	*r = module.regs;
	r->cs = 0xe033;
	r->ss = 0xe02b;
	r->fault_vector = module.fault_vector;
	return 0;
}

static int run(void)
{
	int err;

	require(module.regs.size && module.memory.pages);
	__atomic_fetch_add(&module.runs, 1, __ATOMIC_SEQ_CST);
	err = __atomic_load_n(&module.run->immediate_exit, __ATOMIC_ACQUIRE) ? EINTR :
	      module.guest();
	errno = err;
	return err ? -1 : 0;
}

/* ------------------------------------------------------------ the doors */

static int device_ioctl(unsigned long request, void *arg)
{
	require(request == PVHV_GET_VERSION || request == PVHV_CREATE_DOMAIN);
	return request == PVHV_GET_VERSION ? get_version(arg) : create_domain(arg);
}

static int domain_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case PVHV_SET_MEMORY:
		return set_memory(arg);
	case PVHV_CREATE_VCPU:
		return create_vcpu(arg);
	case PVHV_BIND_PORT:
		return bind_port(arg);
	default:
		require(request == PVHV_RAISE_PORT);
		return raise_port(arg);
	}
}

static int vcpu_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case PVHV_SET_REGS:
		return set_regs(arg);
	case PVHV_GET_REGS:
		return get_regs(arg);
	default:
		require(request == PVHV_RUN);
		return run();
	}
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (!strcmp(path, "/dev/pvhv")) {
		require((flags & O_ACCMODE) == O_RDWR && flags & O_CLOEXEC);
		return device_open();
	}
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return __real_open(path, flags, mode);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd < 0 || (fd != device_fd && fd != domain_fd && fd != vcpu_fd))
		return __real_ioctl(fd, request, arg);
	__atomic_fetch_add(&module.ioctls, 1, __ATOMIC_SEQ_CST);
	if (request == module.fail) {
		errno = module.fail_errno;
		return -1;
	}
	/* The device is closed early, so its number may be the vCPU's by now. */
	if (fd == vcpu_fd)
		return vcpu_ioctl(request, arg);
	return fd == domain_fd ? domain_ioctl(request, arg) : device_ioctl(request, arg);
}
