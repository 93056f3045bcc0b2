/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

static const struct wpkg_value *find(const struct wpkg_value *table, const char *key,
				     enum wpkg_value_kind kind)
{
	const struct wpkg_value *value = table ? wpkg_value_find(table, key) : NULL;
	return value && value->kind == kind ? value : NULL;
}

struct wpkg_str document_text(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = find(table, key, WPKG_VALUE_STRING);
	return value ? value->string : (struct wpkg_str){0};
}

const struct wpkg_value *document_list(const struct wpkg_value *table, const char *key)
{
	static const struct wpkg_value empty = {.kind = WPKG_VALUE_ARRAY};
	const struct wpkg_value *value = find(table, key, WPKG_VALUE_ARRAY);
	return value ? value : &empty;
}

uint64_t document_number(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = find(table, key, WPKG_VALUE_INTEGER);
	return value && value->integer > 0 ? (uint64_t)value->integer : 0;
}

bool document_flag(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = find(table, key, WPKG_VALUE_BOOLEAN);
	return value && value->boolean;
}
