// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl dump: memory and registers of a running domain, as a core file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "core.h"
#include "parse.h"
#include "target.h"

struct dump_options {
	bool force;
	enum core_format format;
};

enum { OPTION_FORMAT = OPTION_LONG };

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	struct dump_options *o = context;

	if (letter == OPTION_FORMAT)
		return core_format_parse(value, &o->format, e);
	o->force = true;
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

/* A process that is older than this program may know one format only, and not say so. */
static int check_format(struct json_object *reply, enum core_format format, struct error *e)
{
	const char *text = wire_text(reply, "format"), *wanted = core_format_name(format);

	if (format == CORE_ELF || (text && !strcmp(text, wanted)))
		return 0;
	return error_set(e, "the domain's pvctl is older and does not write format '%s'", wanted);
}

/* 1: the domain has ended */
static int dump_to(struct client *c, int fd, enum core_format format, struct error *e)
{
	struct json_object *text = json_object_new_string(core_format_name(format));
	struct json_object *members = json_object_new_object(), *reply;
	int ret;

	if (!members || !text || json_object_object_add(members, "format", text)) {
		json_object_put(members);
		json_object_put(text);
		return error_set(e, "out of memory");
	}
	ret = client_call(c, "dump", members, fd, 0, &reply, e);
	json_object_put(members);
	if (ret)
		return ret;
	ret = check_format(reply, format, e);
	json_object_put(reply);
	return ret;
}

static int dump(const char *name, const char *path, const struct dump_options *o, struct error *e)
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
	fd = open_file(path, o->force, e);
	if (fd < 0)
		goto out;
	ret = dump_to(&t.client, fd, o->format, e);
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
	struct dump_options o = { .format = CORE_ELF };
	int at = options_parse(&cmd_dump, argc, argv, option_set, &o, e);

	if (at < 0)
		return EXIT_USAGE;
	if (argc - at != 2) {
		error_set(e, "dump: needs a domain's name and a file's (see: pvctl help dump)");
		return EXIT_USAGE;
	}
	if (parse_name(argv[at], e))
		return EXIT_USAGE;
	return dump(argv[at], argv[at + 1], &o, e) ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_dump = {
	.name = "dump", .usage = "[--force] [--format FORMAT] NAME FILE", .run = run,
	.summary = "write memory and registers of a running domain to a core file",
	.about =
	"The domain is paused meanwhile, and runs on afterwards. gdb, or with --format crash\n"
	"crash(8), reads the file together with the guest kernel's vmlinux. It contains all\n"
	"that the guest knows, passwords and keys included, so only its owner may read it.\n",
	.options = (const struct option_text []) {
		{ "force", 'f', NULL, "write over a FILE that exists" },
		{ "format", OPTION_FORMAT, "FORMAT", "elf, for gdb (default), or crash" },
		{},
	},
};
