/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

static const struct wpkg_act act = {.actor = WPKG_STR("admin"), .reason = WPKG_STR("because")};

#define ORIGINAL "bindle/other-clients/bindle-dotnet/tests/Bindle.IntegrationTests/data"

static void take_note(void *user, const struct wpkg_transfer_note *note)
{
	if (note->problem.len > 0)
		++*(size_t *)user;
}

START_TEST(an_original_servers_folder_comes_in)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	struct wpkg_record record;
	size_t problems = 0;
	const struct wpkg_transfer_options options = {
		.note = take_note, .user = &problems, .actor = WPKG_STR("operator")};
	const char *vectors = getenv("WPKG_VECTORS");
	setup();
	const char *source =
		wpkg_arena_format(&arena, "%s/" ORIGINAL, vectors ? vectors : "../shared/vectors")
			.ptr;
	ck_ok(wpkg_store_import(&report, store, source, &options, &err), err);
	/* The others name their parcels by what is no SHA-256. */
	ck_assert_uint_eq(report.records, 2);
	ck_assert_uint_eq(report.passed_over, 4);
	ck_assert_uint_eq(problems, 4);
	ck_assert_uint_eq(report.blobs, 1);
	ck_assert_uint_eq(report.bytes, 15);
	ck_ok(wpkg_record_find(&record, &arena, store, WPKG_LIT("my/fancy/bindle"),
			       WPKG_LIT("0.3.0"), &nobody, &err),
	      err);
	ck_assert_int_eq(record.state, WPKG_RECORD_PUBLISHED);
	ck_assert(wpkg_str_equal_text(record.pusher, "operator"));
	ck_ok(wpkg_record_find(&record, &arena, store, WPKG_LIT("mybindle"), WPKG_LIT("0.1.0"),
			       &everything, &err),
	      err);
	ck_assert_int_eq(record.state, WPKG_RECORD_INCOMPLETE);
	ck_ok(wpkg_store_import(&report, store, source, &options, &err), err);
	ck_assert_uint_eq(report.records, 0);
	ck_assert_uint_eq(report.present, 2);
	ck_assert_uint_eq(report.blobs, 0);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

/* A registry with a version in each state, and all else that can be in one. */
static void fill(const struct wpkg_str *parcels)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_invoice *invoice;
	struct package package = {.name = "a/good",
				  .version = "1.0.0",
				  .parcels = parcels,
				  .count = 2,
				  .user = "jo",
				  .description = "says \\\"it\\\""};
	ck_ok(create(&created, &package, &err), err);
	put(parcels[0]);
	put(parcels[1]);
	struct wpkg_module_facts facts = {.digest = digest_of(parcels[0]),
					  .json = WPKG_STR("{\"kind\":\"module\"}")};
	struct wpkg_settlement settlement = {.accepted = true,
					     .verdict = WPKG_STR("{\"accepted\":true}"),
					     .facts = &facts,
					     .fact_count = 1};
	ck_ok(wpkg_record_settle(store, created.id, &settlement, &err), err);
	package.version = "1.0.1";
	int64_t id = publish(&package);
	package.more = "yanked = true";
	ck_ok(wpkg_record_yank(store, id, canonical(&invoice, &package), &act, &err), err);
	struct package bad = {.name = "a/bad", .version = "1.0.0", .user = "ann"};
	ck_ok(create(&created, &bad, &err), err);
	settle(created.id, false);
	bad.version = "2.0.0";
	ck_ok(create(&created, &bad, &err), err);
	struct package part = {
		.name = "a/part", .version = "1.0.0", .parcels = parcels, .count = 3};
	ck_ok(create(&created, &part, &err), err);
	publish(&(struct package){.name = "a/gone", .version = "1.0.0"});
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/gone"), WPKG_LIT("1.0.0"), &act, &err), err);
	const struct wpkg_grant grant = {
		.pattern = WPKG_STR("a/*"), .user = WPKG_STR("eve"), .right = WPKG_RIGHT_YANK};
	ck_ok(wpkg_grant_add(store, &grant, &act, &err), err);
	ck_ok(wpkg_owner_set(store, WPKG_LIT("later"), WPKG_LIT("jo"), &act, &err), err);
}

