// SPDX-License-Identifier: GPL-2.0
/*
 * A process' memory: what was written is read back, wherever and however it is mapped,
 * and nobody else's is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define PAGE		4096UL
#define MAPPED_PAGES	256UL

static uint64_t *map(unsigned long pages)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	check(p != MAP_FAILED);
	return p;
}

/* The first and last word of each page say which it is. */
static void fill(uint64_t *p, unsigned long pages, uint64_t seed)
{
	unsigned long i;

	for (i = 0; i < pages; i++) {
		p[i * PAGE / 8] = seed + i;
		p[(i + 1) * PAGE / 8 - 1] = ~(seed + i);
	}
}

static void verify(const uint64_t *p, unsigned long pages, uint64_t seed)
{
	unsigned long i;

	for (i = 0; i < pages; i++) {
		check_equal(p[i * PAGE / 8], seed + i);
		check_equal(p[(i + 1) * PAGE / 8 - 1], ~(seed + i));
	}
}

static void verify_zero(const uint64_t *p, unsigned long pages)
{
	unsigned long i;

	for (i = 0; i < pages * PAGE / 8; i++)
		if (p[i])
			fail("fresh memory has %#lx at %#lx", (unsigned long)p[i], i * 8);
}

static void map_unmap(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		uint64_t *p = map(MAPPED_PAGES);

		verify_zero(p, MAPPED_PAGES);
		fill(p, MAPPED_PAGES, (uint64_t)i << 32);
		verify(p, MAPPED_PAGES, (uint64_t)i << 32);
		/* A hole in the middle; what is around it stays. */
		check(!munmap(p + 100 * PAGE / 8, 50 * PAGE));
		verify(p, 100, (uint64_t)i << 32);
		verify(p + 150 * PAGE / 8, 106, ((uint64_t)i << 32) + 150);
		check(!munmap(p, MAPPED_PAGES * PAGE));
	}
}

static void far_apart(void)
{
	/* Addresses that need tables of every level of their own. */
	static const uintptr_t places[] = {
		0x10000, 0x40000000, 0x8000000000, 0x400000000000, 0x7effffe00000,
	};
	uint64_t *p;
	size_t i;
	int turn;

	for (turn = 0; turn < 10; turn++) {
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			p = mmap((void *)places[i], 4 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
			if (p == MAP_FAILED)
				fail("cannot map %#lx", places[i]);
			fill(p, 4, places[i]);
		}
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			verify((uint64_t *)places[i], 4, places[i]);
			check(!munmap((void *)places[i], 4 * PAGE));
		}
	}
}

