/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic libraries joined ahead of time (tool conventions, DynamicLinking.md). What a dynamic
 * loader does when a program starts is done here: each library gets a place in one memory and one
 * table, and what it imports from "env", "GOT.mem" and "GOT.func" gets a value. Two modules are
 * made for that (dylink_loader.c) and merged with the libraries.
 */
#include "link/dylink.h"

#include "base/path.h"
#include "base/utf8.h"
#include "link/dylink_int.h"
#include "wasm/opcode.h"

#define PAGE 65536
#define STACK_BYTES 65536 /* unless the options say otherwise */
#define TABLE_MAX 10000000
#define ALIGNMENT_MAX 31

bool wpkg_dylink_is(const struct wpkg_module *module)
{
	return wpkg_module_find_custom(module, WPKG_LIT("dylink.0")) != NULL;
}

enum wpkg_status dylink_no_memory(struct dylink *j)
{
	return WPKG_FAIL(j->err, WPKG_ENOMEM, "link: no memory");
}

static struct wpkg_str origin_of(const struct dylink_library *library)
{
	return library->input->origin.len > 0 ? library->input->origin : library->input->name;
}

void dylink_problem(struct dylink *j, const struct dylink_library *library, const char *format, ...)
{
	va_list args;
	wpkg_utf8_append_escaped(&j->problems, origin_of(library));
	wpkg_buf_append_text(&j->problems, ": ");
	va_start(args, format);
	wpkg_utf8_append_vformat(&j->problems, format, args);
	va_end(args);
	wpkg_buf_append_byte(&j->problems, '\n');
}

enum wpkg_status dylink_answer(struct dylink *j)
{
	struct wpkg_str rest = wpkg_buf_str(&j->problems), line;
	if (rest.len == 0)
		return WPKG_OK;
	wpkg_str_split(&rest, '\n', &line);
	wpkg_err_set(j->err, WPKG_EINVAL, "%.*s", WPKG_STR_ARG(line));
	return WPKG_EINVAL;
}

/* What a library may be, so that nothing of it has to be guessed. */
static void check_shape(struct dylink *j, const struct dylink_library *library)
{
	const struct wpkg_module *m = library->input->module;
	const struct wpkg_facts_dylink *dylink = &library->facts->dylink;
	if (!wpkg_str_equal_text(dylink->section, "dylink.0"))
		dylink_problem(j, library,
			       "not a dynamic library (it has no dylink.0 section), as others "
			       "of the inputs are");
	else if (m->memory_count > m->memory_import_count)
		dylink_problem(j, library,
			       "has a memory of its own, which libraries cannot share "
			       "(wasm-ld's --import-memory leaves it to others)");
	else if (m->memory_count > 1 || (m->memory_count == 1 && m->memories[0].size.is_64))
		dylink_problem(j, library, "has a memory of 64-bit addresses or more than one");
	else if (m->memory_count == 1 && m->memories[0].size.is_shared)
		dylink_problem(j, library,
			       "shares its memory with threads, which need a loader of their "
			       "own for thread-local data");
	else if (dylink->memory_align > ALIGNMENT_MAX || dylink->table_align > ALIGNMENT_MAX)
		dylink_problem(j, library, "asks for an alignment of more than 2 to the %d",
			       ALIGNMENT_MAX);
}

static enum wpkg_status open_libraries(struct dylink *j, const struct wpkg_link_inputs *inputs)
{
	enum wpkg_status status = WPKG_OK;
	if (inputs->count == 0 || inputs->count > UINT16_MAX)
		return WPKG_FAIL(j->err, WPKG_EINVAL, "link: %zu inputs", inputs->count);
	j->count = (uint32_t)inputs->count;
	j->libraries = wpkg_arena_alloc(&j->arena, j->count, sizeof(*j->libraries));
	j->order = wpkg_arena_alloc(&j->arena, j->count, sizeof(*j->order));
	if (!j->libraries || !j->order) {
		j->count = 0;
		return dylink_no_memory(j);
	}
	for (uint32_t i = 0; status == WPKG_OK && i < j->count; i++) {
		struct dylink_library *library = &j->libraries[i];
		library->input = &inputs->items[i];
		status = wpkg_facts_of_module(&library->facts, library->input->module, j->err);
		if (status == WPKG_OK)
			check_shape(j, library);
	}
	return status;
}

