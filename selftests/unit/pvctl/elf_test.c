// SPDX-License-Identifier: GPL-2.0 OR MIT
/* ELF files, their notes, and the old string. */
#include "test.h"

#include <xen/elfnote.h>

#include "kernel.h"
#include "testelf.h"

static struct testelf t;

/* kernel_parse() on a copy that ends exactly where the file does. */
static int parse(const void *data, size_t size, struct error *e)
{
	void *copy = exact_copy(data, size);
	struct kernel k;
	int ret;

	memset(e, 0, sizeof(*e));
	ret = kernel_parse(copy, size, 1 << 20, &k, e);
	assert_int_equal(!ret, !e->text[0]);
	if (!ret)
		kernel_free(&k);
	free(copy);
	return ret;
}

static void expect(const char *about)
{
	struct error e;

	assert_int_equal(parse(t.file, t.size, &e), -1);
	assert_error(&e, about);
}

static void good_kernel(void **state)
{
	struct kernel k;
	struct error e;

	(void)state;
	testelf_kernel(&t, 64);
	testelf_number(&t, XEN_ELFNOTE_HYPERCALL_PAGE, TESTELF_BASE + TESTELF_START + 0x1000);
	testelf_number(&t, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	testelf_note(&t, "Xen", XEN_ELFNOTE_MOD_START_PFN, "\1\0\0\0", 4);
	testelf_finish(&t, TESTELF_SEGMENT);
	assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
	assert_int_equal(k.virt_base, TESTELF_BASE);
	assert_int_equal(k.entry, TESTELF_BASE + TESTELF_START + 0x10);
	assert_int_equal(k.start, TESTELF_START);
	assert_int_equal(k.end, TESTELF_START + 65536);
	assert_true(k.wants_hypercalls);
	assert_int_equal(k.hypercall_page, TESTELF_START + 0x1000);
	assert_int_equal(k.notes.init_p2m, 0x8000000000);
	assert_int_equal(k.notes.mod_start_pfn, 1);
	assert_string_equal(k.notes.loader, "generic");
	assert_int_equal(k.elf.nr_segments, 1);
	assert_int_equal(k.elf.segment[0].data[5], testelf_pattern(0, 5));
}

static void notes_only_in_a_section(void **state)
{
	struct error e;

	(void)state;
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SECTION);
	assert_int_equal(parse(t.file, t.size, &e), 0);
	/* A PT_NOTE segment of others does not hide them. */
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SECTION);
	t.ehdr.e_phnum = 2;
	t.phdr[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = t.size, .p_filesz = 20 };
	memcpy(t.file, &t.ehdr, sizeof(t.ehdr));
	memcpy(t.file + t.ehdr.e_phoff, t.phdr, sizeof(t.phdr));
	memcpy(t.file + t.size, "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0abcd", 20);
	t.size += 20;
	assert_int_equal(parse(t.file, t.size, &e), 0);
}

static void bare_kernel(void **state)
{
	struct kernel k;
	struct error e;

	(void)state;
	testelf_init(&t, 0x100020);
	testelf_segment(&t, 0x100000, 4096, 4096);
	testelf_string(&t, XEN_ELFNOTE_GUEST_OS, "bare");
	testelf_finish(&t, TESTELF_SEGMENT);
	assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
	assert_int_equal(k.virt_base, 0);
	assert_int_equal(k.entry, 0x100020);
	assert_false(k.wants_hypercalls);
}

/* Kernels whose physical addresses are virtual ones. */
static void paddr_offset(void **state)
{
	struct kernel k;
	struct error e;

	(void)state;
	testelf_init(&t, 0);
	testelf_segment(&t, TESTELF_BASE + 0x2000, 4096, 4096);
	testelf_number(&t, XEN_ELFNOTE_VIRT_BASE, TESTELF_BASE);
	testelf_number(&t, XEN_ELFNOTE_PADDR_OFFSET, TESTELF_BASE);
	testelf_number(&t, XEN_ELFNOTE_ENTRY, TESTELF_BASE + 0x2000);
	testelf_finish(&t, TESTELF_SEGMENT);
	assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
	assert_int_equal(k.start, 0x2000);
	assert_int_equal(kernel_segment_gpa(&k, &k.elf.segment[0]), 0x2000);
}

