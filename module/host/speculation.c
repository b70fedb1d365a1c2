// SPDX-License-Identifier: GPL-2.0
/* See speculation.h. Builds in userspace too. */
#include "speculation.h"
#include "../shared/image.h"

u64 speculation_features(const struct speculation_facts *f)
{
	const struct {
		bool needed;
		u64 feature;
	} rules[] = {
		{ f->meltdown, FEATURE_MELTDOWN },
		{ f->buffers, FEATURE_VERW },
		{ f->div0, FEATURE_DIV0 },
		{ f->ibpb, FEATURE_IBPB },
		/* IBPB does not empty the return stack on all CPUs. */
		{ f->spectre_v2 || f->returns, FEATURE_RSB_FILL },
		/* Returns that follow the branch predictor: what untrains them in Linux fits
		 * its own returns only. IBPB fits all. */
		{ f->returns && f->ibpb, FEATURE_EXIT_IBPB },
		{ f->kernel_ibrs, FEATURE_EXIT_IBRS },
		{ f->history && f->history_known, FEATURE_EXIT_BHB },
	};
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].needed)
			sum |= rules[i].feature;
	return sum;
}

const char *speculation_gap(const struct speculation_facts *f)
{
	if (f->returns && !f->ibpb)
		return "a guest may steer returns of the host kernel: the CPU, or the hypervisor below, offers no IBPB (microcode?)";
	if (f->history && !f->history_known)
		return "a guest may steer indirect branches of the host kernel: it does not export clear_bhb_loop()";
	return NULL;
}
