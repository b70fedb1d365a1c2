// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See notes.h. Pure. */
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#include "notes.h"

/* Where the module's own part of the guest's address space begins. */
#define HYPERVISOR_HOLE_START	0xffff800000000000ULL

/* Features (xen/features.h) that a PV guest on x86-64 may insist on here. */
static const char * const features_served[] = {
	"writable_page_tables", "pae_pgdir_above_4gb", "mmu_pt_update_preserve_ad",
	"highmem_assist", "gnttab_map_avail_bits",
};

/**
 * struct note_desc - where a note goes
 * @key: its name in the old string, NULL if it has none
 * @size: of a string's member; 0: a number of 8 bytes
 */
static const struct note_desc {
	u32 type;
	const char *key;
	size_t offset;
	size_t size;
} note_descs[] = {
#define NUMBER(type, key, member) { type, key, offsetof(struct xen_notes, member), 0 }
#define STRING(type, key, member) { type, key, offsetof(struct xen_notes, member), \
				    sizeof(((struct xen_notes *)0)->member) }
	NUMBER(XEN_ELFNOTE_ENTRY, "VIRT_ENTRY", entry),
	NUMBER(XEN_ELFNOTE_HYPERCALL_PAGE, "HYPERCALL_PAGE", hypercall_page),
	NUMBER(XEN_ELFNOTE_VIRT_BASE, "VIRT_BASE", virt_base),
	NUMBER(XEN_ELFNOTE_PADDR_OFFSET, "ELF_PADDR_OFFSET", paddr_offset),
	NUMBER(XEN_ELFNOTE_HV_START_LOW, NULL, hv_start_low),
	NUMBER(XEN_ELFNOTE_INIT_P2M, NULL, init_p2m),
	NUMBER(XEN_ELFNOTE_MOD_START_PFN, NULL, mod_start_pfn),
	STRING(XEN_ELFNOTE_XEN_VERSION, "XEN_VER", xen_version),
	STRING(XEN_ELFNOTE_GUEST_OS, "GUEST_OS", guest_os),
	STRING(XEN_ELFNOTE_LOADER, "LOADER", loader),
	STRING(XEN_ELFNOTE_FEATURES, "FEATURES", features),
#undef NUMBER
#undef STRING
};

static u64 *note_number(struct xen_notes *notes, const struct note_desc *desc)
{
	return (u64 *)((char *)notes + desc->offset);
}

static int note_set_string(struct xen_notes *notes, const struct note_desc *desc,
			   const void *text, size_t len, struct error *e)
{
	char *out = (char *)notes + desc->offset;

	len = strnlen(text, len);
	if (len >= desc->size)
		return error_set(e, "Xen note %u is longer than %zu characters", desc->type,
				 desc->size - 1);
	memcpy(out, text, len);
	out[len] = 0;
	return 0;
}

static int note_set_number(struct xen_notes *notes, const struct note_desc *desc,
			   const struct elf_note *note, struct error *e)
{
	u64 val = 0;

	if (note->desc_len != 1 && note->desc_len != 2 && note->desc_len != 4 &&
	    note->desc_len != 8)
		return error_set(e, "Xen note %u is a number of %u bytes", desc->type,
				 note->desc_len);
	memcpy(&val, note->desc, note->desc_len);
	*note_number(notes, desc) = val;
	return 0;
}

static int note_visit(const struct elf_note *note, void *ctx, struct error *e)
{
	struct xen_notes *notes = ctx;
	size_t i;

	if (note->name_len != sizeof("Xen") || memcmp(note->name, "Xen", sizeof("Xen")) ||
	    note->type > XEN_ELFNOTE_MAX)
		return 0;
	notes->present |= 1U << note->type;
	for (i = 0; i < ARRAY_SIZE(note_descs); i++) {
		if (note_descs[i].type != note->type)
			continue;
		if (note_descs[i].size)
			return note_set_string(notes, &note_descs[i], note->desc, note->desc_len, e);
		return note_set_number(notes, &note_descs[i], note, e);
	}
	return 0;
}

/* ---------------------------------------------------------- the old string */

