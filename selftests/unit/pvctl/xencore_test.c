// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Core files in Xen's format, read back as crash reads them: sections by their names, and
 * the list of frames in both ways.
 */
#define _GNU_SOURCE
#include "test.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/elfnote.h>

#include "core.h"
#include "xencore.h"

#define PAGES	70	/* no multiple of what the list is written in */
#define PAIRS	512	/* crash reads so many at once */

static u8 mem[PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
static struct domain d = { .fd = -1, .mem = mem, .nr_pages = PAGES };
static struct error e;

static int setup(void **state)
{
	unsigned int i;

	(void)state;
	memset(mem, 0, sizeof(mem));
	for (i = 0; i < PAGES; i++)
		if (i % 3 != 1)
			memset(mem + i * PAGE_SIZE, (int)i + 1, PAGE_SIZE);
	return 0;
}

static const struct pvhv_regs regs[] = {
	{
		.rip = 0xffffffff81234567, .rsp = 0xffffc90000001000, .cs = 0xe033, .ss = 0xe02b,
		.rflags = 0x246, .rax = 1, .rdi = 5, .r15 = 15, .cr2 = 0x1234, .cr3_gfn = 33,
		.fs_base = 0x10, .gs_base_kernel = 0x20, .gs_base_user = 0x30,
		.events_masked = 1,
	},
	{ .rip = 0x400000, .cs = 0xe033, .rflags = 0x246, .cr3_gfn = 34, .user_mode = 1 },
};

struct file {
	const u8 *data;
	size_t size, blocks;
};

static struct file core(unsigned int nr_vcpus)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	struct stat st;
	const u8 *data;

	assert_int_equal(core_write(fd, CORE_CRASH, &d, regs, nr_vcpus, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(data, MAP_FAILED);
	close(fd);
	return (struct file){ data, (size_t)st.st_size, (size_t)st.st_blocks * 512 };
}

static void drop(struct file *f)
{
	munmap((void *)f->data, f->size);
}

static const Elf64_Shdr *section(const struct file *f, const char *name)
{
	const Elf64_Ehdr *h = (const void *)f->data;
	const Elf64_Shdr *s = (const void *)(f->data + h->e_shoff);
	const char *names = (const char *)f->data + s[h->e_shstrndx].sh_offset;
	unsigned int i;

	for (i = 1; i < h->e_shnum; i++) {
		assert_true(s[i].sh_offset + s[i].sh_size <= f->size);
		assert_int_equal(s[i].sh_offset % s[i].sh_addralign, 0);
		if (!strcmp(names + s[i].sh_name, name))
			return &s[i];
	}
	fail_msg("no section %s", name);
	return NULL;
}

static void test_headers(void **state)
{
	struct file f = core(1);
	const Elf64_Ehdr *h = (const void *)f.data;

	(void)state;
	assert_memory_equal(h->e_ident, ELFMAG "\2\1\1", 7);
	assert_int_equal(h->e_type, ET_CORE);
	assert_int_equal(h->e_machine, EM_X86_64);
	assert_int_equal(h->e_version, EV_CURRENT);
	assert_int_equal(h->e_phnum, 0);
	assert_int_equal(h->e_shentsize, sizeof(Elf64_Shdr));
	assert_int_equal(h->e_shnum, 6);
	assert_int_equal(section(&f, ".shstrtab")->sh_type, SHT_STRTAB);
	assert_int_equal(section(&f, ".note.Xen")->sh_type, SHT_NOTE);
	assert_int_equal(section(&f, ".xen_pages")->sh_type, SHT_PROGBITS);
	assert_int_equal(section(&f, ".xen_pages")->sh_offset % PAGE_SIZE, 0);
	drop(&f);
}

/* crash takes each name for 4 bytes, and a descriptor for padded. */
static const u8 *note(const struct file *f, u32 type, u32 *size)
{
	const Elf64_Shdr *s = section(f, ".note.Xen");
	const u8 *at = f->data + s->sh_offset, *end = at + s->sh_size;

	while (at < end) {
		const Elf64_Nhdr *n = (const void *)at;

		assert_int_equal(n->n_namesz, 4);
		assert_memory_equal(n + 1, "Xen", 4);
		assert_int_equal(n->n_descsz % 4, 0);
		at += sizeof(*n) + 4 + n->n_descsz;
		*size = n->n_descsz;
		if (n->n_type == type)
			return (const u8 *)(n + 1) + 4;
	}
	assert_ptr_equal(at, end);
	return NULL;
}

static void test_notes(void **state)
{
	struct file f = core(2);
	struct xencore_header h;
	const u8 *desc;
	u64 version;
	u32 size;

	(void)state;
	assert_non_null(note(&f, XEN_ELFNOTE_DUMPCORE_NONE, &size));
	assert_int_equal(size, 0);
	desc = note(&f, XEN_ELFNOTE_DUMPCORE_HEADER, &size);
	assert_true(desc && size == sizeof(h));
	memcpy(&h, desc, sizeof(h));
	assert_int_equal(h.magic, 0xf00febee);
	assert_int_equal(h.nr_vcpus, 2);
	assert_int_equal(h.nr_pages, 2 * PAGES);
	assert_int_equal(h.page_size, PAGE_SIZE);
	desc = note(&f, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &size);
	assert_true(desc && size == sizeof(version));
	memcpy(&version, desc, sizeof(version));
	assert_int_equal(version, 1);
	/* Two numbers, the texts and the structures of <xen/version.h>, two numbers. */
	assert_non_null(note(&f, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &size));
	assert_int_equal(size, 16 + 16 + 144 + 1024 + 64 + 8 + 8);
	assert_null(note(&f, 0, &size));
	drop(&f);
}

static void test_vcpus(void **state)
{
	struct file f = core(2);
	const Elf64_Shdr *s = section(&f, ".xen_prstatus");
	struct vcpu_guest_context v[2];

	(void)state;
	assert_int_equal(s->sh_size, sizeof(v));
	memcpy(v, f.data + s->sh_offset, sizeof(v));
	assert_true(v[0].user_regs.rip == regs[0].rip && v[0].user_regs.rsp == regs[0].rsp);
	assert_true(v[0].user_regs.rax == 1 && v[0].user_regs.rdi == 5);
	assert_true(v[0].user_regs.r15 == 15 && v[0].user_regs.cs == 0xe033);
	assert_true(v[0].user_regs.ss == 0xe02b);
	assert_true(v[0].user_regs.saved_upcall_mask == 1 && v[0].user_regs.rflags == 0x46);
	assert_true(v[0].ctrlreg[2] == 0x1234 && v[0].ctrlreg[3] == 33 * PAGE_SIZE);
	assert_true(v[0].fs_base == 0x10 && v[0].gs_base_kernel == 0x20);
	assert_true(v[0].gs_base_user == 0x30 && (v[0].flags & VGCF_in_kernel));
	assert_true(v[1].user_regs.rip == 0x400000 && v[1].user_regs.rflags == 0x246);
	assert_true(!(v[1].flags & VGCF_in_kernel) && !v[1].user_regs.saved_upcall_mask);
	drop(&f);
}

/* Frame @gfn is the first page that the list says so of. */
static const u8 *find_page(const struct file *f, u64 gfn)
{
	const Elf64_Shdr *list = section(f, ".xen_pfn"), *pages = section(f, ".xen_pages");
	const u64 *pfn = (const void *)(f->data + list->sh_offset);
	u64 i;

	assert_int_equal(list->sh_size / sizeof(u64), pages->sh_size / PAGE_SIZE);
	for (i = 0; i < list->sh_size / sizeof(u64); i++)
		if (pfn[i] == gfn)
			return f->data + pages->sh_offset + i * PAGE_SIZE;
	return NULL;
}

static void test_pages(void **state)
{
	struct file f = core(1);
	u64 i;

	(void)state;
	for (i = 0; i < PAGES; i++) {
		assert_non_null(find_page(&f, i));
		assert_memory_equal(find_page(&f, i), mem + i * PAGE_SIZE, PAGE_SIZE);
	}
	assert_null(find_page(&f, PAGES));
	drop(&f);
}

/* The same list, as pairs with a second half that counts. */
static void test_pairs(void **state)
{
	struct file f = core(1);
	const Elf64_Shdr *list = section(&f, ".xen_pfn"), *pages = section(&f, ".xen_pages");
	const u64 *pair = (const void *)(f.data + list->sh_offset);
	u64 i;

	(void)state;
	for (i = 0; i < PAGES; i++)
		assert_true(pair[2 * i + 1] == i);
	for (; i < PAIRS; i++)
		assert_true(pair[2 * i + 1] == XENCORE_NO_PFN);
	assert_true(pages->sh_offset >= list->sh_offset + PAIRS * 2 * sizeof(u64));
	/* As far as crash reads for a frame that is not there. */
	assert_true(list->sh_offset + PAGES * PAIRS * 2 * sizeof(u64) <= f.size);
	drop(&f);
}

/* Pages of zeros, and what is between pages, take no room. */
static void test_holes(void **state)
{
	struct file f = core(1);

	(void)state;
	assert_true(f.size > 2 * PAGES * PAGE_SIZE);
	assert_true(f.blocks < (PAGES * 2 / 3 + 8) * PAGE_SIZE);
	drop(&f);
}

static void test_full(void **state)
{
	int fd = memfd_create("core", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(ftruncate(fd, 4 * PAGE_SIZE), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(core_write(fd, CORE_CRASH, &d, regs, 1, &e), -1);
	assert_non_null(strstr(e.text, "core file"));
	close(fd);
}

static void test_format(void **state)
{
	enum core_format f;

	(void)state;
	assert_int_equal(core_format_parse("crash", &f, &e), 0);
	assert_int_equal(f, CORE_CRASH);
	assert_int_equal(core_format_parse("elf", &f, &e), 0);
	assert_int_equal(f, CORE_ELF);
	assert_string_equal(core_format_name(CORE_CRASH), "crash");
	assert_int_equal(core_format_parse("cras", &f, &e), -1);
	assert_string_equal(e.text, "'cras' is no format of core files: elf (for gdb) or crash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_headers, setup),
		cmocka_unit_test_setup(test_notes, setup),
		cmocka_unit_test_setup(test_vcpus, setup),
		cmocka_unit_test_setup(test_pages, setup),
		cmocka_unit_test_setup(test_pairs, setup),
		cmocka_unit_test_setup(test_holes, setup),
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests_name("pvctl xencore", tests, NULL, NULL);
}
