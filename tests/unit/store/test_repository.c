/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"
#include "session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>

#include "base/hex.h"
#include "pkg/oci_manifest.h"
#include "store/manifest.h"
#include "store/repository.h"
#include "store/tag.h"

#define NAME WPKG_LIT("a/repo")
#define OTHER WPKG_LIT("b/repo")

static const struct wpkg_act act = {.actor = WPKG_STR("jo")};

static struct wpkg_content_digest content_of(enum wpkg_digest_algorithm algorithm,
					     struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_content_digest digest;
	ck_ok(wpkg_content_digest_of(&digest, algorithm, bytes, &err), err);
	return digest;
}

static struct wpkg_content_digest sha256_of(struct wpkg_str bytes)
{
	return content_of(WPKG_SHA256, bytes);
}

static const char *text_of(const struct wpkg_content_digest *digest)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, digest);
	return wpkg_arena_dup(&arena, wpkg_str_from(text)).ptr;
}

static struct wpkg_str new_session(struct wpkg_str name)
{
	struct wpkg_err err;
	char id[WPKG_SESSION_ID];
	const struct wpkg_session_options options = {.name = name, .pusher = WPKG_LIT("jo")};
	ck_ok(wpkg_session_new(id, store, &options, &err), err);
	return wpkg_arena_dup(&arena, wpkg_str_from(id));
}

static struct wpkg_session *take(struct wpkg_str name, struct wpkg_str id, uint64_t expected)
{
	struct wpkg_err err;
	struct wpkg_session *session = NULL;
	uint64_t offset = 77;
	ck_ok(wpkg_session_take(&session, &offset, store, name, id, &err), err);
	ck_assert_uint_eq(offset, expected);
	return session;
}

/* A blob in a repository, by a session. */
static struct wpkg_content_digest push_blob(struct wpkg_str name, struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_content_digest digest = sha256_of(bytes);
	struct wpkg_session *session = take(name, new_session(name), 0);
	ck_ok(wpkg_session_write(session, bytes, &err), err);
	ck_assert_int_eq(finish_session(session, &digest), WPKG_OK);
	return digest;
}

static struct wpkg_str image(struct wpkg_str config, struct wpkg_str layer, const char *more)
{
	struct wpkg_content_digest a = sha256_of(config);
	struct wpkg_content_digest b = sha256_of(layer);
	return wpkg_arena_format(
		&arena,
		"{\"schemaVersion\":2,\"mediaType\":\"" WPKG_OCI_MANIFEST_TYPE "\",\"config\":{"
		"\"mediaType\":\"a/config\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{"
		"\"mediaType\":\"a/layer\",\"digest\":\"%s\",\"size\":%zu}]%s}",
		text_of(&a), config.len, text_of(&b), layer.len, more);
}

static enum wpkg_status put_as(struct wpkg_put_manifest *out, struct wpkg_str name,
			       struct wpkg_str bytes, const struct wpkg_content_digest *digest,
			       const char *tag, bool fixed, struct wpkg_err *err)
{
	struct wpkg_oci_parts parts;
	const struct wpkg_tag_set set = {.tag = wpkg_str_from(tag), .fixed = fixed};
	ck_ok(wpkg_oci_parts_read(&parts, &arena, bytes, err), *err);
	const struct wpkg_new_manifest manifest = {.name = name,
						   .bytes = bytes,
						   .media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
						   .parts = &parts,
						   .digest = digest,
						   .tags = &set,
						   .tag_count = tag != NULL,
						   .pusher = WPKG_LIT("jo")};
	return wpkg_manifest_put(out, &arena, store, &manifest, err);
}

static struct wpkg_content_digest push_manifest(struct wpkg_str name, struct wpkg_str bytes,
						const char *tag)
{
	struct wpkg_err err;
	struct wpkg_put_manifest out;
	ck_ok(put_as(&out, name, bytes, NULL, tag, false, &err), err);
	return out.digest;
}

static void ck_manifest(struct wpkg_str name, const char *tag, struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_manifest manifest;
	struct wpkg_content_digest digest = sha256_of(bytes);
	ck_ok(wpkg_manifest_find_tag(&manifest, &arena, store, name, wpkg_str_from(tag),
				     WPKG_MANIFEST_WHOLE, &err),
	      err);
	ck_assert(wpkg_str_equal(manifest.bytes, bytes));
	ck_assert(wpkg_content_digest_equal(&manifest.digest, &digest));
	ck_ok(wpkg_manifest_find(&manifest, &arena, store, name, &digest, WPKG_MANIFEST_HEAD, &err),
	      err);
	ck_assert_uint_eq(manifest.size, bytes.len);
	ck_assert_uint_eq(manifest.bytes.len, 0);
}

