/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/verdict.h"

#include "base/utf8.h"
#include "data/json.h"

#define REASON_MAX 2048

static const struct wpkg_value *find(const struct wpkg_value *table, const char *key,
				     enum wpkg_value_kind kind)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == kind ? value : NULL;
}

/* A list of findings: what each is about, and whether it is good. */
struct findings {
	const char *list;
	const char *subject;
	const char *flag;
	bool optional; /* older verdicts do not have it */
};

static const struct findings all_findings[] = {
	{"modules", "parcel", "valid", false}, {"rules", "rule", "passed", true},
	{"links", "parcel", "passed", true},   {"hosts", "host", "passed", true},
	{"checks", "parcel", "passed", false},
};

static enum wpkg_status check_findings(const struct wpkg_value *root,
				       const struct findings *findings, bool *all,
				       struct wpkg_err *err)
{
	const struct wpkg_value *array = find(root, findings->list, WPKG_VALUE_ARRAY);
	if (!array && findings->optional && !wpkg_value_find(root, findings->list))
		return WPKG_OK;
	if (!array)
		return WPKG_FAIL(err, WPKG_EFORMAT, "verdict without %s", findings->list);
	for (size_t i = 0; i < array->count; i++) {
		const struct wpkg_value *item = &array->items[i];
		const struct wpkg_value *good = find(item, findings->flag, WPKG_VALUE_BOOLEAN);
		if (!good || !find(item, findings->subject, WPKG_VALUE_STRING))
			return WPKG_FAIL(err, WPKG_EFORMAT, "verdict: %s[%zu] without %s or %s",
					 findings->list, i, findings->subject, findings->flag);
		*all = *all && good->boolean;
	}
	return WPKG_OK;
}

static bool is_outcome(struct wpkg_str word)
{
	return wpkg_str_equal_text(word, "passed") || wpkg_str_equal_text(word, "failed") ||
	       wpkg_str_equal_text(word, "skipped");
}

static bool is_count(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *count = find(table, key, WPKG_VALUE_INTEGER);
	return count && count->integer >= 0;
}

static bool are_lines(const struct wpkg_value *array)
{
	if (!array || array->count > WPKG_VERDICT_PROBLEMS_MAX + 1)
		return false;
	for (size_t i = 0; i < array->count; i++)
		if (array->items[i].kind != WPKG_VALUE_STRING)
			return false;
	return true;
}

/* Older verdicts have other ones, or none. */
static enum wpkg_status check_stages(const struct wpkg_value *root, bool *all, struct wpkg_err *err)
{
	const struct wpkg_value *array = wpkg_value_find(root, "stages");
	if (array && array->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL(err, WPKG_EFORMAT, "verdict: stages is no list");
	for (size_t i = 0; array && i < array->count; i++) {
		const struct wpkg_value *item = &array->items[i];
		const struct wpkg_value *outcome = find(item, "outcome", WPKG_VALUE_STRING);
		if (!find(item, "name", WPKG_VALUE_STRING) || !outcome ||
		    !is_outcome(outcome->string) || !is_count(item, "looked_at") ||
		    !is_count(item, "milliseconds") ||
		    !are_lines(find(item, "problems", WPKG_VALUE_ARRAY)))
			return WPKG_FAIL(err, WPKG_EFORMAT, "verdict: stages[%zu] is no stage", i);
		*all = *all && wpkg_str_equal_text(outcome->string, "passed");
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_verdict_read(struct wpkg_verdict *out, struct wpkg_arena *arena,
				   struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	bool all = true;
	enum wpkg_status status = wpkg_json_read(&root, arena, text, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "verdict");
		return status;
	}
	const struct wpkg_value *accepted = find(root, "accepted", WPKG_VALUE_BOOLEAN);
	const struct wpkg_value *reason = find(root, "reason", WPKG_VALUE_STRING);
	if (!accepted)
		return WPKG_FAIL(err, WPKG_EFORMAT, "verdict without accepted");
	for (size_t i = 0; i < sizeof(all_findings) / sizeof(all_findings[0]); i++) {
		status = check_findings(root, &all_findings[i], &all, err);
		if (status != WPKG_OK)
			return status;
	}
	status = check_stages(root, &all, err);
	if (status != WPKG_OK)
		return status;
	if (accepted->boolean && !all)
		return WPKG_FAIL(err, WPKG_EFORMAT, "verdict: accepted contradicts its findings");
	if (!accepted->boolean && (!reason || reason->string.len == 0))
		return WPKG_FAIL(err, WPKG_EFORMAT, "verdict: refused without a reason");
	*out = (struct wpkg_verdict){.accepted = accepted->boolean, .value = root};
	if (reason && !accepted->boolean)
		out->reason = wpkg_utf8_cut(reason->string, REASON_MAX);
	return WPKG_OK;
}
