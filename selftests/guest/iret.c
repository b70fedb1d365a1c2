// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The iret hypercall in all shapes: to the kernel, to user mode, with and without
 * VGCF_in_syscall, with every flag, and with what no CPU accepts. Expected: the guest
 * continues with exactly what its frame says, but for the flags it may not choose; or
 * the failsafe callback is called with the frame that was asked for and the live
 * selectors.
 */
#include "guest.h"

#define RFLAGS_TF	(1UL << 8)
#define RFLAGS_IF	(1UL << 9)
#define RFLAGS_DF	(1UL << 10)
#define RFLAGS_IOPL	(3UL << 12)
#define RFLAGS_NT	(1UL << 14)
#define RFLAGS_RF	(1UL << 16)
#define RFLAGS_VM	(1UL << 17)
#define RFLAGS_AC	(1UL << 18)
#define RFLAGS_VIF	(3UL << 19)
#define RFLAGS_ID	(1UL << 21)

#define KERNEL_CS	(FLAT_KERNEL_CS & ~3UL)
#define KERNEL_SS	(FLAT_KERNEL_SS & ~3UL)

/* What iret_at() comes back with. */
enum { LANDED, FAILSAFE, USER_CALL, EXCEPTION };

/* The state in which the kernel landed; the order is that of the code below. */
struct landing {
	u64 rax, rcx, r11, rsp, rflags, cs, ss;
};

struct landing landed;
extern char iret_landing[];
static struct trap_regs seen;
static u64 seen_mask, seen_stack;
static char stack[PAGE_SIZE] __attribute__((aligned(4096)));

/* Make the hypercall with rsp at this frame. */
u64 iret_at(const void *frame);
/* End iret_at() with this value, from anywhere. */
void iret_end(u64 value) __attribute__((noreturn));

asm(	".pushsection .text\n"
	".globl iret_at, iret_end, iret_landing\n"
	"iret_at:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, iret_kernel_rsp(%rip)\n"
	"mov %rdi, %rsp\n"
	"mov $23, %eax\n"
	"syscall\n"
	"ud2\n"
	"iret_landing:\n"
	"mov %rsp, landed + 24(%rip)\n"
	"mov %rax, landed(%rip); mov %rcx, landed + 8(%rip); mov %r11, landed + 16(%rip)\n"
	"mov iret_kernel_rsp(%rip), %rsp\n"
	"pushf; pop landed + 32(%rip)\n"
	"xor %eax, %eax\n"
	"mov %cs, %eax; mov %rax, landed + 40(%rip)\n"
	"mov %ss, %eax; mov %rax, landed + 48(%rip)\n"
	"xor %edi, %edi\n"
	"iret_end:\n"
	"mov iret_kernel_rsp(%rip), %rsp\n"
	"push $2; popf\n"
	"mov %rdi, %rax\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n"
	".popsection\n"
	".pushsection .bss\n"
	".balign 8\n"
	"iret_kernel_rsp: .quad 0\n"
	".popsection\n");

static void record(struct trap_regs *r)
{
	seen = *r;
	seen_mask = vcpu_info->evtchn_upcall_mask;
	seen_stack = (u64)r;
}

static bool failsafe(struct trap_regs *r)
{
	record(r);
	iret_end(FAILSAFE);
}

static u64 user_call(struct trap_regs *r)
{
	record(r);
	iret_end(USER_CALL);
}

static bool exception(struct trap_regs *r)
{
	record(r);
	iret_end(EXCEPTION);
}

static struct iret_context to_kernel(void)
{
	return (struct iret_context){
		.rax = 0x1111111111111111, .r11 = 0x2222222222222222, .rcx = 0x3333333333333333,
		.rip = (u64)iret_landing, .cs = KERNEL_CS, .rflags = 2,
		.rsp = (u64)stack + sizeof(stack), .ss = KERNEL_SS,
	};
}

static struct iret_context to_user(void)
{
	struct iret_context f = to_kernel();

