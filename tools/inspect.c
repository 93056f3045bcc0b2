/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg inspect: what is in a module. */
#include "commands.h"

#include <stddef.h>
#include <stdio.h>

#include "../client/global.h"
#include "data/json.h"
#include "inspect_page.h"
#include "output.h"
#include "pkg/facts.h"
#include "wasm/module.h"
#include "wasm/reader.h"
#include "wasm/wat.h"

/* Lines of a list that are shown unless all of them are asked for. */
#define LINES_MAX 40

struct inspect_options {
	bool all;
	const char *function;
};

static const struct wpkg_option inspect_rows[] = {
	{"all", 'a', WPKG_OPTION_FLAG, NULL, "show long lists to their end", NULL,
	 offsetof(struct inspect_options, all)},
	{"function", 'f', WPKG_OPTION_TEXT, "N|NAME", "show one function's instructions instead",
	 NULL, offsetof(struct inspect_options, function)},
	{0}};

/*
 * The name section's function names (specification, appendix "Name Section"), all at once: asking
 * for each of many would read the section as many times. What is broken ends them.
 */
static void read_names(struct wpkg_str *names, const struct wpkg_module *module)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	struct wpkg_reader r;
	if (!section)
		return;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	while (r.status == WPKG_OK && wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		uint32_t size = wpkg_reader_u32(&r);
		struct wpkg_reader list = wpkg_reader_sub(&r, size);
		uint32_t count = id == 1 ? wpkg_reader_u32(&list) : 0;
		for (uint32_t i = 0; i < count && list.status == WPKG_OK; i++) {
			uint32_t index = wpkg_reader_u32(&list);
			struct wpkg_str name = wpkg_reader_name(&list, UINT32_MAX);
			if (list.status == WPKG_OK && index < module->func_count)
				names[index] = name;
		}
	}
}

/* What each function is exported as, by its first name. */
static void read_exports(struct wpkg_str *exported, const struct wpkg_module *module)
{
	for (uint32_t i = module->export_count; i-- > 0;) {
		const struct wpkg_module_export *export = &module->exports[i];
		if (export->kind == WPKG_EXTERN_FUNC)
			exported[export->index] = export->name;
	}
}

static int print_json(const struct inspect_page *page, struct wpkg_arena *arena)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	if (inspect_json_write(&out, arena, page, &err) == WPKG_OK)
		return tool_print(&out);
	wpkg_buf_clear(&out);
	return tool_error(&err);
}

/* One function. */

