// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See xencore.h. The file, in this order: ELF header, section headers, names, notes, vCPUs,
 * the list of frames, memory.
 *
 * The list says of each page in the file which frame it is, and has two forms: .xen_p2m
 * with pairs of a pseudo-physical and a machine frame number, for guests that know of
 * both, and .xen_pfn with one number. crash takes the list of a Linux without pv_init_ops
 * (4.20 and later) for .xen_pfn when it looks for a page, and for .xen_p2m, with pfn n in
 * the n-th pair, when it makes a pfn of what page tables say. One list is both if every
 * other page is none: pairs of XENCORE_NO_PFN and n are right as pairs, and say as single
 * numbers that frame n is page 2n + 1. The pages between are holes, and take no room.
 *
 * It reads pairs by the page, and, for a frame that is not there, far beyond the list's
 * end; so memory comes behind it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/version.h>

#include "corefile.h"
#include "xencore.h"

#define XEN		"Xen"
#define PAIRS		512	/* that crash reads at once */

struct pair {
	u64 none;
	u64 pfn;
};

/* Of the hypervisor, as the guest was told. */
struct xen_version {
	u64 major, minor;
	xen_extraversion_t extra;
	xen_compile_info_t compile;
	xen_capabilities_info_t capabilities;
	xen_changeset_info_t changeset;
	xen_platform_parameters_t parameters;
	u64 page_size;
};

enum section { NONE, NAMES, NOTES, VCPUS, FRAMES, PAGES, SECTIONS };

/* Names behind one another, each with its NUL. */
static const char names[] = "\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_pfn\0.xen_pages";

/** struct xencore - @section: headers; what is in the sections goes by them */
struct xencore {
	int fd;
	const struct domain *d;
	const struct pvhv_regs *regs;
	unsigned int nr_vcpus;
	Elf64_Shdr section[SECTIONS];
};

/* --------------------------------------------------------------- notes */

static size_t note_size(size_t desc)
{
	return sizeof(Elf64_Nhdr) + sizeof(XEN) + corefile_padded(desc);
}

static size_t notes_size(void)
{
	return note_size(0) + note_size(sizeof(struct xencore_header)) +
	       note_size(sizeof(struct xen_version)) + note_size(sizeof(u64));
}

static int write_notes(const struct xencore *c, struct error *e)
{
	struct xencore_header header = {
		.magic = XENCORE_TRANSLATED, .nr_vcpus = c->nr_vcpus,
		.nr_pages = xencore_index(c->d->nr_pages) - 1, .page_size = PAGE_SIZE,
	};
	struct xen_version version = {
		.major = 4, .minor = 17, .extra = ".0-pvhv", .compile = { .compile_by = "pvhv" },
		.capabilities = "xen-3.0-x86_64 ",
		.parameters.virt_start = 0xffff800000000000, .page_size = PAGE_SIZE,
	};
	u64 format = XENCORE_FORMAT;
	u8 *notes = calloc(1, notes_size()), *at = notes;
	int ret;

	if (!notes)
		return error_set(e, "no memory for the notes of a core file");
	at = corefile_note(at, XEN, XEN_ELFNOTE_DUMPCORE_NONE, NULL, 0);
	at = corefile_note(at, XEN, XEN_ELFNOTE_DUMPCORE_HEADER, &header, sizeof(header));
	at = corefile_note(at, XEN, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &version, sizeof(version));
	corefile_note(at, XEN, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &format, sizeof(format));
	ret = corefile_write(c->fd, notes, notes_size(), c->section[NOTES].sh_offset, e);
	free(notes);
	return ret;
}

/* --------------------------------------------------------------- vCPUs */

static void fill_registers(const struct pvhv_regs *r, struct cpu_user_regs *u)
{
	u64 flag = 1UL << 9;

	*u = (struct cpu_user_regs){
		.r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12, .rbp = r->rbp,
		.rbx = r->rbx, .r11 = r->r11, .r10 = r->r10, .r9 = r->r9, .r8 = r->r8,
		.rax = r->rax, .rcx = r->rcx, .rdx = r->rdx, .rsi = r->rsi, .rdi = r->rdi,
		.rip = r->rip, .cs = (u16)r->cs, .saved_upcall_mask = !!r->events_masked,
		.rflags = (r->rflags & ~flag) | (r->events_masked ? 0 : flag), .rsp = r->rsp,
		.ss = (u16)r->ss, .es = (u16)r->es, .ds = (u16)r->ds, .fs = (u16)r->fs,
		.gs = (u16)r->gs,
	};
}

