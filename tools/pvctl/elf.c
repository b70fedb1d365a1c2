// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See elf.h. Pure. Headers are copied out of the file before they are looked at, so
 * that alignment does not matter, and every range is checked by elf_range() alone.
 */
#include <string.h>

#include "elf.h"

/* The file's bytes [offset, offset + len), NULL if not all of them exist. */
static const u8 *elf_range(const struct elf *elf, u64 offset, u64 len)
{
	if (offset > elf->size || len > elf->size - offset)
		return NULL;
	return elf->data + offset;
}

bool elf_is_elf(const void *data, size_t size)
{
	return size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

static int elf_check_header(const Elf64_Ehdr *h, struct error *e)
{
	if (h->e_ident[EI_CLASS] == ELFCLASS32)
		return error_set(e, "a 32-bit ELF file; only x86-64 kernels can run");
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(e, "an ELF file of unknown class or byte order");
	if (h->e_machine != EM_X86_64)
		return error_set(e, "an ELF file for another machine (%u); only x86-64 kernels can run",
				 h->e_machine);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return error_set(e, "an ELF file that is no executable (type %u)", h->e_type);
	if (h->e_phnum && h->e_phentsize != sizeof(Elf64_Phdr))
		return error_set(e, "ELF program headers of a wrong size (%u)", h->e_phentsize);
	if (h->e_shnum && h->e_shentsize != sizeof(Elf64_Shdr))
		return error_set(e, "ELF section headers of a wrong size (%u)", h->e_shentsize);
	return 0;
}

static bool elf_program_header(const struct elf *elf, u32 i, Elf64_Phdr *out)
{
	u64 table = elf->header.e_phoff;
	const u8 *p = elf_range(elf, table, (u64)elf->header.e_phnum * sizeof(*out));

	if (!p || i >= elf->header.e_phnum)
		return false;
	memcpy(out, p + i * sizeof(*out), sizeof(*out));
	return true;
}

/* Many a good file has none; these are needed only if the notes are nowhere else. */
static const u8 *elf_section_headers(const struct elf *elf)
{
	return elf_range(elf, elf->header.e_shoff, (u64)elf->header.e_shnum * sizeof(Elf64_Shdr));
}

static bool elf_section_header(const struct elf *elf, u32 i, Elf64_Shdr *out)
{
	const u8 *p = elf_section_headers(elf);

	if (!p || i >= elf->header.e_shnum)
		return false;
	memcpy(out, p + i * sizeof(*out), sizeof(*out));
	return true;
}

static int elf_add_segment(struct elf *elf, const Elf64_Phdr *p, struct error *e)
{
	const u8 *data = elf_range(elf, p->p_offset, p->p_filesz);

	if (!data)
		return error_set(e, "an ELF segment lies beyond the end of the file (truncated?)");
	if (p->p_filesz > p->p_memsz)
		return error_set(e, "an ELF segment is larger in the file than in memory");
	if (elf->nr_segments == ELF_MAX_SEGMENTS)
		return error_set(e, "more than %d ELF segments", ELF_MAX_SEGMENTS);
	elf->segment[elf->nr_segments++] = (struct elf_segment){
		.paddr = p->p_paddr, .memsz = p->p_memsz, .data = data, .filesz = p->p_filesz,
	};
	return 0;
}

int elf_parse(const void *data, size_t size, struct elf *elf, struct error *e)
{
	Elf64_Phdr p;
	u32 i;

	*elf = (struct elf){ .data = data, .size = size };
	if (!elf_is_elf(data, size))
		return error_set(e, "not an ELF file");
	if (size < sizeof(elf->header))
		return error_set(e, "the file ends within the ELF header (truncated?)");
	memcpy(&elf->header, data, sizeof(elf->header));
	if (elf_check_header(&elf->header, e))
		return -1;
	for (i = 0; i < elf->header.e_phnum; i++) {
		if (!elf_program_header(elf, i, &p))
			return error_set(e, "the ELF program headers lie beyond the end of the file (truncated?)");
		if (p.p_type == PT_LOAD && p.p_memsz && elf_add_segment(elf, &p, e))
			return -1;
	}
	if (!elf->nr_segments)
		return error_set(e, "an ELF file with nothing to load");
	return 0;
}

/* ------------------------------------------------------------- notes */

/* One note at @at. Returns what follows it, NULL at the end or before a broken one. */
static const u8 *note_next(const u8 *at, const u8 *end, struct elf_note *note)
{
	Elf64_Nhdr h;
	u64 name, desc;

	if ((size_t)(end - at) < sizeof(h))
		return NULL;
	memcpy(&h, at, sizeof(h));
	at += sizeof(h);
	name = ((u64)h.n_namesz + 3) & ~3ULL;
	desc = ((u64)h.n_descsz + 3) & ~3ULL;
	/* The last note may lack its padding. */
	if (name > (u64)(end - at) || h.n_descsz > (u64)(end - at) - name)
		return NULL;
	*note = (struct elf_note){
		.type = h.n_type, .name_len = h.n_namesz, .name = (const char *)at,
		.desc_len = h.n_descsz, .desc = at + name,
	};
	at += name;
	return desc < (u64)(end - at) ? at + desc : end;
}

/* The @i-th area of notes. 1: found, 0: there is none with this number, -1: broken. */
static int note_area(const struct elf *elf, enum elf_note_source source, u32 i,
		     const u8 **start, u64 *size, struct error *e)
{
	Elf64_Phdr p;
	Elf64_Shdr s;
	u64 offset;

	*size = 0;
	if (source == ELF_NOTES_IN_SEGMENTS) {
		if (!elf_program_header(elf, i, &p))
			return 0;
		if (p.p_type != PT_NOTE)
			return 1;
		offset = p.p_offset;
		*size = p.p_filesz;
	} else {
		if (!elf_section_headers(elf))
			return error_set(e, "the ELF section headers lie beyond the end of the file (truncated?)");
		if (!elf_section_header(elf, i, &s))
			return 0;
		if (s.sh_type != SHT_NOTE)
			return 1;
		offset = s.sh_offset;
		*size = s.sh_size;
	}
	*start = elf_range(elf, offset, *size);
	if (!*start)
		return error_set(e, "ELF notes lie beyond the end of the file (truncated?)");
	return 1;
}

int elf_visit_notes(const struct elf *elf, enum elf_note_source source,
		    int (*visit)(const struct elf_note *note, void *ctx, struct error *e),
		    void *ctx, struct error *e)
{
	struct elf_note note;
	const u8 *at = NULL, *end;
	u64 size;
	int ret;
	u32 i;

	for (i = 0; (ret = note_area(elf, source, i, &at, &size, e)) > 0; i++) {
		if (!size)
			continue;
		end = at + size;
		while ((at = note_next(at, end, &note))) {
			ret = visit(&note, ctx, e);
			if (ret)
				return ret;
		}
	}
	return ret;
}

/* ---------------------------------------------------------- sections */

static bool name_at(const struct elf *elf, const Elf64_Shdr *strings, u32 offset, const char *name)
{
	u64 len = strlen(name) + 1;
	const u8 *p;

	if (offset > strings->sh_size || len > strings->sh_size - offset)
		return false;
	p = elf_range(elf, strings->sh_offset, strings->sh_size);
	return p && !memcmp(p + offset, name, len);
}

const u8 *elf_section(const struct elf *elf, const char *name, size_t *size)
{
	Elf64_Shdr strings, s;
	u32 i;

	if (!elf_section_header(elf, elf->header.e_shstrndx, &strings))
		return NULL;
	for (i = 0; elf_section_header(elf, i, &s); i++) {
		if (s.sh_type == SHT_NOBITS || !s.sh_size ||
		    !name_at(elf, &strings, s.sh_name, name))
			continue;
		*size = s.sh_size;
		return elf_range(elf, s.sh_offset, s.sh_size);
	}
	return NULL;
}
