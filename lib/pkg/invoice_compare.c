/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "pkg/invoice.h"

/* The canonical text of what never changes once a version is published. */
static enum wpkg_status write_content(struct wpkg_buf *buf, const struct wpkg_invoice *invoice,
				      struct wpkg_err *err)
{
	struct wpkg_invoice content = *invoice;
	content.has_yanked = false;
	content.yanked = false;
	content.yanked_signatures = NULL;
	content.yanked_signature_count = 0;
	content.has_signatures = false;
	content.signatures = NULL;
	content.signature_count = 0;
	return wpkg_invoice_write(buf, &content, WPKG_INVOICE_TOML, err);
}

enum wpkg_status wpkg_invoice_same_content(bool *same, const struct wpkg_invoice *a,
					   const struct wpkg_invoice *b, struct wpkg_err *err)
{
	struct wpkg_buf left;
	struct wpkg_buf right;
	wpkg_buf_init(&left, WPKG_INVOICE_MAX);
	wpkg_buf_init(&right, WPKG_INVOICE_MAX);
	enum wpkg_status status = write_content(&left, a, err);
	if (status == WPKG_OK)
		status = write_content(&right, b, err);
	if (status == WPKG_OK)
		*same = wpkg_str_equal(wpkg_buf_str(&left), wpkg_buf_str(&right));
	wpkg_buf_clear(&left);
	wpkg_buf_clear(&right);
	return status;
}
