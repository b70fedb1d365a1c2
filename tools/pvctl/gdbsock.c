// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Where gdb's stub listens: see gdb.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gdb.h"

static int listen_at(struct gdb *g, const char *text, int family, const void *sa, socklen_t len,
		     struct error *e)
{
	static const int one = 1;

	g->listen = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (g->listen < 0)
		return error_set(e, "--gdb: no socket: %s", strerror(errno));
	if (family != AF_UNIX)
		setsockopt(g->listen, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(g->listen, sa, len) || listen(g->listen, 1))
		return error_set(e, "--gdb: cannot listen at %s: %s%s", text, strerror(errno),
				 family == AF_UNIX && errno == EADDRINUSE ?
				 " (remove it if nobody uses it)" : "");
	return 0;
}

static int listen_unix(struct gdb *g, const char *path, struct error *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (strlen(path) >= sizeof(un.sun_path))
		return error_set(e, "--gdb: the path of a socket has at most %zu characters",
				 sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, strlen(path));
	/* Who can connect owns the guest. */
	mask = umask(077);
	ret = listen_at(g, path, AF_UNIX, &un, sizeof(un), e);
	umask(mask);
	if (!ret)
		memcpy(g->path, path, strlen(path) + 1);
	return ret;
}

static int listen_tcp(struct gdb *g, const char *text, struct error *e)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	char host[INET_ADDRSTRLEN] = "127.0.0.1", *end;
	unsigned long port = strtoul(digits, &end, 10);

	if (colon && (size_t)(colon - text) < sizeof(host)) {
		memcpy(host, text, (size_t)(colon - text));
		host[colon - text] = 0;
	}
	if (*end || *digits < '0' || *digits > '9' || !port || port > 65535 ||
	    (colon && (size_t)(colon - text) >= sizeof(host)) ||
	    inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return error_set(e, "--gdb: '%s' is neither [ADDRESS:]PORT nor the path of a socket (with a /)",
				 text);
	in.sin_port = htons((uint16_t)port);
	return listen_at(g, text, AF_INET, &in, sizeof(in), e);
}

int gdb_open(struct gdb *g, const char *address, struct error *e)
{
	*g = (struct gdb){ .listen = -1, .quit = -1, .stops = -1 };
	if (!address)
		return 0;
	g->quit = eventfd(0, EFD_CLOEXEC);
	g->stops = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->quit < 0 || g->stops < 0)
		error_set(e, "cannot create an eventfd: %s", strerror(errno));
	else if (!(strchr(address, '/') ? listen_unix : listen_tcp)(g, address, e))
		return 0;
	gdb_close(g);
	return -1;
}
