/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "net/traceparent.h"
#include "credentials.h"
#include "oci_store.h"
#include "report.h"

#define MEMORY_MAX ((size_t)512 * 1024 * 1024)

static void trace(void *user, const struct wpkg_http_exchange *exchange)
{
	const struct session *session = user;
	if (!session->global->verbose)
		return;
	if (exchange->result != WPKG_OK)
		report_detail(session->global, "%s %s: %s", wpkg_http_method_name(exchange->method),
			      exchange->url, exchange->err.msg);
	else
		report_detail(session->global, "%s %s: %u, %.0f ms%s%s",
			      wpkg_http_method_name(exchange->method), exchange->url,
			      exchange->status, exchange->seconds * 1000,
			      exchange->request_id[0] ? ", request " : "", exchange->request_id);
}

enum wpkg_status session_open(struct session *out, const struct wpkg_invocation *invocation,
			      struct wpkg_err *err)
{
	*out = (struct session){
		.global = invocation->global, .cache = {.dir = -1, .lock = -1}, .changes = -1};
	wpkg_arena_init(&out->arena, MEMORY_MAX);
	wpkg_buf_init(&out->url, 4096);
	enum wpkg_status status = wpkg_path_config(&out->folder, err);
	if (status != WPKG_OK)
		return status;
	const char *path = out->global->config;
	if (!path)
		path = session_path(out, "config.toml");
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the configuration");
	status = config_read(&out->config, &out->arena, path, out->global->config != NULL, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_str url =
		out->global->registry ? wpkg_str_from(out->global->registry) : out->config.registry;
	return url.len > 0 ? wpkg_registry_normalise(&out->url, url, err) : WPKG_OK;
}

void session_close(struct session *session)
{
	oci_stores_close(session->stores);
	wpkg_registry_free(session->registry);
	cache_close(&session->cache);
	if (session->changes >= 0)
		close(session->changes);
	wpkg_buf_clear(&session->url);
	wpkg_mem_free(session->folder);
	wpkg_arena_clear(&session->arena);
}

static struct wpkg_str find_pinned(const struct session *session, struct wpkg_str name)
{
	const struct wpkg_map *registries = &session->config.registries;
	struct wpkg_pair best = {0};
	for (size_t i = 0; i < registries->count; i++)
		if (wpkg_str_starts(name, registries->pairs[i].key) &&
		    registries->pairs[i].key.len >= best.key.len)
			best = registries->pairs[i];
	return best.value;
}

enum wpkg_status session_choose(struct session *session, struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_buf url;
	struct wpkg_str pinned = find_pinned(session, name);
	const char *given = session->global->registry;
	struct wpkg_str usual = given ? wpkg_str_from(given) : session->config.registry;
	wpkg_buf_init(&url, 4096);
	enum wpkg_status status = WPKG_OK;
	if (usual.len > 0 && (!pinned.ptr || given))
		status = wpkg_registry_normalise(&url, usual, err);
	if (status == WPKG_OK && pinned.ptr && given && !wpkg_str_equal(pinned, wpkg_buf_str(&url)))
		status = WPKG_FAIL(err, WPKG_EDENIED,
				   "%.*s comes from %.*s by the configuration, not from %s",
				   WPKG_STR_ARG(name), WPKG_STR_ARG(pinned), wpkg_buf_text(&url));
	struct wpkg_str chosen = pinned.ptr ? pinned : wpkg_buf_str(&url);
	if (status == WPKG_OK && !wpkg_str_equal(chosen, wpkg_buf_str(&session->url))) {
		wpkg_registry_free(session->registry);
		session->registry = NULL;
		wpkg_buf_reset(&session->url);
		wpkg_buf_append_str(&session->url, chosen);
		status = wpkg_buf_check(&session->url, "registry", err);
	}
	wpkg_buf_clear(&url);
	return status;
}

enum wpkg_status session_need_url(struct session *session, struct wpkg_err *err)
{
	if (session->url.len > 0)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL,
			 "no registry is named: give --registry URL, set WPKG_REGISTRY or write "
			 "'registry' in %s/config.toml",
			 session->folder);
}

enum wpkg_status session_need_network(const struct session *session, struct wpkg_err *err)
{
	if (!session->global->offline)
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_EINVAL, "this needs the registry, but --offline is given");
}

/* The step of a trace that this program is, as its caller says (OpenTelemetry's way for jobs). */
static const char *traceparent(void)
{
	const char *text = getenv("TRACEPARENT");
	return wpkg_traceparent_check(wpkg_str_from(text)) ? text : NULL;
}

struct wpkg_http_options session_http_options(struct session *session)
{
	const struct config *config = &session->config;
	return (struct wpkg_http_options){
		.connect_seconds = config->connect_seconds,
		.stall_seconds = config->stall_seconds,
		.ca_file = config->ca_file.len > 0 ? config->ca_file.ptr : NULL,
		.traceparent = traceparent(),
		.trace = trace,
		.user = session,
	};
}

enum wpkg_status session_connect_as(struct session *session, const char *authorization,
				    struct wpkg_err *err)
{
	enum wpkg_status status = session_need_url(session, err);
	if (status != WPKG_OK)
		return status;
	status = session_need_network(session, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_registry_options options = {
		.url = wpkg_buf_text(&session->url),
		.authorization = authorization,
		.plain_credentials = session->config.plain_credentials,
		.http = session_http_options(session),
	};
	return wpkg_registry_new(&session->registry, &options, err);
}

enum wpkg_status session_connect(struct session *session, struct wpkg_err *err)
{
	struct wpkg_buf authorization;
	if (session->registry)
		return WPKG_OK;
	enum wpkg_status status = session_need_url(session, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&authorization, CREDENTIALS_MAX);
	status = credentials_find(&authorization, session, err);
	if (status == WPKG_OK)
		status = session_connect_as(
			session, authorization.len > 0 ? wpkg_buf_text(&authorization) : NULL, err);
	wpkg_buf_wipe(&authorization);
	return status;
}

enum wpkg_status session_open_cache(struct session *session, struct wpkg_err *err)
{
	char *path = NULL;
	if (session->cache.dir >= 0)
		return WPKG_OK;
	enum wpkg_status status = wpkg_path_cache(&path, err);
	if (status == WPKG_OK)
		status = cache_open(&session->cache, path, err);
	wpkg_mem_free(path);
	return status;
}

const char *session_path(struct session *session, const char *name)
{
	return wpkg_arena_format(&session->arena, "%s/%s", session->folder, name).ptr;
}

enum wpkg_status session_begin_change(struct session *session, struct wpkg_err *err)
{
	if (session->changes >= 0)
		return WPKG_OK;
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, session->folder, 0700, err);
	if (status != WPKG_OK)
		return status;
	const char *path = session_path(session, "lock");
	if (!path)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a path");
	session->changes = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* Nothing in such a folder can be changed; a keyring may be elsewhere. */
	if (session->changes < 0 && (errno == EACCES || errno == EROFS))
		return WPKG_OK;
	if (session->changes < 0 || flock(session->changes, LOCK_EX) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	return WPKG_OK;
}
