/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an invoice to a tree, in the original's order of keys. What was absent stays absent; empty
 * lists are left out, because the original can read `signature = []` but never store it again.
 * Each function is false when memory is out.
 */
#include "data/json.h"
#include "data/toml.h"
#include "pkg/invoice.h"

static bool add_map(struct wpkg_arena *arena, struct wpkg_value *parent, struct wpkg_str key,
		    const struct wpkg_map *map)
{
	struct wpkg_value *table = wpkg_value_add_str(arena, parent, key, WPKG_VALUE_TABLE);
	for (size_t i = 0; table && i < map->count; i++) {
		struct wpkg_value *value =
			wpkg_value_add_str(arena, table, map->pairs[i].key, WPKG_VALUE_STRING);
		if (!value)
			return false;
		value->string = map->pairs[i].value;
	}
	return table != NULL;
}

static bool add_annotations(struct wpkg_arena *arena, struct wpkg_value *parent,
			    const struct wpkg_map *map)
{
	return map->count == 0 || add_map(arena, parent, WPKG_LIT("annotations"), map);
}

static bool add_optional(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			 struct wpkg_str text)
{
	return !text.ptr || wpkg_value_add_string(arena, parent, key, text);
}

static bool add_strings(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			const struct wpkg_strings *strings)
{
	struct wpkg_value *array = wpkg_value_add(arena, parent, key, WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < strings->count; i++)
		if (!wpkg_value_add_string(arena, array, NULL, strings->items[i]))
			return false;
	return array != NULL;
}

static bool add_features(struct wpkg_arena *arena, struct wpkg_value *parent,
			 const struct wpkg_label *label)
{
	if (label->feature_count == 0)
		return true;
	struct wpkg_value *table = wpkg_value_add(arena, parent, "feature", WPKG_VALUE_TABLE);
	for (size_t i = 0; i < label->feature_count; i++)
		if (!add_map(arena, table, label->features[i].name, &label->features[i].values))
			return false;
	return table != NULL;
}

/* The origin goes before the tables: the original writes it behind them and then cannot store it.
 */
static bool fill_label(struct wpkg_arena *arena, struct wpkg_value *table,
		       const struct wpkg_label *label)
{
	return wpkg_value_add_string(arena, table, "sha256", label->sha256) &&
	       wpkg_value_add_string(arena, table, "mediaType", label->media_type) &&
	       wpkg_value_add_string(arena, table, "name", label->name) &&
	       wpkg_value_add_integer(arena, table, "size", (int64_t)label->size) &&
	       add_optional(arena, table, "origin", label->origin) &&
	       add_annotations(arena, table, &label->annotations) &&
	       add_features(arena, table, label);
}

static bool add_conditions(struct wpkg_arena *arena, struct wpkg_value *parent,
			   const struct wpkg_conditions *conditions)
{
	if (!conditions->present)
		return true;
	struct wpkg_value *table = wpkg_value_add(arena, parent, "conditions", WPKG_VALUE_TABLE);
	return table &&
	       (!conditions->has_member_of ||
		add_strings(arena, table, "memberOf", &conditions->member_of)) &&
	       (!conditions->has_requires ||
		add_strings(arena, table, "requires", &conditions->requires_));
}

static bool add_parcels(struct wpkg_arena *arena, struct wpkg_value *top,
			const struct wpkg_invoice *invoice)
{
	if (invoice->parcel_count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, top, "parcel", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		struct wpkg_value *label = wpkg_value_add(arena, table, "label", WPKG_VALUE_TABLE);
		if (!fill_label(arena, label, &invoice->parcels[i].label) ||
		    !add_conditions(arena, table, &invoice->parcels[i].conditions))
			return false;
	}
	return array != NULL;
}

