// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Domains as list, stats and top see them, in directories like the module's and /proc. */
#include "test.h"

#include <json-c/json.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"
#include "show.h"
#include "top.h"

static char dir[] = "/tmp/pvctl-stats-XXXXXX";
static char debugfs[64], proc[64];
static const struct roster_source source = { .debugfs = debugfs, .proc = proc };
static struct error e;

static void write_file(const char *path, const char *text)
{
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "mkdir -p $(dirname %s)", path);
	assert_int_equal(system(line), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void add(const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s/stats", debugfs, name);
	write_file(path, text);
}

static void add_thread(int pid, int tid, const char *comm, const char *schedstat)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%d/task/%d/comm", proc, pid, tid);
	write_file(path, comm);
	snprintf(path, sizeof(path), "%s/%d/task/%d/schedstat", proc, pid, tid);
	write_file(path, schedstat);
}

static int setup(void **state)
{
	char path[100];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(debugfs, sizeof(debugfs), "%s/pvhv", dir);
	snprintf(proc, sizeof(proc), "%s/proc", dir);
	add("web", "id 3\npid 700\nuid 0\nage_seconds 185\nstate running\nexit_timer 12\nexit_nmi 1\n"
	    "hypercall 100\nsyscall 40\nsyscall32 2\npage_fault 7\nnewer 5\nmemory_pages 32768\n"
	    "overhead_bytes 2097152\nvcpus 1\n");
	add("a-domain-with-a-long-name", "id 4\npid 0\nstate idle\nmemory_pages 512\nvcpus 2");
	snprintf(path, sizeof(path), "%s/ending", debugfs);
	assert_int_equal(mkdir(path, 0700), 0);
	add_thread(700, 700, "pvctl\n", "99999999999 1 1\n");
	add_thread(700, 701, "vcpu0/web\n", "62349999999 5 6\n");
	return 0;
}

