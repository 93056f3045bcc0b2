/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/secret_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/sealed.h"
#include "data/toml.h"

#define FILE_MAX ((size_t)1 << 20) /* bytes of a secret key file */
#define TREE_MAX (FILE_MAX * 64)   /* and of its tree */

void wpkg_secret_keys_clear(struct wpkg_secret_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		wpkg_secret_key_clear(&keys->entries[i].key);
		wpkg_mem_free(keys->entries[i].label);
		wpkg_mem_free(keys->entries[i].sealed_text);
	}
	wpkg_mem_free(keys->entries);
	*keys = (struct wpkg_secret_keys){0};
}

static void clear_entry(struct wpkg_secret_entry *entry)
{
	wpkg_secret_key_clear(&entry->key);
	wpkg_mem_free(entry->label);
	wpkg_mem_free(entry->sealed_text);
}

static enum wpkg_status append(struct wpkg_secret_keys *keys, const struct wpkg_secret_entry *entry,
			       struct wpkg_err *err)
{
	/* Not resize: what it leaves behind could not be wiped. */
	struct wpkg_secret_entry *entries = wpkg_mem_calloc(keys->count + 1, sizeof(*entries));
	if (!entries)
		return WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
	if (keys->count > 0) {
		memcpy(entries, keys->entries, keys->count * sizeof(*entries));
		wpkg_mem_wipe(keys->entries, keys->count * sizeof(*entries));
		wpkg_mem_free(keys->entries);
	}
	entries[keys->count] = *entry;
	keys->entries = entries;
	keys->count++;
	return WPKG_OK;
}

static const struct wpkg_value *find_string(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == WPKG_VALUE_STRING ? value : NULL;
}

static enum wpkg_status read_roles(unsigned *out, const struct wpkg_value *table,
				   struct wpkg_err *err)
{
	const struct wpkg_value *roles = wpkg_value_find(table, "roles");
	for (size_t i = 0; roles && roles->kind == WPKG_VALUE_ARRAY && i < roles->count; i++) {
		enum wpkg_role role;
		if (roles->items[i].kind != WPKG_VALUE_STRING ||
		    !wpkg_role_parse(&role, roles->items[i].string))
			return WPKG_FAIL_AT(
				err, WPKG_EFORMAT, &roles->items[i],
				"key.roles[%zu] is not creator, approver, host or proxy", i);
		*out |= 1U << role;
	}
	if (*out == 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, table, "key without roles");
	return WPKG_OK;
}

static enum wpkg_status read_keypair(struct wpkg_secret_entry *entry,
				     const struct wpkg_value *keypair, struct wpkg_err *err)
{
	uint8_t bytes[64];
	size_t len = 0;
	enum wpkg_status status = WPKG_OK;
	if (!wpkg_base64_parse(bytes, sizeof(bytes), &len, keypair->string) || len != sizeof(bytes))
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, keypair,
				      "key.keypair is not base64 of 64 bytes");
	if (status == WPKG_OK)
		status = wpkg_secret_key_from(&entry->key, wpkg_str_of(bytes, sizeof(bytes)), err);
	wpkg_mem_wipe(bytes, sizeof(bytes));
	if (status == WPKG_OK)
		entry->public_key = wpkg_secret_key_public(&entry->key);
	return status;
}

static enum wpkg_status read_sealed(struct wpkg_secret_entry *entry, const struct wpkg_value *table,
				    const struct wpkg_value *sealed, struct wpkg_err *err)
{
	const struct wpkg_value *key = find_string(table, "key");
	size_t len = 0;
	if (!key ||
	    !wpkg_base64_parse(entry->public_key.bytes, sizeof(entry->public_key.bytes), &len,
			       key->string) ||
	    len != sizeof(entry->public_key.bytes))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, table,
				    "a sealed key without key, the base64 of 32 bytes");
	entry->sealed = true;
	entry->sealed_text = wpkg_mem_dup_text(sealed->string.ptr, sealed->string.len);
	return entry->sealed_text ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
}

static enum wpkg_status read_entry(struct wpkg_secret_keys *keys, const struct wpkg_value *table,
				   struct wpkg_err *err)
{
	struct wpkg_secret_entry entry = {0};
	const struct wpkg_value *label = find_string(table, "label");
	const struct wpkg_value *keypair = find_string(table, "keypair");
	const struct wpkg_value *sealed = find_string(table, "sealed");
	if (!label || memchr(label->string.ptr, 0, label->string.len) || (!keypair == !sealed))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, table,
				    "key without a label, or without one of keypair and sealed");
	enum wpkg_status status = read_roles(&entry.roles, table, err);
	if (status == WPKG_OK)
		status = keypair ? read_keypair(&entry, keypair, err)
				 : read_sealed(&entry, table, sealed, err);
	if (status == WPKG_OK) {
		entry.label = wpkg_mem_dup_text(label->string.ptr, label->string.len);
		if (!entry.label)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
	}
	if (status == WPKG_OK)
		status = append(keys, &entry, err);
	if (status != WPKG_OK)
		clear_entry(&entry);
	wpkg_mem_wipe(&entry, sizeof(entry));
	return status;
}

