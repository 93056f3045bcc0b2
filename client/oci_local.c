/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layout in a folder, or in an archive, which is unpacked for the time being and, when something
 * was put, packed anew. What refers to a manifest stands in the index like everything else.
 */
#include "oci_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "package.h"
#include "pkg/oci_layout.h"
#include "pkg/oci_manifest.h"
#include "pkg/parcel.h"

#define BLOCK 65536

/* The store comes first. */
struct local {
	struct oci_store store;
	struct wpkg_oci_layout layout;
	const char *archive; /* in the session's arena; NULL: a folder */
	char *unpacked;	     /* the folder of its content, heap */
};

static const struct wpkg_oci_layout *layout_of(struct oci_store *store)
{
	return &((struct local *)store)->layout;
}

/* Manifests. */

/* Tags that people gave; others hold referrers. */
static bool is_named(const struct wpkg_oci_descriptor *descriptor)
{
	return descriptor->name.len > 0 && !wpkg_str_starts(descriptor->name, WPKG_LIT("sha256-"));
}

/* The tag's manifest; without a tag the only one that has any, or that there is. */
static enum wpkg_status choose(const struct wpkg_oci_descriptor **out,
			       const struct oci_store *store, const struct wpkg_oci_index *index,
			       struct wpkg_str tag, struct wpkg_err *err)
{
	const struct wpkg_oci_descriptor *only = NULL;
	size_t found = 0;
	for (size_t i = 0; i < index->count; i++) {
		const struct wpkg_oci_descriptor *entry = &index->manifests[i];
		bool wanted = tag.len > 0 ? wpkg_str_equal(entry->name, tag)
					  : is_named(entry) || index->count == 1;
		if (wanted) {
			only = entry;
			found++;
		}
	}
	if (found == 0 && tag.len > 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s in %s", WPKG_STR_ARG(tag),
				 store->name);
	if (found == 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "nothing in %s has a tag", store->name);
	if (found > 1 && tag.len == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s has %zu tags: name one (:TAG)", store->name,
				 found);
	*out = only;
	return WPKG_OK;
}

static enum wpkg_status read_document(struct wpkg_oci_document *out, struct oci_store *store,
				      const struct wpkg_digest *digest, struct wpkg_str media_type,
				      struct wpkg_err *err)
{
	struct wpkg_oci_image image;
	struct wpkg_arena *arena = &store->session->arena;
	struct wpkg_oci_document document = {.digest = *digest, .media_type = media_type};
	enum wpkg_status status =
		wpkg_oci_layout_read(&document.bytes, arena, layout_of(store), digest, err);
	if (status != WPKG_OK)
		return status;
	if (document.media_type.len == 0 &&
	    wpkg_oci_image_read(&image, arena, document.bytes, NULL) == WPKG_OK)
		document.media_type = image.media_type;
	if (document.media_type.len == 0)
		document.media_type = WPKG_LIT(WPKG_OCI_MANIFEST_TYPE);
	*out = document;
	return WPKG_OK;
}

static enum wpkg_status get_manifest(struct oci_store *store, struct wpkg_oci_document *out,
				     const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	struct wpkg_oci_index index;
	const struct wpkg_oci_descriptor *entry = NULL;
	if (name->has_digest)
		return read_document(out, store, &name->digest, (struct wpkg_str){0}, err);
	enum wpkg_status status =
		wpkg_oci_layout_list(&index, &store->session->arena, layout_of(store), err);
	if (status == WPKG_OK)
		status = choose(&entry, store, &index, name->tag, err);
	return status == WPKG_OK ? read_document(out, store, &entry->digest, entry->media_type, err)
				 : status;
}

/* Is it about the subject, and of that type? Its descriptor says what the list shall. */
static bool refers(struct oci_store *store, struct wpkg_oci_descriptor *entry,
		   const struct wpkg_digest *subject, struct wpkg_str artifact_type)
{
	struct wpkg_oci_document document;
	struct wpkg_oci_image image;
	if (read_document(&document, store, &entry->digest, entry->media_type, NULL) != WPKG_OK ||
	    wpkg_oci_image_read(&image, &store->session->arena, document.bytes, NULL) != WPKG_OK ||
	    !image.has_subject || !wpkg_digest_equal(&image.subject, subject))
		return false;
	entry->artifact_type = image.artifact_type;
	return artifact_type.len == 0 || wpkg_str_equal(image.artifact_type, artifact_type);
}

