/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "describe.h"
#include "pkg/annotation.h"

enum wpkg_status publication_begin(struct publication *publication, struct wpkg_err *err)
{
	publication->sent = wpkg_arena_alloc(&publication->session->arena,
					     publication->invoice->parcel_count, sizeof(bool));
	return publication->sent ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
}

/*
 * Where a package came from may differ between two pushes of the same files: the commit after a
 * release has another name. The first word on it stands.
 */
static struct wpkg_invoice without_origin(struct wpkg_arena *arena,
					  const struct wpkg_invoice *invoice)
{
	static const char *const keys[] = {WPKG_ANNOTATION_REVISION, WPKG_ANNOTATION_CREATED,
					   WPKG_ANNOTATION_SOURCE, WPKG_ANNOTATION_SOURCE_REF,
					   WPKG_ANNOTATION_SOURCE_DIRTY};
	struct wpkg_invoice copy = *invoice;
	copy.annotations.pairs =
		wpkg_arena_alloc(arena, invoice->annotations.count, sizeof(struct wpkg_pair));
	copy.annotations.count = 0;
	for (size_t i = 0; copy.annotations.pairs && i < invoice->annotations.count; i++) {
		bool origin = false;
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			origin = origin ||
				 wpkg_str_equal_text(invoice->annotations.pairs[i].key, keys[k]);
		if (!origin)
			copy.annotations.pairs[copy.annotations.count++] =
				invoice->annotations.pairs[i];
	}
	return copy;
}

enum wpkg_status publication_compare(const struct publication *publication,
				     const struct wpkg_invoice *there, struct wpkg_err *err)
{
	struct wpkg_arena *arena = &publication->session->arena;
	struct wpkg_invoice mine = without_origin(arena, publication->invoice);
	struct wpkg_invoice theirs = without_origin(arena, there);
	const char *id = describe_id(arena, there);
	bool same = false;
	enum wpkg_status status = wpkg_invoice_same_content(&same, &mine, &theirs, err);
	if (status != WPKG_OK)
		return status;
	if (!same)
		return WPKG_FAIL(err, WPKG_EEXISTS,
				 "%s is there with other content, and versions never change: push "
				 "a new version",
				 id);
	if (there->yanked)
		return WPKG_FAIL(err, WPKG_EEXISTS, "%s was yanked: push a new version", id);
	return WPKG_OK;
}
