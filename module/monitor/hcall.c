// SPDX-License-Identifier: GPL-2.0
/* See hcall.h. */
#include "hcall.h"
#include "event.h"
#include "guestmem.h"
#include "time.h"

#include <xen/features.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define ENODATA	61

/* What the interface looks like from outside: the ABI of Xen 4.17. */
#define VERSION	(4u << 16 | 17)

static long give(struct vcpu *v, u64 va, const void *data, u64 size)
{
	return guestmem_write(v, va, data, size, NULL) ? -EFAULT : 0;
}

static long get_features(struct vcpu *v, u64 va)
{
	struct xen_feature_info fi;

	if (guestmem_read(v, &fi, va, sizeof(fi), NULL))
		return -EFAULT;
	if (fi.submap_idx)
		return -EINVAL;
	fi.submap = 1u << XENFEAT_mmu_pt_update_preserve_ad |
		    1u << XENFEAT_pae_pgdir_above_4gb |
		    1u << XENFEAT_gnttab_map_avail_bits;
	return give(v, va, &fi, sizeof(fi));
}

long hypercall_xen_version(struct vcpu *v, u64 arg[6])
{
	static const xen_extraversion_t extra = ".0-pvhv";
	static const xen_capabilities_info_t caps = "xen-3.0-x86_64 ";
	static const xen_changeset_info_t none;
	static const xen_commandline_t no_command_line;
	struct xen_compile_info compile = { .compiler = "gcc", .compile_by = "pvhv" };
	struct xen_platform_parameters params = { .virt_start = 0xffff800000000000 };

	switch (arg[0]) {
	case XENVER_version:
		return VERSION;
	case XENVER_extraversion:
		return give(v, arg[1], extra, sizeof(extra));
	case XENVER_compile_info:
		return give(v, arg[1], &compile, sizeof(compile));
	case XENVER_capabilities:
		return give(v, arg[1], caps, sizeof(caps));
	case XENVER_changeset:
		return give(v, arg[1], none, sizeof(none));
	case XENVER_platform_parameters:
		return give(v, arg[1], &params, sizeof(params));
	case XENVER_get_features:
		return get_features(v, arg[1]);
	case XENVER_pagesize:
		return PVHV_PAGE_SIZE;
	case XENVER_guest_handle:
		return give(v, arg[1], none, sizeof(xen_domain_handle_t));
	case XENVER_commandline:
		return give(v, arg[1], no_command_line, sizeof(no_command_line));
	case XENVER_build_id:
		return -ENODATA;
	default:
		return -ENOSYS;
	}
}

static bool is_self(struct vcpu *v, u32 domid)
{
	return domid == DOMID_SELF || domid == v->d->id;
}

/* Neither more nor fewer frames than at the start: nothing to do is still success. */
static long change_reservation(struct vcpu *v, u64 va)
{
	struct xen_memory_reservation r;

	if (guestmem_read(v, &r, va, sizeof(r), NULL))
		return -EFAULT;
	return is_self(v, r.domid) ? 0 : -EPERM;
}

long hypercall_memory_op(struct vcpu *v, u64 arg[6])
{
	struct xen_machphys_mapping m = {
		.v_start = 0xffff800000000000, .v_end = 0xffff808000000000,
		.max_mfn = v->d->nr_frames - 1,
	};
	domid_t domid;

	switch (arg[0] & 0x3f) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return change_reservation(v, arg[1]);
	case XENMEM_maximum_ram_page:
		return (long)v->d->nr_frames - 1;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
		if (guestmem_read(v, &domid, arg[1], sizeof(domid), NULL))
			return -EFAULT;
		if (!is_self(v, domid))
			return -ESRCH;
		return (long)((arg[0] & 0x3f) == XENMEM_current_reservation ?
			      v->d->start_pages : v->d->max_pages);
	case XENMEM_machphys_mapping:
		return give(v, arg[1], &m, sizeof(m));
	default:
		return -ENOSYS;
	}
}

/* console_io(command, bytes, buffer): a part at a time, as much as the world page holds. */
static long console_write(struct vcpu *v, u64 arg[6])
{
	u64 n = min(arg[1], (u64)WORLD_CONSOLE_MAX);

	if (!n)
		return 0;
	if (v->exit)
		return -RESTART;
	if (guestmem_read(v, v->w->console, arg[2], n, NULL))
		return -EFAULT;
	vcpu_exit(v, EXIT_CONSOLE_WRITE, n);
	arg[1] -= n;
	arg[2] += n;
	return arg[1] ? -RESTART : 0;
}

