/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "data/toml.h"
#include "session.h"

#define FILE_NAME "credentials.toml"
#define FILE_MAX ((size_t)1024 * 1024)

/* What is in the hand. */

static bool is_header_text(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x21 || (unsigned char)text.ptr[i] > 0x7e)
			return false;
	return true;
}

static enum wpkg_status append_basic(struct wpkg_buf *out, const struct credentials *credentials,
				     struct wpkg_err *err)
{
	struct wpkg_buf pair;
	if (wpkg_str_find(credentials->user, ':') < credentials->user.len)
		return WPKG_FAIL(err, WPKG_EINVAL, "a user's name has no ':'");
	wpkg_buf_init(&pair, CREDENTIALS_MAX);
	wpkg_buf_append_str(&pair, credentials->user);
	wpkg_buf_append_byte(&pair, ':');
	wpkg_buf_append_str(&pair, credentials->password);
	wpkg_buf_append_text(out, "Basic ");
	wpkg_base64_append(out, pair.ptr, pair.len);
	enum wpkg_status status = wpkg_buf_check(&pair, "password", err);
	wpkg_buf_wipe(&pair);
	return status == WPKG_OK ? wpkg_buf_check(out, "credentials", err) : status;
}

enum wpkg_status credentials_append(struct wpkg_buf *out, const struct credentials *credentials,
				    struct wpkg_err *err)
{
	if (credentials->token.len == 0)
		return append_basic(out, credentials, err);
	if (!is_header_text(credentials->token))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "the token holds a space or a control character");
	wpkg_buf_append_text(out, "Bearer ");
	wpkg_buf_append_str(out, credentials->token);
	return wpkg_buf_check(out, "credentials", err);
}

/* The file. */

static enum wpkg_status check_mode(const char *path, struct wpkg_err *err)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (info.st_mode & 077)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s may be read by others (chmod 600 it)", path);
	return WPKG_OK;
}

/* The document's table, new and empty when there is no file. */
static enum wpkg_status load(struct wpkg_value **out, struct session *session, const char *path,
			     struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_err why = {0};
	struct wpkg_value *table = NULL;
	wpkg_buf_init(&text, FILE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, &why);
	if (status == WPKG_ENOTFOUND) {
		table = wpkg_value_new_table(&session->arena);
		status = table ? WPKG_OK : WPKG_FAIL(&why, WPKG_ENOMEM, "no memory for %s", path);
	} else if (status == WPKG_OK) {
		status = check_mode(path, &why);
		if (status == WPKG_OK) {
			status = wpkg_toml_read(&table, &session->arena, wpkg_buf_str(&text), &why);
			if (status != WPKG_OK)
				wpkg_err_prepend(&why, "%s", path);
		}
	}
	if (status == WPKG_OK)
		*out = table;
	else if (err)
		*err = why;
	wpkg_buf_wipe(&text);
	return status;
}

static const struct wpkg_value *find_key(const struct wpkg_value *table, struct wpkg_str key)
{
	for (size_t i = 0; table && table->kind == WPKG_VALUE_TABLE && i < table->count; i++)
		if (wpkg_str_equal(table->keys[i].string, key))
			return &table->items[i];
	return NULL;
}

enum wpkg_status credentials_find_stored(struct wpkg_buf *out, struct session *session,
					 struct wpkg_str url, struct wpkg_err *err)
{
	struct wpkg_value *table = NULL;
	const char *path = session_path(session, FILE_NAME);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for credentials");
	enum wpkg_status status = load(&table, session, path, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *entry = find_key(wpkg_value_find(table, "registry"), url);
	struct credentials found = {.token = wpkg_value_find_string(entry, "token"),
				    .user = wpkg_value_find_string(entry, "user"),
				    .password = wpkg_value_find_string(entry, "password")};
	if (found.token.len == 0 && found.user.len == 0)
		return WPKG_OK;
	return credentials_append(out, &found, err);
}

static enum wpkg_status find_in_file(struct wpkg_buf *out, const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, CREDENTIALS_MAX);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, path, err);
	if (status == WPKG_OK) {
		struct credentials found = {.token = wpkg_str_trim(wpkg_buf_str(&text))};
		if (found.token.len == 0)
			status = WPKG_FAIL(err, WPKG_EINVAL, "%s holds no token", path);
		else
			status = credentials_append(out, &found, err);
	}
	wpkg_buf_wipe(&text);
	return status;
}

