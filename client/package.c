/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "pkg/annotation.h"
#include "progress.h"
#include "report.h"

/* Bundles. */

enum wpkg_status package_make_temporary(char **out, const char *below, struct wpkg_err *err)
{
	const char *system = getenv("TMPDIR");
	if (!below)
		below = system && system[0] ? system : "/tmp";
	char *path = wpkg_path_join(below, ".wpkg-XXXXXX");
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a temporary folder");
	if (!mkdtemp(path)) {
		int code = errno;
		wpkg_mem_free(path);
		return WPKG_FAIL_ERRNO(err, code, "temporary folder");
	}
	*out = path;
	return WPKG_OK;
}

void package_remove_temporary(char *path)
{
	if (path)
		(void)!wpkg_file_remove_tree(AT_FDCWD, path, NULL);
	wpkg_mem_free(path);
}

static enum wpkg_status open_bundle(struct package *package, struct session *session,
				    const char *path, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_bundle_open(&package->bundle, &session->arena, path, err);
	if (status == WPKG_OK)
		package->invoice = package->bundle.invoice;
	return status;
}

static enum wpkg_status open_archive(struct package *package, struct session *session,
				     const char *path, struct wpkg_err *err)
{
	enum wpkg_status status = package_make_temporary(&package->unpacked, NULL, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_unpack(path, package->unpacked, NULL, err);
	return status == WPKG_OK ? open_bundle(package, session, package->unpacked, err) : status;
}

/* Where a project's files come from. */

static bool annotate(struct session *session, struct package *package, const char *key,
		     struct wpkg_str value)
{
	return value.len == 0 || wpkg_map_set(&session->arena, &package->invoice->annotations,
					      wpkg_str_from(key), value);
}

/* The manifest's own word on where the source is stands. */
static enum wpkg_status record(struct session *session, struct package *package,
			       const struct git_facts *facts, struct wpkg_err *err)
{
	char created[WPKG_CLOCK_TEXT];
	struct wpkg_str dirty = {0};
	bool has_source =
		wpkg_map_find(&package->invoice->annotations, WPKG_ANNOTATION_SOURCE).ptr != NULL;
	wpkg_clock_format(created, facts->time);
	if (!facts->clean)
		dirty = WPKG_LIT("true");
	if (annotate(session, package, WPKG_ANNOTATION_REVISION, facts->commit) &&
	    annotate(session, package, WPKG_ANNOTATION_CREATED, wpkg_str_from(created)) &&
	    annotate(session, package, WPKG_ANNOTATION_SOURCE_REF, facts->ref) &&
	    annotate(session, package, WPKG_ANNOTATION_SOURCE_DIRTY, dirty) &&
	    (has_source || annotate(session, package, WPKG_ANNOTATION_SOURCE, facts->remote)))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for annotations");
}

static enum wpkg_status add_origin(struct session *session, struct package *package,
				   const struct package_options *options, struct wpkg_err *err)
{
	struct git_facts facts;
	if (!package->git)
		return WPKG_OK;
	enum wpkg_status status = git_read_facts(&facts, &session->arena, package->git, err);
	if (status != WPKG_OK)
		return status;
	if (options->require_clean && !facts.clean)
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "--require-clean: the work tree has files that differ from commit "
				 "%.*s or are in none",
				 WPKG_STR_ARG(facts.commit));
	return record(session, package, &facts, err);
}

/* A work tree that cannot be read matters only to those who ask for what is in it. */
static enum wpkg_status open_work_tree(struct session *session, struct package *package,
				       const char *folder, const struct package_options *options,
				       struct wpkg_err *err)
{
	struct wpkg_err why = {0};
	bool needed = options->revision || options->require_clean;
	if (!needed && !git_is_near(folder))
		return WPKG_OK;
	enum wpkg_status status = git_open(&package->git, folder, options->revision, &why);
	if (status != WPKG_OK && !needed) {
		report_note(session->global, "the origin is not recorded: %s", why.msg);
		return WPKG_OK;
	}
	if (status != WPKG_OK && err)
		*err = why;
	return status;
}

