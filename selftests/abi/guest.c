// SPDX-License-Identifier: GPL-2.0
/* See guest.h. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

/* Present, writable, user, accessed, dirty. */
#define PTE_RO		0x065
#define PTE_RW		0x067

u64 *guest_table(struct guest *g, unsigned int gfn)
{
	return (u64 *)(g->mem + gfn * PAGE);
}

static void build_tables(struct guest *g)
{
	u64 *l1 = guest_table(g, GFN_L1);
	unsigned int i;

	guest_table(g, GFN_L4)[0] = GFN_L3 * PAGE | PTE_RW;
	guest_table(g, GFN_L3)[0] = GFN_L2 * PAGE | PTE_RW;
	guest_table(g, GFN_L2)[GUEST_VA >> 21] = GFN_L1 * PAGE | PTE_RW;
	for (i = 0; i < NR_MAPPED; i++)
		l1[i] = i * PAGE | (i == GFN_CODE ? PTE_RO : PTE_RW);
	l1[PAGE_SHARED] = g->special_gfn * PAGE | PTE_RW;
}

static void create_domain(struct guest *g, const char *name)
{
	struct pvhv_create_domain c = { .size = sizeof(c), .max_pages = GUEST_PAGES };
	int dev = device();

	strncpy(c.name, name, sizeof(c.name) - 1);
	g->domain = (int)call(dev, PVHV_CREATE_DOMAIN, &c);
	g->special_gfn = c.special_gfn;
	close(dev);
	if (g->domain < 0)
		bail("cannot create domain %s", name);
}

void guest_create(struct guest *g, const char *name, const char *code)
{
	memset(g, 0, sizeof(*g));
	create_domain(g, name);
	g->mem = pages_map(GUEST_PAGES, PROT_READ | PROT_WRITE);
	g->data = (u64 *)(g->mem + GFN_DATA * PAGE);
	memcpy(g->mem, code_start, (size_t)(code_end - code_start));
	build_tables(g);
	if (give(g->domain, 0, GUEST_PAGES, g->mem))
		bail("cannot give memory");
	g->vcpu = vcpu_create(g->domain, 0);
	if (g->vcpu < 0)
		bail("cannot create a vCPU");
	g->run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
	if (g->run == MAP_FAILED)
		bail("cannot map the run page");
	g->regs = (struct pvhv_regs){
		.size = sizeof(g->regs), .rip = GUEST_VA + (u64)(code - code_start),
		.rsp = GUEST_VA + (GFN_STACK + 1) * PAGE, .rflags = 0x202, .cr3_gfn = GFN_L4,
	};
}

void guest_ready(struct guest *g, const char *name, const char *code)
{
	guest_create(g, name, code);
	if (guest_set_regs(g))
		bail("cannot set registers");
}

void guest_free(struct guest *g)
{
	if (g->run)
		munmap(g->run, PAGE);
	if (g->vcpu >= 0)
		close(g->vcpu);
	if (g->domain >= 0)
		close(g->domain);
	if (g->mem)
		munmap(g->mem, GUEST_PAGES * PAGE);
	*g = (struct guest){ .domain = -1, .vcpu = -1 };
}

long guest_set_regs(struct guest *g)
{
	return call(g->vcpu, PVHV_SET_REGS, &g->regs);
}

long guest_run(struct guest *g)
{
	return call(g->vcpu, PVHV_RUN, NULL);
}

long guest_end(struct guest *g)
{
	long ret;

	do {
		ret = guest_run(g);
		if (ret && ret != -EINTR)
			return ret;
	} while (ret || (g->run->reason != PVHV_EXIT_SHUTDOWN && g->run->reason != PVHV_EXIT_CRASH));
	return g->run->reason;
}

long guest_crash(struct guest *g)
{
	long ret = guest_end(g);

	if (ret != PVHV_EXIT_CRASH)
		return ret < 0 ? ret : -1 - ret;
	return g->run->crash.reason;
}
