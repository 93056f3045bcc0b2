/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts in a folder and its folders: a checkout of the specification's test suite. */
#include "wast.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/str.h"

#define DEEPEST 16

bool wast_is_folder(const char *path)
{
	struct stat stat_of;
	return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void complain(const char *path, struct wast_tally *tally, const char *what)
{
	struct wpkg_err err;
	wpkg_err_set(&err, WPKG_EINVAL, "%s", what);
	wast_tally_broken(tally, path, &err);
}

static size_t run_folder(const char *path, struct wast_tally *tally, unsigned depth);

/* A folder that is reached by a link only is another one's. */
static size_t run_entry(const char *folder, const char *name, struct wast_tally *tally,
			unsigned depth)
{
	struct stat stat_of;
	struct wpkg_buf path;
	size_t found = 0;
	wpkg_buf_init(&path, SIZE_MAX);
	wpkg_buf_append_format(&path, "%s/%s", folder, name);
	const char *text = wpkg_buf_text(&path);
	if (lstat(text, &stat_of) == 0 && S_ISDIR(stat_of.st_mode)) {
		found = run_folder(text, tally, depth + 1);
	} else if (wpkg_str_ends(wpkg_str_from(name), WPKG_LIT(".wast"))) {
		wast_text_run(text, tally);
		found = 1;
	}
	wpkg_buf_clear(&path);
	return found;
}

/* How many scripts there were. In the order of names, so that two runs say the same. */
static size_t run_folder(const char *path, struct wast_tally *tally, unsigned depth)
{
	struct dirent **entries;
	size_t found = 0;
	int count = depth < DEEPEST ? scandir(path, &entries, is_shown, alphasort) : -1;
	if (count < 0) {
		complain(path, tally, depth < DEEPEST ? strerror(errno) : "folders too deep");
		return 1;
	}
	for (int i = 0; i < count; i++) {
		found += run_entry(path, entries[i]->d_name, tally, depth);
		free(entries[i]);
	}
	free(entries);
	return found;
}

void wast_folder_run(const char *path, struct wast_tally *tally)
{
	if (run_folder(path, tally, 0) == 0)
		complain(path, tally, "no script (.wast) in the folder");
}