static uint32_t find_needed(const struct dylink *j, struct wpkg_str name)
{
	for (uint32_t i = 0; i < j->count; i++) {
		struct wpkg_str origin = j->libraries[i].input->origin;
		if (wpkg_str_equal(j->libraries[i].input->name, name) ||
		    wpkg_str_equal(wpkg_path_base(origin), name))
			return i;
	}
	return WPKG_INDEX_NONE;
}

/* Depth is bounded by the number of libraries; a circle has no order, as in other loaders. */
static void order_from(struct dylink *j, uint32_t number)
{
	struct dylink_library *library = &j->libraries[number];
	const struct wpkg_facts_dylink *dylink = &library->facts->dylink;
	library->state = 1;
	for (uint32_t i = 0; i < dylink->needed_count; i++) {
		uint32_t needed = find_needed(j, dylink->needed[i]);
		if (needed == WPKG_INDEX_NONE)
			dylink_problem(j, library, "needs %.*s, which is not among the inputs",
				       WPKG_STR_ARG(dylink->needed[i]));
		else if (j->libraries[needed].state == 0)
			order_from(j, needed);
	}
	library->state = 2;
	j->order[j->placed++] = number;
}

uint64_t dylink_stack(const struct dylink *j)
{
	return j->options->stack_size > 0 ? j->options->stack_size : STACK_BYTES;
}

static uint64_t align(uint64_t at, uint32_t alignment)
{
	uint64_t mask = (UINT64_C(1) << alignment) - 1;
	return (at + mask) & ~mask;
}

/* Does the memory fit into what each library allows? */
static enum wpkg_status check_maximum(struct dylink *j)
{
	for (uint32_t i = 0; i < j->count; i++) {
		const struct dylink_library *library = &j->libraries[i];
		const struct wpkg_module *m = library->input->module;
		if (m->memory_count > 0 && m->memories[0].size.has_max &&
		    m->memories[0].size.max < j->memory_pages)
			dylink_problem(j, library,
				       "allows %llu pages of memory, but %llu are needed",
				       (unsigned long long)m->memories[0].size.max,
				       (unsigned long long)j->memory_pages);
	}
	return dylink_answer(j);
}

/* The stack, which grows down to 0, then each library's data in the order in which they start. */
static enum wpkg_status lay_out(struct dylink *j)
{
	j->memory_at = dylink_stack(j);
	j->table_at = 1;
	if (j->memory_at % 16 != 0 || j->memory_at > UINT32_MAX)
		return WPKG_FAIL(j->err, WPKG_EINVAL, "stack of %llu bytes is not a multiple of 16",
				 (unsigned long long)j->memory_at);
	for (uint32_t i = 0; i < j->count; i++) {
		struct dylink_library *library = &j->libraries[j->order[i]];
		const struct wpkg_facts_dylink *dylink = &library->facts->dylink;
		const struct wpkg_module *m = library->input->module;
		j->memory_at = align(j->memory_at, dylink->memory_align);
		j->table_at = align(j->table_at, dylink->table_align);
		library->memory_base = (uint32_t)j->memory_at;
		library->table_base = (uint32_t)j->table_at;
		j->memory_at += dylink->memory_size;
		j->table_at += dylink->table_size;
		if (j->memory_at > UINT32_MAX || j->table_at > TABLE_MAX)
			return WPKG_FAIL(j->err, WPKG_ELIMIT,
					 "link: the libraries ask for more memory or table entries "
					 "than there can be");
		if (m->memory_count == 0)
			continue;
		if (m->memories[0].size.min > j->memory_pages)
			j->memory_pages = m->memories[0].size.min;
		if (m->memories[0].size.has_max &&
		    (j->memory_max == 0 || m->memories[0].size.max < j->memory_max))
			j->memory_max = m->memories[0].size.max;
	}
	j->memory_at = align(j->memory_at, 4);
	uint64_t pages = (j->memory_at + PAGE - 1) / PAGE;
	j->memory_pages = pages > j->memory_pages ? pages : j->memory_pages;
	j->first_slot = (uint32_t)j->table_at;
	return check_maximum(j);
}

