/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/keyring.h"

#include "base/base64.h"
#include "base/clock.h"
#include "data/fields.h"
#include "data/toml.h"

/* A keyring may hold keys of other programs: what we do not know is passed over. */
static enum wpkg_status take(const struct wpkg_value *table, struct wpkg_str *out, const char *key,
			     struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	if (!value || value->kind == WPKG_VALUE_NULL)
		return WPKG_OK;
	if (value->kind != WPKG_VALUE_STRING && value->kind != WPKG_VALUE_TIME)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "key.%s is %s, not a string", key,
				    wpkg_value_kind_name(value->kind));
	*out = value->string;
	return WPKG_OK;
}

static enum wpkg_status take_time(const struct wpkg_value *table, int64_t *out, const char *key,
				  bool *present, struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status = take(table, &text, key, err);
	*present = text.ptr != NULL;
	if (status != WPKG_OK || !text.ptr)
		return status;
	if (wpkg_clock_parse(out, text, NULL) != WPKG_OK)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(table, key),
				    "key.%s '%.*s' is not a time such as 2026-01-31T12:00:00Z", key,
				    WPKG_STR_ARG(text));
	return WPKG_OK;
}

static enum wpkg_status take_roles(const struct wpkg_value *table, unsigned *out,
				   struct wpkg_err *err)
{
	const struct wpkg_value *roles = wpkg_value_find(table, "roles");
	if (!roles || roles->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, roles ? roles : table,
				    "key.roles is not an array of strings");
	for (size_t i = 0; i < roles->count; i++) {
		const struct wpkg_value *item = &roles->items[i];
		enum wpkg_role role;
		if (item->kind != WPKG_VALUE_STRING || !wpkg_role_parse(&role, item->string))
			return WPKG_FAIL_AT(
				err, WPKG_EFORMAT, item,
				"key.roles[%zu] is not creator, approver, host or proxy", i);
		*out |= 1U << role;
	}
	return WPKG_OK;
}

static enum wpkg_status read_entry(struct wpkg_keyring_entry *out, const struct wpkg_value *table,
				   struct wpkg_err *err)
{
	struct wpkg_keyring_entry entry = {.valid_from = INT64_MIN, .valid_until = INT64_MAX};
	struct wpkg_str key = {0};
	size_t len = 0;
	bool present = false;
	if (table->kind != WPKG_VALUE_TABLE)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, table, "key is not an array of tables");
	enum wpkg_status status = take(table, &entry.label, "label", err);
	if (status == WPKG_OK)
		status = take(table, &key, "key", err);
	if (status == WPKG_OK && (!entry.label.ptr || !key.ptr))
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, table, "key without %s",
				      key.ptr ? "label" : "key");
	if (status == WPKG_OK)
		status = take_roles(table, &entry.roles, err);
	if (status == WPKG_OK)
		status = take(table, &entry.label_signature, "labelSignature", err);
	if (status == WPKG_OK)
		status = take_time(table, &entry.valid_from, "validFrom", &present, err);
	if (status == WPKG_OK)
		status = take_time(table, &entry.valid_until, "validUntil", &present, err);
	if (status == WPKG_OK)
		status = take_time(table, &entry.revoked_at, "revoked", &entry.revoked, err);
	if (status == WPKG_OK &&
	    (!wpkg_base64_parse(entry.key.bytes, sizeof(entry.key.bytes), &len, key) ||
	     len != sizeof(entry.key.bytes)))
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(table, "key"),
				      "key '%.*s' is not base64 of 32 bytes", WPKG_STR_ARG(key));
	if (status == WPKG_OK)
		*out = entry;
	return status;
}

