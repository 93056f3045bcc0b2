/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/feature.h"

static const struct {
	const char *name;
	int version;
} features[WPKG_FEATURE_COUNT] = {{"mvp", 1},
#define WPKG_FEATURE_ROW(name, text, version) {text, version},
				  WPKG_FEATURES(WPKG_FEATURE_ROW)
#undef WPKG_FEATURE_ROW
};

wpkg_features wpkg_features_standard(void)
{
	wpkg_features set = 0;
	for (int i = 0; i < WPKG_FEATURE_COUNT; i++)
		if (features[i].version)
			set |= (wpkg_features)1 << i;
	return set;
}

wpkg_features wpkg_features_all(void)
{
	return ((wpkg_features)1 << WPKG_FEATURE_COUNT) - 1;
}

const char *wpkg_feature_name(enum wpkg_feature feature)
{
	return features[feature].name;
}

bool wpkg_feature_find(enum wpkg_feature *out, struct wpkg_str name)
{
	for (int i = 0; i < WPKG_FEATURE_COUNT; i++) {
		if (wpkg_str_equal_text(name, features[i].name)) {
			*out = (enum wpkg_feature)i;
			return true;
		}
	}
	return false;
}

static bool find_set(wpkg_features *out, struct wpkg_str name)
{
	enum wpkg_feature feature;
	if (wpkg_str_equal_text(name, "standard"))
		*out = wpkg_features_standard();
	else if (wpkg_str_equal_text(name, "all"))
		*out = wpkg_features_all();
	else if (wpkg_feature_find(&feature, name))
		*out = (wpkg_features)1 << feature;
	else
		return false;
	return true;
}

enum wpkg_status wpkg_features_parse(wpkg_features *out, struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_str part;
	wpkg_features set = WPKG_FEATURE_BIT(MVP), found;
	while (wpkg_str_split(&text, ',', &part)) {
		part = wpkg_str_trim(part);
		bool without = wpkg_str_starts(part, WPKG_LIT("-"));
		if (!find_set(&found, wpkg_str_from_offset(part, without)))
			return WPKG_FAIL(err, WPKG_EINVAL, "no such feature: '%.*s'",
					 WPKG_STR_ARG(part));
		set = without ? set & ~found : set | found;
	}
	*out = set | WPKG_FEATURE_BIT(MVP);
	return WPKG_OK;
}
