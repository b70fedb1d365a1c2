// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Guest user mode: its own page tables, its system calls and its faults. All of them
 * go to the guest kernel, on the stack of stack_switch(), with the frame that the ABI
 * defines; nothing that user mode executes is a hypercall or is emulated. Expected:
 * the kernel sees what it would on bare hardware.
 */
#include "guest.h"

#define DATA		0x500000UL	/* a page that some tests map */
#define CODE_END	(USER_CODE + PAGE_SIZE)

static struct trap_regs seen;		/* the last system call */
static u8 seen_mask;

static u64 record(struct trap_regs *r)
{
	seen = *r;
	seen_mask = vcpu_info->evtchn_upcall_mask;
	return 0x1122334455667788;
}

static void test_syscall(void)
{
	u64 ret;

	user_syscall = record;
	ok(USER(0x1234567890, "inc %%rdi") == 0x1234567891, "user mode runs and comes back");
	ret = USER(0, "mov $99, %%eax; mov $5, %%edi; mov $7, %%r10d; 1: syscall\n"
		      "mov %%rax, %%rdi");
	ok(ret == 0x1122334455667788, "a system call returns a value (%lx)", ret);
	ok(seen.rax == 99 && seen.rdi == 5 && seen.r10 == 7, "and passes registers");
	ok(seen.cs == FLAT_USER_CS || (u32)seen.cs == FLAT_USER_CS, "cs has RPL 3 (%lx)", seen.cs);
	ok((seen.ss & 0xffff) == FLAT_USER_SS, "ss (%lx)", seen.ss);
	ok(seen.rsp == USER_STACK, "rsp is the user's (%lx)", seen.rsp);
	ok(seen.rcx == seen.rip, "rcx is the return address, as SYSCALL leaves it (%lx)", seen.rcx);
	ok((seen.r11 & ~0x200UL) == (seen.rflags & ~0x200UL),
	   "r11 is rflags, as SYSCALL leaves it (%lx, %lx)", seen.r11, seen.rflags);
	ret = USER(0, "mov $1, %%eax; xor %%ecx, %%ecx; syscall; lea (%%rip), %%rdi; sub %%rcx, %%rdi");
	ok(ret == 7, "after iret rcx still is the return address (%lx)", ret);
}

static void test_upcall_mask(void)
{
	user_syscall = record;
	events_enable();
	USER(0, "mov $1, %%eax; syscall");
	ok((seen.cs >> 32) == 0 && seen.rflags & 0x200,
	   "the frame says that upcalls were enabled (cs %lx, rflags %lx)", seen.cs, seen.rflags);
	ok(seen_mask == 1, "CALLBACKF_mask_events masks upcalls during the call");
	ok(!vcpu_info->evtchn_upcall_mask, "iret enables them again");
	events_disable();
	USER(0, "mov $1, %%eax; syscall");
	ok((seen.cs >> 32) == 1 && !(seen.rflags & 0x200),
	   "the frame says that upcalls were masked (cs %lx, rflags %lx)", seen.cs, seen.rflags);
	register_callback(CALLBACKTYPE_syscall, 0, syscall_entry);
	events_enable();
	USER(0, "mov $1, %%eax; syscall");
	ok(seen_mask == 0, "without the flag upcalls stay enabled");
	events_disable();
	register_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, syscall_entry);
	ok(register_callback(CALLBACKTYPE_syscall, 0, NULL) == -22,
	   "the system call callback cannot be unregistered");
}

static bool int80(struct trap_regs *r)
{
	seen = *r;
	r->rax = r->rdi + 1;
	return true;
}

