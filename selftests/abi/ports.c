// SPDX-License-Identifier: GPL-2.0
/* PVHV_BIND_PORT and PVHV_RAISE_PORT: numbers, eventfds, and that events arrive. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guest.h"

static int domain = -1;

static long bind_port(int fd, u32 port, int event, u32 vcpu, u32 *got)
{
	struct pvhv_bind_port b = {
		.size = sizeof(b), .port = port, .eventfd = event, .vcpu = vcpu,
	};
	long ret = call(fd, PVHV_BIND_PORT, &b);

	if (got)
		*got = b.port;
	return ret;
}

static long raise_port(int fd, u32 port)
{
	struct pvhv_raise_port r = { .size = sizeof(r), .port = port };

	return call(fd, PVHV_RAISE_PORT, &r);
}

static int ready(void)
{
	if (domain >= 0)
		close(domain);
	domain = create(name_of("ports"), 64);
	if (domain < 0)
		bail("cannot create a domain");
	return domain;
}

static int ready_bound(void)
{
	ready();
	if (bind_port(domain, 7, -1, 0, NULL))
		bail("cannot bind a port");
	return domain;
}

static void check_numbers(void)
{
	static const u32 bad[] = { PVHV_MAX_PORTS, PVHV_MAX_PORTS + 1, 1u << 31, ~0u };
	unsigned int i, good = 0;
	u32 a, b;

	ready();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(bind_port(domain, bad[i], -1, 0, NULL), -EINVAL, "bind port 0x%x", bad[i]);
	is(bind_port(domain, 1, -1, PVHV_MAX_VCPUS, NULL), -EINVAL, "a vCPU out of range");
	is(bind_port(domain, 1, -1, ~0u, NULL), -EINVAL, "vCPU ~0");
	is(bind_port(domain, 0, -1, 0, &a), 0, "any port");
	ok(a > 0 && a < PVHV_MAX_PORTS, "which is a number of a port");
	is(bind_port(domain, 0, -1, 0, &b), 0, "any other port");
	ok(b > 0 && b < PVHV_MAX_PORTS && b != a, "which is another one");
	is(bind_port(domain, a, -1, 0, NULL), -EBUSY, "the first one is taken");
	is(bind_port(domain, PVHV_MAX_PORTS - 1, -1, 63, &b), 0, "the last port, for any vCPU");
	ok(b == PVHV_MAX_PORTS - 1, "which is the one that was wanted");
	is(bind_port(domain, b, -1, 0, NULL), -EBUSY, "and is taken now");
	for (i = 0; !bind_port(domain, 0, -1, 0, &a); i++)
		good += a > 0 && a < PVHV_MAX_PORTS;
	is(bind_port(domain, 0, -1, 0, NULL), -ENOSPC, "no port is left");
	is(good, PVHV_MAX_PORTS - 4, "all of them were given out, but port 0");
}

static void check_eventfds(void)
{
	int event = eventfd(0, EFD_CLOEXEC), file = open("/dev/null", O_RDWR), pipes[2];
	u32 port;

	if (event < 0 || file < 0 || pipe(pipes))
		bail("descriptors");
	ready();
	is(bind_port(domain, 9, 100000, 0, NULL), -EBADF, "a descriptor that is not open");
	is(bind_port(domain, 9, -2, 0, NULL), -EBADF, "descriptor -2");
	is(bind_port(domain, 9, 1 << 30, 0, NULL), -EBADF, "descriptor 2^30");
	is(bind_port(domain, 9, file, 0, NULL), -EINVAL, "/dev/null is not an eventfd");
	is(bind_port(domain, 9, pipes[0], 0, NULL), -EINVAL, "a pipe is not an eventfd");
	is(bind_port(domain, 9, domain, 0, NULL), -EINVAL, "the domain is not an eventfd");
	is(bind_port(domain, 9, event, 0, &port), 0, "an eventfd");
	is(bind_port(domain, 9, event, 0, &port), -EBUSY, "once more");
	is(bind_port(domain, 10, event, 0, &port), 0, "the same for another port");
	close(event);
	close(file);
	close(pipes[0]);
	close(pipes[1]);
}

static void check_raise_numbers(void)
{
	static const u32 bad[] = { 0, 1, 8, PVHV_MAX_PORTS - 1, PVHV_MAX_PORTS, 1u << 31, ~0u };
	size_t i;

	ready_bound();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(raise_port(domain, bad[i]), -ENOENT, "raise port 0x%x", bad[i]);
	is(raise_port(domain, 7), 0, "raise a port that is bound");
	is(raise_port(domain, 7), 0, "raise it again");
	close(domain);
	domain = -1;
}

/* The guest sends on ports @first and on: what it is told, and what we hear. */
static void check_send(void)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct guest g;
	uint64_t n = 0;

	guest_ready(&g, name_of("send"), code_send);
	is(bind_port(g.domain, 300, event, 0, NULL), 0, "bind a port to send on");
	*(u32 *)guest_data(&g, DATA_PORT) = 300;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the guest sends on it");
	is((long)*guest_data(&g, DATA_RESULT), 0, "which it may");
	is(read(event, &n, sizeof(n)), sizeof(n), "the eventfd is signalled");
	is((long)n, 1, "once");
	guest_free(&g);

	guest_ready(&g, name_of("send"), code_send);
	is(bind_port(g.domain, 300, event, 0, NULL), 0, "bind a port");
	*(u32 *)guest_data(&g, DATA_PORT) = 301;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the guest sends on another one");
	ok((long)*guest_data(&g, DATA_RESULT) < 0, "which it may not");
	is(read(event, &n, sizeof(n)), -1, "nobody is told");
	guest_free(&g);

	guest_ready(&g, name_of("send"), code_send);
	is(bind_port(g.domain, 300, -1, 0, NULL), 0, "bind a port without an eventfd");
	*(u32 *)guest_data(&g, DATA_PORT) = 300;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the guest sends on it");
	is((long)*guest_data(&g, DATA_RESULT), 0, "nobody hears it");
	guest_free(&g);

	/* The descriptor is ours to close; the domain keeps what it needs. */
	guest_ready(&g, name_of("send"), code_send);
	is(bind_port(g.domain, 4095, event, 0, NULL), 0, "bind a port");
	close(event);
	*(u32 *)guest_data(&g, DATA_PORT) = 4095;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the guest sends when the eventfd is closed");
	is((long)*guest_data(&g, DATA_RESULT), 0, "and nothing breaks");
	guest_free(&g);
}

