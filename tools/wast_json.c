/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test scripts in JSON: commands as wabt's wast2json and the reference suite's tools write them,
 * with the modules in files beside the document.
 */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/mem.h"
#include "data/json.h"
#include "wast.h"

#define DOCUMENT_MAX ((size_t)1 << 30)

/* A command's members, on their way to a struct wpkg_script_command. */
struct reading {
	const char *folder;	  /* that file names are relative to */
	struct wpkg_arena *arena; /* of the command */
	struct wpkg_buf bytes;	  /* the module's file */
	struct wpkg_err *err;
};

/* Values. */

static const struct {
	const char *type;
	enum wpkg_script_value_kind kind;
} number_types[] = {{"i32", WPKG_SCRIPT_I32},
		    {"i64", WPKG_SCRIPT_I64},
		    {"f32", WPKG_SCRIPT_F32},
		    {"f64", WPKG_SCRIPT_F64}};

static const struct {
	const char *type;
	enum wpkg_heap heap;
} reference_types[] = {
	{"funcref", WPKG_HEAP_FUNC},   {"externref", WPKG_HEAP_EXTERN},
	{"anyref", WPKG_HEAP_ANY},     {"eqref", WPKG_HEAP_EQ},
	{"i31ref", WPKG_HEAP_I31},     {"structref", WPKG_HEAP_STRUCT},
	{"arrayref", WPKG_HEAP_ARRAY}, {"exnref", WPKG_HEAP_EXN},
};

static enum wpkg_status bad_value(const struct reading *reading, const struct wpkg_value *value)
{
	return WPKG_FAIL_AT(reading->err, WPKG_EFORMAT, value, "not a value of a test script");
}

/* A decimal number, or the kind of NaN that is expected. */
static bool read_number(struct wpkg_str text, uint64_t *bits, uint8_t *nan)
{
	if (wpkg_str_equal_text(text, "nan:canonical"))
		*nan = WPKG_SCRIPT_NAN_CANONICAL;
	else if (wpkg_str_equal_text(text, "nan:arithmetic"))
		*nan = WPKG_SCRIPT_NAN_ARITHMETIC;
	else
		return wpkg_str_parse_u64(text, bits);
	return true;
}

static bool read_lanes(struct wpkg_script_value *out, const struct wpkg_value *list)
{
	out->kind = WPKG_SCRIPT_V128;
	out->lanes = (uint8_t)list->count;
	if (list->count != 2 && list->count != 4 && list->count != 8 && list->count != 16)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		uint64_t lane = 0;
		uint8_t nan = WPKG_SCRIPT_NO_NAN;
		size_t bit = i * 128 / list->count;
		if (!read_number(list->items[i].string, &lane, &nan) || (nan && i >= 4))
			return false;
		out->bits[bit / 64] |= lane << bit % 64;
		if (nan)
			out->nans[i] = nan;
	}
	return true;
}

/* A reference: null, one of the host's, or any of its kind. */
static bool read_reference(struct wpkg_script_value *out, struct wpkg_str type,
			   const struct wpkg_value *text)
{
	out->kind = WPKG_SCRIPT_NULL;
	if (wpkg_str_equal_text(type, "refnull") ||
	    (text && wpkg_str_equal_text(text->string, "null")))
		return true;
	for (size_t i = 0; i < sizeof(reference_types) / sizeof(reference_types[0]); i++) {
		if (!wpkg_str_equal_text(type, reference_types[i].type))
			continue;
		out->heap = (uint8_t)reference_types[i].heap;
		out->kind = text ? WPKG_SCRIPT_HOST : WPKG_SCRIPT_REF;
		return !text || wpkg_str_parse_u64(text->string, &out->bits[0]);
	}
	return false;
}

static enum wpkg_status read_value(const struct reading *reading, struct wpkg_script_value *out,
				   const struct wpkg_value *value)
{
	struct wpkg_str type = wpkg_value_find_string(value, "type");
	const struct wpkg_value *text = wpkg_value_find(value, "value");
	out->lanes = 1;
	for (size_t i = 0; i < sizeof(number_types) / sizeof(number_types[0]); i++) {
		if (!wpkg_str_equal_text(type, number_types[i].type))
			continue;
		out->kind = number_types[i].kind;
		if (!text || !read_number(text->string, &out->bits[0], &out->nans[0]))
			return bad_value(reading, value);
		return WPKG_OK;
	}
	bool is_good = wpkg_str_equal_text(type, "v128") ? text && read_lanes(out, text)
							 : read_reference(out, type, text);
	return is_good ? WPKG_OK : bad_value(reading, value);
}

