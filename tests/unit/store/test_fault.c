/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk fails at each of its calls in turn, under a push from its first word to its last: what
 * was answered with WPKG_OK is there afterwards, everything else can be done again, and fsck finds
 * nothing. The disk is tests/fault/inject.c, which this program starts itself again with.
 */
/* Hundreds of stores, and the disk that fails is not the real one: none of them needs to be. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"
#include "session.h"

#include <dlfcn.h>
#include <libgen.h>

static void (*inject)(const char *what);
static int (*inject_reached)(void);

#define SMALL some_bytes(1000, 1)
#define LARGE some_bytes(200000, 2)

/* What was acknowledged. */
struct promises {
	int64_t id;
	bool created;
	bool small;
	bool large;
	bool settled;
	bool granted;
};

static struct package package_of(const struct wpkg_str *parcels)
{
	return (struct package){
		.name = "a/b", .version = "1.0.0", .parcels = parcels, .count = 2, .user = "jo"};
}

static bool push_one(struct wpkg_str bytes)
{
	struct wpkg_digest digest = digest_of(bytes);
	return wpkg_blob_put(NULL, store, &digest, bytes, NULL) == WPKG_OK;
}

static void push(struct promises *promises)
{
	const struct wpkg_str parcels[] = {SMALL, LARGE};
	struct package package = package_of(parcels);
	struct wpkg_created created;
	struct wpkg_err err;
	const struct wpkg_grant grant = {
		.pattern = WPKG_STR("a/*"), .user = WPKG_STR("eve"), .right = WPKG_RIGHT_YANK};
	const struct wpkg_act act = {0};
	const struct wpkg_settlement settlement = {.accepted = true, .verdict = WPKG_STR("{}")};
	if (!promises->created && create(&created, &package, &err) == WPKG_OK) {
		promises->created = true;
		promises->id = created.id;
	}
	promises->small = promises->small || push_one(SMALL);
	promises->large = promises->large || push_one(LARGE);
	if (promises->created && promises->small && promises->large && !promises->settled)
		promises->settled =
			wpkg_record_settle(store, promises->id, &settlement, NULL) == WPKG_OK;
	promises->granted =
		promises->granted || wpkg_grant_add(store, &grant, &act, NULL) == WPKG_OK;
}

static void ck_promises(const struct promises *promises)
{
	struct wpkg_err err;
	struct wpkg_grant_list grants;
	if (promises->created)
		ck_assert(wpkg_str_equal_text(find(promises->id).version, "1.0.0"));
	if (promises->small)
		ck_blob(SMALL);
	if (promises->large)
		ck_blob(LARGE);
	if (promises->settled)
		ck_state(promises->id, WPKG_RECORD_PUBLISHED);
	ck_ok(wpkg_grant_list(&grants, &arena, store, WPKG_LIT("eve"), &err), err);
	if (promises->granted)
		ck_assert_uint_eq(grants.count, 1);
}

/* Files without a row may be left by a failed commit; nothing worse. */
static void ck_undamaged(void)
{
	struct wpkg_err err;
	struct wpkg_fsck_report report;
	struct wpkg_gc_report collected;
	ck_ok(wpkg_store_fsck(&report, store, NULL, &err), err);
	ck_assert_uint_eq(report.damage, 0);
	ck_ok(wpkg_store_gc(&collected, store, NULL, &err), err);
	ck_fsck(0, 0);
}

static bool fail_at(const char *call, int n, const char *how)
{
	struct promises promises = {0};
	setup();
	inject(wpkg_arena_format(&arena, "%s:%d:%s", call, n, how).ptr);
	push(&promises);
	int hit = inject_reached();
	inject(NULL);
	/* The same store goes on, and so does the next that opens the folder. */
	ck_promises(&promises);
	close_store();
	open_store(WPKG_STORE_SERVE);
	ck_promises(&promises);
	ck_undamaged();
	push(&promises);
	ck_assert(promises.settled && promises.granted);
	ck_promises(&promises);
	ck_fsck(0, 0);
	ck_assert_int_eq(rmdir(in_folder("tmp")), 0);
	teardown();
	return hit != 0;
}

static void fail_each(const char *call, const char *how)
{
	int n = 0;
	while (fail_at(call, n, how))
		n++;
	ck_assert_msg(n >= 2, "%s was called %d times", call, n);
}

START_TEST(a_write_that_fails_loses_nothing)
{
	fail_each("write", "enospc");
	fail_each("write", "eio");
}
END_TEST

START_TEST(a_disk_that_stays_full_loses_nothing)
{
	fail_each("write", "enospc-on");
}
END_TEST

START_TEST(a_sync_that_fails_loses_nothing)
{
	fail_each("sync", "eio");
	fail_each("sync", "enospc");
	fail_each("sync", "eio-on");
}
END_TEST

START_TEST(a_rename_that_fails_loses_nothing)
{
	ck_assert(fail_at("rename", 0, "enospc"));
	ck_assert(fail_at("rename", 0, "eio-on"));
}
END_TEST