static void legacy_string(void **state)
{
	struct kernel k;
	struct error e;

	(void)state;
	testelf_init(&t, 0);
	testelf_segment(&t, 0xffffffff80100000, 4096, 8192);
	t.legacy = "GUEST_OS=linux,XEN_VER=xen-3.0,HYPERCALL_PAGE=0x101,VIRT_BASE=0xffffffff80000000,VIRT_ENTRY=0xffffffff80100040,LOADER=generic,BSD_SYMTAB";
	testelf_finish(&t, TESTELF_NOWHERE);
	assert_int_equal(kernel_parse(t.file, t.size, 0, &k, &e), 0);
	assert_true(k.notes.legacy);
	assert_int_equal(k.start, 0x100000);
	assert_int_equal(k.entry, 0xffffffff80100040);
	assert_int_equal(k.hypercall_page, 0x101000);
	assert_string_equal(k.notes.guest_os, "linux");
	testelf_init(&t, 0);
	testelf_segment(&t, 0xffffffff80100000, 4096, 8192);
	t.legacy = "GUEST_OS=linux,VIRT_BASE=many";
	testelf_finish(&t, TESTELF_NOWHERE);
	expect("no number");
}

/* Without its last bytes that matter it is no kernel; nothing is read beyond the end. */
static void truncated_everywhere(void **state)
{
	enum testelf_place places[] = { TESTELF_SEGMENT, TESTELF_SECTION, TESTELF_NOWHERE };
	struct error e;
	size_t n, i, needed;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		testelf_kernel(&t, 8);
		if (places[i] == TESTELF_NOWHERE)
			t.legacy = "VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0xffffffff80100010";
		testelf_finish(&t, places[i]);
		/* Sections of notes are known by type: nobody asks for their names. */
		needed = places[i] == TESTELF_SECTION ?
			 t.shdr[0].sh_offset + t.shdr[0].sh_size : t.size;
		for (n = 0; n <= t.size; n++)
			assert_int_equal(parse(t.file, n, &e), n < needed ? -1 : 0);
	}
}

static void wrong_headers(void **state)
{
	(void)state;
#define WRONG(member, value, about) do {		\
	testelf_kernel(&t, 8);				\
	t.member = value;				\
	testelf_finish(&t, TESTELF_SEGMENT);		\
	expect(about);					\
} while (0)
	WRONG(ehdr.e_ident[EI_CLASS], ELFCLASS32, "32-bit");
	WRONG(ehdr.e_ident[EI_CLASS], 7, "unknown class");
	WRONG(ehdr.e_ident[EI_DATA], ELFDATA2MSB, "byte order");
	WRONG(ehdr.e_machine, EM_AARCH64, "another machine");
	WRONG(ehdr.e_type, ET_REL, "no executable");
	WRONG(ehdr.e_phentsize, 1, "wrong size");
	WRONG(phdr[0].p_memsz, 4095, "larger in the file");
	WRONG(phdr[0].p_filesz, UINT64_MAX, "beyond the end");
	WRONG(phdr[0].p_offset, UINT64_MAX - 700, "beyond the end");
	WRONG(phdr[0].p_memsz, UINT64_MAX, "beyond the 1024 MiB");
	WRONG(phdr[0].p_paddr, UINT64_MAX, "beyond the 1024 MiB");
	WRONG(phdr[0].p_paddr, 1ULL << 30, "beyond the 1024 MiB");
	WRONG(phdr[0].p_type, PT_NULL, "nothing to load");
#undef WRONG
}

static void wrong_tables(void **state)
{
	(void)state;
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SEGMENT);
	((Elf64_Ehdr *)t.file)->e_phoff = UINT64_MAX;
	expect("program headers lie beyond");
	((Elf64_Ehdr *)t.file)->e_phoff = 64;
	((Elf64_Ehdr *)t.file)->e_phnum = 65535;
	expect("program headers lie beyond");
	testelf_kernel(&t, 8);
	testelf_finish(&t, TESTELF_SECTION);
	((Elf64_Ehdr *)t.file)->e_shoff = t.size - 64;
	expect("section headers lie beyond");
	((Elf64_Ehdr *)t.file)->e_shoff = UINT64_MAX;
	expect("section headers lie beyond");
}

/* Also those whose end, or start, is a byte of another; but not neighbours. */
static void overlapping_segments(void **state)
{
	static const struct { u64 paddr, memsz; bool good; } second[] = {
		{ TESTELF_START + 8192, 4096, true }, { TESTELF_START - 4096, 4096, true },
		{ TESTELF_START + 8191, 4096, false }, { TESTELF_START - 4095, 4096, false },
		{ TESTELF_START, 8192, false }, { TESTELF_START + 4096, 16, false },
		{ TESTELF_START - 4096, 65536, false },
	};
	struct error e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(second); i++) {
		testelf_kernel(&t, 8);
		testelf_segment(&t, second[i].paddr, 16, second[i].memsz);
		testelf_finish(&t, TESTELF_SEGMENT);
		assert_int_equal(parse(t.file, t.size, &e), second[i].good ? 0 : -1);
		if (!second[i].good)
			assert_error(&e, "overlaps");
	}
}

