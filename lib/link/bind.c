/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a link, and binding each import to what provides it. */
#include "link/link_int.h"

#define MEMORY_MAX ((size_t)4 << 30) /* bytes of a link's own tables */

static enum wpkg_status no_memory(struct link *link)
{
	return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
}

static void count_items(struct link_module *m)
{
	const struct wpkg_module *module = m->module;
	const struct {
		uint32_t count, imported;
	} spaces[LINK_SPACE_COUNT] = {
		[WPKG_EXTERN_FUNC] = {module->func_count, module->func_import_count},
		[WPKG_EXTERN_TABLE] = {module->table_count, module->table_import_count},
		[WPKG_EXTERN_MEMORY] = {module->memory_count, module->memory_import_count},
		[WPKG_EXTERN_GLOBAL] = {module->global_count, module->global_import_count},
		[WPKG_EXTERN_TAG] = {module->tag_count, module->tag_import_count},
		[LINK_ELEM] = {module->elem_count, 0},
		[LINK_DATA] = {module->data_count, 0},
	};
	for (unsigned space = 0; space < LINK_SPACE_COUNT; space++) {
		m->parts[space].count = spaces[space].count;
		m->parts[space].imported = spaces[space].imported;
	}
}

static bool make_spaces(struct link *link, struct link_module *m)
{
	uint32_t words = 0;
	for (unsigned space = 0; space < LINK_SPACE_COUNT; space++) {
		m->parts[space].word = words;
		words += link_words(m->parts[space].count);
	}
	m->live = wpkg_arena_alloc(&link->arena, words, sizeof(*m->live));
	m->live_below = wpkg_arena_alloc(&link->arena, words, sizeof(*m->live_below));
	m->referenced = wpkg_arena_alloc(&link->arena, link_words(m->parts[WPKG_EXTERN_FUNC].count),
					 sizeof(*m->referenced));
	return m->live && m->live_below && m->referenced;
}

static enum wpkg_status open_module(struct link *link, struct link_module *m,
				    const struct wpkg_link_input *input)
{
	const struct wpkg_module *module = input->module;
	m->input = input;
	m->module = module;
	count_items(m);
	m->canonical = wpkg_arena_alloc(&link->arena, module->types.count + 1, sizeof(uint32_t));
	m->types = wpkg_arena_alloc(&link->arena, module->type_count + 1, sizeof(uint32_t));
	m->targets = wpkg_arena_alloc(&link->arena, module->import_count + 1, sizeof(*m->targets));
	if (!m->canonical || !m->types || !m->targets)
		return no_memory(link);
	if (!make_spaces(link, m))
		return no_memory(link);
	enum wpkg_status status =
		wpkg_types_adopt(m->canonical, &link->types, &module->types, link->err);
	for (uint32_t i = 0; status == WPKG_OK && i < module->type_count; i++)
		m->types[i] = m->canonical[module->type_ids[i]];
	return status;
}

static enum wpkg_status note_names(struct link *link, const struct wpkg_link_inputs *inputs)
{
	if (inputs->count == 0 || inputs->count > UINT16_MAX)
		return WPKG_FAIL(link->err, WPKG_EINVAL, "link: %zu inputs", inputs->count);
	for (uint32_t i = 0; i < inputs->count; i++) {
		bool is_new;
		if (inputs->items[i].name.len == 0)
			continue;
		uint32_t *number =
			link_names_put(&link->input_names, inputs->items[i].name, &is_new);
		if (!number)
			return no_memory(link);
		if (!is_new)
			return WPKG_FAIL(link->err, WPKG_EINVAL, "two inputs are named '%.*s'",
					 WPKG_STR_ARG(inputs->items[i].name));
		*number = i;
	}
	return WPKG_OK;
}

enum wpkg_status link_open(struct link *link, const struct wpkg_link_inputs *inputs,
			   struct wpkg_err *err)
{
	*link = (struct link){.inputs = inputs, .count = (uint32_t)inputs->count, .err = err};
	wpkg_arena_init(&link->arena, MEMORY_MAX);
	wpkg_types_init(&link->types, MEMORY_MAX);
	enum wpkg_status status = note_names(link, inputs);
	if (status != WPKG_OK)
		return status;
	link->modules = wpkg_arena_alloc(&link->arena, link->count, sizeof(*link->modules));
	if (!link->modules)
		return no_memory(link);
	for (uint32_t i = 0; status == WPKG_OK && i < link->count; i++)
		status = open_module(link, &link->modules[i], &inputs->items[i]);
	return status;
}

