/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The user's terminal while it is the guest's console. */
#ifndef PVCTL_TERMINAL_H
#define PVCTL_TERMINAL_H

#include "types.h"

/**
 * terminal_enter - keys go to the guest one by one, unechoed
 * @interrupt: Ctrl-C still sends SIGINT; else it is a key like any other
 *
 * Does nothing, and returns false, unless stdin is a terminal and we are its
 * foreground. From then on it is restored at terminal_leave(), exit() and when the
 * process dies of a bug.
 */
bool terminal_enter(bool interrupt);

/** terminal_leave - as it was before terminal_enter(); any number of times */
void terminal_leave(void);

/** terminal_at_leave - after terminal_enter(): what to write to stdout when it is left */
void terminal_at_leave(const char *text);

#endif
