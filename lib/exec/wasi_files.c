/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Granted files: a read-only tree that exists only here. A file is an open descriptor under a name,
 * a directory is what the names of files have in common before a slash. There are no links, so a
 * path is resolved part by part on the text alone.
 */
#include "exec/wasi_int.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"

#define FILES_MAX 4096
#define ROOT_INO 1
#define FIRST_FILE_INO 2

static bool is_dots(struct wpkg_str part)
{
	return wpkg_str_equal_text(part, ".") || wpkg_str_equal_text(part, "..");
}

static bool is_fine_name(struct wpkg_str name)
{
	if (name.len == 0 || name.len >= PATH_MAX || wpkg_str_find(name, '\0') < name.len)
		return false;
	for (size_t start = 0; start <= name.len;) {
		struct wpkg_str rest = wpkg_str_from_offset(name, start);
		struct wpkg_str part = wpkg_str_slice(rest, 0, wpkg_str_find(rest, '/'));
		if (part.len == 0 || is_dots(part))
			return false;
		start += part.len + 1;
	}
	return true;
}

/* Is the name that of a file in the directory, at any depth? */
static bool is_below(struct wpkg_str name, struct wpkg_str dir)
{
	return dir.len == 0 ||
	       (name.len > dir.len && name.ptr[dir.len] == '/' && wpkg_str_starts(name, dir));
}

static int compare_names(const void *a, const void *b, void *user)
{
	const struct wpkg_wasi *wasi = user;
	const struct wpkg_wasi_file *files = wasi->options.files;
	return wpkg_str_compare(files[*(const uint32_t *)a].name, files[*(const uint32_t *)b].name);
}

static enum wpkg_status check_file(const struct wpkg_wasi_file *file, struct wpkg_err *err)
{
	struct stat stat;
	if (!is_fine_name(file->name))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' cannot name a granted file",
				 WPKG_STR_ARG(file->name));
	if (fstat(file->fd, &stat) != 0 || !S_ISREG(stat.st_mode))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s': descriptor %d is no file",
				 WPKG_STR_ARG(file->name), file->fd);
	return WPKG_OK;
}