START_TEST(short_writes_are_completed)
{
	struct promises promises = {0};
	setup();
	inject("write:0:short-on");
	push(&promises);
	ck_assert(inject_reached());
	ck_assert(promises.settled && promises.granted);
	inject(NULL);
	ck_promises(&promises);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_full_disk_has_its_own_status)
{
	struct wpkg_err err;
	setup();
	inject("write:0:enospc-on");
	struct wpkg_str bytes = SMALL;
	ck_status(wpkg_blob_put(NULL, store, NULL, bytes, &err), WPKG_EFULL);
	bytes = LARGE;
	ck_status(wpkg_blob_put(NULL, store, NULL, bytes, &err), WPKG_EFULL);
	ck_status(wpkg_store_check(store, &err), WPKG_EFULL);
	inject(NULL);
	ck_ok(wpkg_store_check(store, &err), err);
	teardown();
}
END_TEST

/* Sessions: a pause that was answered is what the next start goes on from. */

static bool send_part(const char *id, struct wpkg_str bytes, uint64_t *durable, bool last)
{
	struct wpkg_session *session = NULL;
	struct wpkg_content_digest digest;
	uint64_t offset = 0;
	if (wpkg_session_take(&session, &offset, store, WPKG_LIT("a/b"), wpkg_str_from(id), NULL) !=
	    WPKG_OK)
		return false;
	ck_assert_uint_ge(offset, *durable);
	uint64_t end = last ? bytes.len : offset + 70000;
	if (wpkg_session_write(session, wpkg_str_slice(bytes, (size_t)offset, (size_t)end), NULL) !=
	    WPKG_OK) {
		wpkg_session_drop(session);
		return false;
	}
	ck_assert_int_eq(wpkg_content_digest_of(&digest, WPKG_SHA256, bytes, NULL), WPKG_OK);
	bool good = (last ? finish_session(session, &digest) : pause_session(session, &offset)) ==
		    WPKG_OK;
	if (good && !last)
		*durable = end;
	return good;
}

static bool fail_session_at(const char *call, int n, const char *how)
{
	struct wpkg_err err;
	char id[WPKG_SESSION_ID];
	uint64_t durable = 0;
	const struct wpkg_session_options options = {.name = WPKG_STR("a/b")};
	setup();
	struct wpkg_str bytes = some_bytes(200000, 5);
	ck_ok(wpkg_session_new(id, store, &options, &err), err);
	inject(wpkg_arena_format(&arena, "%s:%d:%s", call, n, how).ptr);
	bool good = send_part(id, bytes, &durable, false) &&
		    send_part(id, bytes, &durable, false) && send_part(id, bytes, &durable, true);
	int hit = inject_reached();
	inject(NULL);
	close_store();
	open_store(WPKG_STORE_SERVE);
	if (good)
		ck_blob(bytes);
	else if (durable > 0 && send_part(id, bytes, &durable, true))
		ck_blob(bytes);
	ck_undamaged();
	teardown();
	return hit != 0;
}

static void fail_each_of_session(const char *call, const char *how)
{
	int n = 0;
	while (fail_session_at(call, n, how))
		n++;
	ck_assert_int_ge(n, 1);
}

START_TEST(a_session_on_a_failing_disk_keeps_what_it_promised)
{
	fail_each_of_session("write", "enospc");
	fail_each_of_session("write", "eio-on");
	fail_each_of_session("sync", "eio");
	fail_each_of_session("rename", "eio");
}
END_TEST

static int run_tests(void)
{
	const TTest *const tests[] = {a_write_that_fails_loses_nothing,
				      a_disk_that_stays_full_loses_nothing,
				      a_sync_that_fails_loses_nothing,
				      a_rename_that_fails_loses_nothing,
				      short_writes_are_completed,
				      a_full_disk_has_its_own_status,
				      a_session_on_a_failing_disk_keeps_what_it_promised};
	return unit_run(__FILE__, tests, sizeof(tests) / sizeof(tests[0]));
}

/* The library lies beside the folder of the unit tests. */
int main(int argc, char **argv)
{
	char path[4096];
	char here[2048];
	ssize_t length = readlink("/proc/self/exe", here, sizeof(here) - 1);
	(void)argc;
	inject = (void (*)(const char *))dlsym(RTLD_DEFAULT, "inject");
	inject_reached = (int (*)(void))dlsym(RTLD_DEFAULT, "inject_reached");
	if (inject)
		return run_tests();
	if (length < 0 || getenv("WPKG_INJECT_TRIED")) {
		puts("the failing disk cannot be loaded\n0 passed, 1 failed, 0 skipped");
		return EXIT_FAILURE;
	}
	here[length] = '\0';
	snprintf(path, sizeof(path), "%s/../../fault/libinject.so", dirname(here));
	setenv("LD_PRELOAD", path, 1);
	/* AddressSanitizer wants to be the first library unless it is told that it need not be. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	setenv("WPKG_INJECT_TRIED", "1", 1);
	execv("/proc/self/exe", argv);
	return EXIT_FAILURE;
}
