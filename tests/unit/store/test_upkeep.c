/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <sqlite3.h>
#include <sys/file.h>

static struct wpkg_gc_report collect(struct wpkg_gc_options options)
{
	struct wpkg_err err;
	struct wpkg_gc_report report;
	ck_ok(wpkg_store_gc(&report, store, &options, &err), err);
	return report;
}

/* The database as a person with SQLite's shell would treat it. */
static void run_sql(const char *sql)
{
	sqlite3 *handle = NULL;
	ck_assert_int_eq(sqlite3_open(in_folder("registry.db"), &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 10000);
	char *problem = NULL;
	ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, &problem) == SQLITE_OK, "%s: %s", sql,
		      problem);
	sqlite3_close(handle);
}

static const char *blob_path(struct wpkg_str bytes)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest = digest_of(bytes);
	wpkg_digest_format(hex, &digest);
	return wpkg_arena_format(&arena, "%s/blobs/%.2s/%.2s/%s", folder, hex, hex + 2, hex).ptr;
}

START_TEST(gc_keeps_what_is_needed_and_what_is_young)
{
	struct wpkg_err err;
	struct wpkg_created created;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2)};
	struct wpkg_str loose = some_bytes(10, 3);
	struct wpkg_str large = some_bytes(100000, 4);
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 2};
	publish(&package);
	put(loose);
	put(large);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){0}).blobs, 0);
	struct wpkg_gc_report report =
		collect((struct wpkg_gc_options){.grace = -1, .dry_run = true});
	ck_assert_uint_eq(report.blobs, 2);
	ck_blob(loose);
	report = collect((struct wpkg_gc_options){.grace = -1});
	ck_assert_uint_eq(report.blobs, 2);
	ck_assert_uint_eq(report.bytes, 100010);
	ck_no_blob(loose);
	ck_no_blob(large);
	ck_assert_int_ne(access(blob_path(large), F_OK), 0);
	ck_blob(parcels[0]);
	ck_blob(parcels[1]);
	/* What an unfinished push has sent so far is needed. */
	const struct wpkg_str more[] = {some_bytes(20, 5), some_bytes(20, 6)};
	package = (struct package){.name = "a", .version = "2.0.0", .parcels = more, .count = 2};
	ck_ok(create(&created, &package, &err), err);
	put(more[0]);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){.grace = -1}).blobs, 0);
	put(more[1]);
	ck_state(created.id, WPKG_RECORD_CHECKING);
	/* What was refused is kept for the grace. */
	settle(created.id, false);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){0}).blobs, 0);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){.grace = -1}).blobs, 2);
	ck_state(created.id, WPKG_RECORD_REJECTED);
	ck_ok(create(&created, &package, &err), err);
	ck_assert_uint_eq(created.missing_count, 2);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(gc_ends_what_was_never_completed)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_access access;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct package package = {
		.name = "tried", .version = "1.0.0", .parcels = parcels, .count = 1, .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	package.name = "owned";
	ck_ok(create(&created, &package, &err), err);
	const struct wpkg_act act = {0};
	ck_ok(wpkg_owner_set(store, WPKG_LIT("owned"), WPKG_LIT("jo"), &act, &err), err);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){0}).expired, 0);
	ck_assert_uint_eq(
		collect((struct wpkg_gc_options){.incomplete = -1, .dry_run = true}).expired, 2);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){.incomplete = -1}).expired, 2);
	/* A name that was only tried is free; one that was given is not. */
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("x"), WPKG_LIT("tried"), &err),
	      err);
	ck_assert_uint_eq(access.owner.len, 0);
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("x"), WPKG_LIT("owned"), &err),
	      err);
	ck_assert(wpkg_str_equal_text(access.owner, "jo"));
	package.name = "tr1ed";
	ck_ok(create(&created, &package, &err), err);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(gc_finds_files_without_a_row)
{
	struct wpkg_err err;
	setup();
	struct wpkg_str known = some_bytes(100000, 1);
	struct wpkg_str stray = some_bytes(100000, 2);
	put(known);
	char *copy = wpkg_mem_dup_text(blob_path(stray), strlen(blob_path(stray)));
	*strrchr(copy, '/') = '\0';
	ck_ok(wpkg_file_make_dirs(AT_FDCWD, copy, 0700, &err), err);
	wpkg_mem_free(copy);
	ck_ok(wpkg_file_write(AT_FDCWD, blob_path(stray), WPKG_LIT("torn"), 0600, 0, &err), err);
	ck_fsck(0, 1);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){.dry_run = true}).files, 1);
	ck_assert_uint_eq(collect((struct wpkg_gc_options){0}).files, 1);
	ck_assert_int_ne(access(blob_path(stray), F_OK), 0);
	/* A torn file of a crash is in nobody's way. */
	ck_ok(wpkg_file_write(AT_FDCWD, blob_path(stray), WPKG_LIT("torn"), 0600, 0, &err), err);
	put(stray);
	ck_blob(stray);
	ck_blob(known);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

