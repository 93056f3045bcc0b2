/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads and two processes' worth of connections at once. Worth running under every
 * sanitizer; -fsanitize=thread above all. */
#include "registry.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/session.h"

#define THREADS 8

struct team {
	pthread_barrier_t start;
	struct wpkg_str bytes;
	atomic_uint fresh; /* uploads that were the first */
	atomic_uint made;  /* versions that were created */
	atomic_uint resumed;
	atomic_uint refused;
	atomic_bool stop;
	struct wpkg_str text;
	struct wpkg_invoice *invoice;
	bool same_user;
};

static void run_team(struct team *team, void *(*body)(void *))
{
	pthread_t threads[THREADS];
	pthread_barrier_init(&team->start, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, body, team), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&team->start);
}

static void *upload_same(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	struct wpkg_uploaded uploaded;
	pthread_barrier_wait(&team->start);
	if (wpkg_blob_put(&uploaded, store, NULL, team->bytes, &err) == WPKG_OK)
		atomic_fetch_add(uploaded.existed ? &team->resumed : &team->fresh, 1);
	return NULL;
}

START_TEST(all_uploads_of_one_blob_succeed_and_one_copy_is_kept)
{
	static const size_t sizes[] = {1000, 300000};
	setup();
	for (size_t i = 0; i < 10; i++) {
		struct team team = {.bytes = some_bytes(sizes[i % 2], (unsigned)i)};
		run_team(&team, upload_same);
		ck_assert_uint_eq(team.fresh, 1);
		ck_assert_uint_eq(team.resumed, THREADS - 1);
		ck_blob(team.bytes);
	}
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static atomic_uint next_user;

static void *create_same(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_arena own;
	char user[16] = "jo";
	wpkg_arena_init(&own, 1 << 20);
	if (!team->same_user)
		snprintf(user, sizeof(user), "user%u", atomic_fetch_add(&next_user, 1));
	struct wpkg_new_record record = {
		.invoice = team->invoice, .text = team->text, .pusher = wpkg_str_from(user)};
	pthread_barrier_wait(&team->start);
	enum wpkg_status status = wpkg_record_create(&created, &own, store, &record, &err);
	if (status == WPKG_OK)
		atomic_fetch_add(created.existed ? &team->resumed : &team->made, 1);
	else if (status == WPKG_EEXISTS)
		atomic_fetch_add(&team->refused, 1);
	wpkg_arena_clear(&own);
	return NULL;
}

START_TEST(one_of_many_creators_wins)
{
	setup();
	struct package package = {.name = "a", .version = "1.0.0"};
	struct team users = {0};
	users.text = canonical(&users.invoice, &package);
	run_team(&users, create_same);
	ck_assert_uint_eq(users.made, 1);
	ck_assert_uint_eq(users.refused, THREADS - 1);
	package.version = "2.0.0";
	struct team one = {.same_user = true};
	one.text = canonical(&one.invoice, &package);
	run_team(&one, create_same);
	ck_assert_uint_eq(one.made, 1);
	ck_assert_uint_eq(one.resumed, THREADS - 1);
	teardown();
}
END_TEST

/* Packages that share parcels, pushed while the garbage goes. */
static atomic_uint next_version;

static enum wpkg_status push_one(struct wpkg_arena *own, unsigned number, struct wpkg_err *err)
{
	struct wpkg_created created;
	struct wpkg_invoice *invoice = NULL;
	char hex[2][WPKG_DIGEST_TEXT];
	struct wpkg_str parcels[2];
	for (size_t i = 0; i < 2; i++) {
		size_t size = i == 0 ? 500 : 70000;
		char *bytes = wpkg_arena_alloc(own, size, 1);
		struct wpkg_digest digest;
		unsigned kind = number / 3; /* neighbours share their parcels */
		memcpy(bytes, &kind, sizeof(kind));
		parcels[i] = wpkg_str_of(bytes, size);
		enum wpkg_status status = wpkg_digest_of(&digest, parcels[i], err);
		if (status != WPKG_OK)
			return status;
		wpkg_digest_format(hex[i], &digest);
	}
	struct wpkg_str text = wpkg_arena_format(
		own,
		"bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\nversion = \"1.0.%u\"\n"
		"[[parcel]]\nlabel = {sha256 = \"%s\", mediaType = \"a/b\", name = \"0\", size = "
		"500}\n[[parcel]]\nlabel = {sha256 = \"%s\", mediaType = \"a/b\", name = \"1\", "
		"size = 70000}\n",
		number, hex[0], hex[1]);
	enum wpkg_status status = wpkg_invoice_read(&invoice, own, text, WPKG_INVOICE_TOML, err);
	struct wpkg_new_record record = {.invoice = invoice, .text = text};
	if (status == WPKG_OK)
		status = wpkg_record_create(&created, own, store, &record, err);
	for (size_t i = 0; status == WPKG_OK && i < created.missing_count; i++) {
		/* Whatever is missing is one of the two. */
		struct wpkg_digest digest;
		bool first = wpkg_digest_parse(&digest, wpkg_str_from(hex[0])) &&
			     wpkg_digest_equal(&digest, &created.missing[i]);
		status = wpkg_blob_put(NULL, store, &created.missing[i], parcels[first ? 0 : 1],
				       err);
	}
	struct wpkg_settlement settlement = {.accepted = true, .verdict = WPKG_LIT("{}")};
	if (status == WPKG_OK)
		status = wpkg_record_settle(store, created.id, &settlement, err);
	/* Half of them go again, so that blobs become garbage all the time. */
	struct wpkg_str version = wpkg_arena_format(own, "1.0.%u", number);
	struct wpkg_act act = {0};
	if (status == WPKG_OK && number % 4 != 0)
		status = wpkg_record_delete(store, WPKG_LIT("a"), version, &act, err);
	return status;
}

static void *push_many(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	pthread_barrier_wait(&team->start);
	for (size_t i = 0; i < 25; i++) {
		struct wpkg_arena own;
		wpkg_arena_init(&own, 16 << 20);
		enum wpkg_status status = push_one(&own, atomic_fetch_add(&next_version, 1), &err);
		if (status != WPKG_OK) {
			printf("push: %s\n", err.msg);
			atomic_fetch_add(&team->refused, 1);
		}
		wpkg_arena_clear(&own);
	}
	return NULL;
}

static void *collect_all_the_time(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options none = {.grace = -1};
	struct wpkg_store_options admin = {.mode = WPKG_STORE_ADMIN};
	struct wpkg_store *own = NULL;
	if (wpkg_store_open(&own, folder, &admin, &err) != WPKG_OK)
		return NULL;
	while (!atomic_load(&team->stop)) {
		if (wpkg_store_gc(&report, own, &none, &err) == WPKG_OK)
			atomic_fetch_add(&team->resumed, (unsigned)report.blobs);
	}
	wpkg_store_close(own);
	return NULL;
}

START_TEST(gc_without_grace_takes_nothing_that_a_push_relies_on)
{
	struct wpkg_err err;
	struct wpkg_record_list list;
	pthread_t collector;
	struct team team = {0};
	setup();
	ck_assert_int_eq(pthread_create(&collector, NULL, collect_all_the_time, &team), 0);
	run_team(&team, push_many);
	atomic_store(&team.stop, true);
	pthread_join(collector, NULL);
	ck_assert_uint_eq(team.refused, 0);
	ck_assert_uint_gt(team.resumed, 0);
	ck_ok(wpkg_record_versions(&list, &arena, store, WPKG_LIT("a"), &nobody, &err), err);
	ck_assert_uint_eq(list.count, THREADS * 25 / 4);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static void *read_all_the_time(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	pthread_barrier_wait(&team->start);
	for (size_t i = 0; i < 50; i++) {
		struct wpkg_arena own;
		struct wpkg_query_result result;
		const struct wpkg_query all = {.limit = 10};
		wpkg_arena_init(&own, 16 << 20);
		if (wpkg_query_run(&result, &own, store, &all, &err) != WPKG_OK)
			atomic_fetch_add(&team->refused, 1);
		if (wpkg_blob_put(NULL, store, NULL, wpkg_str_of(&i, sizeof(i)), &err) != WPKG_OK)
			atomic_fetch_add(&team->refused, 1);
		wpkg_arena_clear(&own);
	}
	return NULL;
}

START_TEST(more_readers_than_connections_wait_for_one_another)
{
	struct wpkg_err err;
	struct wpkg_store_options few = {.readers = 2};
	struct team team = {0};
	setup();
	close_store();
	ck_ok(wpkg_store_open(&store, folder, &few, &err), err);
	for (unsigned i = 0; i < 20; i++)
		publish(&(struct package){.name = wpkg_arena_format(&arena, "n%u", i).ptr,
					  .version = "1.0.0"});
	run_team(&team, read_all_the_time);
	ck_assert_uint_eq(team.refused, 0);
	teardown();
}
END_TEST

static void count_done(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
		       const struct wpkg_err *err)
{
	(void)result;
	(void)err;
	if (status == WPKG_OK)
		atomic_fetch_add((atomic_uint *)user, 1);
}

START_TEST(closing_finishes_what_is_queued)
{
	struct wpkg_err err;
	atomic_uint answered = 0;
	setup();
	for (unsigned i = 0; i < 40; i++) {
		struct wpkg_upload *upload = NULL;
		struct wpkg_str bytes = some_bytes(i % 2 == 0 ? 100 : 100000, i);
		const struct wpkg_upload_options options = {.size = bytes.len};
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(wpkg_upload_write(upload, bytes, &err), err);
		wpkg_upload_finish(
			upload, (struct wpkg_upload_done){.call = count_done, .user = &answered});
	}
	close_store();
	ck_assert_uint_eq(answered, 40);
	open_store(WPKG_STORE_SERVE);
	for (unsigned i = 0; i < 40; i++)
		ck_blob(some_bytes(i % 2 == 0 ? 100 : 100000, i));
	teardown();
}
END_TEST

#define SESSIONS 200

/* One upload after the other; each outgrows memory in its first request. */
static void *upload_by_sessions(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	const struct wpkg_session_options options = {.name = WPKG_LIT("a")};
	pthread_barrier_wait(&team->start);
	for (unsigned i = 0; i < SESSIONS; i++) {
		char text[1024] = "";
		uint64_t offset = 0;
		struct wpkg_session *session = NULL;
		struct wpkg_digest digest;
		/* The session's id makes each blob one of its own. */
		ck_ok(wpkg_session_new(text, store, &options, &err), err);
		ck_ok(wpkg_digest_of(&digest, wpkg_str_of(text, sizeof(text)), &err), err);
		const struct wpkg_content_digest wanted = wpkg_content_digest_of_sha256(&digest);
		ck_ok(wpkg_session_take(&session, &offset, store, options.name, wpkg_str_from(text),
					&err),
		      err);
		if (wpkg_session_write(session, wpkg_str_of(text, sizeof(text)), &err) != WPKG_OK) {
			printf("write: %s\n", err.msg);
			wpkg_session_drop(session);
			continue;
		}
		wpkg_session_finish(
			session, &wanted,
			(struct wpkg_upload_done){.call = count_done, .user = &team->made});
	}
	return NULL;
}

static void *clean_all_the_time(void *argument)
{
	struct team *team = argument;
	struct wpkg_err err;
	struct wpkg_store_options admin = {.mode = WPKG_STORE_ADMIN};
	struct wpkg_store *own = NULL;
	uint64_t count = 0;
	ck_ok(wpkg_store_open(&own, folder, &admin, &err), err);
	while (!atomic_load(&team->stop))
		ck_ok(wpkg_session_expire(&count, own, 0, &err), err);
	wpkg_store_close(own);
	return NULL;
}

START_TEST(cleaning_takes_no_upload_that_begins)
{
	struct wpkg_err err;
	struct wpkg_store_options small = {.row_max = 512};
	pthread_t cleaner;
	struct team team = {0};
	setup();
	close_store();
	ck_ok(wpkg_store_open(&store, folder, &small, &err), err);
	ck_assert_int_eq(pthread_create(&cleaner, NULL, clean_all_the_time, &team), 0);
	run_team(&team, upload_by_sessions);
	atomic_store(&team.stop, true);
	pthread_join(cleaner, NULL);
	close_store();
	ck_assert_uint_eq(team.made, THREADS * SESSIONS);
	open_store(WPKG_STORE_SERVE);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

UNIT_MAIN(all_uploads_of_one_blob_succeed_and_one_copy_is_kept, one_of_many_creators_wins,
	  gc_without_grace_takes_nothing_that_a_push_relies_on,
	  more_readers_than_connections_wait_for_one_another, closing_finishes_what_is_queued,
	  cleaning_takes_no_upload_that_begins)
