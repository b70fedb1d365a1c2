// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See guest.h. */
#include "guest.h"

struct start_info *start_info;
struct shared_info *shared_info;
struct vcpu_info *vcpu_info;
struct trap_record trapped;
trap_handler trap_handlers[256], failsafe_handler, trap_hook;
u64 failsafe_selectors[4];
volatile u64 trap_resume;
void (*upcall_handler)(struct trap_regs *r);
u64 (*user_syscall)(struct trap_regs *r);

extern char trap_stubs[];

static unsigned int results;
static char shared_page[PAGE_SIZE] __attribute__((aligned(4096)));
char trap_stack[4 * PAGE_SIZE] __attribute__((aligned(4096)));
static u64 next_page;

void *memcpy(void *dst, const void *src, size_t n)
{
	void *ret = dst;

	asm volatile("rep movsb" : "+D" (dst), "+S" (src), "+c" (n) : : "memory");
	return ret;
}

void *memset(void *dst, int c, size_t n)
{
	void *ret = dst;

	asm volatile("rep stosb" : "+D" (dst), "+c" (n) : "a" (c) : "memory");
	return ret;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

/* ------------------------------------------------------------- output */

static size_t put_number(char *out, u64 n, unsigned int base, bool negative)
{
	char tmp[24];
	size_t i = 0, len = 0;

	do {
		tmp[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	if (negative)
		out[len++] = '-';
	while (i)
		out[len++] = tmp[--i];
	return len;
}

/* %d %u %x %ld %lu %lx %s %c: all that the tests use. */
static size_t format(char *out, size_t size, const char *fmt, va_list ap)
{
	size_t len = 0;

	for (; *fmt && len + 32 < size; fmt++) {
		bool is_long = false;
		const char *s;
		long d;

		if (*fmt != '%') {
			out[len++] = *fmt;
			continue;
		}
		if (*++fmt == 'l') {
			is_long = true;
			fmt++;
		}
		switch (*fmt) {
		case 'd':
			d = is_long ? va_arg(ap, long) : va_arg(ap, int);
			len += put_number(out + len, d < 0 ? -(u64)d : (u64)d, 10, d < 0);
			break;
		case 'u':
		case 'x':
			len += put_number(out + len,
					  is_long ? va_arg(ap, u64) : va_arg(ap, unsigned int),
					  *fmt == 'u' ? 10 : 16, false);
			break;
		case 'c':
			out[len++] = (char)va_arg(ap, int);
			break;
		case 's':
			/* Text of an asm() has its % doubled. */
			for (s = va_arg(ap, const char *); *s && len + 1 < size; s++) {
				out[len++] = *s;
				s += s[0] == '%' && s[1] == '%';
			}
			break;
		default:
			out[len++] = *fmt;
		}
	}
	out[len] = 0;
	return len;
}

static void vprint(const char *fmt, va_list ap)
{
	char buf[512];
	size_t len = format(buf, sizeof(buf), fmt, ap);

	H(console_io, 0 /* CONSOLEIO_write */, len, buf);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

void result(bool good, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	format(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	print("%sok %u - %s\n", good ? "" : "not ", ++results, buf);
}

void skip(const char *what, const char *reason)
{
	print("ok %u - %s # SKIP %s\n", ++results, what, reason);
}

static void native_cpuid(u32 leaf, u32 out[4])
{
	asm volatile("cpuid" : "=a" (out[0]), "=b" (out[1]), "=c" (out[2]), "=d" (out[3])
		     : "a" (leaf), "c" (0));
}

bool on_tcg(void)
{
	u32 brand[4];

	native_cpuid(0x80000002, brand);
	return !memcmp(brand, "QEMU TCG CPU", 12);
}

bool on_intel(void)
{
	u32 r[4];

	native_cpuid(0, r);
	return r[1] == 0x756e6547;	/* "Genu" */
}

void guest_exit(unsigned int reason)
{
	struct sched_shutdown s = { .reason = reason };

	if (results && reason == SHUTDOWN_poweroff)
		print("1..%u\n", results);
	H(sched_op, SCHEDOP_shutdown, &s);
	for (;;)
		;
}

u64 option(const char *name, u64 fallback)
{
	const char *s = (const char *)start_info->cmd_line;
	size_t n = strlen(name);
	u64 val = 0;

	for (; *s; s++) {
		if (memcmp(s, name, n) || s[n] != '=')
			continue;
		for (s += n + 1; *s >= '0' && *s <= '9'; s++)
			val = val * 10 + (u64)(*s - '0');
		return val;
	}
	return fallback;
}

/* ------------------------------------------------------------- memory */

u64 current_root(void)
{
	return va_to_gfn((void *)start_info->pt_base);
}

u64 *pte_of(u64 va, int level)
{
	u64 *table = (u64 *)start_info->pt_base;
	int at;

	for (at = 4; at > level; at--) {
		u64 e = table[(va >> (3 + 9 * at)) & 511];

		if (!(e & PTE_P))
			return NULL;
		table = gfn_to_va(PTE_GFN(e));
	}
	return &table[(va >> (3 + 9 * level)) & 511];
}

/* Pages behind everything the builder placed, as far as the boot mapping reaches. */
void *page_alloc(void)
{
	void *page;

	if (!next_page)
		next_page = va_to_gfn((void *)start_info->pt_base) + start_info->nr_pt_frames + 2;
	page = gfn_to_va(next_page++);
	memset(page, 0, PAGE_SIZE);
	return page;
}

long mmu_update(u64 machine_address, u64 val)
{
	struct mmu_update u = { .ptr = machine_address, .val = val };

	return H(mmu_update, &u, 1, 0, DOMID_SELF);
}

long mmuext(unsigned int cmd, u64 arg1, u64 arg2)
{
	struct mmuext_op op = { .cmd = cmd };

	op.arg1.mfn = arg1;
	op.arg2.src_mfn = arg2;
	return H(mmuext_op, &op, 1, 0, DOMID_SELF);
}

long set_page_bits(const void *va, u64 bits)
{
	return H(update_va_mapping, va, va_to_gfn(va) * PAGE_SIZE | bits, UVMF_INVLPG);
}

/* The last gigabyte: the boot mapping's level-3 table covers it, with nothing there. */
u64 *window_pte(unsigned int n)
{
	static u64 *l1;

	if (!l1) {
		u64 *l2 = page_alloc();

		l1 = page_alloc();
		l2[0] = va_to_gfn(l1) * PAGE_SIZE | PTE_RWX;
		set_page_bits(l1, PTE_ROX);
		set_page_bits(l2, PTE_ROX);
		if (mmu_update(pte_machine(pte_of(WINDOW(0), 3)),
			       va_to_gfn(l2) * PAGE_SIZE | PTE_RWX))
			print("# no window\n");
	}
	return &l1[n];
}

long window_map(unsigned int n, const void *page, u64 bits)
{
	window_pte(n);
	return H(update_va_mapping, WINDOW(n), page ? va_to_gfn(page) * PAGE_SIZE | bits : bits,
		 UVMF_INVLPG);
}

/* ------------------------------------------------------------- traps */

void trap_dispatch(struct trap_regs *r);
void trap_dispatch(struct trap_regs *r)
{
	if (trap_hook && trap_hook(r))
		return;
	if (r->vector == VECTOR_UPCALL) {
		if (upcall_handler)
			upcall_handler(r);
		else
			events_handle();
		return;
	}
	if (r->vector == VECTOR_SYSCALL) {
		if (!r->rax)
			user_leave(r->rdi);
		r->rax = user_syscall ? user_syscall(r) : (u64)-38;
		return;
	}
	trapped.count++;
	trapped.vector = (unsigned int)r->vector;
	trapped.error = r->error;
	trapped.rip = r->rip;
	trapped.cr2 = vcpu_info->arch.cr2;
	trapped.regs = *r;
	if (r->vector < 256 && trap_handlers[r->vector] && trap_handlers[r->vector](r))
		return;
	if (r->vector == VECTOR_FAILSAFE && failsafe_handler && failsafe_handler(r))
		return;
	if ((r->cs & 3) == 3)
		user_leave(USER_FAULT + r->vector);
	if (trap_resume) {
		r->rip = trap_resume;
		return;
	}
	print("# unexpected exception %lu, error %lx, rip %lx, rsp %lx, cr2 %lx\n",
	      r->vector, r->error, r->rip, r->rsp, trapped.cr2);
	guest_exit(SHUTDOWN_crash);
}

static struct trap_info handler(unsigned int vector, unsigned int flags)
{
	return (struct trap_info){
		.vector = (u8)vector, .flags = (u8)flags, .cs = FLAT_KERNEL_CS,
		.address = (unsigned long)trap_stubs + 16 * vector,
	};
}

void set_trap(unsigned int vector, unsigned int flags)
{
	struct trap_info table[2] = { handler(vector, flags) };

	H(set_trap_table, table);
}

long register_callback(unsigned int type, unsigned int flags, const void *address)
{
	struct callback_register cb = {
		.type = (u16)type, .flags = (u16)flags, .address = (unsigned long)address,
	};

	return H(callback_op, address ? CALLBACKOP_register : CALLBACKOP_unregister, &cb);
}

void traps_init(void)
{
	static struct trap_info table[257];
	unsigned int i;

	for (i = 0; i < 256; i++)
		table[i] = handler(i, i == 3 || i == 4 || i == 0x80 ? 3 : 0);
	H(set_trap_table, table);
	register_callback(CALLBACKTYPE_event, 0, upcall_entry);
	register_callback(CALLBACKTYPE_failsafe, 0, failsafe_entry);
	register_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, syscall_entry);
	H(stack_switch, FLAT_KERNEL_SS, trap_stack + sizeof(trap_stack));
}

/* ------------------------------------------------------------ events */

unsigned int event_count[4096];

void events_handle(void)
{
	u64 words, bits;

	__atomic_store_n(&vcpu_info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&vcpu_info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; words; words &= words - 1) {
		u64 word = (u64)__builtin_ctzl(words);

		bits = __atomic_load_n(&shared_info->evtchn_pending[word], __ATOMIC_SEQ_CST) &
		       ~shared_info->evtchn_mask[word];
		__atomic_fetch_and(&shared_info->evtchn_pending[word], ~bits, __ATOMIC_SEQ_CST);
		for (; bits; bits &= bits - 1)
			event_count[word * 64 + (u64)__builtin_ctzl(bits)]++;
	}
}

/* Upcalls are masked for the test: one between it and the call would be slept over. */
void event_wait(long port, unsigned int times)
{
	for (;;) {
		events_disable();
		if (event_count[port] >= times)
			break;
		H(sched_op, SCHEDOP_block, 0);
	}
	events_enable();
}

long bind_virq(unsigned int virq)
{
	struct evtchn_bind_virq op = { .virq = virq };
	long err = event_op(EVTCHNOP_bind_virq, &op);

	return err ? err : (long)op.port;
}

u64 now(void)
{
	const volatile struct vcpu_time_info *t = &vcpu_info->time;
	u32 version, low, high;
	u64 ns, delta;

	do {
		version = t->version;
		asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
		delta = ((u64)high << 32 | low) - t->tsc_timestamp;
		delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
		ns = t->system_time + (u64)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
	} while (version & 1 || version != t->version);
	return ns;
}

/* --------------------------------------------------------- user mode */

u64 user_root;
static char *user_code;

/* The table that *entry names, a new one if it names none. */
static u64 *user_table(u64 *entry)
{
	u64 *table;

	if (*entry & PTE_P)
		return gfn_to_va(PTE_GFN(*entry));
	table = page_alloc();
	if (set_page_bits(table, PTE_ROX) ||
	    mmu_update(pte_machine(entry), va_to_gfn(table) * PAGE_SIZE | PTE_RWX))
		print("# no user page table\n");
	return table;
}

long user_map(u64 va, const void *page, u64 bits)
{
	u64 *table = gfn_to_va(user_root);
	int level;

	for (level = 4; level > 1; level--)
		table = user_table(&table[(va >> (3 + 9 * level)) & 511]);
	return mmu_update(pte_machine(&table[(va >> 12) & 511]), va_to_gfn(page) * PAGE_SIZE | bits);
}

void user_init(void)
{
	void *root = page_alloc();

	user_root = va_to_gfn(root);
	user_code = page_alloc();
	set_page_bits(root, PTE_ROX);
	if (mmuext(MMUEXT_PIN_L4_TABLE, user_root, 0) ||
	    user_map(USER_CODE, user_code, PTE_ROX) ||
	    user_map(USER_STACK - PAGE_SIZE, page_alloc(), PTE_RWX | PTE_NX) ||
	    mmuext(MMUEXT_NEW_USER_BASEPTR, user_root, 0))
		print("# no user address space\n");
}

void user_copy(const char *start, const char *end)
{
	memset(user_code, 0xcc, PAGE_SIZE);
	memcpy(user_code, start, (size_t)(end - start));
}

u64 user_enter(u64 entry, u64 stack, u64 arg, u64 rflags);

u64 user_run(u64 entry, u64 stack, u64 arg)
{
	u8 mask = vcpu_info->evtchn_upcall_mask;
	u64 ret = user_enter(entry, stack, arg, mask ? 2 : 0x202);

	vcpu_info->evtchn_upcall_mask = mask;
	return ret;
}

void guest_start(struct start_info *si);
void guest_start(struct start_info *si)
{
	start_info = si;
	if (H(update_va_mapping, shared_page, si->shared_info | PTE_RWX, UVMF_INVLPG)) {
		print("Bail out! shared_info cannot be mapped\n");
		guest_exit(SHUTDOWN_crash);
	}
	shared_info = (struct shared_info *)shared_page;
	vcpu_info = &shared_info->vcpu_info[0];
	traps_init();
	guest_main();
	guest_exit(SHUTDOWN_poweroff);
}