/* The first library that exports the name as that. */
static const struct wpkg_module_export *find_export(const struct dylink *j, struct wpkg_str name,
						    uint8_t kind, uint32_t *number)
{
	for (*number = 0; *number < j->count; ++*number) {
		const struct wpkg_module_export *export =
			wpkg_module_find_export(j->libraries[*number].input->module, name);
		if (export && export->kind == kind)
			return export;
	}
	return NULL;
}

/* The i32.const that a global of data is: its offset in the library's part of memory. */
static bool read_offset(uint32_t *out, const struct wpkg_module *m, uint32_t global)
{
	const struct wpkg_module_global *from = &m->globals[global];
	if (from->import != WPKG_INDEX_NONE || from->type != WPKG_TYPE_I32)
		return false;
	const uint8_t *at = wpkg_module_at(m, from->init.start);
	if (*at++ != WPKG_OP_I32_CONST)
		return false;
	uint32_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *at++;
		value |= (uint32_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (byte & 0x40 && shift < 32)
		value |= UINT32_MAX << shift;
	*out = value;
	return *at == WPKG_OP_END;
}

/* Addresses of what the layout decides. */
static bool own_address(const struct dylink *j, struct wpkg_str name, uint32_t *value)
{
	uint64_t stack = dylink_stack(j);
	const struct {
		struct wpkg_str name;
		uint64_t value;
	} rows[] = {{WPKG_STR("__heap_base"), j->memory_at},
		    {WPKG_STR("__heap_end"), j->memory_pages * PAGE},
		    {WPKG_STR("__stack_low"), 0},
		    {WPKG_STR("__stack_high"), stack}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wpkg_str_equal(rows[i].name, name)) {
			*value = (uint32_t)rows[i].value;
			return true;
		}
	return false;
}

static bool find_place(struct dylink *j, const struct dylink_library *library, struct wpkg_str name,
		       struct dylink_place *place)
{
	uint32_t number, offset = 0;
	uint8_t kind = place->is_func ? WPKG_EXTERN_FUNC : WPKG_EXTERN_GLOBAL;
	const struct wpkg_module_export *export = find_export(j, name, kind, &number);
	if (export && place->is_func) {
		place->target =
			(struct wpkg_link_target){DYLINK_FIRST_LIBRARY + number, export->index};
		place->value = j->first_slot + j->slot_count++;
		return true;
	}
	if (export && read_offset(&offset, j->libraries[number].input->module, export->index)) {
		place->value = j->libraries[number].memory_base + offset;
		return true;
	}
	if (!export && !place->is_func && own_address(j, name, &place->value))
		return true;
	if (export)
		dylink_problem(j, library,
			       "needs the address of '%.*s', which %.*s exports as something "
			       "other than a constant",
			       WPKG_STR_ARG(name), WPKG_STR_ARG(origin_of(&j->libraries[number])));
	else
		dylink_problem(j, library, "needs the address of '%.*s', which no input exports",
			       WPKG_STR_ARG(name));
	return false;
}

uint32_t dylink_global_of_place(const struct dylink *j, uint32_t place)
{
	return DYLINK_BASES + 2 * j->count + place;
}

static enum wpkg_status bind_address(struct dylink *j, const struct dylink_library *library,
				     const struct wpkg_module_import *import,
				     struct wpkg_link_target *target)
{
	bool is_func = wpkg_str_equal_text(import->module, "GOT.func"), is_new;
	if (import->kind != WPKG_EXTERN_GLOBAL) {
		dylink_problem(j, library, "needs the address of '%.*s' as %s, not as a global",
			       WPKG_STR_ARG(import->field), wpkg_extern_name(import->kind));
		return WPKG_OK;
	}
	uint32_t *number = link_names_put(&j->addresses[is_func], import->field, &is_new);
	if (!number)
		return dylink_no_memory(j);
	if (is_new) {
		struct dylink_place place = {.is_func = is_func};
		*number = j->place_count;
		if (find_place(j, library, import->field, &place))
			j->places[j->place_count++] = place;
	}
	*target = (struct wpkg_link_target){DYLINK_BASE, dylink_global_of_place(j, *number)};
	return WPKG_OK;
}

static void bind_symbol(struct dylink *j, uint32_t number, const struct wpkg_module_import *import,
			struct wpkg_link_target *target)
{
	static const struct {
		struct wpkg_str name;
		uint8_t kind;
		uint32_t index;
	} own[] = {{WPKG_STR("memory"), WPKG_EXTERN_MEMORY, 0},
		   {WPKG_STR("__indirect_function_table"), WPKG_EXTERN_TABLE, 0},
		   {WPKG_STR("__stack_pointer"), WPKG_EXTERN_GLOBAL, DYLINK_STACK_POINTER},
		   {WPKG_STR("__memory_base"), WPKG_EXTERN_GLOBAL, DYLINK_BASES},
		   {WPKG_STR("__table_base"), WPKG_EXTERN_GLOBAL, DYLINK_BASES + 1}};
	uint32_t from;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		bool is_base = i >= 3; /* each library has its own */
		if (import->kind != own[i].kind || !wpkg_str_equal(import->field, own[i].name))
			continue;
		*target = (struct wpkg_link_target){DYLINK_BASE,
						    own[i].index + (is_base ? 2 * number : 0)};
		return;
	}
	const struct wpkg_module_export *export =
		find_export(j, import->field, import->kind, &from);
	if (export)
		*target = (struct wpkg_link_target){DYLINK_FIRST_LIBRARY + from, export->index};
	else if (!j->options->allow_undefined)
		dylink_problem(j, &j->libraries[number], "needs %s '%.*s', which no input exports",
			       wpkg_extern_name(import->kind), WPKG_STR_ARG(import->field));
}

