// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl: the command table, help, and where errors are printed. */
#include <fcntl.h>
#include <string.h>

#include <linux/pvhv.h>

#include "cmd.h"
#include "nearest.h"

static const struct command *const commands[] = {
	&cmd_run, &cmd_list, &cmd_stats, &cmd_top, &cmd_dump, &cmd_destroy,
};

/* ---------------------------------------------------------------- help */

static void help_all(void)
{
	size_t i;

	puts("usage: pvctl COMMAND [options] [arguments]\n"
	     "       pvctl help [COMMAND]\n"
	     "       pvctl --version\n"
	     "\n"
	     "Runs virtual machines with the pvhv module: kernels for Xen PV on x86-64, as\n"
	     "distributions ship them, on any x86-64 host.\n"
	     "\n"
	     "commands:");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s%s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "'pvctl help COMMAND' tells its options, and how it ends. The manual is pvctl(1).\n"
	     "\n"
	     "pvctl run --name first --kernel /boot/vmlinuz --initrd guest.img -- console=hvc0");
}

static const struct command *find_command(const char *name, struct error *e)
{
	struct nearest n = { .word = name };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		nearest_offer(&n, commands[i]->name);
	}
	if (n.best)
		error_set(e, "unknown command '%s': is it '%s'? (see: pvctl --help)", name, n.best);
	else
		error_set(e, "unknown command '%s' (see: pvctl --help)", name);
	return NULL;
}

static int help(const char *name, struct error *e)
{
	const struct command *c;

	if (!name) {
		help_all();
		return EXIT_OK;
	}
	c = find_command(name, e);
	if (!c)
		return EXIT_USAGE;
	options_help(c, stdout);
	return EXIT_OK;
}

/* Anywhere before "--", which is where the words of others begin. */
static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

/* ------------------------------------------------------------ dispatch */

static int dispatch(int argc, char **argv, struct error *e)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct command *c;

	if (wants_help(argc, argv))
		return help(word[0] == '-' ? NULL : word, e);
	if (!word) {
		error_set(e, "no command (see: pvctl --help)");
		return EXIT_USAGE;
	}
	if (!strcmp(word, "help"))
		return help(argc > 2 ? argv[2] : NULL, e);
	if (!strcmp(word, "--version") || !strcmp(word, "version")) {
		printf("pvctl %s (interface version %d)\n", PVHV_VERSION, PVHV_API_VERSION);
		return EXIT_OK;
	}
	c = find_command(word, e);
	return c ? c->run(argc - 1, argv + 1, e) : EXIT_USAGE;
}

/*
 * A caller may have closed them. Then the next file to be opened, be it the module's or
 * the guest's console, would be taken for stdin, stdout or stderr. Their places are
 * filled with files that fail as closed ones do.
 */
static void fill_standard_files(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return;
}

/* A full disk or closed pipe must not look like success. */
static int flush(int code, struct error *e)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	error_set(e, "cannot write to stdout");
	return code ? code : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct error e = {};
	int code;

	fill_standard_files();
	code = dispatch(argc, argv, &e);
	code = flush(code, &e);
	error_print(&e);
	return code;
}
