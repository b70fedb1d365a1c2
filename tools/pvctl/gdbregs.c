// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * See gdbregs.h. gdb's amd64 core has the x87 registers in the middle, which the module
 * does not tell; they are there, and unavailable. Selectors of guest kernel mode and
 * eflags.IF are shown as the guest's own exception frames show them.
 */
#include <stddef.h>
#include <string.h>

#include "gdbregs.h"
#include "rsp.h"

#define EFLAGS_IF	(1UL << 9)

const char gdbregs_xml[] =
"<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
"<target><architecture>i386:x86-64</architecture>"
"<feature name=\"org.gnu.gdb.i386.core\">"
"<flags id=\"i386_eflags\" size=\"4\">"
"<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
"<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
"<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
"<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
"<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
"<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
"<field name=\"AC\" start=\"18\" end=\"18\"/><field name=\"ID\" start=\"21\" end=\"21\"/>"
"</flags>"
#define R64(name)	"<reg name=\"" name "\" bitsize=\"64\" type=\"int64\"/>"
#define RPTR(name)	"<reg name=\"" name "\" bitsize=\"64\" type=\"data_ptr\"/>"
#define R32(name)	"<reg name=\"" name "\" bitsize=\"32\" type=\"int32\"/>"
#define RFPU(name)	"<reg name=\"" name "\" bitsize=\"80\" type=\"i387_ext\"/>"
#define RFCTL(name)	"<reg name=\"" name "\" bitsize=\"32\" type=\"int\" group=\"float\"/>"
R64("rax") R64("rbx") R64("rcx") R64("rdx") R64("rsi") R64("rdi") RPTR("rbp") RPTR("rsp")
R64("r8") R64("r9") R64("r10") R64("r11") R64("r12") R64("r13") R64("r14") R64("r15")
"<reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\"/>"
"<reg name=\"eflags\" bitsize=\"32\" type=\"i386_eflags\"/>"
R32("cs") R32("ss") R32("ds") R32("es") R32("fs") R32("gs")
RFPU("st0") RFPU("st1") RFPU("st2") RFPU("st3") RFPU("st4") RFPU("st5") RFPU("st6") RFPU("st7")
RFCTL("fctrl") RFCTL("fstat") RFCTL("ftag") RFCTL("fiseg") RFCTL("fioff") RFCTL("foseg")
RFCTL("fooff") RFCTL("fop")
"</feature><feature name=\"org.gnu.gdb.i386.segments\">"
R64("fs_base") R64("gs_base")
"</feature><feature name=\"org.pvhv.guest\">"
R64("cr2") R64("cr3") R64("user_mode") R64("events_masked")
"</feature></target>";

/* How a register is shown and set. */
enum kind { PLAIN, FLAGS, SELECTOR, READ_ONLY, GS_BASE, CR3, UNKNOWN };

#define REG(member, size, kind)	{ offsetof(struct pvhv_regs, member), size, kind }
#define GPR(member)	REG(member, 8, PLAIN)
#define FPU(size)	{ 0, size, UNKNOWN }
#define FPU8(size)	FPU(size), FPU(size), FPU(size), FPU(size), FPU(size), FPU(size), \
			FPU(size), FPU(size)

static const struct {
	u16 offset;
	u8 size;
	u8 kind;
} regs[] = {
	GPR(rax), GPR(rbx), GPR(rcx), GPR(rdx), GPR(rsi), GPR(rdi), GPR(rbp), GPR(rsp),
	GPR(r8), GPR(r9), GPR(r10), GPR(r11), GPR(r12), GPR(r13), GPR(r14), GPR(r15),
	GPR(rip), REG(rflags, 4, FLAGS), REG(cs, 4, SELECTOR), REG(ss, 4, SELECTOR),
	REG(ds, 4, READ_ONLY), REG(es, 4, READ_ONLY), REG(fs, 4, READ_ONLY), REG(gs, 4, READ_ONLY),
	FPU8(10), FPU8(4),
	GPR(fs_base), REG(gs_base_kernel, 8, GS_BASE),
	REG(cr2, 8, READ_ONLY), REG(cr3_gfn, 8, CR3), REG(user_mode, 8, READ_ONLY),
	REG(events_masked, 8, READ_ONLY),
};

size_t gdbregs_count(void)
{
	return ARRAY_SIZE(regs);
}

size_t gdbregs_hex_len(size_t n)
{
	return n < ARRAY_SIZE(regs) ? 2u * regs[n].size : 0;
}

static u64 *member(const struct pvhv_regs *r, size_t n)
{
	struct pvhv_regs *w = (struct pvhv_regs *)r;

	if (regs[n].kind == GS_BASE)
		return (u64 *)(r->user_mode ? &w->gs_base_user : &w->gs_base_kernel);
	return (u64 *)((u8 *)w + regs[n].offset);
}

char *gdbregs_hex(const struct pvhv_regs *r, size_t n, char *to)
{
	u64 value;

	if (n >= ARRAY_SIZE(regs))
		return to;
	if (regs[n].kind == UNKNOWN) {
		memset(to, 'x', 2u * regs[n].size);
		return to + 2u * regs[n].size;
	}
	value = *member(r, n);
	if (regs[n].kind == SELECTOR && !r->user_mode)
		value &= ~3UL;
	else if (regs[n].kind == FLAGS)
		value = (value & ~EFLAGS_IF) | (r->events_masked ? 0 : EFLAGS_IF);
	else if (regs[n].kind == CR3)
		value <<= PAGE_SHIFT;
	return rsp_hex(to, &value, regs[n].size);
}

bool gdbregs_set(struct pvhv_regs *r, size_t n, const char *hex)
{
	u64 value = 0;

	if (n >= ARRAY_SIZE(regs) || !rsp_unhex(hex, &value, regs[n].size > 8 ? 8 : regs[n].size))
		return false;
	if (regs[n].kind != PLAIN && regs[n].kind != FLAGS && regs[n].kind != GS_BASE)
		return false;
	*member(r, n) = value;
	return true;
}
