/* SPDX-License-Identifier: Apache-2.0 */
#include "git_int.h"

#include <pthread.h>
#include <stddef.h>

#include "base/library.h"

static struct git_api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"git_" #member, offsetof(struct git_api, member)                                   \
	}

static const struct wpkg_library_symbol symbols[] = {
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
	{0},
};

static void load(void)
{
	static const struct wpkg_library library = {
		.file = "libgit2.so." LIBGIT2_SOVERSION,
		.purpose = "reads git work trees",
		.package = "libgit2-1.5",
		.symbols = symbols,
	};
	(void)!wpkg_library_load(&api, &library, &failure);
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