static void test_int80(void)
{
	u64 ret;

	trap_handlers[0x80] = int80;
	ret = USER(41, "mov $3, %%ecx; mov $4, %%r11d; mov $20, %%eax; int $0x80\n"
		       "mov %%rax, %%rdi; shl $8, %%rdi; or %%rcx, %%rdi; shl $8, %%rdi; or %%r11, %%rdi");
	ok(ret == (42 << 16 | 3 << 8 | 4), "int 0x80 keeps rcx and r11 (%lx)", ret);
	ok(seen.rcx == 3 && seen.r11 == 4 && seen.rax == 20, "and the frame has them");
	trap_handlers[0x80] = NULL;
	set_trap(0x80, 0);
	ret = USER(0, "int $0x80");
	ok(ret == USER_FAULT + 13 && trapped.error == 0x80 * 8 + 2,
	   "through a handler for the kernel only: #GP (%lx, error %lx)", ret, trapped.error);
	set_trap(0x80, 3);
	ret = USER(0, "int $0x21");
	ok(ret == USER_FAULT + 13 && trapped.error == 0x21 * 8 + 2,
	   "int n for the kernel only: #GP (%lx, error %lx)", ret, trapped.error);
	set_trap(0x21, 1);
	ret = USER(0, "int $0x21");
	ok(ret == USER_FAULT + 13, "DPL 1 is the kernel, not user mode (%lx)", ret);
	set_trap(0x21, 3);
	ret = USER(0, "int $0x21");
	ok(ret == USER_FAULT + 0x21, "int n with DPL 3 reaches its handler (%lx)", ret);
	set_trap(0x21, 0);
	ret = USER(0, "int3");
	ok(ret == USER_FAULT + 3 && trapped.rip == USER_CODE + 1, "int3 (%lx)", ret);
}

/* The vector table without a handler for int 0x80: a kernel without 32-bit system calls. */
static void test_no_int80(void)
{
	u64 ret;

	H(set_trap_table, 0);
	set_trap(13, 0);
	ret = USER(0, "int $0x80");
	ok(ret == USER_FAULT + 13 && trapped.error == 0x80 * 8 + 2,
	   "int 0x80 without a handler: #GP (%lx, error %lx)", ret, trapped.error);
	ret = USER(0, "int $0x21");
	ok(ret == USER_FAULT + 13 && trapped.error == 0x21 * 8 + 2,
	   "int n without a handler: #GP (%lx, error %lx)", ret, trapped.error);
	traps_init();
}

static void test_page_faults(void)
{
	u64 *page = page_alloc(), ret;

	ret = USER(DATA, "mov (%%rdi), %%rdi");
	ok(ret == USER_FAULT + 14 && trapped.error == 4 && trapped.cr2 == DATA,
	   "read of nothing: error code 4 (%lx: %lx at %lx)", ret, trapped.error, trapped.cr2);
	ret = USER(DATA, "mov %%rdi, 8(%%rdi)");
	ok(ret == USER_FAULT + 14 && trapped.error == 6 && trapped.cr2 == DATA + 8,
	   "write to nothing: error code 6 (%lx: %lx)", ret, trapped.error);
	ret = USER(DATA, "jmp *%%rdi");
	ok(ret == USER_FAULT + 14 && (trapped.error & ~0x10UL) == 4 && trapped.rip == DATA,
	   "jump to nothing: error code 4 or 0x14 (%lx: %lx)", ret, trapped.error);
	page[0] = 0x77;
	ok(!user_map(DATA, page, PTE_ROX | PTE_NX), "the kernel maps a page");
	ok(USER(DATA, "mov (%%rdi), %%rdi") == 0x77, "user mode reads it");
	ret = USER(DATA, "mov %%rdi, (%%rdi)");
	ok(ret == USER_FAULT + 14 && trapped.error == 7,
	   "a write to it: error code 7 (%lx: %lx)", ret, trapped.error);
	ret = USER(DATA, "jmp *%%rdi");
	ok(ret == USER_FAULT + 14 && trapped.error == 0x15,
	   "execution of a NX page: error code 0x15 (%lx: %lx)", ret, trapped.error);
	user_map(DATA, page, PTE_P | PTE_RW | PTE_US);
	mmuext(MMUEXT_INVLPG_LOCAL, DATA, 0);
	ret = USER(DATA, "movq $0x88, (%%rdi); xor %%edi, %%edi");
	ok(!ret && page[0] == 0x88, "then it is writable (%lx, %lx)", ret, page[0]);
	user_map(DATA, page, 0);
	mmuext(MMUEXT_INVLPG_LOCAL, DATA, 0);
	ret = USER(DATA, "mov (%%rdi), %%rdi");
	ok(ret == USER_FAULT + 14 && trapped.error == 4, "and then gone (%lx)", ret);
	ret = USER(0x8000000000000000, "mov (%%rdi), %%rdi");
	ok(ret == USER_FAULT + 13, "non-canonical: #GP (%lx)", ret);
}

