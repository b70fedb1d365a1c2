// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See terminal.h. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

static struct termios saved;
static volatile sig_atomic_t changed;
static const char *volatile leave_text;

/* tcsetattr(), write() and raise() are safe in a signal handler. */
void terminal_leave(void)
{
	if (!changed)
		return;
	changed = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	/* Nothing else could be done if it fails. */
	if (leave_text && write(STDOUT_FILENO, leave_text, strlen(leave_text)) < 0)
		leave_text = NULL;
	leave_text = NULL;
}

void terminal_at_leave(const char *text)
{
	leave_text = text;
}

/* SA_RESETHAND: raised again, the signal does what it would have done. */
static void terminal_died(int sig)
{
	terminal_leave();
	raise(sig);
}

static void terminal_guard(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };
	struct sigaction sa = { .sa_handler = terminal_died, .sa_flags = SA_RESETHAND };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &sa, NULL);
	atexit(terminal_leave);
}

bool terminal_enter(bool interrupt)
{
	struct termios t;

	/* From the background, tcsetattr() would stop us. */
	if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &saved))
		return false;
	t = saved;
	cfmakeraw(&t);
	/* A guest that ends lines with \n alone is shown right, too. */
	t.c_oflag |= OPOST | ONLCR;
	if (interrupt) {
		t.c_lflag |= ISIG;
		t.c_cc[VQUIT] = _POSIX_VDISABLE;
		t.c_cc[VSUSP] = _POSIX_VDISABLE;
	}
	terminal_guard();
	changed = 1;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &t))
		return true;
	changed = 0;
	return false;
}
