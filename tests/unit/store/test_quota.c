/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <sqlite3.h>
#include <string.h>

#include "store/quota.h"

static void set(const struct wpkg_quota *items, size_t count)
{
	struct wpkg_err err;
	ck_ok(wpkg_quotas_set(store, &(struct wpkg_quotas){items, count}, &err), err);
}

/* A version of one parcel of so many bytes; the status of creating it. */
static enum wpkg_status push(const char *user, const char *name, const char *version, size_t bytes,
			     struct wpkg_err *err)
{
	struct wpkg_created created;
	const struct wpkg_str parcel = some_bytes(bytes, (unsigned)bytes);
	const struct package package = {
		.name = name, .version = version, .parcels = &parcel, .count = 1, .user = user};
	return create(&created, &package, err);
}

static struct wpkg_usage usage(const char *user, const char *pattern)
{
	struct wpkg_err err;
	struct wpkg_usage out;
	const struct wpkg_quota quota = {.user = wpkg_str_from(user),
					 .pattern = wpkg_str_from(pattern),
					 .bytes = 1,
					 .packages = 1};
	ck_ok(wpkg_quota_usage(&out, store, &quota, quota.user, &err), err);
	return out;
}

START_TEST(a_limit_holds_to_its_last_byte)
{
	ck_assert(wpkg_quota_fits(0, UINT64_MAX, UINT64_MAX)); /* none */
	ck_assert(wpkg_quota_fits(10, 0, 10));
	ck_assert(!wpkg_quota_fits(10, 0, 11));
	ck_assert(wpkg_quota_fits(10, 4, 6));
	ck_assert(!wpkg_quota_fits(10, 5, 6));
	ck_assert(wpkg_quota_fits(10, 99, 0)); /* became smaller */
	ck_assert(!wpkg_quota_fits(10, 99, 1));
	ck_assert(!wpkg_quota_fits(10, UINT64_MAX, UINT64_MAX));
	ck_assert(!wpkg_quota_fits(10, 1, UINT64_MAX));
	ck_assert(wpkg_quota_fits(UINT64_MAX, UINT64_MAX, 0));
	ck_assert(!wpkg_quota_fits(UINT64_MAX, UINT64_MAX, 1));
}
END_TEST

START_TEST(bytes_of_a_user_end_where_they_end)
{
	struct wpkg_err err;
	const struct wpkg_quota quota = {.user = WPKG_STR("jo"), .bytes = 1000};
	setup();
	set(&quota, 1);
	ck_ok(push("jo", "a/b", "1.0.0", 600, &err), err);
	ck_ok(push("jo", "a/b", "1.1.0", 400, &err), err);
	ck_status(push("jo", "a/b", "1.2.0", 1, &err), WPKG_EQUOTA);
	ck_assert_str_eq(err.msg, "the quota of jo is 1000 bytes: 1000 are used, and 1 more were "
				  "asked for");
	ck_ok(push("ann", "a/c", "1.0.0", 5000, &err), err);
	/* What was refused left nothing. */
	ck_assert_uint_eq(usage("jo", "").versions, 2);
	/* The same push again is none. */
	ck_ok(push("jo", "a/b", "1.1.0", 400, &err), err);
	/* A deletion gives back. */
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/b"), WPKG_LIT("1.1.0"), &(struct wpkg_act){0},
				 &err),
	      err);
	ck_ok(push("jo", "a/b", "1.2.0", 400, &err), err);
	teardown();
}
END_TEST

START_TEST(a_prefix_counts_whoever_pushes)
{
	struct wpkg_err err;
	const struct wpkg_quota quota = {
		.pattern = WPKG_STR("team/*"), .bytes = 1000, .packages = 2, .versions = 3};
	setup();
	set(&quota, 1);
	ck_ok(push("jo", "team/a", "1.0.0", 100, &err), err);
	ck_ok(push("ann", "team/b", "1.0.0", 100, &err), err);
	ck_status(push("bob", "team/c", "1.0.0", 100, &err), WPKG_EQUOTA);
	ck_assert_ptr_nonnull(strstr(err.msg, "team/* is 2 packages: 2 are used, and 1 more"));
	ck_ok(push("bob", "teams/c", "1.0.0", 100, &err), err);
	ck_ok(push("bob", "team", "1.0.0", 100, &err), err);
	ck_ok(push("jo", "team/a", "1.1.0", 100, &err), err);
	ck_status(push("jo", "team/a", "1.2.0", 100, &err), WPKG_EQUOTA);
	ck_assert_ptr_nonnull(strstr(err.msg, "3 versions"));
	struct wpkg_usage used = usage("", "team/*");
	ck_assert_uint_eq(used.bytes, 300);
	ck_assert_uint_eq(used.versions, 3);
	ck_assert_uint_eq(used.packages, 2);
	teardown();
}
END_TEST