	f.rip = USER_CODE;
	f.cs = FLAT_USER_CS;
	f.ss = FLAT_USER_SS;
	f.rsp = USER_STACK;
	return f;
}

static void test_kernel(void)
{
	struct iret_context f = to_kernel();

	ok(iret_at(&f) == LANDED, "iret to the kernel");
	ok(landed.rax == f.rax && landed.rcx == f.rcx && landed.r11 == f.r11,
	   "rax, rcx and r11 come from the frame (%lx %lx %lx)", landed.rax, landed.rcx, landed.r11);
	ok(landed.rsp == f.rsp, "rsp too (%lx)", landed.rsp);
	ok(landed.cs == FLAT_KERNEL_CS && landed.ss == FLAT_KERNEL_SS,
	   "cs and ss get RPL 3 (%lx, %lx)", landed.cs, landed.ss);
	f.rsp -= 3;
	ok(iret_at(&f) == LANDED && landed.rsp == f.rsp, "rsp may be unaligned (%lx)", landed.rsp);
	f.rsp = 0x8000000000000000;
	ok(iret_at(&f) == LANDED && landed.rsp == f.rsp, "and non-canonical (%lx)", landed.rsp);
	f = to_kernel();
	f.cs |= 0xffffffff00000000;
	f.ss |= 0xffffffffffff0000;
	ok(iret_at(&f) == LANDED, "only 16 bits of cs and ss matter");
	f = to_kernel();
	f.flags = VGCF_in_syscall;
	ok(iret_at(&f) == LANDED && landed.rax == f.rax, "iret with VGCF_in_syscall");
	ok(landed.rcx == f.rip && (landed.r11 & ~RFLAGS_IF) == 2,
	   "rcx is rip and r11 rflags, as after SYSRET (%lx, %lx)", landed.rcx, landed.r11);
	f.flags = ~(u64)VGCF_in_syscall;
	ok(iret_at(&f) == LANDED && landed.rcx == f.rcx, "other flags mean nothing");
}

static void test_flags(void)
{
	struct vcpu_info *v = vcpu_info;
	struct iret_context f = to_kernel();
	const u64 kept = 0xcd5, dropped = RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF;

	f.rflags = 0x202;
	v->evtchn_upcall_mask = 1;
	ok(iret_at(&f) == LANDED && !v->evtchn_upcall_mask, "IF set: upcalls enabled");
	f.rflags = 2;
	ok(iret_at(&f) == LANDED && v->evtchn_upcall_mask == 1, "IF clear: upcalls masked");
	f.rflags = kept | 2;
	ok(iret_at(&f) == LANDED && (landed.rflags & kept) == kept,
	   "arithmetic flags and DF are set (%lx)", landed.rflags);
	f.rflags = 0;
	ok(iret_at(&f) == LANDED && !(landed.rflags & kept), "and clear (%lx)", landed.rflags);
	f.rflags = RFLAGS_NT;
	ok(iret_at(&f) == LANDED && landed.rflags & RFLAGS_NT, "NT is set (%lx)", landed.rflags);
	f.rflags = RFLAGS_AC;
	ok(iret_at(&f) == LANDED && landed.rflags & RFLAGS_AC, "AC is set (%lx)", landed.rflags);
	f.rflags = RFLAGS_ID;
	ok(iret_at(&f) == LANDED && landed.rflags & RFLAGS_ID, "ID is set (%lx)", landed.rflags);
	f.rflags = RFLAGS_RF;
	ok(iret_at(&f) == LANDED, "RF does no harm (%lx)", landed.rflags);
	f.rflags = dropped;
	ok(iret_at(&f) == LANDED && !(landed.rflags & dropped),
	   "IOPL, VM, VIF and VIP are not the guest's to set (%lx)", landed.rflags);
	f.rflags = ~(RFLAGS_TF | RFLAGS_AC);
	ok(iret_at(&f) == LANDED && !(landed.rflags & dropped),
	   "nor with all other bits (%lx)", landed.rflags);
	v->evtchn_upcall_mask = 1;
}

