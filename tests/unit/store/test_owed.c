/* SPDX-License-Identifier: Apache-2.0 */
/* Where not everybody may read what is there: to know a digest is not to have the bytes. */
#include "registry.h"

#include <semaphore.h>

#include "store/package.h"
#include "store/repository.h"

static const struct wpkg_digests none = {0};
static struct wpkg_str bytes, others;

/* The one digest. */
static struct wpkg_digests only(struct wpkg_str of)
{
	struct wpkg_digest *digest = wpkg_arena_alloc(&arena, 1, sizeof(*digest));
	*digest = digest_of(of);
	return (struct wpkg_digests){.items = digest, .count = 1};
}

/* As in a registry where its pusher may read what is shown, and what the name holds. */
static struct wpkg_created create_shown(const struct package *package,
					const struct wpkg_digests *shown)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_new_record record = {.pusher = wpkg_str_from(package->user), .shown = shown};
	record.text = canonical(&invoice, package);
	record.invoice = invoice;
	ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
	return created;
}

struct answer {
	sem_t given;
	enum wpkg_status status;
	bool existed;
	size_t completed;
};

static void give_answer(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
			const struct wpkg_err *err)
{
	struct answer *answer = user;
	(void)err;
	answer->status = status;
	answer->existed = result && result->existed;
	answer->completed = result ? result->completed_count : 0;
	sem_post(&answer->given);
}

/* Sends content as the parcel of a version that the digest names. */
static struct answer send_as(int64_t record, struct wpkg_str content, struct wpkg_str named)
{
	struct wpkg_err err;
	struct wpkg_upload *upload = NULL;
	const struct wpkg_digest digest = digest_of(named);
	const struct wpkg_upload_options options = {
		.digest = &digest, .size = content.len, .record = record};
	struct answer answer = {0};
	sem_init(&answer.given, 0, 0);
	ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
	ck_ok(wpkg_upload_write(upload, content, &err), err);
	wpkg_upload_finish(upload, (struct wpkg_upload_done){give_answer, &answer});
	while (sem_wait(&answer.given) != 0)
		;
	return answer;
}

static struct answer send_for(int64_t record, struct wpkg_str content)
{
	return send_as(record, content, content);
}