/* The entries of the index, and of the one that stands in for a list of referrers. */
static enum wpkg_status list_all(struct wpkg_oci_index *out, struct oci_store *store,
				 const struct wpkg_digest *subject, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &store->session->arena;
	char tag[WPKG_OCI_REFERRERS_TAG];
	struct wpkg_oci_document document;
	struct wpkg_oci_index listed = {0};
	struct wpkg_oci_index index;
	enum wpkg_status status = wpkg_oci_layout_list(&index, arena, layout_of(store), err);
	if (status != WPKG_OK)
		return status;
	wpkg_oci_referrers_tag(tag, subject);
	const struct wpkg_oci_reference name = {.tag = wpkg_str_from(tag)};
	if (get_manifest(store, &document, &name, NULL) == WPKG_OK)
		status = wpkg_oci_index_read(&listed, arena, document.bytes, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_oci_descriptor *all =
		wpkg_arena_alloc(arena, index.count + listed.count + 1, sizeof(*all));
	if (!all)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for referrers");
	for (size_t i = 0; i < index.count; i++)
		all[i] = index.manifests[i];
	for (size_t i = 0; i < listed.count; i++)
		all[index.count + i] = listed.manifests[i];
	*out = (struct wpkg_oci_index){.manifests = all, .count = index.count + listed.count};
	return WPKG_OK;
}

static bool is_listed(const struct wpkg_oci_index *index, const struct wpkg_digest *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (wpkg_digest_equal(&index->manifests[i].digest, digest))
			return true;
	return false;
}

static enum wpkg_status get_referrers(struct oci_store *store, struct wpkg_oci_index *out,
				      const struct wpkg_digest *subject,
				      struct wpkg_str artifact_type, struct wpkg_err *err)
{
	struct wpkg_oci_index all;
	enum wpkg_status status = list_all(&all, store, subject, err);
	if (status != WPKG_OK)
		return status;
	*out = (struct wpkg_oci_index){.manifests = all.manifests};
	for (size_t i = 0; i < all.count; i++) {
		struct wpkg_oci_descriptor entry = all.manifests[i];
		if (!is_listed(out, &entry.digest) && refers(store, &entry, subject, artifact_type))
			out->manifests[out->count++] = entry;
	}
	return WPKG_OK;
}

/* Blobs. */

typedef enum wpkg_status blob_work(const struct wpkg_oci_layout *layout,
				   const struct wpkg_parcel_job *job, struct wpkg_err *err);

static enum wpkg_status open_blob(int *out, const struct wpkg_oci_layout *layout,
				  const struct wpkg_label *label, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	if (!wpkg_digest_parse(&digest, label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(label->sha256));
	return wpkg_oci_layout_open_blob(out, layout, &digest, err);
}

static enum wpkg_status send_bytes(const struct wpkg_parcel_job *job, int fd, struct wpkg_err *err)
{
	char block[BLOCK];
	uint64_t left = job->label->size;
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && left > 0) {
		ssize_t n = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		if (n <= 0)
			return WPKG_FAIL(err, WPKG_EIO, "it cannot be read");
		status = job->sink(job->user, wpkg_str_of(block, (size_t)n), err);
		if (job->progress)
			job->progress(job->user, (uint64_t)n);
		left -= (uint64_t)n;
	}
	return status;
}

static enum wpkg_status get_blob(const struct wpkg_oci_layout *layout,
				 const struct wpkg_parcel_job *job, struct wpkg_err *err)
{
	struct stat info;
	int fd = -1;
	enum wpkg_status status = open_blob(&fd, layout, job->label, err);
	if (status != WPKG_OK)
		return status;
	if (fstat(fd, &info) != 0 || (uint64_t)info.st_size != job->label->size)
		status = WPKG_FAIL(err, WPKG_EDENIED, "it does not have its %llu bytes",
				   (unsigned long long)job->label->size);
	else
		status = send_bytes(job, fd, err);
	close(fd);
	return status;
}

/* A spoilt blob is as good as none: it is put again. */
static enum wpkg_status find_blob(const struct wpkg_oci_layout *layout,
				  const struct wpkg_parcel_job *job, struct wpkg_err *err)
{
	int fd = -1;
	enum wpkg_status status = open_blob(&fd, layout, job->label, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_parcel_check(job->label, fd, err);
	close(fd);
	return status == WPKG_EDENIED ? WPKG_ENOTFOUND : status;
}

static enum wpkg_status put_blob(const struct wpkg_oci_layout *layout,
				 const struct wpkg_parcel_job *job, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_oci_layout_put(layout, job->label, job->fd, err);
	if (status == WPKG_OK && job->progress)
		job->progress(job->user, job->label->size);
	return status;
}

static enum wpkg_status each_blob(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  blob_work *work, struct wpkg_err *err)
{
	for (;;) {
		struct wpkg_parcel_job *job = NULL;
		struct wpkg_err why = {0};
		enum wpkg_status status = queue->next(queue->user, &job, err);
		if (status != WPKG_OK || !job)
			return status;
		status = work(layout_of(store), job, &why);
		status = queue->done(queue->user, job, status, &why);
		if (status != WPKG_OK) {
			if (err)
				*err = why;
			return status;
		}
	}
}

static enum wpkg_status get_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  struct wpkg_err *err)
{
	return each_blob(store, queue, get_blob, err);
}

static enum wpkg_status find_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				   struct wpkg_err *err)
{
	return each_blob(store, queue, find_blob, err);
}

