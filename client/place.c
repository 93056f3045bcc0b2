/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/path.h"
#include "crypto/random.h"
#include "pkg/parcel.h"

/* Names. */

static int compare_names(const void *a, const void *b)
{
	const struct wpkg_label *left = a;
	const struct wpkg_label *right = b;
	return wpkg_str_compare(left->name, right->name);
}

static enum wpkg_status check_name(const struct wpkg_label *label, struct wpkg_err *err)
{
	struct wpkg_err why;
	if (wpkg_path_check_portable(label->name, &why) == WPKG_OK)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EDENIED, "a parcel's name cannot be a file's: %s", why.msg);
}

enum wpkg_status place_check(const struct place *place, struct wpkg_arena *arena,
			     struct wpkg_err *err)
{
	const struct wpkg_invoice *invoice = place->invoice;
	struct wpkg_label *names = wpkg_arena_alloc(arena, invoice->parcel_count, sizeof(*names));
	size_t count = 0;
	if (!names)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for names");
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		if (!place->chosen[i])
			continue;
		enum wpkg_status status = check_name(&invoice->parcels[i].label, err);
		if (status != WPKG_OK)
			return status;
		names[count++] = invoice->parcels[i].label;
	}
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++)
		if (wpkg_str_equal(names[i - 1].name, names[i].name) &&
		    !wpkg_str_equal(names[i - 1].sha256, names[i].sha256))
			return WPKG_FAIL(err, WPKG_EDENIED,
					 "two parcels have the name '%.*s' (choose by --group or "
					 "--feature)",
					 WPKG_STR_ARG(names[i].name));
	return WPKG_OK;
}

/* What is there already. */

enum presence { ABSENT, EQUAL, DIFFERENT };

static enum wpkg_status look(enum presence *out, int root, const char *name,
			     const struct wpkg_label *label, struct wpkg_err *err)
{
	struct stat info;
	int fd = -1;
	*out = DIFFERENT; /* a folder, a link, or a file that may not be read */
	if (fstatat(root, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
		*out = ABSENT;
		return WPKG_OK;
	}
	if (wpkg_file_open_beneath(&fd, root, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, NULL) !=
	    WPKG_OK)
		return WPKG_OK;
	enum wpkg_status status = WPKG_EDENIED;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		status = wpkg_parcel_check(label, fd, err);
	close(fd);
	if (status == WPKG_OK)
		*out = EQUAL;
	return status == WPKG_EDENIED ? WPKG_OK : status;
}

/* Placing one. */

/* Makes and opens each folder on the way in turn, none of which may be a link. */
static enum wpkg_status open_parent(int *out, int root, struct wpkg_str *name, struct wpkg_err *err)
{
	struct wpkg_str rest = *name;
	int dir = fcntl(root, F_DUPFD_CLOEXEC, 3);
	size_t slash = wpkg_str_find(rest, '/');
	for (; dir >= 0 && slash < rest.len; slash = wpkg_str_find(rest, '/')) {
		char part[NAME_MAX + 1];
		snprintf(part, sizeof(part), "%.*s", WPKG_STR_ARG(wpkg_str_slice(rest, 0, slash)));
		rest = wpkg_str_from_offset(rest, slash + 1);
		int next = -1;
		if (mkdirat(dir, part, 0777) == 0 || errno == EEXIST)
			next = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int code = errno;
		close(dir);
		dir = next;
		errno = code;
	}
	if (dir < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%.*s", WPKG_STR_ARG(*name));
	*name = rest;
	*out = dir;
	return WPKG_OK;
}

static enum wpkg_status write_file(int dir, const char *name, int fd,
				   const struct wpkg_label *label, struct wpkg_err *err)
{
	uint8_t random[8];
	char text[2 * sizeof(random) + 1];
	char temporary[32];
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(text, random, sizeof(random));
	snprintf(temporary, sizeof(temporary), ".wpkg-%s", text);
	int to = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (to < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", name);
	enum wpkg_status status = wpkg_parcel_copy(label, fd, to, err);
	if (close(to) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", name);
	if (status == WPKG_OK && renameat(dir, temporary, dir, name) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", name);
	if (status != WPKG_OK)
		unlinkat(dir, temporary, 0);
	return status;
}

static enum wpkg_status place_one(const struct place *place, int root, size_t parcel,
				  struct wpkg_err *err)
{
	const struct wpkg_label *label = &place->invoice->parcels[parcel].label;
	struct wpkg_str name = label->name;
	char base[NAME_MAX + 1];
	int dir = -1;
	int fd = -1;
	enum wpkg_status status = open_parent(&dir, root, &name, err);
	if (status == WPKG_OK)
		status = place->open(&fd, place->user, parcel, err);
	if (status == WPKG_OK) {
		snprintf(base, sizeof(base), "%.*s", WPKG_STR_ARG(name));
		status = write_file(dir, base, fd, label, err);
	}
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return status;
}

/* Looks at all first, so that a refusal leaves the folder as it was. */
static enum wpkg_status place_all(const struct place *place, int root, struct wpkg_arena *arena,
				  struct wpkg_err *err)
{
	size_t count = place->invoice->parcel_count;
	enum presence *there = wpkg_arena_alloc(arena, count, sizeof(*there));
	if (!there)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for files");
	for (size_t i = 0; i < count; i++) {
		if (!place->chosen[i])
			continue;
		const struct wpkg_label *label = &place->invoice->parcels[i].label;
		struct wpkg_str name = wpkg_arena_dup(arena, label->name);
		if (!name.ptr)
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for files");
		enum wpkg_status status = look(&there[i], root, name.ptr, label, err);
		if (status != WPKG_OK)
			return status;
		if (there[i] == DIFFERENT && !place->force)
			return WPKG_FAIL(err, WPKG_EEXISTS,
					 "%s/%s is there with other content (--force replaces it)",
					 place->folder, name.ptr);
	}
	for (size_t i = 0; i < count; i++) {
		enum wpkg_status status = WPKG_OK;
		if (place->chosen[i] && there[i] != EQUAL)
			status = place_one(place, root, i, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}

enum wpkg_status place_parcels(const struct place *place, struct wpkg_arena *arena,
			       struct wpkg_err *err)
{
	enum wpkg_status status = place_check(place, arena, err);
	if (status == WPKG_OK)
		status = wpkg_file_make_dirs(AT_FDCWD, place->folder, 0777, err);
	if (status != WPKG_OK)
		return status;
	int root = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", place->folder);
	status = place_all(place, root, arena, err);
	close(root);
	return status;
}