static enum wpkg_status bind_library(struct dylink *j, uint32_t number)
{
	struct dylink_library *library = &j->libraries[number];
	const struct wpkg_module *m = library->input->module;
	enum wpkg_status status = WPKG_OK;
	library->bindings = wpkg_arena_alloc(&j->arena, (size_t)m->import_count + 1,
					     sizeof(*library->bindings));
	if (!library->bindings)
		return dylink_no_memory(j);
	for (uint32_t i = 0; status == WPKG_OK && i < m->import_count; i++) {
		const struct wpkg_module_import *import = &m->imports[i];
		struct wpkg_link_target *target = &library->bindings[i];
		*target = (struct wpkg_link_target){WPKG_INDEX_NONE, 0};
		if (wpkg_str_starts(import->module, WPKG_LIT("GOT.")))
			status = bind_address(j, library, import, target);
		else if (wpkg_str_equal_text(import->module, "env"))
			bind_symbol(j, number, import, target);
	}
	return status;
}

static enum wpkg_status bind_all(struct dylink *j)
{
	size_t most = 1;
	for (uint32_t i = 0; i < j->count; i++)
		most += j->libraries[i].input->module->import_count;
	j->places = wpkg_arena_alloc(&j->arena, most, sizeof(*j->places));
	if (!j->places)
		return dylink_no_memory(j);
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < j->count; i++)
		status = bind_library(j, i);
	return status == WPKG_OK ? dylink_answer(j) : status;
}

/* The functions that the first input exports, without what loaders are to call. */
static struct wpkg_link_export *
choose_exports(struct dylink *j, const struct wpkg_link_options *options, size_t *count)
{
	const struct dylink_library *main = &j->libraries[0];
	const struct wpkg_module *m = main->input->module;
	struct wpkg_link_export *exports = wpkg_arena_alloc(
		&j->arena, m->export_count + options->export_count + 1, sizeof(*exports));
	*count = 0;
	for (uint32_t i = 0; exports && i < m->export_count; i++)
		if (m->exports[i].kind == WPKG_EXTERN_FUNC &&
		    !wpkg_str_starts(m->exports[i].name, WPKG_LIT("__wasm_")) &&
		    !wpkg_str_equal_text(m->exports[i].name, "_start") &&
		    !wpkg_str_equal_text(m->exports[i].name, "_initialize"))
			exports[(*count)++] = (struct wpkg_link_export){
				main->input->name, m->exports[i].name, {0}};
	for (size_t i = 0; exports && i < options->export_count; i++)
		exports[(*count)++] = options->exports[i];
	return exports;
}