/* First leave for the input, then, restarted, hand it over. */
static long console_read(struct vcpu *v, u64 arg[6])
{
	u64 n;

	if (!v->console_reading) {
		if (v->exit)
			return -RESTART;
		v->console_reading = true;
		v->w->console_len = 0;
		vcpu_exit(v, EXIT_CONSOLE_READ, min(arg[1], (u64)WORLD_CONSOLE_MAX));
		return -RESTART;
	}
	v->console_reading = false;
	n = min(min((u64)READ_ONCE(v->w->console_len), arg[1]), (u64)WORLD_CONSOLE_MAX);
	if (guestmem_write(v, arg[2], v->w->console, n, NULL))
		return -EFAULT;
	return (long)n;
}

long hypercall_console_io(struct vcpu *v, u64 arg[6])
{
	if (arg[1] > 0x7fffffff)
		return -EINVAL;
	switch (arg[0]) {
	case CONSOLEIO_write:
		return console_write(v, arg);
	case CONSOLEIO_read:
		return console_read(v, arg);
	default:
		return -ENOSYS;
	}
}

long hypercall_physdev_op(struct vcpu *v, u64 arg[6])
{
	struct physdev_set_iopl iopl;

	switch (arg[0]) {
	case PHYSDEVOP_set_iopl:
		if (guestmem_read(v, &iopl, arg[1], sizeof(iopl), NULL))
			return -EFAULT;
		if (iopl.iopl > 3)
			return -EINVAL;
		v->iopl = (u8)iopl.iopl;
		return 0;
	case PHYSDEVOP_set_iobitmap:
		return 0;	/* no port exists, whatever the map allows */
	default:
		return -ENOSYS;
	}
}

long hypercall_grant_table_op(struct vcpu *v, u64 arg[6])
{
	return -ENOSYS;
}

long hypercall_vm_assist(struct vcpu *v, u64 arg[6])
{
	const u64 known = BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |
			  BIT(VMASST_TYPE_writable_pagetables) |
			  BIT(VMASST_TYPE_pae_extended_cr3) | BIT(VMASST_TYPE_runstate_update_flag);

	if (arg[1] >= 64 || !(known & BIT(arg[1])))
		return -EINVAL;
	switch (arg[0]) {
	case VMASST_CMD_enable:
		v->vm_assist |= BIT(arg[1]);
		return 0;
	case VMASST_CMD_disable:
		v->vm_assist &= ~BIT(arg[1]);
		return 0;
	default:
		return -ENOSYS;
	}
}

static long register_info(struct vcpu *v, u64 va)
{
	struct vcpu_register_vcpu_info info;

	if (guestmem_read(v, &info, va, sizeof(info), NULL))
		return -EFAULT;
	return event_register_info(v, gfn(info.mfn), info.offset);
}

/* The structs of the two areas begin with the address, as a pointer or a number. */
static long register_area(struct vcpu *v, u64 va, long (*handle)(struct vcpu *v, u64 va))
{
	u64 area;

	if (guestmem_read(v, &area, va, sizeof(area), NULL))
		return -EFAULT;
	return handle(v, area);
}

long hypercall_vcpu_op(struct vcpu *v, u64 arg[6])
{
	struct vcpu_runstate_info runstate;

	if (arg[1] >= v->d->nr_vcpus)
		return -ENOENT;
	/* A vCPU acts on itself only, but for questions. */
	if (arg[1] != v->id && arg[0] != VCPUOP_is_up)
		return -EINVAL;
	switch (arg[0]) {
	case VCPUOP_is_up:
		return v->d->vcpus[arg[1]] != NULL;
	case VCPUOP_get_runstate_info:
		time_get_runstate(v, &runstate);
		return give(v, arg[2], &runstate, sizeof(runstate));
	case VCPUOP_register_vcpu_info:
		return register_info(v, arg[2]);
	case VCPUOP_register_runstate_memory_area:
		return register_area(v, arg[2], time_register_runstate);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_area(v, arg[2], time_register_area);
	case VCPUOP_set_singleshot_timer:
	case VCPUOP_stop_singleshot_timer:
	case VCPUOP_set_periodic_timer:
	case VCPUOP_stop_periodic_timer:
		return time_vcpu_op(v, arg[0], arg[2]);
	default:
		return -ENOSYS;
	}
}
