/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The official test suite in its JSON and binary form: every binary module gets the verdict that
 * its command asks for. What a text parser must refuse is not seen here.
 */
#include "../vectors.h"
#include "builder.h"

struct tally {
	unsigned valid, refused, texts;
	unsigned wrong;
};

/* Known upstream exceptions: commands that WebAssembly 3.0 itself makes untrue. */
static bool is_excepted(const char *script, int64_t line)
{
	static const struct {
		const char *script;
		int64_t line;
	} exceptions[] = {
		/* more than one memory, which 3.0 allows */
		{"threads/imports", 482}, {"threads/imports", 486}, {"threads/imports", 490},
		{"threads/memory", 14},	  {"threads/memory", 15},
	};
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (strcmp(script, exceptions[i].script) == 0 && line == exceptions[i].line)
			return true;
	return false;
}

static struct wpkg_str binary_of(const struct wpkg_value *command)
{
	struct wpkg_str file = vectors_text(command, "binary_filename");
	if (file.len == 0 && wpkg_str_equal_text(vectors_text(command, "module_type"), "binary"))
		file = vectors_text(command, "filename");
	return file;
}

/* However the bytes are cut, a stream says what the whole file says. */
static void check_streams(struct wpkg_str bytes, enum wpkg_status status,
			  const struct wpkg_module_fault *fault, const struct wpkg_err *err)
{
	static const size_t pieces[] = {1, 13, SIZE_MAX / 2};
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct wpkg_module_fault stream_fault = {0};
		struct wpkg_err stream_err = {.msg = ""};
		ck_status(read_stream(bytes, pieces[i], &stream_fault, &stream_err), status);
		ck_assert_str_eq(stream_err.msg, err->msg);
		ck_assert_uint_eq(stream_fault.offset, fault->offset);
		ck_assert_uint_eq(stream_fault.function, fault->function);
	}
}

static enum wpkg_status read_way(struct wpkg_str bytes, bool is_slow, struct wpkg_err *err)
{
	const struct wpkg_module_options options = {.is_slow = is_slow};
	struct wpkg_module *module = NULL;
	enum wpkg_status status = wpkg_module_read(&module, bytes, &options, err);
	wpkg_module_free(module);
	return status;
}

/*
 * The quick walk over bodies finds what the slow one finds: in the module, and in what becomes of
 * it when a byte is another. A custom section behind it leaves the quick walk bytes to read.
 */
static void check_slow(struct wpkg_arena *arena, struct wpkg_str bytes)
{
	static const char custom[34] = "\0\40\1x";
	size_t size = bytes.len + sizeof(custom);
	uint8_t *at = wpkg_arena_alloc(arena, size, 1);
	ck_assert_ptr_nonnull(at);
	memcpy(at, bytes.ptr, bytes.len);
	memcpy(at + bytes.len, custom, sizeof(custom));
	struct wpkg_str more = wpkg_str_of(at, size);
	uint32_t random = (uint32_t)bytes.len;
	for (unsigned round = 0; round < 30; round++) {
		random = random * 1664525 + 1013904223;
		uint8_t *where = &at[(random >> 8) % size];
		uint8_t old = *where;
		if (round > 0)
			*where = (uint8_t)(random >> 24);
		struct wpkg_err quick = {.msg = ""}, slow = {.msg = ""};
		ck_status(read_way(more, false, &quick), read_way(more, true, &slow));
		ck_assert_str_eq(quick.msg, slow.msg);
		*where = old;
	}
}

static void check_module(struct tally *tally, const char *script, const struct wpkg_value *command,
			 struct wpkg_str file)
{
	struct wpkg_str type = vectors_text(command, "type");
	bool must_fail = wpkg_str_equal_text(type, "assert_invalid") ||
			 wpkg_str_equal_text(type, "assert_malformed");
	int64_t line = wpkg_value_find(command, "line")->integer;
	struct wpkg_arena arena;
	struct wpkg_err err = {0};
	struct wpkg_module *module = NULL;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	const char *slash = strrchr(script, '/');
	struct wpkg_str path = wpkg_arena_format(&arena, "wasm-spec/%.*s/%.*s",
						 (int)(slash - script), script, WPKG_STR_ARG(file));
	struct wpkg_str bytes = vectors_load(&arena, path.ptr);
	struct wpkg_module_fault fault = {0};
	struct wpkg_module_options options = {.fault = &fault};
	enum wpkg_status status = wpkg_module_read(&module, bytes, &options, &err);
	check_streams(bytes, status, &fault, &err);
	check_slow(&arena, bytes);
	if ((status != WPKG_OK) != must_fail && !is_excepted(script, line)) {
		tally->wrong++;
		fprintf(stderr, "%s:%lld: %.*s \"%.*s\": %s %s\n", script, (long long)line,
			WPKG_STR_ARG(type), WPKG_STR_ARG(vectors_text(command, "text")),
			wpkg_status_name(status), err.msg);
	}
	if (must_fail)
		tally->refused++;
	else
		tally->valid++;
	wpkg_module_free(module);
	wpkg_arena_clear(&arena);
}

