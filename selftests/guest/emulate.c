// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Emulation of privileged instructions for the guest kernel: CPUID, MSRs, control and
 * debug registers, ports, the interrupt flag, software interrupts. Expected: what the
 * ABI has works as on bare hardware, as far as registers show; all else is a #GP, and
 * changes nothing.
 */
#include "guest.h"

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	asm volatile("ud2; .ascii \"xen\"; cpuid"
		     : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx), "=d" (r.edx) : "a" (leaf), "c" (sub));
	return r;
}

static u64 xgetbv(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return (u64)high << 32 | low;
}

static void test_xen_leaves(void)
{
	struct cpuid r = cpuid(0x40000000, 0);
	u64 i;

	ok(r.ebx == 0x566e6558 && r.ecx == 0x65584d4d && r.edx == 0x4d4d566e,
	   "the signature is XenVMMXenVMM");
	ok(r.eax >= 0x40000003 && r.eax < 0x40000100, "the last leaf is %x", r.eax);
	ok((long)cpuid(0x40000001, 0).eax == (long)H(xen_version, XENVER_version),
	   "the version is that of xen_version (%x)", cpuid(0x40000001, 0).eax);
	for (i = 0x40000006; i < 0x40000100; i++) {
		r = cpuid((u32)i, 0);
		if (r.eax | r.ebx | r.ecx | r.edx)
			break;
	}
	ok(i == 0x40000100, "leaves behind them are empty (0x%lx)", i);
	for (i = 0; i < 64; i++) {
		cpuid(0x40000003, (u32)i);
		cpuid(4, (u32)i);
		cpuid(7, (u32)i);
		cpuid(0xd, (u32)i);
		cpuid(0xffffffff, (u32)i);
		cpuid(0x80000000 + (u32)i, 0);
		cpuid((u32)i, ~0u);
	}
	ok(true, "every leaf has an answer");
}

static void test_features(void)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0), ext = cpuid(0x80000001, 0);
	u64 upper;

	ok(one.ecx >> 31, "CPUID tells of a hypervisor");
	ok(!(one.ecx & (1u << 3 | 1u << 5 | 1u << 6 | 1u << 15 | 1u << 17 | 1u << 21 | 1u << 24)),
	   "no MONITOR VMX SMX PDCM PCID X2APIC TSC_DEADLINE (%x)", one.ecx);
	ok(!(one.edx & (1u << 3 | 1u << 7 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 21 | 1u << 22)),
	   "no PSE MCE MTRR PGE MCA DS ACPI (%x)", one.edx);
	ok((one.edx & 0x07008151) == 0x07008151, "FPU TSC PAE CX8 CMOV MMX FXSR SSE SSE2 (%x)",
	   one.edx);
	ok(!(seven.ebx & (1u << 1 | 1u << 4 | 1u << 7 | 1u << 10 | 1u << 11 | 1u << 20)),
	   "no TSC_ADJUST HLE SMEP INVPCID RTM SMAP (%x)", seven.ebx);
	ok(!(seven.ecx & (1u << 2 | 1u << 3 | 1u << 4 | 1u << 7 | 1u << 16)),
	   "no UMIP PKU OSPKE SHSTK LA57 (%x)", seven.ecx);
	ok(!(ext.ecx & 1u << 2) && !(ext.edx & (1u << 26 | 1u << 27)),
	   "no SVM, 1 GiB pages, RDTSCP (%x, %x)", ext.ecx, ext.edx);
	ok((ext.edx & (1u << 11 | 1u << 20 | 1u << 29)) == (1u << 11 | 1u << 20 | 1u << 29),
	   "SYSCALL NX LM (%x)", ext.edx);
	asm volatile("mov $-1, %%rax; mov $-1, %%rbx; mov $-1, %%rcx; mov $-1, %%rdx\n"
		     "mov $1, %%eax; ud2; .ascii \"xen\"; cpuid\n"
		     "or %%rbx, %%rax; or %%rcx, %%rax; or %%rdx, %%rax"
		     : "=a" (upper) : : "rbx", "rcx", "rdx");
	ok(!(upper >> 32), "upper halves of the registers are cleared (%lx)", upper);
	if (one.ecx & 1u << 27)
		ok((cpuid(0xd, 0).eax & ~xgetbv()) == 0 && cpuid(0xd, 0).eax & 3 && one.ecx & 1u << 26,
		   "leaf 0xd has what XCR0 has (%x, %lx)", cpuid(0xd, 0).eax, xgetbv());
	else
		skip("leaf 0xd has what XCR0 has", "no XSAVE");
}

