// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See rundir.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir.h"

static int fill(char out[RUNDIR_MAX], struct error *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, RUNDIR_MAX, fmt, ap);
	va_end(ap);
	if (n < RUNDIR_MAX)
		return 0;
	return error_set(e, "'%s...' is too long for the path of a socket (PVCTL_DIR can name a shorter directory)",
			 out);
}

int rundir_path_of(uid_t uid, char out[RUNDIR_MAX], struct error *e)
{
	if (!uid)
		return fill(out, e, "/run/pvhv");
	return fill(out, e, "/run/user/%u/pvhv", (unsigned int)uid);
}

int rundir_path(char out[RUNDIR_MAX], struct error *e)
{
	const char *own = getenv("PVCTL_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");

	if (own && own[0])
		return fill(out, e, "%s", own);
	if (geteuid() && xdg && xdg[0])
		return fill(out, e, "%s/pvhv", xdg);
	return rundir_path_of(geteuid(), out, e);
}

int rundir_make(const char *dir, struct error *e)
{
	struct stat st;

	if (mkdir(dir, 0755) && errno != EEXIST)
		return error_set(e, "cannot make the directory %s for the control socket: %s (PVCTL_DIR can name another)",
				 dir, strerror(errno));
	if (lstat(dir, &st))
		return error_set(e, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(e, "%s, for the control socket, is not a directory", dir);
	if ((st.st_uid && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(e, "%s, for the control socket, can be changed by other users (PVCTL_DIR can name another directory)",
				 dir);
	return 0;
}

int rundir_socket(const char *dir, const char *name, char out[RUNDIR_MAX], struct error *e)
{
	return fill(out, e, "%s/%s" RUNDIR_SUFFIX, dir, name);
}