static void check_commands(struct tally *tally, const char *script,
			   const struct wpkg_value *commands)
{
	for (size_t i = 0; i < commands->count; i++) {
		const struct wpkg_value *command = &commands->items[i];
		const struct wpkg_value *inner = wpkg_value_find(command, "commands");
		if (inner)
			check_commands(tally, script, inner);
		/* bad custom sections are no error for who does not look into them */
		if (wpkg_str_ends(vectors_text(command, "type"), WPKG_LIT("_custom")))
			continue;
		struct wpkg_str file = binary_of(command);
		if (file.len > 0)
			check_module(tally, script, command, file);
		else if (vectors_text(command, "filename").len > 0)
			tally->texts++;
	}
}

static void check_script(struct tally *tally, const char *script)
{
	struct wpkg_arena arena;
	struct wpkg_value *document;
	struct wpkg_err err;
	wpkg_arena_init(&arena, (size_t)1 << 30);
	struct wpkg_str path = wpkg_arena_format(&arena, "wasm-spec/%s.json", script);
	ck_ok(wpkg_json_read(&document, &arena, vectors_load(&arena, path.ptr), &err), err);
	check_commands(tally, script, wpkg_value_find(document, "commands"));
	wpkg_arena_clear(&arena);
}

/* All scripts of the groups that are named; least counts what must have been seen. */
static void check_groups(const char *groups, struct tally least)
{
	struct wpkg_arena arena;
	struct wpkg_str line, field, name, rest;
	struct tally tally = {0};
	wpkg_arena_init(&arena, (size_t)8 << 20);
	rest = vectors_load(&arena, "wasm-spec/INDEX.tsv");
	while (wpkg_str_split(&rest, '\n', &line)) {
		if (!wpkg_str_split(&line, '\t', &field) || !wpkg_str_split(&line, '\t', &name))
			continue;
		struct wpkg_str word = wpkg_arena_format(&arena, " %.*s ", WPKG_STR_ARG(field));
		if (!wpkg_str_contains(wpkg_str_from(groups), word))
			continue;
		struct wpkg_str script = wpkg_arena_format(&arena, "%.*s/%.*s", WPKG_STR_ARG(field),
							   WPKG_STR_ARG(name));
		check_script(&tally, script.ptr);
	}
	wpkg_arena_clear(&arena);
	fprintf(stderr, "%s: %u valid, %u refused, %u in text only, %u wrong\n", groups,
		tally.valid, tally.refused, tally.texts, tally.wrong);
	ck_assert_uint_eq(tally.wrong, 0);
	ck_assert_uint_ge(tally.valid, least.valid);
	ck_assert_uint_ge(tally.refused, least.refused);
}

START_TEST(webassembly_3_0_gets_the_verdicts_of_the_suite)
{
	check_groups(" core simd gc exceptions memory64 multi-memory relaxed-simd bulk-memory ",
		     (struct tally){.valid = 2510, .refused = 3434});
}
END_TEST

START_TEST(threads_and_custom_sections_get_the_verdicts_of_their_suites)
{
	check_groups(" threads custom ", (struct tally){.valid = 262, .refused = 147});
}
END_TEST

START_TEST(proposals_behind_a_flag_get_the_verdicts_of_their_suites)
{
	check_groups(" proposals/custom-page-sizes proposals/wide-arithmetic ",
		     (struct tally){.valid = 45, .refused = 135});
}
END_TEST

UNIT_MAIN(webassembly_3_0_gets_the_verdicts_of_the_suite,
	  threads_and_custom_sections_get_the_verdicts_of_their_suites,
	  proposals_behind_a_flag_get_the_verdicts_of_their_suites)
