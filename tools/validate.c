/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg validate: are these modules valid, and what do they need? */
#include "commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../client/global.h"
#include "base/utf8.h"
#include "data/json.h"
#include "output.h"
#include "pkg/facts.h"
#include "wasm/facts.h"
#include "wasm/module.h"
#include "wasm/stream.h"

struct validate_options {
	const char *features;
	uint64_t threads;
};

static const struct wpkg_option validate_rows[] = {
	{"features", 0, WPKG_OPTION_TEXT, "LIST",
	 "allow these features only: names, 'standard' or 'all', '-NAME' without one", NULL,
	 offsetof(struct validate_options, features)},
	{"threads", 0, WPKG_OPTION_NUMBER, "N", "check bodies on this many threads (default 1)",
	 NULL, offsetof(struct validate_options, threads)},
	{0}};

/* What came of one operand. */
struct finding {
	const char *name;		   /* of the operand */
	struct wpkg_file_map file;	   /* of a file */
	struct wpkg_module *read;	   /* from it */
	struct wpkg_module_stream *stream; /* of standard input */
	const struct wpkg_module *module;  /* of either, when valid */
	enum wpkg_wasm_kind kind;
	uint64_t size; /* bytes */
	struct wpkg_module_fault fault;
	struct wpkg_err err;
	int code; /* exit code */
};

static enum wpkg_status read_file(struct finding *finding,
				  const struct wpkg_module_options *options)
{
	finding->kind = wpkg_wasm_kind_of(finding->file.bytes);
	finding->size = finding->file.bytes.len;
	enum wpkg_status status =
		wpkg_module_read(&finding->read, finding->file.bytes, options, &finding->err);
	finding->module = finding->read;
	return status;
}

/* Validates while the bytes come. */
static enum wpkg_status read_input(struct finding *finding,
				   const struct wpkg_module_options *options)
{
	static char piece[65536];
	size_t count = 0;
	enum wpkg_status status = wpkg_module_stream_new(&finding->stream, options, &finding->err);
	while (status == WPKG_OK && (count = fread(piece, 1, sizeof(piece), stdin)) > 0) {
		if (finding->size == 0)
			finding->kind = wpkg_wasm_kind_of(wpkg_str_of(piece, count));
		finding->size += count;
		status = wpkg_module_stream_feed(finding->stream, wpkg_str_of(piece, count),
						 &finding->err);
	}
	if (status == WPKG_OK && ferror(stdin))
		return WPKG_FAIL(&finding->err, WPKG_EIO, "standard input: read error");
	if (status == WPKG_OK)
		status = wpkg_module_stream_finish(finding->stream, &finding->err);
	if (status == WPKG_OK)
		finding->module = wpkg_module_stream_module(finding->stream);
	return status;
}

static void find_out(struct finding *finding, const struct wpkg_invocation *invocation,
		     struct wpkg_module_options *options)
{
	bool is_input = strcmp(finding->name, "-") == 0;
	enum wpkg_status status = WPKG_OK;
	finding->code = WPKG_EXIT_DONE;
	options->fault = &finding->fault;
	if (!is_input)
		status = tool_module_open(&finding->file, invocation, finding->name, &finding->err);
	if (status != WPKG_OK) {
		finding->code = (int)wpkg_exit_of(status);
		return;
	}
	status = is_input ? read_input(finding, options) : read_file(finding, options);
	if (status == WPKG_EFORMAT || status == WPKG_ELIMIT)
		finding->code = WPKG_EXIT_REFUSED;
	else if (status != WPKG_OK)
		finding->code = (int)wpkg_exit_of(status);
}

static void finding_clear(struct finding *finding)
{
	wpkg_module_free(finding->read);
	wpkg_module_stream_free(finding->stream);
	wpkg_file_map_close(&finding->file);
}

/* Text. */

static void append_features(struct wpkg_buf *out, const struct wpkg_module *module)
{
	const char *before = "; needs ";
	for (unsigned i = WPKG_FEATURE_MVP + 1; i < WPKG_FEATURE_COUNT; i++) {
		if (!(module->features >> i & 1))
			continue;
		wpkg_buf_append_format(out, "%s%s", before,
				       wpkg_feature_name((enum wpkg_feature)i));
		before = ", ";
	}
}

static int print_valid(const struct finding *finding)
{
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_utf8_append_escaped(&out, wpkg_str_from(finding->name));
	wpkg_buf_append_format(
		&out, ": valid, %zu bytes, %u functions", finding->file.bytes.len,
		(unsigned)(finding->module->func_count - finding->module->func_import_count));
	append_features(&out, finding->module);
	wpkg_buf_append_byte(&out, '\n');
	return tool_print(&out);
}

