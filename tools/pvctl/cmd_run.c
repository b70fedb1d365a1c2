// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * pvctl run: one domain from its files to its end, in the foreground. Two threads:
 * this one serves the console and signals, the other runs the vCPU. Whatever ends the
 * domain, the order of taking down is the reverse of that of setting up.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <linux/pvhv.h>
#include <xen/sched.h>
#include <xen/xen.h>

#include "cmd.h"
#include "control.h"
#include "core.h"
#include "file.h"
#include "gdb.h"
#include "parse.h"
#include "report.h"
#include "terminal.h"
#include "vcpu.h"

#define DEFAULT_MEMORY	(128UL << 20)

struct run_options {
	const char *name;
	const char *kernel;
	const char *initrd;
	u64 memory;
	bool console_raw;
	const char *dump_on_crash;
	enum core_format dump_format;
	const char *gdb;
	bool gdb_wait;
	char cmdline[MAX_GUEST_CMDLINE];
};

/* ------------------------------------------------------------- options */

enum { OPTION_RAW = OPTION_LONG, OPTION_DUMP, OPTION_DUMP_FORMAT, OPTION_GDB, OPTION_GDB_WAIT };

static int option_set(void *context, int letter, const char *value, struct error *e)
{
	struct run_options *o = context;

	switch (letter) {
	case 'n':
		o->name = value;
		return parse_name(value, e);
	case 'k':
		o->kernel = value;
		return 0;
	case 'i':
		o->initrd = value;
		return 0;
	case 'm':
		return parse_size(value, &o->memory, e);
	case OPTION_RAW:
		o->console_raw = true;
		return 0;
	case OPTION_DUMP:
		o->dump_on_crash = value;
		return 0;
	case OPTION_DUMP_FORMAT:
		return core_format_parse(value, &o->dump_format, e);
	case OPTION_GDB:
		o->gdb = value;
		return 0;
	default:
		o->gdb_wait = true;
		return 0;
	}
}

static int run_options_parse(int argc, char **argv, struct run_options *o, struct error *e)
{
	int at;

	*o = (struct run_options){ .memory = DEFAULT_MEMORY };
	at = options_parse(&cmd_run, argc, argv, option_set, o, e);
	if (at < 0)
		return -1;
	if (at < argc && strcmp(argv[at - 1], "--"))
		return error_set(e, "run: unexpected '%s' (the guest's command line comes after --)",
				 argv[at]);
	if (!o->name || !o->kernel)
		return error_set(e, "run: --name and --kernel are needed (see: pvctl help run)");
	if (o->gdb_wait && !o->gdb)
		return error_set(e, "run: --gdb-wait needs --gdb");
	return parse_join(argv + at, argc - at, o->cmdline, sizeof(o->cmdline), e);
}

/* ------------------------------------------------------------- machine */

/** struct machine - all that a running domain consists of */
struct machine {
	struct bytes kernel_file;
	struct kernel kernel;
	struct bytes initrd;
	struct domain domain;
	struct console console;
	struct image image;
	struct vcpu vcpu;
	struct gdb gdb;
	struct control control;
};

static int load_files(const struct run_options *o, struct machine *m, struct error *e)
{
	struct error why;

	if (file_read(o->kernel, KERNEL_MAX, &m->kernel_file, e))
		return -1;
	if (kernel_parse(m->kernel_file.data, m->kernel_file.size, KERNEL_MAX, &m->kernel, &why)) {
		error_set(e, "%s: %s", o->kernel, why.text);
		goto fail_file;
	}
	/* What is larger than the memory need not be read. */
	if (o->initrd && file_read(o->initrd, o->memory, &m->initrd, e))
		goto fail_kernel;
	return 0;

fail_kernel:
	kernel_free(&m->kernel);
fail_file:
	bytes_free(&m->kernel_file);
	return -1;
}

static void free_files(struct machine *m)
{
	bytes_free(&m->initrd);
	kernel_free(&m->kernel);
	bytes_free(&m->kernel_file);
}

static struct builder_request build_request(const struct run_options *o, const struct machine *m)
{
	return (struct builder_request){
		.kernel = &m->kernel, .initrd = m->initrd.data, .initrd_len = m->initrd.size,
		.cmdline = o->cmdline, .nr_pages = pages_of(o->memory), .mem = m->domain.mem,
		.shared_info_gfn = m->domain.special_gfn, .console_port = m->console.port,
	};
}

