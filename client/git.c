/* SPDX-License-Identifier: Apache-2.0 */
#include "git.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "git_int.h"

enum wpkg_status git_fail(const struct git *git, const char *what, struct wpkg_err *err)
{
	const git_error *error = git->api->error_last();
	return WPKG_FAIL(err, WPKG_EINVAL, "git: %s: %s", what,
			 error && error->message ? error->message : "unknown error");
}

/* Opening. */

bool git_is_near(const char *folder)
{
	char path[PATH_MAX + 8];
	if (!realpath(folder, path))
		return false;
	for (;;) {
		size_t len = strlen(path);
		memcpy(path + len, "/.git", sizeof("/.git"));
		if (access(path, F_OK) == 0)
			return true;
		path[len] = '\0';
		char *slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

/* Each open repository holds the library, which counts. */
static enum wpkg_status start(struct git *git, struct wpkg_err *err)
{
	const struct git_api *api = NULL;
	enum wpkg_status status = git_api_load(&api, err);
	if (status != WPKG_OK)
		return status;
	if (api->libgit2_init() < 0)
		return WPKG_FAIL(err, WPKG_EIO, "libgit2 does not start");
	git->api = api;
	return WPKG_OK;
}

static enum wpkg_status open_repository(struct git *git, const char *folder, struct wpkg_err *err)
{
	int code = git->api->repository_open_ext(&git->repository, folder, 0, NULL);
	if (code == GIT_ENOTFOUND)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s is in no git work tree", folder);
	if (code == GIT_EOWNER)
		return WPKG_FAIL(err, WPKG_EDENIED, "the git work tree of %s is somebody else's",
				 folder);
	if (code != 0)
		return git_fail(git, folder, err);
	if (!git->api->repository_workdir(git->repository))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "the git repository of %s has no work tree",
				 folder);
	return WPKG_OK;
}

/* Where the package lies in the work tree. */
static enum wpkg_status find_folder(struct git *git, const char *folder, struct wpkg_err *err)
{
	char real[PATH_MAX];
	char top[PATH_MAX];
	if (!realpath(folder, real) ||
	    !realpath(git->api->repository_workdir(git->repository), top))
		return WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	size_t len = strlen(top);
	if (strncmp(real, top, len) != 0 || (real[len] != '/' && real[len] != '\0'))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s is outside the git work tree %s", folder,
				 top);
	struct wpkg_str inside = wpkg_str_from(real[len] ? real + len + 1 : "");
	git->folder = wpkg_str_of(wpkg_mem_dup_text(inside.ptr, inside.len), inside.len);
	return git->folder.ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory for git");
}

static enum wpkg_status find_commit(struct git *git, struct wpkg_err *err)
{
	const struct git_api *api = git->api;
	const char *revision = git->revision ? git->revision : "HEAD";
	git_object *named = NULL;
	int code = api->revparse_single(&named, git->repository, revision);
	if (code == 0)
		code = api->object_peel(&git->commit, named, GIT_OBJECT_COMMIT);
	api->object_free(named);
	if (code == 0)
		return WPKG_OK;
	if (!git->revision)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "the git work tree has no commit yet");
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "git has no revision '%s'", revision);
}

static enum wpkg_status find_tree(struct git *git, struct wpkg_err *err)
{
	const struct git_api *api = git->api;
	git_object *top = NULL;
	git_tree_entry *entry = NULL;
	if (api->object_peel(&top, git->commit, GIT_OBJECT_TREE) != 0)
		return git_fail(git, "tree", err);
	if (git->folder.len == 0) {
		git->tree = top;
		return WPKG_OK;
	}
	if (api->tree_entry_bypath(&entry, (const git_tree *)top, git->folder.ptr) == 0 &&
	    api->tree_entry_filemode(entry) == GIT_FILEMODE_TREE &&
	    api->tree_entry_to_object(&git->tree, git->repository, entry) != 0)
		git->tree = NULL;
	api->tree_entry_free(entry);
	api->object_free(top);
	return WPKG_OK;
}

enum wpkg_status git_open(struct git **out, const char *folder, const char *revision,
			  struct wpkg_err *err)
{
	struct git *git = wpkg_mem_calloc(1, sizeof(*git));
	if (!git)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for git");
	git->revision = revision;
	enum wpkg_status status = start(git, err);
	if (status == WPKG_OK)
		status = open_repository(git, folder, err);
	if (status == WPKG_OK)
		status = find_folder(git, folder, err);
	if (status == WPKG_OK)
		status = find_commit(git, err);
	if (status == WPKG_OK)
		status = find_tree(git, err);
	if (status == WPKG_OK)
		*out = git;
	else
		git_close(git);
	return status;
}

void git_close(struct git *git)
{
	if (!git)
		return;
	if (git->api) {
		git->api->object_free(git->tree);
		git->api->object_free(git->commit);
		git->api->repository_free(git->repository);
		git->api->libgit2_shutdown();
	}
	wpkg_mem_free((void *)(uintptr_t)git->folder.ptr);
	wpkg_mem_free(git);
}

/* Tags of the commit: the greatest name in byte order, which is most often the newest version. */

struct tags {
	const struct git *git;
	struct wpkg_arena *arena;
	struct wpkg_str best;
};

