// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See gdb.h. The protocol is the "GDB Remote Serial Protocol" of gdb's manual, with one
 * thread, all-stop. Whatever a debugger sends, it can do no more than ruin the guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/pvhv.h>

#include "gdb.h"
#include "gdbregs.h"

#define SIG_GDB_INT	2
#define SIG_GDB_TRAP	5
#define SIG_GDB_ABORT	6

static bool send_text(struct gdb *g, const char *text)
{
	return rsp_send(&g->rsp, text, strlen(text));
}

static bool send_ok(struct gdb *g, bool good)
{
	return send_text(g, good ? "OK" : "E01");
}

/* ------------------------------------------------- stopping and going on */

static void why_stopped(struct gdb *g, int sig, const char *more)
{
	snprintf(g->why, sizeof(g->why), "T%02xthread:1;%s", sig, more);
}

/* What a debugger cannot be told: the domain has an end of its own then. */
static void ignore(int failed)
{
	(void)failed;
}

static void take_control(struct gdb *g)
{
	struct error e;

	g->stopped = true;
	ignore(debug_load(&g->debug, &e));
}

/* Runs on, and the debugger waits. */
static void go(struct gdb *g, bool step, bool pass, bool off)
{
	struct error e;

	ignore(debug_control(&g->debug, step, pass, off, &e));
	g->stopped = false;
	vcpu_resume(g->debug.vcpu);
}

static bool stop_told(struct gdb *g)
{
	u64 count;

	return read(g->stops, &count, sizeof(count)) == sizeof(count);
}

/* By the debugger's wish. */
static void halt(struct gdb *g)
{
	vcpu_pause(g->debug.vcpu);
	/* At the same moment it stopped by itself: two pauses, of which one is enough. */
	if (stop_told(g))
		vcpu_resume(g->debug.vcpu);
	take_control(g);
}

static void explain_debug(struct gdb *g, u64 dr6)
{
	static const char * const names[] = {
		[DEBUG_WRITE] = "watch", [DEBUG_ACCESS] = "awatch",
	};
	const struct watchpoint *w = debug_watch(&g->debug, dr6);
	char more[64] = "";

	if (w && w->kind == DEBUG_EXECUTE)
		snprintf(more, sizeof(more), "%s", g->hwbreak ? "hwbreak:;" : "");
	else if (w && w->kind == DEBUG_SOFTWARE)
		snprintf(more, sizeof(more), "%s", g->swbreak ? "swbreak:;" : "");
	else if (w)
		snprintf(more, sizeof(more), "%s:%llx;", names[w->kind],
			 (unsigned long long)w->va);
	why_stopped(g, SIG_GDB_TRAP, more);
}

/* The vCPU has stopped. Returns whether the debugger is to hear of it. */
static bool explain_stop(struct gdb *g)
{
	const struct vcpu *v = g->debug.vcpu;

	take_control(g);
	if (v->debug.ended && v->end == VCPU_SHUTDOWN) {
		snprintf(g->why, sizeof(g->why), "W%02x", v->code & 0xff);
		return true;
	}
	if (v->debug.ended) {
		why_stopped(g, SIG_GDB_ABORT, "");
		return true;
	}
	if (v->debug.vector != 3) {
		explain_debug(g, v->debug.dr6);
		return true;
	}
	if (!debug_hit(&g->debug))
		return false;
	why_stopped(g, SIG_GDB_TRAP, g->swbreak ? "swbreak:;" : "");
	return true;
}

static bool serve_stop(struct gdb *g, bool *step)
{
	if (!stop_told(g))
		return true;
	if (g->stopped) {
		/* It was on its way when halt() looked. */
		vcpu_resume(g->debug.vcpu);
		return true;
	}
	if (explain_stop(g))
		return send_text(g, g->why);
	go(g, *step, true, false);
	return true;
}

/* ------------------------------------------------------------- packets */

