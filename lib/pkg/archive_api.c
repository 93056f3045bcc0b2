/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_int.h"

#include <pthread.h>
#include <stddef.h>

#include "base/library.h"

static struct archive_api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"archive_" #member, offsetof(struct archive_api, member)                           \
	}

static const struct wpkg_library_symbol symbols[] = {
	SYMBOL(error_string),
	SYMBOL(read_new),
	SYMBOL(read_support_filter_gzip),
	SYMBOL(read_support_format_tar),
	SYMBOL(read_open_fd),
	SYMBOL(read_next_header),
	SYMBOL(read_data),
	SYMBOL(read_free),
	SYMBOL(write_new),
	SYMBOL(write_add_filter_gzip),
	SYMBOL(write_set_filter_option),
	SYMBOL(write_set_format_ustar),
	SYMBOL(write_open_fd),
	SYMBOL(write_header),
	SYMBOL(write_data),
	SYMBOL(write_close),
	SYMBOL(write_free),
	SYMBOL(entry_new),
	SYMBOL(entry_free),
	SYMBOL(entry_filetype),
	SYMBOL(entry_pathname),
	SYMBOL(entry_hardlink),
	SYMBOL(entry_symlink),
	SYMBOL(entry_set_pathname),
	SYMBOL(entry_set_filetype),
	SYMBOL(entry_set_perm),
	SYMBOL(entry_set_size),
	SYMBOL(entry_set_mtime),
	{0},
};

static void load(void)
{
	static const struct wpkg_library library = {
		.file = "libarchive.so.13",
		.purpose = "reads and writes archives",
		.package = "libarchive13",
		.symbols = symbols,
	};
	(void)!wpkg_library_load(&api, &library, &failure);
}

enum wpkg_status archive_api_load(const struct archive_api **out, struct wpkg_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (failure.status != WPKG_OK)
		return WPKG_FAIL(err, failure.status, "%s", failure.msg);
	*out = &api;
	return WPKG_OK;
}
