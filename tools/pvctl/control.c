// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See control.h. */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "core.h"

static u64 seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec;
}

static int reply_add(struct ctl_call *call, const char *key, struct json_object *value,
		     struct error *e)
{
	if (value && !json_object_object_add(call->reply, key, value))
		return 0;
	json_object_put(value);
	return error_set(e, "out of memory");
}

static int control_info(void *context, struct ctl_call *call, struct error *e)
{
	const struct control *c = context;
	const struct domain *d = c->domain;

	if (reply_add(call, "name", json_object_new_string(d->name), e) ||
	    reply_add(call, "pid", json_object_new_int64(getpid()), e) ||
	    reply_add(call, "vcpus", json_object_new_int64(1), e) ||
	    reply_add(call, "memory_bytes", json_object_new_uint64(d->nr_pages << PAGE_SHIFT), e))
		return -1;
	return reply_add(call, "age_seconds", json_object_new_uint64(seconds_now() - c->started), e);
}

/* The signal wakes the main thread, which takes down what there is, us included. */
static int control_destroy(void *context, struct ctl_call *call, struct error *e)
{
	struct control *c = context;

	(void)call;
	(void)e;
	__atomic_store_n(&c->destroyed, true, __ATOMIC_RELEASE);
	kill(getpid(), SIGTERM);
	return 0;
}

/* The vCPU does not run meanwhile; the console and other requests go on. */
static int control_dump(void *context, struct ctl_call *call, struct error *e)
{
	const struct control *c = context;
	const char *name = wire_text(call->request.members, "format");
	enum core_format format = CORE_ELF;
	struct pvhv_regs r;
	int ret;

	if (name && core_format_parse(name, &format, e))
		return -1;
	vcpu_pause(c->vcpu);
	ret = vcpu_regs(c->vcpu, &r, e) ? -1 : core_write(call->fd, format, c->domain, &r, 1, e);
	vcpu_resume(c->vcpu);
	if (ret)
		return ret;
	name = core_format_name(format);
	return reply_add(call, "format", json_object_new_string(name), e);
}

static const struct ctl_handler handlers[] = {
	{ .name = "info", .run = control_info },
	{ .name = "destroy", .run = control_destroy },
	{ .name = "dump", .slow = true, .wants_fd = true, .run = control_dump },
	{ },
};

int control_open(struct control *c, const struct domain *d, struct vcpu *v, struct error *e)
{
	c->domain = d;
	c->vcpu = v;
	c->started = seconds_now();
	c->destroyed = false;
	return ctl_open(&c->ctl, d->name, handlers, c, e);
}

int control_start(struct control *c, struct error *e)
{
	return ctl_start(&c->ctl, e);
}

bool control_destroyed(const struct control *c)
{
	return __atomic_load_n(&c->destroyed, __ATOMIC_ACQUIRE);
}

void control_close(struct control *c)
{
	ctl_close(&c->ctl);
}