static void remap(void)
{
	uint64_t *p = map(64), *moved;
	int i;

	fill(p, 64, 1000);
	for (i = 0; i < 50; i++) {
		/* Grows, and moves as there is something behind it. */
		void *obstacle = mmap(p + 64 * PAGE / 8, PAGE, PROT_READ,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		check(obstacle != MAP_FAILED);
		moved = mremap(p, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE);
		check(moved != MAP_FAILED && moved != p);
		verify(moved, 64, 1000);
		verify_zero(moved + 64 * PAGE / 8, 64);
		check(!munmap(obstacle, PAGE));
		p = mremap(moved, 128 * PAGE, 64 * PAGE, 0);
		check_equal((uintptr_t)p, (uintptr_t)moved);
	}
	verify(p, 64, 1000);
}

static void shared(void)
{
	uint64_t *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	pid_t pid;

	check(p != MAP_FAILED);
	pid = fork();
	if (!pid) {
		fill(p, 16, 7);
		_exit(0);
	}
	wait_good(pid);
	verify(p, 16, 7);
}

static void file_twice(void)
{
	int fd = memfd_create("twice", 0), i;
	uint64_t *a, *b;

	check(fd >= 0);
	check(!ftruncate(fd, 8 * PAGE));
	a = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(a != MAP_FAILED && b != MAP_FAILED && a != b);
	for (i = 0; i < 100; i++) {
		fill(i & 1 ? a : b, 8, i);
		verify(i & 1 ? b : a, 8, i);
	}
}

/* ------------------------------------------------------------ copy on write */

static void copy_on_write(void)
{
	uint64_t *p = map(MAPPED_PAGES);
	int child;

	fill(p, MAPPED_PAGES, 1UL << 40);
	for (child = 0; child < 8; child++) {
		pid_t pid = fork();

		if (!pid) {
			verify(p, MAPPED_PAGES, 1UL << 40);
			fill(p, MAPPED_PAGES, 2UL << 40);
			verify(p, MAPPED_PAGES, 2UL << 40);
			_exit(0);
		}
		wait_good(pid);
		verify(p, MAPPED_PAGES, 1UL << 40);
	}
	/* And the other way round: the parent writes while the child looks. */
	for (child = 0; child < 8; child++) {
		int go[2];
		char c = 0;
		pid_t pid;

		fill(p, MAPPED_PAGES, 1UL << 40);
		check(!pipe(go));
		pid = fork();
		if (!pid) {
			check_equal(read(go[0], &c, 1), 1);
			verify(p, MAPPED_PAGES, 1UL << 40);
			_exit(0);
		}
		fill(p, MAPPED_PAGES, 3UL << 40);
		check_equal(write(go[1], &c, 1), 1);
		wait_good(pid);
		close(go[0]);
		close(go[1]);
		verify(p, MAPPED_PAGES, 3UL << 40);
	}
}

/* The write comes from the kernel: its own store meets the read-only entry. */
static void copy_on_write_by_kernel(void)
{
	uint64_t *p = map(4), word = 4711;
	int fd[2];
	pid_t pid;

	check(!pipe(fd));
	fill(p, 4, 1);
	check_equal(write(fd[1], &word, sizeof(word)), sizeof(word));
	pid = fork();
	if (!pid) {
		check_equal(read(fd[0], p, sizeof(*p)), sizeof(*p));
		check_equal(*p, 4711);
		_exit(0);
	}
	wait_good(pid);
	verify(p, 4, 1);
}

/* ------------------------------------------------------------------- more */

static void pressure(void)
{
	unsigned long pages = (64UL << 20) / PAGE, i;
	int turn;

	for (turn = 0; turn < 3; turn++) {
		uint64_t *p = map(pages);

		for (i = 0; i < pages; i++) {
			if (p[i * PAGE / 8])
				fail("page %lu is not zero", i);
			p[i * PAGE / 8] = i ^ (uint64_t)turn << 48;
		}
		for (i = 0; i < pages; i++)
			check_equal(p[i * PAGE / 8], i ^ (uint64_t)turn << 48);
		check(!madvise(p, pages * PAGE / 2, MADV_DONTNEED));
		verify_zero(p, 16);
		check_equal(p[(pages - 1) * PAGE / 8], (pages - 1) ^ (uint64_t)turn << 48);
		check(!munmap(p, pages * PAGE));
	}
}

static void huge_page_hint(void)
{
	uint64_t *p = map(2048);

	/* Large pages do not exist here; asking for them must do no harm. */
	madvise(p, 2048 * PAGE, MADV_HUGEPAGE);
	fill(p, 2048, 5);
	verify(p, 2048, 5);
}

/* Several processes with the same addresses and different contents. */
static void own_contents(int n)
{
	uint64_t *p = map(64);
	int i;

	for (i = 0; i < 50; i++) {
		fill(p, 64, ((uint64_t)n << 32) + i);
		usleep(100);
		verify(p, 64, ((uint64_t)n << 32) + i);
		check(!mprotect(p, 32 * PAGE, PROT_READ));
		verify(p, 64, ((uint64_t)n << 32) + i);
		check(!mprotect(p, 32 * PAGE, PROT_READ | PROT_WRITE));
	}
}

static void many_spaces(void)
{
	run_children(6, own_contents);
}

static void maps_file(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end, last = 0;
	bool stack = false, text = false, vdso = false;
	char line[400], rights[5];

	check(f);
	while (fgets(line, sizeof(line), f)) {
		check_equal(sscanf(line, "%lx-%lx %4s", &start, &end, rights), 3);
		check(start < end && start >= last);
		check(!(start & (PAGE - 1)) && !(end & (PAGE - 1)));
		check(end <= 0x7ffffffff000 || strstr(line, "[vsyscall]"));
		text |= (uintptr_t)maps_file >= start && (uintptr_t)maps_file < end &&
			!strncmp(rights, "r-xp", 4);
		stack |= (uintptr_t)line >= start && (uintptr_t)line < end &&
			 !strncmp(rights, "rw-p", 4);
		vdso |= !!strstr(line, "[vdso]");
		last = end;
	}
	fclose(f);
	check(text && stack && vdso);
}

/* --------------------------------------------------------------- vsyscall */

#define VSYSCALL	0xffffffffff600000

static bool vsyscall_rights(char rights[5])
{
	FILE *f = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[400];

	check(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, "[vsyscall]") &&
			sscanf(line, "%*x-%*x %4s", rights) == 1;
	fclose(f);
	return found;
}

static void vsyscall_call(void)
{
	int (*vgettimeofday)(struct timeval *, void *) = (void *)VSYSCALL;
	struct timeval before, now, after;
	char rights[5];

	if (!vsyscall_rights(rights) || rights[2] != 'x')
		skip("this kernel has no vsyscall page");
	gettimeofday(&before, NULL);
	check(!vgettimeofday(&now, NULL));
	gettimeofday(&after, NULL);
	check(timercmp(&before, &now, <=) && timercmp(&now, &after, <=));
}

static void vsyscall_read(void)
{
	char rights[5];
	int status;
	pid_t pid;

	if (!vsyscall_rights(rights))
		skip("this kernel has no vsyscall page");
	pid = fork();
	if (!pid)
		_exit(*(volatile uint8_t *)VSYSCALL == 0x48 ? 0 : 1);
	check_equal(waitpid(pid, &status, 0), pid);
	if (rights[0] == 'r')
		check_equal(status, 0);
	else
		check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

const struct test memory_tests[] = {
	{ "mmap and munmap", map_unmap },
	{ "mmap at addresses far apart", far_apart },
	{ "mremap", remap },
	{ "shared memory over fork", shared },
	{ "a file mapped twice", file_twice },
	{ "copy on write", copy_on_write },
	{ "copy on write by the kernel", copy_on_write_by_kernel },
	{ "64 MiB three times", pressure },
	{ "advice to use large pages", huge_page_hint },
	{ "address spaces do not mix", many_spaces },
	{ "/proc/self/maps", maps_file },
	{ "a call of the vsyscall page", vsyscall_call },
	{ "a read of the vsyscall page", vsyscall_read },
	{ },
};
