// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See core.h. The file, in this order: ELF header, program headers, notes, padding up to
 * a page, memory. The first PT_LOAD is all physical memory; then one for each run of the
 * address space. Nothing that the guest has in its memory decides more than what is in
 * the file and which addresses it has there.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "core.h"
#include "corefile.h"
#include "xencore.h"

/* Readers differ on more program headers than 16 bits can count. */
#define RUNS_MAX	(PN_XNUM - 3)

#define CORE		"CORE"
#define VMCOREINFO	"VMCOREINFO"
#define VMCOREINFO_DESC	(sizeof(Elf64_Nhdr) + corefile_padded(sizeof(VMCOREINFO)))	/* its offset */

#define CHUNK		(1UL << 20)	/* written at once */

/**
 * struct core - what the headers consist of
 * @vmcoreinfo: the guest's, in its memory; NULL: it has none
 * @data: offset of memory in the file
 */
struct core {
	int fd;
	const struct domain *d;
	const struct pvhv_regs *regs;
	unsigned int nr_vcpus;
	struct gva_run *runs;
	size_t nr_runs;
	const u8 *vmcoreinfo;
	u32 vmcoreinfo_len;
	u64 data;
};

/* --------------------------------------------------------------- notes */

/*
 * Linux keeps a finished ELF note with its version and the addresses that dump tools ask
 * for, at the start of a page; nobody tells us which.
 */
static void find_vmcoreinfo(struct core *c)
{
	static const char first[] = "OSRELEASE=";
	Elf64_Nhdr h;
	u64 gfn;

	for (gfn = 0; gfn < c->d->nr_pages; gfn++) {
		const u8 *page = c->d->mem + (gfn << PAGE_SHIFT), *desc;

		memcpy(&h, page, sizeof(h));
		desc = page + VMCOREINFO_DESC;
		if (h.n_namesz != sizeof(VMCOREINFO) || h.n_type || !h.n_descsz ||
		    h.n_descsz > PAGE_SIZE - VMCOREINFO_DESC ||
		    memcmp(page + sizeof(h), VMCOREINFO, sizeof(VMCOREINFO)) ||
		    memcmp(desc, first, sizeof(first) - 1))
			continue;
		c->vmcoreinfo = desc;
		c->vmcoreinfo_len = h.n_descsz;
		return;
	}
}

static size_t notes_size(const struct core *c)
{
	size_t header = sizeof(Elf64_Nhdr), size;

	size = c->nr_vcpus * (header + corefile_padded(sizeof(CORE)) + corefile_padded(sizeof(struct elf_prstatus)));
	if (c->vmcoreinfo)
		size += header + corefile_padded(sizeof(VMCOREINFO)) + corefile_padded(c->vmcoreinfo_len);
	return size;
}

/* As the guest's own exception frames show them: ring 0, and its virtual IF. */
static void fill_registers(const struct pvhv_regs *r, struct user_regs_struct *u)
{
	u64 rpl = r->user_mode ? 3 : 0, flag = 1UL << 9;

	*u = (struct user_regs_struct){
		.r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12, .rbp = r->rbp,
		.rbx = r->rbx, .r11 = r->r11, .r10 = r->r10, .r9 = r->r9, .r8 = r->r8,
		.rax = r->rax, .rcx = r->rcx, .rdx = r->rdx, .rsi = r->rsi, .rdi = r->rdi,
		.orig_rax = ~0ULL, .rip = r->rip, .cs = (r->cs & ~3ULL) | rpl,
		.eflags = (r->rflags & ~flag) | (r->events_masked ? 0 : flag), .rsp = r->rsp,
		.ss = (r->ss & ~3ULL) | rpl, .fs_base = r->fs_base,
		.gs_base = r->user_mode ? r->gs_base_user : r->gs_base_kernel,
		.ds = r->ds, .es = r->es, .fs = r->fs, .gs = r->gs,
	};
}

static int write_notes(const struct core *c, u64 offset, struct error *e)
{
	size_t size = notes_size(c);
	u8 *notes = calloc(1, size), *at = notes;
	unsigned int i;
	int ret;

	if (!notes)
		return error_set(e, "no memory for the notes of a core file");
	for (i = 0; i < c->nr_vcpus; i++) {
		struct elf_prstatus s = { .pr_pid = (int)i + 1 };
		struct user_regs_struct u;

		fill_registers(&c->regs[i], &u);
		_Static_assert(sizeof(u) == sizeof(s.pr_reg), "two names of the same");
		memcpy(&s.pr_reg, &u, sizeof(u));
		at = corefile_note(at, CORE, NT_PRSTATUS, &s, sizeof(s));
	}
	if (c->vmcoreinfo)
		at = corefile_note(at, VMCOREINFO, 0, c->vmcoreinfo, c->vmcoreinfo_len);
	ret = corefile_write(c->fd, notes, size, offset, e);
	free(notes);
	return ret;
}