/* The error, and the function's name when there is one. */
static void print_fault(struct finding *finding)
{
	struct wpkg_buf line;
	if (finding->code == WPKG_EXIT_REFUSED)
		wpkg_err_prepend(&finding->err, "%s", finding->name);
	tool_error(&finding->err);
	if (finding->code != WPKG_EXIT_REFUSED || finding->fault.name.len == 0)
		return;
	wpkg_buf_init(&line, SIZE_MAX);
	wpkg_utf8_append_escaped(&line, finding->fault.name);
	fprintf(stderr, "wpkg: function %u is named \"%s\"\n", (unsigned)finding->fault.function,
		wpkg_buf_text(&line));
	wpkg_buf_clear(&line);
}

/* JSON: {"modules": [{"file", "valid", "size", "features": [{"name","offset"}], ...}]} */

static bool add_features(struct wpkg_arena *arena, struct wpkg_value *entry,
			 const struct wpkg_module *module)
{
	struct wpkg_value *list = wpkg_value_add(arena, entry, "features", WPKG_VALUE_ARRAY);
	for (unsigned i = WPKG_FEATURE_MVP + 1; list && i < WPKG_FEATURE_COUNT; i++) {
		if (!(module->features >> i & 1))
			continue;
		const char *name = wpkg_feature_name((enum wpkg_feature)i);
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!row || !wpkg_value_add_string(arena, row, "name", wpkg_str_from(name)) ||
		    !wpkg_value_add_integer(arena, row, "offset", module->feature_offsets[i]))
			return false;
	}
	return list != NULL;
}

static bool add_fault(struct wpkg_arena *arena, struct wpkg_value *entry,
		      const struct finding *finding)
{
	return wpkg_value_add_string(arena, entry, "error", wpkg_str_from(finding->err.msg)) &&
	       (finding->code != WPKG_EXIT_REFUSED ||
		wpkg_fault_to_value(arena, entry, &finding->fault));
}

static bool add_finding(struct wpkg_arena *arena, struct wpkg_value *list,
			const struct finding *finding)
{
	struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	if (!entry || !wpkg_value_add_string(arena, entry, "file", wpkg_str_from(finding->name)) ||
	    !wpkg_value_add_boolean(arena, entry, "valid", finding->module != NULL) ||
	    !wpkg_value_add_string(arena, entry, "kind",
				   wpkg_str_from(wpkg_wasm_kind_name(finding->kind))) ||
	    !wpkg_value_add_integer(arena, entry, "size", (int64_t)finding->size))
		return false;
	return finding->module ? add_features(arena, entry, finding->module)
			       : add_fault(arena, entry, finding);
}

static int print_json(const struct wpkg_value *document)
{
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_json_write(&out, document, WPKG_JSON_INDENTED);
	return tool_print(&out);
}

/* Each operand in turn; the worst of their exit codes. */
static int validate_all(const struct wpkg_invocation *invocation,
			struct wpkg_module_options *options, struct wpkg_arena *arena)
{
	const struct global_options *global = invocation->global;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "modules", WPKG_VALUE_ARRAY);
	int code = WPKG_EXIT_DONE;
	bool has_memory = list != NULL;
	for (size_t i = 0; has_memory && i < invocation->operand_count; i++) {
		struct finding finding = {.name = invocation->operands[i]};
		find_out(&finding, invocation, options);
		if (global->json)
			has_memory = add_finding(arena, list, &finding);
		else if (!finding.module)
			print_fault(&finding);
		else if (!global->quiet)
			finding.code = print_valid(&finding);
		if (finding.code > code)
			code = finding.code;
		finding_clear(&finding);
		options->fault = NULL;
	}
	if (global->json && has_memory && print_json(document) != WPKG_EXIT_DONE)
		return WPKG_EXIT_FAILED;
	return has_memory ? code : WPKG_EXIT_FAILED;
}

static int run(const struct wpkg_invocation *invocation)
{
	const struct validate_options *asked = invocation->options;
	struct wpkg_module_options options = {.threads = (unsigned)asked->threads};
	struct wpkg_arena arena;
	struct wpkg_err err;
	if (asked->features &&
	    wpkg_features_parse(&options.features, wpkg_str_from(asked->features), &err) != WPKG_OK)
		return tool_usage("--features: %s", err.msg);
	wpkg_arena_init(&arena, SIZE_MAX);
	int code = validate_all(invocation, &options, &arena);
	wpkg_arena_clear(&arena);
	return code;
}

const struct wpkg_command tool_validate = {
	.name = "validate",
	.operands = "FILE|REF|-...",
	.summary = "check that modules are valid",
	.description =
		"Decodes and validates each module by the specification's rules and says which "
		"features it needs. A module that is not valid is refused with the offset of the "
		"first byte that is wrong, the instruction and the function. Everything that the "
		"registry accepts is accepted, unless --features says what a host allows. A dash "
		"is "
		"standard input, which is validated while it comes.",
	.example = "wpkg validate app.wasm\n"
		   "curl -s https://example.org/app.wasm | wpkg validate -\n"
		   "wpkg validate --features standard,threads app.wasm\n"
		   "wpkg validate --json --features all,-simd hello@1.2.0",
	.options = validate_rows,
	.options_size = sizeof(struct validate_options),
	.least_operands = 1,
	.most_operands = SIZE_MAX,
	.run = run,
};
