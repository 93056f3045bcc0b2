/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/selection.h"

#include "base/mem.h"

struct chooser {
	const struct wpkg_invoice *invoice;
	const struct wpkg_selection *selection;
	bool *chosen;
	size_t *queue; /* parcels chosen whose requirements are still to be followed */
	size_t queued;
	struct wpkg_str *groups; /* those already taken: each is followed once, so cycles end */
	size_t group_count;
};

static bool contains(const struct wpkg_strings *strings, struct wpkg_str text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (wpkg_str_equal(strings->items[i], text))
			return true;
	return false;
}

/* Is there a later word on the same feature? */
static bool superseded(const struct wpkg_selection *selection, size_t at)
{
	const struct wpkg_selected_feature *wanted = &selection->features[at];
	for (size_t i = at + 1; i < selection->feature_count; i++) {
		const struct wpkg_selected_feature *later = &selection->features[i];
		if (later->off == wanted->off && wpkg_str_equal(later->section, wanted->section) &&
		    wpkg_str_equal(later->key, wanted->key))
			return true;
	}
	return false;
}

static const struct wpkg_map *find_section(const struct wpkg_label *label, struct wpkg_str name)
{
	for (size_t i = 0; i < label->feature_count; i++)
		if (wpkg_str_equal(label->features[i].name, name))
			return &label->features[i].values;
	return NULL;
}

/* A section that the label does not have says nothing against it. */
static bool feature_agrees(const struct wpkg_label *label,
			   const struct wpkg_selected_feature *wanted)
{
	const struct wpkg_map *section = find_section(label, wanted->section);
	if (!section)
		return true;
	struct wpkg_str value = {0};
	for (size_t i = 0; i < section->count; i++)
		if (wpkg_str_equal(section->pairs[i].key, wanted->key))
			value = section->pairs[i].value;
	return wpkg_str_equal(value, wanted->value) != wanted->off;
}

static bool features_agree(const struct wpkg_label *label, const struct wpkg_selection *selection)
{
	for (size_t i = 0; i < selection->feature_count; i++)
		if (!superseded(selection, i) && !feature_agrees(label, &selection->features[i]))
			return false;
	return true;
}

static void choose(struct chooser *chooser, size_t parcel)
{
	if (chooser->chosen[parcel] ||
	    !features_agree(&chooser->invoice->parcels[parcel].label, chooser->selection))
		return;
	chooser->chosen[parcel] = true;
	chooser->queue[chooser->queued++] = parcel;
}

static bool group_taken(const struct chooser *chooser, struct wpkg_str group)
{
	for (size_t i = 0; i < chooser->group_count; i++)
		if (wpkg_str_equal(chooser->groups[i], group))
			return true;
	return false;
}

static void choose_group(struct chooser *chooser, struct wpkg_str group)
{
	if (group_taken(chooser, group))
		return;
	chooser->groups[chooser->group_count++] = group;
	for (size_t i = 0; i < chooser->invoice->parcel_count; i++)
		if (contains(&chooser->invoice->parcels[i].conditions.member_of, group))
			choose(chooser, i);
}

/* Only groups that the invoice declares can be asked for by name. */
static bool is_wanted(const struct wpkg_selection *selection, const struct wpkg_group *group)
{
	return (group->required || contains(&selection->with, group->name)) &&
	       !contains(&selection->without, group->name);
}

static void choose_first(struct chooser *chooser)
{
	const struct wpkg_invoice *invoice = chooser->invoice;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (invoice->parcels[i].conditions.member_of.count == 0)
			choose(chooser, i);
	for (size_t i = 0; i < invoice->group_count; i++)
		if (is_wanted(chooser->selection, &invoice->groups[i]))
			choose_group(chooser, invoice->groups[i].name);
}

static void follow_requirements(struct chooser *chooser)
{
	while (chooser->queued > 0) {
		size_t parcel = chooser->queue[--chooser->queued];
		const struct wpkg_strings *requires_ =
			&chooser->invoice->parcels[parcel].conditions.requires_;
		for (size_t i = 0; i < requires_->count; i++)
			choose_group(chooser, requires_->items[i]);
	}
}

static size_t count_groups(const struct wpkg_invoice *invoice)
{
	size_t count = invoice->group_count;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		count += invoice->parcels[i].conditions.requires_.count;
	return count;
}

enum wpkg_status wpkg_selection_apply(bool *chosen, const struct wpkg_invoice *invoice,
				      const struct wpkg_selection *selection, struct wpkg_err *err)
{
	struct chooser chooser = {.invoice = invoice, .selection = selection, .chosen = chosen};
	enum wpkg_status status = WPKG_OK;
	chooser.queue = wpkg_mem_calloc(invoice->parcel_count + 1, sizeof(*chooser.queue));
	chooser.groups = wpkg_mem_calloc(count_groups(invoice) + 1, sizeof(*chooser.groups));
	if (!chooser.queue || !chooser.groups) {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "selection: no memory");
		goto out;
	}
	for (size_t i = 0; i < invoice->parcel_count; i++)
		chosen[i] = false;
	choose_first(&chooser);
	follow_requirements(&chooser);
out:
	wpkg_mem_free(chooser.queue);
	wpkg_mem_free(chooser.groups);
	return status;
}
