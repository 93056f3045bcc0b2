/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

static const struct wpkg_act act = {.actor = WPKG_STR("admin"), .reason = WPKG_STR("because")};

START_TEST(a_version_goes_from_incomplete_to_published)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_record record;
	struct wpkg_digests missing;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2)};
	struct package package = {.name = "a/b",
				  .version = "1.0.0",
				  .parcels = parcels,
				  .count = 2,
				  .user = "jo",
				  .description = "text"};
	ck_ok(create(&created, &package, &err), err);
	ck_assert_int_eq(created.state, WPKG_RECORD_INCOMPLETE);
	ck_assert_uint_eq(created.missing_count, 2);
	ck_assert(!created.existed);
	struct wpkg_digest first = digest_of(parcels[0]);
	ck_assert(wpkg_digest_equal(&created.missing[0], &first));
	put(parcels[0]);
	ck_ok(wpkg_record_missing(&missing, &arena, store, created.id, &err), err);
	ck_assert_uint_eq(missing.count, 1);
	ck_state(created.id, WPKG_RECORD_INCOMPLETE);
	put(parcels[1]);
	ck_state(created.id, WPKG_RECORD_CHECKING);
	settle(created.id, true);
	ck_ok(wpkg_record_find(&record, &arena, store, WPKG_LIT("a/b"), WPKG_LIT("1.0.0"), &nobody,
			       &err),
	      err);
	ck_assert_int_eq(record.state, WPKG_RECORD_PUBLISHED);
	ck_assert_uint_eq(record.size, 100010);
	ck_assert_uint_eq(record.parcel_count, 2);
	ck_assert(wpkg_str_equal_text(record.description, "text"));
	ck_assert(wpkg_str_equal_text(record.pusher, "jo"));
	ck_assert_int_gt(record.published, 0);
	struct wpkg_digest text = digest_of(record.invoice);
	ck_assert(wpkg_digest_equal(&text, &record.invoice_digest));
	ck_blob(parcels[0]);
	ck_blob(parcels[1]);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_later_verdict_flags_and_moves_nothing)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_record record;
	struct wpkg_event_list events;
	const struct wpkg_settlement doubt = {
		.verdict = WPKG_STR("{\"accepted\":false,\"reason\":\"a newer rule\","
				    "\"modules\":[],\"checks\":[]}")};
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create(&created, &package, &err), err);
	put(parcels[0]);
	ck_status(wpkg_record_recheck(store, created.id, &doubt, &err), WPKG_EEXISTS);
	settle(created.id, true);
	ck_ok(wpkg_record_recheck(store, created.id, &doubt, &err), err);
	ck_ok(wpkg_record_find_id(&record, &arena, store, created.id, &err), err);
	ck_assert_int_eq(record.state, WPKG_RECORD_PUBLISHED);
	ck_assert(wpkg_str_equal(record.verdict, doubt.verdict));
	ck_ok(wpkg_event_list(&events, &arena, store, 0, WPKG_LIT("a"), 100, &err), err);
	const struct wpkg_event *last = &events.items[events.count - 1];
	ck_assert(wpkg_str_equal_text(last->kind, "flag"));
	ck_assert(wpkg_str_equal_text(last->detail, "a newer rule"));
	ck_status(wpkg_record_recheck(store, created.id + 99, &doubt, &err), WPKG_ENOTFOUND);
	teardown();
}
END_TEST

START_TEST(only_the_pusher_sees_what_is_not_published)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_record record;
	struct wpkg_record_list list;
	struct wpkg_query_result result;
	const struct wpkg_viewer jo = {.user = WPKG_STR("jo")};
	const struct wpkg_viewer ann = {.user = WPKG_STR("ann")};
	const struct wpkg_query all = {0};
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {
		.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1, .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	const struct wpkg_str name = WPKG_STR("a");
	const struct wpkg_str version = WPKG_STR("1.0.0");
	ck_status(wpkg_record_find(&record, &arena, store, name, version, &ann, &err),
		  WPKG_ENOTFOUND);
	ck_status(wpkg_record_find(&record, &arena, store, name, version, &nobody, &err),
		  WPKG_ENOTFOUND);
	ck_ok(wpkg_record_find(&record, &arena, store, name, version, &jo, &err), err);
	ck_ok(wpkg_record_find(&record, &arena, store, name, version, &everything, &err), err);
	ck_ok(wpkg_record_versions(&list, &arena, store, name, &ann, &err), err);
	ck_assert_uint_eq(list.count, 0);
	ck_ok(wpkg_record_versions(&list, &arena, store, name, &jo, &err), err);
	ck_assert_uint_eq(list.count, 1);
	ck_ok(wpkg_query_run(&result, &arena, store, &all, &err), err);
	ck_assert_uint_eq(result.total, 0);
	put(parcels[0]);
	settle(created.id, true);
	ck_ok(wpkg_record_find(&record, &arena, store, name, version, &ann, &err), err);
	ck_ok(wpkg_query_run(&result, &arena, store, &all, &err), err);
	ck_assert_uint_eq(result.total, 1);
	ck_status(wpkg_record_find(&record, &arena, store, name, WPKG_LIT("1.0"), &ann, &err),
		  WPKG_ENOTFOUND);
	teardown();
}
END_TEST

