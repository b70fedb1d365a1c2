// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Addresses of a guest, and core files of it: page tables made by hand, whole and
 * hostile; the file read back.
 */
#define _GNU_SOURCE
#include "test.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "core.h"

#define PAGES		64
#define ROOT		1
#define P		0x067	/* present, writable, user, accessed, dirty */
#define TEXT		0xffffffff80000000
#define USER		0x0000000000400000

static u8 mem[PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
static struct domain d = { .fd = -1, .mem = mem, .nr_pages = PAGES };
static struct error e;

static u64 *table(u64 gfn)
{
	return (u64 *)(mem + gfn * PAGE_SIZE);
}

/* Frames 1 to 7 are tables: 512 pages at TEXT and USER can be mapped by 4 and 7. */
static int setup(void **state)
{
	(void)state;
	memset(mem, 0, sizeof(mem));
	table(ROOT)[511] = 2 << 12 | P;
	table(2)[510] = 3 << 12 | P;
	table(3)[0] = 4 << 12 | P;
	table(ROOT)[0] = 5 << 12 | P;
	table(5)[0] = 6 << 12 | P;
	table(6)[2] = 7 << 12 | P;
	table(4)[0] = 10 << 12 | P;
	table(4)[1] = 11 << 12 | P;
	table(4)[2] = 20 << 12 | (P & ~2ULL);
	table(7)[0] = 30 << 12 | P;
	return 0;
}

static struct gva_space space(void)
{
	return gva_space(&d, ROOT);
}

static u8 *at(u64 va)
{
	struct gva_space s = space();

	return gva_translate(&s, va);
}

static void test_translate(void **state)
{
	(void)state;
	assert_ptr_equal(at(TEXT), mem + 10 * PAGE_SIZE);
	assert_ptr_equal(at(TEXT + 0x1fff), mem + 12 * PAGE_SIZE - 1);
	assert_ptr_equal(at(TEXT + 0x2123), mem + 20 * PAGE_SIZE + 0x123);
	assert_ptr_equal(at(USER), mem + 30 * PAGE_SIZE);
	assert_null(at(TEXT + 0x3000));
	assert_null(at(0));
	assert_null(at(~0ULL));
	/* Not canonical, however its bits would be found. */
	assert_null(at(TEXT & ~(1ULL << 63)));
	assert_null(at(USER | 1ULL << 63));
}

static void test_hostile(void **state)
{
	unsigned int i;

	(void)state;
	/* The monitor's slots, frames beyond memory, large pages. */
	for (i = 256; i < 272; i++)
		table(ROOT)[i] = 2 << 12 | P;
	for (i = 256; i < 272; i++)
		assert_null(at(0xffff000000000000 | (u64)i << 39 | 510ULL << 30));
	table(ROOT)[272] = 2 << 12 | P;
	assert_non_null(at(0xffff000000000000 | 272ULL << 39 | 510ULL << 30));
	table(4)[0] = (u64)PAGES << 12 | P;
	assert_null(at(TEXT));
	table(4)[0] = 0x000ffffffffff000 | P;
	assert_null(at(TEXT));
	table(3)[0] = 0x000ffffffffff000 | P;
	assert_null(at(TEXT + 0x1000));
	table(3)[0] = 4 << 12 | P | 0x80;
	assert_null(at(TEXT + 0x1000));
	d.nr_pages = ROOT;
	assert_null(at(USER));
	d.nr_pages = PAGES;
}

static void test_copy(void **state)
{
	struct gva_space s = space();
	u8 buf[3 * PAGE_SIZE];

	(void)state;
	memset(mem + 11 * PAGE_SIZE, 1, PAGE_SIZE);
	memset(mem + 20 * PAGE_SIZE, 2, PAGE_SIZE);
	assert_int_equal(gva_read(&s, TEXT + 0x1ffe, buf, 4), 4);
	assert_memory_equal(buf, "\1\1\2\2", 4);
	assert_int_equal(gva_read(&s, TEXT + 0x2000, buf, sizeof(buf)), PAGE_SIZE);
	assert_int_equal(gva_read(&s, TEXT + 0x3000, buf, 1), 0);
	/* To the end of the address space, and not around it. */
	table(ROOT)[511] = 2 << 12 | P;
	table(2)[511] = 3 << 12 | P;
	table(3)[511] = 4 << 12 | P;
	table(4)[511] = 40 << 12 | P;
	assert_int_equal(gva_read(&s, ~0ULL - 1, buf, 4), 2);
	assert_int_equal(gva_write(&s, TEXT + 0x1fff, "ab", 2), 2);
	assert_int_equal(mem[12 * PAGE_SIZE - 1], 'a');
	assert_int_equal(mem[20 * PAGE_SIZE], 'b');
}

static void test_runs(void **state)
{
	struct gva_space s = space();
	struct gva_run *r;
	bool more;
	size_t n;

	(void)state;
	assert_int_equal(gva_runs(&s, 100, &r, &n, &more, &e), 0);
	assert_false(more);
	assert_int_equal(n, 3);
	assert_true(r[0].va == USER && r[0].gfn == 30 && r[0].pages == 1);
	assert_true(r[1].va == TEXT && r[1].gfn == 10 && r[1].pages == 2);
	assert_true(r[2].va == TEXT + 0x2000 && r[2].gfn == 20 && r[2].pages == 1);
	free(r);
	/* What is too much is user space first. */
	assert_int_equal(gva_runs(&s, 2, &r, &n, &more, &e), 0);
	assert_true(more && n == 2 && r[0].va == TEXT && r[1].va == TEXT + 0x2000);
	free(r);
}

/* Linux does this for gigabytes. */
static void test_repeated(void **state)
{
	struct gva_space s = space();
	struct gva_run *r;
	unsigned int i;
	bool more;
	size_t n;

	(void)state;
	for (i = 3; i < 300; i += 2)
		table(4)[i] = 40 << 12 | P;
	table(4)[300] = 41 << 12 | P;
	table(4)[302] = 40 << 12 | P;
	assert_int_equal(gva_runs(&s, 100, &r, &n, &more, &e), 0);
	assert_int_equal(n, 6);
	assert_true(r[3].va == TEXT + 0x3000 && r[3].gfn == 40 && r[3].pages == 1);
	assert_true(r[4].va == TEXT + 300 * PAGE_SIZE && r[4].gfn == 41 && r[4].pages == 1);
	assert_true(r[5].va == TEXT + 302 * PAGE_SIZE && r[5].gfn == 40);
	free(r);
}

/* One table that is all of them: 2^36 pages. */
static void test_endless(void **state)
{
	struct gva_space s = space();
	struct gva_run *r;
	unsigned int i;
	bool more;
	size_t n;

	(void)state;
	for (i = 0; i < 512; i++)
		table(ROOT)[i] = ROOT << 12 | P;
	assert_int_equal(gva_runs(&s, 1u << 16, &r, &n, &more, &e), 0);
	assert_true(more && n <= 1u << 16);
	free(r);
}

/* ---------------------------------------------------------------- cores */

static const char info[] = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n";

static void put_vmcoreinfo(u64 gfn, u32 len)
{
	Elf64_Nhdr h = { .n_namesz = 11, .n_descsz = len };

	memcpy(mem + gfn * PAGE_SIZE, &h, sizeof(h));
	memcpy(mem + gfn * PAGE_SIZE + sizeof(h), "VMCOREINFO", 11);
	memcpy(mem + gfn * PAGE_SIZE + sizeof(h) + 12, info, sizeof(info) - 1);
}

static struct pvhv_regs registers(void)
{
	return (struct pvhv_regs){
		.rip = TEXT + 0x1234, .rsp = TEXT + 0x2000, .cs = 0xe033, .ss = 0xe02b,
		.rflags = 0x246, .rax = 1, .r15 = 15, .gs_base_kernel = 0x1111,
		.gs_base_user = 0x2222, .cr3_gfn = ROOT, .events_masked = 1,
	};
}

/* A core file of the guest, as mapped memory. */
static const u8 *core(const struct pvhv_regs *r, size_t *size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	struct stat st;
	const u8 *file;

	assert_int_equal(core_write(fd, CORE_ELF, &d, r, 1, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	assert_true(st.st_blocks * 512 < st.st_size);
	file = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(file, MAP_FAILED);
	close(fd);
	return file;
}

static const Elf64_Phdr *load_of(const u8 *file, u64 va)
{
	const Elf64_Ehdr *h = (const void *)file;
	const Elf64_Phdr *p = (const void *)(file + h->e_phoff);
	unsigned int i;

	for (i = 0; i < h->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && p[i].p_vaddr == va)
			return &p[i];
	return NULL;
}

static void check_load(const u8 *file, u64 va, u64 gfn, u64 pages)
{
	const Elf64_Phdr *p = load_of(file, va);

	assert_non_null(p);
	assert_int_equal(p->p_paddr, gfn * PAGE_SIZE);
	assert_int_equal(p->p_filesz, pages * PAGE_SIZE);
	assert_int_equal(p->p_memsz, pages * PAGE_SIZE);
	assert_memory_equal(file + p->p_offset, mem + gfn * PAGE_SIZE, pages * PAGE_SIZE);
}

static const Elf64_Nhdr *note(const u8 *file, const char *name)
{
	const Elf64_Ehdr *h = (const void *)file;
	const Elf64_Phdr *p = (const void *)(file + h->e_phoff);
	const u8 *at = file + p[0].p_offset, *end = at + p[0].p_filesz;

	assert_int_equal(p[0].p_type, PT_NOTE);
	while (at < end) {
		const Elf64_Nhdr *n = (const void *)at;

		at += sizeof(*n) + (n->n_namesz + 3) / 4 * 4 + (n->n_descsz + 3) / 4 * 4;
		assert_true(at <= end);
		if (!strcmp((const char *)(n + 1), name))
			return n;
	}
	return NULL;
}

static struct user_regs_struct registers_in(const Elf64_Nhdr *n)
{
	struct user_regs_struct u;

	memcpy(&u, (const u8 *)(n + 1) + 8 + offsetof(struct elf_prstatus, pr_reg), sizeof(u));
	return u;
}

static void test_core(void **state)
{
	struct pvhv_regs r = registers();
	struct user_regs_struct u;
	const Elf64_Nhdr *n;
	const u8 *file;
	size_t size, i;

	(void)state;
	for (i = 8; i < 32; i++)
		memset(mem + i * PAGE_SIZE, (int)i, PAGE_SIZE);
	put_vmcoreinfo(40, sizeof(info) - 1);
	file = core(&r, &size);
	check_load(file, CORE_PHYSICAL, 0, PAGES);
	check_load(file, TEXT, 10, 2);
	check_load(file, TEXT + 0x2000, 20, 1);
	check_load(file, USER, 30, 1);
	n = note(file, "CORE");
	assert_true(n && n->n_type == NT_PRSTATUS && n->n_descsz == sizeof(struct elf_prstatus));
	u = registers_in(n);
	assert_true(u.rip == r.rip && u.rsp == r.rsp && u.rax == 1 && u.r15 == 15);
	assert_true(u.cs == 0xe030 && u.ss == 0xe028 && u.eflags == 0x46 && u.gs_base == 0x1111);
	n = note(file, "VMCOREINFO");
	assert_true(n && n->n_descsz == sizeof(info) - 1);
	assert_memory_equal((const u8 *)(n + 1) + 12, info, n->n_descsz);
	munmap((void *)file, size);
}

static void test_core_of_user_mode(void **state)
{
	struct pvhv_regs r = registers();
	struct user_regs_struct u;
	const u8 *file;
	size_t size;

	(void)state;
	r.user_mode = 1;
	r.events_masked = 0;
	/* Not Linux's note: too long for a page. */
	put_vmcoreinfo(40, PAGE_SIZE);
	put_vmcoreinfo(41, 0);
	put_vmcoreinfo(42, PAGE_SIZE - 23);
	file = core(&r, &size);
	u = registers_in(note(file, "CORE"));
	assert_true(u.cs == 0xe033 && u.ss == 0xe02b && u.eflags == 0x246 && u.gs_base == 0x2222);
	assert_null(note(file, "VMCOREINFO"));
	munmap((void *)file, size);
}

/* A root that is no table: then there is physical memory alone. */
static void test_core_without_root(void **state)
{
	struct pvhv_regs r = registers();
	const u8 *file;
	size_t size;

	(void)state;
	r.cr3_gfn = PAGES;
	file = core(&r, &size);
	check_load(file, CORE_PHYSICAL, 0, PAGES);
	assert_null(load_of(file, TEXT));
	munmap((void *)file, size);
}

static void test_core_refused(void **state)
{
	struct pvhv_regs r = registers();
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(core_write(fds[1], CORE_ELF, &d, &r, 1, &e), -1);
	assert_non_null(strstr(e.text, "regular file"));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_translate, setup),
		cmocka_unit_test_setup(test_hostile, setup),
		cmocka_unit_test_setup(test_copy, setup),
		cmocka_unit_test_setup(test_runs, setup),
		cmocka_unit_test_setup(test_repeated, setup),
		cmocka_unit_test_setup(test_endless, setup),
		cmocka_unit_test_setup(test_core, setup),
		cmocka_unit_test_setup(test_core_of_user_mode, setup),
		cmocka_unit_test_setup(test_core_without_root, setup),
		cmocka_unit_test_setup(test_core_refused, setup),
	};

	return cmocka_run_group_tests_name("pvctl core", tests, NULL, NULL);
}