static enum wpkg_status check_order(const struct wpkg_wasi_file *files, const uint32_t *order,
				    size_t count, struct wpkg_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct wpkg_str name = files[order[i]].name;
		for (size_t j = i + 1; j < count; j++) {
			struct wpkg_str other = files[order[j]].name;
			if (!wpkg_str_starts(other, name))
				break;
			if (other.len == name.len || is_below(other, name))
				return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is granted twice",
						 WPKG_STR_ARG(name));
		}
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_wasi_files_init(struct wpkg_wasi *wasi, struct wpkg_err *err)
{
	const struct wpkg_wasi_file *files = wasi->options.files;
	size_t count = wasi->options.file_count;
	if (count > FILES_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d granted files", FILES_MAX);
	uint32_t *order = wpkg_mem_calloc(count + 1, sizeof(*order));
	if (!order)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for granted files");
	wasi->order = order;
	for (size_t i = 0; i < count; i++) {
		enum wpkg_status status = check_file(&files[i], err);
		if (status != WPKG_OK)
			return status;
		order[i] = (uint32_t)i;
	}
	qsort_r(order, count, sizeof(*order), compare_names, wasi);
	return check_order(files, order, count, err);
}

static struct wpkg_str name_at(const struct wpkg_wasi *wasi, size_t position)
{
	return wasi->options.files[wasi->order[position]].name;
}

/* The position in the order of the file of that name, or of the first file in the directory of that
 * name; the number of files when there is neither. */
static size_t find_position(const struct wpkg_wasi *wasi, struct wpkg_str name)
{
	size_t i = 0;
	while (i < wasi->options.file_count && !wpkg_str_equal(name_at(wasi, i), name) &&
	       !is_below(name_at(wasi, i), name))
		i++;
	return i;
}

static struct wasi_fd make_fd(const struct wpkg_wasi *wasi, size_t position, size_t length)
{
	struct wpkg_str name = name_at(wasi, position);
	struct wasi_fd fd = {.host = -1, .read_only = true};
	if (name.len == length) {
		fd.kind = WASI_FILE;
		fd.node = wasi->order[position];
		fd.filetype = WASI_FILETYPE_REGULAR_FILE;
	} else {
		fd.kind = WASI_TREE;
		fd.name = wpkg_str_slice(name, 0, length);
		fd.filetype = WASI_FILETYPE_DIRECTORY;
		fd.inheriting = WASI_RIGHTS_BELOW;
	}
	fd.base = wpkg_wasi_rights_of(fd.filetype);
	return fd;
}

/* A path on its way: where it is now, as a text that begins with the directory's. */
struct walk {
	char text[2 * PATH_MAX];
	size_t length;
	size_t least; /* length of the directory that it started from */
	struct wasi_fd fd;
};

static enum wasi_errno step(struct walk *walk, const struct wpkg_wasi *wasi, struct wpkg_str part)
{
	if (walk->fd.kind != WASI_TREE)
		return WASI_ENOTDIR;
	if (part.len == 0 || wpkg_str_equal_text(part, "."))
		return WASI_ESUCCESS;
	if (wpkg_str_equal_text(part, "..")) {
		if (walk->length == walk->least)
			return WASI_ENOTCAPABLE;
		while (walk->length > walk->least && walk->text[walk->length - 1] != '/')
			walk->length--;
		if (walk->length > walk->least)
			walk->length--;
	} else {
		if (walk->length + part.len + 1 > sizeof(walk->text))
			return WASI_ENAMETOOLONG;
		if (walk->length > 0)
			walk->text[walk->length++] = '/';
		memcpy(walk->text + walk->length, part.ptr, part.len);
		walk->length += part.len;
	}
	size_t position = find_position(wasi, wpkg_str_of(walk->text, walk->length));
	if (position == wasi->options.file_count)
		return WASI_ENOENT;
	walk->fd = make_fd(wasi, position, walk->length);
	return WASI_ESUCCESS;
}

enum wasi_errno wpkg_wasi_files_open(struct wasi_fd *out, struct wpkg_wasi *wasi,
				     const struct wasi_fd *dir, struct wpkg_str path)
{
	if (path.len == 0)
		return WASI_ENOENT;
	if (path.ptr[0] == '/')
		return WASI_ENOTCAPABLE;
	struct walk walk = {.length = dir->name.len, .least = dir->name.len, .fd = *dir};
	if (walk.length > 0)
		memcpy(walk.text, dir->name.ptr, walk.length);
	walk.fd.preopen = false;
	walk.fd.base = WASI_RIGHTS_DIRECTORY;
	walk.fd.inheriting = WASI_RIGHTS_BELOW;
	for (size_t start = 0; start <= path.len;) {
		struct wpkg_str rest = wpkg_str_from_offset(path, start);
		struct wpkg_str part = wpkg_str_slice(rest, 0, wpkg_str_find(rest, '/'));
		enum wasi_errno code = step(&walk, wasi, part);
		if (code != WASI_ESUCCESS)
			return code;
		start += part.len + 1;
	}
	*out = walk.fd;
	return WASI_ESUCCESS;
}

/* A number for a directory: the first file in it, and how much of that file's name it is. */
static uint64_t tree_ino(const struct wpkg_wasi *wasi, struct wpkg_str name)
{
	if (name.len == 0)
		return ROOT_INO;
	return ((uint64_t)find_position(wasi, name) + 1) << 32 | name.len;
}

enum wasi_errno wpkg_wasi_files_stat(struct wasi_filestat *out, struct wpkg_wasi *wasi,
				     const struct wasi_fd *fd)
{
	struct wasi_filestat filestat = {.filetype = fd->filetype, .nlink = 1};
	if (fd->kind == WASI_FILE) {
		struct stat host;
		if (fstat(wasi->options.files[fd->node].fd, &host) != 0)
			return wpkg_wasi_errno(errno);
		filestat.size = (uint64_t)host.st_size;
		filestat.ino = FIRST_FILE_INO + fd->node;
	} else {
		filestat.ino = tree_ino(wasi, fd->name);
	}
	*out = filestat;
	return WASI_ESUCCESS;
}

/* What the file's name has after the directory's, up to the next slash. */
static struct wpkg_str child_of(struct wpkg_str name, struct wpkg_str dir)
{
	struct wpkg_str rest = wpkg_str_from_offset(name, dir.len > 0 ? dir.len + 1 : 0);
	return wpkg_str_slice(rest, 0, wpkg_str_find(rest, '/'));
}

static struct wasi_file_entry entry_of(const struct wpkg_wasi *wasi, size_t position,
				       struct wpkg_str child)
{
	struct wpkg_str name = name_at(wasi, position);
	size_t length = (size_t)(child.ptr - name.ptr) + child.len;
	if (length == name.len)
		return (struct wasi_file_entry){.name = child,
						.ino = FIRST_FILE_INO + wasi->order[position],
						.filetype = WASI_FILETYPE_REGULAR_FILE};
	return (struct wasi_file_entry){.name = child,
					.ino = tree_ino(wasi, wpkg_str_slice(name, 0, length)),
					.filetype = WASI_FILETYPE_DIRECTORY};
}

bool wpkg_wasi_files_entry(struct wasi_file_entry *out, const struct wpkg_wasi *wasi,
			   const struct wasi_fd *dir, uint64_t index)
{
	if (index < 2) {
		*out = (struct wasi_file_entry){.name = index == 0 ? WPKG_LIT(".") : WPKG_LIT(".."),
						.ino = tree_ino(wasi, dir->name),
						.filetype = WASI_FILETYPE_DIRECTORY};
		return true;
	}
	/* Sorted: the files of one directory stand together, so that a child is new when it differs
	 * from the one before. */
	uint64_t seen = 2;
	struct wpkg_str last = {0};
	for (size_t i = 0; i < wasi->options.file_count; i++) {
		if (!is_below(name_at(wasi, i), dir->name))
			continue;
		struct wpkg_str child = child_of(name_at(wasi, i), dir->name);
		if (wpkg_str_equal(child, last))
			continue;
		last = child;
		if (seen++ == index) {
			*out = entry_of(wasi, i, child);
			return true;
		}
	}
	return false;
}
