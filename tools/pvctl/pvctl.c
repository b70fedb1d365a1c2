// SPDX-License-Identifier: GPL-2.0 OR MIT
/* pvctl: the command table, help, and the one place that prints errors. */
#include <fcntl.h>
#include <string.h>

#include <linux/pvhv.h>

#include "cmd.h"

static const char help[] =
"usage: pvctl run --name NAME --kernel FILE [options] [-- WORDS...]\n"
"       pvctl list\n"
"       pvctl stats [NAME]\n"
"       pvctl --help | --version\n"
"\n"
"pvctl runs virtual machines with the pvhv module: kernels for Xen PV on x86-64, as\n"
"distributions ship them, on any x86-64 host.\n"
"\n"
"run      start a domain and stay with it, its console on stdin and stdout\n"
"  --name NAME      letters, digits and _ . - ; unique on the host\n"
"  --kernel FILE    bzImage or ELF file (gzip, xz, lzma, zstd, lz4, lzo, bzip2)\n"
"  --initrd FILE    initial ramdisk\n"
"  --memory SIZE    with K, M, G or T; 128M if not given\n"
"  --console-raw    Ctrl-C is a key for the guest, too\n"
"  --dump-on-crash FILE  if it crashes, its memory and registers: a core file for gdb, crash\n"
"  --gdb ADDRESS    let gdb attach: [HOST:]PORT (127.0.0.1), or the path of a socket\n"
"  --gdb-wait       the guest starts when gdb says so\n"
"  -- WORDS...      the guest kernel's command line\n"
"list     the domains that run\n"
"stats    counters of one domain, or of all\n"
"\n"
"On a terminal, Ctrl-C (unless --console-raw) and Ctrl-] end the domain, other keys\n"
"are the guest's. SIGINT, SIGTERM and SIGHUP end it, too.\n"
"\n"
"exit status:\n"
"  0      the guest has powered off; list, stats: success\n"
"  1      list, stats: the statistics cannot be read\n"
"  2      wrong arguments\n"
"  3      the domain could not be started\n"
"  4      the guest crashed, by its own report\n"
"  5      the module ended the domain: the guest broke a rule, or a limit was reached\n"
"  6      the guest asks for a reboot\n"
"  7      the guest shut down in another way\n"
"  128+N  ended by signal N (130: Ctrl-C or Ctrl-], 143: SIGTERM)\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct error *e);
} commands[] = {
	{ "run", cmd_run },
	{ "list", cmd_list },
	{ "stats", cmd_stats },
};

static bool has_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int dispatch(int argc, char **argv, struct error *e)
{
	size_t i;

	if (argc < 2) {
		error_set(e, "no command (see: pvctl --help)");
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1, e);
	error_set(e, "unknown command '%s' (see: pvctl --help)", argv[1]);
	return EXIT_USAGE;
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
	int code = EXIT_OK;

	fill_standard_files();
	if (has_help(argc, argv))
		fputs(help, stdout);
	else if (argc == 2 && !strcmp(argv[1], "--version"))
		printf("pvctl %s (interface version %d)\n", PVHV_VERSION, PVHV_API_VERSION);
	else
		code = dispatch(argc, argv, &e);
	code = flush(code, &e);
	if (e.text[0])
		fprintf(stderr, "pvctl: %s\n", e.text);
	return code;
}