START_TEST(a_session_goes_on_where_it_was)
{
	struct wpkg_err err;
	uint64_t offset = 0;
	static const size_t sizes[] = {1000, 300000};
	setup();
	for (size_t i = 0; i < 2; i++) {
		struct wpkg_str bytes = some_bytes(sizes[i], (unsigned)i);
		struct wpkg_content_digest digest = sha256_of(bytes);
		struct wpkg_str id = new_session(NAME);
		size_t third = bytes.len / 3;
		ck_status(wpkg_session_offset(&offset, store, OTHER, id, &err), WPKG_ENOTFOUND);
		struct wpkg_session *session = take(NAME, id, 0);
		ck_status(wpkg_session_offset(&offset, store, NAME, id, &err), WPKG_EBUSY);
		ck_ok(wpkg_session_write(session, wpkg_str_slice(bytes, 0, third), &err), err);
		ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
		ck_assert_uint_eq(offset, third);
		/* What was not paused is lost with its request. */
		session = take(NAME, id, third);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		wpkg_session_drop(session);
		ck_ok(wpkg_session_offset(&offset, store, NAME, id, &err), err);
		ck_assert_uint_eq(offset, third);
		session = take(NAME, id, third);
		ck_ok(wpkg_session_write(session, wpkg_str_slice(bytes, third, 2 * third), &err),
		      err);
		ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
		/* A restart. */
		close_store();
		open_store(WPKG_STORE_SERVE);
		session = take(NAME, id, 2 * third);
		ck_ok(wpkg_session_write(session, wpkg_str_from_offset(bytes, 2 * third), &err),
		      err);
		ck_assert_int_eq(finish_session(session, &digest), WPKG_OK);
		ck_blob(bytes);
		uint64_t size = 0;
		ck_ok(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), err);
		ck_assert_uint_eq(size, bytes.len);
		ck_status(wpkg_session_offset(&offset, store, NAME, id, &err), WPKG_ENOTFOUND);
	}
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(an_orderly_close_keeps_sessions_and_a_crash_what_was_paused)
{
	struct wpkg_err err;
	uint64_t offset = 0;
	setup();
	struct wpkg_str bytes = some_bytes(200000, 1);
	struct wpkg_str fresh = new_session(NAME);
	struct wpkg_str paused = new_session(NAME);
	struct wpkg_session *session = take(NAME, paused, 0);
	ck_ok(wpkg_session_write(session, wpkg_str_slice(bytes, 0, 100000), &err), err);
	ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
	close_store();
	open_store(WPKG_STORE_SERVE);
	ck_ok(wpkg_session_offset(&offset, store, NAME, fresh, &err), err);
	ck_assert_uint_eq(offset, 0);
	close_store();
	/* Bytes beyond what was answered for, and a file of a session that never paused: as a crash
	 * leaves them. */
	int fd = open(in_folder(wpkg_arena_format(&arena, "sessions/%s", paused.ptr).ptr),
		      O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "garbage", 7), 7);
	close(fd);
	const char *left = in_folder("sessions/0123456789abcdef0123456789abcdef");
	close(open(left, O_CREAT | O_WRONLY, 0600));
	open_store(WPKG_STORE_SERVE);
	ck_assert_int_ne(access(left, F_OK), 0);
	session = take(NAME, paused, 100000);
	ck_ok(wpkg_session_write(session, wpkg_str_from_offset(bytes, 100000), &err), err);
	struct wpkg_content_digest digest = sha256_of(bytes);
	ck_assert_int_eq(finish_session(session, &digest), WPKG_OK);
	ck_blob(bytes);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_session_that_fails_leaves_nothing)
{
	struct wpkg_err err;
	uint64_t offset = 0;
	struct wpkg_session *session = NULL;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options idle = {.sessions = -1};
	setup();
	for (size_t size = 100; size <= 100000; size *= 1000) {
		struct wpkg_str bytes = some_bytes(size, 1);
		struct wpkg_content_digest wrong = sha256_of(WPKG_LIT("other"));
		struct wpkg_str id = new_session(NAME);
		session = take(NAME, id, 0);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
		ck_assert_int_eq(finish_session(take(NAME, id, size), &wrong), WPKG_EINVAL);
		ck_status(wpkg_session_take(&session, &offset, store, NAME, id, &err),
			  WPKG_ENOTFOUND);
		ck_no_blob(bytes);
		/* Given up. */
		id = new_session(NAME);
		session = take(NAME, id, 0);
		ck_status(wpkg_session_cancel(store, NAME, id, &err), WPKG_EBUSY);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
		ck_status(wpkg_session_cancel(store, OTHER, id, &err), WPKG_ENOTFOUND);
		ck_ok(wpkg_session_cancel(store, NAME, id, &err), err);
		ck_status(wpkg_session_cancel(store, NAME, id, &err), WPKG_ENOTFOUND);
		/* Idle. */
		id = new_session(NAME);
		session = take(NAME, id, 0);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		ck_assert_int_eq(pause_session(session, &offset), WPKG_OK);
		new_session(NAME);
		ck_ok(wpkg_store_gc(&report, store, &idle, &err), err);
		ck_assert_uint_eq(report.sessions, 2);
		ck_status(wpkg_session_offset(&offset, store, NAME, id, &err), WPKG_ENOTFOUND);
	}
	ck_status(wpkg_session_take(&session, &offset, store, NAME, WPKG_LIT("../../x"), &err),
		  WPKG_ENOTFOUND);
	ck_assert_int_eq(rmdir(in_folder("sessions")), 0);
	teardown();
}
END_TEST

