/* SPDX-License-Identifier: Apache-2.0 */
#include "git_int.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define GIT_LIBRARY "libgit2.so." LIBGIT2_SOVERSION

static struct git_api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"git_" #member, offsetof(struct git_api, member)                                   \
	}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(libgit2_init),
	SYMBOL(libgit2_shutdown),
	SYMBOL(error_last),
	SYMBOL(repository_open_ext),
	SYMBOL(repository_free),
	SYMBOL(repository_workdir),
	SYMBOL(repository_head),
	SYMBOL(reference_lookup),
	SYMBOL(reference_is_branch),
	SYMBOL(reference_shorthand),
	SYMBOL(reference_free),
	SYMBOL(revparse_single),
	SYMBOL(object_lookup),
	SYMBOL(object_peel),
	SYMBOL(object_id),
	SYMBOL(object_free),
	SYMBOL(oid_equal),
	SYMBOL(oid_tostr),
	SYMBOL(commit_time),
	SYMBOL(tag_foreach),
	SYMBOL(status_options_init),
	SYMBOL(status_list_new),
	SYMBOL(status_list_entrycount),
	SYMBOL(status_list_free),
	SYMBOL(remote_list),
	SYMBOL(remote_lookup),
	SYMBOL(remote_url),
	SYMBOL(remote_free),
	SYMBOL(strarray_dispose),
	SYMBOL(tree_walk),
	SYMBOL(tree_entry_bypath),
	SYMBOL(tree_entry_filemode),
	SYMBOL(tree_entry_name),
	SYMBOL(tree_entry_to_object),
	SYMBOL(tree_entry_free),
	SYMBOL(blob_rawcontent),
	SYMBOL(blob_rawsize),
};

static void load(void)
{
	void *library = dlopen(GIT_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		wpkg_err_set(&failure, WPKG_ENOTFOUND,
			     "%s, which reads git work trees, is missing (Debian: libgit2-1.5)",
			     GIT_LIBRARY);
		return;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *address = dlsym(library, symbols[i].name);
		if (!address) {
			wpkg_err_set(&failure, WPKG_ENOTFOUND, "%s has no %s", GIT_LIBRARY,
				     symbols[i].name);
			return;
		}
		/* POSIX wants a function's address in a void pointer to be usable as one. */
		memcpy((char *)&api + symbols[i].offset, &address, sizeof(address));
	}
}

enum wpkg_status git_api_load(const struct git_api **out, struct wpkg_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (failure.status != WPKG_OK)
		return WPKG_FAIL(err, failure.status, "%s", failure.msg);
	*out = &api;
	return WPKG_OK;
}