enum wpkg_status wpkg_keyring_read(struct wpkg_keyring *out, struct wpkg_arena *arena,
				   struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_keyring keyring = {0};
	struct wpkg_value *root = NULL;
	struct wpkg_keyring_entry entry;
	if (text.len > WPKG_KEYRING_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "keyring: %zu bytes, more than %zu", text.len,
				 WPKG_KEYRING_MAX);
	enum wpkg_status status = wpkg_toml_read(&root, arena, text, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *keys = wpkg_value_find(root, "key");
	if (keys && keys->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, keys, "key is %s, not an array of tables",
				    wpkg_value_kind_name(keys->kind));
	for (size_t i = 0; keys && i < keys->count; i++) {
		status = read_entry(&entry, &keys->items[i], err);
		if (status == WPKG_OK)
			status = wpkg_keyring_add(&keyring, arena, &entry, err);
		if (status != WPKG_OK)
			return status;
	}
	*out = keyring;
	return WPKG_OK;
}

static bool add_time(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
		     int64_t time, int64_t absent)
{
	char text[WPKG_CLOCK_TEXT];
	if (time == absent)
		return true;
	wpkg_clock_format(text, time);
	return wpkg_value_add_string(arena, table, key, wpkg_str_from(text));
}

static bool add_roles(struct wpkg_arena *arena, struct wpkg_value *table, unsigned roles)
{
	struct wpkg_value *array = wpkg_value_add(arena, table, "roles", WPKG_VALUE_ARRAY);
	for (unsigned i = 0; i < WPKG_ROLE_COUNT; i++)
		if ((roles & 1U << i) &&
		    !wpkg_value_add_string(arena, array, NULL,
					   wpkg_str_from(wpkg_role_name((enum wpkg_role)i))))
			return false;
	return array != NULL;
}

static bool add_entry(struct wpkg_arena *arena, struct wpkg_value *array,
		      const struct wpkg_keyring_entry *entry)
{
	struct wpkg_buf key;
	struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
	wpkg_buf_init(&key, 64);
	wpkg_base64_append(&key, entry->key.bytes, sizeof(entry->key.bytes));
	bool made =
		key.failed == WPKG_OK &&
		wpkg_value_add_string(arena, table, "label", entry->label) &&
		add_roles(arena, table, entry->roles) &&
		wpkg_value_add_string(arena, table, "key", wpkg_buf_str(&key)) &&
		(!entry->label_signature.ptr ||
		 wpkg_value_add_string(arena, table, "labelSignature", entry->label_signature)) &&
		add_time(arena, table, "validFrom", entry->valid_from, INT64_MIN) &&
		add_time(arena, table, "validUntil", entry->valid_until, INT64_MAX) &&
		(!entry->revoked ||
		 add_time(arena, table, "revoked", entry->revoked_at, INT64_MIN));
	wpkg_buf_clear(&key);
	return made;
}

/* The original demands "key" even when there is none. */
enum wpkg_status wpkg_keyring_write(struct wpkg_buf *buf, const struct wpkg_keyring *keyring,
				    struct wpkg_err *err)
{
	struct wpkg_arena arena;
	enum wpkg_status status = WPKG_OK;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	struct wpkg_value *root = wpkg_value_new_table(&arena);
	bool made = root && wpkg_value_add_string(&arena, root, "version", WPKG_LIT("1.0"));
	struct wpkg_value *keys =
		made ? wpkg_value_add(&arena, root, "key", WPKG_VALUE_ARRAY) : NULL;
	made = keys != NULL;
	for (size_t i = 0; made && i < keyring->count; i++)
		made = add_entry(&arena, keys, &keyring->entries[i]);
	if (made) {
		wpkg_toml_write(buf, root);
		status = wpkg_buf_check(buf, "keyring", err);
	} else {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "keyring: no memory");
	}
	wpkg_arena_clear(&arena);
	return status;
}

static bool copy_entry(struct wpkg_keyring_entry *out, struct wpkg_arena *arena,
		       const struct wpkg_keyring_entry *entry)
{
	struct wpkg_keyring_entry copy = *entry;
	copy.label = wpkg_arena_dup(arena, entry->label);
	if (entry->label_signature.ptr)
		copy.label_signature = wpkg_arena_dup(arena, entry->label_signature);
	if (!copy.label.ptr || (entry->label_signature.ptr && !copy.label_signature.ptr))
		return false;
	*out = copy;
	return true;
}

static bool grow(struct wpkg_keyring *keyring, struct wpkg_arena *arena)
{
	size_t capacity = keyring->capacity ? keyring->capacity * 2 : 8;
	struct wpkg_keyring_entry *entries = wpkg_arena_alloc(arena, capacity, sizeof(*entries));
	if (!entries)
		return false;
	if (keyring->count > 0)
		memcpy(entries, keyring->entries, keyring->count * sizeof(*entries));
	keyring->entries = entries;
	keyring->capacity = capacity;
	return true;
}

/* Merging widens roles only; a revocation stays whatever comes after it. */
enum wpkg_status wpkg_keyring_add(struct wpkg_keyring *keyring, struct wpkg_arena *arena,
				  const struct wpkg_keyring_entry *entry, struct wpkg_err *err)
{
	struct wpkg_keyring_entry *old = wpkg_keyring_find(keyring, &entry->key);
	if (old) {
		old->roles |= entry->roles;
		if (entry->revoked && !old->revoked) {
			old->revoked = true;
			old->revoked_at = entry->revoked_at;
		}
		return WPKG_OK;
	}
	if ((keyring->count == keyring->capacity && !grow(keyring, arena)) ||
	    !copy_entry(&keyring->entries[keyring->count], arena, entry))
		return WPKG_FAIL(err, WPKG_ENOMEM, "keyring: no memory");
	keyring->count++;
	return WPKG_OK;
}

struct wpkg_keyring_entry *wpkg_keyring_find(const struct wpkg_keyring *keyring,
					     const struct wpkg_public_key *key)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (wpkg_public_key_equal(&keyring->entries[i].key, key))
			return &keyring->entries[i];
	return NULL;
}
