/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all tests of the ioctl contract use: results as TAP, system calls that return
 * -errno, descriptors counted, children.
 */
#ifndef ABI_H
#define ABI_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/pvhv.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096UL

#define printf_like(f, a)	__attribute__((format(printf, f, a)))

/** ok - one result; returns @good */
bool ok(bool good, const char *fmt, ...) printf_like(2, 3);

/** is - a result: @got is @want; both are results of system calls, -errno if negative */
bool is(long got, long want, const char *fmt, ...) printf_like(3, 4);

void note(const char *fmt, ...) printf_like(1, 2);
void skip(const char *fmt, ...) printf_like(1, 2);

/** bail - the machine does not let us test at all: end, as a failure */
void bail(const char *fmt, ...) printf_like(1, 2) __attribute__((noreturn));

/** finish - the plan; returns what main() has to */
int finish(void);

/** device - a new descriptor of /dev/pvhv; no such device ends the program as skipped */
int device(void);

/** call - ioctl(), or -errno */
long call(int fd, unsigned long cmd, const void *arg);

/** fd_count - how many descriptors this process has open */
unsigned int fd_count(void);

/** pages_map - anonymous shared memory; never fails */
void *pages_map(size_t pages, int prot);

/** name_of - "abi-PID-@what", static: a domain's name that no other test uses */
const char *name_of(const char *what);

/** create - PVHV_CREATE_DOMAIN on a device of its own: a domain fd, or -errno */
int create(const char *name, u64 max_pages);

/** give - PVHV_SET_MEMORY */
long give(int domain, u64 gfn, u64 pages, const void *addr);

/** vcpu_create - PVHV_CREATE_VCPU: a vCPU fd, or -errno */
int vcpu_create(int domain, u32 id);

/** in_child - fork and run @fn there; returns what it did, 0 to 255, or -signal */
int in_child(int (*fn)(void *arg), void *arg);

/** child_status - the same for a child of ours that is about to end */
int child_status(pid_t pid);

/** log_lines - lines of the kernel log so far that contain both */
unsigned int log_lines(const char *a, const char *b);

/* check.c: what holds for every struct. */
struct checked {
	const char *name;
	unsigned long cmd;
	size_t size;
	bool out;		/* the module writes the struct back */
	const void *good;	/* accepted by a descriptor from @ready */
	int (*ready)(void);	/* makes everything anew; called before each good call */
	void (*undo)(long result);	/* after a good call; may be NULL */
	size_t zero[4];		/* offsets of u32s that must be 0; 0 ends the list */
	size_t first;		/* size of its first version, 0: it has not grown */
};

/** check_struct - sizes, tails, flags, reserved members, pointers: results of their own */
void check_struct(const struct checked *c);

/** check_unknown - ioctls that descriptors of this kind do not know */
void check_unknown(const char *what, int fd, const unsigned long *known, size_t n);

#endif