static void test_prefix(void)
{
	ok(TRY("ud2; .ascii \"xen\"; nop") == 6, "the prefix before anything else is a #UD");
	ok(TRY("ud2; .ascii \"xen\"; hlt") == 6, "even before what is privileged");
}

static void test_msrs(void)
{
	static const u32 unknown[] = { 0x12345678, 0xffffffff, 0x1b0000, 0xc0010117, 0x3a, 0x480,
				       0x38f, 0xc0000104, 0x48, 0xda0 };
	u64 i, bad = 0, t;

	ok(rdmsr(0xc0000080) == 0xd01, "EFER: SCE LME LMA NX (%lx)", rdmsr(0xc0000080));
	ok(rdmsr(0x277) == 0x0007040600070406, "PAT at reset (%lx)", rdmsr(0x277));
	ok(rdmsr(0x1b) & 1 << 11, "APIC_BASE: enabled (%lx)", rdmsr(0x1b));
	wrmsr(0xc0000080, 0);
	wrmsr(0x277, 0);
	ok(rdmsr(0xc0000080) == 0xd01 && rdmsr(0x277) == 0x0007040600070406,
	   "writes to them mean nothing");
	wrmsr(0xc0000082, 0x123456);
	ok(H(xen_version, XENVER_version) > 0, "LSTAR is not the guest's: hypercalls work");
	t = rdmsr(0x10);
	ok(rdmsr(0x10) > t && t, "the TSC counts (%lx)", t);
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		bad += TRY("mov %0, %%ecx; rdmsr", "r" (unknown[i])) != 13;
		bad += TRY("mov %0, %%ecx; xor %%edx, %%edx; wrmsr", "r" (unknown[i])) != 13;
	}
	ok(!bad, "what does not exist is a #GP (%lu)", bad);
	if (cpuid(0x80000008, 0).ebx & 1u << 12)
		ok(TRY("mov $0x49, %%ecx; mov $1, %%eax; xor %%edx, %%edx; wrmsr") == -1 &&
		   TRY("mov $0x49, %%ecx; mov $2, %%eax; xor %%edx, %%edx; wrmsr") == 13,
		   "PRED_CMD: IBPB, and nothing else");
	else
		ok(TRY("mov $0x49, %%ecx; mov $1, %%eax; xor %%edx, %%edx; wrmsr") == 13,
		   "PRED_CMD: not on a CPU without IBPB");
	ok(TRY("mov $0x49, %%ecx; rdmsr") == 13, "PRED_CMD cannot be read");
	ok(TRY("mov $0xfe, %%ecx; xor %%edx, %%edx; wrmsr", "r" (0)) == 13,
	   "what can only be read is a #GP when written");
	/* The upper halves of rax, rcx and rdx do not count. */
	asm volatile("mov $-1, %%rdx; mov %0, %%ecx; bts $63, %%rcx; rdmsr; shl $32, %%rdx\n"
		     "or %%rax, %%rdx; mov %%rdx, %1"
		     : : "r" (0xc0000080), "m" (t) : "rax", "rcx", "rdx", "memory");
	ok(t == 0xd01, "registers are 32 bits (%lx)", t);
}

#define READ_CR(n) ({ u64 val_; asm volatile("mov %%cr" #n ", %0" : "=r" (val_)); val_; })

