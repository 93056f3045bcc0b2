/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/wait.h>

static size_t count_entries(const char *path)
{
	size_t n = 0;
	DIR *list = opendir(in_folder(path));
	ck_assert_ptr_nonnull(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n - 2;
}

START_TEST(blobs_of_every_size_come_back)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000, 1000000};
	struct wpkg_err err;
	uint64_t size;
	setup();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct wpkg_str bytes = some_bytes(sizes[i], (unsigned)i);
		struct wpkg_uploaded uploaded = put(bytes);
		ck_assert(!uploaded.existed);
		ck_assert_uint_eq(uploaded.size, sizes[i]);
		ck_assert(put(bytes).existed);
		ck_blob(bytes);
		ck_ok(wpkg_blob_size(&size, store, &uploaded.digest, &err), err);
		ck_assert_uint_eq(size, sizes[i]);
	}
	close_store();
	open_store(WPKG_STORE_SERVE);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ck_blob(some_bytes(sizes[i], (unsigned)i));
	ck_assert_uint_eq(count_entries("tmp"), 0);
	ck_assert_uint_eq(count_entries("blobs"), 3);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

static enum wpkg_status write_in_pieces(struct wpkg_upload *upload, struct wpkg_str bytes,
					size_t piece, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && bytes.len > 0) {
		status = wpkg_upload_write(upload, wpkg_str_slice(bytes, 0, piece), err);
		bytes = wpkg_str_from_offset(bytes, piece);
	}
	return status;
}

/* A completion that somebody waits for. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t given;
	bool is_given;
	enum wpkg_status status;
	struct wpkg_uploaded uploaded;
	struct wpkg_err err;
};

static void give_answer(void *user, enum wpkg_status status, const struct wpkg_uploaded *result,
			const struct wpkg_err *err)
{
	struct answer *answer = user;
	pthread_mutex_lock(&answer->lock);
	answer->is_given = true;
	answer->status = status;
	if (result)
		answer->uploaded = *result;
	if (err)
		answer->err = *err;
	pthread_cond_signal(&answer->given);
	pthread_mutex_unlock(&answer->lock);
}

static enum wpkg_status finish(struct answer *answer, struct wpkg_upload *upload)
{
	*answer = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER,
				  .given = PTHREAD_COND_INITIALIZER};
	wpkg_upload_finish(upload, (struct wpkg_upload_done){.call = give_answer, .user = answer});
	pthread_mutex_lock(&answer->lock);
	while (!answer->is_given)
		pthread_cond_wait(&answer->given, &answer->lock);
	pthread_mutex_unlock(&answer->lock);
	return answer->status;
}

START_TEST(a_wrong_upload_leaves_nothing_and_poisons_nothing)
{
	struct wpkg_err err;
	struct answer answer;
	struct wpkg_upload *upload = NULL;
	static const size_t sizes[] = {100, 100000};
	setup();
	for (size_t i = 0; i < 2; i++) {
		struct wpkg_str bytes = some_bytes(sizes[i], 1);
		struct wpkg_str wrong = some_bytes(sizes[i], 2);
		struct wpkg_digest digest = digest_of(bytes);
		struct wpkg_upload_options options = {.digest = &digest, .size = sizes[i]};
		/* Other bytes. */
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(write_in_pieces(upload, wrong, 777, &err), err);
		ck_status(finish(&answer, upload), WPKG_EINVAL);
		/* Too few. */
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(wpkg_upload_write(upload, wpkg_str_slice(bytes, 0, 99), &err), err);
		ck_status(finish(&answer, upload), WPKG_EINVAL);
		/* Too many: refused when they come. */
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(wpkg_upload_write(upload, bytes, &err), err);
		ck_status(wpkg_upload_write(upload, WPKG_LIT("x"), &err), WPKG_EINVAL);
		wpkg_upload_abort(upload);
		/* Cut. */
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(wpkg_upload_write(upload, bytes, &err), err);
		wpkg_upload_abort(upload);
		ck_no_blob(bytes);
		ck_no_blob(wrong);
		ck_assert_uint_eq(count_entries("tmp"), 0);
		ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
		ck_ok(write_in_pieces(upload, bytes, 1000, &err), err);
		ck_status(finish(&answer, upload), WPKG_OK);
		ck_blob(bytes);
	}
	wpkg_upload_abort(NULL);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(limits_hold_at_once)
{
	struct wpkg_err err;
	struct answer answer;
	struct wpkg_upload *upload = NULL;
	struct wpkg_upload_options options = {.size = 11, .limit = 10};
	setup();
	ck_status(wpkg_upload_begin(&upload, store, &options, &err), WPKG_ELIMIT);
	options.size = WPKG_SIZE_UNKNOWN;
	ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
	ck_ok(wpkg_upload_write(upload, WPKG_LIT("0123456789"), &err), err);
	ck_status(wpkg_upload_write(upload, WPKG_LIT("x"), &err), WPKG_ELIMIT);
	wpkg_upload_abort(upload);
	ck_ok(wpkg_upload_begin(&upload, store, &options, &err), err);
	ck_ok(wpkg_upload_write(upload, WPKG_LIT("0123456789"), &err), err);
	ck_status(finish(&answer, upload), WPKG_OK);
	struct wpkg_digest digest = digest_of(WPKG_LIT("0123456789"));
	ck_assert(wpkg_digest_equal(&answer.uploaded.digest, &digest));
	/* More than any disk holds. */
	options = (struct wpkg_upload_options){.size = UINT64_MAX / 2};
	ck_status(wpkg_upload_begin(&upload, store, &options, &err), WPKG_EFULL);
	teardown();
}
END_TEST

