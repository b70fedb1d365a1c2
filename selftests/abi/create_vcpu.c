// SPDX-License-Identifier: GPL-2.0
/* PVHV_CREATE_VCPU, and that a domain knows no ioctl of other descriptors. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"

static int domain = -1;

static int ready(void)
{
	if (domain >= 0)
		close(domain);
	domain = create(name_of("vcpu"), 64);
	if (domain < 0)
		bail("cannot create a domain");
	return domain;
}

static void undo(long result)
{
	if (result >= 0)
		close((int)result);
}

static void check_ids(void)
{
	static const u32 bad[] = { PVHV_MAX_VCPUS, PVHV_MAX_VCPUS + 1, 1u << 31, ~0u };
	int fd[PVHV_MAX_VCPUS], good = 0, taken = 0;
	u32 i;

	ready();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(vcpu_create(domain, bad[i]), -EINVAL, "id 0x%x", bad[i]);
	for (i = 0; i < PVHV_MAX_VCPUS; i++) {
		fd[i] = vcpu_create(domain, i);
		good += fd[i] >= 0;
		taken += vcpu_create(domain, i) == -EEXIST;
	}
	is(good, PVHV_MAX_VCPUS, "all ids that there are");
	is(taken, PVHV_MAX_VCPUS, "each of them once");
	is(fcntl(fd[0], F_GETFD), FD_CLOEXEC, "the descriptor closes on exec");
	for (i = 0; i < PVHV_MAX_VCPUS; i++)
		close(fd[i]);
	is(vcpu_create(domain, 5), -EEXIST, "an id stays taken when its descriptor is closed");
}

/* A domain must not suffer from its VMM's having too many files open. */
static void check_no_descriptor(void)
{
	struct rlimit old, none;
	struct guest g;
	int next, ret;

	close(domain);
	domain = -1;
	guest_ready(&g, name_of("nofile"), code_shutdown);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	next = dup(0);
	close(next);
	none.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &none);
	ret = vcpu_create(g.domain, 1);
	setrlimit(RLIMIT_NOFILE, &old);
	is(ret, -EMFILE, "no descriptor is free");
	ret = vcpu_create(g.domain, 1);
	ok(ret >= 0, "the same id after that");
	undo(ret);
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "the domain runs all the same");
	is(vcpu_create(g.domain, 2), -EBUSY, "no vCPU after the first run");
	is(vcpu_create(g.domain, 0), -EEXIST, "a taken id after the first run");
	guest_free(&g);
}

/* The guest knows of a vCPU, whatever ids are missing below its own. */
static void check_hole(void)
{
	struct guest g;

	guest_ready(&g, name_of("hole"), code_is_up);
	undo(vcpu_create(g.domain, 5));
	*(u32 *)guest_data(&g, DATA_PORT) = 5;
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "a domain with vCPUs 0 and 5");
	is((long)*guest_data(&g, DATA_RESULT), 0, "its guest finds vCPU 5, which is down");
	guest_free(&g);
}

int main(void)
{
	const struct pvhv_create_vcpu good = { .size = sizeof(good), .id = 3 };
	const struct checked checked = {
		"CREATE_VCPU", PVHV_CREATE_VCPU, sizeof(good), false, &good, ready, undo,
		{ offsetof(struct pvhv_create_vcpu, reserved) },
	};
	const unsigned long known[] = {
		PVHV_SET_MEMORY, PVHV_CREATE_VCPU, PVHV_BIND_PORT, PVHV_RAISE_PORT,
	};

	close(device());
	check_struct(&checked);
	check_ids();
	check_unknown("domain", domain, known, ARRAY_SIZE(known));
	check_no_descriptor();
	check_hole();
	return finish();
}