static int build(const struct run_options *o, struct machine *m, struct error *e)
{
	struct builder_request r = build_request(o, m);

	if (builder_build(&r, &m->image, e))
		return -1;
	console_set_ring(&m->console,
			 m->domain.mem + (m->image.layout.console.gfn << PAGE_SHIFT));
	return 0;
}

static int machine_create(const struct run_options *o, struct machine *m, struct error *e)
{
	struct builder_request r;
	struct layout layout;

	if (load_files(o, m, e))
		return -1;
	/* Can it fit at all? Ask before anything large is allocated. */
	r = build_request(o, m);
	if (builder_layout(&r, &layout, e) || domain_create(o->name, o->memory, &m->domain, e))
		goto fail_files;
	if (console_open(&m->console, &m->domain, e) || build(o, m, e) ||
	    vcpu_create(&m->domain, &m->image, &m->console, &m->vcpu, e))
		goto fail_console;
	if (gdb_open(&m->gdb, o->gdb, e))
		goto fail_vcpu;
	/* All is in the guest's memory now. */
	free_files(m);
	return 0;

fail_vcpu:
	vcpu_destroy(&m->vcpu);
fail_console:
	console_close(&m->console);
	domain_destroy(&m->domain);
fail_files:
	free_files(m);
	return -1;
}

static void machine_destroy(struct machine *m)
{
	gdb_close(&m->gdb);
	vcpu_destroy(&m->vcpu);
	console_close(&m->console);
	domain_destroy(&m->domain);
}

/* ------------------------------------------------------------- running */

/*
 * The signals that end a domain, as a file descriptor; blocked in all threads. An
 * ignored SIGHUP stays ignored (nohup); SIGINT not, as shells ignore it for every
 * background job of a script, where kill -INT should work.
 */
static int signals_open(struct error *e)
{
	struct sigaction hup;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(e, "cannot create a signalfd: %s", strerror(errno));
	return fd;
}

/* The signal that ended it, 0: it ended by itself, -1: it did not start. */
static int machine_run(struct machine *m, const struct run_options *o, struct error *e)
{
	int signals = signals_open(e), sig = -1;
	bool terminal;

	if (signals < 0)
		return -1;
	/* From here on no signal ends us before the socket is removed. */
	if (control_open(&m->control, &m->domain, &m->vcpu, e))
		goto out;
	if (gdb_start(&m->gdb, &m->vcpu, &m->domain, o->gdb_wait, e))
		goto out_control;
	if (vcpu_start(&m->vcpu, e))
		goto out_control;
	if (control_start(&m->control, e))
		goto out_stop;
	terminal = terminal_enter(!o->console_raw);
	sig = console_run(&m->console, signals, terminal);
	console_stop_waiting(&m->console);
	terminal_leave();
out_stop:
	/* First: a debugger may hold the vCPU, and so may who asked for a dump. */
	gdb_close(&m->gdb);
	control_close(&m->control);
	vcpu_stop(&m->vcpu);
out_control:
	control_close(&m->control);
out:
	close(signals);
	return sig;
}

static const struct {
	u32 reason;
	int code;
	const char *text;
} shutdowns[] = {
	{ SHUTDOWN_poweroff, EXIT_OK, NULL },
	{ SHUTDOWN_reboot, EXIT_REBOOT, "the guest asks for a reboot" },
	{ SHUTDOWN_suspend, EXIT_OTHER, "the guest asks to be suspended, which is not supported" },
	{ SHUTDOWN_crash, EXIT_CRASHED, "the guest has crashed (its own report)" },
	{ SHUTDOWN_watchdog, EXIT_CRASHED, "the guest's watchdog has expired" },
	{ SHUTDOWN_soft_reset, EXIT_OTHER, "the guest asks for a soft reset, which is not supported" },
};

static int explain_shutdown(const char *name, u32 reason, struct error *e)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shutdowns); i++) {
		if (shutdowns[i].reason != reason)
			continue;
		if (shutdowns[i].text)
			error_set(e, "domain %s: %s", name, shutdowns[i].text);
		return shutdowns[i].code;
	}
	error_set(e, "domain %s: the guest has shut down for unknown reason %u", name, reason);
	return EXIT_OTHER;
}

static int explain_end(const char *name, const struct vcpu *v, struct error *e)
{
	if (v->end == VCPU_SHUTDOWN)
		return explain_shutdown(name, v->code, e);
	if (v->end == VCPU_CRASH)
		error_set(e, "domain %s ended: %s%s%s", name, vcpu_crash_name(v->code),
			  v->text[0] ? ": " : "", v->text);
	else
		error_set(e, "domain %s cannot run: %s%s%s (see the kernel log)", name,
			  strerror((int)v->code), v->text[0] ? ": " : "", v->text);
	return EXIT_KILLED;
}

