/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "pkg/name.h"
#include "store/precedence.h"
#include "store/record_int.h"

/* An invoice whose text was short may be longer in canonical form: keys and quotes. */
#define CONTENT_MAX ((size_t)8 * WPKG_INVOICE_MAX)

enum wpkg_status record_content(struct wpkg_digest *out, const struct wpkg_invoice *invoice,
				struct wpkg_err *err)
{
	struct wpkg_invoice content = *invoice;
	struct wpkg_buf text;
	content.has_yanked = content.yanked = content.has_signatures = false;
	content.signature_count = content.yanked_signature_count = 0;
	wpkg_buf_init(&text, CONTENT_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, &content, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_digest_of(out, wpkg_buf_str(&text), err);
	wpkg_buf_clear(&text);
	return status;
}

/* Moves what a buffer holds into the arena. */
static enum wpkg_status keep(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_buf *buf,
			     struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_buf_check(buf, "version", err);
	struct wpkg_str copy = {0};
	if (status == WPKG_OK) {
		copy = wpkg_arena_dup(arena, wpkg_buf_str(buf));
		if (!copy.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "record: no memory");
	}
	wpkg_buf_clear(buf);
	if (status == WPKG_OK)
		*out = copy;
	return status;
}

enum wpkg_status record_precedence(struct wpkg_str *out, struct wpkg_arena *arena,
				   struct wpkg_str version, struct wpkg_err *err)
{
	struct wpkg_version parsed;
	struct wpkg_buf key;
	if (wpkg_version_parse(&parsed, version, NULL) != WPKG_OK)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "'%.*s' is no version",
				 WPKG_STR_ARG(version));
	wpkg_buf_init(&key, PRECEDENCE_MAX);
	precedence_append(&key, &parsed);
	return keep(out, arena, &key, err);
}

enum wpkg_status record_draft_name(struct record_draft *draft, struct wpkg_arena *arena,
				   struct wpkg_err *err)
{
	struct wpkg_buf skeleton;
	if (wpkg_name_check(draft->name, NULL) != WPKG_OK)
		return WPKG_OK;
	wpkg_buf_init(&skeleton, (size_t)WPKG_NAME_MAX * 16);
	wpkg_name_append_skeleton(&skeleton, draft->name);
	return keep(&draft->skeleton, arena, &skeleton, err);
}

/* Parcels by digest, those of one digest in the invoice's order. */
struct placed {
	struct wpkg_digest digest;
	size_t index;
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left;
	const struct placed *b = right;
	int order = memcmp(a->digest.bytes, b->digest.bytes, sizeof(a->digest.bytes));
	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_index(const void *left, const void *right)
{
	const struct placed *a = left;
	const struct placed *b = right;
	return (a->index > b->index) - (a->index < b->index);
}

/* Keeps the first of each digest, back in the invoice's order. */
static size_t make_distinct(struct placed *placed, size_t count)
{
	size_t distinct = 0;
	qsort(placed, count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !wpkg_digest_equal(&placed[i].digest, &placed[distinct - 1].digest))
			placed[distinct++] = placed[i];
	qsort(placed, distinct, sizeof(*placed), compare_index);
	return distinct;
}

static enum wpkg_status list_parcels(struct record_draft *draft, struct wpkg_arena *arena,
				     const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	size_t count = invoice->parcel_count;
	struct placed *placed = wpkg_arena_alloc(arena, count, sizeof(*placed));
	if (!placed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "record: no memory");
	for (size_t i = 0; i < count; i++) {
		struct wpkg_str sha256 = invoice->parcels[i].label.sha256;
		placed[i].index = i;
		if (!wpkg_digest_parse(&placed[i].digest, sha256))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "parcel[%zu].label.sha256: '%.*s' is not 64 lower-case "
					 "hex digits",
					 i, WPKG_STR_ARG(sha256));
	}
	count = make_distinct(placed, count);
	draft->parcels = wpkg_arena_alloc(arena, count, sizeof(*draft->parcels));
	if (!draft->parcels)
		return WPKG_FAIL(err, WPKG_ENOMEM, "record: no memory");
	draft->parcel_count = count;
	for (size_t i = 0; i < count; i++) {
		uint64_t size = invoice->parcels[placed[i].index].label.size;
		draft->parcels[i] =
			(struct record_parcel){.digest = placed[i].digest, .size = size};
		draft->size = size > INT64_MAX - draft->size ? INT64_MAX : draft->size + size;
	}
	return WPKG_OK;
}

enum wpkg_status record_draft_make(struct record_draft *out, struct wpkg_arena *arena,
				   const struct wpkg_new_record *record, struct wpkg_err *err)
{
	struct record_draft draft = {
		.name = record->invoice->name,
		.version = record->invoice->version,
		.description = record->invoice->description,
		.text = record->text,
		.pusher = record->pusher,
		.address = record->address,
	};
	enum wpkg_status status = record_precedence(&draft.precedence, arena, draft.version, err);
	if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_EINVAL, "bindle.version: '%.*s' is no version",
				   WPKG_STR_ARG(draft.version));
	if (status == WPKG_OK)
		status = record_draft_name(&draft, arena, err);
	if (status == WPKG_OK)
		status = list_parcels(&draft, arena, record->invoice, err);
	if (status == WPKG_OK)
		status = record_content(&draft.content, record->invoice, err);
	if (status == WPKG_OK)
		status = wpkg_digest_of(&draft.invoice_digest, record->text, err);
	if (status == WPKG_OK)
		*out = draft;
	return status;
}
