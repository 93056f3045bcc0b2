/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_int.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define CURL_LIBRARY "libcurl.so.4"

static struct curl_api api;
static struct wpkg_err failure; /* of the one attempt; status WPKG_OK: loaded */

#define SYMBOL(member)                                                                             \
	{                                                                                          \
		"curl_" #member, offsetof(struct curl_api, member)                                 \
	}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(global_init),	SYMBOL(easy_init),	  SYMBOL(easy_cleanup),
	SYMBOL(easy_setopt),	SYMBOL(easy_getinfo),	  SYMBOL(easy_strerror),
	SYMBOL(slist_append),	SYMBOL(slist_free_all),	  SYMBOL(multi_init),
	SYMBOL(multi_cleanup),	SYMBOL(multi_add_handle), SYMBOL(multi_remove_handle),
	SYMBOL(multi_perform),	SYMBOL(multi_poll),	  SYMBOL(multi_info_read),
	SYMBOL(multi_strerror),
};

static void load(void)
{
	void *library = dlopen(CURL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		wpkg_err_set(&failure, WPKG_ENOTFOUND,
			     "%s, which talks to registries, is missing (Debian: libcurl4)",
			     CURL_LIBRARY);
		return;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *address = dlsym(library, symbols[i].name);
		if (!address) {
			wpkg_err_set(&failure, WPKG_ENOTFOUND, "%s is too old: it has no %s",
				     CURL_LIBRARY, symbols[i].name);
			return;
		}
		/* POSIX wants a function's address in a void pointer to be usable as one. */
		memcpy((char *)&api + symbols[i].offset, &address, sizeof(address));
	}
	if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		wpkg_err_set(&failure, WPKG_EIO, "%s does not start", CURL_LIBRARY);
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
