/* SPDX-License-Identifier: Apache-2.0 */
/* What the original Bindle said, recorded; ours must say the same. */
#include "../vectors.h"

#include "pkg/id.h"
#include "pkg/keyring.h"
#include "pkg/requirement.h"
#include "pkg/selection.h"
#include "pkg/verify.h"

static struct wpkg_arena arena;

static struct wpkg_str load(const char *path)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)256 << 20);
	return vectors_load(&arena, path);
}

static const char *const versions[] = {"0.0.1",	 "0.1.0", "0.9.0",	  "1.0.0",    "1.0.1",
				       "1.1.0",	 "1.2.0", "1.2.0-beta.1", "1.2.3",    "1.2.3+b1",
				       "1.10.0", "2.0.0", "2.0.0-rc.1",	  "2.1.0+b1", "10.0.0"};

static bool listed(const struct wpkg_value *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (wpkg_str_equal_text(list->items[i].string, text))
			return true;
	return false;
}

START_TEST(version_filters_match_what_the_original_matched)
{
	struct wpkg_str rest = load("bindle/golden/semver.jsonl");
	struct wpkg_value *record;
	size_t seen = 0;
	while (vectors_next(&arena, &rest, &record)) {
		const struct wpkg_value *matches = wpkg_value_find(record, "matches");
		struct wpkg_str text = vectors_text(record, "v");
		struct wpkg_requirement requirement;
		if (!matches)
			continue;
		seen++;
		bool parsed = wpkg_requirement_parse_filter(&requirement, text, NULL) == WPKG_OK;
		for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
			struct wpkg_version version;
			struct wpkg_err err;
			ck_ok(wpkg_version_parse(&version, wpkg_str_from(versions[i]), &err), err);
			bool match = parsed && wpkg_requirement_matches(&requirement, &version);
			ck_assert_msg(match == listed(matches, versions[i]), "'%.*s' and %s",
				      WPKG_STR_ARG(text), versions[i]);
		}
	}
	ck_assert_uint_gt(seen, 30);
}
END_TEST

START_TEST(versions_are_as_strict_as_the_originals)
{
	struct wpkg_str rest = load("bindle/golden/semver.jsonl");
	struct wpkg_value *record;
	size_t seen = 0;
	while (vectors_next(&arena, &rest, &record)) {
		struct wpkg_str text = vectors_text(record, "version");
		struct wpkg_version version;
		if (!wpkg_value_find(record, "valid"))
			continue;
		seen++;
		ck_assert_msg((wpkg_version_parse(&version, text, NULL) == WPKG_OK) ==
				      wpkg_value_find(record, "valid")->boolean,
			      "version '%.*s'", WPKG_STR_ARG(text));
	}
	ck_assert_uint_gt(seen, 10);
}
END_TEST

START_TEST(ids_split_and_hash_as_the_originals)
{
	struct wpkg_str rest = load("bindle/golden/ids.jsonl");
	struct wpkg_value *record;
	size_t seen = 0;
	while (vectors_next(&arena, &rest, &record)) {
		struct wpkg_str text = vectors_text(record, "id");
		struct wpkg_id id;
		struct wpkg_digest digest;
		char hex[WPKG_DIGEST_TEXT];
		struct wpkg_err err;
		bool good = wpkg_value_find(record, "ok")->boolean;
		seen++;
		ck_assert_msg((wpkg_id_parse(&id, text, NULL) == WPKG_OK) == good, "id '%.*s'",
			      WPKG_STR_ARG(text));
		if (!good)
			continue;
		ck_assert(wpkg_str_equal(id.name, vectors_text(record, "name")));
		ck_ok(wpkg_id_digest(&digest, id.name, id.version_text, &err), err);
		wpkg_digest_format(hex, &digest);
		ck_assert(wpkg_str_equal_text(vectors_text(record, "sha256"), hex));
	}
	ck_assert_uint_gt(seen, 20);
}
END_TEST

/* The recordings write an operation as "with_group(opt)" and so on. */
static void add_operation(struct wpkg_selection *selection, const char *name,
			  struct wpkg_str *arguments)
{
	static struct wpkg_str with[4], without[4];
	static struct wpkg_selected_feature features[4];
	if (strcmp(name, "with_group") == 0) {
		selection->with.items = with;
		with[selection->with.count++] = arguments[0];
	} else if (strcmp(name, "without_group") == 0) {
		selection->without.items = without;
		without[selection->without.count++] = arguments[0];
	} else {
		selection->features = features;
		features[selection->feature_count++] =
			(struct wpkg_selected_feature){arguments[0], arguments[1], arguments[2],
						       strcmp(name, "deactivate_feature") == 0};
	}
}

