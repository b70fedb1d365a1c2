// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * pvctl top: what domains do, refreshed. On a terminal a screen of its own, which is
 * taken back however we end; with -b, or when stdout is none, one table after the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "terminal.h"
#include "top.h"

#define DELAY_DEFAULT	2.0
#define DELAY_MIN	0.1
#define DELAY_MAX	86400.0

/* Another screen without a cursor; and back. */
#define SCREEN_ENTER	"\033[?1049h\033[?25l"
#define SCREEN_LEAVE	"\033[?25h\033[?1049l"
#define SCREEN_HOME	"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_BELOW	"\033[J"

#define KEY_SUSPEND	0x1a	/* Ctrl-Z */

struct top {
	bool batch;
	unsigned long count;	/* 0: no end */
	double delay;
	enum top_key key;
	bool screen;
	int signals;
	bool quit;
	int sig;
};

/* --------------------------------------------------------------- options */

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	struct top *t = context;
	char *end;

	errno = 0;
	switch (letter) {
	case 'b':
		t->batch = true;
		return 0;
	case 'n':
		t->count = strtoul(value, &end, 10);
		if (errno || *end || end == value || value[0] == '-' || !t->count)
			return error_set(e, "top: '%s' is no number of tables", value);
		return 0;
	case 'd':
		t->delay = strtod(value, &end);
		if (*end || end == value || !(t->delay >= DELAY_MIN && t->delay <= DELAY_MAX))
			return error_set(e, "top: '%s' is no number of seconds from %g to %g", value,
					 DELAY_MIN, DELAY_MAX);
		return 0;
	default:
		t->key = top_key_of(value[0]);
		if (t->key == TOP_KEYS || value[1])
			return error_set(e, "top: cannot sort by '%s': it is one of the letters c e h s f m n",
					 value);
		return 0;
	}
}

/* ---------------------------------------------------------------- screen */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void screen_enter(struct top *t)
{
	t->screen = terminal_enter(true);
	if (!t->screen)
		return;
	terminal_at_leave(SCREEN_LEAVE);
	fputs(SCREEN_ENTER, stdout);
	fflush(stdout);
}

static void screen_leave(struct top *t)
{
	if (!t->screen)
		return;
	fflush(stdout);
	terminal_leave();
	t->screen = false;
}

static int show_screen(const struct top *t, const struct top_row *rows, size_t n)
{
	struct winsize w = {};
	int ret;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || w.ws_row < 4 || w.ws_col < 20)
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	printf(SCREEN_HOME "%.*s" CLEAR_LINE "\n", w.ws_col,
	       "q quits; sort by: c CPU, e exits, h hypercalls, s system calls, f faults, m memory, n name");
	fputs(CLEAR_LINE "\n", stdout);
	ret = top_print(rows, n, t->key, w.ws_row - 3U, w.ws_col, CLEAR_LINE "\n", stdout);
	fputs(CLEAR_BELOW, stdout);
	return ret;
}

static int show(const struct top *t, const struct roster *before, const struct roster *all,
		double seconds, struct error *e)
{
	struct top_row *rows = top_rows(before, all, seconds, t->key);
	int ret = -1;

	if (rows)
		ret = t->screen ? show_screen(t, rows, all->n) :
			top_print(rows, all->n, t->key, 0, 0, "\n", stdout);
	free(rows);
	if (ret)
		return error_set(e, "out of memory");
	if (fflush(stdout))
		return error_set(e, "cannot write to stdout");
	return 0;
}

/* --------------------------------------------------------------- waiting */

/* Ctrl-Z: the shell gets its own screen meanwhile. */
static void suspend(struct top *t)
{
	screen_leave(t);
	raise(SIGSTOP);
	screen_enter(t);
}

static void serve_key(struct top *t)
{
	enum top_key key;
	char c;

	if (read(STDIN_FILENO, &c, 1) != 1) {
		t->quit = true;
		return;
	}
	if (c == 'q' || c == 'Q')
		t->quit = true;
	if (c == KEY_SUSPEND)
		suspend(t);
	key = top_key_of(c);
	if (key != TOP_KEYS)
		t->key = key;
}

static void serve_signal(struct top *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP)
		suspend(t);
	else if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT)
		t->sig = (int)info.ssi_signo;
}

/* Until @end, or until a key or signal wants something. Is it time for a new look? */
static bool wait_until(struct top *t, double end)
{
	struct pollfd p[] = {
		{ .fd = t->signals, .events = POLLIN },
		{ .fd = t->screen ? STDIN_FILENO : -1, .events = POLLIN },
	};
	double left = end - now();

	if (left <= 0)
		return true;
	if (poll(p, ARRAY_SIZE(p), (int)(left * 1000) + 1) <= 0)
		return now() >= end;
	if (p[0].revents)
		serve_signal(t);
	if (p[1].revents)
		serve_key(t);
	return false;
}

/* ------------------------------------------------------------------ main */

/* The first look is what the first table compares with; on a screen it is shown, too. */
static int loop(struct top *t, struct roster *before, struct roster *all, struct error *e)
{
	double then = now(), at = then;
	unsigned long shown = 0;

	if (roster_read(&roster_system, true, all, e))
		return -1;
	if (t->screen && show(t, before, all, 0, e))
		return -1;
	while (!t->quit && !t->sig && (!t->count || shown < t->count)) {
		if (!wait_until(t, at + t->delay)) {
			/* A key, or another size: the same, shown in another way. */
			if (t->screen && show(t, before, all, at - then, e))
				return -1;
			continue;
		}
		roster_free(before);
		*before = *all;
		then = at;
		at = now();
		if (roster_read(&roster_system, true, all, e) || show(t, before, all, at - then, e))
			return -1;
		shown++;
	}
	return 0;
}

static int signals_open(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCONT };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run(int argc, char **argv, struct error *e)
{
	struct top t = { .delay = DELAY_DEFAULT };
	struct roster before = {}, all = {};
	int at = options_parse(&cmd_top, argc, argv, option_set, &t, e), ret;

	if (at < 0)
		return EXIT_USAGE;
	if (at < argc) {
		error_set(e, "top: takes no names, but got '%s'", argv[at]);
		return EXIT_USAGE;
	}
	t.signals = signals_open();
	if (!t.batch && isatty(STDOUT_FILENO))
		screen_enter(&t);
	ret = loop(&t, &before, &all, e);
	screen_leave(&t);
	roster_free(&before);
	roster_free(&all);
	close(t.signals);
	if (t.sig)
		return EXIT_SIGNAL + t.sig;
	return ret ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_top = {
	.name = "top", .usage = "[options]", .run = run,
	.summary = "show what domains do, refreshed until 'q' is typed",
	.about =
	"CPU% is of one processor. EXITS/s: how often the guest world is left for the host.\n"
	"A star marks the column that the table is sorted by; a letter chooses another one:\n"
	"  c CPU, e exits, h hypercalls, s system calls, f page faults, m memory, n name\n"
	"The statistics are root's to read, and need debugfs.\n",
	.options = (const struct option_text []) {
		{ "batch", 'b', NULL, "one table after the other, for files and pipes" },
		{ "count", 'n', "COUNT", "end after so many tables" },
		{ "delay", 'd', "SECONDS", "between two tables: 2" },
		{ "sort", 's', "LETTER", "as if typed" },
		{},
	},
};