static bool read_registers(struct gdb *g)
{
	char text[2048], *at = text;
	size_t i;

	for (i = 0; i < gdbregs_count(); i++)
		at = gdbregs_hex(&g->debug.regs, i, at);
	return rsp_send(&g->rsp, text, (size_t)(at - text));
}

static bool write_registers(struct gdb *g, const char *hex)
{
	struct error e;
	size_t i;

	for (i = 0; i < gdbregs_count(); i++) {
		if (strnlen(hex, gdbregs_hex_len(i)) < gdbregs_hex_len(i))
			return send_ok(g, false);
		/* Those that cannot be set stay. */
		ignore(!gdbregs_set(&g->debug.regs, i, hex));
		hex += gdbregs_hex_len(i);
	}
	return send_ok(g, !debug_store(&g->debug, &e));
}

static bool read_register(struct gdb *g, const char *at)
{
	char text[64];
	u64 n;

	if (!rsp_number(&at, &n) || n >= gdbregs_count())
		return send_ok(g, false);
	return rsp_send(&g->rsp, text, (size_t)(gdbregs_hex(&g->debug.regs, n, text) - text));
}

static bool write_register(struct gdb *g, const char *at)
{
	struct error e;
	u64 n;

	if (!rsp_number(&at, &n) || *at++ != '=' ||
	    strlen(at) < gdbregs_hex_len(n) || !gdbregs_set(&g->debug.regs, n, at))
		return send_ok(g, false);
	return send_ok(g, !debug_store(&g->debug, &e));
}

/* ADDRESS,LENGTH and what comes then. */
static bool parse_range(const char **at, u64 *va, u64 *n, char end)
{
	return rsp_number(at, va) && *(*at)++ == ',' && rsp_number(at, n) && **at == end;
}

static bool read_memory(struct gdb *g, const char *at)
{
	u8 data[RSP_MAX / 2];
	char text[RSP_MAX];
	u64 va, n;

	if (!parse_range(&at, &va, &n, 0))
		return send_ok(g, false);
	n = debug_read(&g->debug, va, data, n < sizeof(data) ? n : sizeof(data));
	return n ? rsp_send(&g->rsp, text, (size_t)(rsp_hex(text, data, n) - text)) :
	       send_text(g, "E0e");
}

static bool write_memory(struct gdb *g, const char *at, bool binary)
{
	const char *end = g->rsp.packet + g->rsp.len;
	u8 data[RSP_MAX];
	u64 va, n;

	if (!parse_range(&at, &va, &n, ':') || n > sizeof(data))
		return send_ok(g, false);
	at++;
	if (binary ? (u64)(end - at) < n : (u64)(end - at) < 2 * n || !rsp_unhex(at, data, n))
		return send_ok(g, false);
	n -= debug_write(&g->debug, va, binary ? (const void *)at : data, n);
	return send_text(g, n ? "E0e" : "OK");
}

/* Z and z: TYPE,ADDRESS,KIND */
static bool breakpoint(struct gdb *g, const char *at, bool insert)
{
	u64 type, va, kind;

	if (!rsp_number(&at, &type) || *at++ != ',' || !rsp_number(&at, &va) || *at++ != ',' ||
	    !rsp_number(&at, &kind))
		return send_ok(g, false);
	if (type >= DEBUG_KINDS || type == DEBUG_READ)
		return send_text(g, "");
	kind = kind > 8 ? 0 : kind;
	return send_ok(g, insert ? debug_insert(&g->debug, (enum debug_kind)type, va, (u32)kind) :
				   debug_remove(&g->debug, (enum debug_kind)type, va, (u32)kind));
}

/* c and s, with an address perhaps. */
static bool resume(struct gdb *g, const char *at, bool *step, bool want_step)
{
	struct error e;
	u64 va;

	if (rsp_number(&at, &va)) {
		g->debug.regs.rip = va;
		ignore(debug_store(&g->debug, &e));
	}
	*step = want_step;
	go(g, want_step, false, false);
	return true;
}

