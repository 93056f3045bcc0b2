/* SPDX-License-Identifier: Apache-2.0 */
/* The invoices of the cache, and walking all that it holds. */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/version.h"

#define TEXT_MAX ((size_t)16 * 1024)
#define FOLDER_PATH 160 /* "invoices/", two digests and a slash */

/* "invoices/REGISTRY/NAME"; the registry's part alone when name is NULL. */
static enum wpkg_status folder_path(char out[FOLDER_PATH], struct wpkg_str url,
				    const struct wpkg_str *name, struct wpkg_err *err)
{
	struct wpkg_digest digest;
	char registry[WPKG_DIGEST_TEXT];
	char package[WPKG_DIGEST_TEXT] = "";
	enum wpkg_status status = wpkg_digest_of(&digest, url, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(registry, &digest);
	if (name) {
		status = wpkg_digest_of(&digest, *name, err);
		if (status != WPKG_OK)
			return status;
		wpkg_digest_format(package, &digest);
	}
	snprintf(out, FOLDER_PATH, "invoices/%s%s%s", registry, name ? "/" : "", package);
	return WPKG_OK;
}

/* Writes a file of a folder in the cache, both made when absent. */
static enum wpkg_status put(const struct cache *cache, const char *folder, struct wpkg_str name,
			    struct wpkg_str bytes, struct wpkg_err *err)
{
	char path[FOLDER_PATH + WPKG_VERSION_MAX + 2];
	enum wpkg_status status = wpkg_file_make_dirs(cache->dir, folder, 0700, err);
	snprintf(path, sizeof(path), "%s/%.*s", folder, WPKG_STR_ARG(name));
	return status == WPKG_OK ? wpkg_file_write(cache->dir, path, bytes, 0600, 0, err) : status;
}

enum wpkg_status cache_put_invoice(const struct cache *cache, struct wpkg_str url,
				   const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	char registry[FOLDER_PATH];
	char package[FOLDER_PATH];
	struct wpkg_version version;
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	/* A version's text is a file name here: what is no version gets no further. */
	enum wpkg_status status = wpkg_version_parse(&version, invoice->version, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = folder_path(registry, url, NULL, err);
	if (status == WPKG_OK)
		status = folder_path(package, url, &invoice->name, err);
	if (status == WPKG_OK)
		status = put(cache, registry, WPKG_LIT("url"), url, err);
	if (status == WPKG_OK)
		status = put(cache, package, WPKG_LIT("name"), invoice->name, err);
	if (status == WPKG_OK)
		status = put(cache, package, invoice->version, wpkg_buf_str(&text), err);
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status read_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena, int dir,
				     const char *path, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_file_read(&text, dir, path, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_read(out, arena, wpkg_buf_str(&text), WPKG_INVOICE_TOML, err);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status cache_get_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
				   const struct cache *cache, struct wpkg_str url,
				   struct wpkg_str name, struct wpkg_str version,
				   struct wpkg_err *err)
{
	char folder[FOLDER_PATH];
	char path[FOLDER_PATH + WPKG_VERSION_MAX + 2];
	struct wpkg_version parsed;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = wpkg_version_parse(&parsed, version, err);
	if (status == WPKG_OK)
		status = folder_path(folder, url, &name, err);
	if (status != WPKG_OK)
		return status;
	snprintf(path, sizeof(path), "%s/%.*s", folder, WPKG_STR_ARG(version));
	status = read_invoice(&invoice, arena, cache->dir, path, err);
	if (status == WPKG_ENOTFOUND)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "not in the cache");
	if (status != WPKG_OK)
		return status;
	if (!wpkg_str_equal(invoice->name, name) || !wpkg_str_equal(invoice->version, version))
		return WPKG_FAIL(err, WPKG_EDENIED, "the cache holds another package there");
	*out = invoice;
	return WPKG_OK;
}

/* Walking. */

/* Each entry of a folder but hidden ones; a missing folder has none. */
static enum wpkg_status each_entry(int dir, const char *path,
				   enum wpkg_status (*visit)(void *user, int folder,
							     const char *name,
							     struct wpkg_err *err),
				   void *user, struct wpkg_err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return WPKG_OK;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		int code = errno;
		if (fd >= 0)
			close(fd);
		return WPKG_FAIL_ERRNO(err, code, "%s", path);
	}
	enum wpkg_status status = WPKG_OK;
	const struct dirent *entry = readdir(folder);
	for (; entry && status == WPKG_OK; entry = readdir(folder))
		if (entry->d_name[0] != '.')
			status = visit(user, dirfd(folder), entry->d_name, err);
	closedir(folder);
	return status;
}

struct version_walk {
	enum wpkg_status (*visit)(void *user, struct wpkg_str version, struct wpkg_err *err);
	void *user;
};

static enum wpkg_status visit_version(void *user, int dir, const char *name, struct wpkg_err *err)
{
	const struct version_walk *walk = user;
	struct wpkg_version version;
	(void)dir;
	if (wpkg_version_parse(&version, wpkg_str_from(name), NULL) != WPKG_OK)
		return WPKG_OK;
	return walk->visit(walk->user, wpkg_str_from(name), err);
}

enum wpkg_status cache_each_version(const struct cache *cache, struct wpkg_str url,
				    struct wpkg_str name,
				    enum wpkg_status (*visit)(void *user, struct wpkg_str version,
							      struct wpkg_err *err),
				    void *user, struct wpkg_err *err)
{
	char folder[FOLDER_PATH];
	struct version_walk walk = {.visit = visit, .user = user};
	enum wpkg_status status = folder_path(folder, url, &name, err);
	return status == WPKG_OK ? each_entry(cache->dir, folder, visit_version, &walk, err)
				 : status;
}

struct invoice_walk {
	struct wpkg_arena *arena;
	struct wpkg_buf url; /* of the registry whose folder is walked */
	enum wpkg_status (*visit)(void *user, struct wpkg_str url,
				  const struct wpkg_invoice *invoice, struct wpkg_err *err);
	void *user;
};

static enum wpkg_status visit_invoice(void *user, int dir, const char *name, struct wpkg_err *err)
{
	struct invoice_walk *walk = user;
	struct wpkg_version version;
	struct wpkg_invoice *invoice = NULL;
	if (wpkg_version_parse(&version, wpkg_str_from(name), NULL) != WPKG_OK)
		return WPKG_OK;
	enum wpkg_status status = read_invoice(&invoice, walk->arena, dir, name, err);
	if (status == WPKG_EFORMAT)
		return WPKG_OK; /* spoilt: it will be fetched again when it is asked for */
	if (status != WPKG_OK)
		return status;
	return walk->visit(walk->user, wpkg_buf_str(&walk->url), invoice, err);
}

static enum wpkg_status visit_package(void *user, int dir, const char *name, struct wpkg_err *err)
{
	return each_entry(dir, name, visit_invoice, user, err);
}

static enum wpkg_status visit_registry(void *user, int dir, const char *name, struct wpkg_err *err)
{
	struct invoice_walk *walk = user;
	char path[NAME_MAX + 8];
	snprintf(path, sizeof(path), "%s/url", name);
	wpkg_buf_reset(&walk->url);
	enum wpkg_status status = wpkg_file_read(&walk->url, dir, path, err);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	return status == WPKG_OK ? each_entry(dir, name, visit_package, walk, err) : status;
}

enum wpkg_status cache_each_invoice(const struct cache *cache, struct wpkg_arena *arena,
				    enum wpkg_status (*visit)(void *user, struct wpkg_str url,
							      const struct wpkg_invoice *invoice,
							      struct wpkg_err *err),
				    void *user, struct wpkg_err *err)
{
	struct invoice_walk walk = {.arena = arena, .visit = visit, .user = user};
	wpkg_buf_init(&walk.url, TEXT_MAX);
	enum wpkg_status status = each_entry(cache->dir, "invoices", visit_registry, &walk, err);
	wpkg_buf_clear(&walk.url);
	return status;
}

struct parcel_walk {
	const struct cache *cache;
	bool check;
	enum wpkg_status (*visit)(void *user, const char *sha256, uint64_t size, bool good,
				  struct wpkg_err *err);
	void *user;
};

static enum wpkg_status visit_parcel(void *user, int dir, const char *name, struct wpkg_err *err)
{
	const struct parcel_walk *walk = user;
	struct stat info;
	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? WPKG_OK : WPKG_FAIL_ERRNO(err, errno, "%s", name);
	struct wpkg_label label = {.sha256 = wpkg_str_from(name), .size = (uint64_t)info.st_size};
	bool good = true;
	if (walk->check) {
		int fd = -1;
		enum wpkg_status status = cache_open_parcel(&fd, NULL, walk->cache, &label, err);
		if (status == WPKG_EFORMAT)
			return WPKG_OK; /* no parcel of ours */
		if (status != WPKG_OK && status != WPKG_ENOTFOUND)
			return status;
		good = status == WPKG_OK;
		if (good)
			close(fd);
	}
	return walk->visit(walk->user, name, label.size, good, err);
}

enum wpkg_status cache_each_parcel(const struct cache *cache, bool check,
				   enum wpkg_status (*visit)(void *user, const char *sha256,
							     uint64_t size, bool good,
							     struct wpkg_err *err),
				   void *user, struct wpkg_err *err)
{
	struct parcel_walk walk = {.cache = cache, .check = check, .visit = visit, .user = user};
	return each_entry(cache->dir, "parcels", visit_parcel, &walk, err);
}

enum wpkg_status cache_clean(struct cache *cache, struct wpkg_err *err)
{
	static const char *const folders[] = {"parcels", "invoices", "temporary"};
	if (flock(cache->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return WPKG_FAIL(err, WPKG_EBUSY, "another process uses the cache");
		return WPKG_FAIL_ERRNO(err, errno, "lock");
	}
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(folders) / sizeof(folders[0]); i++)
		status = wpkg_file_remove_tree(cache->dir, folders[i], err);
	return status;
}
