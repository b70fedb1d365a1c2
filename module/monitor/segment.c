// SPDX-License-Identifier: GPL-2.0
/* See segment.h. */
#include "segment.h"
#include "cpu.h"
#include "descriptor.h"
#include "frame.h"
#include "guestmem.h"

#define PER_PAGE	512
#define LDT_PAGES	16

/* entry.S: 1, or 0 with the register null if the CPU refuses the selector. */
u32 segment_try_load_ds(u16 sel);
u32 segment_try_load_es(u16 sel);
u32 segment_try_load_fs(u16 sel);
u32 segment_try_load_gs(u16 sel);
u32 segment_try_lldt(u16 sel);

static u64 *area_table(struct vcpu *v, u64 offset)
{
	return (u64 *)((u64)v - AREA_VCPU + offset);
}

/* -------------------------------------------------------------- tables */

static bool frame_content_good(struct vcpu *v, gfn_t g, u32 entries)
{
	const u64 *from = guestmem_gfn_ptr(v->d, g);
	u32 i;

	for (i = 0; i < entries; i++) {
		u64 desc = READ_ONCE(from[i]);

		if (!descriptor_check(&desc))
			return false;
	}
	return true;
}

/*
 * Hold the frames of a table as such, if their content is good: all of them or none.
 * From then on the guest cannot change them.
 */
static long hold_frames(struct vcpu *v, const u64 *frames, u32 entries)
{
	u32 i, left = entries;
	long err = 0;

	for (i = 0; left; i++, left -= min(left, (u32)PER_PAGE)) {
		err = frame_get_segment(v, gfn(frames[i]));
		if (err)
			break;
		if (!frame_content_good(v, gfn(frames[i]), min(left, (u32)PER_PAGE))) {
			frame_put_segment(v, gfn(frames[i]));
			err = -EINVAL;
			break;
		}
	}
	while (err && i)
		frame_put_segment(v, gfn(frames[--i]));
	return err;
}

/* A checked copy of a frame that is held. What the VMM has spoilt since is left out. */
static void copy_frame(struct vcpu *v, gfn_t g, u64 *to, u32 entries)
{
	const u64 *from = guestmem_gfn_ptr(v->d, g);
	u32 i;

	for (i = 0; i < entries; i++) {
		u64 desc = READ_ONCE(from[i]);

		to[i] = descriptor_check(&desc) ? desc : 0;
	}
	memset(to + entries, 0, (PER_PAGE - entries) * sizeof(u64));
}

/* Frames that are held and their copies at @table replace what is in @used. */
static void install(struct vcpu *v, u64 *used, u64 *table, const u64 *frames, u32 entries)
{
	u32 i, left = entries;

	for (i = 0; left; i++, left -= min(left, (u32)PER_PAGE)) {
		used[i] = frames[i];
		copy_frame(v, gfn(frames[i]), table + i * PER_PAGE, min(left, (u32)PER_PAGE));
	}
}

static void gdt_release(struct vcpu *v)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(v->gdt_frames); i++) {
		if (v->gdt_frames[i] == ~0ULL)
			continue;
		frame_put_segment(v, gfn(v->gdt_frames[i]));
		v->gdt_frames[i] = ~0ULL;
		memset(area_table(v, AREA_GDT_GUEST) + i * PER_PAGE, 0, PVHV_PAGE_SIZE);
	}
	v->gdt_entries = 0;
}

/* set_gdt(frames, entries): an error leaves the old one in place. */
long hypercall_set_gdt(struct vcpu *v, u64 arg[6])
{
	u64 frames[ARRAY_SIZE(v->gdt_frames)];
	u32 entries = (u32)arg[1];
	long err;

	if (arg[1] > ARRAY_SIZE(frames) * PER_PAGE)
		return -EINVAL;
	if (guestmem_read(v, frames, arg[0],
			  (entries + PER_PAGE - 1) / PER_PAGE * sizeof(u64), NULL))
		return -EFAULT;
	err = hold_frames(v, frames, entries);
	if (err)
		return err;
	gdt_release(v);
	install(v, v->gdt_frames, area_table(v, AREA_GDT_GUEST), frames, entries);
	v->gdt_entries = entries;
	return 0;
}

static void ldt_release(struct vcpu *v)
{
	u32 i;

	for (i = 0; i < LDT_PAGES; i++) {
		if (v->ldt_frames[i] == ~0ULL)
			continue;
		frame_put_segment(v, gfn(v->ldt_frames[i]));
		v->ldt_frames[i] = ~0ULL;
	}
	v->ldt_entries = 0;
}

/* The LDT's descriptor in the reserved page has its base for good; size follows. */
static void ldt_load(struct vcpu *v)
{
	u64 *desc = area_table(v, AREA_GDT_GUEST + SEL_LDT);
	u64 limit = v->ldt_entries * sizeof(u64) - 1;

	if (!v->ldt_entries) {
		segment_try_lldt(0);
		return;
	}
	*desc = (*desc & ~(0xffffULL | 15ULL << 48)) | (limit & 0xffff) | (limit >> 16 & 15) << 48;
	segment_try_lldt(SEL_LDT);
}

long segment_set_ldt(struct vcpu *v, u64 va, u64 entries)
{
	u64 frames[LDT_PAGES], page;
	gfn_t g;
	long err;

	if (entries > LDT_PAGES * PER_PAGE || va & (PVHV_PAGE_SIZE - 1))
		return -EINVAL;
	for (page = 0; page * PER_PAGE < entries; page++) {
		if (guestmem_translate(v, va + page * PVHV_PAGE_SIZE, &g))
			return -EFAULT;
		frames[page] = g.n;
	}
	err = hold_frames(v, frames, (u32)entries);
	if (err)
		return err;
	ldt_release(v);
	install(v, v->ldt_frames, area_table(v, AREA_LDT), frames, (u32)entries);
	v->ldt_entries = (u32)entries;
	ldt_load(v);
	return 0;
}