START_TEST(each_user_has_his_own_where_it_is_so)
{
	struct wpkg_err err;
	const struct wpkg_quota quotas[] = {{.user = WPKG_STR("*"), .packages = 1},
					    {.user = WPKG_STR("jo"), .versions = 2}};
	setup();
	set(quotas, 2);
	ck_ok(push("jo", "a/b", "1.0.0", 1, &err), err);
	ck_status(push("jo", "a/c", "1.0.0", 1, &err), WPKG_EQUOTA);
	ck_ok(push("ann", "a/d", "1.0.0", 1, &err), err);
	ck_ok(push("jo", "a/b", "1.1.0", 1, &err), err);
	ck_status(push("jo", "a/b", "1.2.0", 1, &err), WPKG_EQUOTA);
	ck_ok(push("ann", "a/d", "1.1.0", 1, &err), err);
	ck_ok(push("ann", "a/d", "1.2.0", 1, &err), err);
	/* Others from now on; what is there stays. */
	set(quotas, 0);
	ck_ok(push("jo", "a/e", "1.0.0", 1, &err), err);
	teardown();
}
END_TEST

START_TEST(what_was_rejected_does_not_count)
{
	struct wpkg_err err;
	struct wpkg_created created;
	const struct wpkg_quota quota = {.user = WPKG_STR("jo"), .versions = 1};
	const struct package package = {.name = "a/b", .version = "1.0.0", .user = "jo"};
	setup();
	set(&quota, 1);
	ck_ok(create(&created, &package, &err), err);
	ck_status(push("jo", "a/b", "1.1.0", 5, &err), WPKG_EQUOTA);
	settle(created.id, false);
	ck_ok(push("jo", "a/b", "1.1.0", 5, &err), err);
	teardown();
}
END_TEST

/* What the counters say must be what counting says. */
static void ck_counters(void)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	ck_assert_int_eq(sqlite3_open(in_folder("registry.db"), &db), SQLITE_OK);
	static const char sql[] =
		"SELECT count(*) FROM (SELECT name_id, pusher, versions, bytes FROM usage "
		"WHERE versions > 0 OR bytes > 0 EXCEPT SELECT name_id, pusher, count(*), "
		"sum(size) "
		"FROM records WHERE state <> 3 GROUP BY name_id, pusher) "
		"UNION ALL SELECT count(*) FROM (SELECT name_id, pusher, count(*), sum(size) "
		"FROM records WHERE state <> 3 GROUP BY name_id, pusher "
		"EXCEPT SELECT name_id, pusher, versions, bytes FROM usage)";
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		ck_assert_int_eq(sqlite3_column_int(statement, 0), 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

START_TEST(the_counters_are_those_of_the_versions)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options all = {.grace = -1, .incomplete = -1};
	const struct package rejected = {.name = "a/b", .version = "2.0.0", .user = "jo"};
	setup();
	ck_ok(push("jo", "a/b", "1.0.0", 10, &err), err);
	ck_ok(push("ann", "a/c", "1.0.0", 20, &err), err);
	ck_counters();
	ck_ok(create(&created, &rejected, &err), err);
	settle(created.id, false);
	ck_counters();
	/* Begun anew, then published, then deleted. */
	ck_ok(create(&created, &rejected, &err), err);
	settle(created.id, true);
	ck_counters();
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/b"), WPKG_LIT("2.0.0"), &(struct wpkg_act){0},
				 &err),
	      err);
	ck_counters();
	/* Incomplete ones expire, and a name that was only tried goes with them. */
	ck_ok(wpkg_store_gc(&report, store, &all, &err), err);
	ck_assert_uint_eq(report.expired, 2);
	ck_counters();
	ck_assert_uint_eq(usage("jo", "").versions, 0);
	teardown();
}
END_TEST

START_TEST(a_question_is_answered_before_anything_comes)
{
	struct wpkg_err err;
	const struct wpkg_quota quota = {.user = WPKG_STR("jo"), .bytes = 1000, .packages = 1};
	struct wpkg_quota_question question = {
		.user = WPKG_STR("jo"), .name = WPKG_STR("a/b"), .bytes = 1000};
	setup();
	set(&quota, 1);
	ck_ok(wpkg_quota_check(store, &question, &err), err);
	question.bytes = 1001;
	ck_status(wpkg_quota_check(store, &question, &err), WPKG_EQUOTA);
	ck_ok(push("jo", "a/b", "1.0.0", 10, &err), err);
	question.bytes = 990;
	ck_ok(wpkg_quota_check(store, &question, &err), err);
	question.name = WPKG_LIT("a/new");
	ck_status(wpkg_quota_check(store, &question, &err), WPKG_EQUOTA);
	ck_assert_ptr_nonnull(strstr(err.msg, "packages"));
	question.user = WPKG_LIT("ann");
	ck_ok(wpkg_quota_check(store, &question, &err), err);
	teardown();
}
END_TEST

UNIT_MAIN(a_limit_holds_to_its_last_byte, bytes_of_a_user_end_where_they_end,
	  a_prefix_counts_whoever_pushes, each_user_has_his_own_where_it_is_so,
	  what_was_rejected_does_not_count, the_counters_are_those_of_the_versions,
	  a_question_is_answered_before_anything_comes)
