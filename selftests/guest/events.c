// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Event channels: ports and their states, pending and masked, and the upcall. An
 * event that comes while upcalls are masked is delivered as soon as they are not; one
 * that comes while its port is masked when the port is unmasked; none is lost and
 * none comes twice.
 */
#include "guest.h"

#define PORTS	4096
#define OTHER	0x6fff		/* a domain that is not this one */

static long alloc_unbound(u32 dom)
{
	struct evtchn_alloc_unbound op = { .dom = (domid_t)dom };
	long err = event_op(EVTCHNOP_alloc_unbound, &op);

	return err ? err : (long)op.port;
}

static long bind_ipi(u32 vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long err = event_op(EVTCHNOP_bind_ipi, &op);

	return err ? err : (long)op.port;
}

static long send(long port)
{
	struct evtchn_send op = { .port = (evtchn_port_t)port };

	return event_op(EVTCHNOP_send, &op);
}

static long close(long port)
{
	struct evtchn_close op = { .port = (evtchn_port_t)port };

	return event_op(EVTCHNOP_close, &op);
}

static long unmask(long port)
{
	struct evtchn_unmask op = { .port = (evtchn_port_t)port };

	return event_op(EVTCHNOP_unmask, &op);
}

static struct evtchn_status status(long port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = (evtchn_port_t)port };

	if (event_op(EVTCHNOP_status, &op))
		op.status = ~0u;
	return op;
}

static bool bit(const xen_ulong_t *words, long port)
{
	return words[port / 64] >> port % 64 & 1;
}

static bool pending(long port)
{
	return bit(shared_info->evtchn_pending, port);
}

static void mask(long port)
{
	shared_info->evtchn_mask[port / 64] |= 1UL << port % 64;
}

static void test_ports(void)
{
	struct evtchn_bind_virq virq = { .virq = 24 };
	struct evtchn_bind_vcpu to = { 0 };
	struct evtchn_bind_interdomain remote = { .remote_dom = DOMID_SELF, .remote_port = 1 };
	struct evtchn_status st = { .dom = OTHER };
	long port, ipi, timer;

	port = alloc_unbound(DOMID_SELF);
	ok(port > 0 && status(port).status == EVTCHNSTAT_unbound, "an unbound port (%ld)", port);
	ok(alloc_unbound(OTHER) == -3, "none for another domain");
	timer = bind_virq(VIRQ_TIMER);
	ok(timer > 0 && timer != port && status(timer).status == EVTCHNSTAT_virq &&
	   status(timer).u.virq == VIRQ_TIMER, "a port of VIRQ_TIMER (%ld)", timer);
	ok(bind_virq(VIRQ_TIMER) == -17, "but not a second");
	ok(event_op(EVTCHNOP_bind_virq, &virq) == -22, "no VIRQ 24");
	virq = (struct evtchn_bind_virq){ .virq = VIRQ_DEBUG, .vcpu = 63 };
	ok(event_op(EVTCHNOP_bind_virq, &virq) == -2, "no VIRQ on a vCPU that is not there");
	virq.vcpu = ~0u;
	ok(event_op(EVTCHNOP_bind_virq, &virq) == -2, "or cannot be");
	ipi = bind_ipi(0);
	ok(ipi > 0 && status(ipi).status == EVTCHNSTAT_ipi, "a port for IPIs (%ld)", ipi);
	ok(bind_ipi(63) == -2, "but not to a vCPU that is not there");
	ok(event_op(EVTCHNOP_bind_interdomain, &remote) < 0, "no connection to itself");
	remote.remote_dom = OTHER;
	ok(event_op(EVTCHNOP_bind_interdomain, &remote) == -3, "nor to another domain");
	to.port = (evtchn_port_t)port;
	ok(!event_op(EVTCHNOP_bind_vcpu, &to), "an unbound port moves to a vCPU");
	to.vcpu = 63;
	ok(event_op(EVTCHNOP_bind_vcpu, &to) == -2, "that exists");
	to = (struct evtchn_bind_vcpu){ .port = (evtchn_port_t)ipi };
	ok(event_op(EVTCHNOP_bind_vcpu, &to) == -22, "a port for IPIs does not");
	ok(event_op(EVTCHNOP_status, &st) == -3, "status of another domain");
	ok(send(timer) == -22, "a VIRQ cannot be sent");
	ok(send(port) == 0 && !pending(port), "sending to nobody is no error");
	ok(!close(timer) && status(timer).status == EVTCHNSTAT_closed, "close");
	ok(close(timer) == -22, "is for open ports");
	ok(send(timer) == -22, "as is send");
	ok(bind_virq(VIRQ_TIMER) == timer, "the VIRQ and the port are free again");
	close(timer);
	close(port);
	close(ipi);
}