/* Write a checked descriptor to every copy of entry @index of @frame on @v. */
static void update_copies(struct vcpu *v, u64 frame, u32 index, u64 desc)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
		if (v->gdt_frames[i] == frame && i * PER_PAGE + index < v->gdt_entries)
			WRITE_ONCE(area_table(v, AREA_GDT_GUEST)[i * PER_PAGE + index], desc);
	for (i = 0; i < LDT_PAGES; i++)
		if (v->ldt_frames[i] == frame && i * PER_PAGE + index < v->ldt_entries)
			WRITE_ONCE(area_table(v, AREA_LDT)[i * PER_PAGE + index], desc);
}

/* update_descriptor(machine address, descriptor) */
long hypercall_update_descriptor(struct vcpu *v, u64 arg[6])
{
	gfn_t g = gfn(arg[0] >> PVHV_PAGE_SHIFT);
	u32 index = (u32)((arg[0] & (PVHV_PAGE_SIZE - 1)) / sizeof(u64)), i;
	u64 desc = arg[1];
	bool segment;

	if (arg[0] & 7 || !frame_owned(v->d, g) || !descriptor_check(&desc))
		return -EINVAL;
	segment = v->d->frames[g.n].type == FRAME_SEGMENT;
	if (!segment) {
		long err = frame_get_writable(v, g);

		if (err)
			return err;
	}
	WRITE_ONCE(((u64 *)guestmem_gfn_ptr(v->d, g))[index], arg[1]);
	if (!segment) {
		frame_put_writable(v, g);
		return 0;
	}
	for (i = 0; i < v->d->nr_vcpus && i < DOMAIN_MAX_VCPUS; i++)
		if (v->d->vcpus[i])
			update_copies(v->d->vcpus[i], g.n, index, desc);
	return 0;
}

/* ---------------------------------------------------- selectors, bases */

static void write_fs_base(struct vcpu *v, u64 base)
{
	if (vcpu_has(v, FEATURE_FSGSBASE))
		cpu_wrfsbase(base);
	else
		cpu_wrmsr(MSR_FS_BASE, base);
}

static void write_gs_base(struct vcpu *v, u64 base)
{
	if (vcpu_has(v, FEATURE_FSGSBASE))
		cpu_wrgsbase(base);
	else
		cpu_wrmsr(MSR_GS_BASE, base);
}

u64 segment_fs_base(struct vcpu *v)
{
	return vcpu_has(v, FEATURE_FSGSBASE) ? cpu_rdfsbase() : cpu_rdmsr(MSR_FS_BASE);
}

u64 segment_gs_base(struct vcpu *v)
{
	return vcpu_has(v, FEATURE_FSGSBASE) ? cpu_rdgsbase() : cpu_rdmsr(MSR_GS_BASE);
}

void segment_init(struct vcpu *v)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
		v->gdt_frames[i] = ~0ULL;
	for (i = 0; i < LDT_PAGES; i++)
		v->ldt_frames[i] = ~0ULL;
}

/*
 * The live GS base is the one of the guest's mode; the other waits in KERNEL_GS_BASE,
 * so that changing modes is one SWAPGS.
 */
bool segment_load(struct vcpu *v)
{
	const struct world_context *c = &v->w->context;
	bool good = true;

	if (unlikely(v->ldt_entries))
		ldt_load(v);
	if (unlikely(c->ds | c->es | c->fs | c->gs)) {
		good &= segment_try_load_ds((u16)c->ds);
		good &= segment_try_load_es((u16)c->es);
		good &= segment_try_load_fs((u16)c->fs);
		good &= segment_try_load_gs((u16)c->gs);
	}
	write_fs_base(v, c->fs_base);
	write_gs_base(v, v->user_mode ? c->gs_base_user : c->gs_base_kernel);
	cpu_wrmsr(MSR_KERNEL_GS_BASE, v->user_mode ? c->gs_base_kernel : c->gs_base_user);
	return good;
}

void segment_save(struct vcpu *v)
{
	struct world_context *c = &v->w->context;
	u64 live = segment_gs_base(v), other = cpu_rdmsr(MSR_KERNEL_GS_BASE);

	c->ds = cpu_read_ds();
	c->es = cpu_read_es();
	c->fs = cpu_read_fs();
	c->gs = cpu_read_gs();
	c->fs_base = segment_fs_base(v);
	c->gs_base_user = v->user_mode ? live : other;
	c->gs_base_kernel = v->user_mode ? other : live;
}

/* set_segment_base(which, base): called in guest kernel mode, whose GS base is live. */
long hypercall_set_segment_base(struct vcpu *v, u64 arg[6])
{
	u64 base = arg[1];

	if (arg[0] != SEGBASE_GS_USER_SEL && !lib_canonical(base))
		return -EINVAL;
	switch (arg[0]) {
	case SEGBASE_FS:
		write_fs_base(v, base);
		return 0;
	case SEGBASE_GS_KERNEL:
		write_gs_base(v, base);
		return 0;
	case SEGBASE_GS_USER:
		cpu_wrmsr(MSR_KERNEL_GS_BASE, base);
		return 0;
	case SEGBASE_GS_USER_SEL:
		/* Loading a selector sets the live base: do it on the user's. */
		cpu_swapgs();
		segment_try_load_gs((u16)base);
		cpu_swapgs();
		return 0;
	default:
		return -EINVAL;
	}
}
