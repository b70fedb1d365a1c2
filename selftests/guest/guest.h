/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The library of the micro-guests: kernels of a few hundred lines for the Xen PV
 * ABI, each of which tests one behaviour and prints TAP on the console. It is
 * written against the public headers only; nothing here knows the monitor.
 */
#ifndef PVHV_SELFTESTS_GUEST_H
#define PVHV_SELFTESTS_GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define PAGE_SIZE	4096UL
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define PTE_P		(1ULL << 0)
#define PTE_RW		(1ULL << 1)
#define PTE_US		(1ULL << 2)
#define PTE_PWT		(1ULL << 3)
#define PTE_PCD		(1ULL << 4)
#define PTE_A		(1ULL << 5)
#define PTE_D		(1ULL << 6)
#define PTE_PSE		(1ULL << 7)
#define PTE_G		(1ULL << 8)
#define PTE_NX		(1ULL << 63)
#define PTE_GFN(e)	(((e) >> 12) & 0xffffffffffULL)
#define PTE_RWX		(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PTE_ROX		(PTE_P | PTE_US | PTE_A)

extern struct start_info *start_info;
extern struct shared_info *shared_info;		/* mapped by start.S's C half */
extern char guest_image[], guest_image_end[];	/* VIRT_BASE and end of .bss */
extern char guest_text_end[];			/* of text and read-only data, page-aligned */
extern char trap_stack[4 * PAGE_SIZE];		/* that of traps from user mode */

/** guest_main - the test. Its return ends the guest with a power-off. */
void guest_main(void);

/* ------------------------------------------------------------- output */

void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * ok - one TAP result: ok(good, format, ...)
 * A macro, so that the arguments of the text are looked at after the test was made.
 */
#define ok(good, ...) do { bool good_ = (good); result(good_, __VA_ARGS__); } while (0)
void result(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** skip - a test that cannot be made here; the text ends with the reason */
void skip(const char *what, const char *reason);

/** on_tcg - is the CPU QEMU's, with the defects that are listed for it? */
bool on_tcg(void);

/** on_intel - by CPUID's vendor: SYSCALL and SYSENTER differ */
bool on_intel(void);

/** guest_exit - SCHEDOP_shutdown; prints the TAP plan first when results were given */
void guest_exit(unsigned int reason) __attribute__((noreturn));

/** option - value of "name=" on the command line, or @fallback */
u64 option(const char *name, u64 fallback);

void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);
size_t strlen(const char *s);

/* --------------------------------------------------------- hypercalls */

static inline long hypercall(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	register u64 r10 asm("r10") = d;
	register u64 r8 asm("r8") = e;
	long ret;

	asm volatile("syscall"
		     : "=a" (ret), "+D" (a), "+S" (b), "+d" (c), "+r" (r10), "+r" (r8)
		     : "0" (nr) : "rcx", "r11", "memory");
	return ret;
}

#define H(name, ...)	H_(__HYPERVISOR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define H_(nr, a, b, c, d, e, ...) \
	hypercall(nr, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e))

/* ------------------------------------------------------------ memory */

/* The boot mapping: address VIRT_BASE + x is guest frame x / 4096. */
static inline u64 va_to_gfn(const void *va)
{
	return ((u64)va - (u64)guest_image) / PAGE_SIZE;
}

static inline void *gfn_to_va(u64 gfn)
{
	return guest_image + gfn * PAGE_SIZE;
}

/** page_alloc - a zeroed page of the boot mapping that nothing else uses */
void *page_alloc(void);

/** pte_of - the level-n entry that maps @va, through the boot mapping; NULL: none above */
u64 *pte_of(u64 va, int level);

/** pte_machine - machine address of a table entry, for mmu_update */
static inline u64 pte_machine(const u64 *entry)
{
	return va_to_gfn(entry) * PAGE_SIZE + ((u64)entry & (PAGE_SIZE - 1));
}

/** mmu_update - one entry; returns the hypercall's result */
long mmu_update(u64 machine_address, u64 val);

/** mmuext - one operation */
long mmuext(unsigned int cmd, u64 arg1, u64 arg2);

/** map_page - make the page at @va (boot mapping) appear with these bits */
long set_page_bits(const void *va, u64 bits);

/*
 * A window for tests: 512 pages that nothing uses, behind a table of its own. The
 * first use makes the table.
 */
#define WINDOW(n)	(0xffffffffc0000000UL + (n) * PAGE_SIZE)

/** window_pte - the level-1 entry of WINDOW(n), read-only */
u64 *window_pte(unsigned int n);

/** window_map - write it, and forget the old translation */
long window_map(unsigned int n, const void *page, u64 bits);

/** current_root - gfn of the level-4 table the guest booted on */
u64 current_root(void);

/* ------------------------------------------------------------- traps */

/* What a bounce left on the stack, below the registers that trap.S saves. */
struct trap_regs {
	u64 r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rax, rdx, rsi, rdi;
	u64 vector;
	u64 rcx, r11;
	u64 error;
	u64 rip, cs, rflags, rsp, ss;
};

/* The last exception: what TRY() looks at. */
struct trap_record {
	unsigned int count, vector;
	u64 error, rip, cr2;
	struct trap_regs regs;
};

extern struct trap_record trapped;

#define VECTOR_UPCALL	0x100
#define VECTOR_SYSCALL	0x101
#define VECTOR_FAILSAFE	0x102