void link_close(struct link *link)
{
	link_names_clear(&link->input_names);
	link_names_clear(&link->host_names);
	wpkg_types_clear(&link->types);
	wpkg_arena_clear(&link->arena);
}

void link_rest_input(const struct link *link, uint32_t input)
{
	const struct wpkg_link_input *from = link->modules[input].input;
	if (from->rest)
		from->rest(from->module->bytes);
}

uint32_t link_import_of(const struct wpkg_module *module, uint8_t kind, uint32_t index)
{
	switch ((enum wpkg_extern)kind) {
	case WPKG_EXTERN_FUNC:
		return wpkg_module_func_import(module, index);
	case WPKG_EXTERN_TABLE:
		return module->tables[index].import;
	case WPKG_EXTERN_MEMORY:
		return module->memories[index].import;
	case WPKG_EXTERN_GLOBAL:
		return module->globals[index].import;
	case WPKG_EXTERN_TAG:
		return module->tags[index].import;
	case WPKG_EXTERN_COUNT:
		break;
	}
	return WPKG_INDEX_NONE;
}

bool link_is_import(const struct link *link, uint8_t kind, struct link_item item)
{
	return link_import_of(link->modules[item.input].module, kind, item.index) !=
	       WPKG_INDEX_NONE;
}

struct link_item link_final(const struct link *link, uint8_t kind, struct link_item item)
{
	const struct link_module *m = &link->modules[item.input];
	uint32_t import = link_import_of(m->module, kind, item.index);
	if (import == WPKG_INDEX_NONE || m->targets[import].input == WPKG_INDEX_NONE)
		return item;
	return (struct link_item){m->targets[import].input, m->targets[import].index};
}

/* The input that the name means in an import of the importer's. */
static uint32_t find_input(const struct link *link, uint32_t importer, struct wpkg_str name)
{
	const struct wpkg_link_input *input = &link->inputs->items[importer];
	for (size_t i = 0; input->scope && i < input->scope_count; i++)
		if (wpkg_str_equal(input->scope[i].name, name))
			return input->scope[i].input;
	if (input->scope)
		return WPKG_INDEX_NONE;
	const uint32_t *found = link_names_find(&link->input_names, name);
	return found ? *found : WPKG_INDEX_NONE;
}

/* What became of an import; in the order of the report's kinds. */
struct binding {
	bool failed;
	enum wpkg_link_problem_kind problem;
	uint32_t provider;
	const struct wpkg_module_export *export;
	struct wpkg_link_target target;
};

/* Follows exports that are imports themselves, each in the scope of its own module, for as many
 * steps as there can be. */
static struct binding bind(const struct link *link, uint32_t importer, uint32_t number)
{
	const struct wpkg_module_import *import = &link->modules[importer].module->imports[number];
	struct binding out = {.provider = find_input(link, importer, import->module),
			      .target = {WPKG_INDEX_NONE, 0}};
	uint32_t provider = out.provider;
	for (uint32_t steps = 0; provider != WPKG_INDEX_NONE; steps++) {
		const struct wpkg_module *module = link->modules[provider].module;
		const struct wpkg_module_export *export =
			wpkg_module_find_export(module, import->field);
		if (steps == 0)
			out.export = export;
		if (!export || export->kind != import->kind || steps > link->count) {
			out.failed = true;
			out.problem = !export		    ? WPKG_LINK_NO_EXPORT
				      : steps > link->count ? WPKG_LINK_CIRCLE
							    : WPKG_LINK_MISMATCH;
			out.provider = provider;
			out.export = export;
			return out;
		}
		out.target = (struct wpkg_link_target){provider, export->index};
		uint32_t again = link_import_of(module, export->kind, export->index);
		if (again == WPKG_INDEX_NONE)
			break;
		import = &module->imports[again];
		provider = find_input(link, provider, import->module);
	}
	return out;
}

