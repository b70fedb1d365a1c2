// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Domains built from small kernels of all kinds, and from the ones in /boot. */
#include "test.h"

#include <glob.h>

#include <xen/elfnote.h>
#include <xen/xen.h>

#include "pagetable.h"
#include "testelf.h"
#include "walk.h"

static struct testelf t;

struct built {
	struct kernel kernel;
	struct builder_request request;
	struct image image;
};

/* Build the kernel in @t with @mib of memory and @initrd_len bytes of initrd, and check. */
static void build(struct built *b, u64 mib, size_t initrd_len, const char *cmdline)
{
	u8 *initrd = malloc(initrd_len + 1);
	struct error e;
	size_t i;

	memset(b, 0, sizeof(*b));
	assert_int_equal(kernel_parse(t.file, t.size, 0, &b->kernel, &e), 0);
	for (i = 0; i < initrd_len; i++)
		initrd[i] = (u8)(i >> 8 ^ i);
	b->request = (struct builder_request){
		.kernel = &b->kernel, .initrd = initrd, .initrd_len = initrd_len,
		.cmdline = cmdline, .nr_pages = mib << 8, .shared_info_gfn = mib << 8,
		.console_port = 7, .mem = aligned_alloc(4096, mib << 20),
	};
	memset(b->request.mem, 0, mib << 20);
	if (builder_build(&b->request, &b->image, &e))
		fail_msg("%s", e.text);
	walk_check(b->request.mem, b->request.nr_pages, &b->image);
	walk_check_start(&b->request, &b->image);
}

static void unbuild(struct built *b)
{
	free((void *)(uintptr_t)b->request.initrd);
	free(b->request.mem);
	kernel_free(&b->kernel);
}

static const u8 *bytes_at(const struct built *b, u64 va)
{
	u64 entry = walk(b->request.mem, b->request.nr_pages, b->image.cr3_gfn, va);

	assert_true(entry & PTE_P);
	return b->request.mem + (entry & PTE_ADDR) + (va & 4095);
}

static void plain_kernel(void **state)
{
	struct built b;
	const u8 *text;
	int i;

	(void)state;
	testelf_kernel(&t, 64);
	testelf_finish(&t, TESTELF_SEGMENT);
	build(&b, 16, 0, "a b c");
	assert_int_equal(b.image.entry, TESTELF_BASE + TESTELF_START + 0x10);
	text = bytes_at(&b, TESTELF_BASE + TESTELF_START);
	for (i = 0; i < 4096; i++)
		assert_int_equal(text[i], testelf_pattern(0, (size_t)i));
	assert_int_equal(bytes_at(&b, TESTELF_BASE + TESTELF_START + 4096)[0], 0);
	/* As xen.h orders them. */
	assert_true(b.image.layout.p2m.gfn < b.image.layout.start_info.gfn);
	assert_true(b.image.layout.start_info.gfn < b.image.layout.xenstore.gfn);
	assert_true(b.image.layout.xenstore.gfn < b.image.layout.console.gfn);
	assert_true(b.image.layout.console.gfn < b.image.layout.tables.gfn);
	assert_int_equal(b.image.layout.stack.gfn,
			 b.image.layout.tables.gfn + b.image.layout.tables.pages);
	unbuild(&b);
}

static void initrds(void **state)
{
	static const size_t sizes[] = { 1, 4095, 4096, 4097, 3000000 };
	struct built b;
	size_t i;
	u64 note;

	(void)state;
	for (note = 0; note < 2; note++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			testelf_kernel(&t, 64);
			testelf_number(&t, XEN_ELFNOTE_MOD_START_PFN, note);
			testelf_finish(&t, TESTELF_SEGMENT);
			build(&b, 16, sizes[i], "");
			unbuild(&b);
		}
	}
}

static void p2m_elsewhere(void **state)
{
	struct built b;

	(void)state;
	testelf_kernel(&t, 64);
	testelf_number(&t, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	testelf_number(&t, XEN_ELFNOTE_MOD_START_PFN, 1);
	testelf_finish(&t, TESTELF_SEGMENT);
	build(&b, 32, 5000, "");
	assert_int_equal(b.image.layout.p2m_va, 0x8000000000);
	/* 64 KiB of list: one table each of levels 1 to 3. */
	assert_int_equal(b.image.layout.p2m.pages, 16);
	assert_int_equal(b.image.layout.p2m_tables.pages, 3);
	assert_true(b.image.layout.p2m.gfn >= b.image.layout.mapped);
	unbuild(&b);
}

/* Not an address for a list: then it is where it is without the note. */
static void p2m_bases_passed_over(void **state)
{
	static const u64 bases[] = { 1, 0x8000000800, TESTELF_BASE, TESTELF_BASE + 0x1000,
				     TESTELF_BASE - 0x1000, 0xffff800000000000,
				     0x00007ffffffff000, 0xffff87fffffff000, 1ULL << 50 };
	struct built b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		testelf_kernel(&t, 64);
		testelf_number(&t, XEN_ELFNOTE_INIT_P2M, bases[i]);
		testelf_finish(&t, TESTELF_SEGMENT);
		build(&b, 16, 0, "");
		assert_false(b.image.layout.p2m_outside);
		unbuild(&b);
	}
}

