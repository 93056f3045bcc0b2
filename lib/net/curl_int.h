/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_CURL_INT_H
#define WPKG_NET_CURL_INT_H

/*
 * libcurl, loaded when the first request is made: it brings thirty shared libraries, which the
 * commands that need no network shall not pay for. The table has the types of curl's own header.
 */

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

struct curl_api {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *extra, unsigned count,
				int milliseconds, int *ready);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	const char *(*multi_strerror)(CURLMcode code);
};

/* The table; loaded once a process. WPKG_ENOTFOUND names the package to install. Thread-safe. */
WPKG_MUST_CHECK enum wpkg_status curl_api_load(const struct curl_api **out, struct wpkg_err *err);

#endif
