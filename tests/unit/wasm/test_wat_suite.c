/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules of the official test suite that its scripts hold as text: our parser makes of each
 * what the assembler of the JSON form made, up to what the canonical encoding leaves open. So a
 * mistake of the parser that a script would not notice is seen, too.
 */
#include "../vectors.h"
#include "text.h"

#include <string.h>

struct tally {
	unsigned modules, different;
};

/* Different without meaning anything else. */
static bool is_excepted(const char *path)
{
	static const char *const paths[] = {
		/* functions of a segment as expressions, where elsewhere they are indices */
		"wasm-spec/core/type-rec.19.wasm",
		"wasm-spec/gc/type-subtyping.30.wasm",
		/* the name section stands before other custom sections */
		"wasm-spec/custom/custom_annot.0.wasm",
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return false;
}

/* The module's canonical encoding without names: printed and parsed again. */
static struct wpkg_buf canonical(const char *what, struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_module *module;
	struct wpkg_buf text, out;
	struct wpkg_wat_options options = {.strip_names = true};
	enum wpkg_status status = wpkg_module_read(&module, bytes, NULL, &err);
	ck_assert_msg(status == WPKG_OK, "%s: %s", what, err.msg);
	text = text_print(module, false, false);
	wpkg_buf_init(&out, SIZE_MAX);
	ck_ok(wpkg_wat_parse(&out, wpkg_buf_str(&text), &options, &err), err);
	wpkg_module_free(module);
	wpkg_buf_clear(&text);
	return out;
}

static void check_module(struct tally *tally, const char *what, struct wpkg_str theirs,
			 struct wpkg_str script, const struct wpkg_value *range)
{
	struct wpkg_err err;
	struct wpkg_buf ours;
	struct wpkg_wat_options options = {.strip_names = true,
					   .start = (uint32_t)range->items[0].integer,
					   .end = (uint32_t)range->items[1].integer};
	wpkg_buf_init(&ours, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_parse(&ours, script, &options, &err);
	ck_assert_msg(status == WPKG_OK, "%s: %s", what, err.msg);
	struct wpkg_buf a = canonical(what, wpkg_buf_str(&ours)), b = canonical(what, theirs);
	tally->modules++;
	if (!wpkg_str_equal(wpkg_buf_str(&a), wpkg_buf_str(&b)) && !is_excepted(what)) {
		tally->different++;
		printf("%s is another module\n", what);
	}
	wpkg_buf_clear(&ours);
	wpkg_buf_clear(&a);
	wpkg_buf_clear(&b);
}

/* Commands whose module is valid and was an ordinary module form. */
static void check_command(struct tally *tally, struct wpkg_arena *arena, const char *group,
			  struct wpkg_str script, const struct wpkg_value *command)
{
	struct wpkg_str type = vectors_text(command, "type");
	bool is_valid = wpkg_str_equal_text(type, "module") ||
			wpkg_str_equal_text(type, "assert_unlinkable") ||
			wpkg_str_equal_text(type, "assert_uninstantiable");
	const struct wpkg_value *range = wpkg_value_find(command, "src");
	if (!is_valid || !wpkg_str_equal_text(vectors_text(command, "source"), "text") || !range)
		return;
	struct wpkg_str name = vectors_text(command, "filename");
	struct wpkg_str path =
		wpkg_arena_format(arena, "wasm-spec/%s/%.*s", group, WPKG_STR_ARG(name));
	check_module(tally, path.ptr, vectors_load(arena, path.ptr), script, range);
}

static void check_script(struct tally *tally, const char *group, struct wpkg_str name)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_value *document;
	wpkg_arena_init(&arena, SIZE_MAX);
	struct wpkg_str json =
		wpkg_arena_format(&arena, "wasm-spec/%s/%.*s.json", group, WPKG_STR_ARG(name));
	struct wpkg_str wast =
		wpkg_arena_format(&arena, "wasm-spec/wast/%s/%.*s.wast", group, WPKG_STR_ARG(name));
	struct wpkg_str script = vectors_load(&arena, wast.ptr);
	ck_ok(wpkg_json_read(&document, &arena, vectors_load(&arena, json.ptr), &err), err);
	const struct wpkg_value *commands = wpkg_value_find(document, "commands");
	for (size_t i = 0; i < commands->count; i++)
		check_command(tally, &arena, group, script, &commands->items[i]);
	wpkg_arena_clear(&arena);
}

START_TEST(texts_become_what_another_assembler_made)
{
	struct wpkg_arena arena;
	struct tally tally = {0};
	struct wpkg_str line, group, name;
	wpkg_arena_init(&arena, SIZE_MAX);
	struct wpkg_str index = vectors_load(&arena, "wasm-spec/INDEX.tsv");
	ck_assert(wpkg_str_split(&index, '\n', &line));
	while (wpkg_str_split(&index, '\n', &line)) {
		if (!wpkg_str_split(&line, '\t', &group) || !wpkg_str_split(&line, '\t', &name))
			continue;
		if (wpkg_str_equal_text(group, "proposals/custom-descriptors"))
			continue;
		check_script(&tally, wpkg_arena_dup(&arena, group).ptr, name);
	}
	ck_assert_uint_gt(tally.modules, 1500);
	ck_assert_uint_eq(tally.different, 0);
	wpkg_arena_clear(&arena);
}
END_TEST

UNIT_MAIN(texts_become_what_another_assembler_made)
