// SPDX-License-Identifier: GPL-2.0
/*
 * Canaries: random words in places that the guest must never see. One is in a process's
 * memory, which is also given back and taken again, so that the host's free memory is
 * full of it; one in the kernel's own pages, as content of pipes and files; one is all
 * that another domain has in its memory and registers.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"

#define PROCESS_BYTES	(16UL << 20)
#define CHURN_BYTES	(4UL << 20)
#define PIPES		32

u64 canaries[REPORT_CANARIES];
static pid_t children[2];

u64 random_bits(void)
{
	u64 r = 0;

	while (getrandom(&r, sizeof(r), 0) != sizeof(r))
		;
	return r;
}

static void fill(u64 *at, size_t bytes, u64 val)
{
	size_t i;

	for (i = 0; i < bytes / 8; i++)
		at[i] = val;
}

/* Pages that belong to the kernel. */
static void fill_kernel(u64 val)
{
	static u64 buffer[8192];
	int fds[2], file = memfd_create("canary", 0), i;

	fill(buffer, sizeof(buffer), val);
	for (i = 0; i < PIPES; i++) {
		if (pipe(fds))
			break;
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		while (write(fds[1], buffer, sizeof(buffer)) > 0)
			;
		if (file >= 0 && write(file, buffer, sizeof(buffer)) < 0)
			break;
	}
}

static void be_process(void)
{
	u64 *stay = malloc(PROCESS_BYTES), *go;

	if (stay)
		fill(stay, PROCESS_BYTES, canaries[0]);
	fill_kernel(canaries[1]);
	for (;;) {
		go = mmap(NULL, CHURN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (go != MAP_FAILED) {
			fill(go, CHURN_BYTES, canaries[0]);
			munmap(go, CHURN_BYTES);
		}
		usleep(200000);
	}
}

static void be_neighbour(const char *kernel)
{
	static struct machine m;
	struct error e;
	char line[60];

	snprintf(line, sizeof(line), "neighbour=%llu", (unsigned long long)~canaries[2]);
	if (kernel_open(kernel, &e) || machine_create(&m, "neighbour", 0, line, &e) ||
	    machine_start(&m, &e)) {
		printf("# neighbour: %s\n", e.text);
		exit(1);
	}
	pthread_join(m.thread, NULL);
	printf("# neighbour: ended, %u %u %s\n", m.ended, m.code, m.text);
	exit(1);
}

int canary_start(const char *kernel, struct error *e)
{
	int i;

	for (i = 0; i < REPORT_CANARIES; i++)
		canaries[i] = random_bits();
	fflush(stdout);
	for (i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i] < 0)
			return error_set(e, "no process for canaries");
		if (children[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i == 0)
			be_process();
		else
			be_neighbour(kernel);
	}
	return 0;
}

void canary_stop(void)
{
	int i, status;

	for (i = 0; i < 2; i++) {
		if (waitpid(children[i], &status, WNOHANG) != 0)
			printf("not ok - canary %d was there until the end\n", i);
		kill(children[i], SIGKILL);
		waitpid(children[i], &status, 0);
	}
}