/* ds es fs gs of the last failsafe callback. */
extern u64 failsafe_selectors[4];

/*
 * A handler of the test's own, by vector; it may change the registers and returns
 * true when it has dealt with the exception.
 */
typedef bool (*trap_handler)(struct trap_regs *r);
extern trap_handler trap_handlers[256], failsafe_handler;

/* Sees everything first: exceptions, upcalls, system calls. */
extern trap_handler trap_hook;

/** traps_init - set_trap_table with handlers for all vectors, and event callbacks */
void traps_init(void);

/** set_trap - change one handler: lowest privilege for `int n`, and masking of upcalls */
void set_trap(unsigned int vector, unsigned int flags);

/** register_callback - CALLBACKOP_register; @address 0 unregisters */
long register_callback(unsigned int type, unsigned int flags, const void *address);

extern char upcall_entry[], failsafe_entry[], syscall_entry[];

/* Address to continue at after an exception, 0: it is not expected. */
extern volatile u64 trap_resume;

/*
 * TRY(asm): run the instructions; value: the vector they raised, or -1. Registers
 * that they change must be named as in asm().
 */
#define TRY(insns, ...) ({ \
	unsigned int before_ = trapped.count; \
	asm volatile("lea 773f(%%rip), %%rax; mov %%rax, trap_resume(%%rip)\n" \
		     insns "\n773:" : : __VA_ARGS__ : "rax", "rcx", "rdx", "r10", "r11", "memory"); \
	trap_resume = 0; \
	trapped.count == before_ ? -1 : (int)trapped.vector; })

/* ------------------------------------------------------------ events */

/* Of vCPU 0, wherever it is registered. */
extern struct vcpu_info *vcpu_info;

/* Upcalls: called with events masked. NULL: events_handle(). */
extern void (*upcall_handler)(struct trap_regs *r);

/** events_handle - take all pending ports that are not masked, and count them */
void events_handle(void);

/* Times that events_handle() has taken each port. */
extern unsigned int event_count[4096];

static inline void events_enable(void)
{
	__atomic_store_n(&vcpu_info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&vcpu_info->evtchn_upcall_pending, __ATOMIC_SEQ_CST))
		H(xen_version, XENVER_version);
}

static inline void events_disable(void)
{
	__atomic_store_n(&vcpu_info->evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
}

static inline long event_op(unsigned int cmd, void *op)
{
	return H(event_channel_op, cmd, op);
}

/** event_wait - block until a port has been taken so often; upcalls are enabled then */
void event_wait(long port, unsigned int times);

/** bind_virq - port of a VIRQ of vCPU 0, or a negative error */
long bind_virq(unsigned int virq);

/** now - system time in ns, from vcpu_info */
u64 now(void);

/* ------------------------------------------------- emulated instructions */

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)val), "d" ((u32)(val >> 32)) : "memory");
}

#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102

/* --------------------------------------------------------- user mode */

/* What every user address space has: a page of code and its stack. */
#define USER_CODE	0x400000UL
#define USER_STACK	0x600000UL	/* top; one page */

/** user_init - make a user root with code and stack, and load it */
void user_init(void);

/** user_map - map @page (of the boot mapping) at @va of the user root, with these bits */
long user_map(u64 va, const void *page, u64 bits);

extern u64 user_root;		/* gfn; 0: none yet */

/**
 * user_run - run code at CPL 3 as guest user mode, in the address space of user_root
 * @entry: address of the code, mapped user-accessible
 * @stack: top of its stack
 * @arg: for its rdi
 * Returns when the code makes system call number 0, with its rdi as value; or with
 * USER_FAULT + vector after an exception that no handler dealt with.
 */
u64 user_run(u64 entry, u64 stack, u64 arg);

#define USER_FAULT	0xfa17000000000000UL

/** user_copy - put code at USER_CODE */
void user_copy(const char *start, const char *end);

/*
 * USER_LOAD(asm): user_copy() of instructions, with system call 0 behind them. In the
 * manner of asm(): % is doubled.
 */
#define USER_LOAD(insns) do { \
	const char *from_, *to_; \
	asm volatile("lea 771f(%%rip), %0; lea 772f(%%rip), %1; jmp 772f\n" \
		     "771: " insns "\n xor %%eax, %%eax; syscall\n772:" \
		     : "=&r" (from_), "=&r" (to_)); \
	user_copy(from_, to_); } while (0)

/*
 * USER(arg, asm): run instructions in user mode, with the argument in rdi; value: what
 * they leave in rdi, or USER_FAULT + vector.
 */
#define USER(arg, insns) ({ USER_LOAD(insns); user_run(USER_CODE, USER_STACK, arg); })

/* For USER(): to 32-bit code and back, with the instructions in between; edi is kept. */
#define IN_32BIT(insns) \
	"mov $0xe02b, %%eax; mov %%eax, %%ds; mov %%eax, %%es\n" \
	"push $0xe023; lea 1f(%%rip), %%rax; push %%rax; lretq\n" \
	".code32\n 1:" insns "\n ljmp $0xe033, $0x400000 + 3f - 771b\n .code64\n 3:"

/** user_syscall - called for any other system call of user_run()'s code; result to rax */
extern u64 (*user_syscall)(struct trap_regs *r);

/** user_leave - from a trap handler: end user_run() with this value */
void user_leave(u64 value) __attribute__((noreturn));

#endif
