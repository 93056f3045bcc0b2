/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_store.h"

enum wpkg_status oci_store_open(struct oci_store **out, struct session *session,
				const struct oci_place *place, enum oci_access access,
				struct wpkg_err *err)
{
	return place->kind == OCI_REGISTRY ? oci_remote_open(out, session, place, access, err)
					   : oci_local_open(out, session, place, access, err);
}

void oci_stores_close(struct oci_store *first)
{
	while (first) {
		struct oci_store *next = first->next;
		first->kind->close(first);
		first = next;
	}
}

enum wpkg_status oci_label_of(struct wpkg_label *out, struct wpkg_arena *arena,
			      const struct wpkg_oci_descriptor *descriptor, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &descriptor->digest);
	struct wpkg_str sha256 = wpkg_arena_dup(arena, wpkg_str_from(hex));
	if (!sha256.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a blob");
	*out = (struct wpkg_label){.sha256 = sha256,
				   .name = wpkg_arena_format(arena, "sha256:%s", hex),
				   .media_type = descriptor->media_type,
				   .size = descriptor->size};
	return WPKG_OK;
}

/* One blob into memory. */

struct reading {
	struct wpkg_parcel_job job;
	struct wpkg_buf text;
	bool begun;
	enum wpkg_status status;
};

static enum wpkg_status take(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct reading *reading = user;
	wpkg_buf_append_str(&reading->text, bytes);
	return wpkg_buf_check(&reading->text, "blob", err);
}

static enum wpkg_status next(void *user, struct wpkg_parcel_job **out, struct wpkg_err *err)
{
	struct reading *reading = user;
	(void)err;
	*out = reading->begun ? NULL : &reading->job;
	reading->begun = true;
	return WPKG_OK;
}

static enum wpkg_status done(void *user, struct wpkg_parcel_job *job, enum wpkg_status status,
			     struct wpkg_err *err)
{
	(void)user;
	(void)job;
	(void)err;
	return status;
}

static enum wpkg_status check(struct wpkg_str *out, const struct reading *reading,
			      const struct wpkg_oci_descriptor *descriptor, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	struct wpkg_str text = wpkg_buf_str(&reading->text);
	enum wpkg_status status = wpkg_digest_of(&digest, text, err);
	if (status != WPKG_OK)
		return status;
	if (text.len != descriptor->size || !wpkg_digest_equal(&digest, &descriptor->digest))
		return WPKG_FAIL(err, WPKG_EDENIED, "a blob whose bytes do not have its digest");
	*out = text;
	return WPKG_OK;
}

enum wpkg_status oci_store_read_blob(struct wpkg_str *out, struct oci_store *store,
				     const struct wpkg_oci_descriptor *descriptor, size_t max,
				     struct wpkg_err *err)
{
	struct wpkg_label label;
	struct wpkg_arena *arena = &store->session->arena;
	struct reading reading = {.job = {.label = &label, .fd = -1, .sink = take}};
	struct wpkg_parcel_queue queue = {
		.parallel = 1, .next = next, .done = done, .user = &reading};
	struct wpkg_str text = {0};
	if (descriptor->size > max)
		return WPKG_FAIL(err, WPKG_ELIMIT,
				 "a blob of %llu bytes where at most %zu are taken",
				 (unsigned long long)descriptor->size, max);
	reading.job.user = &reading;
	wpkg_buf_init(&reading.text, max);
	enum wpkg_status status = oci_label_of(&label, arena, descriptor, err);
	if (status == WPKG_OK) {
		status = store->kind->get_blobs(store, &queue, err);
		if (status == WPKG_OK)
			status = check(&text, &reading, descriptor, err);
	}
	if (status == WPKG_OK) {
		text = wpkg_arena_dup(arena, text);
		if (!text.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a blob");
	}
	if (status == WPKG_OK)
		*out = text;
	wpkg_buf_clear(&reading.text);
	return status;
}
