// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl dump: memory and registers of a running domain, as a core file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "parse.h"
#include "target.h"

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	(void)letter;
	(void)value;
	(void)e;
	*(bool *)context = true;
	return 0;
}

/*
 * Opened here, by who asks, with their rights; the domain's process only gets to write.
 * O_NONBLOCK: nothing that is not a file shall make us wait.
 */
static int open_file(const char *path, bool force, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		      (force ? O_TRUNC : O_EXCL), 0600);
	struct stat st;

	if (fd < 0 && errno == EEXIST)
		return error_set(e, "%s exists already (--force writes over it)", path);
	if (fd < 0)
		return error_set(e, "cannot create %s: %s", path, strerror(errno));
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return error_set(e, "%s is not a regular file", path);
}

static int dump(const char *name, const char *path, bool force, struct error *e)
{
	struct target t;
	int fd, ret = -1;

	if (target_find(name, &t, e))
		return -1;
	if (t.client.fd < 0) {
		error_set(e, "process %d of domain '%s' serves no control socket that could be found",
			  t.pid, name);
		goto out;
	}
	fd = open_file(path, force, e);
	if (fd < 0)
		goto out;
	ret = client_call(&t.client, "dump", NULL, fd, 0, NULL, e);
	if (ret > 0)
		error_set(e, "domain '%s' has ended before the dump was complete", name);
	close(fd);
	/* Half a core file is of no use. */
	if (ret)
		unlink(path);
out:
	target_close(&t);
	return ret ? -1 : 0;
}

static int run(int argc, char **argv, struct error *e)
{
	bool force = false;
	int at = options_parse(&cmd_dump, argc, argv, option_set, &force, e);

	if (at < 0)
		return EXIT_USAGE;
	if (argc - at != 2) {
		error_set(e, "dump: needs a domain's name and a file's (see: pvctl help dump)");
		return EXIT_USAGE;
	}
	if (parse_name(argv[at], e))
		return EXIT_USAGE;
	return dump(argv[at], argv[at + 1], force, e) ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_dump = {
	.name = "dump", .usage = "[--force] NAME FILE", .run = run,
	.summary = "write memory and registers of a running domain to a core file",
	.about =
	"The domain is paused meanwhile, and runs on afterwards. gdb reads the file together\n"
	"with the guest kernel's vmlinux. It contains all that the guest knows, passwords\n"
	"and keys included, so only its owner may read it.\n",
	.options = (const struct option_text []) {
		{ "force", 'f', NULL, "write over a FILE that exists" },
		{},
	},
};
