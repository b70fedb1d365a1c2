// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * `pvctl run` from its arguments to its exit code, with a module and guests played by
 * module.c. Guests run in the vCPU's thread, so they note what they see and the test
 * looks at it afterwards. Nothing here measures time.
 */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/elfnote.h>
#include <xen/io/console.h>
#include <xen/sched.h>
#include <xen/xen.h>

#include "client.h"
#include "cmd.h"
#include "module.h"
#include "testelf.h"

static char kernel[] = "/tmp/pvctl-kernel-XXXXXX";
static char dir[] = "/tmp/pvctl-run-XXXXXX";	/* of control sockets */
static struct error e;
static char output[65536];	/* what the last run wrote to stdout */

/* -------------------------------------------------------------- running */

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* cmd_run with @input on stdin and @out as stdout. */
static int run_words_to(int out, const char *input, int argc, char **argv)
{
	int in[2], saved_in = dup(0), saved_out = dup(1), code;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(write(in[1], input, strlen(input)), strlen(input));
	close(in[1]);
	fflush(stdout);
	dup2(in[0], 0);
	dup2(out, 1);
	memset(&e, 0, sizeof(e));
	optind = 0;
	code = cmd_run.run(argc, argv, &e);
	dup2(saved_in, 0);
	dup2(saved_out, 1);
	close(saved_in);
	close(saved_out);
	close(in[0]);
	return code;
}

/* The same; what it wrote goes to @output. */
static int run_words(const char *input, int argc, char **argv)
{
	int out = memfd_create("out", MFD_CLOEXEC), code = run_words_to(out, input, argc, argv);
	ssize_t n = pread(out, output, sizeof(output) - 1, 0);

	assert_true(n >= 0);
	output[n] = 0;
	close(out);
	return code;
}

static int run(const char *input)
{
	char *argv[] = { "run", "--name", "guest-1", "--kernel", kernel, "--memory", "16M",
			 "--", "root=/dev/x", "quiet", NULL };
	int before = count_fds(), code;

	code = run_words(input, 10, argv);
	assert_int_equal(count_fds(), before);
	return code;
}

static int setup(void **state)
{
	(void)state;
	module_reset();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	module_reset();
	return 0;
}

/* ------------------------------------------------------------- guests */

static int shut_down(u32 reason)
{
	module.run->reason = PVHV_EXIT_SHUTDOWN;
	module.run->shutdown.reason = reason;
	return 0;
}

static int guest_off(void)
{
	return shut_down(SHUTDOWN_poweroff);
}

static void print(const char *text, u32 len)
{
	module.run->reason = PVHV_EXIT_CONSOLE;
	module.run->console.len = len;
	memcpy(module.run->console.data, text, strlen(text));
}

/* ------------------------------------------------ what the guest is given */

static struct start_info seen;
static u8 seen_kernel[4096];

static int guest_looks(void)
{
	u64 gpa = module.regs.rsi - TESTELF_BASE;
	struct xencons_interface *ring;

	if (module.runs == 1) {
		memcpy(&seen, module_memory(gpa), sizeof(seen));
		memcpy(seen_kernel, module_memory(TESTELF_START), sizeof(seen_kernel));
		print("by hypercall ", 13);
		return 0;
	}
	ring = module_memory(seen.console.domU.mfn << PAGE_SHIFT);
	memcpy(ring->out, "by ring", 7);
	__atomic_store_n(&ring->out_prod, 7, __ATOMIC_RELEASE);
	return guest_off();
}

static void test_life(void **state)
{
	int i;

	(void)state;
	module.guest = guest_looks;
	assert_int_equal(run(""), EXIT_OK);
	assert_string_equal(e.text, "");
	assert_string_equal(output, "by hypercall by ring");
	assert_int_equal(module.opens, 1);
	assert_int_equal(module.runs, 2);

	assert_string_equal(module.domain.name, "guest-1");
	assert_int_equal(module.domain.max_pages, 4096);
	assert_int_equal(module.memory.gfn, 0);
	assert_int_equal(module.memory.pages, 4096);

	assert_int_equal(module.regs.rip, TESTELF_BASE + TESTELF_START + 0x10);
	assert_int_equal(module.regs.rflags, 0x202);
	assert_int_equal(module.regs.cr3_gfn, (seen.pt_base - TESTELF_BASE) >> PAGE_SHIFT);
	assert_int_equal(module.regs.user_mode, 0);
	for (i = 0; i < 4096; i++)
		assert_int_equal(seen_kernel[i], testelf_pattern(0, (size_t)i));

	assert_string_equal(seen.magic, "xen-3.0-x86_64");
	assert_string_equal((char *)seen.cmd_line, "root=/dev/x quiet");
	assert_int_equal(seen.nr_pages, 4096);
	assert_int_equal(seen.shared_info, (u64)MODULE_SPECIAL << PAGE_SHIFT);
	assert_int_equal(seen.console.domU.evtchn, MODULE_PORT);
	assert_int_equal(seen.store_evtchn, 0);
}