static enum wpkg_status put_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  struct wpkg_err *err)
{
	return each_blob(store, queue, put_blob, err);
}

static enum wpkg_status put_manifest(struct oci_store *store, const struct oci_offer *offer,
				     struct wpkg_err *err)
{
	const struct wpkg_oci_descriptor descriptor = {.media_type = offer->document.media_type,
						       .digest = offer->document.digest,
						       .size = offer->document.bytes.len,
						       .artifact_type = offer->artifact_type,
						       .name = offer->tag};
	return wpkg_oci_layout_put_manifest(layout_of(store), offer->document.bytes, &descriptor,
					    err);
}

/* Opening and closing. */

static enum wpkg_status finish(struct oci_store *store, struct wpkg_err *err)
{
	struct local *local = (struct local *)store;
	return local->archive ? wpkg_oci_archive_pack(&local->layout, local->archive, err)
			      : WPKG_OK;
}

static void local_close(struct oci_store *store)
{
	struct local *local = (struct local *)store;
	wpkg_oci_layout_close(&local->layout);
	package_remove_temporary(local->unpacked);
	wpkg_mem_free(local);
}

static const struct oci_store_kind local_kind = {
	.get_manifest = get_manifest,
	.get_referrers = get_referrers,
	.get_blobs = get_blobs,
	.find_blobs = find_blobs,
	.put_blobs = put_blobs,
	.put_manifest = put_manifest,
	.finish = finish,
	.close = local_close,
};

static enum wpkg_status open_archive(struct local *local, const char *path, enum oci_access access,
				     struct wpkg_err *err)
{
	bool is_new = access == OCI_WRITE && !package_is_here(path);
	enum wpkg_status status = package_make_temporary(&local->unpacked, NULL, err);
	if (status == WPKG_OK && !is_new)
		status = wpkg_oci_archive_unpack(path, local->unpacked, err);
	local->archive = path;
	return status == WPKG_OK
		       ? wpkg_oci_layout_open(&local->layout, local->unpacked, is_new, err)
		       : status;
}

enum wpkg_status oci_local_open(struct oci_store **out, struct session *session,
				const struct oci_place *place, enum oci_access access,
				struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	const char *path = wpkg_arena_dup(arena, place->path).ptr;
	const char *name = wpkg_arena_dup(arena, place->whole).ptr;
	struct local *local = wpkg_mem_calloc(1, sizeof(*local));
	if (!local || !path || !name) {
		wpkg_mem_free(local);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a layout");
	}
	local->store = (struct oci_store){.kind = &local_kind, .session = session, .name = name};
	local->layout.dir = -1;
	enum wpkg_status status =
		place->kind == OCI_ARCHIVE
			? open_archive(local, path, access, err)
			: wpkg_oci_layout_open(&local->layout, path, access == OCI_WRITE, err);
	if (status != WPKG_OK) {
		local_close(&local->store);
		return status;
	}
	local->store.next = session->stores;
	session->stores = &local->store;
	*out = &local->store;
	return WPKG_OK;
}
