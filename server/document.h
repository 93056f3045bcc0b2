/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_DOCUMENT_H
#define WPKG_SERVER_DOCUMENT_H

/*
 * Members of a stored JSON document (facts.h, verdict.h), of which some may be missing or of
 * another kind: an older program wrote it. NULL is a document without members.
 */

#include "data/value.h"

struct wpkg_str document_text(const struct wpkg_value *table, const char *key);
/* Empty when there is none; never NULL. */
const struct wpkg_value *document_list(const struct wpkg_value *table, const char *key);
/* 0 when there is none, or it is below. */
uint64_t document_number(const struct wpkg_value *table, const char *key);
bool document_flag(const struct wpkg_value *table, const char *key);

#endif