static void ck_owes(int64_t id, struct wpkg_str of)
{
	struct wpkg_err err;
	struct wpkg_digests missing;
	struct wpkg_blob blob;
	struct wpkg_module_facts_list facts;
	uint64_t size;
	const struct wpkg_digest digest = digest_of(of);
	ck_ok(wpkg_record_missing(&missing, &arena, store, id, &err), err);
	ck_assert_uint_eq(missing.count, 1);
	ck_assert(wpkg_digest_equal(&missing.items[0], &digest));
	ck_status(wpkg_parcel_open(&blob, store, id, &digest, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_parcel_size(&size, store, id, &digest, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_record_modules(&facts, &arena, store, id, &err), err);
	for (size_t i = 0; i < facts.count; i++)
		ck_assert(!wpkg_digest_equal(&facts.items[i].digest, &digest));
	ck_state(id, WPKG_RECORD_INCOMPLETE);
}

static void ck_has(int64_t id, struct wpkg_str of)
{
	struct wpkg_err err;
	struct wpkg_blob blob;
	uint64_t size;
	const struct wpkg_digest digest = digest_of(of);
	ck_ok(wpkg_parcel_size(&size, store, id, &digest, &err), err);
	ck_assert_uint_eq(size, of.len);
	ck_ok(wpkg_parcel_open(&blob, store, id, &digest, &err), err);
	ck_assert_uint_eq(blob.size, of.len);
	wpkg_blob_close(&blob);
}

/* A store in which ann published bytes, and what is known of them. len: a row's or a file's. */
static void setup_with(size_t len)
{
	struct wpkg_err err;
	struct wpkg_created created;
	setup();
	bytes = some_bytes(len, 1);
	others = some_bytes(len, 2);
	const struct package hers = {
		.name = "ann/a", .version = "1.0.0", .parcels = &bytes, .count = 1, .user = "ann"};
	ck_ok(create(&created, &hers, &err), err);
	put(bytes);
	const struct wpkg_module_facts facts = {.digest = digest_of(bytes),
						.json = WPKG_STR("{\"kind\":\"module\"}")};
	const struct wpkg_settlement settlement = {.accepted = true,
						   .verdict = WPKG_STR("{\"accepted\":true}"),
						   .facts = &facts,
						   .fact_count = 1};
	ck_ok(wpkg_record_settle(store, created.id, &settlement, &err), err);
}

static const struct package his = {.name = "jo/a", .version = "1.0.0", .count = 1, .user = "jo"};

START_TEST(what_is_there_is_missing_until_it_is_sent)
{
	static const size_t sizes[] = {10, 100000};
	struct wpkg_err err;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		setup_with(sizes[i]);
		struct package package = his;
		package.parcels = &bytes;
		struct wpkg_created created = create_shown(&package, &none);
		ck_assert_int_eq(created.state, WPKG_RECORD_INCOMPLETE);
		ck_assert_uint_eq(created.missing_count, 1);
		ck_owes(created.id, bytes);
		/* The same push again, and whatever others send, is no proof. */
		ck_assert(create_shown(&package, &none).existed);
		ck_assert(put(bytes).existed);
		ck_owes(created.id, bytes);
		ck_fsck(0, 0);
		ck_status(send_as(created.id, others, bytes).status, WPKG_EINVAL);
		ck_owes(created.id, bytes);
		struct answer answer = send_for(created.id, bytes);
		ck_ok(answer.status, err);
		ck_assert(answer.existed);
		ck_assert_uint_eq(answer.completed, 1);
		ck_state(created.id, WPKG_RECORD_CHECKING);
		ck_has(created.id, bytes);
		settle(created.id, true);
		ck_fsck(0, 0);
		/* Now the name holds it. */
		package.version = "1.0.1";
		ck_assert_int_eq(create_shown(&package, &none).state, WPKG_RECORD_CHECKING);
		teardown();
	}
}
END_TEST

START_TEST(a_size_that_is_not_true_tells_nothing)
{
	setup_with(10);
	const struct wpkg_str absent = some_bytes(10, 3);
	/* Both named with one byte less than they have. */
	for (unsigned i = 0; i < 2; i++) {
		struct wpkg_err err;
		struct wpkg_buf text;
		struct wpkg_created created;
		struct wpkg_invoice *invoice = NULL;
		struct wpkg_str all = i == 0 ? bytes : absent;
		struct package package = his;
		package.name = i == 0 ? "jo/b" : "jo/c";
		package.parcels = &all;
		canonical(&invoice, &package);
		invoice->parcels[0].label.size = 9;
		wpkg_buf_init(&text, WPKG_INVOICE_MAX);
		ck_ok(wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, &err), err);
		const struct wpkg_new_record record = {.invoice = invoice,
						       .text = wpkg_buf_str(&text),
						       .pusher = WPKG_LIT("jo"),
						       .shown = &none};
		ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
		wpkg_buf_clear(&text);
		ck_owes(created.id, all);
		ck_status(send_as(created.id, wpkg_str_slice(all, 0, 9), all).status, WPKG_EINVAL);
		ck_owes(created.id, all);
	}
	teardown();
}
END_TEST

START_TEST(what_is_shown_need_not_be_sent)
{
	setup_with(10);
	struct wpkg_str both[] = {bytes, others};
	const struct wpkg_digests shown = only(bytes);
	struct package package = his;
	package.parcels = both;
	package.count = 2;
	struct wpkg_created created = create_shown(&package, &shown);
	ck_assert_uint_eq(created.missing_count, 1);
	ck_owes(created.id, others);
	ck_has(created.id, bytes);
	ck_assert_uint_eq(send_for(created.id, others).completed, 1);
	/* Shown only when the same push comes again. */
	package.name = "jo/b";
	created = create_shown(&package, &none);
	ck_assert_uint_eq(created.missing_count, 2);
	ck_assert_uint_eq(send_for(created.id, others).completed, 0);
	ck_owes(created.id, bytes);
	struct wpkg_created again = create_shown(&package, &shown);
	ck_assert(again.existed);
	ck_assert_int_eq(again.state, WPKG_RECORD_CHECKING);
	/* Where everybody may read everything nothing is owed. */
	package.name = "jo/c";
	ck_assert_int_eq(create_shown(&package, NULL).state, WPKG_RECORD_CHECKING);
	teardown();
}
END_TEST

START_TEST(a_blob_of_the_names_repository_is_held)
{
	struct wpkg_err err;
	setup_with(10);
	const struct wpkg_digest digest = digest_of(bytes);
	const struct wpkg_content_digest content = wpkg_content_digest_of_sha256(&digest);
	const struct wpkg_act act = {.actor = WPKG_STR("jo")};
	struct package package = his;
	package.parcels = &bytes;
	struct wpkg_created created = create_shown(&package, &none);
	ck_owes(created.id, bytes);
	ck_ok(wpkg_repository_mount(store, WPKG_LIT("jo/a"), WPKG_LIT("ann/a"), &content, &act,
				    &err),
	      err);
	ck_assert_int_eq(create_shown(&package, &none).state, WPKG_RECORD_CHECKING);
	teardown();
}
END_TEST

