// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See testelf.h. */
#include <assert.h>
#include <string.h>

#include <xen/elfnote.h>

#include "testelf.h"

static const char section_names[] = "\0.note.Xen\0__xen_guest\0.shstrtab";

enum { NAME_NOTES = 1, NAME_LEGACY = 11, NAME_STRINGS = 23 };

void testelf_init(struct testelf *t, uint64_t entry)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->ehdr.e_ident, ELFMAG, SELFMAG);
	t->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	t->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	t->ehdr.e_type = ET_EXEC;
	t->ehdr.e_machine = EM_X86_64;
	t->ehdr.e_entry = entry;
	t->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	t->ehdr.e_shentsize = sizeof(Elf64_Shdr);
}

uint8_t testelf_pattern(int n, size_t i)
{
	return (uint8_t)(i * 7 + (size_t)n * 31 + 1);
}

int testelf_segment(struct testelf *t, uint64_t paddr, uint64_t filesz, uint64_t memsz)
{
	int n = t->ehdr.e_phnum++;
	size_t i;

	assert(n < TESTELF_PHDRS && t->content_len + filesz <= sizeof(t->content));
	t->phdr[n] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X,
				   .p_offset = t->content_len, .p_paddr = paddr,
				   .p_filesz = filesz, .p_memsz = memsz };
	for (i = 0; i < filesz; i++)
		t->content[t->content_len++] = testelf_pattern(n, i);
	return n;
}

static void append(struct testelf *t, const void *data, size_t n)
{
	assert(t->size + n <= sizeof(t->file));
	memcpy(t->file + t->size, data, n);
	t->size += n;
}

void testelf_note(struct testelf *t, const char *name, uint32_t type, const void *desc,
		  uint32_t len)
{
	Elf64_Nhdr h = { .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = len, .n_type = type };
	size_t name_room = (h.n_namesz + 3) & ~3U, desc_room = (len + 3) & ~3U;
	uint8_t *at = t->notes + t->notes_len;

	assert(t->notes_len + sizeof(h) + name_room + desc_room <= sizeof(t->notes));
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), name, h.n_namesz);
	memcpy(at + sizeof(h) + name_room, desc, len);
	t->notes_len += sizeof(h) + name_room + desc_room;
}

void testelf_number(struct testelf *t, uint32_t type, uint64_t val)
{
	testelf_note(t, "Xen", type, &val, sizeof(val));
}

void testelf_string(struct testelf *t, uint32_t type, const char *text)
{
	testelf_note(t, "Xen", type, text, (uint32_t)strlen(text) + 1);
}

static void add_section(struct testelf *t, uint32_t name, uint32_t type, const void *data,
			size_t n)
{
	t->shdr[t->ehdr.e_shnum++] = (Elf64_Shdr){ .sh_name = name, .sh_type = type,
						   .sh_offset = t->size, .sh_size = n };
	append(t, data, n);
}

void testelf_finish(struct testelf *t, enum testelf_place notes)
{
	size_t content, i;

	t->size = sizeof(t->ehdr) + sizeof(t->phdr) + sizeof(t->shdr);
	content = t->size;
	for (i = 0; i < t->ehdr.e_phnum; i++)
		t->phdr[i].p_offset += content;
	append(t, t->content, t->content_len);
	if (notes == TESTELF_SEGMENT) {
		t->phdr[t->ehdr.e_phnum++] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = t->size,
							   .p_filesz = t->notes_len };
		append(t, t->notes, t->notes_len);
	} else if (notes == TESTELF_SECTION) {
		add_section(t, NAME_NOTES, SHT_NOTE, t->notes, t->notes_len);
	}
	if (t->legacy)
		add_section(t, NAME_LEGACY, SHT_PROGBITS, t->legacy, strlen(t->legacy) + 1);
	if (t->ehdr.e_shnum) {
		t->ehdr.e_shstrndx = t->ehdr.e_shnum;
		add_section(t, NAME_STRINGS, SHT_STRTAB, section_names, sizeof(section_names));
	}
	t->ehdr.e_phoff = sizeof(t->ehdr);
	t->ehdr.e_shoff = sizeof(t->ehdr) + sizeof(t->phdr);
	memcpy(t->file, &t->ehdr, sizeof(t->ehdr));
	memcpy(t->file + t->ehdr.e_phoff, t->phdr, sizeof(t->phdr));
	memcpy(t->file + t->ehdr.e_shoff, t->shdr, sizeof(t->shdr));
}

void testelf_kernel(struct testelf *t, unsigned int kib)
{
	testelf_init(t, 0);
	testelf_segment(t, TESTELF_START, 4096, kib * 1024ULL);
	testelf_string(t, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	testelf_string(t, XEN_ELFNOTE_LOADER, "generic");
	testelf_string(t, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
	testelf_number(t, XEN_ELFNOTE_VIRT_BASE, TESTELF_BASE);
	testelf_number(t, XEN_ELFNOTE_ENTRY, TESTELF_BASE + TESTELF_START + 0x10);
}
