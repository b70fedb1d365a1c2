// SPDX-License-Identifier: GPL-2.0
/*
 * Plugin for QEMU's TCG, one CPU: counts how often the instruction at each virtual
 * address is executed. Whenever the CPU comes to a mark, the counts since the last
 * mark go to a file and start from zero again:
 *
 *	mark ADDRESS
 *	ADDRESS COUNT
 *	...
 *
 * Arguments: out=FILE, mark=ADDRESS (any number), once=ADDRESS (a mark only the first
 * time). Addresses are hexadecimal. Different programs at one virtual address share a
 * count: whoever reads the file must know who lives where.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The part of QEMU's plugin interface, version 1, that is used here. No Debian package
 * has its header.
 */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int, void *),
					    enum qemu_plugin_cb_flags flags, void *data);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

struct mark {
	uint64_t address;
	bool once, done;
};

#define MAX_MARKS	64
#define BUCKETS		(1u << 20)

/* Generated code adds to a count by its address: counts never move and are never freed. */
struct count {
	uint64_t address, n;
	struct count *next;
};

static struct mark marks[MAX_MARKS];
static unsigned int nr_marks;
static struct count *bucket[BUCKETS];
static FILE *out;

static struct count *count_of(uint64_t address)
{
	struct count **b = &bucket[(address ^ address >> 20) % BUCKETS], *c;

	for (c = *b; c; c = c->next)
		if (c->address == address)
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->address = address;
	c->next = *b;
	*b = c;
	return c;
}

/* The emulator may be killed at any time after this. */
static void on_mark(unsigned int cpu, void *data)
{
	struct mark *m = data;
	struct count *c;
	unsigned int i;

	(void)cpu;
	if (m->once && m->done)
		return;
	m->done = true;
	fprintf(out, "mark %llx\n", (unsigned long long)m->address);
	for (i = 0; i < BUCKETS; i++)
		for (c = bucket[i]; c; c = c->next) {
			if (c->n)
				fprintf(out, "%llx %llu\n", (unsigned long long)c->address,
					(unsigned long long)c->n);
			c->n = 0;
		}
	fflush(out);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	unsigned int m;

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		for (m = 0; m < nr_marks; m++)
			if (marks[m].address == address)
				qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
					QEMU_PLUGIN_CB_NO_REGS, &marks[m]);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &count_of(address)->n, 1);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		bool once = !strncmp(argv[i], "once=", 5);

		if (!strncmp(argv[i], "out=", 4)) {
			out = fopen(argv[i] + 4, "w");
		} else if ((once || !strncmp(argv[i], "mark=", 5)) && nr_marks < MAX_MARKS) {
			marks[nr_marks].once = once;
			marks[nr_marks++].address = strtoull(argv[i] + 5, NULL, 16);
		} else {
			fprintf(stderr, "insns: what is %s?\n", argv[i]);
			return -1;
		}
	}
	if (!out) {
		fprintf(stderr, "insns: no file to write to\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