/* A list of values; those of an "either" are no "either" themselves. */
static enum wpkg_status read_values(const struct reading *reading,
				    const struct wpkg_script_value **out, uint32_t *count,
				    const struct wpkg_value *list)
{
	size_t length = list ? list->count : 0;
	struct wpkg_script_value *values =
		wpkg_arena_alloc(reading->arena, length, sizeof(*values));
	enum wpkg_status status = WPKG_OK;
	if (!values)
		return WPKG_FAIL(reading->err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; status == WPKG_OK && i < length; i++) {
		const struct wpkg_value *item = &list->items[i];
		const struct wpkg_value *either = wpkg_value_find(item, "values");
		if (!either) {
			status = read_value(reading, &values[i], item);
			continue;
		}
		struct wpkg_script_value *items =
			wpkg_arena_alloc(reading->arena, either->count, sizeof(*items));
		if (!items)
			return WPKG_FAIL(reading->err, WPKG_ENOMEM, "no memory");
		for (size_t k = 0; status == WPKG_OK && k < either->count; k++)
			status = read_value(reading, &items[k], &either->items[k]);
		values[i] = (struct wpkg_script_value){.kind = WPKG_SCRIPT_EITHER,
						       .items = items,
						       .count = (uint32_t)either->count};
	}
	*out = values;
	*count = (uint32_t)length;
	return status;
}

/* Commands. */

static enum wpkg_status read_action(const struct reading *reading, struct wpkg_script_action *out,
				    const struct wpkg_value *action)
{
	out->is_get = wpkg_str_equal_text(wpkg_value_find_string(action, "type"), "get");
	out->instance = wpkg_value_find_string(action, "module");
	out->field = wpkg_value_find_string(action, "field");
	return read_values(reading, &out->args, &out->arg_count, wpkg_value_find(action, "args"));
}

static enum wpkg_status read_module(struct reading *reading, struct wpkg_script_module *out,
				    const struct wpkg_value *command)
{
	struct wpkg_str name = wpkg_value_find_string(command, "filename");
	char *path = wpkg_path_join(reading->folder, name.ptr ? name.ptr : "");
	if (!path)
		return WPKG_FAIL(reading->err, WPKG_ENOMEM, "no memory");
	wpkg_buf_reset(&reading->bytes);
	enum wpkg_status status = wpkg_file_read(&reading->bytes, AT_FDCWD, path, reading->err);
	wpkg_mem_free(path);
	out->is_binary =
		!wpkg_str_equal_text(wpkg_value_find_string(command, "module_type"), "text");
	out->bytes = wpkg_buf_str(&reading->bytes);
	out->end = (uint32_t)out->bytes.len;
	return status;
}

static const struct {
	const char *type;
	enum wpkg_script_kind kind;
} command_types[] = {
	{"module", WPKG_SCRIPT_MODULE},
	{"module_definition", WPKG_SCRIPT_DEFINITION},
	{"module_instance", WPKG_SCRIPT_INSTANCE},
	{"register", WPKG_SCRIPT_REGISTER},
	{"action", WPKG_SCRIPT_ACTION},
	{"assert_return", WPKG_SCRIPT_ASSERT_RETURN},
	{"assert_trap", WPKG_SCRIPT_ASSERT_TRAP},
	{"assert_exhaustion", WPKG_SCRIPT_ASSERT_EXHAUSTION},
	{"assert_exception", WPKG_SCRIPT_ASSERT_EXCEPTION},
	{"assert_invalid", WPKG_SCRIPT_ASSERT_INVALID},
	{"assert_malformed", WPKG_SCRIPT_ASSERT_MALFORMED},
	{"assert_unlinkable", WPKG_SCRIPT_ASSERT_UNLINKABLE},
	{"assert_uninstantiable", WPKG_SCRIPT_ASSERT_UNINSTANTIABLE},
	{"assert_invalid_custom", WPKG_SCRIPT_ASSERT_INVALID_CUSTOM},
	{"assert_malformed_custom", WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM},
	{"thread", WPKG_SCRIPT_THREAD},
	{"wait", WPKG_SCRIPT_WAIT},
};

