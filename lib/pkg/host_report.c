/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_report.h"

static bool add_texts(struct wpkg_arena *arena, struct wpkg_value *entry, const char *key,
		      const struct wpkg_str *texts, size_t count)
{
	struct wpkg_value *list = wpkg_value_add(arena, entry, key, WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < count; i++)
		if (!wpkg_value_add_string(arena, list, NULL, texts[i]))
			return false;
	return list != NULL;
}

static bool add_report(struct wpkg_arena *arena, struct wpkg_value *list,
		       const struct wpkg_host_profile *profile,
		       const struct wpkg_host_report *report, size_t reasons_max)
{
	struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	if (!entry || !wpkg_value_add_string(arena, entry, "host", profile->id))
		return false;
	if (report->matches)
		return report->warning_count == 0 ||
		       add_texts(arena, entry, "warnings", report->warnings, report->warning_count);
	bool more = report->more || report->problem_count > reasons_max;
	size_t count = report->problem_count < reasons_max ? report->problem_count : reasons_max;
	return add_texts(arena, entry, "reasons", report->problems, count) &&
	       (!more || wpkg_value_add_boolean(arena, entry, "more", true));
}

enum { LIST_RUNS, LIST_GLUE, LIST_NOT, LIST_COUNT };

static unsigned list_of(const struct wpkg_host_profile *profile,
			const struct wpkg_host_report *report)
{
	if (!report->matches)
		return LIST_NOT;
	return profile->kind == WPKG_HOST_GLUE ? LIST_GLUE : LIST_RUNS;
}

static const char *const list_keys[LIST_COUNT] = {"runs", "glue", "not"};

bool wpkg_host_report_add(struct wpkg_arena *arena, struct wpkg_value *table,
			  const struct wpkg_host_profile *profile,
			  const struct wpkg_host_report *report)
{
	for (unsigned i = 0; i < LIST_COUNT; i++)
		if (!wpkg_value_find(table, list_keys[i]) &&
		    !wpkg_value_add(arena, table, list_keys[i], WPKG_VALUE_ARRAY))
			return false;
	struct wpkg_value *list = wpkg_value_find(table, list_keys[list_of(profile, report)]);
	return add_report(arena, list, profile, report, WPKG_HOST_PROBLEMS_MAX);
}

static enum wpkg_status add_list(struct wpkg_arena *arena, struct wpkg_value *table,
				 const struct wpkg_host_profiles *profiles,
				 const struct wpkg_host_report *reports, unsigned which,
				 size_t reasons_max, struct wpkg_err *err)
{
	struct wpkg_value *list = wpkg_value_add(arena, table, list_keys[which], WPKG_VALUE_ARRAY);
	bool added = list != NULL;
	for (size_t i = 0; added && i < profiles->count; i++) {
		const struct wpkg_host_profile *profile = &profiles->items[i];
		/* That a module needs no loader of its own is no news. */
		bool silent = profile->kind == WPKG_HOST_PART ||
			      (profile->kind == WPKG_HOST_GLUE && !reports[i].matches);
		if (!silent && list_of(profile, &reports[i]) == which)
			added = add_report(arena, list, profile, &reports[i], reasons_max);
	}
	if (!added)
		return WPKG_FAIL(err, WPKG_ENOMEM, "hosts: no memory");
	return WPKG_OK;
}

enum wpkg_status wpkg_host_report_all(struct wpkg_arena *arena, struct wpkg_value *table,
				      const struct wpkg_host_profiles *profiles,
				      const struct wpkg_host_subject *subject, size_t reasons_max,
				      struct wpkg_err *err)
{
	struct wpkg_host_report *reports =
		wpkg_arena_alloc(arena, profiles->count, sizeof(*reports));
	if (!reports)
		return WPKG_FAIL(err, WPKG_ENOMEM, "hosts: no memory");
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; i < profiles->count && status == WPKG_OK; i++)
		status = wpkg_host_match(&reports[i], arena, profiles, &profiles->items[i], subject,
					 err);
	for (unsigned which = 0; which < LIST_COUNT && status == WPKG_OK; which++)
		status = add_list(arena, table, profiles, reports, which, reasons_max, err);
	return status;
}
