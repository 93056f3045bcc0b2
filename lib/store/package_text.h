/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_PACKAGE_TEXT_H
#define WPKG_STORE_PACKAGE_TEXT_H

/* What a package is found by, in the index of texts. Inside a transaction of the caller's. */

#include "pkg/invoice.h"
#include "store/store_int.h"

/* Puts in what the version that stands for the package says and is, or nothing when invoice is
 * NULL, in place of what was there. */
WPKG_MUST_CHECK enum wpkg_status package_text_renew(struct wpkg_store *store, struct db *db,
						    int64_t name_id, int64_t record_id,
						    const struct wpkg_invoice *invoice,
						    struct wpkg_err *err);

/* Takes the next word of a name off *rest, folded as the index folds words, into out; false at the
 * end. Longer ones than fit are passed over. */
#define NAME_WORD_MAX 63
bool name_word_next(struct wpkg_str *out, char room[NAME_WORD_MAX], struct wpkg_str *rest);

#endif
