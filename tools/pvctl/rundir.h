/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Where control sockets are: NAME.sock in a directory of their own.
 *
 *   $PVCTL_DIR                 if set
 *   /run/pvhv                  for root
 *   $XDG_RUNTIME_DIR/pvhv      for others; /run/user/UID/pvhv if that is not set
 */
#ifndef PVCTL_RUNDIR_H
#define PVCTL_RUNDIR_H

#include <sys/types.h>

#include "error.h"

#define RUNDIR_SUFFIX	".sock"
#define RUNDIR_MAX	108	/* a socket's path with its NUL, as struct sockaddr_un has it */

/** rundir_path - our own directory into @out */
int rundir_path(char out[RUNDIR_MAX], struct error *e) __must_check;

/** rundir_path_of - that of another user, as far as it can be known: without environment */
int rundir_path_of(uid_t uid, char out[RUNDIR_MAX], struct error *e) __must_check;

/** rundir_make - make @dir if it is not there; fails if others could change what is in it */
int rundir_make(const char *dir, struct error *e) __must_check;

/** rundir_socket - path of the socket of domain @name in @dir */
int rundir_socket(const char *dir, const char *name, char out[RUNDIR_MAX],
		  struct error *e) __must_check;

#endif