/* An index, the name of an export, or a name of the name section. */
static bool find_function(uint32_t *out, const struct wpkg_module *module,
			  const struct wpkg_str *names, const char *text)
{
	struct wpkg_str name = wpkg_str_from(text);
	uint64_t number;
	if (wpkg_str_parse_u64(name, &number) && number < module->func_count) {
		*out = (uint32_t)number;
		return true;
	}
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	if (export && export->kind == WPKG_EXTERN_FUNC) {
		*out = export->index;
		return true;
	}
	for (uint32_t i = 0; i < module->func_count; i++) {
		if (name.len > 0 && wpkg_str_equal(names[i], name)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static int print_function(const struct inspect_page *page, const char *file, const char *name,
			  bool json)
{
	const struct wpkg_module *module = page->module;
	const struct wpkg_wat_print_options options = {.offsets = true};
	struct wpkg_buf text, out;
	struct wpkg_err err;
	uint32_t index;
	if (!module || !find_function(&index, module, page->names, name))
		return tool_usage("inspect: %s has no function '%s'", file, name);
	wpkg_buf_init(&text, SIZE_MAX);
	if (wpkg_wat_print_func(&text, module, index, &options, &err) != WPKG_OK) {
		wpkg_buf_clear(&text);
		return tool_error(&err);
	}
	if (!json)
		return tool_print(&text);
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_append_format(&out, "{\n  \"function\": %u,\n  \"text\": ", (unsigned)index);
	wpkg_json_write_string(&out, wpkg_buf_str(&text));
	wpkg_buf_append_text(&out, "\n}\n");
	wpkg_buf_clear(&text);
	return tool_print(&out);
}

/* What is to be inspected. */
struct subject {
	struct wpkg_arena arena;
	struct wpkg_file_map file;
	struct wpkg_module *module; /* NULL: a component */
	struct wpkg_component component;
	struct wpkg_facts *facts;
	struct wpkg_str *names, *exported; /* of functions */
};

static int show(const struct wpkg_invocation *invocation, struct subject *subject)
{
	const struct global_options *global = invocation->global;
	const struct inspect_options *options = invocation->options;
	struct inspect_page page = {.module = subject->module,
				    .component = subject->module ? NULL : &subject->component,
				    .facts = subject->facts,
				    .names = subject->names,
				    .exported = subject->exported,
				    .most = options->all ? UINT32_MAX : LINES_MAX};
	if (options->function)
		return print_function(&page, invocation->operands[0], options->function,
				      global->json);
	if (global->json)
		return print_json(&page, &subject->arena);
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	inspect_page_write(&out, &page, invocation->operands[0]);
	return tool_print(&out);
}

static enum wpkg_status read_subject(struct subject *subject, struct wpkg_err *err)
{
	struct wpkg_str bytes = subject->file.bytes;
	enum wpkg_status status;
	if (wpkg_wasm_kind_of(bytes) == WPKG_WASM_COMPONENT) {
		status = wpkg_component_read(&subject->component, &subject->arena, bytes, err);
		if (status == WPKG_OK)
			status = wpkg_facts_of_component(&subject->facts, bytes, err);
		return status;
	}
	status = wpkg_module_read(&subject->module, bytes, NULL, err);
	if (status == WPKG_OK)
		status = wpkg_facts_of_module(&subject->facts, subject->module, err);
	if (status != WPKG_OK)
		return status;
	subject->names = wpkg_arena_alloc(&subject->arena, subject->module->func_count,
					  sizeof(*subject->names));
	subject->exported = wpkg_arena_alloc(&subject->arena, subject->module->func_count,
					     sizeof(*subject->exported));
	if (!subject->names || !subject->exported)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	read_names(subject->names, subject->module);
	read_exports(subject->exported, subject->module);
	return WPKG_OK;
}

static int run_inspect(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct subject subject = {.module = NULL};
	int code;
	const char *name = invocation->operands[0];
	if (tool_module_open(&subject.file, invocation, name, &err) != WPKG_OK)
		return tool_error(&err);
	wpkg_arena_init(&subject.arena, SIZE_MAX);
	if (read_subject(&subject, &err) == WPKG_OK) {
		code = show(invocation, &subject);
	} else {
		wpkg_err_prepend(&err, "%s", name);
		code = tool_refusal(&err);
	}
	wpkg_facts_free(subject.facts);
	wpkg_module_free(subject.module);
	wpkg_file_map_close(&subject.file);
	wpkg_arena_clear(&subject.arena);
	return code;
}

const struct wpkg_command tool_inspect = {
	.name = "inspect",
	.operands = "FILE|REF",
	.summary = "show what is in a module",
	.description =
		"Shows sections with their offsets and sizes, types, imports, exports, memories, "
		"tables, globals, segments, and what the custom sections of the usual tools say: "
		"producers, target features, names, what a dynamic library needs. Of each feature "
		"that the module needs it shows the first offset that needs it. --function shows "
		"the instructions of a function, by index, export or name, with their offsets.\n"
		"\n"
		"Of a component its imports, exports and sections are shown. With --json "
		"everything "
		"is one document: the facts that the registry keeps of each module, and the "
		"definitions one by one.",
	.example = "wpkg inspect app.wasm\n"
		   "wpkg inspect --all example.com/app@1.2.0\n"
		   "wpkg inspect --function _start app.wasm\n"
		   "wpkg inspect --json app.wasm",
	.options = inspect_rows,
	.options_size = sizeof(struct inspect_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_inspect,
};
