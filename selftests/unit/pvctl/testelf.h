/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Makes small ELF kernels for the tests, right ones and wrong ones. */
#ifndef PVCTL_TESTELF_H
#define PVCTL_TESTELF_H

#include <elf.h>
#include <stdint.h>
#include <stddef.h>

#define TESTELF_PHDRS	6
#define TESTELF_SHDRS	4

enum testelf_place { TESTELF_SEGMENT, TESTELF_SECTION, TESTELF_NOWHERE };

/** struct testelf - a file being made; parts may be changed before testelf_finish() */
struct testelf {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[TESTELF_PHDRS];
	Elf64_Shdr shdr[TESTELF_SHDRS];
	uint8_t notes[2048];
	size_t notes_len;
	uint8_t content[8192];
	size_t content_len;
	const char *legacy;
	uint8_t file[32768];
	size_t size;
};

/** testelf_init - headers of an x86-64 executable with entry point @entry */
void testelf_init(struct testelf *t, uint64_t entry);

/** testelf_segment - PT_LOAD with @filesz bytes of its own pattern; returns its number */
int testelf_segment(struct testelf *t, uint64_t paddr, uint64_t filesz, uint64_t memsz);

/** testelf_pattern - byte @i of segment @n */
uint8_t testelf_pattern(int n, size_t i);

void testelf_note(struct testelf *t, const char *name, uint32_t type, const void *desc,
		  uint32_t len);
void testelf_number(struct testelf *t, uint32_t type, uint64_t val);
void testelf_string(struct testelf *t, uint32_t type, const char *text);

/** testelf_finish - lay the file out: headers, content, notes, sections */
void testelf_finish(struct testelf *t, enum testelf_place notes);

/** testelf_kernel - a kernel at VIRT_BASE 0xffffffff80000000 with @kib KiB at 1 MiB */
void testelf_kernel(struct testelf *t, unsigned int kib);

#define TESTELF_BASE	0xffffffff80000000ULL
#define TESTELF_START	0x100000ULL

#endif
