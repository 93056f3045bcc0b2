/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <math.h>
#include <string.h>

#include "data/fields.h"
#include "data/json.h"
#include "data/toml.h"

static struct wpkg_arena arena;

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 22);
}

START_TEST(toml_keeps_order_and_places)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	setup();
	ck_ok(wpkg_toml_read(&root, &arena,
			     WPKG_LIT("z = 1\na = \"x\"\n[t]\nk.l = true\n[[p]]\nn = 1.5\n[[p]]\n"
				      "when = 2026-11-24T13:00:00Z\n"),
			     &err),
	      err);
	ck_assert_uint_eq(root->count, 4);
	ck_assert(wpkg_str_equal_text(root->keys[0].string, "z"));
	ck_assert(wpkg_str_equal_text(root->keys[3].string, "p"));
	struct wpkg_value *a = wpkg_value_find(root, "a");
	ck_assert_uint_eq(a->line, 2);
	ck_assert_uint_eq(a->column, 5);
	ck_assert(wpkg_value_find(wpkg_value_find(wpkg_value_find(root, "t"), "k"), "l")->boolean);
	struct wpkg_value *p = wpkg_value_find(root, "p");
	ck_assert_uint_eq(p->count, 2);
	ck_assert_int_eq(p->items[1].items[0].kind, WPKG_VALUE_TIME);
	ck_assert(wpkg_str_equal_text(p->items[1].items[0].string, "2026-11-24T13:00:00Z"));
}
END_TEST

START_TEST(toml_times_are_written_one_way)
{
	static const struct {
		const char *document, *text;
	} times[] = {
		{"t = 1979-05-27", "1979-05-27"},
		{"t = 07:32:05", "07:32:05"},
		{"t = 07:32:05.125000", "07:32:05.125"},
		{"t = 07:32:05.000000001", "07:32:05.000000001"},
		{"t = 0001-01-02T03:04:05", "0001-01-02T03:04:05"},
		{"t = 1979-05-27 07:32:05Z", "1979-05-27T07:32:05Z"},
		{"t = 1979-05-27T00:32:00.9-07:30", "1979-05-27T00:32:00.9-07:30"},
		{"t = 1979-05-27T00:32:00+00:30", "1979-05-27T00:32:00+00:30"},
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct wpkg_err err;
		struct wpkg_value *root;
		setup();
		ck_ok(wpkg_toml_read(&root, &arena, wpkg_str_from(times[i].document), &err), err);
		ck_assert_int_eq(root->items[0].kind, WPKG_VALUE_TIME);
		ck_assert_msg(wpkg_str_equal_text(root->items[0].string, times[i].text),
			      "%s gives %.*s", times[i].document, (int)root->items[0].string.len,
			      root->items[0].string.ptr);
	}
}
END_TEST

START_TEST(toml_numbers_are_the_nearest_ones)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	setup();
	ck_ok(wpkg_toml_read(&root, &arena,
			     WPKG_LIT("a = 0.1\nb = -2.5e-3\nc = 6.02_2e23\nd = 5e-324\n"
				      "e = 1.7976931348623157e308\nf = -inf\n"),
			     &err),
	      err);
	const double want[] = {0.1, -2.5e-3, 6.022e23, 5e-324, 1.7976931348623157e308, -INFINITY};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert_int_eq(root->items[i].kind, WPKG_VALUE_FLOAT);
		ck_assert(root->items[i].number == want[i]);
	}
	ck_status(wpkg_toml_read(&root, &arena, WPKG_LIT("\nb = 1e999\n"), &err), WPKG_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "line 2"));
}
END_TEST

START_TEST(json_values_know_where_they_stand)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	setup();
	ck_ok(wpkg_json_read(&root, &arena,
			     WPKG_LIT("{\"a\" : [1, -2.5,\n  {\"b\\\"\\u0041\": null}],\n"
				      " \"c\":\"x,]}\", \"d\": true}"),
			     &err),
	      err);
	struct wpkg_value *inner = &wpkg_value_find(root, "a")->items[2];
	ck_assert_uint_eq(inner->line, 2);
	ck_assert_uint_eq(inner->column, 3);
	ck_assert(wpkg_str_equal_text(inner->keys[0].string, "b\"A"));
	ck_assert_int_eq(inner->items[0].kind, WPKG_VALUE_NULL);
	struct wpkg_value *d = wpkg_value_find(root, "d");
	ck_assert_uint_eq(d->line, 3);
	ck_assert_uint_eq(d->column, 19);
	ck_assert_int_eq(wpkg_value_find(root, "a")->items[1].kind, WPKG_VALUE_FLOAT);
}
END_TEST