static int write_vcpus(const struct xencore *c, struct error *e)
{
	u64 offset = c->section[VCPUS].sh_offset;
	unsigned int i;

	for (i = 0; i < c->nr_vcpus; i++) {
		const struct pvhv_regs *r = &c->regs[i];
		struct vcpu_guest_context v = {
			.flags = VGCF_online | (r->user_mode ? 0 : VGCF_in_kernel),
			.ctrlreg = { [2] = r->cr2, [3] = r->cr3_gfn << PAGE_SHIFT },
			.fs_base = r->fs_base, .gs_base_kernel = r->gs_base_kernel,
			.gs_base_user = r->gs_base_user,
		};

		fill_registers(r, &v.user_regs);
		if (corefile_write(c->fd, &v, sizeof(v), offset + i * sizeof(v), e))
			return -1;
	}
	return 0;
}

/* -------------------------------------------------------------- memory */

static u64 nr_pairs(const struct domain *d)
{
	return (d->nr_pages + PAIRS - 1) / PAIRS * PAIRS;
}

static int write_frames(const struct xencore *c, struct error *e)
{
	u64 offset = c->section[FRAMES].sh_offset, gfn;
	struct pair pairs[PAIRS];
	unsigned int i;

	for (gfn = 0; gfn < nr_pairs(c->d); gfn += PAIRS) {
		for (i = 0; i < PAIRS; i++)
			pairs[i] = (struct pair){
				.none = XENCORE_NO_PFN,
				.pfn = gfn + i < c->d->nr_pages ? gfn + i : XENCORE_NO_PFN,
			};
		if (corefile_write(c->fd, pairs, sizeof(pairs), offset + gfn * sizeof(*pairs), e))
			return -1;
	}
	return 0;
}

static int write_pages(const struct xencore *c, struct error *e)
{
	const Elf64_Shdr *s = &c->section[PAGES];
	u64 gfn;

	if (corefile_resize(c->fd, s->sh_offset + s->sh_size, e))
		return -1;
	for (gfn = 0; gfn < c->d->nr_pages; gfn++) {
		const u8 *page = c->d->mem + (gfn << PAGE_SHIFT);

		if (corefile_is_zero(page))
			continue;
		if (corefile_write(c->fd, page, PAGE_SIZE,
				   s->sh_offset + (xencore_index(gfn) << PAGE_SHIFT), e))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------- headers */

/* Where everything is. */
static void lay_out(struct xencore *c)
{
	u64 at = sizeof(Elf64_Ehdr) + sizeof(c->section), pages = 2 * c->d->nr_pages;
	const char *name = names;
	unsigned int i;

	c->section[NAMES] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_size = sizeof(names) };
	c->section[NOTES] = (Elf64_Shdr){ .sh_type = SHT_NOTE, .sh_size = notes_size() };
	c->section[VCPUS] = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS, .sh_entsize = sizeof(struct vcpu_guest_context),
		.sh_size = c->nr_vcpus * sizeof(struct vcpu_guest_context),
	};
	c->section[FRAMES] = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS, .sh_entsize = sizeof(u64), .sh_addralign = PAGE_SIZE,
		.sh_size = pages * sizeof(u64),
	};
	c->section[PAGES] = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS, .sh_entsize = PAGE_SIZE, .sh_addralign = PAGE_SIZE,
		.sh_size = pages << PAGE_SHIFT,
	};
	for (i = NAMES; i < SECTIONS; i++) {
		Elf64_Shdr *s = &c->section[i];

		name += strlen(name) + 1;
		s->sh_name = (Elf64_Word)(name - names);
		if (!s->sh_addralign)
			s->sh_addralign = sizeof(u64);
		at = (at + s->sh_addralign - 1) & ~(s->sh_addralign - 1);
		s->sh_offset = at;
		at += i == FRAMES ? nr_pairs(c->d) * sizeof(struct pair) : s->sh_size;
	}
}

static int write_headers(const struct xencore *c, struct error *e)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_shoff = sizeof(h), .e_ehsize = sizeof(h), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS, .e_shstrndx = NAMES,
	};

	if (corefile_write(c->fd, &h, sizeof(h), 0, e) ||
	    corefile_write(c->fd, c->section, sizeof(c->section), sizeof(h), e))
		return -1;
	return corefile_write(c->fd, names, sizeof(names), c->section[NAMES].sh_offset, e);
}

int xencore_write(int fd, const struct domain *d, const struct pvhv_regs *regs, unsigned int nr,
		  struct error *e)
{
	struct xencore c = { .fd = fd, .d = d, .regs = regs, .nr_vcpus = nr };

	lay_out(&c);
	if (write_headers(&c, e) || write_notes(&c, e) || write_vcpus(&c, e) ||
	    write_frames(&c, e))
		return -1;
	return write_pages(&c, e);
}