START_TEST(who_waits_does_not_have_it_as_another_sends_it)
{
	struct wpkg_err err;
	setup_with(10);
	struct package package = his;
	package.parcels = &others;
	struct package hers = {
		.name = "ann/b", .version = "1.0.0", .parcels = &others, .count = 1, .user = "ann"};
	struct wpkg_created waits = create_shown(&package, &none);
	struct wpkg_created sends = create_shown(&hers, &none);
	/* Nobody has it yet, and both are told the same. */
	ck_owes(waits.id, others);
	ck_owes(sends.id, others);
	struct answer answer = send_for(sends.id, others);
	ck_assert_uint_eq(answer.completed, 1);
	ck_assert(!answer.existed);
	ck_state(sends.id, WPKG_RECORD_CHECKING);
	ck_owes(waits.id, others);
	settle(sends.id, true);
	ck_owes(waits.id, others);
	answer = send_for(waits.id, others);
	ck_assert_uint_eq(answer.completed, 1);
	ck_assert(answer.existed);
	ck_state(waits.id, WPKG_RECORD_CHECKING);
	/* What waits is let go at its time, and leaves nothing of the others'. */
	package.version = "1.0.1";
	package.name = "jo/b";
	waits = create_shown(&package, &none);
	const struct wpkg_gc_options now = {.grace = -1, .incomplete = -1};
	struct wpkg_gc_report report;
	ck_ok(wpkg_store_gc(&report, store, &now, &err), err);
	ck_assert_uint_eq(report.expired, 1);
	ck_blob(others);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(what_was_refused_owes_nothing_that_it_had)
{
	setup_with(10);
	struct wpkg_str both[] = {bytes, others};
	struct package package = his;
	package.parcels = both;
	struct wpkg_created created = create_shown(&package, &none);
	ck_assert_uint_eq(send_for(created.id, bytes).completed, 1);
	settle(created.id, false);
	put(others);
	package.count = 2;
	struct wpkg_created anew = create_shown(&package, &none);
	ck_assert_int_ne(anew.id, created.id);
	ck_owes(anew.id, others);
	ck_has(anew.id, bytes);
	teardown();
}
END_TEST

START_TEST(a_registry_is_closed_and_opened)
{
	struct wpkg_err err;
	setup_with(10);
	struct package package = his;
	package.parcels = &others;
	struct wpkg_created open = create_shown(&package, NULL);
	ck_assert_uint_eq(open.missing_count, 1);
	ck_ok(wpkg_record_set_owed(store, true, &err), err);
	put(others);
	ck_owes(open.id, others);
	/* Opened again, it has what everybody may read. */
	ck_ok(wpkg_record_set_owed(store, false, &err), err);
	ck_has(open.id, others);
	ck_assert_int_eq(create_shown(&package, NULL).state, WPKG_RECORD_CHECKING);
	/* And a wait that began behind closed doors ends with whoever sends it. */
	const struct wpkg_str third = some_bytes(10, 3);
	package.name = "jo/b";
	package.parcels = &third;
	struct wpkg_created closed = create_shown(&package, &none);
	ck_ok(wpkg_record_set_owed(store, false, &err), err);
	put(third);
	ck_state(closed.id, WPKG_RECORD_CHECKING);
	teardown();
}
END_TEST

START_TEST(what_is_owed_stays_so_on_a_journey)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	struct wpkg_record record;
	char source[sizeof(folder)];
	setup_with(10);
	struct wpkg_str both[] = {bytes, others};
	struct package package = his;
	package.parcels = both;
	package.count = 2;
	struct wpkg_created created = create_shown(&package, &none);
	ck_assert_uint_eq(send_for(created.id, others).completed, 0);
	ck_owes(created.id, bytes);
	const char *target = in_folder("export");
	ck_ok(wpkg_store_export(&report, store, target, NULL, &err), err);
	close_store();
	memcpy(source, folder, sizeof(folder));
	struct wpkg_arena kept = arena;
	setup();
	ck_ok(wpkg_store_import(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.passed_over, 0);
	ck_ok(wpkg_record_find(&record, &arena, store, WPKG_LIT("jo/a"), WPKG_LIT("1.0.0"),
			       &everything, &err),
	      err);
	ck_owes(record.id, bytes);
	ck_has(record.id, others);
	ck_assert_uint_eq(send_for(record.id, bytes).completed, 1);
	ck_fsck(0, 0);
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, source, &err), err);
	wpkg_arena_clear(&kept);
	teardown();
}
END_TEST

UNIT_MAIN(what_is_there_is_missing_until_it_is_sent, a_size_that_is_not_true_tells_nothing,
	  what_is_shown_need_not_be_sent, a_blob_of_the_names_repository_is_held,
	  who_waits_does_not_have_it_as_another_sends_it, what_was_refused_owes_nothing_that_it_had,
	  a_registry_is_closed_and_opened, what_is_owed_stays_so_on_a_journey)
