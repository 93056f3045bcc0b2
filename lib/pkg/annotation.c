/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/annotation.h"

bool wpkg_dependency_next(struct wpkg_dependency *out, struct wpkg_str *rest)
{
	struct wpkg_str line;
	while (wpkg_str_split(rest, '\n', &line)) {
		line = wpkg_str_trim(line);
		size_t space = wpkg_str_find(line, ' ');
		if (line.len == 0)
			continue;
		out->name = wpkg_str_slice(line, 0, space);
		out->requirement = wpkg_str_trim(wpkg_str_from_offset(line, space));
		return true;
	}
	return false;
}

bool wpkg_invoice_dependencies(struct wpkg_dependencies *out, struct wpkg_arena *arena,
			       const struct wpkg_invoice *invoice)
{
	struct wpkg_str text = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	struct wpkg_str rest = text;
	struct wpkg_dependency one;
	size_t count = 0;
	while (wpkg_dependency_next(&one, &rest))
		count++;
	struct wpkg_dependency *items = wpkg_arena_alloc(arena, count + 1, sizeof(*items));
	count = 0;
	for (rest = text; items && wpkg_dependency_next(&one, &rest);)
		items[count++] = one;
	*out = (struct wpkg_dependencies){items, count};
	return items != NULL;
}

const struct wpkg_parcel *wpkg_invoice_readme(const struct wpkg_invoice *invoice)
{
	const struct wpkg_parcel *by_name = NULL;
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_parcel *parcel = &invoice->parcels[i];
		if (wpkg_str_equal_text(
			    wpkg_map_find(&parcel->label.annotations, WPKG_ANNOTATION_README),
			    "true"))
			return parcel;
		if (!by_name && wpkg_str_equal_nocase(parcel->label.name, WPKG_LIT("README.md")))
			by_name = parcel;
	}
	return by_name;
}
