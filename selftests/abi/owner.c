// SPDX-License-Identifier: GPL-2.0
/*
 * Only threads of the process that created a domain may use its descriptors: -EIO for
 * a child after fork(), the process after execve(), and whoever gets them by a socket.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* Calls that would all succeed, or fail in another way, if they were let in. */
static int count_refused(int domain, int vcpu)
{
	struct pvhv_set_memory m = { .size = sizeof(m), .pages = 1 };
	struct pvhv_create_vcpu c = { .size = sizeof(c), .id = 9 };
	struct pvhv_bind_port b = { .size = sizeof(b), .port = 9, .eventfd = -1 };
	struct pvhv_raise_port r = { .size = sizeof(r), .port = 8 };
	struct pvhv_regs regs = { .size = sizeof(regs) };
	int n = 0;

	n += call(domain, PVHV_SET_MEMORY, &m) == -EIO;
	n += call(domain, PVHV_CREATE_VCPU, &c) == -EIO;
	n += call(domain, PVHV_BIND_PORT, &b) == -EIO;
	n += call(domain, PVHV_RAISE_PORT, &r) == -EIO;
	n += call(vcpu, PVHV_SET_REGS, &regs) == -EIO;
	n += call(vcpu, PVHV_GET_REGS, &regs) == -EIO;
	n += call(vcpu, PVHV_RUN, NULL) == -EIO;
	n += mmap(NULL, PAGE, PROT_READ, MAP_SHARED, vcpu, 0) == MAP_FAILED && errno == EIO;
	return n;
}

#define ALL_REFUSED	8

static struct guest g;

static int child_uses(void *unused)
{
	(void)unused;
	return count_refused(g.domain, g.vcpu);
}

static int child_owns(void *unused)
{
	int fd = create(name_of("child"), 64);

	(void)unused;
	if (fd < 0)
		return 255;
	return count_refused(g.domain, g.vcpu);
}

static void check_fork(void)
{
	struct pvhv_regs regs = { .size = sizeof(regs) };
	pid_t pid;

	is(in_child(child_uses, NULL), ALL_REFUSED, "a child after fork()");
	is(in_child(child_owns, NULL), ALL_REFUSED, "a child with a domain of its own");
	/* Until it executes something else, a child of vfork() is in its parent's mm. */
	pid = vfork();
	if (!pid)
		_exit(call(g.vcpu, PVHV_GET_REGS, &regs) ? 1 : 0);
	is(child_status(pid), 0, "a child of vfork() shares the address space");
}

static int child_execs(void *unused)
{
	char domain[16], vcpu[16];

	(void)unused;
	guest_ready(&g, name_of("exec"), code_shutdown);
	fcntl(g.domain, F_SETFD, 0);
	fcntl(g.vcpu, F_SETFD, 0);
	snprintf(domain, sizeof(domain), "%d", g.domain);
	snprintf(vcpu, sizeof(vcpu), "%d", g.vcpu);
	execl("/proc/self/exe", "owner", "after-exec", domain, vcpu, NULL);
	return 255;
}

/* What execve() made of us: it has lost its domain, and may have a new one. */
static int after_exec(int domain, int vcpu)
{
	int n = count_refused(domain, vcpu), fd;

	fd = create(name_of("exec"), 64);
	n += fd == -EEXIST;		/* the old one has its name until it is closed */
	close(domain);
	close(vcpu);
	fd = create(name_of("exec"), 64);
	n += fd >= 0;
	return n;
}

/* ------------------------------------------------------------- sockets */

static void send_fds(int to, const int *fds, size_t n)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	if (sendmsg(to, &m, 0) != 1)
		_exit(254);
}

static void receive_fds(int from, int *fds, size_t n)
{
	char control[CMSG_SPACE(2 * sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(from, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		bail("recvmsg");
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), n * sizeof(int));
}

/* A child makes a domain and sends it to us; @lives: until we have tried to use it. */
static void check_socket(bool lives)
{
	const char *what = lives ? "its owner lives" : "its owner has ended";
	const char *name = name_of("socket");
	int pair[2], fds[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		bail("socketpair");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		char byte;

		close(pair[0]);
		guest_ready(&g, name, code_shutdown);
		fds[0] = g.domain;
		fds[1] = g.vcpu;
		send_fds(pair[1], fds, 2);
		if (lives && read(pair[1], &byte, 1) != 0)
			_exit(253);
		_exit(lives ? (int)guest_end(&g) : 0);
	}
	close(pair[1]);
	receive_fds(pair[0], fds, 2);
	if (!lives)
		is(child_status(pid), 0, "socket: the owner ends");
	is(count_refused(fds[0], fds[1]), ALL_REFUSED, "a domain from a socket: %s", what);
	is(create(name, 64), -EEXIST, "a domain from a socket: its name is still taken");
	shutdown(pair[0], SHUT_RDWR);
	if (lives)
		is(child_status(pid), PVHV_EXIT_SHUTDOWN, "socket: the owner runs it to its end");
	is(create(name, 64), -EEXIST, "a domain from a socket: we keep it open");
	close(fds[0]);
	close(fds[1]);
	close(pair[0]);
	fd = create(name, 64);
	ok(fd >= 0, "a domain from a socket: it is gone when we close it");
	close(fd);
}

int main(int argc, char **argv)
{
	struct pvhv_bind_port b = { .size = sizeof(b), .port = 8, .eventfd = -1 };

	if (argc == 4 && !strcmp(argv[1], "after-exec"))
		return after_exec(atoi(argv[2]), atoi(argv[3]));
	close(device());
	guest_ready(&g, name_of("owner"), code_shutdown);
	if (call(g.domain, PVHV_BIND_PORT, &b))
		bail("cannot bind a port");
	check_fork();
	is(guest_end(&g), PVHV_EXIT_SHUTDOWN, "after all those children the domain runs");
	guest_free(&g);
	is(in_child(child_execs, NULL), ALL_REFUSED + 2, "after execve()");
	check_socket(true);
	check_socket(false);
	return finish();
}