static void test_bad_ports(void)
{
	static const u32 bad[] = { 0, PORTS, PORTS + 1, 0x7fffffff, 0x80000000, 0xffffffff };
	struct evtchn_bind_vcpu to = { 0 };
	struct sched_poll poll = { .nr_ports = 1, .timeout = 1 };
	evtchn_port_t port;
	u64 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ok(close(bad[i]) == -22 && send(bad[i]) == -22, "close and send of port 0x%x", bad[i]);
		if (!bad[i])
			continue;
		to.port = port = bad[i];
		poll.ports.p = &port;
		ok(unmask(bad[i]) == -22 && event_op(EVTCHNOP_bind_vcpu, &to) == -22 &&
		   status(bad[i]).status == ~0u, "unmask, bind, status of port 0x%x", bad[i]);
		ok(H(sched_op, SCHEDOP_poll, &poll) == -22, "poll of port 0x%x", bad[i]);
	}
	ok(event_op(EVTCHNOP_send, (void *)0x123000) == -14, "arguments that are not there");
	ok(event_op(EVTCHNOP_alloc_unbound, (void *)0xffff800000000000) == -14,
	   "arguments in the m2p");
	ok(event_op(EVTCHNOP_init_control, &to) == -38 && event_op(EVTCHNOP_expand_array, &to) == -38 &&
	   event_op(EVTCHNOP_set_priority, &to) == -38 && event_op(99, &to) == -38,
	   "operations that do not exist");
}

static void test_upcall(void)
{
	long ipi = bind_ipi(0);
	unsigned int *count = &event_count[ipi];

	*count = 0;
	events_disable();
	ok(!send(ipi) && pending(ipi) && vcpu_info->evtchn_upcall_pending,
	   "send: port and vCPU are pending");
	ok(bit(&vcpu_info->evtchn_pending_sel, ipi / 64) && !*count,
	   "the selector, too; nothing is delivered while masked");
	send(ipi);
	events_enable();
	ok(*count == 1 && !pending(ipi), "one upcall when enabled (%u)", *count);
	send(ipi);
	ok(*count == 2, "at once if enabled (%u)", *count);
	mask(ipi);
	send(ipi);
	ok(*count == 2 && pending(ipi) && !vcpu_info->evtchn_upcall_pending,
	   "a masked port is pending, its vCPU is not");
	ok(!unmask(ipi) && *count == 3, "unmask delivers it (%u)", *count);
	ok(!unmask(ipi) && *count == 3, "unmask of what is not masked does nothing (%u)", *count);
	events_disable();
	mask(ipi);
	send(ipi);
	unmask(ipi);
	ok(*count == 3 && vcpu_info->evtchn_upcall_pending, "unmask while upcalls are masked");
	events_enable();
	ok(*count == 4, "is delivered later (%u)", *count);
	mask(ipi);
	send(ipi);
	ok(!close(ipi) && !pending(ipi), "close takes a pending event away");
	shared_info->evtchn_mask[ipi / 64] = 0;
	events_disable();
}

/* What the last upcall found, and what it does itself. */
static struct trap_regs seen;
static unsigned int depth, deepest, upcalls;
static u8 seen_mask;
static long nested_port;

static void nesting_upcall(struct trap_regs *r)
{
	seen = *r;
	seen_mask = vcpu_info->evtchn_upcall_mask;
	upcalls++;
	if (++depth > deepest)
		deepest = depth;
	events_handle();
	if (depth < 5 && nested_port) {
		send(nested_port);
		events_enable();
		events_disable();
	}
	depth--;
}

static bool enable_in_frame(struct trap_regs *r)
{
	r->rflags |= 0x200;
	return true;
}