static int visit_tag(const char *name, git_oid *id, void *user)
{
	struct tags *tags = user;
	const struct git_api *api = tags->git->api;
	git_object *tag = NULL;
	git_object *commit = NULL;
	struct wpkg_str text = wpkg_str_from(name);
	struct wpkg_str prefix = WPKG_STR("refs/tags/");
	if (api->object_lookup(&tag, tags->git->repository, id, GIT_OBJECT_ANY) == 0 &&
	    api->object_peel(&commit, tag, GIT_OBJECT_COMMIT) == 0 &&
	    api->oid_equal(api->object_id(commit), api->object_id(tags->git->commit)) &&
	    wpkg_str_starts(text, prefix)) {
		text = wpkg_str_from_offset(text, prefix.len);
		if (wpkg_str_compare(text, tags->best) > 0)
			tags->best = wpkg_arena_dup(tags->arena, text);
	}
	api->object_free(commit);
	api->object_free(tag);
	return 0;
}

static struct wpkg_str branch_of(struct wpkg_arena *arena, const struct git *git)
{
	git_reference *head = NULL;
	struct wpkg_str name = {0};
	if (git->api->repository_head(&head, git->repository) == 0 &&
	    git->api->reference_is_branch(head))
		name = wpkg_arena_dup(arena, wpkg_str_from(git->api->reference_shorthand(head)));
	git->api->reference_free(head);
	return name;
}

static bool is_tag(const struct git *git, const char *name)
{
	char path[512];
	git_reference *tag = NULL;
	snprintf(path, sizeof(path), "refs/tags/%s", name);
	bool found = git->api->reference_lookup(&tag, git->repository, path) == 0;
	git->api->reference_free(tag);
	return found;
}

static struct wpkg_str ref_of(struct wpkg_arena *arena, const struct git *git)
{
	struct tags tags = {.git = git, .arena = arena};
	if (git->revision && is_tag(git, git->revision))
		return wpkg_arena_dup(arena, wpkg_str_from(git->revision));
	if (git->api->tag_foreach(git->repository, visit_tag, &tags) == 0 && tags.best.len > 0)
		return tags.best;
	struct wpkg_str none = {0};
	return git->revision ? none : branch_of(arena, git);
}

/* The remote. */

/* The URL without user and password where they may be secret; empty for a path. */
static struct wpkg_str public_url(struct wpkg_arena *arena, struct wpkg_str url)
{
	static const char *const schemes[] = {"https://", "http://", "ssh://", "git://"};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct wpkg_str scheme = wpkg_str_from(schemes[i]);
		if (!wpkg_str_starts(url, scheme))
			continue;
		struct wpkg_str rest = wpkg_str_from_offset(url, scheme.len);
		size_t slash = wpkg_str_find(rest, '/');
		struct wpkg_str host = wpkg_str_slice(rest, 0, slash);
		struct wpkg_str path = wpkg_str_from_offset(rest, slash);
		size_t at = wpkg_str_find_last(host, '@');
		if (at < host.len)
			host = wpkg_str_from_offset(host, at + 1);
		path = wpkg_str_slice(path, 0, wpkg_str_find(path, '?'));
		path = wpkg_str_slice(path, 0, wpkg_str_find(path, '#'));
		return wpkg_arena_format(arena, "%s%.*s%.*s", schemes[i], WPKG_STR_ARG(host),
					 WPKG_STR_ARG(path));
	}
	/* "git@host:path": the user is needed and is no secret. A path of this machine is told to
	 * nobody. */
	size_t colon = wpkg_str_find(url, ':');
	if (colon == url.len || wpkg_str_find(url, '/') < colon ||
	    wpkg_str_contains(url, WPKG_LIT("://")))
		return (struct wpkg_str){0};
	return wpkg_arena_dup(arena, url);
}

static struct wpkg_str url_of(struct wpkg_arena *arena, const struct git *git, const char *name)
{
	git_remote *remote = NULL;
	struct wpkg_str url = {0};
	if (git->api->remote_lookup(&remote, git->repository, name) == 0)
		url = public_url(arena, wpkg_str_from(git->api->remote_url(remote)));
	git->api->remote_free(remote);
	return url;
}

/* "origin", or else the first there is. */
static struct wpkg_str remote_of(struct wpkg_arena *arena, const struct git *git)
{
	git_strarray names = {0};
	struct wpkg_str url = url_of(arena, git, "origin");
	if (url.len > 0 || git->api->remote_list(&names, git->repository) != 0)
		return url;
	for (size_t i = 0; i < names.count && url.len == 0; i++)
		url = url_of(arena, git, names.strings[i]);
	git->api->strarray_dispose(&names);
	return url;
}

static enum wpkg_status is_clean(bool *clean, const struct git *git, struct wpkg_err *err)
{
	git_status_options options;
	git_status_list *list = NULL;
	if (git->revision) {
		*clean = true;
		return WPKG_OK;
	}
	if (git->api->status_options_init(&options, GIT_STATUS_OPTIONS_VERSION) != 0)
		return git_fail(git, "status", err);
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
	if (git->api->status_list_new(&list, git->repository, &options) != 0)
		return git_fail(git, "status", err);
	*clean = git->api->status_list_entrycount(list) == 0;
	git->api->status_list_free(list);
	return WPKG_OK;
}

enum wpkg_status git_read_facts(struct git_facts *out, struct wpkg_arena *arena,
				const struct git *git, struct wpkg_err *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	struct git_facts facts = {0};
	git->api->oid_tostr(hex, sizeof(hex), git->api->object_id(git->commit));
	facts.commit = wpkg_arena_dup(arena, wpkg_str_from(hex));
	if (!facts.commit.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for git");
	facts.ref = ref_of(arena, git);
	facts.remote = remote_of(arena, git);
	facts.time = git->api->commit_time((const git_commit *)git->commit);
	enum wpkg_status status = is_clean(&facts.clean, git, err);
	if (status == WPKG_OK)
		*out = facts;
	return status;
}