/* The list right below the image, where their mappings share tables of each level. */
static void p2m_close_by(void **state)
{
	static const struct { u64 base; u64 p2m; u64 tables; } cases[] = {
		{ TESTELF_BASE, TESTELF_BASE - (1 << 30), 2 },
		{ TESTELF_BASE, TESTELF_BASE - 0x8000, 2 },
		{ 0x40200000, 0x40000000, 1 },
		{ 0x40100000, 0x40000000, 0 },
		{ 0x40010000, 0x40000000, 0 },
	};
	struct built b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		testelf_init(&t, cases[i].base);
		testelf_segment(&t, 0, 10, 5000);
		testelf_number(&t, XEN_ELFNOTE_VIRT_BASE, cases[i].base);
		testelf_number(&t, XEN_ELFNOTE_INIT_P2M, cases[i].p2m);
		testelf_finish(&t, TESTELF_SEGMENT);
		build(&b, 16, 0, "");
		assert_true(b.image.layout.p2m_outside);
		assert_int_equal(b.image.layout.p2m_tables.pages, cases[i].tables);
		unbuild(&b);
	}
}

static void virtual_bases(void **state)
{
	static const u64 bases[] = { 0, 0x1000, 0x40000000, 0x7fffe0000000, 0xffff880000000000,
				     0xffffffff80001000, 0xffffffffc0000000, 0xffffc8003ffff000,
				     0xffffffffffc00000 };
	struct built b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		testelf_init(&t, bases[i] + 0x1000);
		testelf_segment(&t, 0x1000, 10, 5000);
		testelf_number(&t, XEN_ELFNOTE_VIRT_BASE, bases[i]);
		testelf_finish(&t, TESTELF_SEGMENT);
		build(&b, 12, 777, "x");
		assert_int_equal(b.image.entry, bases[i] + 0x1000);
		unbuild(&b);
	}
}

static void bad_virtual_bases(void **state)
{
	static const u64 bases[] = { 0x00007ffffffff000, 0x0000800000000000, 0xffff800000000000,
				     0xffff87fffffff000, 0xfffffffffffff000, 0xfffffffffff80000 };
	struct builder_request r = { .cmdline = "", .nr_pages = 4096 };
	struct layout l;
	struct kernel k;
	struct error e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		testelf_init(&t, bases[i]);
		testelf_segment(&t, 0, 10, 5000);
		testelf_number(&t, XEN_ELFNOTE_VIRT_BASE, bases[i]);
		testelf_finish(&t, TESTELF_SEGMENT);
		assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
		r.kernel = &k;
		assert_int_equal(builder_layout(&r, &l, &e), -1);
		assert_error(&e, "address space");
	}
}

/* Each slot is the ABI's code for its hypercall; 23, iret, is another. */
static void hypercall_page(void **state)
{
	u8 call[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0xcc };
	u8 iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 23, 0, 0, 0, 0x0f, 0x05, 0xcc };
	struct built b;
	const u8 *page;
	u8 i;

	(void)state;
	testelf_kernel(&t, 64);
	testelf_number(&t, XEN_ELFNOTE_HYPERCALL_PAGE, TESTELF_BASE + TESTELF_START);
	testelf_finish(&t, TESTELF_SEGMENT);
	build(&b, 16, 0, "");
	page = bytes_at(&b, TESTELF_BASE + TESTELF_START);
	for (i = 0; i < 128; i++) {
		call[4] = i;
		if (i == 23)
			assert_memory_equal(page + 32 * i, iret, sizeof(iret));
		else
			assert_memory_equal(page + 32 * i, call, sizeof(call));
	}
	unbuild(&b);
}