/* The same of an input whose bindings are given. */
static struct binding bind_given(const struct link *link, uint32_t importer, uint32_t number)
{
	uint8_t kind = link->modules[importer].module->imports[number].kind;
	struct binding out = {.provider = WPKG_INDEX_NONE, .target = {WPKG_INDEX_NONE, 0}};
	for (uint32_t steps = 0;; steps++) {
		const struct wpkg_link_target *given = link->inputs->items[importer].bindings;
		if (!given || given[number].input == WPKG_INDEX_NONE)
			return out;
		if (steps > link->count) {
			out.failed = true;
			out.problem = WPKG_LINK_CIRCLE;
			return out;
		}
		out.target = given[number];
		out.provider = importer = out.target.input;
		const struct wpkg_module *module = link->modules[importer].module;
		number = link_import_of(module, kind, out.target.index);
		for (uint32_t i = 0; i < module->export_count; i++)
			if (module->exports[i].kind == kind &&
			    module->exports[i].index == out.target.index)
				out.export = &module->exports[i];
		if (number == WPKG_INDEX_NONE)
			return out;
	}
}

static struct wpkg_str keep_text(struct wpkg_arena *arena, struct wpkg_buf *text)
{
	struct wpkg_str kept = wpkg_arena_dup(arena, wpkg_buf_str(text));
	if (text->failed != WPKG_OK)
		kept.ptr = NULL;
	wpkg_buf_reset(text);
	return kept;
}

#define HINTS_MAX 3

/* Problems of a report that get hints: each looks at every export, and nobody reads more. */
#define HINTED_MAX 100

/* Exports with a near name, then ones of a type that would fit. */
static void append_hints(struct wpkg_buf *out, const struct link *link,
			 const struct link_extern *wanted, struct wpkg_str field, uint32_t provider)
{
	const struct wpkg_module *module = link->modules[provider].module;
	unsigned hints = 0;
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t i = 0; i < module->export_count && hints < HINTS_MAX; i++) {
			const struct wpkg_module_export *export = &module->exports[i];
			struct link_extern type =
				link_extern_of(link, provider, export->kind, export->index);
			bool same = wpkg_str_equal(export->name, field);
			bool near = !same && wpkg_str_is_near(export->name, field);
			bool fits = link_extern_matches(link, &type, wanted);
			if (round == 0 ? !near : same || near || !fits)
				continue;
			wpkg_buf_append_text(out, hints == 0 ? "" : ", ");
			wpkg_buf_append_format(out, "%.*s ", WPKG_STR_ARG(export->name));
			link_extern_format(out, link, &type);
			hints++;
		}
}