/* What is left of a guest that crashed, while it is there: on stderr, and in a file. */
static void examine(const struct run_options *o, const struct machine *m)
{
	struct pvhv_regs r;
	struct error e;

	if (vcpu_regs(&m->vcpu, &r, &e)) {
		fprintf(stderr, "pvctl: %s\n", e.text);
		return;
	}
	report_vcpu(stderr, 0, &r, &m->domain);
	if (!o->dump_on_crash)
		return;
	if (core_save(o->dump_on_crash, o->dump_format, &m->domain, &r, 1, &e))
		fprintf(stderr, "pvctl: %s\n", e.text);
	else
		fprintf(stderr, "pvctl: the guest's memory and registers are in %s\n",
			o->dump_on_crash);
}

/* Who has closed it, or gone away (as in `| head`), knows; a full disk tells nobody. */
static void explain_output(const char *name, const struct console *c, struct error *e)
{
	int why = c->out_errno;

	if (why && why != EPIPE && why != EBADF && !e->text[0])
		error_set(e, "domain %s: the end of its console output is lost: %s", name,
			  strerror(why));
}

static int run(int argc, char **argv, struct error *e)
{
	static struct machine m;
	struct run_options o;
	int sig, code;

	if (run_options_parse(argc, argv, &o, e))
		return EXIT_USAGE;
	if (machine_create(&o, &m, e))
		return EXIT_START;
	sig = machine_run(&m, &o, e);
	if (sig < 0)
		code = EXIT_START;
	else if (sig)
		code = EXIT_SIGNAL + sig;
	else
		code = explain_end(o.name, &m.vcpu, e);
	if (code == EXIT_CRASHED || code == EXIT_KILLED)
		examine(&o, &m);
	machine_destroy(&m);
	if (sig == SIGTERM && control_destroyed(&m.control))
		error_set(e, "domain %s ended by pvctl destroy", o.name);
	else if (sig > 0)
		error_set(e, "domain %s ended by signal %d (%s)", o.name, sig, strsignal(sig));
	explain_output(o.name, &m.console, e);
	return code;
}

const struct command cmd_run = {
	.name = "run", .usage = "--name NAME --kernel FILE [options] [-- WORDS...]", .run = run,
	.summary = "start a domain and stay with it, its console on stdin and stdout",
	.first_operand_ends = true,
	.about =
	"The guest's kernel is one that speaks Xen PV on x86-64, as distributions ship it:\n"
	"/boot/vmlinuz-... . WORDS are its command line: console=hvc0, root=... .\n"
	"\n"
	"On a terminal, Ctrl-] ends the domain, and so does Ctrl-C unless --console-raw is\n"
	"given; other keys are the guest's. SIGINT, SIGTERM, SIGHUP and 'pvctl destroy' end\n"
	"it, too.\n"
	"\n"
	"exit status:\n"
	"  0      the guest has powered off\n"
	"  2      wrong arguments\n"
	"  3      the domain could not be started\n"
	"  4      the guest crashed, by its own report\n"
	"  5      the module ended the domain: the guest broke a rule, or a limit was reached\n"
	"  6      the guest asks for a reboot\n"
	"  7      the guest shut down in another way\n"
	"  128+N  ended by signal N (130: Ctrl-C or Ctrl-], 143: SIGTERM or pvctl destroy)\n",
	.options = (const struct option_text []) {
		{ "name", 'n', "NAME", "letters, digits and _ . - ; unique on the host" },
		{ "kernel", 'k', "FILE", "bzImage or ELF file, compressed or not" },
		{ "initrd", 'i', "FILE", "initial ramdisk" },
		{ "memory", 'm', "SIZE", "with K, M, G or T, as in 512M; 128M if not given" },
		{ "console-raw", OPTION_RAW, NULL, "Ctrl-C is a key for the guest, too" },
		{ "dump-on-crash", OPTION_DUMP, "FILE", "if it crashes: a core file" },
		{ "dump-format", OPTION_DUMP_FORMAT, "FORMAT", "of that: elf, for gdb (default), or crash" },
		{ "gdb", OPTION_GDB, "ADDRESS", "serve gdb there: [HOST:]PORT, or a socket's path" },
		{ "gdb-wait", OPTION_GDB_WAIT, NULL, "start only when gdb says so" },
		{},
	},
};
