// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The control socket with clients that do what they should, and others that do what they
 * can. The handlers are the test's own. Nothing here measures time.
 */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"

static char dir[] = "/tmp/pvctl-ctl-XXXXXX";
static struct ctl ctl;
static struct error e;
static int fds_before;

/* ------------------------------------------------------------ handlers */

static int echo(void *context, struct ctl_call *c, struct error *err)
{
	const char *text = wire_text(c->request.members, "text");

	assert_ptr_equal(context, &ctl);
	if (!text)
		return error_set(err, "echo: no text");
	json_object_object_add(c->reply, "text", json_object_new_string(text));
	json_object_object_add(c->reply, "fd", json_object_new_int(c->fd));
	json_object_object_add(c->reply, "pid", json_object_new_int(c->pid));
	return 0;
}

static int write_fd(void *context, struct ctl_call *c, struct error *err)
{
	(void)context;
	if (write(c->fd, "written", 7) != 7)
		return error_set(err, "cannot write");
	return 0;
}

static int started[2], cancels;

/* For ever, unless it is told that nobody waits any more. */
static int slow(void *context, struct ctl_call *c, struct error *err)
{
	(void)context;
	assert_int_equal(write(started[1], "s", 1), 1);
	while (!ctl_cancelled(c))
		usleep(100);
	__atomic_fetch_add(&cancels, 1, __ATOMIC_SEQ_CST);
	return error_set(err, "cancelled");
}

static int large(void *context, struct ctl_call *c, struct error *err)
{
	char text[WIRE_MAX - 100];

	(void)context;
	(void)err;
	memset(text, 'l', sizeof(text));
	json_object_object_add(c->reply, "text", json_object_new_string_len(text, sizeof(text)));
	return 0;
}

static const struct ctl_handler handlers[] = {
	{ .name = "echo", .run = echo }, { .name = "large", .run = large },
	{ .name = "write", .wants_fd = true, .run = write_fd },
	{ .name = "write-slowly", .wants_fd = true, .slow = true, .run = write_fd },
	{ .name = "slow", .slow = true, .run = slow }, {},
};

/* -------------------------------------------------------------- fixture */

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

static int setup(void **state)
{
	(void)state;
	cancels = 0;
	fds_before = count_fds();
	assert_int_equal(pipe(started), 0);
	assert_int_equal(ctl_open(&ctl, "web", handlers, &ctl, &e), 0);
	assert_int_equal(ctl_start(&ctl, &e), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ctl_close(&ctl);
	ctl_close(&ctl);
	close(started[0]);
	close(started[1]);
	assert_int_equal(count_fds(), fds_before);
	return 0;
}

static struct client open_client(void)
{
	struct client c;

	assert_int_equal(client_connect(&c, dir, "web", &e), 0);
	return c;
}

static int call_echo(struct client *c)
{
	struct json_object *o = json_object_new_object(), *reply = NULL;
	int ret;

	json_object_object_add(o, "text", json_object_new_string("hello"));
	ret = client_call(c, "echo", o, -1, 0, &reply, &e);
	if (!ret)
		assert_string_equal(wire_text(reply, "text"), "hello");
	json_object_put(o);
	json_object_put(reply);
	return ret;
}

/* Somebody else is still served. */
static void still_served(void)
{
	struct client c = open_client();

	assert_int_equal(call_echo(&c), 0);
	client_close(&c);
}

static void send_text(const struct client *c, const char *text)
{
	assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool hung_up(const struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&p, 1, -1), 1);
	return recv(c->fd, &byte, 1, 0) <= 0;
}

static void wait_started(void)
{
	char byte;

	assert_int_equal(read(started[0], &byte, 1), 1);
}

/* ---------------------------------------------------------------- tests */

static void calls(void **state)
{
	struct client c = open_client();
	int i;

	(void)state;
	assert_int_equal(c.pid, getpid());
	assert_int_equal(c.uid, geteuid());
	for (i = 0; i < 100; i++)
		assert_int_equal(call_echo(&c), 0);
	assert_int_equal(client_call(&c, "echo", NULL, -1, 0, NULL, &e), -1);
	assert_string_equal(e.text, "echo: no text");
	assert_int_equal(client_call(&c, "nonsense", NULL, -1, 0, NULL, &e), -1);
	assert_error(&e, "'nonsense'");
	assert_int_equal(call_echo(&c), 0);
	client_close(&c);
}