static struct wpkg_record find_version(const char *name, const char *version)
{
	struct wpkg_err err;
	struct wpkg_record record;
	ck_ok(wpkg_record_find(&record, &arena, store, wpkg_str_from(name), wpkg_str_from(version),
			       &everything, &err),
	      err);
	return record;
}

static const char *const ids[][2] = {{"a/good", "1.0.0"},
				     {"a/good", "1.0.1"},
				     {"a/bad", "1.0.0"},
				     {"a/bad", "2.0.0"},
				     {"a/part", "1.0.0"}};
#define IDS (sizeof(ids) / sizeof(ids[0]))

START_TEST(a_registry_survives_the_journey)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	struct wpkg_record before[IDS];
	struct wpkg_str json;
	struct wpkg_access access;
	struct wpkg_created created;
	char source[sizeof(folder)];
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2),
					   some_bytes(5, 3)};
	fill(parcels);
	for (size_t i = 0; i < IDS; i++)
		before[i] = find_version(ids[i][0], ids[i][1]);
	const char *target = in_folder("export");
	ck_ok(wpkg_store_export(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.records, IDS);
	ck_assert_uint_eq(report.blobs, 2);
	ck_assert_uint_eq(report.bytes, 100010);
	ck_status(wpkg_store_export(&report, store, target, NULL, &err), WPKG_EEXISTS);
	close_store();
	memcpy(source, folder, sizeof(folder));
	struct wpkg_arena kept = arena;
	setup();
	ck_ok(wpkg_store_import(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.records, IDS);
	ck_assert_uint_eq(report.blobs, 2);
	ck_assert_uint_eq(report.passed_over, 0);
	for (size_t i = 0; i < IDS; i++) {
		struct wpkg_record after = find_version(ids[i][0], ids[i][1]);
		ck_assert_int_eq(after.state, before[i].state);
		ck_assert(wpkg_str_equal(after.invoice, before[i].invoice));
		ck_assert(wpkg_str_equal(after.description, before[i].description));
		ck_assert(wpkg_str_equal(after.pusher, before[i].pusher));
		ck_assert(wpkg_str_equal(after.verdict, before[i].verdict));
		ck_assert(wpkg_str_equal(after.yanked_by, before[i].yanked_by));
		ck_assert(wpkg_str_equal(after.yank_reason, before[i].yank_reason));
		ck_assert_int_eq(after.created, before[i].created);
		ck_assert_int_eq(after.published, before[i].published);
		ck_assert_int_eq(after.yanked, before[i].yanked);
		ck_assert_uint_eq(after.size, before[i].size);
	}
	ck_blob(parcels[0]);
	ck_blob(parcels[1]);
	struct wpkg_digest digest = digest_of(parcels[0]);
	ck_ok(wpkg_facts_find(&json, &arena, store, &digest, &err), err);
	ck_assert(wpkg_str_equal_text(json, "{\"kind\":\"module\"}"));
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("eve"), WPKG_LIT("a/good"), &err),
	      err);
	ck_assert_uint_eq(access.rights, WPKG_RIGHT_YANK);
	ck_assert(wpkg_str_equal_text(access.owner, "jo"));
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("eve"), WPKG_LIT("later"), &err),
	      err);
	ck_assert(wpkg_str_equal_text(access.owner, "jo"));
	struct package gone = {.name = "a/gone", .version = "1.0.0"};
	ck_status(create(&created, &gone, &err), WPKG_EEXISTS);
	/* Again: nothing is new. */
	ck_ok(wpkg_store_import(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.records, 0);
	ck_assert_uint_eq(report.present, IDS);
	ck_fsck(0, 0);
	teardown();
	arena = kept;
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, source, &err), err);
	wpkg_arena_clear(&arena);
}
END_TEST

static void write_file(const char *path, struct wpkg_str bytes)
{
	struct wpkg_err err;
	char *parent = wpkg_mem_dup_text(path, strlen(path));
	*strrchr(parent, '/') = '\0';
	ck_ok(wpkg_file_make_dirs(AT_FDCWD, parent, 0700, &err), err);
	wpkg_mem_free(parent);
	ck_ok(wpkg_file_write(AT_FDCWD, path, bytes, 0600, 0, &err), err);
}