/* Projects. */

static enum wpkg_status take_text(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_buf *text = user;
	wpkg_buf_append_str(text, bytes);
	return wpkg_buf_check(text, WPKG_PROJECT_FILE, err);
}

static enum wpkg_status read_project(struct wpkg_project **out, struct session *session,
				     const struct package *package, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_PROJECT_MAX);
	enum wpkg_status status = package->source.read(
		package->source.state, WPKG_LIT(WPKG_PROJECT_FILE), take_text, &text, err);
	if (status == WPKG_OK) {
		status = wpkg_project_read(out, &session->arena, wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, WPKG_PROJECT_FILE);
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status open_source(struct package *package, const char *folder,
				    const struct package_options *options, struct wpkg_err *err)
{
	if (options->revision)
		return git_source(&package->source, package->git, err);
	enum wpkg_status status = wpkg_source_open_folder(&package->source, folder, err);
	if (status != WPKG_OK)
		return status;
	package->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (package->folder < 0) {
		int code = errno;
		wpkg_source_close_folder(&package->source);
		return WPKG_FAIL_ERRNO(err, code, "%s", folder);
	}
	return WPKG_OK;
}

/* A source whose bytes are counted, to show how far hashing them is. */
struct counted {
	const struct wpkg_source *source;
	struct progress progress;
	enum wpkg_status (*sink)(void *user, struct wpkg_str bytes, struct wpkg_err *err);
	void *user; /* of the sink */
};

static enum wpkg_status count_bytes(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct counted *counted = user;
	progress_add(&counted->progress, bytes.len);
	return counted->sink(counted->user, bytes, err);
}

static enum wpkg_status list_counted(void *state,
				     enum wpkg_status (*visit)(void *user, struct wpkg_str path,
							       struct wpkg_err *err),
				     void *user, struct wpkg_err *err)
{
	const struct counted *counted = state;
	return counted->source->list(counted->source->state, visit, user, err);
}

static enum wpkg_status read_counted(void *state, struct wpkg_str path,
				     enum wpkg_status (*sink)(void *user, struct wpkg_str bytes,
							      struct wpkg_err *err),
				     void *user, struct wpkg_err *err)
{
	struct counted *counted = state;
	counted->sink = sink;
	counted->user = user;
	return counted->source->read(counted->source->state, path, count_bytes, counted, err);
}

static enum wpkg_status hash_files(struct package *package, struct session *session,
				   const struct wpkg_project *project, struct wpkg_err *err)
{
	struct counted counted = {.source = &package->source};
	const struct wpkg_source source = {
		.state = &counted, .list = list_counted, .read = read_counted};
	progress_begin(&counted.progress, session->global, "hashing", 0);
	enum wpkg_status status = wpkg_project_pack(&package->invoice, &package->files,
						    &session->arena, project, &source, err);
	progress_end(&counted.progress);
	return status;
}

static enum wpkg_status open_project(struct package *package, struct session *session,
				     const char *folder, const struct package_options *options,
				     struct wpkg_err *err)
{
	struct wpkg_project *project = NULL;
	package->is_project = true;
	enum wpkg_status status = open_work_tree(session, package, folder, options, err);
	if (status == WPKG_OK)
		status = open_source(package, folder, options, err);
	if (status == WPKG_OK)
		status = read_project(&project, session, package, err);
	if (status == WPKG_OK)
		status = hash_files(package, session, project, err);
	return status == WPKG_OK ? add_origin(session, package, options, err) : status;
}

static enum wpkg_status open_manifest(struct package *package, struct session *session,
				      const char *path, const struct package_options *options,
				      struct wpkg_err *err)
{
	char *folder = wpkg_path_parent(path);
	if (!folder)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	enum wpkg_status status = open_project(package, session, folder, options, err);
	wpkg_mem_free(folder);
	return status;
}

static bool has_file(const char *folder, const char *name)
{
	struct stat info;
	char *path = wpkg_path_join(folder, name);
	bool found = path && stat(path, &info) == 0 && S_ISREG(info.st_mode);
	wpkg_mem_free(path);
	return found;
}

/* What the path names decides what it is. */
static enum wpkg_status open_path(struct package *package, struct session *session,
				  const char *path, const struct package_options *options,
				  struct wpkg_err *err)
{
	struct stat info;
	bool wants_git = options->revision || options->require_clean;
	struct wpkg_str name = wpkg_path_base(wpkg_str_from(path));
	if (stat(path, &info) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (S_ISDIR(info.st_mode) && (has_file(path, WPKG_PROJECT_FILE) || options->revision))
		return open_project(package, session, path, options, err);
	if (S_ISREG(info.st_mode) && wpkg_str_equal_text(name, WPKG_PROJECT_FILE))
		return open_manifest(package, session, path, options, err);
	if (wants_git)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%s: only a project with " WPKG_PROJECT_FILE " has a revision",
				 path);
	if (S_ISREG(info.st_mode) && wpkg_str_ends(name, WPKG_LIT(PACKAGE_ARCHIVE_END)))
		return open_archive(package, session, path, err);
	if (!S_ISDIR(info.st_mode))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%s: neither a folder nor an archive of a package", path);
	enum wpkg_status status = open_bundle(package, session, path, err);
	if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND,
				   "%s: neither " WPKG_PROJECT_FILE
				   " nor a bundle in it (see 'wpkg init')",
				   path);
	return status;
}