START_TEST(creating_again_resumes_refuses_or_begins_anew)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_created again;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(10, 2)};
	struct package package = {
		.name = "a", .version = "1.0.0", .parcels = parcels, .count = 2, .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	put(parcels[0]);
	/* The same content with a signature: one text replaces the other. */
	package.more = "[[signature]]\nby = \"x\"\nsignature = \"AA==\"\nkey = \"AA==\"\nrole = "
		       "\"creator\"\nat = 1\n";
	ck_ok(create(&again, &package, &err), err);
	ck_assert(again.existed);
	ck_assert_int_eq(again.id, created.id);
	ck_assert_uint_eq(again.missing_count, 1);
	ck_assert(wpkg_str_contains(find(created.id).invoice, WPKG_LIT("creator")));
	/* Another content, another user: refused. */
	package.description = "other";
	ck_status(create(&again, &package, &err), WPKG_EEXISTS);
	package.description = NULL;
	package.user = "ann";
	ck_status(create(&again, &package, &err), WPKG_EEXISTS);
	package.user = "jo";
	put(parcels[1]);
	package.more = NULL;
	ck_ok(create(&again, &package, &err), err);
	ck_assert_int_eq(again.state, WPKG_RECORD_CHECKING);
	/* In checking the text stays. */
	ck_assert(wpkg_str_contains(find(created.id).invoice, WPKG_LIT("creator")));
	settle(created.id, false);
	ck_state(created.id, WPKG_RECORD_REJECTED);
	package.user = "ann";
	ck_status(create(&again, &package, &err), WPKG_EEXISTS);
	package.user = "jo";
	package.description = "better";
	ck_ok(create(&again, &package, &err), err);
	ck_assert(!again.existed);
	ck_assert_int_ne(again.id, created.id);
	ck_assert_int_eq(again.state, WPKG_RECORD_CHECKING);
	settle(again.id, true);
	ck_status(create(&again, &package, &err), WPKG_EEXISTS);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_late_verdict_finds_no_other_record)
{
	struct wpkg_err err;
	struct wpkg_created created;
	const struct wpkg_settlement settlement = {.accepted = true, .verdict = WPKG_STR("{}")};
	setup();
	struct package package = {.name = "a", .version = "1.0.0", .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	ck_assert_int_eq(created.state, WPKG_RECORD_CHECKING);
	settle(created.id, false);
	ck_status(wpkg_record_settle(store, created.id, &settlement, &err), WPKG_EEXISTS);
	ck_state(created.id, WPKG_RECORD_REJECTED);
	int64_t first = created.id;
	ck_ok(create(&created, &package, &err), err);
	ck_status(wpkg_record_settle(store, first, &settlement, &err), WPKG_ENOTFOUND);
	ck_state(created.id, WPKG_RECORD_CHECKING);
	teardown();
}
END_TEST

START_TEST(a_yank_keeps_its_first_reason)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice;
	const struct wpkg_act second = {.actor = WPKG_STR("other"), .reason = WPKG_STR("later")};
	setup();
	struct package package = {.name = "a", .version = "1.0.0", .user = "jo"};
	int64_t id = publish(&package);
	struct package other = package;
	package.more = "yanked = true";
	other.more = "yanked = true";
	other.description = "changed";
	struct wpkg_str text = canonical(&invoice, &package);
	ck_status(wpkg_record_yank(store, id, canonical(&invoice, &other), &act, &err),
		  WPKG_EINVAL);
	ck_status(wpkg_record_yank(store, id, find(id).invoice, &act, &err), WPKG_EINVAL);
	ck_status(wpkg_record_yank(store, id, WPKG_LIT("x"), &act, &err), WPKG_EINVAL);
	ck_ok(wpkg_record_yank(store, id, text, &act, &err), err);
	struct wpkg_record record = find(id);
	ck_assert_int_eq(record.state, WPKG_RECORD_YANKED);
	ck_assert(wpkg_str_equal(record.invoice, text));
	ck_assert_int_gt(record.yanked, 0);
	ck_ok(wpkg_record_yank(store, id, text, &second, &err), err);
	record = find(id);
	ck_assert(wpkg_str_equal_text(record.yanked_by, "admin"));
	ck_assert(wpkg_str_equal_text(record.yank_reason, "because"));
	ck_status(wpkg_record_yank(store, id + 1, text, &act, &err), WPKG_ENOTFOUND);
	struct wpkg_created created;
	struct package fresh = {.name = "a", .version = "2.0.0", .user = "jo"};
	ck_ok(create(&created, &fresh, &err), err);
	fresh.more = "yanked = true";
	ck_status(wpkg_record_yank(store, created.id, canonical(&invoice, &fresh), &act, &err),
		  WPKG_EEXISTS);
	teardown();
}
END_TEST

