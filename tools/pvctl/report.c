// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See report.h. Addresses come from the guest: read through gva.h only. */
#include <string.h>

#include "report.h"

#define CODE_BEFORE	42	/* bytes of code shown, as Linux does */
#define CODE_BYTES	64
#define STACK_WORDS	32
#define WORDS_PER_LINE	4

static const char * const exceptions[] = {
	"#DE, divide error", "#DB, debug", "NMI", "#BP, breakpoint", "#OF, overflow",
	"#BR, bounds", "#UD, invalid opcode", "#NM, no FPU", "#DF, double fault", "9",
	"#TS, invalid TSS", "#NP, segment not present", "#SS, stack segment",
	"#GP, general protection", "#PF, page fault", "15", "#MF, x87 error",
	"#AC, alignment", "#MC, machine check", "#XM, SIMD error",
};

typedef unsigned long long ull;

static void print_fault(FILE *out, const struct pvhv_regs *r)
{
	if (r->fault_vector == ~0ULL) {
		fprintf(out, "Last exception: none\n");
	} else if (r->fault_vector < ARRAY_SIZE(exceptions)) {
		fprintf(out, "Last exception: %s, error code %04llx, at %016llx\n",
			exceptions[r->fault_vector], (ull)r->fault_error, (ull)r->fault_rip);
	} else {
		fprintf(out, "Last exception: vector %llu, error code %04llx, at %016llx\n",
			(ull)r->fault_vector, (ull)r->fault_error, (ull)r->fault_rip);
	}
}

/* What is mapped of the bytes around rip, the one at rip in brackets. */
static void print_code(FILE *out, const struct pvhv_regs *r, const struct gva_space *s)
{
	int i, shown = 0;
	u8 byte;

	fprintf(out, "Code:");
	for (i = -CODE_BEFORE; i < CODE_BYTES - CODE_BEFORE; i++) {
		if (!gva_read(s, r->rip + (u64)i, &byte, 1))
			continue;
		fprintf(out, i ? " %02x" : " <%02x>", byte);
		shown++;
	}
	fprintf(out, shown ? "\n" : " not mapped\n");
}

static void print_stack(FILE *out, const struct pvhv_regs *r, const struct gva_space *s)
{
	u64 word;
	int i;

	fprintf(out, "Stack:");
	for (i = 0; i < STACK_WORDS; i++) {
		if (gva_read(s, r->rsp + (u64)i * 8, &word, sizeof(word)) != sizeof(word))
			break;
		fprintf(out, "%s %016llx", i % WORDS_PER_LINE ? "" : "\n", (ull)word);
	}
	fprintf(out, i ? "\n" : " not mapped\n");
}

void report_vcpu(FILE *out, unsigned int id, const struct pvhv_regs *r, const struct domain *d)
{
	struct gva_space s = gva_space(d, r->cr3_gfn);

	fprintf(out, "CPU: %u, %s mode, events %s\n", id, r->user_mode ? "user" : "kernel",
		r->events_masked ? "masked" : "enabled");
	print_fault(out, r);
	fprintf(out, "RIP: %04llx:%016llx\n", (ull)r->cs, (ull)r->rip);
	fprintf(out, "RSP: %04llx:%016llx EFLAGS: %08llx\n", (ull)r->ss, (ull)r->rsp,
		(ull)r->rflags);
	fprintf(out, "RAX: %016llx RBX: %016llx RCX: %016llx\n", (ull)r->rax, (ull)r->rbx,
		(ull)r->rcx);
	fprintf(out, "RDX: %016llx RSI: %016llx RDI: %016llx\n", (ull)r->rdx, (ull)r->rsi,
		(ull)r->rdi);
	fprintf(out, "RBP: %016llx R08: %016llx R09: %016llx\n", (ull)r->rbp, (ull)r->r8,
		(ull)r->r9);
	fprintf(out, "R10: %016llx R11: %016llx R12: %016llx\n", (ull)r->r10, (ull)r->r11,
		(ull)r->r12);
	fprintf(out, "R13: %016llx R14: %016llx R15: %016llx\n", (ull)r->r13, (ull)r->r14,
		(ull)r->r15);
	fprintf(out, "FS:  %016llx(%04llx) GS:%016llx(%04llx) other mode's GS:%016llx\n",
		(ull)r->fs_base, (ull)r->fs,
		(ull)(r->user_mode ? r->gs_base_user : r->gs_base_kernel), (ull)r->gs,
		(ull)(r->user_mode ? r->gs_base_kernel : r->gs_base_user));
	fprintf(out, "CS:  %04llx DS: %04llx ES: %04llx\n", (ull)r->cs, (ull)r->ds, (ull)r->es);
	fprintf(out, "CR2: %016llx CR3: %016llx\n", (ull)r->cr2,
		(ull)r->cr3_gfn << PAGE_SHIFT);
	print_code(out, r, &s);
	print_stack(out, r, &s);
}