enum wpkg_status wpkg_secret_keys_read(struct wpkg_secret_keys *out, struct wpkg_str text,
				       struct wpkg_err *err)
{
	struct wpkg_secret_keys keys = {0};
	struct wpkg_value *root = NULL;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, TREE_MAX);
	enum wpkg_status status = wpkg_toml_read(&root, &arena, text, err);
	const struct wpkg_value *array = status == WPKG_OK ? wpkg_value_find(root, "key") : NULL;
	if (array && array->kind != WPKG_VALUE_ARRAY)
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, array, "key is not an array of tables");
	for (size_t i = 0; status == WPKG_OK && array && i < array->count; i++)
		status = read_entry(&keys, &array->items[i], err);
	wpkg_arena_wipe(&arena);
	if (status == WPKG_OK)
		*out = keys;
	else
		wpkg_secret_keys_clear(&keys);
	return status;
}

static enum wpkg_status check_private(int fd, const char *path, struct wpkg_err *err)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "%s: others may read or write it (mode %04o); chmod 600 it", path,
				 (unsigned)(info.st_mode & 07777));
	return WPKG_OK;
}

enum wpkg_status wpkg_secret_keys_load(struct wpkg_secret_keys *out, const char *path,
				       struct wpkg_err *err)
{
	struct wpkg_buf text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	wpkg_buf_init(&text, FILE_MAX);
	enum wpkg_status status = check_private(fd, path, err);
	if (status == WPKG_OK)
		status = wpkg_file_read_fd(&text, fd, path, err);
	close(fd);
	if (status == WPKG_OK) {
		status = wpkg_secret_keys_read(out, wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", path);
	}
	wpkg_buf_wipe(&text);
	return status;
}

static void append_base64_line(struct wpkg_buf *buf, const char *key, const void *bytes, size_t len)
{
	wpkg_buf_append_format(buf, "%s = \"", key);
	wpkg_base64_append(buf, bytes, len);
	wpkg_buf_append_text(buf, "\"\n");
}

/*
 * Written as text, not by way of a tree, so that a secret stands in one buffer only. The label is
 * the one field that needs quoting.
 */
static enum wpkg_status write_entry(struct wpkg_buf *buf, const struct wpkg_secret_entry *entry,
				    struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, FILE_MAX);
	struct wpkg_value *table = wpkg_value_new_table(&arena);
	bool made =
		table && wpkg_value_add_string(&arena, table, "label", wpkg_str_from(entry->label));
	wpkg_buf_append_text(buf, "\n[[key]]\n");
	if (made)
		wpkg_toml_write(buf, table);
	wpkg_arena_clear(&arena);
	if (!made)
		return WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
	if (entry->sealed_text) {
		append_base64_line(buf, "key", entry->public_key.bytes,
				   sizeof(entry->public_key.bytes));
		wpkg_buf_append_format(buf, "sealed = \"%s\"\n", entry->sealed_text);
	} else {
		append_base64_line(buf, "keypair", entry->key.bytes, sizeof(entry->key.bytes));
	}
	const char *separator = "roles = [";
	for (unsigned role = 0; role < WPKG_ROLE_COUNT; role++) {
		if (!(entry->roles & 1U << role))
			continue;
		wpkg_buf_append_format(buf, "%s\"%s\"", separator,
				       wpkg_role_name((enum wpkg_role)role));
		separator = ", ";
	}
	wpkg_buf_append_text(buf, "]\n");
	return WPKG_OK;
}

enum wpkg_status wpkg_secret_keys_write(struct wpkg_buf *buf, const struct wpkg_secret_keys *keys,
					struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	wpkg_buf_append_text(buf, "version = \"1.0\"\n");
	if (keys->count == 0)
		wpkg_buf_append_text(buf, "key = []\n");
	for (size_t i = 0; status == WPKG_OK && i < keys->count; i++)
		status = write_entry(buf, &keys->entries[i], err);
	return status == WPKG_OK ? wpkg_buf_check(buf, "secret keys", err) : status;
}