static void test_kernel_memory(void)
{
	static const u64 slots[] = { 0xffff808000000000, 0xffff810000000000, 0xffff818000000000,
				     0xffff820000000000, 0xffff87ffffffffff };
	u64 ret, i;

	ret = USER((u64)guest_image, "mov (%%rdi), %%rdi");
	ok(ret == USER_FAULT + 14 && trapped.error == 4,
	   "what the user root does not map is not there (%lx: %lx)", ret, trapped.error);
	ret = USER((u64)shared_info, "mov %%rdi, (%%rdi)");
	ok(ret == USER_FAULT + 14 && trapped.error == 6,
	   "not shared_info either (%lx: %lx)", ret, trapped.error);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		ret = USER(slots[i], "mov (%%rdi), %%dil");
		ok(ret == USER_FAULT + 14 && trapped.error == 4, "the monitor's memory at 0x%lx: #PF",
		   slots[i]);
	}
	ret = USER(0xffff808000000000, "jmp *%%rdi");
	ok(ret == USER_FAULT + 14 && trapped.rip == 0xffff808000000000,
	   "a jump there: #PF (%lx)", ret);
	ret = USER(0xffff800000000000, "movq $0, (%%rdi)");
	ok(ret == USER_FAULT + 14, "the m2p cannot be written (%lx)", ret);
}

static void test_not_a_hypercall(void)
{
	static const u64 numbers[] = {
		__HYPERVISOR_iret, __HYPERVISOR_mmu_update, __HYPERVISOR_sched_op,
		__HYPERVISOR_set_gdt, __HYPERVISOR_multicall, ~0UL,
	};
	u64 ret, i;

	user_syscall = record;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		ret = USER(numbers[i], "mov %%rdi, %%rax; mov $2, %%edi; xor %%esi, %%esi; syscall\n"
				       "mov %%rax, %%rdi");
		ok(ret == 0x1122334455667788 && seen.rax == numbers[i],
		   "hypercall number %lx is a system call here", numbers[i]);
	}
}

#define PRIVILEGED(insns, fault) do { \
		u64 ret_ = USER(0, insns); \
		ok(ret_ == USER_FAULT + (fault) && trapped.error == 0 && trapped.rip == USER_CODE, \
		   "%s raises vector %u (%lx, rip %lx)", insns, fault, ret_, trapped.rip); \
	} while (0)

static void test_privileged(void)
{
	struct physdev_set_iopl iopl = { .iopl = 3 };

	PRIVILEGED("hlt", 13);
	PRIVILEGED("cli", 13);
	PRIVILEGED("sti", 13);
	PRIVILEGED("clts", 13);
	PRIVILEGED("wbinvd", 13);
	PRIVILEGED("rdmsr", 13);
	PRIVILEGED("wrmsr", 13);
	PRIVILEGED("mov %%cr0, %%rax", 13);
	PRIVILEGED("mov %%cr2, %%rax", 13);
	PRIVILEGED("mov %%cr3, %%rax", 13);
	PRIVILEGED("mov %%cr4, %%rax", 13);
	PRIVILEGED("mov %%rax, %%cr0", 13);
	PRIVILEGED("mov %%dr7, %%rax", 13);
	PRIVILEGED("mov %%rax, %%dr7", 13);
	PRIVILEGED("in $0x80, %%al", 13);
	PRIVILEGED("out %%al, $0x80", 13);
	PRIVILEGED("in %%dx, %%eax", 13);
	PRIVILEGED("invlpg (%%rsp)", 13);
	PRIVILEGED("swapgs", 13);
	PRIVILEGED("lgdt (%%rip)", 13);
	PRIVILEGED("lldt %%ax", 13);
	PRIVILEGED("ltr %%ax", 13);
	PRIVILEGED("xsetbv", 13);
	PRIVILEGED("ud2", 6);
	/* The kernel's own virtual IOPL is not the user's. */
	iopl.iopl = 1;
	H(physdev_op, PHYSDEVOP_set_iopl, &iopl);
	PRIVILEGED("in $0x81, %%al", 13);
	PRIVILEGED("cli; nop", 13);
	iopl.iopl = 0;
	H(physdev_op, PHYSDEVOP_set_iopl, &iopl);
}

