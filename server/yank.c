/* SPDX-License-Identifier: Apache-2.0 */
#include "yank.h"

enum wpkg_status yank_version(struct wpkg_store *store, int64_t id, struct wpkg_invoice *invoice,
			      const struct wpkg_act *act, struct wpkg_err *err)
{
	struct wpkg_buf text;
	invoice->has_yanked = invoice->yanked = true;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_record_yank(store, id, wpkg_buf_str(&text), act, err);
	wpkg_buf_clear(&text);
	return status;
}
