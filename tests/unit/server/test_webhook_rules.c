/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>

#include "../../../server/webhook_rules.h"
#include "crypto/hmac.h"
#include "data/json.h"
#include "data/toml.h"

static struct wpkg_arena arena;

static enum wpkg_status take(struct webhook_rules *out, const char *toml, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	wpkg_arena_init(&arena, (size_t)1 << 20);
	enum wpkg_status status = wpkg_toml_read(&root, &arena, wpkg_str_from(toml), err);
	if (status == WPKG_OK)
		status = webhook_rules_take(out, &arena, wpkg_value_find(root, "webhook"), err);
	return status;
}

#define HOOK "[[webhook]]\nname = \"ci\"\nurl = \"https://ci.example/x\"\nsecret-env = \"S\"\n"

START_TEST(a_hook_has_defaults)
{
	struct wpkg_err err;
	struct webhook_rules rules;
	ck_ok(take(&rules, HOOK, &err), err);
	ck_assert_uint_eq(rules.count, 1);
	ck_assert_int_eq(rules.items[0].timeout, 10);
	ck_assert_uint_eq(rules.items[0].attempts, 18);
	ck_assert(!rules.items[0].allow_private && !rules.items[0].allow_http);
	static const char *const kinds[] = {"publish", "yank", "delete", "reject"};
	for (size_t i = 0; i < 4; i++) {
		const struct wpkg_event event = {.kind = wpkg_str_from(kinds[i]),
						 .name = WPKG_STR("any/name")};
		ck_assert(webhook_rule_wants(&rules.items[0], &event));
	}
	ck_assert(!webhook_rule_wants(&rules.items[0],
				      &(struct wpkg_event){.kind = WPKG_STR("token")}));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(events_and_names_narrow_it)
{
	struct wpkg_err err;
	struct webhook_rules rules;
	ck_ok(take(&rules, HOOK "events = [\"yank\"]\nnames = [\"a/*\", \"b\"]\n", &err), err);
	const struct {
		const char *kind, *name;
		bool wanted;
	} rows[] = {{"yank", "a/x", true},
		    {"yank", "b", true},
		    {"yank", "c/x", false},
		    {"publish", "a/x", false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wpkg_event event = {.kind = wpkg_str_from(rows[i].kind),
						 .name = wpkg_str_from(rows[i].name)};
		ck_assert(webhook_rule_wants(&rules.items[0], &event) == rows[i].wanted);
	}
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_wrong_with_a_hook_is_said_with_its_place)
{
	static const struct {
		const char *toml, *word;
	} rows[] = {
		{"[[webhook]]\nurl = \"https://a\"\nsecret-env = \"S\"\n", "name"},
		{"[[webhook]]\nname = \"A b\"\nurl = \"https://a\"\nsecret-env = \"S\"\n", "name"},
		{"[[webhook]]\nname = \"a\"\nurl = \"https://a\"\n", "secret"},
		{HOOK "secret-file = \"f\"\n", "secret"},
		{"[[webhook]]\nname = \"a\"\nurl = \"http://a\"\nsecret-env = \"S\"\n", "https"},
		{"[[webhook]]\nname = \"a\"\nurl = \"ftp://a\"\nsecret-env = \"S\"\n", "a"},
		{"[[webhook]]\nname = \"a\"\nurl = \"https://u:p@a\"\nsecret-env = \"S\"\n", "a"},
		{HOOK "events = [\"push\"]\n", "push"},
		{HOOK "events = [3]\n", "events"},
		{HOOK "names = [\"a*\"]\n", "a*"},
		{HOOK "timeout = \"1h\"\n", "timeout"},
		{HOOK "timeout = 0\n", "timeout"},
		{HOOK "attempts = 0\n", "attempts"},
		{HOOK "colour = 1\n", "colour"},
		{HOOK HOOK, "two are called ci"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wpkg_err err = {0};
		struct webhook_rules rules;
		ck_assert_msg(take(&rules, rows[i].toml, &err) != WPKG_OK, "%s", rows[i].toml);
		ck_assert_msg(strstr(err.msg, rows[i].word) && strstr(err.msg, "line"), "%s: %s",
			      rows[i].toml, err.msg);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

static struct wpkg_value *parsed;

static enum wpkg_status take_again(void)
{
	struct webhook_rules rules;
	struct wpkg_arena own;
	struct wpkg_err err;
	wpkg_arena_init(&own, (size_t)1 << 20);
	enum wpkg_status status = webhook_rules_take(&rules, &own, parsed, &err);
	wpkg_arena_clear(&own);
	return status;
}

START_TEST(memory_may_run_out_at_any_time)
{
	struct wpkg_err err;
	struct wpkg_value *root = NULL;
	wpkg_arena_init(&arena, (size_t)1 << 20);
	ck_ok(wpkg_toml_read(&root, &arena,
			     WPKG_LIT(HOOK "events = [\"yank\"]\nnames = [\"a/*\", \"b\"]\n"),
			     &err),
	      err);
	parsed = wpkg_value_find(root, "webhook");
	unit_fail_each_allocation(take_again());
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	struct wpkg_err err;
	struct webhook_rules rules, again;
	struct wpkg_buf text;
	ck_ok(take(&rules,
		   HOOK
		   "events = [\"yank\"]\nnames = [\"a/*\"]\nca-file = \"c\"\nallow-http = true\n"
		   "allow-private = true\ntimeout = \"7s\"\nattempts = 3\n",
		   &err),
	      err);
	struct wpkg_value *table = wpkg_value_new_table(&arena);
	ck_assert(webhook_rules_add(&arena, table, &rules));
	wpkg_buf_init(&text, 65536);
	wpkg_toml_write(&text, table);
	struct wpkg_arena first = arena;
	ck_ok(take(&again, wpkg_buf_text(&text), &err), err);
	ck_assert_str_eq(again.items[0].ca_file, "c");
	ck_assert_int_eq(again.items[0].timeout, 7);
	ck_assert_uint_eq(again.items[0].attempts, 3);
	ck_assert_uint_eq(again.items[0].kinds, rules.items[0].kinds);
	ck_assert_uint_eq(again.items[0].names.count, 1);
	ck_assert(again.items[0].allow_private && again.items[0].allow_http);
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	wpkg_arena_clear(&first);
}
END_TEST

/* RFC 4231, test cases 1, 2, 3 and 6. */
START_TEST(the_keyed_hash_is_that_of_the_rfc)
{
	char ones[20], aas[20], dds[50], long_key[131];
	memset(ones, 0x0b, sizeof(ones));
	memset(aas, 0xaa, sizeof(aas));
	memset(dds, 0xdd, sizeof(dds));
	memset(long_key, 0xaa, sizeof(long_key));
	const struct {
		struct wpkg_str key, first, second;
		const char *hex;
	} rows[] = {
		{wpkg_str_of(ones, 20), WPKG_STR("Hi "), WPKG_STR("There"),
		 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{WPKG_STR("Jefe"), WPKG_STR("what do ya want "), WPKG_STR("for nothing?"),
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{wpkg_str_of(aas, 20),
		 wpkg_str_of(dds, 50),
		 {0},
		 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{wpkg_str_of(long_key, 131),
		 WPKG_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		 {0},
		 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char hex[WPKG_DIGEST_TEXT];
		struct wpkg_digest digest;
		const struct wpkg_str parts[] = {rows[i].first, rows[i].second};
		wpkg_hmac(&digest, rows[i].key, parts, 2);
		wpkg_digest_format(hex, &digest);
		ck_assert_str_eq(hex, rows[i].hex);
	}
}
END_TEST

/* printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef */
START_TEST(a_signature_is_of_time_and_body)
{
	char out[WEBHOOK_SIGNATURE];
	webhook_sign(out, WPKG_LIT("0123456789abcdef"), 1700000000, WPKG_LIT("{\"a\":1}"));
	ck_assert_str_eq(out, "t=1700000000,v1="
			      "9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23");
}
END_TEST

START_TEST(the_next_attempt_is_later_each_time_up_to_an_hour)
{
	for (unsigned failures = 1; failures < 40; failures++) {
		int64_t whole = failures < 13 ? INT64_C(1000) << (failures - 1) : 3600000;
		ck_assert_int_eq(webhook_backoff(failures, 0), whole / 2);
		for (uint32_t chance = 1; chance < 4000000000U; chance = chance * 7 + 13) {
			int64_t wait = webhook_backoff(failures, chance);
			ck_assert(wait >= whole / 2 && wait <= whole);
			if (chance > 500000000)
				break;
		}
	}
	ck_assert(webhook_backoff(12, 5) != webhook_backoff(12, 6));
	ck_assert_int_eq(webhook_backoff(UINT32_MAX, 0), 1800000);
}
END_TEST

START_TEST(an_import_is_told_as_what_it_brought)
{
	struct wpkg_err err;
	struct webhook_rules rules;
	ck_ok(take(&rules, HOOK "events = [\"publish\", \"yank\"]\n", &err), err);
	static const struct {
		const char *state, *kind;
		bool wanted;
	} rows[] = {{"published", "publish", true},
		    {"yanked", "yank", true},
		    {"rejected", "reject", false},
		    {"incomplete", "", false},
		    {"checking", "", false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wpkg_event event = {.kind = WPKG_STR("import"),
						 .name = WPKG_STR("a/b"),
						 .detail = wpkg_str_from(rows[i].state)};
		ck_assert(wpkg_str_equal_text(webhook_kind(&event), rows[i].kind));
		ck_assert(webhook_rule_wants(&rules.items[0], &event) == rows[i].wanted);
	}
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_body_is_json_whatever_was_said)
{
	struct wpkg_err err;
	struct wpkg_buf body;
	struct wpkg_value *root = NULL;
	const struct wpkg_digest digest = {{0xab}};
	const struct wpkg_event event = {.id = 7,
					 .at = 1700000000,
					 .kind = WPKG_STR("yank"),
					 .name = WPKG_STR("a/b"),
					 .version = WPKG_STR("1.0.0"),
					 .actor = WPKG_STR("jo"),
					 .detail = WPKG_STR("a \"quote\"\n"),
					 .address = WPKG_STR("192.0.2.1"),
					 .manifest = &digest};
	wpkg_arena_init(&arena, 65536);
	wpkg_buf_init(&body, 65536);
	webhook_append_body(&body, "00ff", &event);
	ck_ok(wpkg_json_read(&root, &arena, wpkg_buf_str(&body), &err), err);
	ck_assert(wpkg_str_equal(wpkg_value_find(root, "detail")->string, event.detail));
	ck_assert(wpkg_str_equal_text(wpkg_value_find(root, "at")->string, "2023-11-14T22:13:20Z"));
	ck_assert(
		wpkg_str_starts(wpkg_value_find(root, "digest")->string, WPKG_LIT("sha256:ab00")));
	ck_assert_ptr_null(strstr(wpkg_buf_text(&body), "192.0.2.1"));
	wpkg_buf_clear(&body);
	wpkg_arena_clear(&arena);
}
END_TEST

UNIT_MAIN(a_hook_has_defaults, events_and_names_narrow_it, an_import_is_told_as_what_it_brought,
	  what_is_wrong_with_a_hook_is_said_with_its_place, memory_may_run_out_at_any_time,
	  what_is_written_is_read_again, the_keyed_hash_is_that_of_the_rfc,
	  a_signature_is_of_time_and_body, the_next_attempt_is_later_each_time_up_to_an_hour,
	  a_body_is_json_whatever_was_said)
