/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/invoice.h"

/* What is read can be written, and means the same when it is read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_buf first;
	struct wpkg_buf second;
	struct wpkg_invoice *invoice = NULL;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	wpkg_buf_init(&first, (size_t)4 * WPKG_INVOICE_MAX);
	wpkg_buf_init(&second, (size_t)4 * WPKG_INVOICE_MAX);
	if (wpkg_invoice_read(&invoice, &arena, wpkg_str_of(data, size), WPKG_INVOICE_JSON, &err) ==
	    WPKG_OK) {
		(void)!wpkg_invoice_check(invoice, &err);

		fuzz_must(wpkg_invoice_write(&first, invoice, WPKG_INVOICE_JSON, &err) == WPKG_OK);
		fuzz_must(wpkg_invoice_read(&invoice, &arena, wpkg_buf_str(&first),
					    WPKG_INVOICE_JSON, &err) == WPKG_OK);
		fuzz_must(wpkg_invoice_write(&second, invoice, WPKG_INVOICE_JSON, &err) == WPKG_OK);
		fuzz_must(wpkg_str_equal(wpkg_buf_str(&first), wpkg_buf_str(&second)));
	}
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
	wpkg_arena_clear(&arena);
	return 0;
}