START_TEST(sha512_is_a_second_name)
{
	struct wpkg_err err;
	struct wpkg_blob blob;
	struct wpkg_manifest manifest;
	struct wpkg_put_manifest out;
	setup();
	for (size_t size = 100; size <= 100000; size *= 1000) {
		struct wpkg_str bytes = some_bytes(size, 2);
		struct wpkg_content_digest digest = content_of(WPKG_SHA512, bytes);
		struct wpkg_content_digest other = content_of(WPKG_SHA512, WPKG_LIT("other"));
		struct wpkg_session *session = take(NAME, new_session(NAME), 0);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		ck_assert_int_eq(finish_session(session, &other), WPKG_EINVAL);
		session = take(NAME, new_session(NAME), 0);
		ck_ok(wpkg_session_write(session, bytes, &err), err);
		ck_assert_int_eq(finish_session(session, &digest), WPKG_OK);
		ck_ok(wpkg_repository_blob_open(&blob, store, NAME, &digest, &err), err);
		ck_assert_uint_eq(blob.size, size);
		wpkg_blob_close(&blob);
		digest = sha256_of(bytes);
		ck_ok(wpkg_repository_blob_open(&blob, store, NAME, &digest, &err), err);
		wpkg_blob_close(&blob);
	}
	struct wpkg_str text = image(some_bytes(100, 2), some_bytes(100000, 2), "");
	struct wpkg_content_digest digest = content_of(WPKG_SHA512, text);
	struct wpkg_content_digest other = content_of(WPKG_SHA512, WPKG_LIT("other"));
	ck_status(put_as(&out, NAME, text, &other, NULL, false, &err), WPKG_EINVAL);
	ck_ok(put_as(&out, NAME, text, &digest, "t", false, &err), err);
	ck_assert(wpkg_content_digest_equal(&out.digest, &digest));
	ck_ok(wpkg_manifest_find(&manifest, &arena, store, NAME, &digest, WPKG_MANIFEST_WHOLE,
				 &err),
	      err);
	ck_assert(wpkg_str_equal(manifest.bytes, text));
	ck_ok(wpkg_manifest_find_tag(&manifest, &arena, store, NAME, WPKG_LIT("t"),
				     WPKG_MANIFEST_HEAD, &err),
	      err);
	ck_assert(wpkg_content_digest_equal(&manifest.digest, &digest));
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(a_repository_holds_what_came_to_it_and_nothing_else)
{
	struct wpkg_err err;
	uint64_t size = 0;
	struct wpkg_names names;
	bool exists = true;
	setup();
	struct wpkg_str bytes = some_bytes(100, 1);
	ck_ok(wpkg_repository_exists(&exists, store, NAME, &err), err);
	ck_assert(!exists);
	struct wpkg_content_digest digest = push_blob(NAME, bytes);
	ck_ok(wpkg_repository_exists(&exists, store, NAME, &err), err);
	ck_assert(exists);
	ck_ok(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), err);
	ck_status(wpkg_repository_blob_size(&size, store, OTHER, &digest, &err), WPKG_ENOTFOUND);
	struct wpkg_content_digest none = sha256_of(WPKG_LIT("none"));
	ck_status(wpkg_repository_mount(store, OTHER, NAME, &none, &(struct wpkg_act){0}, &err),
		  WPKG_ENOTFOUND);
	ck_status(wpkg_repository_mount(store, NAME, OTHER, &digest, &(struct wpkg_act){0}, &err),
		  WPKG_ENOTFOUND);
	ck_ok(wpkg_repository_mount(store, OTHER, NAME, &digest, &(struct wpkg_act){0}, &err), err);
	ck_ok(wpkg_repository_mount(store, OTHER, NAME, &digest, &(struct wpkg_act){0}, &err), err);
	ck_ok(wpkg_repository_blob_size(&size, store, OTHER, &digest, &err), err);
	ck_ok(wpkg_repository_holders(&names, &arena, store, &digest, 10, &err), err);
	ck_assert_uint_eq(names.count, 2);
	ck_ok(wpkg_repository_blob_delete(store, NAME, &digest, &err), err);
	ck_status(wpkg_repository_blob_delete(store, NAME, &digest, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_repository_blob_size(&size, store, OTHER, &digest, &err), err);
	/* A repository without a manifest is in no list. */
	ck_ok(wpkg_repository_list(&names, &arena, store, WPKG_LIT(""), 10, &err), err);
	ck_assert_uint_eq(names.count, 0);
	teardown();
}
END_TEST

START_TEST(a_manifest_is_whole_or_refused)
{
	struct wpkg_err err;
	struct wpkg_put_manifest out;
	struct wpkg_tag_list tags;
	setup();
	struct wpkg_str config = some_bytes(100, 1);
	struct wpkg_str layer = some_bytes(100000, 2);
	struct wpkg_str text = image(config, layer, "");
	push_blob(OTHER, config);
	push_blob(NAME, layer);
	/* Another repository's blob is none of ours. */
	ck_status(put_as(&out, NAME, text, NULL, "t", false, &err), WPKG_ENOTFOUND);
	ck_assert_uint_eq(out.missing_count, 1);
	struct wpkg_content_digest missing = sha256_of(config);
	ck_assert(wpkg_content_digest_equal(&out.missing[0], &missing));
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT(""), 0, &err), err);
	ck_assert_uint_eq(tags.count, 0);
	ck_no_blob(text);
	push_blob(NAME, config);
	ck_ok(put_as(&out, NAME, text, NULL, "t", false, &err), err);
	ck_assert(!out.existed);
	ck_manifest(NAME, "t", text);
	ck_ok(put_as(&out, NAME, text, NULL, "u", false, &err), err);
	ck_assert(out.existed);
	/* Layers that come from elsewhere need not be here. */
	struct wpkg_str foreign = wpkg_arena_format(
		&arena,
		"{\"config\":{\"digest\":\"%s\"},\"layers\":[{\"digest\":\"sha256:%064d\","
		"\"urls\":[\"http://x\"]},{\"digest\":\"sha256:%064d\",\"mediaType\":"
		"\"application/vnd.oci.image.layer.nondistributable.v1.tar\"}]}",
		text_of(&missing), 1, 2);
	ck_ok(put_as(&out, NAME, foreign, NULL, NULL, false, &err), err);
	/* What a manifest names cannot be taken away, but with it. */
	struct wpkg_content_digest digest = sha256_of(layer);
	ck_status(wpkg_repository_blob_delete(store, NAME, &digest, &err), WPKG_EDENIED);
	struct wpkg_content_digest own = sha256_of(text);
	ck_ok(wpkg_manifest_delete(store, NAME, &own, &act, &err), err);
	ck_status(wpkg_manifest_delete(store, NAME, &own, &act, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT(""), 0, &err), err);
	ck_assert_uint_eq(tags.count, 0);
	ck_ok(wpkg_repository_blob_delete(store, NAME, &digest, &err), err);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(tags_move_or_stay_and_are_listed_in_byte_order)
{
	struct wpkg_err err;
	struct wpkg_put_manifest out;
	struct wpkg_tag_list tags;
	static const char *const sorted[] = {"1.0.0", "A", "Z", "_", "a", "latest"};
	setup();
	struct wpkg_str config = some_bytes(100, 1);
	push_blob(NAME, config);
	struct wpkg_str first = image(config, config, "");
	struct wpkg_str second = image(config, config, ",\"x\":1");
	ck_ok(put_as(&out, NAME, first, NULL, "latest", false, &err), err);
	ck_ok(put_as(&out, NAME, first, NULL, "1.0.0", true, &err), err);
	ck_ok(put_as(&out, NAME, first, NULL, "1.0.0", true, &err), err);
	ck_status(put_as(&out, NAME, second, NULL, "1.0.0", true, &err), WPKG_EEXISTS);
	ck_no_blob(second);
	ck_ok(put_as(&out, NAME, second, NULL, "latest", false, &err), err);
	ck_manifest(NAME, "latest", second);
	ck_manifest(NAME, "1.0.0", first);
	for (size_t i = 0; i < 6; i++)
		push_manifest(NAME, first, sorted[(i * 5) % 6]);
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT(""), 0, &err), err);
	ck_assert_uint_eq(tags.count, 6);
	ck_assert(!tags.more);
	for (size_t i = 0; i < 6; i++)
		ck_assert(wpkg_str_equal_text(tags.items[i], sorted[i]));
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT("A"), 2, &err), err);
	ck_assert_uint_eq(tags.count, 2);
	ck_assert(tags.more);
	ck_assert(wpkg_str_equal_text(tags.items[0], "Z"));
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT("_"), 2, &err), err);
	ck_assert(!tags.more);
	ck_ok(wpkg_tag_delete(store, NAME, WPKG_LIT("A"), &act, &err), err);
	ck_status(wpkg_tag_delete(store, NAME, WPKG_LIT("A"), &act, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_tag_delete(store, OTHER, WPKG_LIT("A"), &act, &err), WPKG_ENOTFOUND);
	ck_status(wpkg_tag_list(&tags, &arena, store, OTHER, WPKG_LIT(""), 0, &err),
		  WPKG_ENOTFOUND);
	teardown();
}
END_TEST