static enum wpkg_status merge(struct wpkg_buf *out, struct dylink *j,
			      const struct wpkg_link_options *options,
			      const struct wpkg_link_target *bindings,
			      const struct wpkg_module *const *made)
{
	struct wpkg_link_input *items =
		wpkg_arena_alloc(&j->arena, j->count + DYLINK_FIRST_LIBRARY, sizeof(*items));
	struct wpkg_link_options how = *options;
	how.exports = choose_exports(j, options, &how.export_count);
	if (!items || !how.exports)
		return dylink_no_memory(j);
	items[DYLINK_LOADER] = (struct wpkg_link_input){.name = WPKG_LIT(" loader"),
							.origin = WPKG_LIT("the linker's loader"),
							.module = made[DYLINK_LOADER],
							.bindings = bindings};
	items[DYLINK_BASE] = (struct wpkg_link_input){.name = WPKG_LIT(" base"),
						      .origin = WPKG_LIT("the linker's memory"),
						      .module = made[DYLINK_BASE]};
	for (uint32_t i = 0; i < j->count; i++) {
		items[DYLINK_FIRST_LIBRARY + i] = *j->libraries[i].input;
		items[DYLINK_FIRST_LIBRARY + i].bindings = j->libraries[i].bindings;
	}
	return wpkg_link_merge(out,
			       &(struct wpkg_link_inputs){items, j->count + DYLINK_FIRST_LIBRARY},
			       &how, j->err);
}

static enum wpkg_status write_all(struct wpkg_buf *out, struct dylink *j,
				  const struct wpkg_link_options *options)
{
	struct wpkg_module *made[2] = {NULL, NULL};
	struct wpkg_link_target *bindings = NULL;
	dylink_put_base(j);
	enum wpkg_status status = dylink_make_loader(j, &bindings);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&j->base, "linked module", j->err);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&j->loader, "linked module", j->err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&made[DYLINK_BASE], wpkg_buf_str(&j->base), NULL, j->err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&made[DYLINK_LOADER], wpkg_buf_str(&j->loader), NULL,
					  j->err);
	if (status == WPKG_OK)
		status = merge(out, j, options, bindings, (const struct wpkg_module *const *)made);
	wpkg_module_free(made[DYLINK_BASE]);
	wpkg_module_free(made[DYLINK_LOADER]);
	return status;
}

static void close(struct dylink *j)
{
	for (uint32_t i = 0; i < j->count; i++)
		wpkg_facts_free(j->libraries[i].facts);
	link_names_clear(&j->addresses[0]);
	link_names_clear(&j->addresses[1]);
	wpkg_buf_clear(&j->base);
	wpkg_buf_clear(&j->loader);
	wpkg_buf_clear(&j->section);
	wpkg_buf_clear(&j->problems);
	wpkg_arena_clear(&j->arena);
}

enum wpkg_status wpkg_dylink_join(struct wpkg_buf *out, const struct wpkg_link_inputs *inputs,
				  const struct wpkg_link_options *options,
				  const struct wpkg_dylink_options *how, struct wpkg_buf *problems,
				  struct wpkg_err *err)
{
	struct dylink j = {.options = how, .err = err};
	wpkg_arena_init(&j.arena, (size_t)1 << 30);
	wpkg_buf_init(&j.base, (size_t)1 << 30);
	wpkg_buf_init(&j.loader, (size_t)1 << 30);
	wpkg_buf_init(&j.section, (size_t)1 << 30);
	wpkg_buf_init(&j.problems, (size_t)1 << 26);
	enum wpkg_status status = open_libraries(&j, inputs);
	if (status == WPKG_OK)
		status = dylink_answer(&j);
	for (uint32_t i = 0; status == WPKG_OK && i < j.count; i++)
		if (j.libraries[i].state == 0)
			order_from(&j, i);
	if (status == WPKG_OK)
		status = dylink_answer(&j);
	if (status == WPKG_OK)
		status = lay_out(&j);
	if (status == WPKG_OK)
		status = bind_all(&j);
	if (status == WPKG_OK)
		status = write_all(out, &j, options);
	if (problems)
		wpkg_buf_append_str(problems, wpkg_buf_str(&j.problems));
	close(&j);
	return status;
}
