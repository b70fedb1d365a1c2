// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The console between pipes and a guest played by threads. Nothing here measures
 * time: each test waits for what must happen, however long that takes.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "console.h"

static struct console *c;
static struct xencons_interface *page;
static int to_console, from_console, signals;
static u32 raised;	/* atomic: events the guest was sent */

/* ------------------------------------------------- instead of domain.c */

int domain_bind_port(const struct domain *d, int eventfd, u32 *port, struct error *e)
{
	(void)d;
	(void)eventfd;
	(void)e;
	*port = 5;
	return 0;
}

void domain_raise_port(const struct domain *d, u32 port)
{
	(void)d;
	assert_int_equal(port, 5);
	__atomic_fetch_add(&raised, 1, __ATOMIC_SEQ_CST);
}

/* -------------------------------------------------------------- guest */

static void guest_event(void)
{
	u64 one = 1;

	assert_int_equal(write(c->guest, &one, sizeof(one)), sizeof(one));
}

static void guest_write(const char *text)
{
	while (*text) {
		u32 prod = page->out_prod;

		if (prod - __atomic_load_n(&page->out_cons, __ATOMIC_ACQUIRE) ==
		    sizeof(page->out)) {
			guest_event();
			usleep(100);
			continue;
		}
		page->out[prod % sizeof(page->out)] = *text++;
		__atomic_store_n(&page->out_prod, prod + 1, __ATOMIC_RELEASE);
	}
	guest_event();
}

static char guest_read(void)
{
	char ch;

	while (__atomic_load_n(&page->in_prod, __ATOMIC_ACQUIRE) == page->in_cons)
		usleep(100);
	ch = page->in[page->in_cons % sizeof(page->in)];
	__atomic_store_n(&page->in_cons, page->in_cons + 1, __ATOMIC_RELEASE);
	guest_event();
	return ch;
}

static int setup(void **state)
{
	int in[2], out[2];
	struct error e;
	sigset_t set;

	(void)state;
	c = calloc(1, sizeof(*c));
	page = calloc(1, 4096);
	assert_int_equal(pipe(in) | pipe(out), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	signals = signalfd(-1, &set, SFD_NONBLOCK);
	assert_int_equal(console_open(c, NULL, &e), 0);
	assert_int_equal(c->port, 5);
	console_set_ring(c, page);
	c->in_fd = in[0];
	to_console = in[1];
	from_console = out[0];
	c->out_fd = out[1];
	raised = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	console_close(c);
	close(signals);
	close(to_console);
	close(from_console);
	free(page);
	free(c);
	return 0;
}

/* Run the console with @guest in a thread that ends it. */
static int run_with(void *(*guest)(void *), void *arg, bool escape)
{
	pthread_t thread;
	int sig;

	assert_int_equal(pthread_create(&thread, NULL, guest, arg), 0);
	sig = console_run(c, signals, escape);
	console_stop_waiting(c);
	pthread_join(thread, NULL);
	return sig;
}

static void expect_output(const char *text)
{
	char buf[4096];
	size_t n = strlen(text);

	assert_int_equal(read(from_console, buf, sizeof(buf)), n);
	assert_memory_equal(buf, text, n);
}

/* --------------------------------------------------------------- tests */

static void *guest_greets(void *arg)
{
	(void)arg;
	console_write(c, "early ", 6);
	/* Without an event: the console looks at its end. */
	memcpy(page->out, "ring", 4);
	__atomic_store_n(&page->out_prod, 4, __ATOMIC_RELEASE);
	console_end(c);
	return NULL;
}

static void output_of_both_kinds(void **state)
{
	(void)state;
	assert_int_equal(run_with(guest_greets, NULL, false), 0);
	expect_output("early ring");
	assert_int_equal(page->out_cons, 4);
	assert_true(raised);
}

static void *guest_echoes(void *arg)
{
	char text[2] = {};
	int n = *(int *)arg;

	guest_write(">");
	while (n--) {
		text[0] = guest_read();
		guest_write(text);
	}
	console_end(c);
	return NULL;
}

static void echo_through_the_ring(void **state)
{
	char in[3001], out[3002];
	size_t got = 0;
	int n = 3000, i;

	(void)state;
	for (i = 0; i < n; i++)
		in[i] = (char)('a' + i % 23);
	in[n] = 0;
	assert_int_equal(write(to_console, in, (size_t)n), n);
	assert_int_equal(run_with(guest_echoes, &n, false), 0);
	while (got < (size_t)n + 1)
		got += (size_t)read(from_console, out + got, sizeof(out) - got);
	assert_int_equal(out[0], '>');
	assert_memory_equal(out + 1, in, (size_t)n);
}

static void *guest_reads_by_hypercall(void *arg)
{
	char *buf = arg;
	size_t got = 0;

	while (got < 5) {
		got += console_read(c, buf + got, 1);
		usleep(100);
	}
	console_end(c);
	return NULL;
}

/* Input waits for the guest to show how it reads; none is lost in the ring. */
static void input_by_hypercall(void **state)
{
	char buf[6] = {};

	(void)state;
	assert_int_equal(write(to_console, "hello", 5), 5);
	close(to_console);
	assert_int_equal(run_with(guest_reads_by_hypercall, buf, false), 0);
	assert_string_equal(buf, "hello");
	assert_int_equal(page->in_prod, 0);
	assert_int_equal(c->in_fd, -1);
	to_console = open("/dev/null", O_WRONLY);
}

static void *guest_floods(void *arg)
{
	static char line[1000];
	int n = *(int *)arg;

	memset(line, 'x', sizeof(line));
	while (n--)
		console_write(c, line, sizeof(line));
	console_end(c);
	return NULL;
}

static void *reader(void *arg)
{
	size_t *total = arg;
	char buf[777];
	ssize_t n;

	while ((n = read(from_console, buf, sizeof(buf))) > 0)
		*total += (size_t)n;
	return NULL;
}

/* More than the queue and the pipe hold: all arrives. */
static void output_larger_than_the_queue(void **state)
{
	size_t total = 0;
	pthread_t thread;
	int n = 500;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, reader, &total), 0);
	assert_int_equal(run_with(guest_floods, &n, false), 0);
	close(c->out_fd);
	pthread_join(thread, NULL);
	assert_int_equal(total, 500000);
}

