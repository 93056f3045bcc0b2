/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_GIT_INT_H
#define WPKG_CLIENT_GIT_INT_H

/*
 * libgit2, loaded when a package lies in a git work tree: it brings twenty shared libraries. The
 * table has the types of libgit2's own header, whose version is the one that is loaded. Its types
 * stay in git.c and git_source.c.
 */

#include <git2.h>

#include "base/arena.h"
#include "base/err.h"

struct git_api {
	int (*libgit2_init)(void);
	int (*libgit2_shutdown)(void);
	const git_error *(*error_last)(void);
	int (*repository_open_ext)(git_repository **out, const char *path, unsigned flags,
				   const char *ceilings);
	void (*repository_free)(git_repository *repository);
	const char *(*repository_workdir)(const git_repository *repository);
	int (*repository_head)(git_reference **out, git_repository *repository);
	int (*reference_lookup)(git_reference **out, git_repository *repository, const char *name);
	int (*reference_is_branch)(const git_reference *reference);
	const char *(*reference_shorthand)(const git_reference *reference);
	void (*reference_free)(git_reference *reference);
	int (*revparse_single)(git_object **out, git_repository *repository, const char *text);
	int (*object_lookup)(git_object **out, git_repository *repository, const git_oid *id,
			     git_object_t type);
	int (*object_peel)(git_object **out, const git_object *object, git_object_t type);
	const git_oid *(*object_id)(const git_object *object);
	void (*object_free)(git_object *object);
	int (*oid_equal)(const git_oid *a, const git_oid *b);
	char *(*oid_tostr)(char *out, size_t size, const git_oid *id);
	git_time_t (*commit_time)(const git_commit *commit);
	int (*tag_foreach)(git_repository *repository, git_tag_foreach_cb visit, void *user);
	int (*status_options_init)(git_status_options *options, unsigned version);
	int (*status_list_new)(git_status_list **out, git_repository *repository,
			       const git_status_options *options);
	size_t (*status_list_entrycount)(git_status_list *list);
	void (*status_list_free)(git_status_list *list);
	int (*remote_list)(git_strarray *out, git_repository *repository);
	int (*remote_lookup)(git_remote **out, git_repository *repository, const char *name);
	const char *(*remote_url)(const git_remote *remote);
	void (*remote_free)(git_remote *remote);
	void (*strarray_dispose)(git_strarray *array);
	int (*tree_walk)(const git_tree *tree, git_treewalk_mode mode, git_treewalk_cb visit,
			 void *user);
	int (*tree_entry_bypath)(git_tree_entry **out, const git_tree *tree, const char *path);
	git_filemode_t (*tree_entry_filemode)(const git_tree_entry *entry);
	const char *(*tree_entry_name)(const git_tree_entry *entry);
	int (*tree_entry_to_object)(git_object **out, git_repository *repository,
				    const git_tree_entry *entry);
	void (*tree_entry_free)(git_tree_entry *entry);
	const void *(*blob_rawcontent)(const git_blob *blob);
	git_object_size_t (*blob_rawsize)(const git_blob *blob);
};

/* The table; loaded once a process. WPKG_ENOTFOUND names the package to install. Thread-safe. */
WPKG_MUST_CHECK enum wpkg_status git_api_load(const struct git_api **out, struct wpkg_err *err);

struct git {
	const struct git_api *api;
	git_repository *repository;
	git_object *commit;
	git_object *tree;	/* the package's folder in the commit; NULL: it is not there */
	const char *revision;	/* as given, borrowed; NULL: the work tree */
	struct wpkg_str folder; /* the package's, relative to the work tree; heap, "" at its top */
};

/* Fails with the library's own words for what it was asked. */
WPKG_MUST_CHECK enum wpkg_status git_fail(const struct git *git, const char *what,
					  struct wpkg_err *err);

#endif