static void wrong_notes(void **state)
{
	static const struct {
		u32 type;
		const char *string;
		u64 number;
		const char *about;
	} cases[] = {
		{ XEN_ELFNOTE_XEN_VERSION, "xen-9", 0, "xen-9" },
		{ XEN_ELFNOTE_LOADER, "special", 0, "special" },
		{ XEN_ELFNOTE_FEATURES, "!auto_translated_physmap", 0, "auto_translated_physmap" },
		{ XEN_ELFNOTE_FEATURES, "x|!hvm_callback_vector|y", 0, "hvm_callback_vector" },
		{ XEN_ELFNOTE_VIRT_BASE, NULL, TESTELF_BASE + 8, "start of a page" },
		{ XEN_ELFNOTE_ENTRY, NULL, TESTELF_BASE, "not in its image" },
		{ XEN_ELFNOTE_ENTRY, NULL, 0, "not in its image" },
		{ XEN_ELFNOTE_HYPERCALL_PAGE, NULL, 0x1000, "hypercall page" },
		{ XEN_ELFNOTE_HYPERCALL_PAGE, NULL, TESTELF_BASE + TESTELF_START + 8, "hypercall page" },
		{ XEN_ELFNOTE_HV_START_LOW, NULL, 0xffff900000000000, "for itself" },
		{ XEN_ELFNOTE_PADDR_OFFSET, NULL, 1ULL << 60, "beyond the 1024 MiB" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		testelf_kernel(&t, 8);
		if (cases[i].string)
			testelf_string(&t, cases[i].type, cases[i].string);
		else
			testelf_number(&t, cases[i].type, cases[i].number);
		testelf_finish(&t, TESTELF_SEGMENT);
		expect(cases[i].about);
	}
}

static void malformed_notes(void **state)
{
	char text[300];

	(void)state;
	testelf_kernel(&t, 8);
	testelf_note(&t, "Xen", XEN_ELFNOTE_ENTRY, "abcde", 5);
	testelf_finish(&t, TESTELF_SEGMENT);
	expect("a number of 5 bytes");
	testelf_kernel(&t, 8);
	memset(text, 'f', sizeof(text));
	testelf_note(&t, "Xen", XEN_ELFNOTE_FEATURES, text, sizeof(text));
	testelf_finish(&t, TESTELF_SEGMENT);
	expect("longer than");
	/* Names and types of others are passed over, whatever they contain. */
	testelf_init(&t, 0);
	testelf_segment(&t, 0, 16, 16);
	testelf_note(&t, "Xem", XEN_ELFNOTE_ENTRY, "abcde", 5);
	testelf_note(&t, "Xen", 0x1000001, "abcde", 5);
	testelf_finish(&t, TESTELF_SEGMENT);
	expect("no Xen notes");
}

static void pvh_kernel(void **state)
{
	(void)state;
	testelf_init(&t, TESTELF_START);
	testelf_segment(&t, TESTELF_START, 16, 16);
	testelf_number(&t, XEN_ELFNOTE_PHYS32_ENTRY, TESTELF_START);
	testelf_finish(&t, TESTELF_SEGMENT);
	expect("PVH");
}

static void too_many_segments(void **state)
{
	static u8 file[sizeof(Elf64_Ehdr) + 65 * sizeof(Elf64_Phdr)];
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_memsz = 1 };
	struct error e;
	int i;

	(void)state;
	testelf_init(&t, 0);
	t.ehdr.e_phnum = 65;
	t.ehdr.e_phoff = sizeof(t.ehdr);
	memcpy(file, &t.ehdr, sizeof(t.ehdr));
	for (i = 0; i < 65; i++)
		memcpy(file + sizeof(t.ehdr) + (size_t)i * sizeof(p), &p, sizeof(p));
	assert_int_equal(parse(file, sizeof(file), &e), -1);
	assert_error(&e, "more than 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_kernel), cmocka_unit_test(notes_only_in_a_section),
		cmocka_unit_test(bare_kernel), cmocka_unit_test(paddr_offset),
		cmocka_unit_test(legacy_string), cmocka_unit_test(truncated_everywhere),
		cmocka_unit_test(wrong_headers), cmocka_unit_test(wrong_tables),
		cmocka_unit_test(overlapping_segments), cmocka_unit_test(wrong_notes),
		cmocka_unit_test(malformed_notes),
		cmocka_unit_test(pvh_kernel), cmocka_unit_test(too_many_segments),
	};

	return cmocka_run_group_tests_name("pvctl elf", tests, NULL, NULL);
}
