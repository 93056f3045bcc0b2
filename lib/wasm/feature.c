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