struct findings {
	unsigned counts[16];
	unsigned repaired;
};

static void count_finding(void *user, const struct wpkg_finding *finding)
{
	struct findings *findings = user;
	findings->counts[finding->kind]++;
	findings->repaired += finding->repaired;
	ck_assert_uint_gt(finding->subject.len, 0);
	ck_assert_uint_gt(finding->detail.len, 0);
}

static struct findings check(bool repair)
{
	struct wpkg_err err;
	struct findings findings = {0};
	struct wpkg_fsck_report report;
	const struct wpkg_fsck_options options = {
		.repair = repair, .found = count_finding, .user = &findings};
	ck_ok(wpkg_store_fsck(&report, store, &options, &err), err);
	return findings;
}

static void overwrite(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(fsck_finds_each_kind_of_damage_and_repair_heals_what_comes_again)
{
	setup();
	const struct wpkg_str parcels[] = {some_bytes(100000, 1), some_bytes(100000, 2),
					   some_bytes(100000, 3), some_bytes(50, 4)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 4};
	int64_t id = publish(&package);
	overwrite(blob_path(parcels[0]), "changed");
	ck_assert_int_eq(truncate(blob_path(parcels[1]), 77), 0);
	ck_assert_int_eq(unlink(blob_path(parcels[2])), 0);
	run_sql("UPDATE blob_bytes SET bytes = x'00' WHERE blob_id = "
		"(SELECT id FROM blobs WHERE size = 50)");
	struct findings findings = check(false);
	ck_assert_uint_eq(findings.counts[WPKG_FINDING_BLOB_DAMAGED], 3);
	ck_assert_uint_eq(findings.counts[WPKG_FINDING_BLOB_ABSENT], 1);
	ck_assert_uint_eq(findings.repaired, 0);
	findings = check(true);
	ck_assert_uint_eq(findings.repaired, 4);
	ck_assert_uint_eq(findings.counts[WPKG_FINDING_PARCEL_ABSENT], 4);
	ck_assert_uint_eq(findings.counts[WPKG_FINDING_MANIFEST], 4);
	findings = check(true);
	ck_assert_uint_eq(findings.counts[WPKG_FINDING_BLOB_SET_ASIDE], 4);
	ck_assert_uint_eq(findings.repaired, 0);
	ck_state(id, WPKG_RECORD_PUBLISHED);
	ck_assert_int_eq(access(in_folder("damaged"), F_OK), 0);
	for (size_t i = 0; i < 4; i++)
		ck_no_blob(parcels[i]);
	struct wpkg_err err;
	struct wpkg_digests missing;
	ck_ok(wpkg_record_missing(&missing, &arena, store, id, &err), err);
	ck_assert_uint_eq(missing.count, 4);
	for (size_t i = 0; i < 4; i++) {
		put(parcels[i]);
		ck_blob(parcels[i]);
	}
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_version_in_checking_waits_for_its_damaged_parcel)
{
	struct wpkg_err err;
	struct wpkg_created created;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(100000, 1)};
	struct package package = {.name = "a", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create(&created, &package, &err), err);
	put(parcels[0]);
	overwrite(blob_path(parcels[0]), "changed");
	check(true);
	ck_state(created.id, WPKG_RECORD_INCOMPLETE);
	put(parcels[0]);
	ck_state(created.id, WPKG_RECORD_CHECKING);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(fsck_reads_every_invoice)
{
	setup();
	publish(&(struct package){.name = "a", .version = "1.0.0"});
	publish(&(struct package){.name = "b", .version = "1.0.0"});
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	publish(&(struct package){.name = "c", .version = "1.0.0", .parcels = parcels, .count = 1});
	ck_fsck(0, 0);
	run_sql("UPDATE record_texts SET invoice = 'x' WHERE record_id = 1");
	ck_assert_uint_eq(check(true).counts[WPKG_FINDING_INVOICE], 1);
	run_sql("DELETE FROM record_parcels WHERE record_id = 3");
	ck_assert_uint_eq(check(false).counts[WPKG_FINDING_INVOICE], 2);
	run_sql("PRAGMA foreign_keys = OFF; DELETE FROM names WHERE name = 'b'");
	ck_assert_uint_gt(check(false).counts[WPKG_FINDING_DATABASE], 0);
	teardown();
}
END_TEST

START_TEST(a_strange_file_is_said_and_left_alone)
{
	struct wpkg_err err;
	setup();
	put(some_bytes(100000, 1));
	ck_ok(wpkg_file_write(AT_FDCWD, in_folder("blobs/readme"), WPKG_LIT("x"), 0600, 0, &err),
	      err);
	ck_ok(wpkg_file_make_dirs(AT_FDCWD, in_folder("blobs/00/11/deep"), 0700, &err), err);
	ck_assert_uint_eq(check(true).counts[WPKG_FINDING_FILE_STRANGE], 2);
	collect((struct wpkg_gc_options){.grace = -1});
	ck_assert_int_eq(access(in_folder("blobs/readme"), F_OK), 0);
	ck_fsck(0, 2);
	teardown();
}
END_TEST

START_TEST(a_newer_or_broken_database_is_refused)
{
	struct wpkg_err err;
	setup();
	close_store();
	run_sql("INSERT INTO migrations VALUES (999, 'future', 0)");
	ck_status(wpkg_store_open(&store, folder, NULL, &err), WPKG_EINVAL);
	ck_assert(wpkg_str_contains(wpkg_str_from(err.msg), WPKG_LIT("newer")));
	run_sql("DELETE FROM migrations WHERE number = 999");
	open_store(WPKG_STORE_SERVE);
	close_store();
	unlink(in_folder("registry.db-wal"));
	ck_assert_int_eq(truncate(in_folder("registry.db"), 100), 0);
	overwrite(in_folder("registry.db"), "this is no database");
	ck_status(wpkg_store_open(&store, folder, NULL, &err), WPKG_EIO);
	store = NULL;
	teardown();
}
END_TEST

START_TEST(two_cannot_collect_at_once_and_exports_hold_gc_off)
{
	struct wpkg_err err;
	struct wpkg_gc_report report;
	setup();
	int fd = open(in_folder("hold"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_SH), 0);
	ck_status(wpkg_store_gc(&report, store, NULL, &err), WPKG_EBUSY);
	close(fd);
	ck_ok(wpkg_store_gc(&report, store, NULL, &err), err);
	teardown();
}
END_TEST

UNIT_MAIN(gc_keeps_what_is_needed_and_what_is_young, gc_ends_what_was_never_completed,
	  gc_finds_files_without_a_row,
	  fsck_finds_each_kind_of_damage_and_repair_heals_what_comes_again,
	  a_version_in_checking_waits_for_its_damaged_parcel, fsck_reads_every_invoice,
	  a_strange_file_is_said_and_left_alone, a_newer_or_broken_database_is_refused,
	  two_cannot_collect_at_once_and_exports_hold_gc_off)