/* The smallest memory that layout_make() lets pass is enough; a page less is refused. */
static void memory_limits(void **state)
{
	char cmdline[MAX_GUEST_CMDLINE + 1];
	struct builder_request r = { .cmdline = "", .initrd_len = 100000 };
	struct kernel k;
	struct layout l;
	struct error e;
	u64 least = 0, n;

	(void)state;
	testelf_kernel(&t, 64);
	testelf_number(&t, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	testelf_number(&t, XEN_ELFNOTE_MOD_START_PFN, 1);
	testelf_finish(&t, TESTELF_SEGMENT);
	assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
	r.kernel = &k;
	for (n = 0; n < 8192; n++) {
		r.nr_pages = n;
		if (builder_layout(&r, &l, &e)) {
			assert_int_equal(least, 0);
			assert_error(&e, "too little");
		} else if (!least) {
			least = n;
			assert_int_equal(l.p2m_tables.gfn + l.p2m_tables.pages, n);
		}
	}
	assert_int_not_equal(least, 0);
	r.nr_pages = UINT64_MAX >> 12;
	assert_int_equal(builder_layout(&r, &l, &e), -1);
	r.nr_pages = 8192;
	r.initrd_len = UINT64_MAX;
	assert_int_equal(builder_layout(&r, &l, &e), -1);
	r.initrd_len = 0;
	memset(cmdline, 'x', sizeof(cmdline));
	cmdline[MAX_GUEST_CMDLINE - 1] = 0;
	r.cmdline = cmdline;
	assert_int_equal(builder_layout(&r, &l, &e), 0);
	cmdline[MAX_GUEST_CMDLINE - 1] = 'x';
	cmdline[MAX_GUEST_CMDLINE] = 0;
	assert_int_equal(builder_layout(&r, &l, &e), -1);
	assert_error(&e, "1023");
}

/* Large domains: sums only, no memory. */
static void large_domains(void **state)
{
	struct layout_request r = { .virt_base = TESTELF_BASE, .kernel_end = 80 << 20,
				    .initrd_unmapped = true, .initrd_len = 1ULL << 30,
				    .p2m_base = 0x8000000000 };
	struct layout l;
	struct error e;
	u64 gib;

	(void)state;
	for (gib = 4; gib <= 4096; gib *= 4) {
		r.nr_pages = gib << 18;
		assert_int_equal(layout_make(&r, &l, &e), 0);
		assert_int_equal(l.p2m.pages, gib << 9);
		/* A level-1 table for each GiB, a level-2 one for each 512. */
		assert_int_equal(l.p2m_tables.pages, gib + (gib + 511) / 512 + 1);
		assert_int_equal(l.mapped << 12, 84 << 20);
	}
	/* 1 GiB of p2m list does not fit between VIRT_BASE and the top with all else. */
	r.p2m_base = 0;
	r.nr_pages = 1ULL << 29;
	assert_int_equal(layout_make(&r, &l, &e), -1);
	assert_error(&e, "address space");
}

/* ------------------------------------------------------- real kernels */

static u8 *read_kernel(const char *path, size_t *size)
{
	struct bytes file;
	struct error e;

	if (file_read(path, KERNEL_MAX, &file, &e))
		fail_msg("%s", e.text);
	*size = file.size;
	return file.data;
}

static void check_real(const char *path)
{
	static char initrd[3 << 20] = "not one, but large enough";
	u64 pages = 128 << 8;
	struct builder_request r = { .initrd = initrd, .initrd_len = sizeof(initrd),
				     .cmdline = "console=hvc0", .nr_pages = pages,
				     .shared_info_gfn = pages, .console_port = 1,
				     .mem = aligned_alloc(4096, pages << 12) };
	struct image image;
	struct kernel k;
	struct error e;
	size_t size;
	u8 *file = read_kernel(path, &size);

	if (kernel_parse(file, size, KERNEL_MAX, &k, &e))
		fail_msg("%s: %s", path, e.text);
	free(file);
	r.kernel = &k;
	memset(r.mem, 0, pages << 12);
	if (builder_build(&r, &image, &e))
		fail_msg("%s: %s", path, e.text);
	assert_int_equal(k.virt_base, 0xffffffff80000000);
	assert_int_equal(image.layout.p2m_va, 0x8000000000);
	walk_check(r.mem, pages, &image);
	walk_check_start(&r, &image);
	kernel_free(&k);
	free(r.mem);
}

/* Cut anywhere: an error, and nothing is read beyond the end. */
static void cut_real(const char *path)
{
	size_t size, n;
	u8 *file = read_kernel(path, &size), *copy;
	struct kernel k;
	struct error e;

	for (n = size - 1; n > 1; n /= 3) {
		copy = exact_copy(file, n);
		e.text[0] = 0;
		if (!kernel_parse(copy, n, KERNEL_MAX, &k, &e))
			kernel_free(&k);	/* only padding was cut off */
		else
			assert_true(e.text[0]);
		free(copy);
	}
	free(file);
}

static void distribution_kernels(void **state)
{
	size_t i;
	glob_t g;

	(void)state;
	if (glob("/boot/vmlinuz-*-amd64", 0, NULL, &g))
		skip();
	for (i = 0; i < g.gl_pathc; i++) {
		check_real(g.gl_pathv[i]);
		cut_real(g.gl_pathv[i]);
	}
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_kernel), cmocka_unit_test(initrds),
		cmocka_unit_test(p2m_elsewhere), cmocka_unit_test(p2m_bases_passed_over),
		cmocka_unit_test(p2m_close_by), cmocka_unit_test(virtual_bases),
		cmocka_unit_test(bad_virtual_bases), cmocka_unit_test(hypercall_page),
		cmocka_unit_test(memory_limits),
		cmocka_unit_test(large_domains), cmocka_unit_test(distribution_kernels),
	};

	return cmocka_run_group_tests_name("pvctl builder", tests, NULL, NULL);
}
