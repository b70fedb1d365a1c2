// SPDX-License-Identifier: GPL-2.0
/* What processes say to each other, and random numbers. */
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define BYTES	(4UL << 20)

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 17 + (i >> 16));
}

static void send_all(int fd, size_t chunk)
{
	uint8_t data[chunk];
	size_t done = 0, i;
	ssize_t n;

	while (done < BYTES) {
		for (i = 0; i < chunk; i++)
			data[i] = byte_at(done + i);
		n = write(fd, data, chunk < BYTES - done ? chunk : BYTES - done);
		check(n > 0);
		done += (size_t)n;
	}
}

static void receive_all(int fd, size_t chunk)
{
	uint8_t data[chunk];
	size_t done = 0, i;
	ssize_t n;

	while ((n = read(fd, data, chunk)) > 0) {
		for (i = 0; i < (size_t)n; i++)
			check_equal(data[i], byte_at(done + i));
		done += (size_t)n;
	}
	check_equal(n, 0);
	check_equal(done, BYTES);
}

/* A child writes to @out what this process reads from @in. */
static void transfer(int out, int in)
{
	pid_t pid = fork();

	if (!pid) {
		close(in);
		send_all(out, 5000);
		close(out);
		_exit(0);
	}
	close(out);
	receive_all(in, 7777);
	close(in);
	wait_good(pid);
}

static void pipes(void)
{
	int fd[2];

	check(!pipe(fd));
	transfer(fd[1], fd[0]);
}

static void unix_socket(void)
{
	int fd[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	transfer(fd[1], fd[0]);
}

static void descriptor_passed(void)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int sockets[2], fd[2], passed;

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	check(!pipe(fd));
	memcpy(CMSG_DATA(&control.header), &fd[0], sizeof(int));
	check_equal(sendmsg(sockets[0], &m, 0), 1);
	memset(&control, 0, sizeof(control));
	check_equal(recvmsg(sockets[1], &m, 0), 1);
	memcpy(&passed, CMSG_DATA(&control.header), sizeof(int));
	check_equal(write(fd[1], "y", 1), 1);
	check_equal(read(passed, &byte, 1), 1);
	check_equal(byte, 'y');
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(fd >= 0);
	check(!ioctl(fd, SIOCGIFFLAGS, &request));
	request.ifr_flags |= IFF_UP;
	check(!ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

static void tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener, client, server;

	loopback_up();
	listener = socket(AF_INET, SOCK_STREAM, 0);
	check(listener >= 0);
	check(!bind(listener, (struct sockaddr *)&address, sizeof(address)));
	check(!listen(listener, 1));
	check(!getsockname(listener, (struct sockaddr *)&address, &size));
	client = socket(AF_INET, SOCK_STREAM, 0);
	check(!connect(client, (struct sockaddr *)&address, sizeof(address)));
	server = accept(listener, NULL, NULL);
	check(server >= 0);
	transfer(client, server);
}

/* ------------------------------------------------------------ ping-pong */

static void ping_pong(void)
{
	int there = eventfd(0, 0), back = eventfd(0, 0), ep = epoll_create1(0), i;
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t count;
	pid_t pid;

	check(there >= 0 && back >= 0 && ep >= 0);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 2000; i++) {
			check_equal(read(there, &count, sizeof(count)), sizeof(count));
			check_equal(count, i + 1);
			check_equal(write(back, &count, sizeof(count)), sizeof(count));
		}
		_exit(0);
	}
	check(!epoll_ctl(ep, EPOLL_CTL_ADD, back, &event));
	for (i = 0; i < 2000; i++) {
		count = (uint64_t)i + 1;
		check_equal(write(there, &count, sizeof(count)), sizeof(count));
		check_equal(epoll_wait(ep, &event, 1, -1), 1);
		check_equal(read(back, &count, sizeof(count)), sizeof(count));
		check_equal(count, i + 1);
	}
	wait_good(pid);
}

static void random_numbers(void)
{
	uint64_t words[64], i, k;

	check_equal(getrandom(words, sizeof(words), 0), sizeof(words));
	for (i = 0; i < 64; i++)
		for (k = 0; k < i; k++)
			check(words[i] != words[k]);
}

const struct test ipc_tests[] = {
	{ "4 MiB through a pipe", pipes },
	{ "4 MiB through a Unix socket", unix_socket },
	{ "a descriptor passed", descriptor_passed },
	{ "4 MiB through TCP", tcp },
	{ "eventfd and epoll", ping_pong },
	{ "getrandom", random_numbers },
	{ },
};
