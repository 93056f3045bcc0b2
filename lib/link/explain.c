/* SPDX-License-Identifier: Apache-2.0 */
/* Why a symbol of objects is in the output, from what marking left behind. */
#include "link/explain.h"

#include "link/object_int.h"

#define EXPLAINED_MAX 20
#define STEPS_MAX 1000
#define HINTS_MAX 5

const char *wpkg_explained_state_name(enum wpkg_explained_state state)
{
	static const char *const names[WPKG_EXPLAINED_COUNT] = {"in",	  "made",    "host",
								"unused", "waiting", "missing"};
	return names[state];
}

/* Copied: names of members are the link's own. */
static struct wpkg_str file_name(const struct obj_link *o, uint32_t file, struct wpkg_arena *arena)
{
	if (file == OBJ_NONE)
		return (struct wpkg_str){0};
	return wpkg_arena_dup(arena, o->files[file].name);
}

static bool is_entry(const struct obj_link *o, const struct obj_symbol *symbol)
{
	struct wpkg_str entry = o->options->entry.len > 0 ? o->options->entry : WPKG_LIT("_start");
	return !o->options->no_entry && wpkg_str_equal(symbol->name, entry);
}

static bool is_constructor(const struct obj_link *o, uint32_t file, uint32_t number)
{
	for (uint32_t i = 0; i < o->files[file].init_count; i++)
		if (o->files[file].refs[o->files[file].inits[i].symbol].symbol == number)
			return true;
	return false;
}

static struct obj_need need_of(const struct obj_link *o, uint32_t number)
{
	return o->needs ? o->needs[number] : (struct obj_need){OBJ_NONE, OBJ_NONE};
}

/* What made marking begin with it. */
static struct wpkg_str root_of(const struct obj_link *o, uint32_t number)
{
	const struct obj_symbol *symbol = &o->symbols[number];
	const struct obj_need need = need_of(o, number);
	if (need.file != OBJ_NONE)
		return is_constructor(o, need.file, number) ? WPKG_LIT("a constructor")
							    : WPKG_LIT("kept with its file");
	if (is_entry(o, symbol))
		return WPKG_LIT("the entry");
	if (symbol->must_export || symbol->flags & OBJ_EXPORTED)
		return WPKG_LIT("exported");
	if (symbol->flags & OBJ_NO_STRIP)
		return WPKG_LIT("marked as not to be left out");
	return symbol->state == OBJ_IS_MADE ? WPKG_LIT("for the output as a whole")
					    : WPKG_LIT("asked for by an option");
}

static size_t follow_needs(struct wpkg_explained *out, const struct obj_link *o, uint32_t number,
			   struct wpkg_explained_step *steps, struct wpkg_arena *arena)
{
	size_t count = 0;
	struct obj_need need = need_of(o, number);
	for (; count < STEPS_MAX && need.by != OBJ_NONE; count++, need = need_of(o, number)) {
		number = need.by;
		if (steps)
			steps[count] = (struct wpkg_explained_step){
				wpkg_arena_dup(arena, o->symbols[number].name),
				file_name(o, need.file, arena)};
	}
	out->root = root_of(o, number);
	return count;
}

/* The member that the file is, and those that it was taken in for. */
static size_t follow_pulls(const struct obj_link *o, uint32_t file,
			   struct wpkg_explained_step *steps, struct wpkg_arena *arena)
{
	size_t count = 0;
	while (count < STEPS_MAX && file != OBJ_NONE && o->files[file].pulled_for != OBJ_NONE) {
		const struct obj_file *from = &o->files[file];
		file = from->pulled_by;
		if (steps)
			steps[count] = (struct wpkg_explained_step){
				wpkg_arena_dup(arena, o->symbols[from->pulled_for].name),
				file_name(o, file, arena)};
		count++;
	}
	return count;
}

static bool fill_steps(struct wpkg_explained *out, const struct obj_link *o, uint32_t number,
		       struct wpkg_arena *arena)
{
	const struct obj_symbol *symbol = &o->symbols[number];
	uint32_t file = symbol->state == OBJ_IS_DEFINED ? symbol->file : OBJ_NONE;
	out->need_count = symbol->is_live ? follow_needs(out, o, number, NULL, arena) : 0;
	out->pull_count = follow_pulls(o, file, NULL, arena);
	struct wpkg_explained_step *needs =
		wpkg_arena_alloc(arena, out->need_count + 1, sizeof(*needs));
	struct wpkg_explained_step *pulls =
		wpkg_arena_alloc(arena, out->pull_count + 1, sizeof(*pulls));
	if (!needs || !pulls)
		return false;
	if (symbol->is_live)
		follow_needs(out, o, number, needs, arena);
	follow_pulls(o, file, pulls, arena);
	out->needs = needs;
	out->pulls = pulls;
	return true;
}