enum wpkg_status package_open(struct package *out, struct session *session, const char *path,
			      const struct package_options *options, struct wpkg_err *err)
{
	static const struct package_options plain;
	struct package package = PACKAGE_NONE;
	enum wpkg_status status =
		open_path(&package, session, path, options ? options : &plain, err);
	if (status == WPKG_OK)
		*out = package;
	else
		package_close(&package);
	return status;
}

void package_close(struct package *package)
{
	wpkg_bundle_close(&package->bundle);
	package_remove_temporary(package->unpacked);
	if (package->folder >= 0) {
		wpkg_source_close_folder(&package->source);
		close(package->folder);
	}
	git_close(package->git);
	*package = (struct package)PACKAGE_NONE;
}

bool package_is_here(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The bytes of parcels. */

static enum wpkg_status take_file(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	const int *fd = user;
	return wpkg_file_write_fd(*fd, bytes, "parcel", err);
}

/* A file of a revision lies in no folder: it is put into one that only this process sees. */
static enum wpkg_status open_revision(int *out, const struct package *package, struct wpkg_str path,
				      struct wpkg_err *err)
{
	int fd = memfd_create("parcel", MFD_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%.*s", WPKG_STR_ARG(path));
	enum wpkg_status status =
		package->source.read(package->source.state, path, take_file, &fd, err);
	if (status == WPKG_OK && lseek(fd, 0, SEEK_SET) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%.*s", WPKG_STR_ARG(path));
	if (status == WPKG_OK)
		*out = fd;
	else
		close(fd);
	return status;
}

enum wpkg_status package_open_parcel(int *out, const struct package *package, size_t parcel,
				     struct wpkg_err *err)
{
	if (!package->is_project)
		return wpkg_bundle_open_parcel(out, &package->bundle,
					       package->invoice->parcels[parcel].label.sha256, err);
	struct wpkg_str path = package->files[parcel].path;
	if (package->folder < 0)
		return open_revision(out, package, path, err);
	char *name = wpkg_mem_dup_text(path.ptr, path.len);
	if (!name)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%.*s: no memory", WPKG_STR_ARG(path));
	enum wpkg_status status =
		wpkg_file_open_beneath(out, package->folder, name, O_RDONLY | O_CLOEXEC, 0, err);
	wpkg_mem_free(name);
	return status;
}