enum wpkg_status wpkg_secret_keys_save(const struct wpkg_secret_keys *keys, const char *path,
				       struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, FILE_MAX);
	enum wpkg_status status = wpkg_secret_keys_write(&text, keys, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(&text), 0600,
					 WPKG_FILE_DURABLE, err);
	wpkg_buf_wipe(&text);
	return status;
}

static enum wpkg_status seal(struct wpkg_secret_entry *entry, struct wpkg_str passphrase,
			     struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 1024);
	enum wpkg_status status = wpkg_sealed_write(
		&text, wpkg_str_of(entry->key.bytes, sizeof(entry->key.bytes)), passphrase, err);
	if (status == WPKG_OK) {
		entry->sealed_text = wpkg_mem_dup_text(text.ptr, text.len);
		if (!entry->sealed_text)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status wpkg_secret_keys_create(struct wpkg_secret_keys *keys, struct wpkg_str label,
					 unsigned roles, struct wpkg_str passphrase,
					 struct wpkg_err *err)
{
	struct wpkg_secret_entry entry = {.roles = roles};
	for (size_t i = 0; i < label.len; i++)
		if ((unsigned char)label.ptr[i] < 0x20 || label.ptr[i] == 0x7f)
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "the key's label has control characters");
	if (label.len == 0 || roles == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "a key needs a label and a role");
	enum wpkg_status status = wpkg_secret_key_generate(&entry.key, err);
	if (status == WPKG_OK) {
		entry.public_key = wpkg_secret_key_public(&entry.key);
		entry.label = wpkg_mem_dup_text(label.ptr, label.len);
		if (!entry.label)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "secret keys: no memory");
	}
	if (status == WPKG_OK && passphrase.ptr)
		status = seal(&entry, passphrase, err);
	if (status == WPKG_OK)
		status = append(keys, &entry, err);
	if (status != WPKG_OK)
		clear_entry(&entry);
	wpkg_mem_wipe(&entry, sizeof(entry));
	return status;
}

enum wpkg_status wpkg_secret_entry_open(struct wpkg_secret_entry *entry, struct wpkg_str passphrase,
					struct wpkg_err *err)
{
	struct wpkg_secret_key key;
	struct wpkg_buf secret;
	if (!entry->sealed)
		return WPKG_OK;
	wpkg_buf_init(&secret, 256);
	enum wpkg_status status =
		wpkg_sealed_read(&secret, wpkg_str_from(entry->sealed_text), passphrase, err);
	if (status == WPKG_OK)
		status = wpkg_secret_key_from(&key, wpkg_buf_str(&secret), err);
	wpkg_buf_wipe(&secret);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "key '%s'", entry->label);
		return status;
	}
	struct wpkg_public_key public_key = wpkg_secret_key_public(&key);
	if (wpkg_public_key_equal(&public_key, &entry->public_key)) {
		entry->key = key;
		entry->sealed = false;
	} else {
		status = WPKG_FAIL(err, WPKG_EFORMAT,
				   "key '%s': the sealed key is not that of the file's public key",
				   entry->label);
	}
	wpkg_secret_key_clear(&key);
	return status;
}

struct wpkg_secret_entry *wpkg_secret_keys_find(const struct wpkg_secret_keys *keys,
						enum wpkg_role role, struct wpkg_str label)
{
	for (size_t i = 0; i < keys->count; i++)
		if ((keys->entries[i].roles & 1U << role) &&
		    (!label.ptr || wpkg_str_equal_text(label, keys->entries[i].label)))
			return &keys->entries[i];
	return NULL;
}

enum wpkg_status wpkg_secret_entry_public(struct wpkg_keyring_entry *out, struct wpkg_arena *arena,
					  const struct wpkg_secret_entry *entry,
					  struct wpkg_err *err)
{
	struct wpkg_signature_bytes signature;
	struct wpkg_buf text;
	struct wpkg_keyring_entry made = {.roles = entry->roles,
					  .key = entry->public_key,
					  .valid_from = INT64_MIN,
					  .valid_until = INT64_MAX};
	if (entry->sealed)
		return WPKG_FAIL(err, WPKG_EINVAL, "key '%s' is locked by its passphrase",
				 entry->label);
	enum wpkg_status status =
		wpkg_key_sign(&signature, &entry->key, wpkg_str_from(entry->label), err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&text, 256);
	wpkg_base64_append(&text, signature.bytes, sizeof(signature.bytes));
	made.label = wpkg_arena_dup(arena, wpkg_str_from(entry->label));
	if (text.failed == WPKG_OK)
		made.label_signature = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	if (!made.label.ptr || !made.label_signature.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "key '%s': no memory", entry->label);
	*out = made;
	return WPKG_OK;
}