static void *end_thread(void *g)
{
	return (void *)guest_end(g);
}

/* A guest waits in a loop for a pending bit; another thread raises it. */
static void check_raise(u32 port, u32 vcpu, bool before)
{
	struct guest g;
	pthread_t thread;
	void *end;

	guest_ready(&g, name_of("raise"), code_wait);
	*guest_data(&g, DATA_WORD) = port / 64;
	if (bind_port(g.domain, port, -1, vcpu, NULL))
		bail("cannot bind port %u", port);
	if (before)
		is(raise_port(g.domain, port), 0, "raise port %u before the first run", port);
	pthread_create(&thread, NULL, end_thread, &g);
	if (!before) {
		while (!__atomic_load_n(guest_data(&g, DATA_COUNT), __ATOMIC_RELAXED))
			;
		is(raise_port(g.domain, port), 0, "raise port %u while the guest runs", port);
	}
	pthread_join(thread, &end);
	is((long)end, PVHV_EXIT_SHUTDOWN, "port %u: the guest has seen something", port);
	ok(*guest_data(&g, DATA_SEEN) == 1ULL << port % 64, "port %u: and that it was this port",
	   port);
	is(raise_port(g.domain, port), 0, "port %u: raise it after the end", port);
	guest_free(&g);
}

int main(void)
{
	const struct pvhv_bind_port bind = { .size = sizeof(bind), .port = 7, .eventfd = -1 };
	const struct pvhv_raise_port raise = { .size = sizeof(raise), .port = 7 };
	const struct checked checked[] = {
		{ "BIND_PORT", PVHV_BIND_PORT, sizeof(bind), true, &bind, ready, NULL,
		  { offsetof(struct pvhv_bind_port, reserved) } },
		{ "RAISE_PORT", PVHV_RAISE_PORT, sizeof(raise), false, &raise, ready_bound, NULL,
		  { offsetof(struct pvhv_raise_port, reserved) } },
	};

	close(device());
	check_struct(&checked[0]);
	check_struct(&checked[1]);
	check_numbers();
	check_eventfds();
	check_raise_numbers();
	check_send();
	check_raise(1, 0, true);
	check_raise(64, 0, false);
	check_raise(4095, 0, false);
	/* Bound to a vCPU that does not exist: any will collect. */
	check_raise(130, 63, true);
	return finish();
}