static enum wpkg_status add_problem(struct link *link, struct wpkg_link_report *report,
				    struct wpkg_arena *arena, uint32_t importer, uint32_t number,
				    const struct binding *binding)
{
	const struct wpkg_module_import *import = &link->modules[importer].module->imports[number];
	struct link_extern wanted = link_extern_of(link, importer, import->kind, import->index);
	struct wpkg_buf text;
	struct wpkg_link_problem problem = {.kind = binding->problem,
					    .importer = importer,
					    .import = number,
					    .provider = binding->provider};
	bool at_length = !report || report->problem_count < HINTED_MAX;
	wpkg_buf_init(&text, 1 << 20);
	link_extern_format(&text, link, &wanted);
	if (at_length)
		link_extern_explain(&text, link, &wanted);
	problem.wanted = keep_text(arena, &text);
	if (binding->export) {
		struct link_extern found = link_extern_of(
			link, binding->provider, binding->export->kind, binding->export->index);
		link_extern_format(&text, link, &found);
		if (at_length)
			link_extern_explain(&text, link, &found);
	}
	problem.found = keep_text(arena, &text);
	if (at_length)
		append_hints(&text, link, &wanted, import->field, binding->provider);
	problem.hints = keep_text(arena, &text);
	wpkg_buf_clear(&text);
	if (!problem.wanted.ptr || !problem.found.ptr || !problem.hints.ptr)
		return no_memory(link);
	if (report) {
		report->problems[report->problem_count++] = problem;
		return WPKG_OK;
	}
	wpkg_buf_init(&text, 1 << 20);
	wpkg_link_problem_format(&text, &problem, link->inputs);
	wpkg_err_set(link->err, WPKG_EINVAL, "%s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
	return WPKG_EINVAL;
}

static enum wpkg_status add_host_import(struct link *link, struct wpkg_link_report *report,
					struct wpkg_arena *arena, uint32_t importer,
					uint32_t number)
{
	const struct wpkg_module_import *import = &link->modules[importer].module->imports[number];
	struct link_extern type = link_extern_of(link, importer, import->kind, import->index);
	struct wpkg_buf text;
	bool is_new;
	if (!report)
		return WPKG_OK;
	struct wpkg_str key = link_extern_key(link, import, &type);
	if (!key.ptr || !link_names_put(&link->host_names, key, &is_new))
		return no_memory(link);
	if (!is_new)
		return WPKG_OK;
	wpkg_buf_init(&text, 1 << 20);
	link_extern_format(&text, link, &type);
	struct wpkg_str kept = keep_text(arena, &text);
	wpkg_buf_clear(&text);
	if (!kept.ptr)
		return no_memory(link);
	report->host[report->host_count++] = (struct wpkg_link_host_import){importer, number, kept};
	return WPKG_OK;
}

static enum wpkg_status resolve_import(struct link *link, struct wpkg_link_report *report,
				       struct wpkg_arena *arena, uint32_t importer, uint32_t number)
{
	struct link_module *m = &link->modules[importer];
	const struct wpkg_module_import *import = &m->module->imports[number];
	struct binding binding = link->inputs->items[importer].bindings
					 ? bind_given(link, importer, number)
					 : bind(link, importer, number);
	m->targets[number] = (struct wpkg_link_target){WPKG_INDEX_NONE, 0};
	if (binding.provider == WPKG_INDEX_NONE)
		return add_host_import(link, report, arena, importer, number);
	if (!binding.failed) {
		struct link_extern wanted =
			link_extern_of(link, importer, import->kind, import->index);
		struct link_extern actual = link_extern_of(link, binding.target.input, import->kind,
							   binding.target.index);
		binding.failed = !link_extern_matches(link, &actual, &wanted);
		binding.problem = WPKG_LINK_MISMATCH;
	}
	if (binding.failed)
		return add_problem(link, report, arena, importer, number, &binding);
	m->targets[number] = binding.target;
	return WPKG_OK;
}

/* The names that were compared rest, of the importer and of each input that it imports from. */
static void rest_bound(const struct link *link, uint32_t importer, uint32_t *rested_after)
{
	const struct link_module *m = &link->modules[importer];
	for (uint32_t n = 0; n < m->module->import_count; n++) {
		uint32_t provider = m->targets[n].input;
		if (provider == WPKG_INDEX_NONE || rested_after[provider] == importer + 1)
			continue;
		rested_after[provider] = importer + 1;
		link_rest_input(link, provider);
	}
	link_rest_input(link, importer);
}

enum wpkg_status link_resolve(struct link *link, struct wpkg_link_report *report,
			      struct wpkg_arena *arena)
{
	size_t imports = 0;
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; i < link->count; i++)
		imports += link->modules[i].module->import_count;
	if (report) {
		/* A circle of start functions is one more problem. */
		report->problems = wpkg_arena_alloc(arena, imports + 1, sizeof(*report->problems));
		report->host = wpkg_arena_alloc(arena, imports + 1, sizeof(*report->host));
		if (!report->problems || !report->host)
			return no_memory(link);
	}
	uint32_t *rested_after = wpkg_arena_alloc(&link->arena, link->count, sizeof(uint32_t));
	if (!rested_after)
		return no_memory(link);
	for (uint32_t i = 0; status == WPKG_OK && i < link->count; i++) {
		for (uint32_t n = 0; status == WPKG_OK && n < link->modules[i].module->import_count;
		     n++)
			status = resolve_import(link, report, arena, i, n);
		if (status == WPKG_OK)
			rest_bound(link, i, rested_after);
	}
	return status;
}