static int legacy_set(struct xen_notes *notes, char *pair, struct error *e)
{
	char *value = strchr(pair, '='), *end;
	size_t i;

	if (value)
		*value++ = 0;
	for (i = 0; i < ARRAY_SIZE(note_descs); i++) {
		const struct note_desc *desc = &note_descs[i];

		if (!desc->key || strcmp(desc->key, pair) || !value)
			continue;
		notes->present |= 1U << desc->type;
		if (desc->size)
			return note_set_string(notes, desc, value, strlen(value), e);
		*note_number(notes, desc) = strtoull(value, &end, 0);
		if (*end || end == value)
			return error_set(e, "section __xen_guest: %s=%s is no number", pair, value);
	}
	return 0;
}

/* There, the hypercall page is a page's number, and PADDR_OFFSET has another default. */
static void legacy_finish(struct xen_notes *notes)
{
	notes->legacy = true;
	if (notes_have(notes, XEN_ELFNOTE_HYPERCALL_PAGE))
		notes->hypercall_page = notes->virt_base + notes->hypercall_page * 4096;
	if (!notes_have(notes, XEN_ELFNOTE_PADDR_OFFSET))
		notes->paddr_offset = notes->virt_base;
}

static int legacy_parse(const struct elf *elf, struct xen_notes *notes, struct error *e)
{
	char text[1024], *pair, *save;
	const u8 *section;
	size_t size;

	section = elf_section(elf, "__xen_guest", &size);
	if (!section)
		return 0;
	size = strnlen((const char *)section, size);
	if (size >= sizeof(text))
		return error_set(e, "section __xen_guest is longer than %zu bytes",
				 sizeof(text) - 1);
	memcpy(text, section, size);
	text[size] = 0;
	for (pair = strtok_r(text, ",", &save); pair; pair = strtok_r(NULL, ",", &save))
		if (legacy_set(notes, pair, e))
			return -1;
	legacy_finish(notes);
	return 0;
}

/* ---------------------------------------------------------- what they say */

static bool feature_served(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features_served); i++)
		if (!strcmp(name, features_served[i]))
			return true;
	return false;
}

/* "a|!b": b is a condition, a is not. */
static int features_check(const char *features, struct error *e)
{
	char text[sizeof(((struct xen_notes *)0)->features)], *name, *save;

	memcpy(text, features, sizeof(text));
	for (name = strtok_r(text, "|", &save); name; name = strtok_r(NULL, "|", &save))
		if (name[0] == '!' && !feature_served(name + 1))
			return error_set(e, "the kernel requires the Xen feature '%s', which pvhv does not have",
					 name + 1);
	return 0;
}

static int notes_check(const struct xen_notes *n, struct error *e)
{
	if (!n->present && !n->legacy)
		return error_set(e, "no Xen notes: not a kernel for Xen PV (Linux needs CONFIG_XEN_PV)");
	if (notes_have(n, XEN_ELFNOTE_PHYS32_ENTRY) && !notes_have(n, XEN_ELFNOTE_ENTRY) &&
	    !notes_have(n, XEN_ELFNOTE_HYPERCALL_PAGE))
		return error_set(e, "a kernel for Xen PVH, without PV entry point (Linux needs CONFIG_XEN_PV)");
	if (n->xen_version[0] && strncmp(n->xen_version, "xen-3.0", 7))
		return error_set(e, "the kernel is for Xen version '%s', not 'xen-3.0'",
				 n->xen_version);
	if (n->loader[0] && strncmp(n->loader, "generic", 7) && strncmp(n->guest_os, "linux", 5))
		return error_set(e, "the kernel wants a loader of its own, '%s'", n->loader);
	if (notes_have(n, XEN_ELFNOTE_HV_START_LOW) && n->hv_start_low > HYPERVISOR_HOLE_START)
		return error_set(e, "the kernel needs the addresses from %llx on for itself",
				 (unsigned long long)HYPERVISOR_HOLE_START);
	return features_check(n->features, e);
}

int notes_parse(const struct elf *elf, struct xen_notes *notes, struct error *e)
{
	*notes = (struct xen_notes){};
	if (elf_visit_notes(elf, ELF_NOTES_IN_SEGMENTS, note_visit, notes, e))
		return -1;
	if (!notes->present && elf_visit_notes(elf, ELF_NOTES_IN_SECTIONS, note_visit, notes, e))
		return -1;
	if (!notes->present && legacy_parse(elf, notes, e))
		return -1;
	return notes_check(notes, e);
}