static void test_single_step(void)
{
	struct iret_context f = to_kernel();

	trap_handlers[1] = exception;
	f.rflags = RFLAGS_TF;
	ok(iret_at(&f) == EXCEPTION && seen.vector == 1, "TF: #DB");
	ok(seen.rip > f.rip && seen.rip <= f.rip + 15,
	   "after one instruction (%lx)", seen.rip - f.rip);
	ok(seen.rflags & RFLAGS_TF, "the frame has TF (%lx)", seen.rflags);
	f = to_user();
	f.rflags = RFLAGS_TF;
	USER_LOAD("nop; nop");
	ok(iret_at(&f) == EXCEPTION && seen.vector == 1 && seen.rip == USER_CODE + 1,
	   "and after one of user mode (%lx)", seen.rip);
	trap_handlers[1] = NULL;
}

static void test_straddle(void)
{
	char *pages = page_alloc(), *second = page_alloc();
	struct iret_context f = to_kernel();
	u64 at;

	/* Neighbours in the window, not in memory. */
	window_map(0, second, PTE_RWX);
	window_map(1, pages, PTE_RWX);
	for (at = 8; at < sizeof(f); at += 8) {
		char *p = (char *)WINDOW(1) - at;

		memcpy(p, &f, sizeof(f));
		if (iret_at(p) != LANDED || landed.rax != f.rax || landed.rsp != f.rsp ||
		    landed.rcx != f.rcx || landed.r11 != f.r11)
			break;
	}
	ok(at == sizeof(f), "a frame on two pages, at every word (%lu)", at);
	memcpy((char *)WINDOW(1) - 37, &f, sizeof(f));
	ok(iret_at((char *)WINDOW(1) - 37) == LANDED && landed.rsp == f.rsp,
	   "an unaligned frame on two pages");
	memcpy((char *)WINDOW(0), &f, sizeof(f));
	window_map(0, second, PTE_ROX);
	ok(iret_at((char *)WINDOW(0)) == LANDED, "a frame on a read-only page");
	window_map(0, second, PTE_P | PTE_RW | PTE_US);
	ok(iret_at((char *)WINDOW(0)) == LANDED && *window_pte(0) & PTE_A,
	   "on one that was never accessed; then it is");
	window_map(0, NULL, 0);
	window_map(1, NULL, 0);
}

static void load_selectors(u64 sel)
{
	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" : : "r" (sel));
}

static void test_selectors(void)
{
	static const u16 bad_cs[] = { 0, 4, 0x10, 0x18, 0xe008, 0xe010, 0xe028, 0xe040, 0xe048,
				      0xe050, 0xe060, 0xeff8, 0xf000, 0xfff8, 0x7ffc, 0xdff8 };
	static const u16 bad_ss[] = { 0, 4, 0x18, 0xe008, 0xe010, 0xe020, 0xe030, 0xe040, 0xfff8 };
	struct iret_context f;
	u64 i, wrong = 0;

	load_selectors(FLAT_KERNEL_SS);
	for (i = 0; i < ARRAY_SIZE(bad_cs); i++) {
		f = to_kernel();
		f.cs = bad_cs[i];
		ok(iret_at(&f) == FAILSAFE, "cs 0x%x: failsafe callback", bad_cs[i]);
		wrong |= seen.rip != f.rip || (u16)seen.cs != f.cs || seen.rsp != f.rsp ||
			 seen.rcx != f.rcx || seen.r11 != f.r11 || seen.rax != f.rax;
	}
	ok(!wrong, "its frame is the one that was asked for");
	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(bad_ss); i++) {
		f = to_kernel();
		f.ss = bad_ss[i];
		ok(iret_at(&f) == FAILSAFE, "ss 0x%x: failsafe callback", bad_ss[i]);
		wrong |= seen.rip != f.rip || (seen.ss & ~3UL) != (f.ss & ~3UL) ||
			 seen.rsp != f.rsp;
	}
	ok(!wrong, "its frame is the one that was asked for");
	ok(failsafe_selectors[0] == FLAT_KERNEL_SS && failsafe_selectors[1] == FLAT_KERNEL_SS &&
	   failsafe_selectors[2] == FLAT_KERNEL_SS && failsafe_selectors[3] == FLAT_KERNEL_SS,
	   "it has the live selectors (%lx %lx %lx %lx)", failsafe_selectors[0],
	   failsafe_selectors[1], failsafe_selectors[2], failsafe_selectors[3]);
	load_selectors(0);
	f = to_kernel();
	f.cs = 0;
	ok(iret_at(&f) == FAILSAFE && !failsafe_selectors[0] && !failsafe_selectors[3],
	   "null ones too (%lx %lx)", failsafe_selectors[0], failsafe_selectors[3]);
}

