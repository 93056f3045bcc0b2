/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry demands of a new invoice. Each function names the field that is wrong. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"
#include "pkg/name.h"
#include "pkg/project.h"
#include "pkg/version.h"

#define TEXT_MAX 4096	     /* bytes of a description, an author, a signer, a value */
#define ANNOTATION_MAX 65536 /* bytes of an annotation's value: checks are written there */
#define KEY_MAX 255	     /* bytes of an annotation's or a feature's key */
#define MAP_MAX 256	     /* annotations or features in one place */
#define LIST_MAX 1024	     /* authors, groups, signatures */
#define PARCEL_SIZE_MAX (1ULL << 40)

/* Line breaks are fine where a text is for reading; nothing else that cannot be shown. */
static bool is_readable(struct wpkg_str text, bool lines)
{
	uint32_t character = 0;
	if (!wpkg_utf8_valid(text))
		return false;
	while (wpkg_utf8_next(&text, &character))
		if (!wpkg_utf8_printable(character) &&
		    !(lines && (character == '\n' || character == '\t' || character == '\r')))
			return false;
	return true;
}

static enum wpkg_status check_text(struct wpkg_str text, size_t max, bool lines,
				   struct wpkg_err *err)
{
	if (text.len > max)
		return WPKG_FAIL(err, WPKG_EINVAL, "%zu bytes, more than %zu", text.len, max);
	if (!is_readable(text, lines))
		return WPKG_FAIL(err, WPKG_EINVAL, "has characters that cannot be shown");
	return WPKG_OK;
}

static enum wpkg_status check_word(struct wpkg_str text, size_t max, struct wpkg_err *err)
{
	if (text.len == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "is empty");
	return check_text(text, max, false, err);
}

static enum wpkg_status check_count(size_t count, size_t max, struct wpkg_err *err)
{
	return count <= max ? WPKG_OK
			    : WPKG_FAIL(err, WPKG_EINVAL, "%zu of them, more than %zu", count, max);
}

static enum wpkg_status check_map(const struct wpkg_map *map, size_t value_max,
				  struct wpkg_err *err)
{
	enum wpkg_status status = check_count(map->count, MAP_MAX, err);
	for (size_t i = 0; status == WPKG_OK && i < map->count; i++) {
		status = check_word(map->pairs[i].key, KEY_MAX, err);
		if (status == WPKG_OK)
			status = check_text(map->pairs[i].value, value_max, true, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "'%.*s'", WPKG_STR_ARG(map->pairs[i].key));
	}
	return status;
}

/* Parameters may follow a ';'. */
static enum wpkg_status check_media_type(struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_str essence = wpkg_str_trim(wpkg_str_slice(text, 0, wpkg_str_find(text, ';')));
	if (!wpkg_media_type_is_essence(essence) || text.len > 255 || !is_readable(text, false))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is not a media type such as text/plain",
				 WPKG_STR_ARG(text));
	return WPKG_OK;
}

static enum wpkg_status check_digest(struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	if (text.len != 64 || !wpkg_digest_parse(&digest, text))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is not 64 lower-case hex digits",
				 WPKG_STR_ARG(text));
	return WPKG_OK;
}

/* Prepends where unless the status is fine. */
static enum wpkg_status at(enum wpkg_status status, const char *where, struct wpkg_err *err)
{
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", where);
	return status;
}

static enum wpkg_status check_features(const struct wpkg_label *label, struct wpkg_err *err)
{
	enum wpkg_status status = check_count(label->feature_count, MAP_MAX, err);
	for (size_t i = 0; status == WPKG_OK && i < label->feature_count; i++) {
		status = check_word(label->features[i].name, KEY_MAX, err);
		if (status == WPKG_OK)
			status = check_map(&label->features[i].values, TEXT_MAX, err);
	}
	return status;
}

static enum wpkg_status check_size(uint64_t size, struct wpkg_err *err)
{
	if (size > PARCEL_SIZE_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "%llu bytes, more than a tebibyte",
				 (unsigned long long)size);
	return WPKG_OK;
}