START_TEST(referrers_are_listed_by_page_and_type)
{
	struct wpkg_err err;
	struct wpkg_manifest_list list;
	setup();
	struct wpkg_str config = some_bytes(100, 1);
	push_blob(NAME, config);
	struct wpkg_content_digest subject = sha256_of(WPKG_LIT("never pushed"));
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &subject, WPKG_LIT(""), 0, 10,
				      &err),
	      err);
	ck_assert_uint_eq(list.count, 0);
	for (int i = 0; i < 5; i++) {
		struct wpkg_str more = wpkg_arena_format(
			&arena,
			",\"artifactType\":\"a/t%d\",\"subject\":{\"digest\":\"%s\"},"
			"\"annotations\":{\"n\":\"%d\"}",
			i % 2, text_of(&subject), i);
		push_manifest(NAME, image(config, config, more.ptr), NULL);
	}
	/* Without a type of its own a manifest has its configuration's. */
	struct wpkg_str more =
		wpkg_arena_format(&arena, ",\"subject\":{\"digest\":\"%s\"}", text_of(&subject));
	push_manifest(NAME, image(config, config, more.ptr), NULL);
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &subject, WPKG_LIT(""), 0, 4,
				      &err),
	      err);
	ck_assert_uint_eq(list.count, 4);
	ck_assert_int_ne(list.next, 0);
	ck_assert(wpkg_str_equal_text(list.items[1].annotations, "{\"n\":\"1\"}"));
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &subject, WPKG_LIT(""), list.next,
				      4, &err),
	      err);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_int_eq(list.next, 0);
	ck_assert(wpkg_str_equal_text(list.items[1].artifact_type, "a/config"));
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &subject, WPKG_LIT("a/t0"), 0, 10,
				      &err),
	      err);
	ck_assert_uint_eq(list.count, 3);
	ck_ok(wpkg_manifest_delete(store, NAME, &list.items[0].digest, &act, &err), err);
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &subject, WPKG_LIT("a/t0"), 0, 10,
				      &err),
	      err);
	ck_assert_uint_eq(list.count, 2);
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, OTHER, &subject, WPKG_LIT(""), 0, 10,
				      &err),
	      err);
	ck_assert_uint_eq(list.count, 0);
	teardown();
}
END_TEST

