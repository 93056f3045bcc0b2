/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/host_profile.h"

#include "data/toml.h"
#include "pkg/host_int.h"

/* Profiles that one may reach over includes and variants, one in the other. */
#define DEPTH_MAX 8

bool wpkg_host_id_valid(struct wpkg_str id)
{
	if (id.len == 0 || id.len > 64)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", id.ptr[i]))
			return false;
	return true;
}

/* Where the id is or belongs. */
static size_t place_of(const struct wpkg_host_profiles *profiles, struct wpkg_str id)
{
	size_t at = 0;
	while (at < profiles->count && wpkg_str_compare(profiles->items[at].id, id) < 0)
		at++;
	return at;
}

const struct wpkg_host_profile *wpkg_host_profiles_find(const struct wpkg_host_profiles *profiles,
							struct wpkg_str id)
{
	size_t at = place_of(profiles, id);
	if (at == profiles->count || !wpkg_str_equal(profiles->items[at].id, id))
		return NULL;
	return &profiles->items[at];
}

static enum wpkg_status insert(struct wpkg_host_profiles *profiles, struct wpkg_arena *arena,
			       const struct wpkg_host_profile *profile, struct wpkg_err *err)
{
	size_t at = place_of(profiles, profile->id);
	if (at < profiles->count && wpkg_str_equal(profiles->items[at].id, profile->id)) {
		profiles->items[at] = *profile;
		return WPKG_OK;
	}
	if (profiles->count == WPKG_HOST_PROFILES_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d host profiles",
				 WPKG_HOST_PROFILES_MAX);
	if (!profiles->items)
		profiles->items =
			wpkg_arena_alloc(arena, WPKG_HOST_PROFILES_MAX, sizeof(*profiles->items));
	if (!profiles->items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "host profile: no memory");
	memmove(&profiles->items[at + 1], &profiles->items[at],
		(profiles->count - at) * sizeof(*profiles->items));
	profiles->items[at] = *profile;
	profiles->count++;
	return WPKG_OK;
}

enum wpkg_status wpkg_host_profiles_add_value(struct wpkg_host_profiles *profiles,
					      struct wpkg_arena *arena,
					      const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_host_profile profile;
	enum wpkg_status status = host_profile_read(&profile, arena, value, err);
	if (status == WPKG_OK)
		status = insert(profiles, arena, &profile, err);
	return status;
}

enum wpkg_status wpkg_host_profiles_add(struct wpkg_host_profiles *profiles,
					struct wpkg_arena *arena, struct wpkg_str text,
					struct wpkg_err *err)
{
	struct wpkg_value *value = NULL;
	enum wpkg_status status = wpkg_toml_read(&value, arena, text, err);
	if (status == WPKG_OK)
		status = wpkg_host_profiles_add_value(profiles, arena, value, err);
	return status;
}

static enum wpkg_status check_one(const struct wpkg_host_profiles *profiles,
				  const struct wpkg_host_profile *profile, unsigned depth,
				  struct wpkg_err *err)
{
	const struct wpkg_strings *lists[] = {&profile->include, &profile->variants};
	if (depth == DEPTH_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "host %.*s includes others in a circle",
				 WPKG_STR_ARG(profile->id));
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < lists[k]->count; i++) {
			struct wpkg_str id = lists[k]->items[i];
			const struct wpkg_host_profile *other =
				wpkg_host_profiles_find(profiles, id);
			if (!other)
				return WPKG_FAIL(err, WPKG_EINVAL,
						 "host %.*s: there is no profile '%.*s'",
						 WPKG_STR_ARG(profile->id), WPKG_STR_ARG(id));
			enum wpkg_status status = check_one(profiles, other, depth + 1, err);
			if (status != WPKG_OK)
				return status;
		}
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_host_profiles_check(const struct wpkg_host_profiles *profiles,
					  struct wpkg_err *err)
{
	for (size_t i = 0; i < profiles->count; i++) {
		enum wpkg_status status = check_one(profiles, &profiles->items[i], 0, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}
