// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults that a hypervisor below the host injects. The lab has no such hypervisor,
 * and taken for one of the guest's, such a fault would make the host panic later.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../module/monitor/trap.h"

/* The CPU sets U in each fault that code at CPL 3 causes, whatever it did. */
static void test_own(void **state)
{
	u64 error;

	(void)state;
	for (error = 0; error < 1 << 16; error++)
		if (error & PF_USER)
			assert_false(trap_is_async_page_fault(error));
	assert_false(trap_is_async_page_fault(PF_USER));
	assert_false(trap_is_async_page_fault(PF_USER | PF_WRITE));
	assert_false(trap_is_async_page_fault(PF_USER | PF_FETCH | PF_PRESENT));
}

static void test_injected(void **state)
{
	(void)state;
	assert_true(trap_is_async_page_fault(0));
	/* Not how KVM does it, but nothing the guest could have caused either. */
	assert_true(trap_is_async_page_fault(PF_PRESENT));
	assert_true(trap_is_async_page_fault(PF_WRITE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_injected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