START_TEST(bad_texts_are_refused_with_their_place)
{
	struct wpkg_err err;
	struct wpkg_value *root = NULL;
	setup();
	const char *toml[] = {"a = 1\na = 2\n", "a = ", "[a]\n[a]\n", "a = \"\x01\"",
			      "a = \"\xff\""};
	for (size_t i = 0; i < sizeof(toml) / sizeof(toml[0]); i++) {
		ck_status(wpkg_toml_read(&root, &arena, wpkg_str_from(toml[i]), &err),
			  WPKG_EFORMAT);
		ck_assert_msg(strncmp(err.msg, "line ", 5) == 0, "%s", err.msg);
	}
	const char *json[] = {"{\"a\":1,\"a\":2}", "{", "[1,]", "", "{\"a\":1} x", "\"\xff\""};
	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
		ck_status(wpkg_json_read(&root, &arena, wpkg_str_from(json[i]), &err),
			  WPKG_EFORMAT);
		ck_assert_msg(strncmp(err.msg, "line ", 5) == 0, "%s", err.msg);
	}
	ck_assert_ptr_null(root);
}
END_TEST

START_TEST(deep_nesting_ends_with_an_answer)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	static char deep[400001];
	setup();
	memset(deep, '[', 400000);
	ck_assert_int_ne(wpkg_json_read(&root, &arena, wpkg_str_from(deep), &err), WPKG_OK);
	memcpy(deep, "a = ", 4);
	ck_assert_int_ne(wpkg_toml_read(&root, &arena, wpkg_str_from(deep), &err), WPKG_OK);
	for (size_t i = 0; i < 400000; i += 2)
		memcpy(deep + i, "a.", 2);
	ck_assert_int_ne(wpkg_toml_read(&root, &arena, wpkg_str_from(deep), &err), WPKG_OK);
	memcpy(deep + 399996, "a=1\n", 4);
	ck_status(wpkg_toml_read(&root, &arena, wpkg_str_from(deep), &err), WPKG_ELIMIT);
	memcpy(deep, "[a", 2);
	for (size_t i = 2; i < 399996; i += 2)
		memcpy(deep + i, ".a", 2);
	memcpy(deep + 399996, ".a]\n", 4);
	ck_status(wpkg_toml_read(&root, &arena, wpkg_str_from(deep), &err), WPKG_ELIMIT);
	ck_assert_msg(strncmp(err.msg, "line 1, column ", 15) == 0, "%s", err.msg);
}
END_TEST

/* What looks like a key of many parts to who does not know where strings end. */
START_TEST(dots_in_strings_and_comments_are_no_parts)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	static char text[4096];
	static const char *const around[][2] = {
		{"a = \"", "\"\n"},
		{"a = \"\\\"", "\"\n"},
		{"a = '\"", "'\n"},
		{"a = \"\"\"\n", "\"\"\"\"\"\n"},
		{"a = '''\n''", "''''\n"},
		{"# it's ", "\na = 1\n"},
		{"a = \"\" # ", "\n"},
		{"\"", "\" = 1\n"},
		{"a = [\"\", '', \"", "\"]\n"},
		{"a = \"\"\"\\\"\"\"", "\"\"\"\n"},
	};
	const size_t count = sizeof(around) / sizeof(around[0]);
	setup();
	for (size_t i = 0; i < count; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%s", around[i][0]);
		memset(text + len, '.', 500);
		snprintf(text + len + 500, sizeof(text) - len - 500, "%sb = 2\n", around[i][1]);
		ck_ok(wpkg_toml_read(&root, &arena, wpkg_str_from(text), &err), err);
		ck_assert_uint_eq(root->count, 2);
	}
	/* Behind each of them a key is a key again. */
	for (size_t i = 0; i < count; i++) {
		size_t len =
			(size_t)snprintf(text, sizeof(text), "%sx%s", around[i][0], around[i][1]);
		for (int part = 0; part < 80; part++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "k.");
		snprintf(text + len, sizeof(text) - len, "k = 1\n");
		ck_status(wpkg_toml_read(&root, &arena, wpkg_str_from(text), &err), WPKG_ELIMIT);
	}
}
END_TEST