static enum wpkg_status check_label(const struct wpkg_label *label, struct wpkg_err *err)
{
	enum wpkg_status status = at(check_digest(label->sha256, err), "sha256", err);
	if (status == WPKG_OK)
		status = at(check_media_type(label->media_type, err), "mediaType", err);
	if (status == WPKG_OK)
		status = at(wpkg_path_check_portable(label->name, err), "name", err);
	if (status == WPKG_OK)
		status = at(check_text(label->name, KEY_MAX * 4, false, err), "name", err);
	if (status == WPKG_OK)
		status = at(check_size(label->size, err), "size", err);
	if (status == WPKG_OK)
		status =
			at(check_map(&label->annotations, ANNOTATION_MAX, err), "annotations", err);
	if (status == WPKG_OK)
		status = at(check_features(label, err), "feature", err);
	if (status == WPKG_OK)
		status = at(check_text(label->origin, TEXT_MAX, false, err), "origin", err);
	return status;
}

static bool group_is_declared(const struct wpkg_invoice *invoice, struct wpkg_str name)
{
	for (size_t i = 0; i < invoice->group_count; i++)
		if (wpkg_str_equal(invoice->groups[i].name, name))
			return true;
	return false;
}

static enum wpkg_status check_group_names(const struct wpkg_invoice *invoice,
					  const struct wpkg_strings *names, struct wpkg_err *err)
{
	enum wpkg_status status = check_count(names->count, LIST_MAX, err);
	for (size_t i = 0; status == WPKG_OK && i < names->count; i++)
		if (!group_is_declared(invoice, names->items[i]))
			status = WPKG_FAIL(err, WPKG_EINVAL, "group '%.*s' is not declared",
					   WPKG_STR_ARG(names->items[i]));
	return status;
}

static enum wpkg_status check_parcel(const struct wpkg_invoice *invoice, size_t index,
				     struct wpkg_err *err)
{
	const struct wpkg_parcel *parcel = &invoice->parcels[index];
	enum wpkg_status status = at(check_label(&parcel->label, err), "label", err);
	if (status == WPKG_OK)
		status = at(check_group_names(invoice, &parcel->conditions.member_of, err),
			    "conditions.memberOf", err);
	if (status == WPKG_OK)
		status = at(check_group_names(invoice, &parcel->conditions.requires_, err),
			    "conditions.requires", err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "parcel[%zu]", index);
	return status;
}

static enum wpkg_status check_groups(const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	static const char *const ways[] = {"allOf", "oneOf", "anyOf", "optional"};
	enum wpkg_status status =
		at(check_count(invoice->group_count, LIST_MAX, err), "group", err);
	for (size_t i = 0; status == WPKG_OK && i < invoice->group_count; i++) {
		const struct wpkg_group *group = &invoice->groups[i];
		bool known = !group->satisfied_by.ptr;
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
			known = known || wpkg_str_equal_text(group->satisfied_by, ways[w]);
		status = at(check_word(group->name, KEY_MAX, err), "name", err);
		if (status == WPKG_OK && !known)
			status = WPKG_FAIL(err, WPKG_EINVAL,
					   "satisfiedBy: '%.*s' is not allOf, oneOf, anyOf or "
					   "optional",
					   WPKG_STR_ARG(group->satisfied_by));
		for (size_t k = 0; status == WPKG_OK && k < i; k++)
			if (wpkg_str_equal(invoice->groups[k].name, group->name))
				status = WPKG_FAIL(err, WPKG_EINVAL,
						   "name: '%.*s' is declared twice",
						   WPKG_STR_ARG(group->name));
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "group[%zu]", i);
	}
	return status;
}

struct placed {
	const struct wpkg_label *label;
	size_t index;
};

static int compare_by_digest(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct placed *)a)->label->sha256,
				((const struct placed *)b)->label->sha256);
}

static int compare_by_name(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct placed *)a)->label->name,
				((const struct placed *)b)->label->name);
}

static bool shares_group(const struct wpkg_strings *a, const struct wpkg_strings *b)
{
	if (a->count == 0 || b->count == 0)
		return true;
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (wpkg_str_equal(a->items[i], b->items[k]))
				return true;
	return false;
}