static int teardown(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

static char *collect(int (*print)(const struct roster *, FILE *))
{
	char *text = NULL;
	struct roster r;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(roster_read(&source, true, &r, &e), 0);
	assert_int_equal(print(&r, f), 0);
	roster_free(&r);
	fclose(f);
	return text;
}

static int print_list(const struct roster *r, FILE *f)
{
	return show_list(r, f, &e);
}

static int print_web(const struct roster *r, FILE *f)
{
	show_stats(roster_find(r, "web", &e), f);
	return 0;
}

static int print_json(const struct roster *r, FILE *f)
{
	return json_print(r, true, f, &e);
}

static void list(void **state)
{
	char *text = collect(print_list);

	(void)state;
	assert_string_equal(text,
		"NAME                       ID  PID  VCPUS   MEMORY  STATE       TIME     AGE\n"
		"a-domain-with-a-long-name   4    -      2    2 MiB  idle           -      0s\n"
		"web                         3  700      1  128 MiB  running  1:02.34  3m 05s\n");
	free(text);
}

static void stats(void **state)
{
	char *text = collect(print_web);

	(void)state;
	assert_non_null(strstr(text, "[web]\nid 3, process 700, running, started 3m 05s ago, "
				     "1:02.34 of processor time\n"));
	assert_non_null(strstr(text, "\n  memory_pages                32768  128 MiB, given to the guest\n"));
	assert_non_null(strstr(text, "\n  syscall                        40  system calls of its programs\n"));
	/* What this pvctl does not know is shown all the same. */
	assert_non_null(strstr(text, "\nother\n  newer                           5\n"));
	assert_null(strstr(text, "  pid "));
	free(text);
}

static u64 number(struct json_object *o, const char *a, const char *b)
{
	struct json_object *v;

	assert_true(json_object_object_get_ex(o, a, &v));
	if (b)
		assert_true(json_object_object_get_ex(v, b, &v));
	assert_true(json_object_is_type(v, json_type_int));
	return json_object_get_uint64(v);
}

static void json(void **state)
{
	char *text = collect(print_json);
	struct json_object *all = json_tokener_parse(text), *web, *v;

	(void)state;
	assert_int_equal(json_object_array_length(all), 2);
	web = json_object_array_get_idx(all, 1);
	assert_true(json_object_object_get_ex(web, "name", &v));
	assert_string_equal(json_object_get_string(v), "web");
	assert_int_equal(number(web, "id", NULL), 3);
	assert_int_equal(number(web, "memory_bytes", NULL), 128 << 20);
	assert_int_equal(number(web, "exits", "timer"), 12);
	assert_int_equal(number(web, "counters", "syscall"), 40);
	assert_true(json_object_object_get_ex(web, "cpu_seconds", &v));
	assert_string_equal(json_object_get_string(v), "62.349");
	assert_true(json_object_object_get_ex(json_object_array_get_idx(all, 0), "pid", &v));
	assert_null(v);
	json_object_put(all);
	free(text);
}

static void missing(void **state)
{
	static const struct roster_source nowhere = { "/nonexistent", "/nonexistent" };
	struct roster r;

	(void)state;
	assert_int_equal(roster_read(&nowhere, false, &r, &e), -1);
	assert_error(&e, "is the module loaded");
	assert_int_equal(roster_read(&nowhere, true, &r, &e), -1);
	assert_error(&e, "modprobe");
	assert_int_equal(roster_read(&source, true, &r, &e), 0);
	assert_null(roster_find(&r, "nobody", &e));
	assert_string_equal(e.text, "no domain called 'nobody' runs (see: pvctl list)");
	assert_null(roster_find(&r, "wbe", &e));
	assert_error(&e, "is it 'web'?");
	roster_free(&r);
}

static void values(void **state)
{
	static const char text[] = "a 1\nab 22\nb\nc x\nd 99999999999999999999999\ne 5 6\nlast 7";
	const char *at = text;
	struct stats_line l;
	char word[4];
	u64 v;

	(void)state;
	assert_true(stats_value(text, "a", &v) && v == 1);
	assert_true(stats_value(text, "ab", &v) && v == 22);
	assert_true(stats_value(text, "last", &v) && v == 7);
	assert_false(stats_value(text, "b", &v));
	assert_false(stats_value(text, "c", &v));
	assert_false(stats_value(text, "d", &v));
	assert_false(stats_value(text, "e", &v));
	assert_false(stats_value(text, "las", &v));
	assert_false(stats_value("", "a", &v));
	stats_word(text, "c", word, sizeof(word));
	assert_string_equal(word, "x");
	stats_word(text, "d", word, sizeof(word));
	assert_string_equal(word, "999");
	stats_word(text, "none", word, sizeof(word));
	assert_string_equal(word, "?");
	assert_true(stats_next(&at, &l) && !strcmp(l.name, "a") && l.value == 1);
	assert_true(stats_next(&at, &l) && !strcmp(l.name, "ab") && l.value == 22);
}

/* -------------------------------------------------- users who are not root */

static int info(void *context, struct ctl_call *c, struct error *err)
{
	(void)context;
	(void)err;
	json_object_object_add(c->reply, "vcpus", json_object_new_int(1));
	json_object_object_add(c->reply, "memory_bytes", json_object_new_int(1 << 20));
	json_object_object_add(c->reply, "age_seconds", json_object_new_int(61));
	return 0;
}

/* The module cannot be asked: one domain answers, one does not, one has died. */
static void by_sockets(void **state)
{
	static const struct ctl_handler handlers[] = { { .name = "info", .run = info }, {} };
	static const struct roster_source none = { .debugfs = "/dev/null/pvhv", .proc = "/nonexistent" };
	static struct ctl answers, silent;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char run[64];
	struct roster r;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(run, sizeof(run), "%s/run", dir);
	setenv("PVCTL_DIR", run, 1);
	assert_int_equal(roster_read(&none, false, &r, &e), 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(ctl_open(&answers, "here", handlers, NULL, &e), 0);
	assert_int_equal(ctl_start(&answers, &e), 0);
	assert_int_equal(ctl_open(&silent, "a", handlers, NULL, &e), 0);
	assert_int_equal(rundir_socket(run, "dead", a.sun_path, &e), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	assert_int_equal(roster_read(&none, false, &r, &e), 0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.entry[0].name, "a");
	assert_string_equal(r.entry[0].state, "silent");
	assert_string_equal(r.entry[1].name, "here");
	assert_string_equal(r.entry[1].state, "up");
	assert_int_equal(r.entry[1].memory, 1 << 20);
	assert_int_equal(r.entry[1].age, 61);
	assert_int_equal(r.entry[1].pid, getpid());
	roster_free(&r);
	assert_int_equal(roster_read(&none, true, &r, &e), -1);
	ctl_close(&answers);
	ctl_close(&silent);
}

/* ------------------------------------------------------------------ top */

static char before_text[] = "hypercall 100\nexit_nmi 5\nexit_timer 5\nsyscall 1000\npage_fault 1\n";
static char now_text[] = "hypercall 300\nexit_nmi 15\nexit_timer 15\nsyscall 1000\npage_fault 0\n";

static void rates(void **state)
{
	struct entry old[] = {
		{ .name = "a", .id = 1, .pid = 7, .cpu_ns = 1000000000, .text = before_text },
		{ .name = "b", .id = 2, .pid = 8, .text = before_text },
	}, new[] = {
		{ .name = "a", .id = 1, .pid = 7, .cpu_ns = 2000000000, .text = now_text,
		  .memory = 1 << 20 },
		{ .name = "b", .id = 3, .pid = 8, .text = now_text, .memory = 2 << 20 },
	};
	struct roster before = { 2, old }, now = { 2, new };
	struct top_row *rows = top_rows(&before, &now, 2, TOP_CPU);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_ptr_equal(rows[0].entry, &new[0]);
	assert_true(rows[0].rate[TOP_CPU] == 50 && rows[0].rate[TOP_EXITS] == 10);
	assert_true(rows[0].rate[TOP_HYPERCALLS] == 100 && rows[0].rate[TOP_SYSCALLS] == 0);
	/* Less than before: nothing. Another domain of that name: nothing to compare with. */
	assert_true(rows[0].rate[TOP_FAULTS] == 0);
	assert_true(rows[1].fresh && !rows[0].fresh);
	assert_int_equal(top_print(rows, 2, TOP_CPU, 2, 0, "\n", f), 0);
	free(rows);
	rows = top_rows(&before, &now, 2, TOP_MEMORY);
	assert_ptr_equal(rows[0].entry, &new[1]);
	free(rows);
	rows = top_rows(&before, &now, 0, TOP_NAME);
	assert_ptr_equal(rows[0].entry, &new[0]);
	assert_true(rows[0].fresh);
	free(rows);
	fclose(f);
	assert_string_equal(text,
		"NAME  STATE  CPU%*  EXITS/s  HCALLS/s  SYSCALLS/s  FAULTS/s  MEMORY  OVERHEAD\n"
		"a             50.0     10.0       100           0         0   1 MiB       0 B\n");
	free(text);
	assert_int_equal(top_key_of('e'), TOP_EXITS);
	assert_int_equal(top_key_of('x'), TOP_KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list), cmocka_unit_test(stats), cmocka_unit_test(json),
		cmocka_unit_test(missing), cmocka_unit_test(by_sockets),
		cmocka_unit_test(values), cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests_name("pvctl stats", tests, setup, teardown);
}