START_TEST(what_is_to_stay_free_stays_free)
{
	struct wpkg_err err;
	struct wpkg_upload *upload = NULL;
	struct wpkg_upload_options options = {.size = 10};
	struct wpkg_store_options keep = {.keep_free = UINT64_MAX / 2};
	setup();
	close_store();
	ck_ok(wpkg_store_open(&store, folder, &keep, &err), err);
	ck_status(wpkg_upload_begin(&upload, store, &options, &err), WPKG_EFULL);
	options.size = WPKG_SIZE_UNKNOWN;
	ck_status(wpkg_upload_begin(&upload, store, &options, &err), WPKG_EFULL);
	teardown();
}
END_TEST

START_TEST(an_open_blob_stays_readable_whatever_happens)
{
	struct wpkg_err err;
	struct wpkg_blob small;
	struct wpkg_blob large;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options all = {.grace = -1};
	char last;
	setup();
	struct wpkg_str a = some_bytes(10, 1);
	struct wpkg_str b = some_bytes(100000, 2);
	put(a);
	put(b);
	struct wpkg_digest digest = digest_of(a);
	ck_ok(wpkg_blob_open(&small, store, &digest, &err), err);
	digest = digest_of(b);
	ck_ok(wpkg_blob_open(&large, store, &digest, &err), err);
	ck_ok(wpkg_store_gc(&report, store, &all, &err), err);
	ck_assert_uint_eq(report.blobs, 2);
	ck_assert_uint_eq(report.bytes, 100010);
	ck_no_blob(a);
	ck_no_blob(b);
	ck_assert(wpkg_str_equal(small.bytes, a));
	ck_assert_int_eq(pread(large.fd, &last, 1, 99999), 1);
	ck_assert_int_eq(last, b.ptr[99999]);
	wpkg_blob_close(&small);
	wpkg_blob_close(&large);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(what_a_crash_left_goes_and_what_is_in_use_stays)
{
	setup();
	close_store();
	int used = open(in_folder("tmp/used"), O_CREAT | O_RDWR, 0600);
	int left = open(in_folder("tmp/left"), O_CREAT | O_RDWR, 0600);
	ck_assert_int_eq(flock(used, LOCK_SH), 0);
	close(left);
	open_store(WPKG_STORE_ADMIN);
	ck_assert_uint_eq(count_entries("tmp"), 2);
	close_store();
	open_store(WPKG_STORE_SERVE);
	ck_assert_uint_eq(count_entries("tmp"), 1);
	close(used);
	close_store();
	open_store(WPKG_STORE_SERVE);
	ck_assert_uint_eq(count_entries("tmp"), 0);
	teardown();
}
END_TEST

START_TEST(one_serves_and_others_administer)
{
	struct wpkg_err err;
	struct wpkg_store *second = NULL;
	struct wpkg_store_options admin = {.mode = WPKG_STORE_ADMIN};
	setup();
	ck_status(wpkg_store_open(&second, folder, NULL, &err), WPKG_EBUSY);
	ck_ok(wpkg_store_open(&second, folder, &admin, &err), err);
	ck_ok(wpkg_store_check(second, &err), err);
	ck_ok(wpkg_store_check(store, &err), err);
	struct wpkg_str bytes = some_bytes(100, 1);
	ck_ok(wpkg_blob_put(NULL, second, NULL, bytes, &err), err);
	ck_blob(bytes);
	wpkg_store_close(second);
	ck_status(wpkg_store_open(&second, in_folder("tmp"), &admin, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_store_open(&second, in_folder("none"), &admin, &err), WPKG_ENOTFOUND);
	uint64_t space = 0;
	ck_ok(wpkg_store_space(&space, store, &err), err);
	ck_assert_uint_gt(space, 0);
	teardown();
	wpkg_store_close(NULL);
}
END_TEST

static bool is_now(const struct wpkg_moment *moment)
{
	struct wpkg_moment now;
	ck_assert(wpkg_store_moment(&now, store));
	return memcmp(&now, moment, sizeof(now)) == 0;
}

/* By a connection of its own, in a process of its own. */
static void put_elsewhere(struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_store *second = NULL;
	struct wpkg_store_options admin = {.mode = WPKG_STORE_ADMIN};
	pid_t child = fork();
	if (child == 0) {
		bool good = wpkg_store_open(&second, folder, &admin, &err) == WPKG_OK &&
			    wpkg_blob_put(NULL, second, NULL, bytes, &err) == WPKG_OK;
		_exit(good ? 0 : 1);
	}
	int code = 1;
	ck_assert_int_eq(waitpid(child, &code, 0), child);
	ck_assert_int_eq(code, 0);
}

START_TEST(a_moment_ends_with_anybodys_commit)
{
	struct wpkg_moment moment;
	uint64_t size;
	struct wpkg_err err;
	setup();
	ck_assert(wpkg_store_moment(&moment, store));
	for (unsigned i = 0; i < 50; i++) {
		struct wpkg_uploaded uploaded = put(some_bytes(100 + i, i));
		ck_assert(!is_now(&moment));
		ck_assert(wpkg_store_moment(&moment, store));
		ck_ok(wpkg_blob_size(&size, store, &uploaded.digest, &err), err);
		ck_assert_msg(is_now(&moment), "a read is no change");
	}
	put_elsewhere(some_bytes(70000, 99));
	ck_assert(!is_now(&moment));
	ck_blob(some_bytes(70000, 99));
	teardown();
}
END_TEST

UNIT_MAIN(blobs_of_every_size_come_back, a_wrong_upload_leaves_nothing_and_poisons_nothing,
	  limits_hold_at_once, what_is_to_stay_free_stays_free,
	  an_open_blob_stays_readable_whatever_happens,
	  what_a_crash_left_goes_and_what_is_in_use_stays, one_serves_and_others_administer,
	  a_moment_ends_with_anybodys_commit)
