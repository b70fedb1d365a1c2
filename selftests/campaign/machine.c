// SPDX-License-Identifier: GPL-2.0
/*
 * One domain of the campaign. pvctl's builder makes it; running it is simpler than what
 * pvctl does, since there is no console to serve, and harder, since it may hang.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "campaign.h"
#include "file.h"
#include "kernel.h"

static struct bytes kernel_file;
static struct kernel kernel;

int kernel_open(const char *path, struct error *e)
{
	if (file_read(path, KERNEL_MAX, &kernel_file, e))
		return -1;
	return kernel_parse(kernel_file.data, kernel_file.size, KERNEL_MAX, &kernel, e);
}

static int vcpu_create(struct machine *m, struct error *e)
{
	struct pvhv_create_vcpu c = { .size = sizeof(c) };
	struct pvhv_regs r = {
		.size = sizeof(r), .rip = m->image.entry, .rsp = m->image.stack, .rflags = 0x202,
		.rsi = m->image.start_info, .cr3_gfn = m->image.cr3_gfn,
	};
	void *run;

	m->fd = ioctl(m->domain.fd, PVHV_CREATE_VCPU, &c);
	if (m->fd < 0)
		return error_set(e, "vCPU: %s", strerror(errno));
	run = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (run == MAP_FAILED)
		return error_set(e, "run page: %s", strerror(errno));
	m->run = run;
	if (ioctl(m->fd, PVHV_SET_REGS, &r))
		return error_set(e, "registers: %s", strerror(errno));
	return 0;
}

/* As pvctl does, but with a limit for page-table memory that may be too small. */
static int domain_open(struct machine *m, const char *name, u64 pool_pages, struct error *e)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = GUEST_BYTES / PAGE_SIZE,
					.pool_pages = pool_pages };
	struct pvhv_set_memory s = { .size = sizeof(s), .pages = c.max_pages };
	struct domain *d = &m->domain;
	int device = open("/dev/pvhv", O_RDWR | O_CLOEXEC);

	d->nr_pages = c.max_pages;
	d->mem = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (d->mem == MAP_FAILED) {
		d->mem = NULL;
		return error_set(e, "guest memory: %s", strerror(errno));
	}
	s.addr = (uintptr_t)d->mem;
	snprintf(c.name, sizeof(c.name), "%s", name);
	d->fd = ioctl(device, PVHV_CREATE_DOMAIN, &c);
	close(device);
	if (d->fd < 0)
		return error_set(e, "domain: %s", strerror(errno));
	d->special_gfn = c.special_gfn;
	if (ioctl(d->fd, PVHV_SET_MEMORY, &s))
		return error_set(e, "memory: %s", strerror(errno));
	return 0;
}

int machine_create(struct machine *m, const char *name, u64 pool_pages, const char *cmdline,
		   struct error *e)
{
	char line[400];
	struct builder_request r = { .kernel = &kernel, .cmdline = line };

	*m = (struct machine){ .fd = -1, .domain.fd = -1 };
	if (domain_open(m, name, pool_pages, e))
		goto fail;
	if (domain_bind_port(&m->domain, -1, &m->poke_port, e))
		goto fail;
	snprintf(line, sizeof(line), "%s poke=%u", cmdline, m->poke_port);
	r.mem = m->domain.mem;
	r.nr_pages = m->domain.nr_pages;
	r.shared_info_gfn = m->domain.special_gfn;
	if (builder_build(&r, &m->image, e) || vcpu_create(m, e))
		goto fail;
	return 0;

fail:
	machine_destroy(m);
	return -1;
}

void machine_destroy(struct machine *m)
{
	if (m->run)
		munmap(m->run, PAGE_SIZE);
	if (m->fd >= 0)
		close(m->fd);
	domain_destroy(&m->domain);
}

/* --------------------------------------------------------------- running */

static void end(struct machine *m, enum ended how, u32 code)
{
	m->ended = how;
	m->code = code;
}

/* Whether it runs on. Nothing in the run page can be trusted: somebody may write to it. */
static bool serve(struct machine *m)
{
	volatile struct pvhv_run *run = m->run;
	u32 reason = run->reason, len, i;

	switch (reason) {
	case PVHV_EXIT_CONSOLE:
		len = run->console.len;
		for (i = 0; m->verbose && i < len && i < PVHV_CONSOLE_MAX; i++)
			if (run->console.data[i] == '\n' || isprint(run->console.data[i]))
				putchar(run->console.data[i]);
		return true;
	case PVHV_EXIT_CONSOLE_READ:
		run->console.len = 1 + run->console.max / 2;
		return true;
	case PVHV_EXIT_SHUTDOWN:
		end(m, ENDED_SHUTDOWN, run->shutdown.reason);
		return false;
	case PVHV_EXIT_CRASH:
		end(m, ENDED_CRASH, run->crash.reason);
		memcpy(m->text, (const void *)run->crash.text, sizeof(m->text) - 1);
		return false;
	default:
		return true;
	}
}

static void *run_thread(void *arg)
{
	struct machine *m = arg;
	bool on = true;

	end(m, ENDED_STUCK, 0);
	while (on && !__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE)) {
		if (!ioctl(m->fd, PVHV_RUN) || errno == ESHUTDOWN) {
			on = serve(m);
		} else if (errno != EINTR) {
			end(m, ENDED_FAILED, (u32)errno);
			on = false;
		}
	}
	__atomic_store_n(&m->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void kicked(int sig)
{
	(void)sig;
}

int machine_start(struct machine *m, struct error *e)
{
	struct sigaction sa = { .sa_handler = kicked };
	int err;

	sigaction(SIGUSR1, &sa, NULL);
	err = pthread_create(&m->thread, NULL, run_thread, m);
	if (err)
		return error_set(e, "thread: %s", strerror(err));
	return 0;
}

/* The signal may come before the ioctl, so it is sent until it has had its effect. */
void machine_kick(struct machine *m)
{
	const struct timespec soon = { .tv_nsec = 1000000 };

	__atomic_store_n(&m->stop, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&m->done, __ATOMIC_ACQUIRE)) {
		pthread_kill(m->thread, SIGUSR1);
		nanosleep(&soon, NULL);
	}
	pthread_join(m->thread, NULL);
}

static u64 progress(const struct machine *m)
{
	const struct report *r = (const void *)(m->domain.mem + GUEST_BYTES - REPORT_PAGES * PAGE_SIZE);

	return __atomic_load_n(&r->ops, __ATOMIC_RELAXED) +
	       __atomic_load_n(&r->scanned_pages, __ATOMIC_RELAXED);
}

/*
 * An operation that does not end is interrupted by an event; a guest that does not hear
 * of events is given up. Neither is an error.
 */
void machine_wait(struct machine *m)
{
	const struct timespec tick = { .tv_nsec = 4000000 };
	u64 before = 0, still = 0, at;

	while (!__atomic_load_n(&m->done, __ATOMIC_ACQUIRE) && still < 40) {
		nanosleep(&tick, NULL);
		at = progress(m);
		still = at == before ? still + 1 : 0;
		before = at;
		/* Makes what runs in the monitor stop and restart. */
		if (m->kicks)
			pthread_kill(m->thread, SIGUSR1);
		if (still && still % 4 == 0)
			domain_raise_port(&m->domain, m->poke_port);
	}
	machine_kick(m);
}

void machine_report(const struct machine *m, struct report *r)
{
	memcpy(r, m->domain.mem + GUEST_BYTES - REPORT_PAGES * PAGE_SIZE, sizeof(*r));
}
