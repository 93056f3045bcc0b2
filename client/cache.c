/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/random.h"
#include "pkg/parcel.h"

#define PARCEL_PATH 80

enum wpkg_status cache_open(struct cache *out, const char *path, struct wpkg_err *err)
{
	static const char *const folders[] = {"parcels", "invoices", "temporary"};
	struct cache cache = {.dir = -1, .lock = -1};
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, path, 0700, err);
	if (status != WPKG_OK)
		return status;
	cache.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache.dir < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	cache.lock = openat(cache.dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* Alone here: what lies in "temporary" was left by a process that was killed. */
	if (cache.lock >= 0 && flock(cache.lock, LOCK_EX | LOCK_NB) == 0)
		(void)!wpkg_file_remove_tree(cache.dir, "temporary", NULL);
	if (cache.lock < 0 || flock(cache.lock, LOCK_SH) != 0) {
		status = WPKG_FAIL_ERRNO(err, errno, "%s/lock", path);
		goto out;
	}
	for (size_t i = 0; status == WPKG_OK && i < sizeof(folders) / sizeof(folders[0]); i++)
		status = wpkg_file_make_dirs(cache.dir, folders[i], 0700, err);
out:
	if (status == WPKG_OK)
		*out = cache;
	else
		cache_close(&cache);
	return status;
}

void cache_close(struct cache *cache)
{
	if (cache->lock >= 0)
		close(cache->lock);
	if (cache->dir >= 0)
		close(cache->dir);
	cache->lock = -1;
	cache->dir = -1;
}

/* Parcels. */

static void parcel_path(char out[PARCEL_PATH], const char *sha256)
{
	snprintf(out, PARCEL_PATH, "parcels/%s", sha256);
}

enum wpkg_status cache_open_parcel(int *out, bool *spoilt, const struct cache *cache,
				   const struct wpkg_label *label, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char sha256[WPKG_DIGEST_TEXT];
	char path[PARCEL_PATH];
	if (!wpkg_digest_parse(&digest, label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(label->sha256));
	wpkg_digest_format(sha256, &digest);
	parcel_path(path, sha256);
	int fd = openat(cache->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno != ELOOP && errno != ENXIO)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	enum wpkg_status status = WPKG_EDENIED; /* a link or a socket is no parcel */
	if (fd >= 0)
		status = wpkg_parcel_check(label, fd, err);
	if (status == WPKG_OK) {
		*out = fd;
		return WPKG_OK;
	}
	if (fd >= 0)
		close(fd);
	if (status != WPKG_EDENIED)
		return status;
	if (spoilt)
		*spoilt = true;
	status = cache_remove_parcel(cache, sha256, err);
	if (status != WPKG_OK)
		return status;
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s was changed on disk", path);
}

enum wpkg_status cache_parcel_path(char **out, const struct wpkg_label *label, struct wpkg_err *err)
{
	char inside[PARCEL_PATH];
	char sha256[WPKG_DIGEST_TEXT];
	char *folder = NULL;
	struct wpkg_digest digest;
	if (!wpkg_digest_parse(&digest, label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(label->sha256));
	enum wpkg_status status = wpkg_path_cache(&folder, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(sha256, &digest);
	parcel_path(inside, sha256);
	char *path = wpkg_path_join(folder, inside);
	wpkg_mem_free(folder);
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a path");
	*out = path;
	return WPKG_OK;
}

enum wpkg_status cache_remove_parcel(const struct cache *cache, const char *sha256,
				     struct wpkg_err *err)
{
	char path[PARCEL_PATH];
	parcel_path(path, sha256);
	if (unlinkat(cache->dir, path, 0) != 0 && errno != ENOENT)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return WPKG_OK;
}

/* Entries on their way in. */

enum wpkg_status cache_entry_begin(struct cache_entry *out, const struct cache *cache,
				   struct wpkg_err *err)
{
	struct cache_entry entry = {.fd = -1};
	uint8_t random[16];
	char text[2 * sizeof(random) + 1];
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(text, random, sizeof(random));
	snprintf(entry.name, sizeof(entry.name), "temporary/%s", text);
	enum wpkg_status status = wpkg_hasher_new(&entry.hasher, err);
	if (status != WPKG_OK)
		return status;
	entry.fd = openat(cache->dir, entry.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (entry.fd < 0) {
		wpkg_hasher_free(entry.hasher);
		return WPKG_FAIL_ERRNO(err, errno, "%s", entry.name);
	}
	*out = entry;
	return WPKG_OK;
}

enum wpkg_status cache_entry_write(struct cache_entry *entry, struct wpkg_str bytes,
				   struct wpkg_err *err)
{
	wpkg_hasher_update(entry->hasher, bytes);
	entry->size += bytes.len;
	return wpkg_file_write_fd(entry->fd, bytes, entry->name, err);
}

static void entry_end(struct cache_entry *entry)
{
	if (entry->fd >= 0)
		close(entry->fd);
	wpkg_hasher_free(entry->hasher);
	*entry = (struct cache_entry){.fd = -1};
}

void cache_entry_abandon(struct cache_entry *entry, const struct cache *cache)
{
	if (entry->fd >= 0)
		unlinkat(cache->dir, entry->name, 0);
	entry_end(entry);
}

static enum wpkg_status place(struct cache_entry *entry, const struct cache *cache,
			      const char *sha256, struct wpkg_err *err)
{
	char path[PARCEL_PATH];
	parcel_path(path, sha256);
	if (fchmod(entry->fd, 0444) != 0 ||
	    renameat(cache->dir, entry->name, cache->dir, path) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return WPKG_OK;
}

enum wpkg_status cache_entry_commit(struct cache_entry *entry, const struct cache *cache,
				    const struct wpkg_label *label, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char sha256[WPKG_DIGEST_TEXT];
	enum wpkg_status status = wpkg_hasher_finish(&digest, entry->hasher, err);
	if (status == WPKG_OK) {
		wpkg_digest_format(sha256, &digest);
		if (entry->size != label->size || !wpkg_str_equal_text(label->sha256, sha256))
			status = WPKG_FAIL(err, WPKG_EDENIED,
					   "its bytes have the digest %s, not the signed %.*s",
					   sha256, WPKG_STR_ARG(label->sha256));
	}
	if (status == WPKG_OK)
		status = place(entry, cache, sha256, err);
	if (status == WPKG_OK)
		entry_end(entry);
	else
		cache_entry_abandon(entry, cache);
	return status;
}