static void set_provider(struct wpkg_explained *out, const struct obj_link *o,
			 const struct obj_symbol *symbol, struct wpkg_arena *arena)
{
	if (symbol->state == OBJ_IS_DEFINED) {
		out->state = symbol->is_live ? WPKG_EXPLAINED_IN : WPKG_EXPLAINED_UNUSED;
		out->where = file_name(o, symbol->file, arena);
	} else if (symbol->made == OBJ_MADE_TRAP) {
		out->state = WPKG_EXPLAINED_MISSING; /* a call of it traps */
	} else if (symbol->state == OBJ_IS_MADE) {
		out->state = symbol->is_live ? WPKG_EXPLAINED_MADE : WPKG_EXPLAINED_UNUSED;
		out->where = WPKG_LIT("the linker");
	} else if (symbol->is_import) {
		out->state = WPKG_EXPLAINED_HOST;
		out->module = obj_import_module(o, symbol);
		out->field = obj_import_field(o, symbol);
	} else if (symbol->state == OBJ_IS_LAZY) {
		uint32_t archive = o->lazies.items[symbol->lazy];
		uint32_t member = o->lazies.items[symbol->lazy + 1];
		const struct link_archive *from = &o->archives[archive].content;
		out->state = WPKG_EXPLAINED_WAITING;
		out->where = wpkg_arena_format(arena, "%.*s(%.*s)",
					       WPKG_STR_ARG(o->options->inputs[archive].name),
					       WPKG_STR_ARG(from->members[member].name));
	} else {
		out->state = WPKG_EXPLAINED_MISSING;
	}
}

static bool explain_one(struct wpkg_explained *out, const struct obj_link *o, uint32_t number,
			struct wpkg_arena *arena)
{
	static const struct wpkg_str kinds[] = {WPKG_STR("function"), WPKG_STR("data"),
						WPKG_STR("global"),   WPKG_STR("section"),
						WPKG_STR("tag"),      WPKG_STR("table")};
	const struct obj_symbol *symbol = &o->symbols[number];
	*out = (struct wpkg_explained){.name = wpkg_arena_dup(arena, symbol->name)};
	if (symbol->kind < OBJ_KIND_COUNT)
		out->kind = kinds[symbol->kind];
	set_provider(out, o, symbol, arena);
	return out->name.ptr && fill_steps(out, o, number, arena);
}

/* Names are of the inputs, which outlive the link; near ones are copied into one text. */
static struct wpkg_str hints_of(const struct obj_link *o, struct wpkg_str name,
				struct wpkg_arena *arena)
{
	struct wpkg_buf text;
	unsigned count = 0;
	wpkg_buf_init(&text, 1 << 16);
	for (uint32_t i = 0; i < o->symbol_count && count < HINTS_MAX; i++) {
		const struct obj_symbol *other = &o->symbols[i];
		if (other->kind == OBJ_SECTION || other->name.len == 0 ||
		    !wpkg_str_is_near(other->name, name))
			continue;
		wpkg_buf_append_format(&text, "%s'%.*s'", count++ ? ", " : "",
				       WPKG_STR_ARG(other->name));
	}
	struct wpkg_str hints = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return hints;
}

enum wpkg_status obj_explain(struct wpkg_explanation *out, const struct obj_link *o,
			     struct wpkg_arena *arena)
{
	struct wpkg_str name = o->options->explain;
	out->count = 0;
	out->items = wpkg_arena_alloc(arena, EXPLAINED_MAX, sizeof(*out->items));
	bool whole = out->items != NULL;
	for (uint32_t i = 0; whole && i < o->symbol_count && out->count < EXPLAINED_MAX; i++) {
		const struct obj_symbol *symbol = &o->symbols[i];
		bool is_it = wpkg_str_equal(symbol->name, name) && symbol->kind != OBJ_SECTION;
		/* The linker's own spare is not shown when a file has defined it. */
		bool is_spare = symbol->state == OBJ_IS_MADE && !symbol->is_live;
		if (is_it && !is_spare)
			whole = explain_one(&out->items[out->count++], o, i, arena);
	}
	if (whole && out->count == 0)
		out->hints = hints_of(o, name, arena);
	return whole ? WPKG_OK : WPKG_FAIL(o->err, WPKG_ENOMEM, "link: no memory");
}