enum wpkg_status credentials_find(struct wpkg_buf *out, struct session *session,
				  struct wpkg_err *err)
{
	const char *token = getenv("WPKG_TOKEN");
	const char *file = getenv("WPKG_TOKEN_FILE");
	if (token && token[0]) {
		struct credentials found = {.token = wpkg_str_trim(wpkg_str_from(token))};
		return credentials_append(out, &found, err);
	}
	if (file && file[0])
		return find_in_file(out, file, err);
	return credentials_find_stored(out, session, wpkg_buf_str(&session->url), err);
}

/* Storing: the document is written anew, with the entry of this registry replaced. */

static bool copy_entry(struct wpkg_arena *arena, struct wpkg_value *to,
		       const struct wpkg_value *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		struct wpkg_str key = entry->keys[i].string;
		const struct wpkg_value *item = &entry->items[i];
		struct wpkg_value *copy = NULL;
		if (item->kind != WPKG_VALUE_STRING)
			continue;
		copy = wpkg_value_add_str(arena, to, key, WPKG_VALUE_STRING);
		if (!copy)
			return false;
		copy->string = item->string;
	}
	return true;
}

static bool copy_others(struct wpkg_arena *arena, struct wpkg_value *to,
			const struct wpkg_value *from, struct wpkg_str except)
{
	for (size_t i = 0; from && from->kind == WPKG_VALUE_TABLE && i < from->count; i++) {
		if (wpkg_str_equal(from->keys[i].string, except) ||
		    from->items[i].kind != WPKG_VALUE_TABLE)
			continue;
		struct wpkg_value *entry =
			wpkg_value_add_str(arena, to, from->keys[i].string, WPKG_VALUE_TABLE);
		if (!entry || !copy_entry(arena, entry, &from->items[i]))
			return false;
	}
	return true;
}

static bool add_entry(struct wpkg_arena *arena, struct wpkg_value *to, struct wpkg_str url,
		      const struct credentials *credentials)
{
	struct wpkg_value *entry = wpkg_value_add_str(arena, to, url, WPKG_VALUE_TABLE);
	if (credentials->token.len > 0)
		return wpkg_value_add_string(arena, entry, "token", credentials->token);
	return wpkg_value_add_string(arena, entry, "user", credentials->user) &&
	       wpkg_value_add_string(arena, entry, "password", credentials->password);
}

enum wpkg_status credentials_store(struct session *session, const struct credentials *credentials,
				   struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_value *before = NULL;
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_str url = wpkg_buf_str(&session->url);
	const char *path = session_path(session, FILE_NAME);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for credentials");
	enum wpkg_status status = session_begin_change(session, err);
	if (status == WPKG_OK)
		status = load(&before, session, path, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	struct wpkg_value *entries = wpkg_value_add(arena, table, "registry", WPKG_VALUE_TABLE);
	if (!entries || !copy_others(arena, entries, wpkg_value_find(before, "registry"), url) ||
	    (credentials && !add_entry(arena, entries, url, credentials)))
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for credentials");
	wpkg_buf_init(&text, FILE_MAX);
	wpkg_toml_write(&text, table);
	status = wpkg_buf_check(&text, FILE_NAME, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(AT_FDCWD, path, wpkg_buf_str(&text), 0600,
					 WPKG_FILE_DURABLE, err);
	wpkg_buf_wipe(&text);
	return status;
}
