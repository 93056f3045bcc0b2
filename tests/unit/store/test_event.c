/* SPDX-License-Identifier: Apache-2.0 */
/* Events: from where, never changed, forgotten only when they are old. */
#include "registry.h"

#include <sqlite3.h>

static struct wpkg_event_list list_events(void)
{
	struct wpkg_err err;
	struct wpkg_event_list events;
	ck_ok(wpkg_event_list(&events, &arena, store, 0, WPKG_LIT(""), 1000, &err), err);
	return events;
}

static size_t count_kind(const char *kind)
{
	struct wpkg_event_list events = list_events();
	size_t count = 0;
	for (size_t i = 0; i < events.count; i++)
		count += wpkg_str_equal_text(events.items[i].kind, kind);
	return count;
}

/* What SQLite says of a statement, whoever runs it. */
static int run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	ck_assert_int_eq(sqlite3_open(in_folder("registry.db"), &db), SQLITE_OK);
	int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return code;
}

static int64_t push_from(const char *name, const char *address, bool accepted)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_invoice *invoice = NULL;
	struct package package = {.name = name, .version = "1.0.0"};
	struct wpkg_new_record record = {.pusher = WPKG_LIT("jo"),
					 .address = wpkg_str_from(address)};
	record.text = canonical(&invoice, &package);
	record.invoice = invoice;
	ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
	settle(created.id, accepted);
	return created.id;
}

static uint64_t forget(int64_t before)
{
	struct wpkg_err err;
	uint64_t count = 99;
	const struct wpkg_event_forget wanted = {.before = before, .last = INT64_MAX};
	ck_ok(wpkg_event_forget(&count, store, &wanted, &err), err);
	return count;
}

#define FUTURE INT64_C(32503680000)

START_TEST(an_event_says_from_where_also_after_admission)
{
	setup();
	push_from("a/b", "192.0.2.7", true);
	struct wpkg_event_list events = list_events();
	ck_assert_uint_eq(events.count, 4); /* own, create, complete, publish */
	for (size_t i = 0; i < events.count; i++) {
		bool of_server = wpkg_str_equal_text(events.items[i].kind, "complete");
		ck_assert(
			wpkg_str_equal_text(events.items[i].address, of_server ? "" : "192.0.2.7"));
	}
	teardown();
}
END_TEST

START_TEST(the_database_refuses_to_change_what_happened)
{
	setup();
	push_from("a/b", "192.0.2.7", true);
	ck_assert_int_eq(run_sql("UPDATE events SET actor = 'ann'"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("DELETE FROM events"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("DELETE FROM event_horizon"), SQLITE_CONSTRAINT);
	ck_assert_int_eq(run_sql("UPDATE event_horizon SET forgotten_before = -1"),
			 SQLITE_CONSTRAINT);
	ck_assert_uint_eq(list_events().count, 4);
	teardown();
}
END_TEST

START_TEST(what_is_old_is_forgotten_but_not_who_published_what_is_there)
{
	struct wpkg_err err;
	const struct wpkg_act act = {.actor = WPKG_STR("ann"), .address = WPKG_STR("local")};
	setup();
	push_from("a/kept", "192.0.2.7", true);
	push_from("a/gone", "192.0.2.8", true);
	push_from("a/bad", "192.0.2.9", false);
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/gone"), WPKG_LIT("1.0.0"), &act, &err), err);
	ck_assert_uint_eq(forget(1), 0);
	ck_assert_uint_eq(count_kind("forget"), 0);
	/* 3 x own, create, complete; one publish; reject; delete */
	ck_assert_uint_eq(forget(FUTURE), 12);
	struct wpkg_event_list events = list_events();
	ck_assert_uint_eq(events.count, 2);
	ck_assert(wpkg_str_equal_text(events.items[0].kind, "publish"));
	ck_assert(wpkg_str_equal_text(events.items[0].name, "a/kept"));
	ck_assert(wpkg_str_equal_text(events.items[1].kind, "forget"));
	ck_assert(wpkg_str_starts(events.items[1].detail, WPKG_LIT("12 events before ")));
	teardown();
}
END_TEST

START_TEST(nothing_behind_the_last_is_forgotten)
{
	struct wpkg_err err;
	uint64_t count = 0;
	setup();
	push_from("a/bad", "192.0.2.9", false);
	const struct wpkg_event_forget wanted = {.before = FUTURE,
						 .last = list_events().items[1].id};
	ck_ok(wpkg_event_forget(&count, store, &wanted, &err), err);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(count_kind("complete"), 1);
	ck_assert_uint_eq(count_kind("reject"), 1);
	teardown();
}
END_TEST

START_TEST(many_events_are_forgotten_step_by_step)
{
	setup();
	for (int i = 0; i < 400; i++)
		push_from(wpkg_arena_format(&arena, "a/bad%d", i).ptr, "192.0.2.9", false);
	ck_assert_uint_eq(forget(FUTURE), 1600);
	ck_assert_uint_eq(list_events().count, 1);
	teardown();
}
END_TEST

UNIT_MAIN(an_event_says_from_where_also_after_admission,
	  the_database_refuses_to_change_what_happened,
	  what_is_old_is_forgotten_but_not_who_published_what_is_there,
	  nothing_behind_the_last_is_forgotten, many_events_are_forgotten_step_by_step)
