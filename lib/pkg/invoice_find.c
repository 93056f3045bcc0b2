/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/invoice.h"

const struct wpkg_label *wpkg_invoice_find_label(const struct wpkg_invoice *invoice,
						 struct wpkg_str sha256)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256, sha256))
			return &invoice->parcels[i].label;
	return NULL;
}
