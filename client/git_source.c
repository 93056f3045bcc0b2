/* SPDX-License-Identifier: Apache-2.0 */
/* A commit's folder as the source of a package's files. */
#include "base/mem.h"
#include "git.h"
#include "git_int.h"

struct walk {
	const struct git *git;
	enum wpkg_status (*visit)(void *user, struct wpkg_str path, struct wpkg_err *err);
	void *user;
	struct wpkg_buf path;
	enum wpkg_status status;
	struct wpkg_err *err;
};

static bool is_file(git_filemode_t mode)
{
	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

/* libgit2's word: 0 goes on, above 0 passes over the folder, below 0 ends the walk. */
static int visit_entry(const char *folder, const git_tree_entry *entry, void *user)
{
	struct walk *walk = user;
	const char *name = walk->git->api->tree_entry_name(entry);
	if (name[0] == '.')
		return 1;
	if (!is_file(walk->git->api->tree_entry_filemode(entry)))
		return 0;
	wpkg_buf_reset(&walk->path);
	wpkg_buf_append_format(&walk->path, "%s%s", folder, name);
	walk->status = wpkg_buf_check(&walk->path, "path", walk->err);
	if (walk->status == WPKG_OK)
		walk->status = walk->visit(walk->user, wpkg_buf_str(&walk->path), walk->err);
	return walk->status == WPKG_OK ? 0 : -1;
}

static enum wpkg_status list_files(void *state,
				   enum wpkg_status (*visit)(void *user, struct wpkg_str path,
							     struct wpkg_err *err),
				   void *user, struct wpkg_err *err)
{
	const struct git *git = state;
	struct walk walk = {.git = git, .visit = visit, .user = user, .err = err};
	wpkg_buf_init(&walk.path, 4096);
	int code = git->api->tree_walk((const git_tree *)git->tree, GIT_TREEWALK_PRE, visit_entry,
				       &walk);
	if (code != 0 && walk.status == WPKG_OK)
		walk.status = git_fail(git, "tree", err);
	wpkg_buf_clear(&walk.path);
	return walk.status;
}

static enum wpkg_status open_blob(git_object **out, const struct git *git, const char *path,
				  struct wpkg_err *err)
{
	const struct git_api *api = git->api;
	git_tree_entry *entry = NULL;
	enum wpkg_status status = WPKG_OK;
	if (api->tree_entry_bypath(&entry, (const git_tree *)git->tree, path) != 0 ||
	    !is_file(api->tree_entry_filemode(entry)))
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "%s is no file of revision '%s'", path,
				   git->revision ? git->revision : "HEAD");
	else if (api->tree_entry_to_object(out, git->repository, entry) != 0)
		status = git_fail(git, path, err);
	api->tree_entry_free(entry);
	return status;
}

static enum wpkg_status read_file(void *state, struct wpkg_str path,
				  enum wpkg_status (*sink)(void *user, struct wpkg_str bytes,
							   struct wpkg_err *err),
				  void *user, struct wpkg_err *err)
{
	const struct git *git = state;
	git_object *blob = NULL;
	char *name = wpkg_mem_dup_text(path.ptr, path.len);
	if (!name)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%.*s: no memory", WPKG_STR_ARG(path));
	enum wpkg_status status = open_blob(&blob, git, name, err);
	if (status == WPKG_OK) {
		const git_blob *content = (const git_blob *)blob;
		struct wpkg_str bytes = wpkg_str_of(git->api->blob_rawcontent(content),
						    (size_t)git->api->blob_rawsize(content));
		status = bytes.len > 0 ? sink(user, bytes, err) : WPKG_OK;
	}
	git->api->object_free(blob);
	wpkg_mem_free(name);
	return status;
}

enum wpkg_status git_source(struct wpkg_source *out, struct git *git, struct wpkg_err *err)
{
	if (!git->tree)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "revision '%s' has no folder %.*s",
				 git->revision ? git->revision : "HEAD", WPKG_STR_ARG(git->folder));
	*out = (struct wpkg_source){.state = git, .list = list_files, .read = read_file};
	return WPKG_OK;
}