START_TEST(a_deleted_version_stays_reserved)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_record record;
	struct wpkg_query_result result;
	const struct wpkg_query all = {0};
	setup();
	struct package package = {.name = "a", .version = "1.0.0", .user = "jo"};
	int64_t id = publish(&package);
	const struct wpkg_str name = WPKG_STR("a");
	const struct wpkg_str version = WPKG_STR("1.0.0");
	ck_status(wpkg_record_delete(store, name, WPKG_LIT("1.0.1"), &act, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_record_delete(store, name, WPKG_LIT("one"), &act, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_record_delete(store, WPKG_LIT("b"), version, &act, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_record_delete(store, name, version, &act, &err), err);
	ck_status(wpkg_record_find_id(&record, &arena, store, id, &err), WPKG_ENOTFOUND);
	ck_status(create(&created, &package, &err), WPKG_EEXISTS);
	ck_assert(wpkg_str_contains(wpkg_str_from(err.msg), WPKG_LIT("deleted")));
	ck_ok(wpkg_query_run(&result, &arena, store, &all, &err), err);
	ck_assert_uint_eq(result.total, 0);
	package.version = "1.0.1";
	ck_ok(create(&created, &package, &err), err);
	ck_assert_int_gt(created.id, id);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(names_that_can_be_mistaken_are_refused)
{
	struct wpkg_err err;
	struct wpkg_created created;
	setup();
	struct package package = {.name = "example.com/tool", .version = "1.0.0", .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	package.name = "example.com/too1";
	ck_status(create(&created, &package, &err), WPKG_EDENIED);
	ck_assert(wpkg_str_contains(wpkg_str_from(err.msg), WPKG_LIT("example.com/tool")));
	package.name = "example_com/Tool";
	ck_status(create(&created, &package, &err), WPKG_EDENIED);
	package.name = "example.com/tool";
	package.version = "1.0.1";
	ck_ok(create(&created, &package, &err), err);
	package.name = "example.com/tools";
	ck_ok(create(&created, &package, &err), err);
	package.name = "../x";
	ck_status(create(&created, &package, &err), WPKG_EINVAL);
	teardown();
}
END_TEST

START_TEST(a_parcel_of_another_size_than_announced_stays_missing)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_invoice *invoice;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	canonical(&invoice, &package);
	invoice->parcels[0].label.size = 11;
	struct wpkg_new_record record = {.invoice = invoice, .text = WPKG_LIT("x")};
	ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
	put(parcels[0]);
	ck_state(created.id, WPKG_RECORD_INCOMPLETE);
	ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
	ck_assert_uint_eq(created.missing_count, 1);
	teardown();
}
END_TEST

START_TEST(one_blob_completes_every_version_that_waits_for_it)
{
	struct wpkg_err err;
	struct wpkg_created created[3];
	struct wpkg_record_list list;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(20, 2)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create(&created[0], &package, &err), err);
	package.version = "1.0.1";
	ck_ok(create(&created[1], &package, &err), err);
	package.version = "1.0.2";
	package.count = 2;
	ck_ok(create(&created[2], &package, &err), err);
	put(parcels[0]);
	ck_state(created[0].id, WPKG_RECORD_CHECKING);
	ck_state(created[1].id, WPKG_RECORD_CHECKING);
	ck_state(created[2].id, WPKG_RECORD_INCOMPLETE);
	ck_ok(wpkg_record_in_state(&list, &arena, store, WPKG_RECORD_CHECKING, 1, &err), err);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.items[0].id, created[0].id);
	teardown();
}
END_TEST

/* The empty configuration of another version's manifest is such a blob. */
START_TEST(a_blob_that_we_made_ourselves_waits_for_its_upload)
{
	struct wpkg_err err;
	struct wpkg_created created;
	setup();
	const struct wpkg_str parcels[] = {WPKG_STR("{}")};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create(&created, &package, &err), err);
	publish(&(struct package){.name = "b", .version = "1.0.0"});
	ck_blob(parcels[0]);
	ck_state(created.id, WPKG_RECORD_INCOMPLETE);
	/* Whoever is told of it starts the admission. */
	ck_assert(put(parcels[0]).existed);
	ck_state(created.id, WPKG_RECORD_CHECKING);
	package.version = "1.0.1";
	ck_ok(create(&created, &package, &err), err);
	ck_assert_int_eq(created.state, WPKG_RECORD_CHECKING);
	teardown();
}
END_TEST