/* vCont;ACTION[:THREAD]...: there is one thread, so the first action is its. */
static bool vcont(struct gdb *g, const char *at, bool *step)
{
	if (*at == '?')
		return send_text(g, "vCont;c;C;s;S");
	if (at[0] != ';' || !strchr("cCsS", at[1]) || !at[1])
		return send_ok(g, false);
	return resume(g, "", step, at[1] == 's' || at[1] == 'S');
}

/* qXfer:features:read:target.xml:OFFSET,LENGTH */
static bool transfer(struct gdb *g, const char *at)
{
	const char *all = gdbregs_xml;
	char text[RSP_MAX / 2];
	u64 offset, n, size = strlen(all);

	if (!parse_range(&at, &offset, &n, 0) || offset > size)
		return send_ok(g, false);
	n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
	n = n < size - offset ? n : size - offset;
	text[0] = offset + n < size ? 'm' : 'l';
	memcpy(text + 1, all + offset, n);
	return rsp_send(&g->rsp, text, n + 1);
}

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) ? NULL : text + n;
}

static bool supported(struct gdb *g, const char *theirs)
{
	char text[160];

	g->swbreak = strstr(theirs, "swbreak+");
	g->hwbreak = strstr(theirs, "hwbreak+");
	snprintf(text, sizeof(text), "PacketSize=%x;qXfer:features:read+;swbreak+;hwbreak+;"
		 "vContSupported+;QStartNoAckMode+", RSP_MAX - 1);
	return send_text(g, text);
}

static bool query(struct gdb *g, const char *p)
{
	static const char * const answers[][2] = {
		{ "qfThreadInfo", "m1" }, { "qsThreadInfo", "l" }, { "qC", "QC1" },
		{ "qAttached", "1" },
	};
	const char *rest;
	size_t i;

	rest = after(p, "qSupported");
	if (rest)
		return supported(g, rest);
	rest = after(p, "qXfer:features:read:target.xml:");
	if (rest)
		return transfer(g, rest);
	for (i = 0; i < ARRAY_SIZE(answers); i++)
		if (!strcmp(p, answers[i][0]))
			return send_text(g, answers[i][1]);
	return send_text(g, "");
}

static bool no_ack(struct gdb *g)
{
	bool good = send_ok(g, true);

	g->rsp.no_ack = true;
	return good;
}

/* False: that was the last packet of this debugger. */
static bool detach(struct gdb *g)
{
	ignore(!send_ok(g, true));
	return false;
}

/* As Ctrl-C at the console does; the main thread hears it. */
static bool kill_guest(void)
{
	kill(getpid(), SIGTERM);
	return false;
}

static bool other(struct gdb *g, const char *p, bool *step)
{
	const char *rest = after(p, "vCont");

	if (rest)
		return vcont(g, rest, step);
	if (after(p, "vKill"))
		return send_ok(g, true) && kill_guest();
	if (!strcmp(p, "QStartNoAckMode"))
		return no_ack(g);
	return p[0] == 'q' ? query(g, p) : send_text(g, "");
}

static bool serve_packet(struct gdb *g, bool *step)
{
	const char *p = g->rsp.packet;

	/* While the guest runs a debugger waits; what it says all the same is lost. */
	if (!g->stopped)
		return true;
	switch (p[0]) {
	case '?': return send_text(g, g->why);
	case 'g': return read_registers(g);
	case 'G': return write_registers(g, p + 1);
	case 'p': return read_register(g, p + 1);
	case 'P': return write_register(g, p + 1);
	case 'm': return read_memory(g, p + 1);
	case 'M': return write_memory(g, p + 1, false);
	case 'X': return write_memory(g, p + 1, true);
	case 'c': return resume(g, p + 1, step, false);
	case 's': return resume(g, p + 1, step, true);
	case 'C': case 'S': return resume(g, strchr(p, ';') ? strchr(p, ';') + 1 : "", step,
					 p[0] == 'S');
	case 'Z': return breakpoint(g, p + 1, true);
	case 'z': return breakpoint(g, p + 1, false);
	case 'H': case 'T': return send_ok(g, true);
	case 'D': return detach(g);
	case 'k': return kill_guest();
	default: return other(g, p, step);
	}
}

