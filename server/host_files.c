/* SPDX-License-Identifier: Apache-2.0 */
#include "host_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/host_profile.h"

#define FILE_MAX ((size_t)256 << 10)
#define PROFILES_MAX                                                                               \
	((size_t)64 << 20) /* bytes of all of them in memory, while they are checked               \
			    */

struct reading {
	struct wpkg_str texts[WPKG_HOST_PROFILES_MAX];
	size_t count;
	struct wpkg_arena *arena;
	struct wpkg_arena checking;
	struct wpkg_host_profiles profiles;
};

static enum wpkg_status read_one(struct reading *reading, int dir, const char *name,
				 struct wpkg_err *err)
{
	struct wpkg_buf text;
	if (reading->count == WPKG_HOST_PROFILES_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d profiles", WPKG_HOST_PROFILES_MAX);
	wpkg_buf_init(&text, FILE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, dir, name, err);
	if (status == WPKG_OK) {
		status = wpkg_host_profiles_add(&reading->profiles, &reading->checking,
						wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "%s", name);
	}
	if (status == WPKG_OK) {
		struct wpkg_str copy = wpkg_arena_dup(reading->arena, wpkg_buf_str(&text));
		reading->texts[reading->count++] = copy;
		if (!copy.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

static int is_profile(const struct dirent *entry)
{
	return wpkg_str_ends(wpkg_str_from(entry->d_name), WPKG_LIT(".toml"));
}

static enum wpkg_status read_all(struct reading *reading, const char *folder, struct wpkg_err *err)
{
	struct dirent **entries;
	enum wpkg_status status =
		wpkg_host_profiles_add_known(&reading->profiles, &reading->checking, err);
	if (status != WPKG_OK)
		return status;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return WPKG_FAIL(err, wpkg_status_of_errno(errno), "%s", strerror(errno));
	int count = scandirat(dir, ".", &entries, is_profile, alphasort);
	if (count < 0) {
		status = WPKG_FAIL(err, WPKG_EIO, "%s", strerror(errno));
		close(dir);
		return status;
	}
	for (int i = 0; i < count; i++) {
		if (status == WPKG_OK)
			status = read_one(reading, dir, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	close(dir);
	if (status == WPKG_OK)
		status = wpkg_host_profiles_check(&reading->profiles, err);
	return status;
}

enum wpkg_status host_files_read(struct wpkg_strings *out, struct wpkg_arena *arena,
				 const char *folder, struct wpkg_err *err)
{
	struct reading reading = {.arena = arena};
	wpkg_arena_init(&reading.checking, PROFILES_MAX);
	enum wpkg_status status = read_all(&reading, folder, err);
	wpkg_arena_clear(&reading.checking);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%s", folder);
		return status;
	}
	struct wpkg_str *items = wpkg_arena_alloc(arena, reading.count, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; i < reading.count; i++)
		items[i] = reading.texts[i];
	*out = (struct wpkg_strings){items, reading.count};
	return WPKG_OK;
}

enum wpkg_status host_files_profiles(struct wpkg_host_profiles **out, struct wpkg_arena *arena,
				     const struct wpkg_strings *texts, struct wpkg_err *err)
{
	struct wpkg_host_profiles *profiles = wpkg_arena_alloc(arena, 1, sizeof(*profiles));
	if (!profiles)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	enum wpkg_status status = wpkg_host_profiles_add_known(profiles, arena, err);
	for (size_t i = 0; i < texts->count && status == WPKG_OK; i++)
		status = wpkg_host_profiles_add(profiles, arena, texts->items[i], err);
	if (status == WPKG_OK)
		*out = profiles;
	return status;
}