static struct wpkg_manifest version_manifest(struct wpkg_str name, const char *tag)
{
	struct wpkg_err err;
	struct wpkg_manifest manifest;
	ck_ok(wpkg_manifest_find_tag(&manifest, &arena, store, name, wpkg_str_from(tag),
				     WPKG_MANIFEST_WHOLE, &err),
	      err);
	return manifest;
}

START_TEST(a_published_version_is_a_manifest_with_its_invoice_as_referrer)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice;
	struct wpkg_oci_manifest computed;
	struct wpkg_manifest_list list;
	struct wpkg_manifest manifest;
	struct wpkg_record record;
	uint64_t size = 0;
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1), some_bytes(100000, 2)};
	struct package package = {.name = "a/repo",
				  .version = "1.0.0+b",
				  .parcels = parcels,
				  .count = 2,
				  .user = "jo"};
	int64_t id = publish(&package);
	canonical(&invoice, &package);
	ck_ok(wpkg_oci_manifest_of_invoice(&computed, &arena, invoice, &err), err);
	manifest = version_manifest(NAME, "1.0.0_b");
	ck_assert(wpkg_str_equal(manifest.bytes, computed.text));
	ck_assert(wpkg_str_equal_text(manifest.version, "1.0.0+b"));
	record = find(id);
	ck_assert(record.has_manifest);
	ck_assert(wpkg_digest_equal(&record.manifest, &computed.digest));
	ck_ok(wpkg_record_find_manifest(&record, &arena, store, NAME, &computed.digest, &err), err);
	ck_assert_int_eq(record.id, id);
	/* All that it names is in the repository. */
	for (size_t i = 0; i < 2; i++) {
		struct wpkg_content_digest digest = sha256_of(parcels[i]);
		ck_ok(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), err);
	}
	struct wpkg_content_digest digest = sha256_of(computed.config);
	ck_ok(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), err);
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &manifest.digest, WPKG_LIT(""), 0,
				      10, &err),
	      err);
	ck_assert_uint_eq(list.count, 1);
	ck_assert(wpkg_str_equal_text(list.items[0].artifact_type, WPKG_OCI_INVOICE_TYPE));
	digest = sha256_of(find(id).invoice);
	ck_ok(wpkg_repository_blob_size(&size, store, NAME, &digest, &err), err);
	/* It is the version's: nobody takes it away in another way. */
	ck_status(wpkg_manifest_delete(store, NAME, &manifest.digest, &act, &err), WPKG_EDENIED);
	ck_status(wpkg_manifest_delete(store, NAME, &list.items[0].digest, &act, &err),
		  WPKG_EDENIED);
	ck_status(wpkg_tag_delete(store, NAME, WPKG_LIT("1.0.0_b"), &act, &err), WPKG_EDENIED);
	struct wpkg_content_digest referrer = list.items[0].digest;
	/* Yanked: another referrer, the same manifest. */
	package.more = "yanked = true";
	ck_ok(wpkg_record_yank(store, id, canonical(&invoice, &package), &act, &err), err);
	ck_ok(wpkg_manifest_referrers(&list, &arena, store, NAME, &manifest.digest, WPKG_LIT(""), 0,
				      10, &err),
	      err);
	ck_assert_uint_eq(list.count, 1);
	ck_assert(!wpkg_content_digest_equal(&list.items[0].digest, &referrer));
	record = find(id);
	ck_assert(wpkg_digest_equal(&record.manifest, &computed.digest));
	/* No tag any more, but the digest and a reason. */
	ck_status(wpkg_manifest_find_tag(&manifest, &arena, store, NAME, WPKG_LIT("1.0.0_b"),
					 WPKG_MANIFEST_HEAD, &err),
		  WPKG_ENOTFOUND);
	digest = wpkg_content_digest_of_sha256(&computed.digest);
	ck_ok(wpkg_manifest_find(&manifest, &arena, store, NAME, &digest, WPKG_MANIFEST_HEAD, &err),
	      err);
	ck_assert(manifest.yanked);
	/* Deleted: all of it goes. */
	ck_ok(wpkg_record_delete(store, NAME, WPKG_LIT("1.0.0+b"), &act, &err), err);
	ck_status(wpkg_manifest_find(&manifest, &arena, store, NAME, &digest, WPKG_MANIFEST_HEAD,
				     &err),
		  WPKG_ENOTFOUND);
	struct wpkg_gc_report report;
	const struct wpkg_gc_options now = {.grace = -1};
	ck_ok(wpkg_store_gc(&report, store, &now, &err), err);
	ck_no_blob(parcels[0]);
	ck_no_blob(computed.text);
	ck_no_blob(WPKG_LIT("{}"));
	ck_fsck(0, 0);
	teardown();
}
END_TEST

