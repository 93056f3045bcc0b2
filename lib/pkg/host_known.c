/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_profile.h"

/* The profiles of schema/hosts, a document each. */
static const char *const texts[] = {
#include "pkg/hosts.inc"
};

enum wpkg_status wpkg_host_profiles_add_known(struct wpkg_host_profiles *profiles,
					      struct wpkg_arena *arena, struct wpkg_err *err)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum wpkg_status status =
			wpkg_host_profiles_add(profiles, arena, wpkg_str_from(texts[i]), err);
		if (status != WPKG_OK)
			return status;
	}
	return wpkg_host_profiles_check(profiles, err);
}
