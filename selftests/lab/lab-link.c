// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's end of the lab's --link: /dev/vport0p1, with a program of the developer's
 * machine at the other end.
 *
 *   lab-link FILE         send a file, then what says that it was all: 8 bytes, its size
 *   lab-link unix PATH    be the bridge to a listening socket until that closes
 *   lab-link HOST PORT    the same with TCP; HOST is a number
 *
 * While nobody has opened the other end, the device is at its end of file.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "lab-link: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_all(int fd, const char *at, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(fd, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			fail("write");
		at += done;
		n -= (size_t)done;
	}
}

static int device_open(void)
{
	struct pollfd p = { .events = POLLOUT };
	int fd;

	/* Until udev would have made it: this machine has none, but devtmpfs. */
	while ((fd = open("/dev/vport0p1", O_RDWR)) < 0 && errno == ENOENT)
		usleep(100000);
	if (fd < 0)
		fail("/dev/vport0p1");
	p.fd = fd;
	while (poll(&p, 1, 100) < 0 || p.revents & POLLHUP)
		usleep(100000);
	return fd;
}

static int send_file(const char *path)
{
	int device = device_open(), fd = open(path, O_RDONLY);
	static char buf[65536];
	uint64_t total = 0;
	ssize_t n;

	if (fd < 0)
		fail(path);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		write_all(device, buf, (size_t)n);
		total += (uint64_t)n;
	}
	write_all(device, (const char *)&total, sizeof(total));
	/* The other end closes when it has everything. */
	while (read(device, buf, 1) > 0)
		;
	return 0;
}

static int connect_to(char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
	int is_unix = !strcmp(argv[1], "unix"), fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", argv[2]);
	inet_pton(AF_INET, argv[1], &in.sin_addr);
	while (connect(fd, is_unix ? (void *)&un : (void *)&in, is_unix ? sizeof(un) : sizeof(in))) {
		if (errno != ECONNREFUSED && errno != ENOENT)
			fail("connect");
		usleep(100000);
	}
	return fd;
}

static int bridge(char **argv)
{
	int device = device_open(), fd = connect_to(argv);
	struct pollfd p[2] = { { .fd = device, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	static char buf[65536];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n <= 0)
				return 0;
			write_all(device, buf, (size_t)n);
		}
		if (p[0].revents) {
			n = read(device, buf, sizeof(buf));
			if (n <= 0)
				return 0;
			write_all(fd, buf, (size_t)n);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return send_file(argv[1]);
	if (argc == 3)
		return bridge(argv);
	fprintf(stderr, "usage: lab-link FILE | lab-link unix PATH | lab-link HOST PORT\n");
	return 2;
}
