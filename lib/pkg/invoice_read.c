/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a tree to an invoice, strictly: every key is known, every type is right. What the values
 * mean is not looked at here (invoice_check.c does), so that an old store can be read.
 */
#include <stdlib.h>

#include "data/fields.h"
#include "data/json.h"
#include "data/toml.h"
#include "pkg/invoice.h"

struct reader {
	struct wpkg_arena *arena;
	struct wpkg_err *err;
};

static enum wpkg_status no_memory(const struct reader *reader)
{
	return WPKG_FAIL(reader->err, WPKG_ENOMEM, "invoice: no memory");
}

/* A text is copied: the tree may have another life than the invoice. ptr is never NULL then. */
static enum wpkg_status keep(const struct reader *reader, struct wpkg_str *text)
{
	if (!text->ptr)
		return WPKG_OK;
	struct wpkg_str copy = wpkg_arena_dup(reader->arena, *text);
	if (!copy.ptr)
		return no_memory(reader);
	*text = copy;
	return WPKG_OK;
}

static enum wpkg_status take_text(const struct reader *reader, struct wpkg_fields *fields,
				  struct wpkg_str *out, const char *key, enum wpkg_need need)
{
	return wpkg_fields_copy_string(fields, out, reader->arena, key, need, reader->err);
}

static enum wpkg_status take_unsigned(const struct reader *reader, struct wpkg_fields *fields,
				      uint64_t *out, const char *key)
{
	const struct wpkg_value *value = NULL;
	enum wpkg_status status = wpkg_fields_take(fields, &value, key, WPKG_VALUE_INTEGER,
						   WPKG_REQUIRED, reader->err);
	if (status != WPKG_OK)
		return status;
	if (value->integer < 0)
		return WPKG_FAIL_AT(reader->err, WPKG_EFORMAT, value, "%s.%s is negative",
				    fields->where, key);
	*out = (uint64_t)value->integer;
	return WPKG_OK;
}

static enum wpkg_status take_strings(const struct reader *reader, struct wpkg_fields *fields,
				     struct wpkg_strings *out, bool *present, const char *key)
{
	enum wpkg_status status =
		wpkg_fields_copy_strings(fields, out, reader->arena, key, reader->err);
	*present = out->items != NULL;
	return status;
}

static int compare_pairs(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct wpkg_pair *)a)->key,
				((const struct wpkg_pair *)b)->key);
}

static enum wpkg_status read_map(const struct reader *reader, struct wpkg_map *out,
				 const struct wpkg_value *table, const char *where)
{
	struct wpkg_pair *pairs = wpkg_arena_alloc(reader->arena, table->count, sizeof(*pairs));
	if (!pairs)
		return no_memory(reader);
	for (size_t i = 0; i < table->count; i++) {
		const struct wpkg_value *item = &table->items[i];
		if (item->kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(reader->err, WPKG_EFORMAT, item,
					    "%s.%.*s is %s, not a string", where,
					    WPKG_STR_ARG(table->keys[i].string),
					    wpkg_value_kind_name(item->kind));
		pairs[i] = (struct wpkg_pair){table->keys[i].string, item->string};
		if (keep(reader, &pairs[i].key) != WPKG_OK ||
		    keep(reader, &pairs[i].value) != WPKG_OK)
			return no_memory(reader);
	}
	qsort(pairs, table->count, sizeof(*pairs), compare_pairs);
	*out = (struct wpkg_map){.pairs = pairs, .count = table->count};
	return WPKG_OK;
}

static enum wpkg_status take_map(const struct reader *reader, struct wpkg_fields *fields,
				 struct wpkg_map *out, const char *key)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, key, WPKG_VALUE_TABLE, WPKG_OPTIONAL, reader->err);
	if (status != WPKG_OK || !table)
		return status;
	return read_map(reader, out, table, key);
}

static int compare_features(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct wpkg_label_feature *)a)->name,
				((const struct wpkg_label_feature *)b)->name);
}

static enum wpkg_status take_features(const struct reader *reader, struct wpkg_fields *fields,
				      struct wpkg_label *out)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status = wpkg_fields_take(fields, &table, "feature", WPKG_VALUE_TABLE,
						   WPKG_OPTIONAL, reader->err);
	if (status != WPKG_OK || !table)
		return status;
	struct wpkg_label_feature *features =
		wpkg_arena_alloc(reader->arena, table->count, sizeof(*features));
	if (!features)
		return no_memory(reader);
	for (size_t i = 0; i < table->count; i++) {
		const struct wpkg_value *section = &table->items[i];
		if (section->kind != WPKG_VALUE_TABLE)
			return WPKG_FAIL_AT(reader->err, WPKG_EFORMAT, section,
					    "feature.%.*s is %s, not a table",
					    WPKG_STR_ARG(table->keys[i].string),
					    wpkg_value_kind_name(section->kind));
		features[i].name = table->keys[i].string;
		status = keep(reader, &features[i].name);
		if (status == WPKG_OK)
			status = read_map(reader, &features[i].values, section, "feature");
		if (status != WPKG_OK)
			return status;
	}
	qsort(features, table->count, sizeof(*features), compare_features);
	out->features = features;
	out->feature_count = table->count;
	return WPKG_OK;
}

