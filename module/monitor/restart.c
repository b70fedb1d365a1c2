// SPDX-License-Identifier: GPL-2.0
/* Restart points. A file of its own because unit tests interrupt work at will. */
#include "restart.h"
#include "cpu.h"

bool need_restart(struct vcpu *v)
{
	if (!v->pending_vector)
		cpu_poll_interrupts();
	return READ_ONCE(v->pending_vector) || READ_ONCE(v->w->kick) ||
	       READ_ONCE(v->w->nmi_noted) || v->exit;
}