static void nobody(void **state)
{
	struct client c;

	(void)state;
	assert_int_equal(client_connect(&c, dir, "other", &e), 1);
	assert_int_equal(client_connect(&c, "/nonexistent", "web", &e), 1);
	ctl_close(&ctl);
	assert_int_equal(client_connect(&c, dir, "web", &e), 1);
}

/* Lines in any pieces, and several at once, are answered one by one. */
static void pieces(void **state)
{
	static const char text[] = "{\"command\":\"echo\",\"text\":\"a\"}\nnonsense\n"
				   "{\"command\":\"echo\",\"text\":\"b\"}\n";
	struct client c = open_client();
	char got[400] = "";
	size_t i, used = 0;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++)
		assert_int_equal(send(c.fd, text + i, 1, 0), 1);
	send_text(&c, text);
	while (used < sizeof(got) - 1 && !strstr(got, "\"b\"")) {
		struct pollfd p = { .fd = c.fd, .events = POLLIN };

		poll(&p, 1, -1);
		used += (size_t)recv(c.fd, got + used, sizeof(got) - 1 - used, 0);
	}
	assert_true(strstr(got, "\"a\"") < strstr(got, "\"ok\":false"));
	assert_true(strstr(got, "\"ok\":false") < strstr(got, "\"b\""));
	client_close(&c);
	still_served();
}

static void descriptors(void **state)
{
	struct client c = open_client();
	int fd = memfd_create("file", MFD_CLOEXEC);
	char got[32] = "";

	(void)state;
	assert_int_equal(client_call(&c, "write", NULL, fd, 0, NULL, &e), 0);
	assert_int_equal(client_call(&c, "write-slowly", NULL, fd, 0, NULL, &e), 0);
	assert_int_equal(pread(fd, got, sizeof(got) - 1, 0), 14);
	assert_string_equal(got, "writtenwritten");
	/* Not one that came with another request. */
	assert_int_equal(client_call(&c, "nonsense", NULL, fd, 0, NULL, &e), -1);
	assert_int_equal(client_call(&c, "write", NULL, -1, 0, NULL, &e), -1);
	assert_error(&e, "needs a file descriptor");
	assert_int_equal(client_call(&c, "write-slowly", NULL, -1, 0, NULL, &e), -1);
	close(fd);
	client_close(&c);
}

static void send_fds(const struct client *c, const char *text, int n)
{
	union { struct cmsghdr h; char bytes[CMSG_SPACE(8 * sizeof(int))]; } control = {};
	struct iovec v = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int)) };
	int i;

	control.h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN((size_t)n * sizeof(int)) };
	for (i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.h) + (size_t)i * sizeof(int), &started[0], sizeof(int));
	assert_int_equal(sendmsg(c->fd, &m, MSG_NOSIGNAL), strlen(text));
}

/* teardown() counts descriptors. */
static void too_many_descriptors(void **state)
{
	struct client c = open_client();

	(void)state;
	send_fds(&c, "{\"command\":\"write\"}\n", 8);
	assert_true(hung_up(&c));
	client_close(&c);
	c = open_client();
	send_fds(&c, "{", 1);
	send_fds(&c, "\"command\"", 1);
	assert_true(hung_up(&c));
	client_close(&c);
	/* One that is never used. */
	c = open_client();
	send_fds(&c, "{", 1);
	still_served();
	client_close(&c);
}

static void endless_line(void **state)
{
	struct client c = open_client();
	char text[WIRE_MAX + 1];

	(void)state;
	memset(text, ' ', WIRE_MAX);
	text[WIRE_MAX] = 0;
	send_text(&c, text);
	assert_true(hung_up(&c));
	client_close(&c);
	still_served();
}

/* Asks and never reads: its answers must not fill anything but its own socket. */
static void never_reads(void **state)
{
	static const char text[] = "{\"command\":\"large\"}\n";
	struct client c = open_client();
	int i;

	(void)state;
	for (i = 0; i < 100000 && send(c.fd, text, strlen(text), MSG_NOSIGNAL) > 0; i++)
		still_served();
	assert_true(i < 100000);
	client_close(&c);
}

