/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation fails in turn: the call says so, nothing is left of it, and once there is memory
 * again it works on the same store. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"
#include "session.h"
#include "store/backup.h"
#include "store/quota.h"
#include "store/webhook.h"

#include "pkg/oci_manifest.h"
#include "store/manifest.h"
#include "store/repository.h"
#include "store/tag.h"

/* Results of calls under test go here, so that the test's own memory is not in the way. */
static struct wpkg_arena scratch;

static enum wpkg_status reopen(void)
{
	struct wpkg_err err;
	close_store();
	return wpkg_store_open(&store, folder, NULL, &err);
}

START_TEST(opening)
{
	setup();
	unit_fail_each_allocation(reopen());
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static enum wpkg_status put_bytes(struct wpkg_str bytes)
{
	struct wpkg_err err;
	return wpkg_blob_put(NULL, store, NULL, bytes, &err);
}

START_TEST(uploading)
{
	setup();
	struct wpkg_str small = some_bytes(1000, 1);
	struct wpkg_str large = some_bytes(200000, 2);
	unit_fail_each_allocation(put_bytes(small));
	unit_fail_each_allocation(put_bytes(large));
	ck_blob(small);
	ck_blob(large);
	ck_fsck(0, 0);
	ck_assert_int_eq(rmdir(in_folder("tmp")), 0);
	teardown();
}
END_TEST

static enum wpkg_status open_blob(struct wpkg_str bytes, const struct wpkg_digest *digest)
{
	struct wpkg_err err;
	struct wpkg_blob blob;
	enum wpkg_status status = wpkg_blob_open(&blob, store, digest, &err);
	if (status == WPKG_OK) {
		ck_assert_uint_eq(blob.size, bytes.len);
		wpkg_blob_close(&blob);
	}
	return status;
}

START_TEST(reading_blobs)
{
	setup();
	struct wpkg_str bytes = some_bytes(1000, 1);
	put(bytes);
	struct wpkg_digest digest = digest_of(bytes);
	unit_fail_each_allocation(open_blob(bytes, &digest));
	teardown();
}
END_TEST

static enum wpkg_status create_with(const struct wpkg_new_record *record)
{
	struct wpkg_err err;
	struct wpkg_created created;
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status = wpkg_record_create(&created, &scratch, store, record, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

static enum wpkg_status settle_with(const struct wpkg_settlement *settlement)
{
	struct wpkg_err err;
	return wpkg_record_settle(store, 1, settlement, &err);
}

static enum wpkg_status yank_with(struct wpkg_str text)
{
	struct wpkg_err err;
	const struct wpkg_act act = {.actor = WPKG_STR("jo")};
	return wpkg_record_yank(store, 1, text, &act, &err);
}

static enum wpkg_status delete_it(void)
{
	struct wpkg_err err;
	const struct wpkg_act act = {.actor = WPKG_STR("jo")};
	return wpkg_record_delete(store, WPKG_LIT("a/b"), WPKG_LIT("1.0.0"), &act, &err);
}

START_TEST(a_versions_life)
{
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2)};
	struct package package = {.name = "a/b",
				  .version = "1.0.0",
				  .parcels = parcels,
				  .count = 2,
				  .user = "jo",
				  .description = "text"};
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_new_record record = {.pusher = WPKG_STR("jo")};
	record.text = canonical(&invoice, &package);
	record.invoice = invoice;
	unit_fail_each_allocation(create_with(&record));
	unit_fail_each_allocation(put_bytes(parcels[0]));
	unit_fail_each_allocation(put_bytes(parcels[1]));
	ck_state(1, WPKG_RECORD_CHECKING);
	const struct wpkg_settlement settlement = {.accepted = true, .verdict = WPKG_STR("{}")};
	unit_fail_each_allocation(settle_with(&settlement));
	ck_state(1, WPKG_RECORD_PUBLISHED);
	package.more = "yanked = true";
	const struct wpkg_str text = canonical(&invoice, &package);
	unit_fail_each_allocation(yank_with(text));
	ck_state(1, WPKG_RECORD_YANKED);
	ck_fsck(0, 0);
	unit_fail_each_allocation(delete_it());
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static enum wpkg_status query_with(const struct wpkg_query *query)
{
	struct wpkg_err err;
	struct wpkg_query_result result;
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status = wpkg_query_run(&result, &scratch, store, query, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

static enum wpkg_status list_all(void)
{
	struct wpkg_err err;
	struct wpkg_record_list records;
	struct wpkg_event_list events;
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status =
		wpkg_record_versions(&records, &scratch, store, WPKG_LIT("a/b"), &nobody, &err);
	if (status == WPKG_OK)
		status = wpkg_event_list(&events, &scratch, store, 0, WPKG_LIT(""), 100, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

START_TEST(searching)
{
	setup();
	for (unsigned i = 0; i < 20; i++)
		publish(&(struct package){.name = "a/b",
					  .version = wpkg_arena_format(&arena, "1.0.%u", i).ptr,
					  .description =
						  wpkg_arena_format(&arena, "word%u", i).ptr});
	const struct wpkg_query terms = {.match = WPKG_QUERY_TERMS, .text = WPKG_STR("word")};
	const struct wpkg_query prefix = {
		.match = WPKG_QUERY_PREFIX, .text = WPKG_STR("a"), .version = WPKG_STR("^1")};
	unit_fail_each_allocation(query_with(&terms));
	unit_fail_each_allocation(query_with(&prefix));
	unit_fail_each_allocation(list_all());
	teardown();
}
END_TEST

static enum wpkg_status collect(void)
{
	struct wpkg_err err;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options all = {
		.grace = -1, .incomplete = -1, .sessions = -1, .untagged = -1};
	return wpkg_store_gc(&report, store, &all, &err);
}

static enum wpkg_status check(void)
{
	struct wpkg_err err;
	struct wpkg_fsck_report report;
	enum wpkg_status status = wpkg_store_fsck(&report, store, NULL, &err);
	ck_assert(status != WPKG_OK || report.damage == 0);
	return status;
}

static enum wpkg_status export_to(const char *target)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	enum wpkg_status status = wpkg_store_export(&report, store, target, NULL, &err);
	if (wpkg_mem_fail_reached()) {
		wpkg_mem_fail_never();
		ck_ok(wpkg_file_remove_tree(AT_FDCWD, target, &err), err);
	}
	return status;
}

static enum wpkg_status import_from(const char *source)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	return wpkg_store_import(&report, store, source, NULL, &err);
}

START_TEST(upkeep)
{
	struct wpkg_created created;
	struct wpkg_err err;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2)};
	struct package package = {
		.name = "a/b", .version = "1.0.0", .parcels = parcels, .count = 2, .user = "jo"};
	publish(&package);
	package.version = "1.0.1";
	publish(&package);
	const struct wpkg_str missing[] = {some_bytes(11, 3)};
	package = (struct package){
		.name = "a/b", .version = "2.0.0", .parcels = missing, .count = 1, .user = "jo"};
	ck_ok(create(&created, &package, &err), err);
	put(some_bytes(100001, 4));
	unit_fail_each_allocation(check());
	const char *target = in_folder("export");
	unit_fail_each_allocation(export_to(target));
	unit_fail_each_allocation(collect());
	const struct wpkg_act act = {0};
	ck_ok(wpkg_owner_set(store, WPKG_LIT("x"), WPKG_LIT("y"), &act, &err), err);
	close_store();
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, in_folder("registry.db"), &err), err);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, in_folder("registry.db-wal"), &err), err);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, in_folder("registry.db-shm"), &err), err);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, in_folder("blobs"), &err), err);
	open_store(WPKG_STORE_SERVE);
	unit_fail_each_allocation(import_from(target));
	ck_blob(parcels[0]);
	ck_blob(parcels[1]);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

