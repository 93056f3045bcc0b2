/* SPDX-License-Identifier: Apache-2.0 */
/* The library and how it is set up. */
#include "http_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "log.h"

#define OPERATORS_MAX 64U /* connections */
#define CIPHERS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Of clients: who watches them is no one. */
static void count_connection(struct http *http, int change)
{
	struct metrics *metrics = &http->server->metrics;
	if (http->audience != HTTP_CLIENTS)
		return;
	atomic_fetch_add(&metrics->connections, change);
	if (change > 0)
		atomic_fetch_add(&metrics->accepted, 1);
}

static void see_connection(void *user, struct MHD_Connection *mhd, void **context,
			   enum MHD_ConnectionNotificationCode code)
{
	struct http *http = user;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			slow_remove(&http->slow, *context);
		*context = NULL;
		count_connection(http, -1);
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = info ? slow_add(&http->slow, info->connect_fd) : NULL;
	count_connection(http, 1);
}

/* Targets are decoded by us, strictly; the library leaves them as they came. */
static size_t keep_escapes(void *user, struct MHD_Connection *mhd, char *text)
{
	(void)user;
	(void)mhd;
	return strlen(text);
}

static void log_library(void *user, const char *format, va_list args) WPKG_PRINTF(2, 0);

/*
 * What the library refuses by itself is known by what it says of it, in version 0.9.75: this is the
 * only place that hears of a request whose first line it could not read, and of a connection that
 * there was no room for. Other words count nothing.
 */
static const char *refusal_in(const char *message)
{
	static const char refused[] = "Error processing request (HTTP response code is ";
	static const char *const crowded[] = {"Server reached connection limit",
					      "Hit process or system resource limit"};
	if (strncmp(message, refused, sizeof(refused) - 1) == 0)
		return refusal_of_library(
			(unsigned)strtoul(message + sizeof(refused) - 1, NULL, 10));
	for (size_t i = 0; i < sizeof(crowded) / sizeof(crowded[0]); i++)
		if (strncmp(message, crowded[i], strlen(crowded[i])) == 0)
			return "too-many-connections";
	return NULL;
}

static void log_library(void *user, const char *format, va_list args)
{
	const struct http *http = user;
	struct log_line line;
	char text[256];
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	const char *reason = refusal_in(text);
	if (reason)
		metrics_count_refusal(&http->server->metrics, reason);
	log_begin(&line, "http");
	if (reason)
		log_text(&line, "reason", wpkg_str_from(reason));
	log_text(&line, "message", wpkg_str_from(text));
	log_end(&line);
}

static enum wpkg_status start_daemon(struct http *http, int socket, struct wpkg_err *err)
{
	const struct config *config = &http->server->config;
	bool internal = http->audience == HTTP_OPERATORS;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (http->certificates ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
	static char ciphers[] = CIPHERS;
	if (http->certificates) {
		tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
						 certificates_callback(http->certificates)};
		tls[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, ciphers};
	}
	http->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_take, http, MHD_OPTION_EXTERNAL_LOGGER, log_library,
		http, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_THREAD_POOL_SIZE,
		internal ? 0 : (unsigned)config->threads, MHD_OPTION_CONNECTION_LIMIT,
		internal ? OPERATORS_MAX : (unsigned)config->max_connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)config->max_connections_per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->idle_timeout,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)config->max_header,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_end, http, MHD_OPTION_NOTIFY_CONNECTION,
		see_connection, http, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, http,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	return http->daemon ? WPKG_OK
			    : WPKG_FAIL(err, WPKG_EIO,
					"the HTTP server does not start; its log says more");
}

static void note_expiry(struct http *http)
{
	if (http->certificates)
		atomic_store(&http->server->metrics.certificate_expiry,
			     certificates_expiry(http->certificates));
}

enum wpkg_status http_start(struct http **out, struct server *server, int socket,
			    enum http_audience audience, struct wpkg_err *err)
{
	struct http *http = wpkg_mem_calloc(1, sizeof(*http));
	if (!http)
		return WPKG_FAIL(err, WPKG_ENOMEM, "http: no memory");
	http->server = server;
	http->audience = audience;
	enum wpkg_status status = slow_start(&http->slow, server, err);
	if (status == WPKG_OK && audience == HTTP_CLIENTS)
		status = rates_new(&http->rates, &server->limits.requests, err);
	if (status == WPKG_OK && audience == HTTP_CLIENTS)
		status = rates_new(&http->user_rates, &server->limits.user_requests, err);
	if (status == WPKG_OK && audience == HTTP_CLIENTS)
		status = rates_new(&http->push_rates, &server->limits.user_pushes, err);
	if (status == WPKG_OK && audience == HTTP_CLIENTS && server->config.tls_cert)
		status = certificates_new(&http->certificates, &server->config, err);
	if (status == WPKG_OK)
		status = start_daemon(http, socket, err);
	if (status != WPKG_OK) {
		http_stop(http);
		return status;
	}
	note_expiry(http);
	*out = http;
	return WPKG_OK;
}

enum wpkg_status http_reload(struct http *http, const struct config *config, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	if (http->certificates)
		status = certificates_reload(http->certificates, config, err);
	if (status == WPKG_OK)
		note_expiry(http);
	return status;
}

void http_quiesce(struct http *http)
{
	int socket = MHD_quiesce_daemon(http->daemon);
	if (socket >= 0)
		close(socket);
}

unsigned http_given(const struct http *http)
{
	return atomic_load(&http->given);
}

unsigned http_pending(const struct http *http)
{
	return atomic_load(&http->pending);
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	slow_stop(&http->slow);
	rates_free(http->push_rates);
	rates_free(http->user_rates);
	rates_free(http->rates);
	certificates_free(http->certificates);
	wpkg_mem_free(http);
}