static void round_trip(const char *text)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	struct wpkg_buf first;
	struct wpkg_buf second;
	wpkg_buf_init(&first, 65536);
	wpkg_buf_init(&second, 65536);
	ck_ok(wpkg_toml_read(&root, &arena, wpkg_str_from(text), &err), err);
	wpkg_toml_write(&first, root);
	ck_ok(wpkg_toml_read(&root, &arena, wpkg_buf_str(&first), &err), err);
	wpkg_toml_write(&second, root);
	ck_assert_str_eq(wpkg_buf_text(&first), wpkg_buf_text(&second));
	wpkg_buf_reset(&second);
	wpkg_json_write(&second, root, WPKG_JSON_INDENTED);
	ck_ok(wpkg_json_read(&root, &arena, wpkg_buf_str(&second), &err), err);
	wpkg_buf_reset(&second);
	wpkg_toml_write(&second, root);
	ck_assert_str_eq(wpkg_buf_text(&first), wpkg_buf_text(&second));
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
}

START_TEST(what_is_written_reads_the_same_through_both_formats)
{
	setup();
	round_trip("");
	round_trip("a = \"q\\\"\\\\\\n\\t\\u0001\"\nb = [1, -2, 9223372036854775807]\n");
	round_trip("[a.\"b c\"]\nx = [[], [1], {y = 1}]\n[a.d]\n[[p]]\n[p.l]\nn = 'lit'\n[[p]]\n");
	round_trip("f = [1.0, 1e300, -0.5]\n\"\" = true\n\"k.k\" = {a = {b = []}}\n");
}
END_TEST

START_TEST(unknown_keys_get_their_place_and_a_suggestion)
{
	struct wpkg_err err;
	struct wpkg_value *root;
	struct wpkg_fields fields;
	int64_t size = 0;
	struct wpkg_str name = {0};
	setup();
	ck_ok(wpkg_toml_read(&root, &arena, WPKG_LIT("name = 'x'\nsise = 3\n"), &err), err);
	ck_ok(wpkg_fields_open(&fields, root, "label", &err), err);
	ck_ok(wpkg_fields_take_string(&fields, &name, "name", WPKG_REQUIRED, &err), err);
	ck_ok(wpkg_fields_take_integer(&fields, &size, "size", WPKG_OPTIONAL, &err), err);
	ck_status(wpkg_fields_close(&fields, &err), WPKG_EFORMAT);
	ck_assert_str_eq(err.msg,
			 "line 2, column 1: unknown key label.sise (did you mean 'size'?)");
	ck_status(wpkg_fields_take_integer(&fields, &size, "name", WPKG_OPTIONAL, &err),
		  WPKG_EFORMAT);
	ck_assert_str_eq(err.msg, "line 1, column 8: label.name is a string, not an integer");
	ck_status(wpkg_fields_take_string(&fields, &name, "gone", WPKG_REQUIRED, &err),
		  WPKG_EFORMAT);
}
END_TEST

static enum wpkg_status read_both(void)
{
	struct wpkg_value *root;
	setup();
	enum wpkg_status status =
		wpkg_toml_read(&root, &arena, WPKG_LIT("a = [1, {b = 'c'}]\n[t]\nx = 1\n"), NULL);
	if (status == WPKG_OK)
		status = wpkg_json_read(&root, &arena, WPKG_LIT("{\"a\": [1, {\"b\": \"c\"}]}"),
					NULL);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(read_both());
}
END_TEST

UNIT_MAIN(toml_keeps_order_and_places, toml_times_are_written_one_way,
	  toml_numbers_are_the_nearest_ones, json_values_know_where_they_stand,
	  bad_texts_are_refused_with_their_place, deep_nesting_ends_with_an_answer,
	  dots_in_strings_and_comments_are_no_parts,
	  what_is_written_reads_the_same_through_both_formats,
	  unknown_keys_get_their_place_and_a_suggestion, every_failed_allocation_is_reported)