static void parse_operations(struct wpkg_selection *selection, struct wpkg_str text)
{
	static const char *const names[] = {"with_group", "without_group", "activate_feature",
					    "deactivate_feature"};
	struct wpkg_str narwhal[] = {WPKG_STR("testing"), WPKG_STR("animal"), WPKG_STR("narwhal")};
	struct wpkg_str unicorn[] = {WPKG_STR("testing"), WPKG_STR("animal"), WPKG_STR("unicorn")};
	*selection = (struct wpkg_selection){0};
	if (wpkg_str_equal_text(text, "activate+deactivate narwhal")) {
		add_operation(selection, names[2], narwhal);
		add_operation(selection, names[3], narwhal);
		return;
	}
	if (wpkg_str_equal_text(text, "activate narwhal then unicorn (last wins)")) {
		add_operation(selection, names[2], narwhal);
		add_operation(selection, names[2], unicorn);
		return;
	}
	while (text.len > 0 && !wpkg_str_equal_text(text, "none")) {
		size_t open = wpkg_str_find(text, '(');
		size_t close = wpkg_str_find(text, ')');
		struct wpkg_str list = wpkg_str_slice(text, open + 1, close);
		struct wpkg_str arguments[3] = {{0}};
		size_t name = 0;
		ck_assert_msg(close < text.len, "operation '%.*s'", WPKG_STR_ARG(text));
		while (name < 4 && !wpkg_str_equal_text(wpkg_str_slice(text, 0, open), names[name]))
			name++;
		ck_assert_uint_lt(name, 4);
		for (size_t i = 0; i < 3 && wpkg_str_split(&list, ',', &arguments[i]); i++)
			if (wpkg_str_equal_text(arguments[i], "''"))
				arguments[i] = (struct wpkg_str){0};
		add_operation(selection, names[name], arguments);
		text = wpkg_str_from_offset(text, close + 2);
	}
}

START_TEST(selection_takes_what_the_original_took_and_the_global_group)
{
	struct wpkg_str rest = load("bindle/golden/filter.jsonl");
	struct wpkg_err err;
	struct wpkg_value *record;
	struct wpkg_invoice *invoice;
	bool chosen[32];
	size_t seen = 0;
	ck_assert(vectors_next(&arena, &rest, &record));
	ck_ok(wpkg_invoice_read(&invoice, &arena, vectors_text(record, "invoice_toml"),
				WPKG_INVOICE_TOML, &err),
	      err);
	while (vectors_next(&arena, &rest, &record)) {
		struct wpkg_selection selection;
		const struct wpkg_value *selected = wpkg_value_find(record, "selected");
		parse_operations(&selection, vectors_text(record, "ops"));
		ck_ok(wpkg_selection_apply(chosen, invoice, &selection, &err), err);
		for (size_t i = 0; i < invoice->parcel_count; i++) {
			const char *name = invoice->parcels[i].label.name.ptr;
			/* On purpose otherwise: an empty memberOf is the global group. */
			bool expected =
				listed(selected, name) || strcmp(name, "empty-memberOf") == 0;
			ck_assert_msg(chosen[i] == expected, "%.*s: %s",
				      WPKG_STR_ARG(vectors_text(record, "ops")), name);
		}
		seen++;
	}
	ck_assert_uint_ge(seen, 10);
}
END_TEST

START_TEST(roles_and_strategies_parse_as_the_originals)
{
	struct wpkg_str rest = load("bindle/golden/roles.jsonl");
	struct wpkg_value *record;
	size_t seen = 0;
	while (vectors_next(&arena, &rest, &record)) {
		const struct wpkg_value *out = wpkg_value_find(record, "out");
		enum wpkg_role role;
		struct wpkg_strategy strategy;
		struct wpkg_buf text;
		seen++;
		if (wpkg_value_find(record, "in")) {
			bool good = wpkg_role_parse_loose(&role, vectors_text(record, "in"));
			ck_assert_int_eq(good, out->kind == WPKG_VALUE_STRING);
			ck_assert(!good || wpkg_str_equal_text(out->string, wpkg_role_name(role)));
			continue;
		}
		bool good = wpkg_strategy_parse(&strategy, vectors_text(record, "strategy"),
						NULL) == WPKG_OK;
		ck_assert_msg(good == (wpkg_value_find(out, "Ok") != NULL), "strategy '%.*s'",
			      WPKG_STR_ARG(vectors_text(record, "strategy")));
		if (!good)
			continue;
		/* The recording has the original's debug form: "Name([Role, Role])". */
		wpkg_buf_init(&text, 200);
		wpkg_strategy_append(&text, &strategy);
		struct wpkg_str said = vectors_text(out, "Ok");
		struct wpkg_str name = wpkg_str_slice(said, 0, wpkg_str_find(said, '('));
		ck_assert(wpkg_str_starts(wpkg_buf_str(&text), name));
		wpkg_buf_clear(&text);
	}
	ck_assert_uint_ge(seen, 20);
}
END_TEST