/* Those who are silent make room for those who come. */
static void many(void **state)
{
	struct client c[3 * CTL_CLIENTS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = open_client();
		send_text(&c[i], "{\"comm");
		still_served();
	}
	assert_true(hung_up(&c[0]));
	for (i = 0; i < ARRAY_SIZE(c); i++)
		client_close(&c[i]);
	still_served();
}

static void slow_request(void **state)
{
	struct client c = open_client(), d = open_client();
	size_t i;

	(void)state;
	send_text(&c, "{\"command\":\"slow\"}\n{\"command\":\"nonsense\"}\n");
	wait_started();
	for (i = 0; i < 2 * CTL_CLIENTS; i++)
		still_served();
	assert_int_equal(client_call(&d, "slow", NULL, -1, 0, NULL, &e), -1);
	assert_error(&e, "not finished");
	/* Who asked hangs up: another one may ask. */
	client_close(&c);
	while (!__atomic_load_n(&cancels, __ATOMIC_SEQ_CST))
		usleep(100);
	while (client_call(&d, "write-slowly", NULL, started[1], 0, NULL, &e))
		assert_error(&e, "not finished");
	client_close(&d);
}

/* The domain ends meanwhile: whoever waits is told. */
static void closing(void **state)
{
	struct client c = open_client(), d = open_client();

	(void)state;
	send_text(&c, "{\"command\":\"slow\"}\n");
	wait_started();
	ctl_close(&ctl);
	assert_int_equal(cancels, 1);
	assert_false(hung_up(&c));
	assert_int_equal(call_echo(&d), 1);
	client_close(&c);
	client_close(&d);
}

/* ------------------------------------------------------ the file system */

static void permissions(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(ctl.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0022, 0);
}

/* What is left of one that was killed. */
static void stale(void **state)
{
	static struct ctl second;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(rundir_socket(dir, "dead", a.sun_path, &e), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	strcat(a.sun_path, "~");
	assert_int_equal(symlink("/nonexistent", a.sun_path), 0);
	close(fd);
	assert_int_equal(ctl_open(&second, "dead", handlers, &second, &e), 0);
	ctl_close(&second);
	assert_int_equal(access(second.path, F_OK), -1);
}

static void bad_directories(void **state)
{
	static struct ctl second;
	char path[200];

	(void)state;
	setenv("PVCTL_DIR", "/nonexistent/x", 1);
	assert_int_equal(ctl_open(&second, "x", handlers, &second, &e), -1);
	assert_error(&e, "/nonexistent/x");
	assert_error(&e, "PVCTL_DIR");
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = 0;
	setenv("PVCTL_DIR", path, 1);
	assert_int_equal(ctl_open(&second, "x", handlers, &second, &e), -1);
	assert_error(&e, "too long");
	setenv("PVCTL_DIR", "/dev/null", 1);
	assert_int_equal(ctl_open(&second, "x", handlers, &second, &e), -1);
	assert_error(&e, "not a directory");
	setenv("PVCTL_DIR", dir, 1);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(ctl_open(&second, "x", handlers, &second, &e), -1);
	assert_error(&e, "other users");
	assert_int_equal(chmod(dir, 0755), 0);
}

static void directories(void **state)
{
	char path[RUNDIR_MAX];

	(void)state;
	assert_int_equal(rundir_path(path, &e), 0);
	assert_string_equal(path, dir);
	assert_int_equal(rundir_path_of(0, path, &e), 0);
	assert_string_equal(path, "/run/pvhv");
	assert_int_equal(rundir_path_of(1000, path, &e), 0);
	assert_string_equal(path, "/run/user/1000/pvhv");
}

static int group_setup(void **state)
{
	(void)state;
	return !mkdtemp(dir) || setenv("PVCTL_DIR", dir, 1);
}

/* Everything has removed what it made. */
static int group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls), TEST(nobody), TEST(pieces), TEST(descriptors),
		TEST(too_many_descriptors), TEST(endless_line), TEST(never_reads), TEST(many),
		TEST(slow_request), TEST(closing), TEST(permissions), TEST(stale),
		TEST(bad_directories), TEST(directories),
	};

	return cmocka_run_group_tests_name("pvctl ctl", tests, group_setup, group_teardown);
}