static void *raise_term(void *arg)
{
	kill(getpid(), SIGTERM);
	return guest_floods(arg);
}

/* Nobody reads the pipe, the guest waits for room: a signal ends it all the same. */
static void signal_while_output_waits(void **state)
{
	int n = 1000;

	(void)state;
	assert_int_equal(run_with(raise_term, &n, false), SIGTERM);
}

static void output_that_nobody_wants(void **state)
{
	int n = 1000;

	(void)state;
	close(from_console);
	assert_int_equal(run_with(guest_floods, &n, false), 0);
	assert_int_equal(c->out_fd, -1);
	from_console = open("/dev/null", O_RDONLY);
}

static void *guest_waits(void *arg)
{
	(void)arg;
	return NULL;
}

static void escape_key(void **state)
{
	(void)state;
	assert_int_equal(write(to_console, "ab\x1d" "c", 4), 4);
	assert_int_equal(run_with(guest_waits, NULL, true), SIGINT);
}

static void escape_key_from_a_file(void **state)
{
	char buf[6] = {};

	(void)state;
	assert_int_equal(write(to_console, "ab\x1d" "cd", 5), 5);
	assert_int_equal(run_with(guest_reads_by_hypercall, buf, false), 0);
	assert_string_equal(buf, "ab\x1d" "cd");
}

static void *guest_lies(void *arg)
{
	u32 i;

	(void)arg;
	for (i = 0; i < 20000; i++) {
		__atomic_store_n(&page->out_prod, i * 2654435761U, __ATOMIC_RELEASE);
		__atomic_store_n(&page->in_cons, i * 40503U, __ATOMIC_RELEASE);
		page->out_cons = i;
		page->in_prod = ~i;
		guest_event();
	}
	console_end(c);
	return NULL;
}

static void hostile_ring(void **state)
{
	size_t total = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, reader, &total), 0);
	assert_int_equal(write(to_console, "some input", 10), 10);
	assert_int_equal(run_with(guest_lies, NULL, false), 0);
	close(c->out_fd);
	pthread_join(thread, NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(output_of_both_kinds), T(echo_through_the_ring), T(input_by_hypercall),
		T(output_larger_than_the_queue), T(signal_while_output_waits),
		T(output_that_nobody_wants), T(escape_key), T(escape_key_from_a_file),
		T(hostile_ring),
	};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("pvctl console", tests, NULL, NULL);
}