static const char *invoice_path(const struct package *package)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_str id = wpkg_arena_format(&arena, "%s/%s", package->name, package->version);
	struct wpkg_digest digest = digest_of(id);
	wpkg_digest_format(hex, &digest);
	return wpkg_arena_format(&arena, "%s/source/invoices/%s/invoice.toml", folder, hex).ptr;
}

static const char *parcel_path(struct wpkg_str parcel)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest = digest_of(parcel);
	wpkg_digest_format(hex, &digest);
	return wpkg_arena_format(&arena, "%s/source/parcels/%s/parcel.dat", folder, hex).ptr;
}

START_TEST(a_bad_source_harms_nothing)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(10, 2), some_bytes(10, 3)};
	struct package good = {.name = "good", .version = "1.0.0", .parcels = parcels, .count = 1};
	struct package bytes = {
		.name = "bytes", .version = "1.0.0", .parcels = parcels + 1, .count = 1};
	struct package link = {
		.name = "link", .version = "1.0.0", .parcels = parcels + 2, .count = 1};
	struct package odd = {.name = "../odd name", .version = "1.0.0"};
	struct package yanked = {.name = "yanked", .version = "1.0.0", .more = "yanked = true"};
	struct package elsewhere = {.name = "elsewhere", .version = "1.0.0"};
	write_file(invoice_path(&good), invoice_text(&good));
	write_file(parcel_path(parcels[0]), parcels[0]);
	write_file(invoice_path(&bytes), invoice_text(&bytes));
	write_file(parcel_path(parcels[1]), WPKG_LIT("other byte"));
	write_file(invoice_path(&link), invoice_text(&link));
	write_file(parcel_path(parcels[2]), WPKG_LIT(""));
	ck_assert_int_eq(unlink(parcel_path(parcels[2])), 0);
	ck_assert_int_eq(symlink("/dev/zero", parcel_path(parcels[2])), 0);
	write_file(invoice_path(&odd), invoice_text(&odd));
	write_file(invoice_path(&yanked), invoice_text(&yanked));
	elsewhere.version = "2.0.0";
	const char *wrong_place = invoice_path(&elsewhere);
	elsewhere.version = "1.0.0";
	write_file(wrong_place, invoice_text(&elsewhere));
	write_file(in_folder("source/invoices/x/invoice.toml"), WPKG_LIT(""));
	write_file(in_folder("source/invoices/"
			     "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824/"
			     "invoice.toml"),
		   WPKG_LIT("this is no TOML"));
	write_file(
		in_folder("source/registry.jsonl"),
		WPKG_LIT("{\"kind\":\"registry\",\"version\":1}\nnonsense\n{\"kind\":\"x\"}\n[]\n"
			 "{\"kind\":\"grant\",\"pattern\":\"a\",\"user\":\"b\",\"right\":77}\n"
			 "{\"kind\":\"record\",\"name\":\"n\",\"version\":\"1.0.0\","
			 "\"state\":\"published\"}\n"));
	ck_ok(wpkg_store_import(&report, store, in_folder("source"), NULL, &err), err);
	/* good, bytes (incomplete), link (incomplete), the odd name, yanked */
	ck_assert_uint_eq(report.records, 5);
	ck_assert_uint_eq(report.blobs, 1);
	ck_assert_int_eq(find_version("bytes", "1.0.0").state, WPKG_RECORD_INCOMPLETE);
	ck_assert_int_eq(find_version("link", "1.0.0").state, WPKG_RECORD_INCOMPLETE);
	ck_assert_int_eq(find_version("yanked", "1.0.0").state, WPKG_RECORD_YANKED);
	ck_assert_int_eq(find_version("../odd name", "1.0.0").state, WPKG_RECORD_PUBLISHED);
	/* Two parcels, three folders, five lines. */
	ck_assert_uint_eq(report.passed_over, 10);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

UNIT_MAIN(an_original_servers_folder_comes_in, a_registry_survives_the_journey,
	  a_bad_source_harms_nothing)
