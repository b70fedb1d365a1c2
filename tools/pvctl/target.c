// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See target.h. Root asks the module who it is; others find the socket in their own
 * directory. A socket is believed only if the module does not say otherwise: one in a
 * directory of another user may be anybody's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "parse.h"
#include "roster.h"
#include "target.h"

#define NAP_NS	20000000	/* between two looks at the module */

static bool module_readable(void)
{
	return !access(roster_system.debugfs, R_OK | X_OK);
}

/* Its owner's socket: in our directory, or, for root, in that of the owner. */
static int connect_owner(struct target *t, uid_t uid, struct error *e)
{
	char dir[RUNDIR_MAX];
	int ret;

	if (rundir_path(dir, e))
		return -1;
	ret = client_connect(&t->client, dir, t->name, e);
	if (ret <= 0 || uid == geteuid())
		return ret;
	if (rundir_path_of(uid, dir, e))
		return -1;
	return client_connect(&t->client, dir, t->name, e);
}

static int open_pid(struct target *t, pid_t pid, struct error *e)
{
	t->pid = pid;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t->pidfd >= 0)
		return 0;
	if (errno == ESRCH)
		return error_set(e, "domain '%s' is just ending: its process %d is gone", t->name, pid);
	return error_set(e, "cannot get hold of process %d of domain '%s': %s", pid, t->name,
			 strerror(errno));
}

static int find_by_module(struct target *t, struct error *e)
{
	struct entry *entry;
	struct roster r;
	pid_t pid = 0;
	uid_t uid = 0;

	if (roster_read(&roster_system, true, &r, e))
		return -1;
	entry = roster_find(&r, t->name, e);
	if (entry) {
		pid = entry->pid;
		uid = entry->uid;
	}
	roster_free(&r);
	if (!entry)
		return -1;
	if (pid <= 0)
		return error_set(e, "the process of domain '%s' cannot be seen from here: it belongs to another container, or is gone",
				 t->name);
	if (open_pid(t, pid, e))
		return -1;
	if (connect_owner(t, uid, e) || t->client.pid != pid)
		client_close(&t->client);
	return 0;
}

static int find_by_socket(struct target *t, struct error *e)
{
	struct pollfd p;
	int ret = connect_owner(t, geteuid(), e);

	if (ret > 0)
		return error_set(e, "you run no domain called '%s' (see: pvctl list; root can reach those of others)",
				 t->name);
	if (ret < 0)
		return -1;
	if (open_pid(t, t->client.pid, e))
		return -1;
	/* It still has the socket: so this is its process. */
	p = (struct pollfd){ .fd = t->client.fd, .events = POLLIN };
	if (poll(&p, 1, 0) > 0)
		return error_set(e, "domain '%s' is just ending", t->name);
	return 0;
}

int target_find(const char *name, struct target *t, struct error *e)
{
	*t = (struct target){ .name = name, .pidfd = -1, .client.fd = -1 };
	if (parse_name(name, e))
		return -1;
	if (!(module_readable() ? find_by_module(t, e) : find_by_socket(t, e)))
		return 0;
	target_close(t);
	return -1;
}

bool target_gone(const struct target *t, int seconds)
{
	static const struct timespec nap = { .tv_nsec = NAP_NS };
	struct pollfd p = { .fd = t->pidfd, .events = POLLIN };
	char path[300];
	int i;

	if (poll(&p, 1, 1000 * seconds) <= 0)
		return false;
	/* The module frees the name with the last descriptor, as a process ends. */
	snprintf(path, sizeof(path), "%s/%s", roster_system.debugfs, t->name);
	for (i = 0; !access(path, F_OK) && i < seconds * (1000000000 / NAP_NS); i++)
		nanosleep(&nap, NULL);
	return access(path, F_OK);
}

int target_kill(const struct target *t, int sig, struct error *e)
{
	if (!syscall(SYS_pidfd_send_signal, t->pidfd, sig, NULL, 0) || errno == ESRCH)
		return 0;
	return error_set(e, "cannot send process %d of domain '%s' a signal: %s%s", t->pid, t->name,
			 strerror(errno), errno == EPERM ? " (try as root)" : "");
}

/* Unless somebody serves it, who has got the name meanwhile. */
void target_sweep(const struct target *t)
{
	char dir[RUNDIR_MAX], path[RUNDIR_MAX];
	struct error ignored;
	struct client c;
	int ret;

	if (rundir_path(dir, &ignored) || rundir_socket(dir, t->name, path, &ignored))
		return;
	ret = client_connect(&c, dir, t->name, &ignored);
	client_close(&c);
	if (ret > 0)
		unlink(path);
}

void target_close(struct target *t)
{
	client_close(&t->client);
	if (t->pidfd >= 0)
		close(t->pidfd);
	t->pidfd = -1;
}
