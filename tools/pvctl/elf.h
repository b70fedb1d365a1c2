/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * ELF files of x86-64 kernels: what to load where, and the notes. Everything comes
 * from a file that nobody vouches for; no pointer handed out leaves it.
 */
#ifndef PVCTL_ELF_H
#define PVCTL_ELF_H

#include <elf.h>

#include "error.h"

#define ELF_MAX_SEGMENTS	64

/**
 * struct elf_segment - a PT_LOAD segment
 * @paddr: physical address as the file has it
 * @memsz: bytes in memory, at least @filesz; the rest is zero
 */
struct elf_segment {
	u64 paddr;
	u64 memsz;
	const u8 *data;
	u64 filesz;
};

/** struct elf - a parsed file; points into it */
struct elf {
	const u8 *data;
	size_t size;
	Elf64_Ehdr header;
	u32 nr_segments;
	struct elf_segment segment[ELF_MAX_SEGMENTS];
};

/** struct elf_note - one note; @name has no NUL of its own */
struct elf_note {
	u32 type;
	u32 name_len;
	const char *name;
	u32 desc_len;
	const u8 *desc;
};

enum elf_note_source {
	ELF_NOTES_IN_SEGMENTS,	/* PT_NOTE */
	ELF_NOTES_IN_SECTIONS,	/* SHT_NOTE */
};

bool elf_is_elf(const void *data, size_t size);

/**
 * elf_parse - check headers and segments
 * @data must outlive @elf. Fails when it is not a 64-bit little-endian x86-64
 * executable, or a table or segment lies outside of it.
 */
int elf_parse(const void *data, size_t size, struct elf *elf, struct error *e) __must_check;

/**
 * elf_visit_notes - call @visit for each well-formed note
 * Ends with the first call that does not return 0, and returns that.
 */
int elf_visit_notes(const struct elf *elf, enum elf_note_source source,
		    int (*visit)(const struct elf_note *note, void *ctx, struct error *e),
		    void *ctx, struct error *e) __must_check;

/**
 * elf_section - contents of the section called @name
 * NULL when there is none, or it has none.
 */
const u8 *elf_section(const struct elf *elf, const char *name, size_t *size);

#endif