static void test_failsafe_mask(void)
{
	struct vcpu_info *v = vcpu_info;
	struct iret_context f = to_kernel();

	f.cs = 0;
	f.rflags = 0x202;
	ok(iret_at(&f) == FAILSAFE && !seen_mask && seen.cs >> 32 == 0 && seen.rflags & RFLAGS_IF,
	   "the failsafe callback leaves upcalls as they are (cs %lx)", seen.cs);
	register_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, failsafe_entry);
	ok(iret_at(&f) == FAILSAFE && seen_mask == 1 && seen.cs >> 32 == 0,
	   "with CALLBACKF_mask_events it masks them (cs %lx)", seen.cs);
	f.rflags = 2;
	ok(iret_at(&f) == FAILSAFE && seen.cs >> 32 == 1 && !(seen.rflags & RFLAGS_IF),
	   "and the frame says what was asked for (cs %lx)", seen.cs);
	register_callback(CALLBACKTYPE_failsafe, 0, failsafe_entry);
	v->evtchn_upcall_mask = 1;
	ok(register_callback(CALLBACKTYPE_failsafe, 0, NULL) == -22, "it cannot be unregistered");
}

static bool on_kernel_stack(void)
{
	extern char trap_stack[];

	return seen_stack > (u64)trap_stack && seen_stack < (u64)trap_stack + 4 * PAGE_SIZE;
}

static void test_user(void)
{
	struct vcpu_info *v = vcpu_info;
	struct iret_context f = to_user();

	user_syscall = user_call;
	USER_LOAD("mov %%rax, %%rbx; mov %%rcx, %%rdx; mov %%r11, %%rsi; mov $1, %%eax; syscall");
	ok(iret_at(&f) == USER_CALL, "iret to user mode");
	ok(seen.rbx == f.rax && seen.rdx == f.rcx && seen.rsi == f.r11,
	   "rax, rcx and r11 come from the frame (%lx %lx %lx)", seen.rbx, seen.rdx, seen.rsi);
	ok(seen.rsp == f.rsp && on_kernel_stack(), "the stacks are right (%lx)", seen_stack);
	f.flags = VGCF_in_syscall;
	ok(iret_at(&f) == USER_CALL && seen.rdx == USER_CODE && (seen.rsi & ~RFLAGS_IF) == 2,
	   "VGCF_in_syscall: rcx and r11 as after SYSRET (%lx, %lx)", seen.rdx, seen.rsi);
	f = to_user();
	f.rflags = 0x202;
	ok(iret_at(&f) == USER_CALL && seen.cs >> 32 == 0, "IF set: upcalls enabled");
	f.rflags = 2;
	ok(iret_at(&f) == USER_CALL && seen.cs >> 32 == 1, "IF clear: upcalls masked");
	v->evtchn_upcall_mask = 1;
	f.rsp = 0x123456789abcdef;
	ok(iret_at(&f) == USER_CALL && seen.rsp == f.rsp, "any rsp (%lx)", seen.rsp);
	f = to_user();
	f.rip = 0x700000;
	trap_handlers[14] = exception;
	ok(iret_at(&f) == EXCEPTION && seen.rip == f.rip && seen.error & 4,
	   "rip where nothing is: #PF of user mode (%lx)", seen.error);
	f.rip = (u64)iret_landing;
	ok(iret_at(&f) == EXCEPTION && seen.rip == f.rip && seen.error & 4,
	   "the kernel's code with the user's cs: #PF of user mode (%lx)", seen.error);
	trap_handlers[14] = NULL;
}