static void test_cr(void)
{
	u64 cr0 = READ_CR(0), cr4 = READ_CR(4);

	ok((cr0 & 0x80010001) == 0x80010001, "CR0: PG WP PE (%lx)", cr0);
	ok(!(cr0 & 8), "TS is clear");
	TRY("mov (%0), %%rcx", "r" (WINDOW(88)));
	ok(READ_CR(2) == WINDOW(88), "CR2 is that of the last page fault (%lx)", READ_CR(2));
	ok(TRY("mov %0, %%cr2", "r" (0x1234UL)) == -1 && READ_CR(2) == 0x1234, "CR2 can be written");
	ok(READ_CR(3) == current_root() * PAGE_SIZE, "CR3 is the root's machine address (%lx)",
	   READ_CR(3));
	ok(cr4 & 1 << 5, "CR4: PAE (%lx)", cr4);
	ok(!!(cr4 & 1 << 18) == !!(cpuid(1, 0).ecx & 1u << 27), "OSXSAVE as in CPUID");
	ok(!(cr4 & (1 << 20 | 1 << 21 | 1 << 17)), "no SMEP, SMAP, PCIDE");
	ok(TRY("mov %0, %%cr0", "r" (cr0)) == -1 && READ_CR(0) == cr0, "CR0 may be set to what it is");
	ok(TRY("mov %0, %%cr0", "r" (cr0 & ~0x80000000UL)) == 13 && READ_CR(0) == cr0,
	   "paging cannot be turned off");
	ok(TRY("mov %0, %%cr0", "r" (8UL)) == 13 && READ_CR(0) == cr0,
	   "TS is not set by a write that is refused (%lx)", READ_CR(0));
	ok(TRY("mov %0, %%cr3", "r" (0UL)) == 13, "CR3 is changed by hypercall");
	ok(TRY("mov %0, %%cr4", "r" (cr4)) == -1 && READ_CR(4) == cr4, "CR4 may be set to what it is");
	ok(TRY("mov %%cr8, %%rcx") != -1, "no CR8");
	asm volatile("mov %%cr0, %%r15; mov %%r15, %0" : "=r" (cr4) : : "r15");
	ok(cr4 == cr0, "any register");
}

static bool restore_fpu(struct trap_regs *r)
{
	(void)r;
	H(fpu_taskswitch, 0);
	return true;
}

static void test_ts(void)
{
	u64 before;

	ok(TRY("fninit") == -1, "the FPU works");
	ok(!H(fpu_taskswitch, 1), "fpu_taskswitch(1)");
	ok(READ_CR(0) & 8, "sets CR0.TS (%lx)", READ_CR(0));
	ok(TRY("fninit") == 7, "then x87 raises #NM");
	ok(TRY("fninit") == -1 && !(READ_CR(0) & 8), "which clears TS, as the ABI has it");
	H(fpu_taskswitch, 1);
	ok(TRY("movq %%rcx, %%xmm0") == 7, "SSE, too");
	H(fpu_taskswitch, 1);
	H(sched_op, SCHEDOP_yield, 0);
	ok(TRY("fninit") == 7, "also after a world switch");
	trap_handlers[7] = restore_fpu;
	H(fpu_taskswitch, 1);
	before = trapped.count;
	ok(TRY("fninit; movq %%rcx, %%xmm0") == 7 && trapped.count == before + 1,
	   "the handler calls fpu_taskswitch(0), and the instruction is done");
	trap_handlers[7] = NULL;
	ok(TRY("fninit") == -1 && !(READ_CR(0) & 8), "TS is clear then");
	ok(TRY("mov %0, %%cr0", "r" (READ_CR(0) | 8)) == -1 && READ_CR(0) & 8, "a write to CR0 sets TS");
	ok(TRY("fninit") == 7, "with the same effect");
	ok(TRY("clts") == -1 && !(READ_CR(0) & 8) && TRY("fninit") == -1, "CLTS clears it");
	user_init();
	H(fpu_taskswitch, 1);
	ok(USER(0, "movq %%rdi, %%xmm1") == USER_FAULT + 7, "user mode raises #NM, too");
	H(fpu_taskswitch, 0);
	ok(USER(0, "movq %%rdi, %%xmm1") == 0, "and then does not");
}

static volatile unsigned int debug_traps;

static bool count_debug(struct trap_regs *r)
{
	debug_traps++;
	r->rflags |= 1 << 16;	/* RF: past an instruction breakpoint */
	return true;
}