/* --------------------------------------------------------------- the end */

static u32 reason;

static int guest_shuts_down(void)
{
	return shut_down(reason);
}

static void test_shutdowns(void **state)
{
	static const struct { u32 reason; int code; const char *about; } cases[] = {
		{ SHUTDOWN_poweroff, EXIT_OK, NULL },
		{ SHUTDOWN_reboot, EXIT_REBOOT, "reboot" },
		{ SHUTDOWN_suspend, EXIT_OTHER, "suspended" },
		{ SHUTDOWN_crash, EXIT_CRASHED, "crashed" },
		{ SHUTDOWN_watchdog, EXIT_CRASHED, "watchdog" },
		{ SHUTDOWN_soft_reset, EXIT_OTHER, "soft reset" },
		{ 77, EXIT_OTHER, "unknown reason 77" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		module_reset();
		module.guest = guest_shuts_down;
		reason = cases[i].reason;
		assert_int_equal(run(""), cases[i].code);
		if (cases[i].about) {
			assert_error(&e, cases[i].about);
			assert_error(&e, "guest-1");
		} else {
			assert_string_equal(e.text, "");
		}
	}
}

static int guest_crash_errno;
static const char *guest_crash_text;

static int guest_crashes(void)
{
	module.run->reason = PVHV_EXIT_CRASH;
	module.run->crash.reason = reason;
	memset(module.run->crash.text, '!', sizeof(module.run->crash.text));
	if (guest_crash_text)
		strcpy(module.run->crash.text, guest_crash_text);
	return guest_crash_errno;
}

/* Whoever shares the page could have left out the NUL: ASan would tell. */
static void test_crashes(void **state)
{
	static const struct { u32 reason; int err; const char *text, *about; } cases[] = {
		{ PVHV_CRASH_TRIPLE_FAULT, 0, "no handler", "triple fault: no handler" },
		{ PVHV_CRASH_POOL, 0, "all 512 pages", "all 512 pages" },
		{ PVHV_CRASH_GUEST, 0, "", "guest-1" },
		{ PVHV_CRASH_NONE, ESHUTDOWN, "", "ended from outside" },
		{ 99, 0, "\x1b[2J", "unknown reason: ?[2J" },
		{ PVHV_CRASH_MONITOR, 0, NULL, "!!!!!!!!!!!!" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		module_reset();
		module.guest = guest_crashes;
		reason = cases[i].reason;
		guest_crash_errno = cases[i].err;
		guest_crash_text = cases[i].text;
		assert_int_equal(run(""), EXIT_KILLED);
		assert_error(&e, cases[i].about);
	}
}

static int guest_fails(void)
{
	return EIO;
}

static int guest_new_exit(void)
{
	module.run->reason = 1234;
	return 0;
}

static void test_run_fails(void **state)
{
	(void)state;
	module.guest = guest_fails;
	assert_int_equal(run(""), EXIT_KILLED);
	assert_error(&e, strerror(EIO));
	module_reset();
	module.guest = guest_new_exit;
	assert_int_equal(run(""), EXIT_KILLED);
	assert_error(&e, "1234");
	assert_int_equal(module.runs, 1);
}

static int guest_interrupted(void)
{
	return module.runs < 5 ? EINTR : guest_off();
}

static void test_interrupted(void **state)
{
	(void)state;
	module.guest = guest_interrupted;
	assert_int_equal(run(""), EXIT_OK);
	assert_int_equal(module.runs, 5);
}

/* ------------------------------------------------------------- signals */

static int guest_signal;

/* Runs for ever, as a guest may; the module returns when a signal is there. */
static int guest_runs_on(void)
{
	if (module.runs == 1)
		kill(getpid(), guest_signal);
	while (!__atomic_load_n(&module.run->immediate_exit, __ATOMIC_ACQUIRE))
		usleep(100);
	return EINTR;
}

static void test_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		module_reset();
		module.guest = guest_runs_on;
		guest_signal = signals[i];
		assert_int_equal(run(""), EXIT_SIGNAL + signals[i]);
		assert_error(&e, "ended by signal");
	}
}

/* Somebody asks for the end, by the socket; others ask who it is. */
static struct json_object *seen_info;
static char seen_thread[16];

static int guest_is_destroyed(void)
{
	struct client c;

	if (module.runs > 1)
		return guest_runs_on();
	pthread_getname_np(pthread_self(), seen_thread, sizeof(seen_thread));
	if (client_connect(&c, dir, "guest-1", &e))
		abort();
	if (client_call(&c, "info", NULL, -1, 0, &seen_info, &e) ||
	    client_call(&c, "destroy", NULL, -1, 0, NULL, &e))
		abort();
	client_close(&c);
	return EINTR;
}