/* ------------------------------------------------------------- headers */

static Elf64_Phdr load_header(const struct core *c, u64 va, u64 gfn, u64 pages)
{
	return (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X,
		.p_offset = c->data + (gfn << PAGE_SHIFT), .p_vaddr = va,
		.p_paddr = gfn << PAGE_SHIFT, .p_filesz = pages << PAGE_SHIFT,
		.p_memsz = pages << PAGE_SHIFT,
	};
}

static int write_headers(struct core *c, struct error *e)
{
	size_t nr = c->nr_runs + 2, i;
	u64 notes = sizeof(Elf64_Ehdr) + nr * sizeof(Elf64_Phdr);
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(h), .e_ehsize = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (u16)nr,
	};
	Elf64_Phdr *p = calloc(nr, sizeof(*p));
	int ret;

	if (!p)
		return error_set(e, "no memory for the headers of a core file");
	c->data = (notes + notes_size(c) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	p[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = notes, .p_filesz = notes_size(c) };
	p[1] = load_header(c, CORE_PHYSICAL, 0, c->d->nr_pages);
	for (i = 0; i < c->nr_runs; i++)
		p[i + 2] = load_header(c, c->runs[i].va, c->runs[i].gfn, c->runs[i].pages);
	ret = corefile_write(c->fd, &h, sizeof(h), 0, e) ||
	      corefile_write(c->fd, p, nr * sizeof(*p), sizeof(h), e) || write_notes(c, notes, e) ? -1 : 0;
	free(p);
	return ret;
}

/* -------------------------------------------------------------- memory */

static int write_memory(const struct core *c, struct error *e)
{
	const u8 *mem = c->d->mem;
	u64 size = c->d->nr_pages << PAGE_SHIFT, at = 0, end;

	if (corefile_resize(c->fd, c->data + size, e))
		return -1;
	while (at < size) {
		if (corefile_is_zero(mem + at)) {
			at += PAGE_SIZE;
			continue;
		}
		for (end = at + PAGE_SIZE; end < size && end - at < CHUNK; end += PAGE_SIZE)
			if (corefile_is_zero(mem + end))
				break;
		if (corefile_write(c->fd, mem + at, end - at, c->data + at, e))
			return -1;
		at = end;
	}
	return 0;
}

static int write_elf(int fd, const struct domain *d, const struct pvhv_regs *regs,
		     unsigned int nr, struct error *e)
{
	struct gva_space space = gva_space(d, regs[0].cr3_gfn);
	struct core c = { .fd = fd, .d = d, .regs = regs, .nr_vcpus = nr };
	bool more;
	int ret;

	if (gva_runs(&space, RUNS_MAX, &c.runs, &c.nr_runs, &more, e))
		return -1;
	find_vmcoreinfo(&c);
	ret = write_headers(&c, e) || write_memory(&c, e) ? -1 : 0;
	free(c.runs);
	return ret;
}

/* ------------------------------------------------------------- formats */

static const char * const formats[] = { [CORE_ELF] = "elf", [CORE_CRASH] = "crash" };

int core_format_parse(const char *text, enum core_format *format, struct error *e)
{
	unsigned int i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(text, formats[i]))
			continue;
		*format = (enum core_format)i;
		return 0;
	}
	return error_set(e, "'%s' is no format of core files: elf (for gdb) or crash", text);
}

const char *core_format_name(enum core_format format)
{
	return formats[format];
}

int core_write(int fd, enum core_format format, const struct domain *d,
	       const struct pvhv_regs *regs, unsigned int nr, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return error_set(e, "a core file has to be a regular file");
	if (format == CORE_CRASH)
		return xencore_write(fd, d, regs, nr, e);
	return write_elf(fd, d, regs, nr, e);
}

int core_save(const char *path, enum core_format format, const struct domain *d,
	      const struct pvhv_regs *regs, unsigned int nr, struct error *e)
{
	struct error why;
	struct stat st;
	int fd, ret;

	/* It holds all that the guest knows. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0)
		return error_set(e, "%s: %s", path, strerror(errno));
	ret = core_write(fd, format, d, regs, nr, &why);
	/* Some file systems have their say only now. */
	if (close(fd) && !ret)
		ret = error_set(&why, "cannot write the core file: %s", strerror(errno));
	if (ret) {
		error_set(e, "%s: %s", path, why.text);
		/* Half a core file is no use, and looks like one. */
		if (!stat(path, &st) && S_ISREG(st.st_mode))
			unlink(path);
	}
	return ret;
}