static void test_frames(void)
{
	long ipi = bind_ipi(0);

	event_count[ipi] = 0;
	upcall_handler = nesting_upcall;
	events_enable();
	upcalls = 0;
	send(ipi);
	ok(upcalls == 1 && seen_mask == 1, "upcalls are masked in the handler");
	ok((seen.cs & 3) == 0 && seen.cs >> 32 == 0 && seen.rflags & 0x200,
	   "the frame says that they were not before (cs %lx, rflags %lx)", seen.cs, seen.rflags);
	ok(!vcpu_info->evtchn_upcall_mask, "iret enables them again");
	events_disable();
	send(ipi);
	trap_handlers[3] = enable_in_frame;
	TRY("int3");
	ok(upcalls == 2 && !vcpu_info->evtchn_upcall_mask, "an iret that enables them delivers");
	trap_handlers[3] = NULL;
	events_enable();
	nested_port = ipi;
	deepest = upcalls = event_count[ipi] = 0;
	send(ipi);
	ok(deepest == 5 && upcalls == 5 && event_count[ipi] == 5 && depth == 0,
	   "upcalls nest when the handler enables them (%u, %u)", deepest, upcalls);
	nested_port = 0;
	ok(register_callback(CALLBACKTYPE_event, 0, NULL) == -22,
	   "the event callback cannot be unregistered");
	upcall_handler = NULL;
	events_disable();
	close(ipi);
}

static long user_port;

static u64 user_send(struct trap_regs *r)
{
	(void)r;
	send(user_port);
	return 0x66;
}

static void test_user(void)
{
	u64 ret;

	user_init();
	user_port = bind_ipi(0);
	user_syscall = user_send;
	upcall_handler = nesting_upcall;
	events_enable();
	upcalls = 0;
	ret = USER(0, "mov $1, %%eax; mov $0x77, %%r11d; syscall; mov %%rax, %%rdi");
	ok(ret == 0x66 && upcalls == 1, "an event during a system call (%lx, %u upcalls)", ret, upcalls);
	ok((seen.cs & 3) == 3 && seen.rip == USER_CODE + 13,
	   "is delivered before user mode continues (cs %lx, rip %lx)", seen.cs, seen.rip);
	upcall_handler = NULL;
	events_disable();
	close(user_port);
}

static void test_many(void)
{
	struct evtchn_reset reset = { .dom = OTHER };
	long port, n, high = 0, err;

	for (n = 0; n < PORTS; n++) {
		port = n == 3000 ? bind_ipi(0) : alloc_unbound(DOMID_SELF);
		if (port < 0)
			break;
		if (n == 3000)
			high = port;
	}
	ok(port == -28 && n > PORTS - 16 && n < PORTS, "%ld ports, then no more (%ld)", n, port);
	events_enable();
	event_count[high] = 0;
	send(high);
	mask(high);
	send(high);
	unmask(high);
	ok(event_count[high] == 2, "a high port works as a low one (%ld)", high);
	ok(event_op(EVTCHNOP_reset, &reset) == -3, "reset of another domain");
	reset.dom = DOMID_SELF;
	err = event_op(EVTCHNOP_reset, &reset);
	ok(!err && status(high).status == EVTCHNSTAT_closed, "reset closes all (%ld)", err);
	events_disable();
}

static void test_vmm_port(void)
{
	u32 port = start_info->console.domU.evtchn;

	ok(status(port).status == EVTCHNSTAT_interdomain, "the console's port is the VMM's (%u)",
	   port);
	ok(!send(port), "the VMM can be told");
}

static long poll(long port, u64 timeout)
{
	evtchn_port_t ports[1] = { (evtchn_port_t)port };
	struct sched_poll p = { .nr_ports = port ? 1 : 0, .timeout = timeout };

	p.ports.p = ports;
	return H(sched_op, SCHEDOP_poll, &p);
}

