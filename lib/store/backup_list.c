/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.json:
 *
 *   {"format":1,"made":SECONDS,"program":"wpkgd 0.1.0","versions":N,
 *    "blobs":{"count":N,"bytes":N,"sha256":HEX},
 *    "files":[{"name":"registry.db","stored":"registry.db.HEX16","size":N,"sha256":HEX},...]}
 */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "data/fields.h"
#include "data/json.h"
#include "store/backup_int.h"

#define NAME "backup.json"
#define SIZE_MOST ((size_t)1 << 20)

static enum wpkg_status take_count(uint64_t *out, struct wpkg_fields *fields, const char *key,
				   struct wpkg_err *err)
{
	int64_t number = 0;
	enum wpkg_status status =
		wpkg_fields_take_integer(fields, &number, key, WPKG_REQUIRED, err);
	if (status == WPKG_OK && number < 0)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "%s is below zero", key);
	*out = (uint64_t)number;
	return status;
}

static enum wpkg_status take_digest(struct wpkg_digest *out, struct wpkg_fields *fields,
				    struct wpkg_err *err)
{
	struct wpkg_str text = {0};
	enum wpkg_status status =
		wpkg_fields_take_string(fields, &text, "sha256", WPKG_REQUIRED, err);
	if (status == WPKG_OK && !wpkg_digest_parse(out, text))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "sha256 is no digest");
	return status;
}

static enum wpkg_status take_blobs(struct backup_list *list, struct wpkg_fields *fields,
				   struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_fields blobs;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, "blobs", WPKG_VALUE_TABLE, WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&blobs, table, "blobs", err);
	if (status == WPKG_OK)
		status = take_count(&list->blobs, &blobs, "count", err);
	if (status == WPKG_OK)
		status = take_count(&list->bytes, &blobs, "bytes", err);
	if (status == WPKG_OK)
		status = take_digest(&list->names, &blobs, err);
	return status == WPKG_OK ? wpkg_fields_close(&blobs, err) : status;
}

/* A name that could lead anywhere but to a file of the folder is none. */
static bool is_file_name(struct wpkg_str name)
{
	return name.len > 0 && name.len < 200 && name.ptr[0] != '.' &&
	       !memchr(name.ptr, '/', name.len) && !memchr(name.ptr, '\0', name.len);
}

static enum wpkg_status take_file(struct backup_file *out, const struct wpkg_value *value,
				  struct wpkg_err *err)
{
	struct wpkg_fields file;
	enum wpkg_status status = wpkg_fields_open(&file, value, "files", err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&file, &out->name, "name", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&file, &out->stored, "stored", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = take_count(&out->size, &file, "size", err);
	if (status == WPKG_OK)
		status = take_digest(&out->digest, &file, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&file, err);
	if (status == WPKG_OK && (!is_file_name(out->name) || !is_file_name(out->stored)))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "files: '%.*s' is no name of a file",
				   WPKG_STR_ARG(out->name));
	return status;
}

static enum wpkg_status take_files(struct backup_list *list, struct wpkg_fields *fields,
				   struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &array, "files", WPKG_VALUE_ARRAY, WPKG_REQUIRED, err);
	if (status == WPKG_OK && (array->count == 0 || array->count > BACKUP_FILES_MAX))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "files are %zu", array->count);
	for (size_t i = 0; status == WPKG_OK && i < array->count; i++)
		status = take_file(&list->files[list->file_count++], &array->items[i], err);
	if (status == WPKG_OK && !wpkg_str_equal_text(list->files[0].name, BACKUP_INDEX))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "the first file is not the index");
	return status;
}

static enum wpkg_status take_list(struct backup_list *list, const struct wpkg_value *root,
				  struct wpkg_err *err)
{
	struct wpkg_fields fields;
	struct wpkg_str program = {0};
	int64_t format = 0;
	enum wpkg_status status = wpkg_fields_open(&fields, root, "", err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_integer(&fields, &format, "format", WPKG_REQUIRED, err);
	if (status == WPKG_OK && format != 1)
		return WPKG_FAIL(err, WPKG_EFORMAT, "format %lld is a newer program's",
				 (long long)format);
	if (status == WPKG_OK)
		status = wpkg_fields_take_integer(&fields, &list->made, "made", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &program, "program", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = take_count(&list->versions, &fields, "versions", err);
	if (status == WPKG_OK)
		status = take_blobs(list, &fields, err);
	if (status == WPKG_OK)
		status = take_files(list, &fields, err);
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

enum wpkg_status backup_list_read(struct backup_list *out, struct wpkg_arena *arena, int folder,
				  struct wpkg_err *err)
{
	struct backup_list list = {0};
	struct wpkg_buf text;
	struct wpkg_value *root = NULL;
	wpkg_buf_init(&text, SIZE_MOST);
	enum wpkg_status status = wpkg_file_read(&text, folder, NAME, err);
	if (status == WPKG_OK) {
		status = wpkg_json_read(&root, arena, wpkg_buf_str(&text), err);
		if (status == WPKG_OK)
			status = take_list(&list, root, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, NAME);
	}
	wpkg_buf_clear(&text);
	if (status == WPKG_OK)
		*out = list;
	return status;
}

static void write_file(struct wpkg_buf *text, const struct backup_file *file)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &file->digest);
	wpkg_buf_append_text(text, "{\"name\":");
	wpkg_json_write_string(text, file->name);
	wpkg_buf_append_text(text, ",\"stored\":");
	wpkg_json_write_string(text, file->stored);
	wpkg_buf_append_format(text, ",\"size\":%llu,\"sha256\":\"%s\"}",
			       (unsigned long long)file->size, hex);
}

enum wpkg_status backup_list_write(const struct backup_list *list, int folder, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_buf text;
	wpkg_digest_format(hex, &list->names);
	wpkg_buf_init(&text, SIZE_MOST);
	wpkg_buf_append_format(&text,
			       "{\"format\":1,\"made\":%lld,\"program\":\"wpkgd " WPKG_VERSION
			       "\",\"versions\":%llu,\"blobs\":{\"count\":%llu,\"bytes\":%llu,"
			       "\"sha256\":\"%s\"},\"files\":[",
			       (long long)list->made, (unsigned long long)list->versions,
			       (unsigned long long)list->blobs, (unsigned long long)list->bytes,
			       hex);
	for (size_t i = 0; i < list->file_count; i++) {
		wpkg_buf_append_text(&text, i > 0 ? "," : "");
		write_file(&text, &list->files[i]);
	}
	wpkg_buf_append_text(&text, "]}\n");
	enum wpkg_status status = wpkg_buf_check(&text, NAME, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(folder, NAME, wpkg_buf_str(&text), 0600, WPKG_FILE_DURABLE,
					 err);
	wpkg_buf_clear(&text);
	return status;
}