static void test_user_selectors(void)
{
	static const u16 bad_cs[] = { 3, 7, 0x13, 0xe00b, 0xe013, 0xe02b, 0xe043, 0xfffb };
	static const u16 bad_ss[] = { 0, 3, 7, 0xe00b, 0xe013, 0xe033, 0xe043, 0xfffb };
	struct iret_context f;
	u64 i, wrong = 0;

	USER_LOAD("mov $1, %%eax; syscall");
	for (i = 0; i < ARRAY_SIZE(bad_cs); i++) {
		f = to_user();
		f.cs = bad_cs[i];
		ok(iret_at(&f) == FAILSAFE, "user cs 0x%x: failsafe callback", bad_cs[i]);
		wrong |= seen.rip != f.rip || (u16)seen.cs != f.cs || seen.rsp != f.rsp ||
			 seen.rcx != f.rcx || seen.r11 != f.r11 || seen.rax != f.rax ||
			 !on_kernel_stack();
	}
	for (i = 0; i < ARRAY_SIZE(bad_ss); i++) {
		f = to_user();
		f.ss = bad_ss[i];
		ok(iret_at(&f) == FAILSAFE, "user ss 0x%x: failsafe callback", bad_ss[i]);
		wrong |= seen.rip != f.rip || (seen.ss & ~3UL) != (f.ss & ~3UL) ||
			 !on_kernel_stack();
	}
	ok(!wrong, "on the kernel's stack, with the frame that was asked for");
	f = to_user();
	ok(iret_at(&f) == USER_CALL, "user mode still works");
	f = to_user();
	f.cs = FLAT_USER_CS32;
	USER_LOAD(".code32; mov $1, %%eax; int $0x80; .code64");
	trap_handlers[0x80] = exception;
	ok(iret_at(&f) == EXCEPTION && (u32)seen.cs == FLAT_USER_CS32 && seen.rip == USER_CODE + 7,
	   "the ABI's 32-bit cs (rip %lx)", seen.rip);
	trap_handlers[0x80] = NULL;
}

/* The CPU refuses such a rip in IRETQ; QEMU's only when it fetches from there. */
static void check_noncanonical(struct iret_context *f, u64 rip, const char *what)
{
	u64 ret;

	f->rip = rip;
	ret = iret_at(f);
	if (on_tcg())
		ok((ret == FAILSAFE || (ret == EXCEPTION && (seen.vector == 13 || seen.vector == 14)))
		   && seen.rip == rip, "%s, rip 0x%lx: refused in some way", what, rip);
	else
		ok(ret == FAILSAFE && seen.rip == rip, "%s, rip 0x%lx: failsafe callback", what, rip);
}

static void test_noncanonical(void)
{
	static const u64 bad[] = { 0x0000800000000000, 0x8000000000000000, 0xffff7fffffffffff,
				   0x0100000000000000 };
	struct iret_context f;
	u64 i;

	trap_handlers[13] = trap_handlers[14] = exception;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		f = to_kernel();
		check_noncanonical(&f, bad[i], "kernel");
		f = to_user();
		check_noncanonical(&f, bad[i], "user");
	}
	f = to_kernel();
	f.rip = 0xffff808000000000;
	ok(iret_at(&f) == EXCEPTION && seen.vector == 14 && seen.rip == f.rip,
	   "rip in the monitor: #PF there (%lx)", seen.rip);
	trap_handlers[13] = trap_handlers[14] = NULL;
}

void guest_main(void)
{
	failsafe_handler = failsafe;
	user_init();
	test_kernel();
	test_flags();
	test_straddle();
	test_selectors();
	test_failsafe_mask();
	test_user();
	test_single_step();
	test_user_selectors();
	test_noncanonical();
}