static void test_debug_registers(void)
{
	static u32 watched;
	u64 val;

	ok(TRY("mov %0, %%db0", "r" (&watched)) == -1 && (u64)H(get_debugreg, 0) == (u64)&watched,
	   "DR0 is written");
	asm volatile("mov %%db0, %0" : "=r" (val));
	ok(val == (u64)&watched, "and read");
	ok(TRY("mov %0, %%db1", "r" (0xffff808000000000)) == 13, "not with an address of the monitor");
	ok(TRY("mov %0, %%db1", "r" (0x8000000000000000)) == 13, "nor with one that is none");
	ok(TRY("mov %0, %%db7", "r" (0x2400UL)) == 13, "nor general detect");
	ok(H(set_debugreg, 1, 0xffff808000000000) == -1 && H(set_debugreg, 1, 0x8000000000000000) == -1 &&
	   H(set_debugreg, 7, 0x2400) == -1 && H(set_debugreg, 7, 1UL << 32) == -1,
	   "nor by hypercall");
	ok(!H(set_debugreg, 1, -1000) && H(get_debugreg, 1) == -22 &&
	   !H(set_debugreg, 1, -1001) && H(get_debugreg, 1) == -1001,
	   "addresses that are error numbers, too");
	ok(H(set_debugreg, 8, 0) == -22 && H(get_debugreg, 8) == -22, "there are 8");
	trap_handlers[1] = count_debug;
	H(set_debugreg, 6, 0);
	ok(!H(set_debugreg, 7, 1 << 0 | 1 << 16 | 3 << 18), "a breakpoint on writes to 4 bytes");
	debug_traps = 0;
	*(volatile u32 *)&watched = 1;
	ok(debug_traps == 1, "raises #DB (%u)", debug_traps);
	ok(H(get_debugreg, 6) & 1, "DR6 says which (%lx)", (u64)H(get_debugreg, 6));
	(void)*(volatile u32 *)&watched;
	ok(debug_traps == 1, "not on a read (%u)", debug_traps);
	H(sched_op, SCHEDOP_yield, 0);
	*(volatile u32 *)&watched = 2;
	ok(debug_traps == 2, "also after a world switch (%u)", debug_traps);
	H(set_debugreg, 7, 0);
	*(volatile u32 *)&watched = 3;
	ok(debug_traps == 2, "then it is off (%u)", debug_traps);
	asm volatile("lea 1f(%%rip), %0" : "=r" (val));
	H(set_debugreg, 0, val);
	H(set_debugreg, 7, 1);
	asm volatile("1: nop" : : : "memory");
	H(set_debugreg, 7, 0);
	ok(debug_traps == 2 || debug_traps == 3, "(a breakpoint on an instruction: %u)", debug_traps);
	trap_handlers[1] = NULL;
}

static void set_iopl(unsigned int n)
{
	struct physdev_set_iopl iopl = { .iopl = n };

	ok(H(physdev_op, PHYSDEVOP_set_iopl, &iopl) == (n > 3 ? -22 : 0), "set_iopl %u", n);
}

static void test_ports(void)
{
	u64 rax;

	set_iopl(4);
	set_iopl(0);
	ok(TRY("in $0x80, %%al") == 13 && TRY("out %%al, $0x80") == 13 && TRY("mov $0x3f8, %%edx; "
	   "in %%dx, %%eax") == 13, "ports without IOPL: #GP");
	set_iopl(1);
	asm volatile("mov $0x1122334455667788, %%rax; in $0x80, %%al" : "=a" (rax));
	ok(rax == 0x11223344556677ff, "in of a byte gives ones (%lx)", rax);
	asm volatile("mov $0x1122334455667788, %%rax; in %%dx, %%ax" : "=a" (rax) : "d" (0x3f8));
	ok(rax == 0x112233445566ffff, "of two (%lx)", rax);
	asm volatile("mov $0x1122334455667788, %%rax; in %%dx, %%eax" : "=a" (rax) : "d" (0x3f8));
	ok(rax == 0xffffffff, "of four (%lx)", rax);
	ok(TRY("out %%al, $0x80; mov $0xcf8, %%edx; out %%eax, %%dx; out %%ax, %%dx") == -1,
	   "out goes nowhere");
	ok(TRY("mov $1, %%ecx; mov $0x80, %%edx; rep outsb", "S" (&rax)) == 13, "no string instructions");
	set_iopl(0);
}

static void test_interrupt_flag(void)
{
	struct evtchn_bind_ipi ipi = { 0 };
	struct evtchn_send send = { 0 };

	events_enable();
	ok(TRY("cli") == 13 && TRY("sti") == 13 && !vcpu_info->evtchn_upcall_mask,
	   "CLI and STI without IOPL: #GP");
	set_iopl(1);
	ok(TRY("cli") == -1 && vcpu_info->evtchn_upcall_mask == 1, "CLI masks upcalls");
	event_op(EVTCHNOP_bind_ipi, &ipi);
	send.port = ipi.port;
	event_op(EVTCHNOP_send, &send);
	ok(!event_count[ipi.port], "an event waits");
	ok(TRY("sti") == -1 && event_count[ipi.port] == 1, "STI delivers it (%u)",
	   event_count[ipi.port]);
	ok(!vcpu_info->evtchn_upcall_mask, "upcalls are enabled");
	events_disable();
	set_iopl(0);
}