static enum wpkg_status read_label(const struct reader *reader, struct wpkg_label *out,
				   const struct wpkg_value *value)
{
	struct wpkg_label label = {0};
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "parcel.label", reader->err);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &label.sha256, "sha256", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &label.media_type, "mediaType", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &label.name, "name", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_unsigned(reader, &fields, &label.size, "size");
	if (status == WPKG_OK)
		status = take_map(reader, &fields, &label.annotations, "annotations");
	if (status == WPKG_OK)
		status = take_features(reader, &fields, &label);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &label.origin, "origin", WPKG_OPTIONAL);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, reader->err);
	if (status == WPKG_OK)
		*out = label;
	return status;
}

static enum wpkg_status take_conditions(const struct reader *reader, struct wpkg_fields *parcel,
					struct wpkg_conditions *out)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_take(parcel, &table, "conditions", WPKG_VALUE_TABLE,
						   WPKG_OPTIONAL, reader->err);
	if (status != WPKG_OK || !table)
		return status;
	out->present = true;
	status = wpkg_fields_open(&fields, table, "parcel.conditions", reader->err);
	if (status == WPKG_OK)
		status = take_strings(reader, &fields, &out->member_of, &out->has_member_of,
				      "memberOf");
	if (status == WPKG_OK)
		status = take_strings(reader, &fields, &out->requires_, &out->has_requires,
				      "requires");
	return status == WPKG_OK ? wpkg_fields_close(&fields, reader->err) : status;
}

static enum wpkg_status read_parcel(const struct reader *reader, void *out,
				    const struct wpkg_value *value)
{
	struct wpkg_parcel *parcel = out;
	const struct wpkg_value *label = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "parcel", reader->err);
	if (status == WPKG_OK)
		status = wpkg_fields_take(&fields, &label, "label", WPKG_VALUE_TABLE, WPKG_REQUIRED,
					  reader->err);
	if (status == WPKG_OK)
		status = read_label(reader, &parcel->label, label);
	if (status == WPKG_OK)
		status = take_conditions(reader, &fields, &parcel->conditions);
	return status == WPKG_OK ? wpkg_fields_close(&fields, reader->err) : status;
}

static enum wpkg_status read_group(const struct reader *reader, void *out,
				   const struct wpkg_value *value)
{
	struct wpkg_group *group = out;
	const struct wpkg_value *required = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "group", reader->err);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &group->name, "name", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = wpkg_fields_take(&fields, &required, "required", WPKG_VALUE_BOOLEAN,
					  WPKG_OPTIONAL, reader->err);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &group->satisfied_by, "satisfiedBy",
				   WPKG_OPTIONAL);
	if (status != WPKG_OK)
		return status;
	group->has_required = required != NULL;
	group->required = required && required->boolean;
	return wpkg_fields_close(&fields, reader->err);
}

static enum wpkg_status read_signature(const struct reader *reader, void *out,
				       const struct wpkg_value *value)
{
	struct wpkg_signature *signature = out;
	struct wpkg_str role = {0};
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "signature", reader->err);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &signature->by, "by", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &signature->signature, "signature",
				   WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &signature->key, "key", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status =
			wpkg_fields_take_string(&fields, &role, "role", WPKG_REQUIRED, reader->err);
	if (status == WPKG_OK)
		status = take_unsigned(reader, &fields, &signature->at, "at");
	if (status == WPKG_OK && !wpkg_role_parse(&signature->role, role))
		status = WPKG_FAIL_AT(reader->err, WPKG_EFORMAT, wpkg_value_find(value, "role"),
				      "signature.role is '%.*s', not creator, approver, host or "
				      "proxy",
				      WPKG_STR_ARG(role));
	return status == WPKG_OK ? wpkg_fields_close(&fields, reader->err) : status;
}

typedef enum wpkg_status read_item(const struct reader *reader, void *out,
				   const struct wpkg_value *value);