static void test_cpuid(void)
{
	u64 ret;

	ret = USER(0, "xor %%eax, %%eax; xor %%ecx, %%ecx; cpuid; mov %%rbx, %%rdi");
	ok(ret >> 32 == 0 && ret != 0, "cpuid works natively (%lx)", ret);
	ret = USER(0, "mov $0x40000000, %%eax; xor %%ecx, %%ecx; ud2; .ascii \"xen\"; cpuid\n"
		      "mov %%rbx, %%rdi");
	ok(ret == 0x566e6558, "the forced-emulation prefix works in user mode (%lx)", ret);
	ret = USER(0, "ud2; .ascii \"xem\"; cpuid");
	ok(ret == USER_FAULT + 6 && trapped.rip == USER_CODE, "anything else is a #UD (%lx)", ret);
	ret = USER(0, "ud2; .ascii \"xen\"; hlt");
	ok(ret == USER_FAULT + 6 && trapped.rip == USER_CODE,
	   "the prefix before another instruction is a #UD (%lx)", ret);
	ret = USER(CODE_END - 5, "movl $0x65780b0f, (%%rdi); jmp *%%rdi");
	ok(ret == USER_FAULT + 14 && trapped.error == 7, "(the code page is read-only: %lx)", ret);
}

/* Code whose last byte is the last of the page, and the next page is not there. */
static void test_fetch_at_edge(void)
{
	static const u8 prefix[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
	u8 *page = page_alloc();
	u64 ret;

	memcpy(page + PAGE_SIZE - 5, prefix, 5);
	user_map(DATA, page, PTE_ROX);
	ret = USER(DATA + PAGE_SIZE - 5, "jmp *%%rdi");
	ok(ret == USER_FAULT + 6 && trapped.rip == DATA + PAGE_SIZE - 5,
	   "the prefix at the end of mapped memory is a #UD (%lx)", ret);
	page[PAGE_SIZE - 1] = 0xf4;
	ret = USER(DATA + PAGE_SIZE - 1, "jmp *%%rdi");
	ok(ret == USER_FAULT + 13 && trapped.rip == DATA + PAGE_SIZE - 1,
	   "hlt in the last byte of mapped memory: #GP (%lx)", ret);
	user_map(DATA, page, 0);
	mmuext(MMUEXT_INVLPG_LOCAL, DATA, 0);
}

static void test_32bit(void)
{
	u64 ret;

	ret = USER(1, IN_32BIT("mov $0x10, %%eax; inc %%eax; shl $4, %%edi; add %%eax, %%edi"));
	ok(ret == 0x21, "32-bit user code runs (%lx)", ret);
	trap_handlers[0x80] = int80;
	ret = USER(6, IN_32BIT("int $0x80; mov %%eax, %%edi"));
	ok(ret == 7 && (u32)seen.cs == FLAT_USER_CS32, "int 0x80 from it (%lx, cs %lx)", ret,
	   seen.cs);
	trap_handlers[0x80] = NULL;
	ret = USER(0, IN_32BIT("mov 0x500000, %%eax"));
	ok(ret == USER_FAULT + 14 && trapped.cr2 == DATA && trapped.error == 4,
	   "a page fault from it (%lx)", ret);
	ret = USER(0, IN_32BIT("hlt"));
	ok(ret == USER_FAULT + 13, "hlt in it: #GP (%lx)", ret);
	ret = USER(0, IN_32BIT("into; mov $0x7fffffff, %%eax; inc %%eax; into"));
	ok(ret == USER_FAULT + 4, "into: #OF (%lx)", ret);
	ret = USER(0, IN_32BIT("mov $0x40000000, %%eax; ud2; .ascii \"xen\"; cpuid; mov %%ebx, %%edi"));
	ok(ret == 0x566e6558, "the forced-emulation prefix (%lx)", ret);
}

/* What sysenter, and syscall from 32-bit code, enter the kernel with. */
static bool fast_call(struct trap_regs *r)
{
	seen = *r;
	seen_mask = vcpu_info->evtchn_upcall_mask;
	r->rax = 0x55;
	return true;
}

static u64 fast_syscall(struct trap_regs *r)
{
	fast_call(r);
	return 0x55;
}

static void test_sysenter(void)
{
	unsigned int fault = on_intel() ? 13 : 6;
	u64 ret;

	ret = USER(0, "sysenter");
	ok(ret == USER_FAULT + fault && trapped.rip == USER_CODE,
	   "sysenter without a callback raises vector %u (%lx)", fault, ret);
	ok(!register_callback(CALLBACKTYPE_sysenter, CALLBACKF_mask_events, syscall_entry),
	   "a sysenter callback is registered");
	user_syscall = fast_syscall;
	ret = USER(0, "mov $77, %%eax; sysenter; mov %%rax, %%rdi");
	ok(ret == 0x55 && seen.rax == 77 && (u32)seen.cs == FLAT_USER_CS,
	   "sysenter reaches it (%lx, cs %lx)", ret, seen.cs);
	ok(seen.rip == USER_CODE + 7, "rip is behind the instruction (%lx)", seen.rip);
	ok(seen_mask == 1, "with upcalls masked");
	ret = USER(0, IN_32BIT("mov $78, %%eax; sysenter; mov %%eax, %%edi"));
	ok(ret == 0x55 && seen.rax == 78 && (u32)seen.cs == FLAT_USER_CS32,
	   "and from 32-bit code (%lx, cs %lx)", ret, seen.cs);
	ok(TRY("sysenter") == (int)fault, "but not from the kernel");
	ok(!register_callback(CALLBACKTYPE_sysenter, 0, NULL), "it is unregistered");
	ret = USER(0, "sysenter");
	ok(ret == USER_FAULT + fault, "and gone (%lx)", ret);
}

static void test_syscall32(void)
{
	u64 ret;

	if (on_intel()) {
		ret = USER(0, IN_32BIT("mov $79, %%eax; syscall"));
		ok(ret == USER_FAULT + 6, "syscall in 32-bit code raises #UD (%lx)", ret);
		return;
	}
	ret = USER(0, IN_32BIT("mov $79, %%eax; syscall"));
	ok(ret == USER_FAULT + 6, "syscall in 32-bit code without a callback: #UD (%lx)", ret);
	ok(!register_callback(CALLBACKTYPE_syscall32, CALLBACKF_mask_events, syscall_entry),
	   "a syscall32 callback is registered");
	ret = USER(0, IN_32BIT("mov $79, %%eax; syscall; mov %%eax, %%edi"));
	ok(ret == 0x55 && seen.rax == 79 && (u32)seen.cs == FLAT_USER_CS32,
	   "syscall in 32-bit code reaches it (%lx, cs %lx)", ret, seen.cs);
	ok(seen_mask == 1, "with upcalls masked");
	ok(!register_callback(CALLBACKTYPE_syscall32, 0, NULL), "it is unregistered");
	ret = USER(0, IN_32BIT("mov $79, %%eax; syscall"));
	ok(ret == USER_FAULT + 6, "and gone (%lx)", ret);
}

/* Two user address spaces; the kernel changes between them. */
static void test_roots(void)
{
	u64 *page[2] = { page_alloc(), page_alloc() }, root[2], i, ret = 0;

	root[0] = user_root;
	page[0][0] = 10;
	page[1][0] = 20;
	user_map(DATA, page[0], PTE_RWX);
	user_init();
	root[1] = user_root;
	user_map(DATA, page[1], PTE_RWX);
	ok(root[0] != root[1], "a second user root");
	for (i = 0; i < 100; i++) {
		ret |= mmuext(MMUEXT_NEW_USER_BASEPTR, root[i & 1], 0) != 0;
		/* The code goes to the page of the newer root. */
		if (i & 1)
			ret |= USER(DATA, "incq (%%rdi); mov (%%rdi), %%rdi") != 20 + (i + 1) / 2;
	}
	ok(!ret && page[0][0] == 10 && page[1][0] == 70,
	   "each sees its own memory (%lu, %lu)", page[0][0], page[1][0]);
	ok(mmuext(MMUEXT_NEW_USER_BASEPTR, va_to_gfn(page[0]), 0) == -22,
	   "a writable page is no user root");
	ok(mmuext(MMUEXT_NEW_USER_BASEPTR, 0x7ffffff, 0) == -22, "nor is a foreign frame");
	ret = USER(DATA, "mov (%%rdi), %%rdi");
	ok(ret == 70, "the old root stays (%lu)", ret);
	ok(!mmuext(MMUEXT_NEW_USER_BASEPTR, current_root(), 0),
	   "the kernel's root may be the user's, too");
	ret = user_run((u64)guest_image + 0x100000, USER_STACK, 0);
	ok(ret != 0, "then user mode runs in the kernel's memory (%lx)", ret);
	ok(!mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "and no root at all");
	ok(!mmuext(MMUEXT_UNPIN_TABLE, root[0], 0), "an old root is released");
}

void guest_main(void)
{
	user_init();
	test_syscall();
	test_upcall_mask();
	test_int80();
	test_no_int80();
	test_page_faults();
	test_kernel_memory();
	test_not_a_hypercall();
	test_privileged();
	test_cpuid();
	test_fetch_at_edge();
	test_32bit();
	test_sysenter();
	test_syscall32();
	test_roots();
}