static void test_software_interrupts(void)
{
	u64 expected;

	ok(TRY("int $0x21") == 13 && trapped.error == 0x21 * 8 + 2, "int n with DPL 0 (%lx)",
	   trapped.error);
	set_trap(0x21, 1);
	ok(TRY("int $0x21; 772:") == 0x21, "with DPL 1 the kernel may");
	ok(TRY(".byte 0x66; int $0x21; 772: lea 772b(%%rip), %%rax") == 0x21, "also with a prefix");
	asm volatile("lea 1f(%%rip), %%rax; mov %%rax, trap_resume(%%rip); .byte 0x66; int $0x21\n"
		     "1: mov %%rax, %0" : "=r" (expected) : : "rax", "rcx", "r11", "memory");
	trap_resume = 0;
	ok(trapped.rip == expected, "rip is behind it (%lx)", trapped.rip - expected);
	set_trap(0x21, 1 | 4);
	events_enable();
	TRY("int $0x21");
	ok(trapped.vector == 0x21 && !vcpu_info->evtchn_upcall_mask, "a gate that masks upcalls");
	events_disable();
	set_trap(0x21, 0);
}

static void test_others(void)
{
	ok(TRY("wbinvd") == -1, "WBINVD does nothing");
	ok(TRY("invlpg (%0)", "r" (guest_image)) == -1, "INVLPG");
	ok(TRY("invlpg 8(%0)", "r" (0x8000000000000000)) == -1, "INVLPG of what is no address");
	ok(TRY("invlpg (%0)", "r" (0xffff808000000000)) == -1, "INVLPG of the monitor does nothing");
	ok(TRY("lldt %%cx") == 13 && TRY("ltr %%cx") == 13, "LLDT and LTR: #GP");
	ok(TRY("lidt (%0)", "r" (guest_image)) == 13, "LIDT: #GP");
	ok(TRY("swapgs") == 13, "SWAPGS: #GP");
	ok(TRY("hlt") == 13, "HLT: #GP");
	ok(TRY("sysretq") == 13 || trapped.vector == 6, "SYSRET: #GP");
	ok(TRY("mov $0x1000, %%ecx; rdpmc") == 13, "RDPMC: #GP");
	ok(TRY("xor %%ecx, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; xsetbv") != -1,
	   "XCR0 cannot be 0");
	if (cpuid(1, 0).ecx & 1u << 27)
		ok(TRY("xor %%ecx, %%ecx; xgetbv; xsetbv") == -1, "it can be what it is");
	else
		skip("XCR0 can be what it is", "no XSAVE");
}

static bool stop_stepping(struct trap_regs *r)
{
	r->rflags &= ~0x100UL;
	return true;
}

/* An emulated instruction is one instruction for single steps. */
static void test_single_step(void)
{
	u64 expected;

	trap_handlers[1] = stop_stepping;
	asm volatile("pushf; orq $0x100, (%%rsp); popf\n mov %%cr0, %%rax\n"
		     "1: nop; nop; lea 1b(%%rip), %0" : "=r" (expected) : : "rax", "memory", "cc");
	ok(trapped.vector == 1 && trapped.rip == expected, "TF: #DB after an emulated instruction (%ld)",
	   trapped.rip - expected);
	ok(H(get_debugreg, 6) & 0x4000, "DR6 says single step (%lx)", (u64)H(get_debugreg, 6));
	trap_handlers[1] = NULL;
}

/* An instruction on two pages, which are neighbours in the window only. */
static void test_fetch(void)
{
	static const u8 code[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2, 0xc3 };
	u8 *first = page_alloc(), *second = page_alloc();
	u32 ebx, eax;
	u64 n, bad = 0;

	window_map(0, second, PTE_RWX);
	window_map(1, first, PTE_RWX);
	for (n = 1; n < sizeof(code); n++) {
		memcpy((u8 *)WINDOW(1) - n, code, sizeof(code));
		asm volatile("call *%3" : "=a" (eax), "=b" (ebx)
			     : "0" (0x40000000), "r" (WINDOW(1) - n) : "rcx", "rdx", "memory");
		bad += ebx != 0x566e6558;
	}
	ok(!bad, "an instruction on two pages, at every byte (%lu)", bad);
	window_map(0, NULL, 0);
	window_map(1, NULL, 0);
}

void guest_main(void)
{
	test_xen_leaves();
	test_features();
	test_prefix();
	test_msrs();
	test_cr();
	test_ts();
	test_debug_registers();
	test_ports();
	test_interrupt_flag();
	test_software_interrupts();
	test_others();
	test_single_step();
	test_fetch();
}