static enum wpkg_status read_kind(const struct reading *reading, enum wpkg_script_kind *out,
				  const struct wpkg_value *command)
{
	struct wpkg_str type = wpkg_value_find_string(command, "type");
	for (size_t i = 0; i < sizeof(command_types) / sizeof(command_types[0]); i++) {
		if (wpkg_str_equal_text(type, command_types[i].type)) {
			*out = command_types[i].kind;
			return WPKG_OK;
		}
	}
	return WPKG_FAIL_AT(reading->err, WPKG_EFORMAT, command, "no such command: %.*s",
			    WPKG_STR_ARG(type));
}

static enum wpkg_status read_command(struct reading *reading, struct wpkg_script_command *out,
				     const struct wpkg_value *command)
{
	const struct wpkg_value *line = wpkg_value_find(command, "line");
	const struct wpkg_value *action = wpkg_value_find(command, "action");
	memset(out, 0, sizeof(*out));
	enum wpkg_status status = read_kind(reading, &out->kind, command);
	if (status != WPKG_OK)
		return status;
	bool is_instance = out->kind == WPKG_SCRIPT_INSTANCE;
	out->line = line ? (uint32_t)line->integer : 0;
	out->name = wpkg_value_find_string(command, is_instance			    ? "instance"
						    : out->kind == WPKG_SCRIPT_WAIT ? "thread"
										    : "name");
	if (is_instance)
		out->definition = wpkg_value_find_string(command, "module");
	out->as = wpkg_value_find_string(command, "as");
	out->text = wpkg_value_find_string(command, "text");
	out->shared = wpkg_value_find_string(command, "shared_module");
	if (wpkg_value_find(command, "filename"))
		status = read_module(reading, &out->module, command);
	if (status == WPKG_OK && action)
		status = read_action(reading, &out->action, action);
	if (status == WPKG_OK)
		status = read_values(reading, &out->expected, &out->expected_count,
				     wpkg_value_find(command, "expected"));
	return status;
}

static void run_thread(struct wast_run *run, const struct wast_block *block);

static void run_commands(struct wast_run *run, struct wast_tally *tally, const char *path,
			 const char *folder, const struct wpkg_value *commands)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct reading reading = {.folder = folder, .arena = &arena, .err = &err};
	struct wpkg_script_command command;
	wpkg_arena_init(&arena, SIZE_MAX);
	wpkg_buf_init(&reading.bytes, DOCUMENT_MAX);
	for (size_t i = 0; commands && i < commands->count; i++) {
		struct wast_block block = {
			.run = run_thread,
			.path = path,
			.folder = folder,
			.commands = wpkg_value_find(&commands->items[i], "commands")};
		if (read_command(&reading, &command, &commands->items[i]) == WPKG_OK)
			wast_run_command(run, &command, &block);
		else
			wast_tally_broken(tally, path, &err);
		wpkg_arena_clear(&arena);
	}
	wpkg_buf_clear(&reading.bytes);
}

static void run_thread(struct wast_run *run, const struct wast_block *block)
{
	run_commands(run, wast_run_tally(run), block->path, block->folder, block->commands);
}

void wast_json_run(const char *path, struct wast_tally *tally)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_arena arena;
	struct wpkg_value *document = NULL;
	struct wast_run *run = NULL;
	wpkg_buf_init(&text, DOCUMENT_MAX);
	wpkg_arena_init(&arena, SIZE_MAX);
	char *folder = wpkg_path_parent(path);
	enum wpkg_status status = WPKG_OK;
	if (!folder)
		status = WPKG_FAIL(&err, WPKG_ENOMEM, "no memory");
	if (status == WPKG_OK)
		status = wpkg_file_read(&text, AT_FDCWD, path, &err);
	if (status == WPKG_OK)
		status = wpkg_json_read(&document, &arena, wpkg_buf_str(&text), &err);
	if (status == WPKG_OK)
		status = wast_run_new(&run, path, tally, &err);
	if (status == WPKG_OK)
		run_commands(run, tally, path, folder, wpkg_value_find(document, "commands"));
	else
		wast_tally_broken(tally, path, &err);
	wast_run_free(run);
	wpkg_arena_clear(&arena);
	wpkg_buf_clear(&text);
	wpkg_mem_free(folder);
}