/* A version that comes as a manifest. */
static enum wpkg_status create_pushed(struct wpkg_created *created, const struct package *package,
				      struct wpkg_str manifest, struct wpkg_err *err)
{
	struct wpkg_oci_parts parts;
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_oci_parts_read(&parts, &arena, manifest, err), *err);
	const struct wpkg_new_manifest pushed = {.name = wpkg_str_from(package->name),
						 .bytes = manifest,
						 .media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE),
						 .parts = &parts};
	struct wpkg_str text = canonical(&invoice, package);
	const struct wpkg_new_record record = {
		.invoice = invoice, .text = text, .manifest = &pushed};
	return wpkg_record_create(created, &arena, store, &record, err);
}

START_TEST(a_pushed_manifest_stays_a_versions_own)
{
	struct wpkg_err err;
	struct wpkg_record record;
	struct wpkg_created created;
	struct wpkg_gc_report report;
	const struct wpkg_gc_options none = {.grace = -1};
	const struct wpkg_settlement settlement = {.accepted = true, .verdict = WPKG_LIT("{}")};
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct wpkg_str config = some_bytes(50, 3);
	struct wpkg_content_digest config_digest = sha256_of(config);
	struct wpkg_str manifest = image(config, parcels[0], ",\"unknown\":true");
	struct package package = {
		.name = "a/repo", .version = "1.0.0", .parcels = parcels, .count = 1};
	push_blob(NAME, parcels[0]);
	/* What is elsewhere does not count, and nothing is left of the attempt. */
	push_blob(OTHER, config);
	ck_status(create_pushed(&created, &package, manifest, &err), WPKG_ENOTFOUND);
	ck_assert_uint_eq(created.lacking_count, 1);
	ck_assert(wpkg_content_digest_equal(&created.lacking[0], &config_digest));
	ck_status(wpkg_record_find(&record, &arena, store, NAME, WPKG_LIT("1.0.0"), &everything,
				   &err),
		  WPKG_ENOTFOUND);
	push_blob(NAME, config);
	ck_ok(create_pushed(&created, &package, manifest, &err), err);
	int64_t id = created.id;
	ck_assert_int_eq(created.state, WPKG_RECORD_CHECKING);
	/* The server ends here; whoever comes back knows the version, and knows it by that alone.
	 */
	close_store();
	open_store(WPKG_STORE_SERVE);
	ck_status(create_pushed(&created, &package, image(config, parcels[0], ""), &err),
		  WPKG_EEXISTS);
	ck_ok(create_pushed(&created, &package, manifest, &err), err);
	ck_assert(created.existed);
	ck_assert_int_eq(created.id, id);
	/* Whatever is old, and whoever owns it: what the verdict needs stays. */
	ck_ok(wpkg_store_gc(&report, store, &none, &err), err);
	ck_status(wpkg_repository_blob_delete(store, NAME, &config_digest, &err), WPKG_EDENIED);
	ck_ok(wpkg_record_settle(store, id, &settlement, &err), err);
	ck_manifest(NAME, "1.0.0", manifest);
	struct wpkg_digest digest = digest_of(manifest);
	ck_ok(wpkg_record_find_manifest(&record, &arena, store, NAME, &digest, &err), err);
	ck_assert_int_eq(record.id, id);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(gc_knows_manifests_indexes_referrers_and_tags)
{
	struct wpkg_err err;
	struct wpkg_gc_report report;
	struct wpkg_put_manifest out;
	const struct wpkg_gc_options blobs = {.grace = -1};
	const struct wpkg_gc_options all = {.grace = -1, .untagged = -1};
	setup();
	struct wpkg_str config = some_bytes(100, 1);
	struct wpkg_str layer = some_bytes(100000, 2);
	struct wpkg_str loose = some_bytes(100, 3);
	push_blob(NAME, config);
	push_blob(NAME, layer);
	push_blob(NAME, loose);
	push_blob(OTHER, some_bytes(5, 4));
	struct wpkg_str child = image(config, layer, "");
	struct wpkg_content_digest child_digest = push_manifest(NAME, child, NULL);
	struct wpkg_str index = wpkg_arena_format(&arena,
						  "{\"mediaType\":\"" WPKG_OCI_INDEX_TYPE
						  "\",\"manifests\":[{\"digest\":\"%s\"}]}",
						  text_of(&child_digest));
	ck_status(put_as(&out, OTHER, index, NULL, "t", false, &err), WPKG_ENOTFOUND);
	push_manifest(NAME, index, "t");
	struct wpkg_str referrer =
		image(config, config,
		      wpkg_arena_format(&arena, ",\"subject\":{\"digest\":\"%s\"}",
					text_of(&child_digest))
			      .ptr);
	push_manifest(NAME, referrer, NULL);
	struct wpkg_str untagged = image(config, config, "");
	push_manifest(NAME, untagged, NULL);
	ck_ok(wpkg_store_gc(&report, store, &blobs, &err), err);
	ck_assert_uint_eq(report.blobs, 2);
	ck_assert_uint_eq(report.manifests, 0);
	ck_no_blob(loose);
	ck_blob(layer);
	ck_blob(untagged);
	/* A repository that only ever held a blob is gone, and its name free. */
	struct wpkg_access access;
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("x"), OTHER, &err), err);
	ck_assert(!access.exists);
	ck_assert_uint_eq(access.owner.len, 0);
	ck_ok(wpkg_access_find(&access, &arena, store, WPKG_LIT("x"), NAME, &err), err);
	ck_assert(access.exists);
	ck_assert(wpkg_str_equal_text(access.owner, "jo"));
	ck_ok(wpkg_store_gc(&report, store, &all, &err), err);
	ck_assert_uint_eq(report.manifests, 1);
	ck_no_blob(untagged);
	ck_blob(referrer);
	ck_manifest(NAME, "t", index);
	ck_blob(layer);
	/* With its tag the index goes, and then what only it named. */
	ck_ok(wpkg_tag_delete(store, NAME, WPKG_LIT("t"), &act, &err), err);
	ck_ok(wpkg_store_gc(&report, store, &all, &err), err);
	ck_assert_uint_eq(report.manifests, 2);
	ck_no_blob(layer);
	ck_blob(referrer);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(repositories_survive_export_and_import)
{
	struct wpkg_err err;
	struct wpkg_transfer_report report;
	struct wpkg_tag_list tags;
	struct wpkg_put_manifest out;
	struct wpkg_record record;
	struct wpkg_created created;
	char source[sizeof(folder)];
	setup();
	const struct wpkg_str parcels[] = {some_bytes(10, 1)};
	struct wpkg_str config = some_bytes(50, 3);
	push_blob(NAME, parcels[0]);
	push_blob(NAME, config);
	struct wpkg_str manifest = image(config, parcels[0], "");
	struct wpkg_str index;
	struct package package = {
		.name = "a/repo", .version = "1.0.0", .parcels = parcels, .count = 1};
	ck_ok(create_pushed(&created, &package, manifest, &err), err);
	settle(created.id, true);
	package.version = "1.1.0";
	publish(&package);
	struct wpkg_content_digest digest = sha256_of(manifest);
	index = wpkg_arena_format(&arena, "{\"manifests\":[{\"digest\":\"%s\"}]}",
				  text_of(&digest));
	struct wpkg_content_digest sha512 = content_of(WPKG_SHA512, index);
	ck_ok(put_as(&out, NAME, index, &sha512, "latest", false, &err), err);
	ck_ok(put_as(&out, NAME, index, &sha512, "main", false, &err), err);
	const char *target = in_folder("export");
	ck_ok(wpkg_store_export(&report, store, target, NULL, &err), err);
	close_store();
	memcpy(source, folder, sizeof(folder));
	struct wpkg_arena kept = arena;
	setup();
	ck_ok(wpkg_store_import(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.passed_over, 0);
	ck_assert_uint_eq(report.records, 2);
	ck_ok(wpkg_tag_list(&tags, &arena, store, NAME, WPKG_LIT(""), 0, &err), err);
	ck_assert_uint_eq(tags.count, 4);
	ck_manifest(NAME, "1.0.0", manifest);
	struct wpkg_manifest read = version_manifest(NAME, "latest");
	ck_assert(wpkg_str_equal(read.bytes, index));
	ck_assert(wpkg_content_digest_equal(&read.digest, &sha512));
	struct wpkg_digest plain = digest_of(manifest);
	ck_ok(wpkg_record_find_manifest(&record, &arena, store, NAME, &plain, &err), err);
	ck_assert(wpkg_str_equal_text(record.version, "1.0.0"));
	version_manifest(NAME, "1.1.0");
	ck_ok(wpkg_store_import(&report, store, target, NULL, &err), err);
	ck_assert_uint_eq(report.passed_over, 0);
	ck_fsck(0, 0);
	teardown();
	arena = kept;
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, source, &err), err);
	wpkg_arena_clear(&arena);
}
END_TEST

UNIT_MAIN(a_session_goes_on_where_it_was,
	  an_orderly_close_keeps_sessions_and_a_crash_what_was_paused,
	  a_session_that_fails_leaves_nothing, sha512_is_a_second_name,
	  a_repository_holds_what_came_to_it_and_nothing_else, a_manifest_is_whole_or_refused,
	  tags_move_or_stay_and_are_listed_in_byte_order, referrers_are_listed_by_page_and_type,
	  a_published_version_is_a_manifest_with_its_invoice_as_referrer,
	  a_pushed_manifest_stays_a_versions_own, gc_knows_manifests_indexes_referrers_and_tags,
	  repositories_survive_export_and_import)