/* -------------------------------------------------------------- thread */

/* All that is here of what the debugger sends. False: it is gone. */
static bool serve_input(struct gdb *g, bool *step)
{
	bool may_read = true;
	enum rsp_event event;

	for (;;) {
		event = rsp_next(&g->rsp, may_read);
		may_read = false;
		if (event == RSP_CLOSED || (event == RSP_PACKET && !serve_packet(g, step)))
			return false;
		if (event == RSP_BREAK && !g->stopped) {
			halt(g);
			why_stopped(g, SIG_GDB_INT, "");
			if (!send_text(g, g->why))
				return false;
		}
		if (event == RSP_NOTHING)
			return true;
	}
}

/* A debugger has come: the guest stops for it. Until it goes, or we have to. */
static bool serve_debugger(struct gdb *g)
{
	struct pollfd p[] = {
		{ .fd = g->quit, .events = POLLIN }, { .fd = g->rsp.fd, .events = POLLIN },
		{ .fd = g->stops, .events = POLLIN },
	};
	bool step = false, there = true;

	while (there && !p[0].revents) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[2].revents)
			there = serve_stop(g, &step);
		if (there && p[1].revents)
			there = serve_input(g, &step);
	}
	return !p[0].revents;
}

static void debugger_comes(struct gdb *g)
{
	vcpu_debug(g->debug.vcpu, g->stops);
	if (!g->stopped)
		halt(g);
	why_stopped(g, SIG_GDB_TRAP, "");
}

/* The guest is as it was before, and runs. */
static void debugger_goes(struct gdb *g)
{
	vcpu_debug(g->debug.vcpu, -1);
	if (!g->stopped)
		halt(g);
	debug_remove_all(&g->debug);
	go(g, false, false, true);
}

static void *gdb_thread(void *arg)
{
	/* For one that does not read its answers: then it counts as gone. */
	static const struct timeval patience = { .tv_sec = 10 };
	struct gdb *g = arg;
	struct pollfd p[] = {
		{ .fd = g->quit, .events = POLLIN }, { .fd = g->listen, .events = POLLIN },
	};
	bool go_on = true;
	int fd;

	while (go_on) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[0].revents)
			break;
		fd = accept4(g->listen, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		rsp_init(&g->rsp, fd);
		debugger_comes(g);
		go_on = serve_debugger(g);
		debugger_goes(g);
		close(fd);
	}
	return NULL;
}

int gdb_start(struct gdb *g, struct vcpu *v, const struct domain *d, bool wait, struct error *e)
{
	int err;

	g->debug = (struct debug){ .vcpu = v, .domain = d };
	if (g->listen < 0)
		return 0;
	if (wait) {
		vcpu_pause(v);
		take_control(g);
	}
	err = pthread_create(&g->thread, NULL, gdb_thread, g);
	if (err)
		return error_set(e, "cannot start a thread for gdb: %s", strerror(err));
	g->started = true;
	return 0;
}

void gdb_close(struct gdb *g)
{
	static const u64 one = 1;

	if (g->started) {
		ignore(write(g->quit, &one, sizeof(one)) < 0);
		pthread_join(g->thread, NULL);
	}
	if (g->listen >= 0)
		close(g->listen);
	if (g->path[0])
		unlink(g->path);
	if (g->quit >= 0)
		close(g->quit);
	if (g->stops >= 0)
		close(g->stops);
	*g = (struct gdb){ .listen = -1, .quit = -1, .stops = -1 };
}
