/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg link --explain: why a symbol is in the output, as text or JSON. */
#include "base/utf8.h"
#include "data/json.h"
#include "link.h"
#include "output.h"

static void put(struct wpkg_buf *out, const char *before, struct wpkg_str text)
{
	wpkg_buf_append_text(out, before);
	wpkg_utf8_append_escaped(out, text);
}

static void put_place(struct wpkg_buf *out, const struct wpkg_explained *one)
{
	switch (one->state) {
	case WPKG_EXPLAINED_HOST:
		put(out, ", imported as ", one->module);
		put(out, ".", one->field);
		break;
	case WPKG_EXPLAINED_MISSING:
		wpkg_buf_append_text(out, ", which nobody defines");
		break;
	case WPKG_EXPLAINED_WAITING:
		put(out, " in ", one->where);
		wpkg_buf_append_text(out, ", which was not taken in");
		break;
	case WPKG_EXPLAINED_MADE:
	case WPKG_EXPLAINED_IN:
	case WPKG_EXPLAINED_UNUSED:
	case WPKG_EXPLAINED_COUNT:
		put(out, " of ", one->where);
		if (one->state == WPKG_EXPLAINED_UNUSED)
			wpkg_buf_append_text(out, ", left out: nothing needs it");
	}
}

static void put_text(struct wpkg_buf *out, const struct wpkg_explained *one)
{
	put(out, "", one->name);
	put(out, ": ", one->kind.len > 0 ? one->kind : WPKG_LIT("symbol"));
	put_place(out, one);
	for (size_t i = 0; i < one->need_count; i++) {
		put(out, "\n  needed by ", one->needs[i].what);
		put(out, one->needs[i].where.len > 0 ? " of " : "", one->needs[i].where);
	}
	if (one->root.len > 0)
		put(out, one->need_count > 0 ? ", which is " : "\n  ", one->root);
	for (size_t i = 0; i < one->pull_count; i++) {
		put(out, "\n  ", i == 0 ? one->where : one->pulls[i - 1].where);
		put(out, " taken in for ", one->pulls[i].what);
		put(out, one->pulls[i].where.len > 0 ? " of " : ", asked for by an option",
		    one->pulls[i].where);
	}
	wpkg_buf_append_byte(out, '\n');
}

static bool add_steps(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
		      const struct wpkg_explained_step *steps, size_t count, const char *what)
{
	struct wpkg_value *list = wpkg_value_add(arena, parent, key, WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < count; i++) {
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		good = row && wpkg_value_add_string(arena, row, what, steps[i].what) &&
		       (steps[i].where.len == 0 ||
			wpkg_value_add_string(arena, row, "file", steps[i].where));
	}
	return good;
}

static bool add_text(struct wpkg_arena *arena, struct wpkg_value *row, const char *key,
		     struct wpkg_str text)
{
	return text.len == 0 || wpkg_value_add_string(arena, row, key, text);
}

static bool add_one(struct wpkg_arena *arena, struct wpkg_value *list,
		    const struct wpkg_explained *one)
{
	struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	struct wpkg_str state = wpkg_str_from(wpkg_explained_state_name(one->state));
	bool good = row && wpkg_value_add_string(arena, row, "name", one->name) &&
		    add_text(arena, row, "kind", one->kind) &&
		    wpkg_value_add_string(arena, row, "state", state) &&
		    add_text(arena, row, "file", one->where);
	if (good && one->state == WPKG_EXPLAINED_HOST)
		good = wpkg_value_add_string(arena, row, "module", one->module) &&
		       wpkg_value_add_string(arena, row, "field", one->field);
	return good && add_steps(arena, row, "needed_by", one->needs, one->need_count, "name") &&
	       add_text(arena, row, "root", one->root) &&
	       add_steps(arena, row, "taken_for", one->pulls, one->pull_count, "name");
}

static int print_json(struct wpkg_arena *arena, const struct wpkg_explanation *explanation)
{
	struct wpkg_buf out;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct wpkg_value *list = wpkg_value_add(arena, document, "symbols", WPKG_VALUE_ARRAY);
	bool good = list != NULL;
	for (size_t i = 0; good && i < explanation->count; i++)
		good = add_one(arena, list, &explanation->items[i]);
	if (!good)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "link: no memory"});
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_json_write(&out, document, WPKG_JSON_INDENTED);
	return tool_print(&out);
}

int link_print_explanation(struct wpkg_arena *arena, const char *name,
			   const struct wpkg_explanation *explanation, bool json)
{
	struct wpkg_err err;
	if (explanation->count == 0) {
		wpkg_err_set(&err, WPKG_ENOTFOUND, "there is no symbol '%s'%s%.*s", name,
			     explanation->hints.len > 0 ? "; there is " : "",
			     WPKG_STR_ARG(explanation->hints));
		return tool_error(&err);
	}
	if (json)
		return print_json(arena, explanation);
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < explanation->count; i++)
		put_text(&out, &explanation->items[i]);
	return tool_print(&out);
}