/* Repositories */

/* All of a session with one pause; from its beginning where it was lost. */
static enum wpkg_status send_blob(struct wpkg_str bytes, const struct wpkg_content_digest *digest)
{
	struct wpkg_err err;
	struct wpkg_session *session = NULL;
	char id[WPKG_SESSION_ID];
	uint64_t offset = 0;
	const struct wpkg_session_options options = {.name = WPKG_STR("a/b")};
	enum wpkg_status status = wpkg_session_new(id, store, &options, &err);
	if (status == WPKG_OK)
		status = wpkg_session_take(&session, &offset, store, WPKG_LIT("a/b"),
					   wpkg_str_from(id), &err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_session_write(session, wpkg_str_slice(bytes, 0, 70000), &err);
	if (status != WPKG_OK) {
		wpkg_session_drop(session);
		return status;
	}
	status = pause_session(session, &offset);
	if (status == WPKG_OK)
		status = wpkg_session_take(&session, &offset, store, WPKG_LIT("a/b"),
					   wpkg_str_from(id), &err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_session_write(session, wpkg_str_from_offset(bytes, (size_t)offset), &err);
	if (status != WPKG_OK) {
		wpkg_session_drop(session);
		return status;
	}
	return finish_session(session, digest);
}

static enum wpkg_status put_manifest(struct wpkg_str text)
{
	struct wpkg_err err;
	struct wpkg_oci_parts parts;
	struct wpkg_put_manifest out;
	struct wpkg_manifest found;
	struct wpkg_manifest_list referrers;
	struct wpkg_tag_list tags;
	const struct wpkg_tag_set tag = {.tag = WPKG_STR("t")};
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status = wpkg_oci_parts_read(&parts, &scratch, text, &err);
	const struct wpkg_new_manifest manifest = {.name = WPKG_STR("a/b"),
						   .bytes = text,
						   .media_type = WPKG_STR("a/b"),
						   .parts = &parts,
						   .tags = &tag,
						   .tag_count = 1,
						   .pusher = WPKG_STR("jo")};
	if (status == WPKG_OK)
		status = wpkg_manifest_put(&out, &scratch, store, &manifest, &err);
	if (status == WPKG_OK)
		status = wpkg_manifest_find_tag(&found, &scratch, store, manifest.name, tag.tag,
						WPKG_MANIFEST_WHOLE, &err);
	if (status == WPKG_OK)
		status = wpkg_manifest_referrers(&referrers, &scratch, store, manifest.name,
						 &parts.subject, WPKG_LIT(""), 0, 10, &err);
	if (status == WPKG_OK)
		status =
			wpkg_tag_list(&tags, &scratch, store, manifest.name, WPKG_LIT(""), 0, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

START_TEST(repositories)
{
	struct wpkg_err err;
	struct wpkg_content_digest digest;
	char hex[WPKG_CONTENT_DIGEST_TEXT];
	setup();
	struct wpkg_str bytes = some_bytes(200000, 1);
	ck_ok(wpkg_content_digest_of(&digest, WPKG_SHA512, bytes, &err), err);
	unit_fail_each_allocation(send_blob(bytes, &digest));
	ck_blob(bytes);
	wpkg_content_digest_format(hex, &digest);
	struct wpkg_str text = wpkg_arena_format(
		&arena,
		"{\"config\":{\"digest\":\"%s\"},\"subject\":{\"digest\":\"%s\"},\"annotations\":{"
		"\"a\":\"b\"}}",
		hex, hex);
	unit_fail_each_allocation(put_manifest(text));
	ck_fsck(0, 0);
	unit_fail_each_allocation(collect());
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static char backups[] = "/tmp/wpkg-backup-XXXXXX";

static enum wpkg_status back_up(void)
{
	struct wpkg_err err;
	struct wpkg_backup_report report;
	static const char *const files[] = {"lock"};
	const struct wpkg_backup_options options = {.files = files, .file_count = 1};
	return wpkg_store_backup(&report, store, backups, &options, &err);
}

static enum wpkg_status verify(void)
{
	struct wpkg_err err;
	struct wpkg_backup_report report;
	return wpkg_backup_verify(&report, backups, NULL, &err);
}

START_TEST(backups_of_a_store)
{
	struct wpkg_err err;
	setup();
	ck_assert_ptr_nonnull(mkdtemp(backups));
	publish(&(struct package){.name = "a/b", .version = "1.0.0"});
	put(some_bytes(100000, 1));
	unit_fail_each_allocation(back_up());
	unit_fail_each_allocation(verify());
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, backups, &err), err);
	teardown();
}
END_TEST

static enum wpkg_status queue_and_list(void)
{
	struct wpkg_err err;
	struct wpkg_delivery_list due;
	struct wpkg_webhook_state_list states;
	int64_t cursor = 0;
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status = wpkg_webhook_enter(&cursor, store, WPKG_LIT("ci"), &err);
	if (status == WPKG_OK)
		status = wpkg_webhook_due(&due, &scratch, store, WPKG_LIT("ci"), INT64_MAX, 10,
					  &err);
	if (status == WPKG_OK)
		status = wpkg_webhook_list(&states, &scratch, store, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

static enum wpkg_status set_quotas(void)
{
	struct wpkg_err err;
	struct wpkg_names users;
	const struct wpkg_quota quota = {.user = WPKG_STR("jo"), .bytes = 1};
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	enum wpkg_status status = wpkg_quotas_set(store, &(struct wpkg_quotas){&quota, 1}, &err);
	if (status == WPKG_OK)
		status = wpkg_quota_users(&users, &scratch, store, &err);
	wpkg_arena_clear(&scratch);
	return status;
}

START_TEST(webhooks_and_quotas)
{
	struct wpkg_err err;
	struct wpkg_delivery deliveries[20];
	char ids[20][16];
	int64_t cursor = 0;
	setup();
	ck_ok(wpkg_webhook_enter(&cursor, store, WPKG_LIT("ci"), &err), err);
	for (int i = 0; i < 20; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%d", i);
		deliveries[i] = (struct wpkg_delivery){.delivery = wpkg_str_from(ids[i]),
						       .name = wpkg_str_from(ids[i]),
						       .event = WPKG_STR("yank"),
						       .body = WPKG_STR("{}")};
	}
	const struct wpkg_webhook_step step = {
		.hook = WPKG_STR("ci"), .cursor = 7, .items = deliveries, .count = 20};
	ck_ok(wpkg_webhook_queue(store, &step, &err), err);
	unit_fail_each_allocation(queue_and_list());
	publish(&(struct package){.name = "a/b", .version = "1.0.0", .user = "jo"});
	unit_fail_each_allocation(set_quotas());
	teardown();
}
END_TEST

UNIT_MAIN(opening, uploading, reading_blobs, a_versions_life, searching, upkeep, repositories,
	  backups_of_a_store, webhooks_and_quotas)
