/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_int.h"

#include <pthread.h>
#include <stddef.h>

#include "base/library.h"

static struct curl_api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"curl_" #member, offsetof(struct curl_api, member)                                 \
	}

static const struct wpkg_library_symbol symbols[] = {
	SYMBOL(global_init),
	SYMBOL(easy_init),
	SYMBOL(easy_cleanup),
	SYMBOL(easy_setopt),
	SYMBOL(easy_getinfo),
	SYMBOL(easy_strerror),
	SYMBOL(slist_append),
	SYMBOL(slist_free_all),
	SYMBOL(multi_init),
	SYMBOL(multi_cleanup),
	SYMBOL(multi_add_handle),
	SYMBOL(multi_remove_handle),
	SYMBOL(multi_perform),
	SYMBOL(multi_poll),
	SYMBOL(multi_info_read),
	SYMBOL(multi_strerror),
	{0},
};

static void load(void)
{
	static const struct wpkg_library library = {
		.file = "libcurl.so.4",
		.purpose = "talks to registries",
		.package = "libcurl4",
		.symbols = symbols,
	};
	(void)!wpkg_library_load(&api, &library, &failure);
	if (failure.status == WPKG_OK && api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		wpkg_err_set(&failure, WPKG_EIO, "%s does not start", library.file);
}

enum wpkg_status curl_api_load(const struct curl_api **out, struct wpkg_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (failure.status != WPKG_OK)
		return WPKG_FAIL(err, failure.status, "%s", failure.msg);
	*out = &api;
	return WPKG_OK;
}
