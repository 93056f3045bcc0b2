/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of the operator's rules: features, imports, sizes, and what a package must have. */
#include "rules.h"

#include <stdarg.h>

#include "base/buf.h"
#include "examination.h"
#include "pkg/annotation.h"
#include "pkg/check.h"

static const char *const keys[RULE_COUNT] = {
	[RULE_FEATURES] = "features",	    [RULE_IMPORTS] = "imports",
	[RULE_MODULE_SIZE] = "module-size", [RULE_FUNCTIONS] = "functions",
	[RULE_NEED_CHECK] = "need-check",   [RULE_NEED_LICENSE] = "need-license",
	[RULE_NEED_HOST] = "need-host",
};

/* Is there such a rule? */
static bool is_in_force(const struct wpkg_policy *policy, enum rule rule)
{
	switch (rule) {
	case RULE_FEATURES:
		return policy->features != 0;
	case RULE_IMPORTS:
		return policy->imports.count > 0;
	case RULE_MODULE_SIZE:
		return policy->module_size > 0;
	case RULE_FUNCTIONS:
		return policy->functions > 0;
	case RULE_NEED_CHECK:
		return policy->need_check;
	case RULE_NEED_LICENSE:
		return policy->need_license;
	case RULE_NEED_HOST:
		return policy->need_host;
	default:
		return false;
	}
}

/* Keeps the first offence; false when memory is out. */
static bool note(struct rules *rules, struct wpkg_arena *arena, enum rule rule, const char *format,
		 ...) WPKG_PRINTF(4, 5);

static bool note(struct rules *rules, struct wpkg_arena *arena, enum rule rule, const char *format,
		 ...)
{
	struct wpkg_buf line;
	va_list args;
	if (rules->offences[rule].len > 0)
		return true;
	wpkg_buf_init(&line, SIZE_MAX);
	va_start(args, format);
	wpkg_buf_append_vformat(&line, format, args);
	va_end(args);
	rules->offences[rule] = wpkg_arena_dup(arena, wpkg_buf_str(&line));
	wpkg_buf_clear(&line);
	return rules->offences[rule].len > 0;
}

static bool look_at_features(struct rules *rules, struct wpkg_arena *arena,
			     const struct wpkg_policy *policy, const struct rules_subject *subject)
{
	const struct wpkg_facts *facts = subject->facts;
	for (uint32_t i = 0; policy->features && i < facts->feature_count; i++) {
		const struct wpkg_facts_feature *feature = &facts->features[i];
		if (!(policy->features >> feature->feature & 1))
			return note(rules, arena, RULE_FEATURES, "parcel %.*s: %#x: needs %s",
				    WPKG_STR_ARG(subject->name), (unsigned)feature->offset,
				    wpkg_feature_name(feature->feature));
	}
	return true;
}

static bool is_linked(const struct rules_subject *subject, struct wpkg_str module)
{
	for (size_t i = 0; i < subject->linked.count; i++)
		if (wpkg_str_equal(subject->linked.items[i], module))
			return true;
	return false;
}

static bool is_allowed(const struct wpkg_strings *patterns, struct wpkg_str import)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (wpkg_str_matches(import, patterns->items[i]))
			return true;
	return false;
}

static bool look_at_imports(struct rules *rules, struct wpkg_arena *arena,
			    const struct wpkg_policy *policy, const struct rules_subject *subject)
{
	const struct wpkg_facts *facts = subject->facts;
	struct wpkg_buf import;
	bool noted = true;
	wpkg_buf_init(&import, SIZE_MAX);
	for (uint32_t i = 0; noted && policy->imports.count > 0 && i < facts->import_count; i++) {
		if (is_linked(subject, facts->imports[i].module))
			continue;
		wpkg_buf_reset(&import);
		wpkg_buf_append_str(&import, facts->imports[i].module);
		wpkg_buf_append_byte(&import, '.');
		wpkg_buf_append_str(&import, facts->imports[i].field);
		noted = import.failed == WPKG_OK;
		if (noted && !is_allowed(&policy->imports, wpkg_buf_str(&import)))
			noted = note(rules, arena, RULE_IMPORTS, "parcel %.*s: imports %.*s",
				     WPKG_STR_ARG(subject->name),
				     WPKG_STR_ARG(wpkg_buf_str(&import)));
	}
	wpkg_buf_clear(&import);
	return noted;
}

bool rules_look_at(struct rules *rules, struct wpkg_arena *arena, const struct wpkg_policy *policy,
		   const struct rules_subject *subject)
{
	struct wpkg_str name = subject->name;
	const struct wpkg_facts *facts = subject->facts;
	unsigned long long size = facts->size, size_most = policy->module_size;
	unsigned long long functions = facts->functions, functions_most = policy->functions;
	if (size_most && size > size_most &&
	    !note(rules, arena, RULE_MODULE_SIZE, "parcel %.*s: %llu bytes, more than %llu",
		  WPKG_STR_ARG(name), size, size_most))
		return false;
	if (functions_most && functions > functions_most &&
	    !note(rules, arena, RULE_FUNCTIONS, "parcel %.*s: %llu functions, more than %llu",
		  WPKG_STR_ARG(name), functions, functions_most))
		return false;
	return look_at_features(rules, arena, policy, subject) &&
	       look_at_imports(rules, arena, policy, subject);
}

/* What the package itself must have. */
static bool look_at_package(struct examination *examination)
{
	struct rules *rules = &examination->rules;
	const struct wpkg_policy *policy = &examination->question->policy;
	const struct wpkg_map *annotations = &examination->question->invoice->annotations;
	struct wpkg_arena *arena = examination->arena;
	bool noted = true;
	if (policy->need_license && wpkg_map_find(annotations, WPKG_ANNOTATION_LICENSES).len == 0)
		noted = note(rules, arena, RULE_NEED_LICENSE, "the package names no licence");
	if (noted && policy->need_check && examination->has_modules &&
	    wpkg_map_find(annotations, WPKG_ANNOTATION_CHECKS).len == 0)
		noted = note(rules, arena, RULE_NEED_CHECK, "the package has no check");
	if (noted && policy->need_host && examination->has_modules &&
	    wpkg_map_find(annotations, WPKG_ANNOTATION_HOSTS).len == 0)
		noted = note(rules, arena, RULE_NEED_HOST,
			     "the package names no host that it is for");
	return noted;
}

static enum wpkg_status add_rule(struct examination *examination, struct wpkg_value *list,
				 enum rule rule, struct wpkg_err *err)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_str offence = examination->rules.offences[rule];
	struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	if (!entry || !wpkg_value_add_string(arena, entry, "rule", wpkg_str_from(keys[rule])) ||
	    !wpkg_value_add_boolean(arena, entry, "passed", offence.len == 0) ||
	    (offence.len > 0 && !wpkg_value_add_string(arena, entry, "error", offence)))
		return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
	examination->looked_at++;
	if (offence.len > 0)
		examination_problem(examination, "rule %s: %.*s", keys[rule],
				    WPKG_STR_ARG(offence));
	return WPKG_OK;
}

enum wpkg_status examine_rules(struct examination *examination, struct wpkg_err *err)
{
	struct wpkg_value *list =
		wpkg_value_add(examination->arena, examination->verdict, "rules", WPKG_VALUE_ARRAY);
	if (!list || !look_at_package(examination))
		return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
	for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
		if (!is_in_force(&examination->question->policy, (enum rule)rule))
			continue;
		enum wpkg_status status = add_rule(examination, list, (enum rule)rule, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}