/* An optional array of tables; *items stays NULL when it is absent. */
static enum wpkg_status take_items(const struct reader *reader, struct wpkg_fields *fields,
				   const char *key, void **items, size_t *count, size_t size,
				   read_item *read)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, key, WPKG_VALUE_ARRAY, WPKG_OPTIONAL, reader->err);
	if (status != WPKG_OK || !array)
		return status;
	char *bytes = wpkg_arena_alloc(reader->arena, array->count, size);
	if (!bytes)
		return no_memory(reader);
	for (size_t i = 0; i < array->count; i++) {
		status = read(reader, bytes + i * size, &array->items[i]);
		if (status != WPKG_OK)
			return status;
	}
	*items = bytes;
	*count = array->count;
	return WPKG_OK;
}

static enum wpkg_status take_bindle(const struct reader *reader, struct wpkg_fields *top,
				    struct wpkg_invoice *out)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_take(top, &table, "bindle", WPKG_VALUE_TABLE,
						   WPKG_REQUIRED, reader->err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&fields, table, "bindle", reader->err);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &out->name, "name", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = take_text(reader, &fields, &out->version, "version", WPKG_REQUIRED);
	if (status == WPKG_OK)
		status =
			take_text(reader, &fields, &out->description, "description", WPKG_OPTIONAL);
	if (status == WPKG_OK)
		status = take_strings(reader, &fields, &out->authors, &out->has_authors, "authors");
	return status == WPKG_OK ? wpkg_fields_close(&fields, reader->err) : status;
}

static enum wpkg_status take_lists(const struct reader *reader, struct wpkg_fields *fields,
				   struct wpkg_invoice *out)
{
	void *items = NULL;
	enum wpkg_status status =
		take_items(reader, fields, "yankedSignature", &items, &out->yanked_signature_count,
			   sizeof(struct wpkg_signature), read_signature);
	out->yanked_signatures = items;
	items = NULL;
	if (status == WPKG_OK)
		status = take_items(reader, fields, "parcel", &items, &out->parcel_count,
				    sizeof(struct wpkg_parcel), read_parcel);
	out->parcels = items;
	items = NULL;
	if (status == WPKG_OK)
		status = take_items(reader, fields, "group", &items, &out->group_count,
				    sizeof(struct wpkg_group), read_group);
	out->groups = items;
	items = NULL;
	if (status == WPKG_OK)
		status = take_items(reader, fields, "signature", &items, &out->signature_count,
				    sizeof(struct wpkg_signature), read_signature);
	out->signatures = items;
	out->has_signatures = items != NULL;
	return status;
}

enum wpkg_status wpkg_invoice_from_value(struct wpkg_invoice **out, struct wpkg_arena *arena,
					 const struct wpkg_value *value, struct wpkg_err *err)
{
	struct reader reader = {.arena = arena, .err = err};
	const struct wpkg_value *yanked = NULL;
	struct wpkg_fields fields;
	struct wpkg_invoice *invoice = wpkg_arena_alloc(arena, 1, sizeof(*invoice));
	if (!invoice)
		return no_memory(&reader);
	enum wpkg_status status = wpkg_fields_open(&fields, value, "", err);
	if (status == WPKG_OK)
		status = take_text(&reader, &fields, &invoice->bindle_version, "bindleVersion",
				   WPKG_REQUIRED);
	if (status == WPKG_OK)
		status = wpkg_fields_take(&fields, &yanked, "yanked", WPKG_VALUE_BOOLEAN,
					  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = take_bindle(&reader, &fields, invoice);
	if (status == WPKG_OK)
		status = take_map(&reader, &fields, &invoice->annotations, "annotations");
	if (status == WPKG_OK)
		status = take_lists(&reader, &fields, invoice);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status != WPKG_OK)
		return status;
	invoice->has_yanked = yanked != NULL;
	invoice->yanked = yanked && yanked->boolean;
	*out = invoice;
	return WPKG_OK;
}

enum wpkg_status wpkg_label_from_value(struct wpkg_label *out, struct wpkg_arena *arena,
				       const struct wpkg_value *value, struct wpkg_err *err)
{
	struct reader reader = {.arena = arena, .err = err};
	return read_label(&reader, out, value);
}

enum wpkg_status wpkg_invoice_read(struct wpkg_invoice **out, struct wpkg_arena *arena,
				   struct wpkg_str text, enum wpkg_invoice_format format,
				   struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	if (text.len > WPKG_INVOICE_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "invoice: %zu bytes, more than %zu", text.len,
				 WPKG_INVOICE_MAX);
	enum wpkg_status status = format == WPKG_INVOICE_JSON
					  ? wpkg_json_read(&root, arena, text, err)
					  : wpkg_toml_read(&root, arena, text, err);
	return status == WPKG_OK ? wpkg_invoice_from_value(out, arena, root, err) : status;
}