static void test_poll(void)
{
	struct sched_poll many = { .nr_ports = 129, .timeout = 1 };
	long ipi = bind_ipi(0);
	u64 t;

	mask(ipi);
	send(ipi);
	ok(!poll(ipi, 0), "poll with a port that is ready, though masked");
	shared_info->evtchn_pending[ipi / 64] = 0;
	ok(!poll(ipi, 1), "poll with a timeout in the past");
	t = now() + 5000000;
	ok(!poll(ipi, t) && now() >= t, "poll until a timeout (%lx)", now() - t);
	t = now() + 2000000;
	ok(!poll(0, t) && now() >= t, "poll of nothing until a timeout");
	many.ports.p = (void *)guest_image;
	ok(H(sched_op, SCHEDOP_poll, &many) == -22, "poll of too many ports");
	many = (struct sched_poll){ .nr_ports = 1, .timeout = 1 };
	ok(H(sched_op, SCHEDOP_poll, &many) == -14, "poll of a list that is not there");
	events_disable();
	unmask(ipi);
	close(ipi);
	ipi = bind_virq(VIRQ_TIMER);
	mask(ipi);
	t = now() + 3000000;
	H(set_timer_op, t);
	ok(!poll(ipi, 0) && now() >= t && pending(ipi), "poll until an event");
	ok(vcpu_info->evtchn_upcall_mask == 1, "upcalls stay masked");
	events_disable();
	close(ipi);
}

static void test_block(void)
{
	long timer = bind_virq(VIRQ_TIMER);
	u64 t;

	unmask(timer);
	event_count[timer] = 0;
	events_disable();
	t = now() + 5000000;
	H(set_timer_op, t);
	ok(!H(sched_op, SCHEDOP_block, 0), "block");
	ok(now() >= t && event_count[timer] == 1, "until an event (%u)", event_count[timer]);
	ok(!vcpu_info->evtchn_upcall_mask, "enables upcalls");
	events_disable();
	H(set_timer_op, 1);
	ok(vcpu_info->evtchn_upcall_pending && event_count[timer] == 1, "an event comes first");
	H(sched_op, SCHEDOP_block, 0);
	ok(event_count[timer] == 2, "then block does not wait (%u)", event_count[timer]);
	events_disable();
	close(timer);
}

static void test_register(void)
{
	struct vcpu_register_vcpu_info reg = { 0 };
	char *page = page_alloc();
	struct vcpu_info *old = vcpu_info;
	long ipi = bind_ipi(0);

	reg.mfn = va_to_gfn(page);
	reg.offset = PAGE_SIZE - 32;
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg) == -22, "vcpu_info on two pages");
	reg.offset = 4;
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg) == -22, "vcpu_info unaligned");
	reg = (struct vcpu_register_vcpu_info){ .mfn = start_info->nr_pages + 99 };
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg) == -22, "in a frame that is not there");
	reg.mfn = current_root();
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg) == -22, "in a page table");
	reg = (struct vcpu_register_vcpu_info){ .mfn = va_to_gfn(page), .offset = 1024 };
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 1, &reg) < 0, "of another vCPU");
	ok(!H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg), "vcpu_info moves to a page of the guest");
	vcpu_info = (struct vcpu_info *)(page + 1024);
	ok(vcpu_info->evtchn_upcall_mask == 1, "with its mask");
	ok(H(vcpu_op, VCPUOP_register_vcpu_info, 0, &reg) == -22, "but only once");
	events_enable();
	event_count[ipi] = 0;
	old->evtchn_upcall_mask = 1;
	old->evtchn_upcall_pending = 0;
	send(ipi);
	ok(event_count[ipi] == 1 && !old->evtchn_upcall_pending, "events are told there (%u)",
	   event_count[ipi]);
	ok(TRY("mov (%0), %%rcx", "r" (WINDOW(77))) == 14 && trapped.cr2 == WINDOW(77),
	   "cr2, too (%lx)", trapped.cr2);
	ok(now() > 0 && vcpu_info->time.tsc_to_system_mul, "and the time");
	set_page_bits(page, PTE_ROX);
	ok(mmuext(MMUEXT_PIN_L1_TABLE, va_to_gfn(page), 0) == -22, "the page cannot be a page table");
	set_page_bits(page, PTE_RWX);
	events_disable();
	close(ipi);
}

void guest_main(void)
{
	test_vmm_port();
	test_ports();
	test_bad_ports();
	test_upcall();
	test_frames();
	test_user();
	test_many();
	test_poll();
	test_block();
	test_register();
	test_block();
}