START_TEST(strategies_decide_as_the_original_when_roles_are_not_honoured)
{
	struct wpkg_str rest = load("bindle/golden/verify.jsonl");
	struct wpkg_err err;
	struct wpkg_value *record;
	struct wpkg_keyring keyring;
	size_t seen = 0;
	ck_assert(vectors_next(&arena, &rest, &record));
	ck_ok(wpkg_keyring_read(&keyring, &arena, vectors_text(record, "keyring_toml"), &err), err);
	ck_assert(vectors_next(&arena, &rest, &record));
	while (vectors_next(&arena, &rest, &record)) {
		const struct wpkg_value *results = wpkg_value_find(record, "results");
		struct wpkg_invoice *invoice;
		ck_ok(wpkg_invoice_read(&invoice, &arena, vectors_text(record, "invoice_toml"),
					WPKG_INVOICE_TOML, &err),
		      err);
		for (size_t i = 0; i < results->count; i++) {
			struct wpkg_verification verification = {.keyring = &keyring,
								 .now = INT32_MAX};
			ck_ok(wpkg_strategy_parse(&verification.strategy, results->keys[i].string,
						  &err),
			      err);
			bool good = wpkg_invoice_verify(invoice, &verification, &err) == WPKG_OK;
			ck_assert_msg(good == wpkg_str_equal_text(results->items[i].string, "ok"),
				      "%.*s, %.*s: %s",
				      WPKG_STR_ARG(vectors_text(record, "scenario")),
				      WPKG_STR_ARG(results->keys[i].string), good ? "ok" : err.msg);
			seen++;
		}
	}
	ck_assert_uint_eq(seen, 19 * 9);
}
END_TEST

START_TEST(a_key_that_is_trusted_as_host_does_not_pass_as_creator)
{
	struct wpkg_str rest = load("bindle/golden/verify.jsonl");
	struct wpkg_err err;
	struct wpkg_value *record;
	struct wpkg_keyring keyring;
	bool seen = false;
	ck_assert(vectors_next(&arena, &rest, &record));
	ck_ok(wpkg_keyring_read(&keyring, &arena, vectors_text(record, "keyring_toml"), &err), err);
	ck_assert(vectors_next(&arena, &rest, &record));
	while (vectors_next(&arena, &rest, &record)) {
		struct wpkg_verification verification = {
			.keyring = &keyring, .honour_roles = true, .now = INT32_MAX};
		struct wpkg_invoice *invoice;
		if (!wpkg_str_starts(vectors_text(record, "scenario"), WPKG_LIT("host key signs")))
			continue;
		seen = true;
		ck_ok(wpkg_strategy_parse(&verification.strategy, WPKG_LIT("GreedyVerification"),
					  &err),
		      err);
		ck_ok(wpkg_invoice_read(&invoice, &arena, vectors_text(record, "invoice_toml"),
					WPKG_INVOICE_TOML, &err),
		      err);
		ck_status(wpkg_invoice_verify(invoice, &verification, &err), WPKG_EDENIED);
		ck_assert_ptr_nonnull(strstr(err.msg, "not trusted in this role"));
	}
	ck_assert(seen);
}
END_TEST

UNIT_MAIN(version_filters_match_what_the_original_matched, versions_are_as_strict_as_the_originals,
	  ids_split_and_hash_as_the_originals,
	  selection_takes_what_the_original_took_and_the_global_group,
	  roles_and_strategies_parse_as_the_originals,
	  strategies_decide_as_the_original_when_roles_are_not_honoured,
	  a_key_that_is_trusted_as_host_does_not_pass_as_creator)