static void test_control(void **state)
{
	u64 n;

	(void)state;
	module.guest = guest_is_destroyed;
	assert_int_equal(run(""), EXIT_SIGNAL + SIGTERM);
	assert_error(&e, "domain guest-1 ended by pvctl destroy");
	assert_string_equal(wire_text(seen_info, "name"), "guest-1");
	assert_true(wire_number(seen_info, "pid", &n) && n == (u64)getpid());
	assert_true(wire_number(seen_info, "memory_bytes", &n) && n == 16 << 20);
	assert_string_equal(seen_thread, "vcpu0/guest-1");
	json_object_put(seen_info);
}

/* It never stops writing, and the signal must still be served. */
static int guest_floods(void)
{
	if (module.runs == 100)
		kill(getpid(), SIGTERM);
	print("flood ", 6);
	return 0;
}

static void test_signal_in_flood(void **state)
{
	(void)state;
	module.guest = guest_floods;
	assert_int_equal(run(""), EXIT_SIGNAL + SIGTERM);
	assert_memory_equal(output, "flood flood ", 12);
}

/* ------------------------------------------------------------- console */

static char got[64];
static u32 claim;	/* what the module says of lengths, right or wrong */

static int guest_echoes(void)
{
	struct pvhv_run *r = module.run;

	if (r->reason == PVHV_EXIT_CONSOLE_READ && r->console.len <= sizeof(got)) {
		size_t old = strlen(got), len = r->console.len;

		memcpy(got + old, r->console.data, len);
		got[old + len] = 0;
	}
	if (!strchr(got, '\n')) {
		r->reason = PVHV_EXIT_CONSOLE_READ;
		r->console.len = 0;
		r->console.max = claim;
		return 0;
	}
	return guest_off();
}

static void test_input(void **state)
{
	static const u32 claims[] = { 1, 7, PVHV_CONSOLE_MAX, UINT32_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(claims); i++) {
		module_reset();
		module.guest = guest_echoes;
		claim = claims[i];
		got[0] = 0;
		assert_int_equal(run("hello, guest\n"), EXIT_OK);
		assert_string_equal(got, "hello, guest\n");
	}
}

static int guest_prints_much(void)
{
	if (module.runs > 1)
		return guest_off();
	memset(module.run->console.data, 'm', PVHV_CONSOLE_MAX);
	print("much", UINT32_MAX);
	return 0;
}

static void test_output_length(void **state)
{
	(void)state;
	module.guest = guest_prints_much;
	assert_int_equal(run(""), EXIT_OK);
	assert_int_equal(strlen(output), PVHV_CONSOLE_MAX);
}

/* The guest goes on; who started it hears that something is missing, if nobody knows. */
static void test_output_lost(void **state)
{
	char *argv[] = { "run", "--name", "guest-1", "--kernel", kernel, "--memory", "16M", NULL };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), pipes[2];

	(void)state;
	module.guest = guest_prints_much;
	assert_int_equal(run_words_to(full, "", 7, argv), EXIT_OK);
	assert_error(&e, "output is lost: No space");
	assert_int_equal(module.runs, 2);
	close(full);

	module_reset();
	module.guest = guest_prints_much;
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	assert_int_equal(run_words_to(pipes[1], "", 7, argv), EXIT_OK);
	assert_string_equal(e.text, "");
	assert_int_equal(module.runs, 2);
	close(pipes[1]);
}

/* ----------------------------------------------------- what does not start */