START_TEST(versions_come_in_the_order_of_precedence)
{
	struct wpkg_err err;
	struct wpkg_record_list list;
	/* Section 11 of Semantic Versioning, and build metadata last. */
	static const char *const versions[] = {"18446744073709551615.0.0",
					       "10.0.0",
					       "2.0.0",
					       "1.10.0",
					       "1.2.10",
					       "1.2.2",
					       "1.0.0+b.1",
					       "1.0.0+2",
					       "1.0.0+1",
					       "1.0.0+01",
					       "1.0.0",
					       "1.0.0-rc.1",
					       "1.0.0-beta.11",
					       "1.0.0-beta.2",
					       "1.0.0-beta",
					       "1.0.0-alpha.beta",
					       "1.0.0-alpha.1",
					       "1.0.0-alpha",
					       "1.0.0-99999999999999999999",
					       "1.0.0-2",
					       "0.0.1",
					       "0.0.0"};
	const size_t count = sizeof(versions) / sizeof(versions[0]);
	setup();
	for (size_t i = 0; i < count; i++)
		publish(&(struct package){.name = "a", .version = versions[(i * 5) % count]});
	ck_ok(wpkg_record_versions(&list, &arena, store, WPKG_LIT("a"), &nobody, &err), err);
	ck_assert_uint_eq(list.count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(wpkg_str_equal_text(list.items[i].version, versions[i]),
			      "%zu: %.*s, not %s", i, WPKG_STR_ARG(list.items[i].version),
			      versions[i]);
	teardown();
}
END_TEST

START_TEST(every_change_leaves_an_event)
{
	struct wpkg_err err;
	struct wpkg_event_list events;
	struct wpkg_invoice *invoice;
	static const char *const kinds[] = {"own",     "create", "complete",
					    "publish", "yank",	 "delete"};
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {
		.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1, .user = "jo"};
	int64_t id = publish(&package);
	package.more = "yanked = true";
	ck_ok(wpkg_record_yank(store, id, canonical(&invoice, &package), &act, &err), err);
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a"), WPKG_LIT("1.0.0"), &act, &err), err);
	publish(&(struct package){.name = "b", .version = "1.0.0"});
	ck_ok(wpkg_event_list(&events, &arena, store, 0, WPKG_LIT("a"), 100, &err), err);
	ck_assert_uint_eq(events.count, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < events.count; i++) {
		ck_assert(wpkg_str_equal_text(events.items[i].kind, kinds[i]));
		ck_assert(i == 0 || events.items[i].id > events.items[i - 1].id);
	}
	ck_assert(wpkg_str_equal_text(events.items[5].actor, "admin"));
	ck_assert(wpkg_str_equal_text(events.items[5].detail, "because"));
	ck_ok(wpkg_event_list(&events, &arena, store, events.items[1].id, (struct wpkg_str){0}, 2,
			      &err),
	      err);
	ck_assert_uint_eq(events.count, 2);
	ck_assert(wpkg_str_equal_text(events.items[0].kind, "complete"));
	teardown();
}
END_TEST

START_TEST(facts_are_kept_with_the_blob)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_str json;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create(&created, &package, &err), err);
	put(parcels[0]);
	const struct wpkg_module_facts facts = {.digest = digest_of(parcels[0]),
						.json = WPKG_STR("{\"kind\":\"module\"}")};
	const struct wpkg_settlement settlement = {.accepted = true,
						   .verdict = WPKG_STR("{\"accepted\":true}"),
						   .facts = &facts,
						   .fact_count = 1};
	ck_status(wpkg_facts_find(&json, &arena, store, &facts.digest, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_record_settle(store, created.id, &settlement, &err), err);
	ck_ok(wpkg_facts_find(&json, &arena, store, &facts.digest, &err), err);
	ck_assert(wpkg_str_equal(json, facts.json));
	ck_assert(wpkg_str_equal(find(created.id).verdict, settlement.verdict));
	teardown();
}
END_TEST

UNIT_MAIN(a_version_goes_from_incomplete_to_published, a_later_verdict_flags_and_moves_nothing,
	  only_the_pusher_sees_what_is_not_published, creating_again_resumes_refuses_or_begins_anew,
	  a_late_verdict_finds_no_other_record, a_yank_keeps_its_first_reason,
	  a_deleted_version_stays_reserved, names_that_can_be_mistaken_are_refused,
	  a_parcel_of_another_size_than_announced_stays_missing,
	  one_blob_completes_every_version_that_waits_for_it,
	  a_blob_that_we_made_ourselves_waits_for_its_upload,
	  versions_come_in_the_order_of_precedence, every_change_leaves_an_event,
	  facts_are_kept_with_the_blob)
