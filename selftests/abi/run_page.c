// SPDX-License-Identifier: GPL-2.0
/* The run page: how it can be mapped, and that nothing in it is trusted. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define RW	(PROT_READ | PROT_WRITE)

static struct guest g;

static void check_mmap(const char *what, size_t size, int prot, int flags, off_t offset, int want)
{
	void *p = mmap(NULL, size, prot, flags, g.vcpu, offset);

	is(p == MAP_FAILED ? -errno : 0, want, "mmap: %s", what);
	if (p != MAP_FAILED)
		munmap(p, size);
}

static void check_mappings(void)
{
	struct pvhv_run *again;

	check_mmap("shared", PAGE, RW, MAP_SHARED, 0, 0);
	check_mmap("read-only", PAGE, PROT_READ, MAP_SHARED, 0, 0);
	check_mmap("a part of a page", 100, RW, MAP_SHARED, 0, 0);
	check_mmap("populated", PAGE, RW, MAP_SHARED | MAP_POPULATE, 0, 0);
	check_mmap("private", PAGE, RW, MAP_PRIVATE, 0, -EINVAL);
	check_mmap("private and read-only", PAGE, PROT_READ, MAP_PRIVATE, 0, -EINVAL);
	check_mmap("two pages", 2 * PAGE, RW, MAP_SHARED, 0, -EINVAL);
	check_mmap("2 MiB", 512 * PAGE, RW, MAP_SHARED, 0, -EINVAL);
	check_mmap("second page", PAGE, RW, MAP_SHARED, PAGE, -EINVAL);
	check_mmap("far away", PAGE, RW, MAP_SHARED, (off_t)(1UL << 40), -EINVAL);
	again = mmap(NULL, PAGE, RW, MAP_SHARED, g.vcpu, 0);
	again->console.len = 12345;
	is(g.run->console.len, 12345, "a second mapping is the same page");
	munmap(again, PAGE);
	again = mremap(g.run, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	ok(again == MAP_FAILED, "a mapping does not grow");
	if (again != MAP_FAILED)
		g.run = again;
}

static int child_reads(void *unused)
{
	(void)unused;
	return (int)((volatile struct pvhv_run *)g.run)->reason;
}

static void check_fork(void)
{
	is(in_child(child_reads, NULL), -11 /* SIGSEGV */, "a child has no run page");
	ok(g.run->reason == PVHV_EXIT_NONE, "its parent still has");
}

static void check_gone(void)
{
	madvise(g.run, PAGE, MADV_DONTNEED);
	munmap(g.run, PAGE);
	g.run = NULL;
	is(guest_run(&g), 0, "run without a run page");
	is(guest_run(&g), -ESHUTDOWN, "to the end");
	g.run = mmap(NULL, PAGE, RW, MAP_SHARED, g.vcpu, 0);
	ok(g.run != MAP_FAILED && g.run->reason == PVHV_EXIT_SHUTDOWN, "map it again: it says why");
	close(g.vcpu);
	g.vcpu = -1;
	close(g.domain);
	g.domain = -1;
	g.run->console.len = 4711;
	is(g.run->console.len, 4711, "the page outlives the descriptors");
	is(g.run->reason, PVHV_EXIT_SHUTDOWN, "and still says why");
	guest_free(&g);
}

static int stop;

/* Everything but immediate_exit, which would be obeyed. */
static void *garbage_thread(void *unused)
{
	u32 *words = (u32 *)g.run, n = 1, i;

	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		for (i = 0; i < PAGE / sizeof(*words); i++) {
			n = n * 1664525 + 1013904223;
			if (i != offsetof(struct pvhv_run, immediate_exit) / sizeof(*words))
				words[i] = n;
		}
	return NULL;
}

/* The reason may be garbage, so the end is what PVHV_RUN returns after it. */
static long run_blindly(void)
{
	long ret;

	do
		ret = guest_run(&g);
	while (!ret || ret == -EINTR);
	return ret;
}

static void check_garbage(const char *what, const char *code, u64 bytes)
{
	int i, bad = 0;
	pthread_t thread;

	for (i = 0; i < 20; i++) {
		guest_ready(&g, name_of("garbage"), code);
		*guest_data(&g, DATA_BYTES) = bytes;
		__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
		pthread_create(&thread, NULL, garbage_thread, NULL);
		bad += run_blindly() != -ESHUTDOWN;
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		bad += guest_run(&g) != -ESHUTDOWN;
		bad += g.run->reason != PVHV_EXIT_SHUTDOWN;
		bad += (long)*guest_data(&g, DATA_RESULT) > 1024;
		guest_free(&g);
	}
	is(bad, 0, "garbage in the run page while a guest %s", what);
}

int main(void)
{
	close(device());
	guest_ready(&g, name_of("page"), code_shutdown);
	check_mappings();
	check_fork();
	check_gone();
	check_garbage("shuts down", code_shutdown, 0);
	check_garbage("writes", code_write, 3000);
	check_garbage("reads", code_read, 3000);
	return finish();
}