static void test_refusals(void **state)
{
	static const struct { unsigned long request; int err; const char *about; } cases[] = {
		{ PVHV_GET_VERSION, ENOTTY, "version" },
		{ PVHV_CREATE_DOMAIN, EEXIST, "exists already" },
		{ PVHV_CREATE_DOMAIN, ENOMEM, "no memory for the domain" },
		{ PVHV_CREATE_DOMAIN, EBUSY, "kernel log" },
		{ PVHV_SET_MEMORY, ENOMEM, "16 MiB" },
		{ PVHV_BIND_PORT, ENOSPC, "event port" },
		{ PVHV_CREATE_VCPU, ENOMEM, "vCPU" },
		{ PVHV_SET_REGS, EINVAL, "registers" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		module_reset();
		module.fail = cases[i].request;
		module.fail_errno = cases[i].err;
		assert_int_equal(run(""), EXIT_START);
		assert_error(&e, cases[i].about);
		assert_string_equal(output, "");
		assert_int_equal(module.runs, 0);
	}
	module_reset();
	module.no_run_page = true;
	assert_int_equal(run(""), EXIT_START);
	assert_error(&e, "run page");
}

static void test_device(void **state)
{
	(void)state;
	module.open_errno = ENOENT;
	assert_int_equal(run(""), EXIT_START);
	assert_error(&e, "modprobe pvhv");
	module.open_errno = EACCES;
	assert_int_equal(run(""), EXIT_START);
	assert_error(&e, "as root");
	module.open_errno = EMFILE;
	assert_int_equal(run(""), EXIT_START);
	assert_error(&e, strerror(EMFILE));
	module.open_errno = 0;
	module.api = 0;
	assert_int_equal(run(""), EXIT_START);
	assert_error(&e, "interface version 0");
	assert_int_equal(module.domain.size, 0);
}

/* Found before the device is opened: what cannot work is not begun. */
static void test_files(void **state)
{
	char *missing[] = { "run", "--name", "x", "--kernel", "/nonexistent/kernel", NULL };
	char *no_kernel[] = { "run", "--name", "x", "--kernel", "/proc/self/exe", NULL };
	char *small[] = { "run", "--name", "x", "--kernel", kernel, "--memory", "1M", NULL };
	char *initrd[] = { "run", "--name", "x", "--kernel", kernel, "--initrd", "/nonexistent/initrd",
			   NULL };
	char *too_large[] = { "run", "--name", "x", "--kernel", kernel, "--initrd", kernel,
			      "--memory", "4K", NULL };

	(void)state;
	assert_int_equal(run_words("", 5, missing), EXIT_START);
	assert_error(&e, "/nonexistent/kernel");
	assert_int_equal(run_words("", 5, no_kernel), EXIT_START);
	assert_error(&e, "no Xen notes");
	assert_int_equal(run_words("", 7, small), EXIT_START);
	assert_error(&e, "too little");
	assert_int_equal(run_words("", 7, initrd), EXIT_START);
	assert_error(&e, "/nonexistent/initrd");
	assert_int_equal(run_words("", 9, too_large), EXIT_START);
	assert_error(&e, kernel);
	assert_int_equal(module.opens, 0);
}

/* More than the host has, though not more than the ABI can. */
static void test_memory_of_host(void **state)
{
	char *argv[] = { "run", "--name", "x", "--kernel", kernel, "--memory", "15T", NULL };

	(void)state;
	assert_int_equal(run_words("", 7, argv), EXIT_START);
	assert_error(&e, "the host has");
	assert_int_equal(module.domain.size, 0);
}

static void test_usage(void **state)
{
	static const struct { const char *about; char *argv[8]; } cases[] = {
		{ "--name and --kernel", { "run" } },
		{ "--name and --kernel", { "run", "--name", "x" } },
		{ "--name and --kernel", { "run", "--kernel", "x" } },
		{ "unknown option '--frobnicate'", { "run", "--frobnicate" } },
		{ "unknown option '-x'", { "run", "-x" } },
		{ "'--name' needs a value", { "run", "--kernel", "k", "--name" } },
		{ "a/b", { "run", "--name", "a/b", "--kernel", "k" } },
		{ "size", { "run", "--name", "x", "--kernel", "k", "--memory", "much" } },
		{ "unexpected 'word'", { "run", "--name", "x", "--kernel", "k", "word" } },
	};
	static char word[MAX_GUEST_CMDLINE + 1];
	char *argv[] = { "run", "--name", "x", "--kernel", kernel, "--", word, NULL };
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (n = 0; cases[i].argv[n]; n++)
			;
		assert_int_equal(run_words("", n, (char **)cases[i].argv), EXIT_USAGE);
		assert_error(&e, cases[i].about);
	}
	memset(word, 'w', MAX_GUEST_CMDLINE);
	assert_int_equal(run_words("", 7, argv), EXIT_USAGE);
	assert_error(&e, "longer than");
	assert_int_equal(module.opens, 0);
}

static int group_setup(void **state)
{
	static struct testelf t;
	int fd = mkstemp(kernel);

	(void)state;
	testelf_kernel(&t, 64);
	/* As Linux has it: a p2m list of any size fits. */
	testelf_number(&t, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	testelf_finish(&t, TESTELF_SEGMENT);
	if (!mkdtemp(dir) || setenv("PVCTL_DIR", dir, 1))
		return -1;
	if (fd < 0 || write(fd, t.file, t.size) != (ssize_t)t.size)
		return -1;
	close(fd);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	/* Empty, as nothing is left of any domain. */
	return unlink(kernel) || rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_life), TEST(test_shutdowns), TEST(test_crashes), TEST(test_run_fails),
		TEST(test_interrupted), TEST(test_signals), TEST(test_control),
		TEST(test_signal_in_flood),
		TEST(test_input), TEST(test_output_length), TEST(test_output_lost),
		TEST(test_refusals), TEST(test_device),
		TEST(test_files), TEST(test_memory_of_host), TEST(test_usage),
	};

	return cmocka_run_group_tests_name("pvctl run", tests, group_setup, group_teardown);
}