/*
 * The same bytes under two names are normal, and so is one name in two groups (a build for each
 * platform). One name twice where both would be taken is an accident waiting for pull.
 */
static enum wpkg_status check_duplicates(const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	size_t count = invoice->parcel_count;
	struct placed *placed = wpkg_mem_calloc(count + 1, sizeof(*placed));
	if (!placed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "invoice: no memory");
	for (size_t i = 0; i < count; i++)
		placed[i] = (struct placed){&invoice->parcels[i].label, i};
	qsort(placed, count, sizeof(*placed), compare_by_digest);
	for (size_t i = 1; status == WPKG_OK && i < count; i++)
		if (compare_by_digest(&placed[i - 1], &placed[i]) == 0 &&
		    placed[i - 1].label->size != placed[i].label->size)
			status =
				WPKG_FAIL(err, WPKG_EINVAL,
					  "parcel[%zu].label.size: other than parcel[%zu]'s of the "
					  "same sha256",
					  placed[i].index, placed[i - 1].index);
	qsort(placed, count, sizeof(*placed), compare_by_name);
	for (size_t i = 1; status == WPKG_OK && i < count; i++) {
		const struct wpkg_parcel *a = &invoice->parcels[placed[i - 1].index];
		const struct wpkg_parcel *b = &invoice->parcels[placed[i].index];
		if (wpkg_str_equal(a->label.name, b->label.name) && a->label.feature_count == 0 &&
		    b->label.feature_count == 0 &&
		    shares_group(&a->conditions.member_of, &b->conditions.member_of))
			status = WPKG_FAIL(err, WPKG_EINVAL,
					   "parcel[%zu].label.name: '%.*s' is parcel[%zu]'s, too",
					   placed[i].index, WPKG_STR_ARG(b->label.name),
					   placed[i - 1].index);
	}
	wpkg_mem_free(placed);
	return status;
}

static enum wpkg_status check_signatures(const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	enum wpkg_status status = check_count(invoice->signature_count, LIST_MAX, err);
	for (size_t i = 0; status == WPKG_OK && i < invoice->signature_count; i++)
		status = check_word(invoice->signatures[i].by, TEXT_MAX, err);
	return at(status, "signature", err);
}

static enum wpkg_status check_head(const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_version version;
	if (!wpkg_str_equal_text(invoice->bindle_version, "1.0.0"))
		return WPKG_FAIL(err, WPKG_EINVAL, "bindleVersion: '%.*s', not 1.0.0",
				 WPKG_STR_ARG(invoice->bindle_version));
	enum wpkg_status status = at(wpkg_name_check(invoice->name, err), "bindle.name", err);
	if (status == WPKG_OK)
		status = at(wpkg_version_parse(&version, invoice->version, err), "bindle.version",
			    err);
	if (status == WPKG_OK)
		status = at(check_text(invoice->description, TEXT_MAX, true, err),
			    "bindle.description", err);
	if (status == WPKG_OK)
		status = at(check_count(invoice->authors.count, LIST_MAX, err), "bindle.authors",
			    err);
	for (size_t i = 0; status == WPKG_OK && i < invoice->authors.count; i++)
		status = at(check_word(invoice->authors.items[i], TEXT_MAX, err), "bindle.authors",
			    err);
	if (status == WPKG_OK)
		status = at(check_map(&invoice->annotations, ANNOTATION_MAX, err), "annotations",
			    err);
	return status;
}

enum wpkg_status wpkg_invoice_check(const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	enum wpkg_status status = check_head(invoice, err);
	if (status == WPKG_OK)
		status = at(check_count(invoice->parcel_count, WPKG_INVOICE_PARCELS_MAX, err),
			    "parcel", err);
	if (status == WPKG_OK)
		status = check_groups(invoice, err);
	for (size_t i = 0; status == WPKG_OK && i < invoice->parcel_count; i++)
		status = check_parcel(invoice, i, err);
	if (status == WPKG_OK)
		status = check_duplicates(invoice, err);
	if (status == WPKG_OK)
		status = check_signatures(invoice, err);
	return status;
}