static bool add_groups(struct wpkg_arena *arena, struct wpkg_value *top,
		       const struct wpkg_invoice *invoice)
{
	if (invoice->group_count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, top, "group", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < invoice->group_count; i++) {
		const struct wpkg_group *group = &invoice->groups[i];
		struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, table, "name", group->name) ||
		    (group->has_required &&
		     !wpkg_value_add_boolean(arena, table, "required", group->required)) ||
		    !add_optional(arena, table, "satisfiedBy", group->satisfied_by))
			return false;
	}
	return array != NULL;
}

static bool add_signatures(struct wpkg_arena *arena, struct wpkg_value *top, const char *key,
			   const struct wpkg_signature *signatures, size_t count)
{
	if (count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, top, key, WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < count; i++) {
		const struct wpkg_signature *one = &signatures[i];
		struct wpkg_str role = wpkg_str_from(wpkg_role_name(one->role));
		struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, table, "by", one->by) ||
		    !wpkg_value_add_string(arena, table, "signature", one->signature) ||
		    !wpkg_value_add_string(arena, table, "key", one->key) ||
		    !wpkg_value_add_string(arena, table, "role", role) ||
		    !wpkg_value_add_integer(arena, table, "at", (int64_t)one->at))
			return false;
	}
	return array != NULL;
}

static bool add_bindle(struct wpkg_arena *arena, struct wpkg_value *top,
		       const struct wpkg_invoice *invoice)
{
	struct wpkg_value *table = wpkg_value_add(arena, top, "bindle", WPKG_VALUE_TABLE);
	return table && wpkg_value_add_string(arena, table, "name", invoice->name) &&
	       wpkg_value_add_string(arena, table, "version", invoice->version) &&
	       add_optional(arena, table, "description", invoice->description) &&
	       (!invoice->has_authors || add_strings(arena, table, "authors", &invoice->authors));
}

static bool fill_invoice(struct wpkg_arena *arena, struct wpkg_value *table,
			 const struct wpkg_invoice *invoice)
{
	return wpkg_value_add_string(arena, table, "bindleVersion", invoice->bindle_version) &&
	       (!invoice->has_yanked ||
		wpkg_value_add_boolean(arena, table, "yanked", invoice->yanked)) &&
	       add_signatures(arena, table, "yankedSignature", invoice->yanked_signatures,
			      invoice->yanked_signature_count) &&
	       add_bindle(arena, table, invoice) &&
	       add_annotations(arena, table, &invoice->annotations) &&
	       add_parcels(arena, table, invoice) && add_groups(arena, table, invoice) &&
	       add_signatures(arena, table, "signature", invoice->signatures,
			      invoice->signature_count);
}

enum wpkg_status wpkg_invoice_to_value(struct wpkg_arena *arena, struct wpkg_value *table,
				       const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	if (!fill_invoice(arena, table, invoice))
		return WPKG_FAIL(err, WPKG_ENOMEM, "invoice: no memory");
	return WPKG_OK;
}

enum wpkg_status wpkg_label_to_value(struct wpkg_arena *arena, struct wpkg_value *table,
				     const struct wpkg_label *label, struct wpkg_err *err)
{
	if (!fill_label(arena, table, label))
		return WPKG_FAIL(err, WPKG_ENOMEM, "label: no memory");
	return WPKG_OK;
}

/* A tree takes some ten times the room of its text. */
#define TREE_MAX (WPKG_INVOICE_MAX * 64)

enum wpkg_status wpkg_invoice_write(struct wpkg_buf *buf, const struct wpkg_invoice *invoice,
				    enum wpkg_invoice_format format, struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, TREE_MAX);
	struct wpkg_value *table = wpkg_value_new_table(&arena);
	enum wpkg_status status = WPKG_ENOMEM;
	if (table)
		status = wpkg_invoice_to_value(&arena, table, invoice, err);
	else
		wpkg_err_set(err, status, "invoice: no memory");
	if (status == WPKG_OK) {
		if (format == WPKG_INVOICE_JSON)
			wpkg_json_write(buf, table, WPKG_JSON_INDENTED);
		else
			wpkg_toml_write(buf, table);
		status = wpkg_buf_check(buf, "invoice", err);
	}
	wpkg_arena_clear(&arena);
	return status;
}
