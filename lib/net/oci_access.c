/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the user is, said no sooner and no wider than a registry demands ("Docker Registry v2
 * authentication via central service"):
 *
 *   a request                      401, WWW-Authenticate: Bearer realm="R",service="S",scope="..."
 *   GET R?service=S&scope=...      {"token": "...", "expires_in": 300}, with Basic or anonymously
 *   the request, with the token    the answer
 *
 * or, for a challenge of Basic, the request again with the credentials themselves.
 */
#include "oci_int.h"

#include "base/clock.h"
#include "base/mem.h"
#include "data/json.h"
#include "net/challenge.h"
#include "net/url.h"

#define MEMORY_MAX ((size_t)1024 * 1024)
#define TOKEN_ANSWER_MAX ((uint64_t)256 * 1024)
#define TOKEN_MAX ((size_t)12 * 1024)
#define LIFE_DEFAULT 60 /* seconds of a token that does not say; the specification's least */
#define LIFE_MARGIN 10	/* a token that ends so soon is not begun with */

static void forget_text(char **text)
{
	if (*text)
		wpkg_mem_wipe(*text, strlen(*text));
	wpkg_mem_free(*text);
	*text = NULL;
}

static void forget_token(struct wpkg_oci_registry *registry, size_t at)
{
	wpkg_mem_free(registry->cache[at].scope);
	forget_text(&registry->cache[at].authorization);
	registry->cache[at] = registry->cache[--registry->cached];
}

void oci_access_clear(struct wpkg_oci_registry *registry)
{
	while (registry->cached > 0)
		forget_token(registry, 0);
	wpkg_mem_free(registry->realm);
	wpkg_mem_free(registry->service);
	wpkg_buf_wipe(&registry->known);
}

static int64_t seconds_now(void)
{
	return (int64_t)(wpkg_clock_monotonic() / 1000000000U);
}

/* Credentials. */

/* May a secret travel to that URL? */
static enum wpkg_status check_way(const struct wpkg_oci_registry *registry, struct wpkg_str url,
				  struct wpkg_err *err)
{
	struct wpkg_url parts;
	enum wpkg_status status = wpkg_url_parse(&parts, url, err);
	if (status != WPKG_OK || registry->options.plain_credentials ||
	    wpkg_str_equal_text(parts.scheme, "https") || wpkg_url_is_loopback(&parts))
		return status;
	return WPKG_FAIL(err, WPKG_EINVAL,
			 "%.*s has no TLS: credentials would be readable on their way "
			 "('plain-credentials = true' in the configuration allows it)",
			 WPKG_STR_ARG(parts.origin));
}

static enum wpkg_status ask_credentials(struct wpkg_oci_registry *registry, struct wpkg_err *err)
{
	if (registry->asked || !registry->options.credentials)
		return WPKG_OK;
	enum wpkg_status status =
		registry->options.credentials(registry->options.user, &registry->known, err);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&registry->known, "credentials", err);
	registry->asked = status == WPKG_OK;
	/* They, or a token that they are shown for, go to the registry. */
	if (status == WPKG_OK && registry->known.len > 0)
		status = check_way(registry, wpkg_str_from(registry->origin), err);
	return status;
}

/* Tokens. */

static void append_scope(struct wpkg_buf *out, const struct wpkg_oci_repository *repository)
{
	if (repository->name.len == 0)
		return;
	wpkg_buf_append_format(out, "repository:%.*s:pull%s", WPKG_STR_ARG(repository->name),
			       repository->push ? ",push" : "");
	if (repository->mount_from.len > 0)
		wpkg_buf_append_format(out, " repository:%.*s:pull",
				       WPKG_STR_ARG(repository->mount_from));
}

static int find_token(const struct wpkg_oci_registry *registry, const char *scope)
{
	for (size_t i = 0; i < registry->cached; i++)
		if (strcmp(registry->cache[i].scope, scope) == 0)
			return (int)i;
	return -1;
}

static enum wpkg_status keep_token(struct wpkg_oci_registry *registry, const char *scope,
				   struct wpkg_str token, int64_t life, struct wpkg_err *err)
{
	struct wpkg_buf header;
	wpkg_buf_init(&header, TOKEN_MAX);
	wpkg_buf_append_text(&header, "Bearer ");
	wpkg_buf_append_str(&header, token);
	enum wpkg_status status = wpkg_buf_check(&header, "token", err);
	char *copy = wpkg_mem_dup_text(scope, strlen(scope));
	if (status == WPKG_OK && !copy)
		status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a token");
	if (status != WPKG_OK) {
		wpkg_mem_free(copy);
		wpkg_buf_wipe(&header);
		return status;
	}
	if (registry->cached == OCI_TOKENS_MAX)
		forget_token(registry, 0);
	registry->cache[registry->cached++] =
		(struct oci_token){.scope = copy,
				   .authorization = wpkg_buf_detach(&header),
				   .ends = seconds_now() + life};
	return WPKG_OK;
}

static bool is_header_text(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= 0x20 || (unsigned char)text.ptr[i] >= 0x7f)
			return false;
	return text.len > 0;
}

static enum wpkg_status read_token(struct wpkg_oci_registry *registry, const char *scope,
				   struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_value *answer = NULL;
	int64_t life = LIFE_DEFAULT;
	wpkg_arena_init(&arena, MEMORY_MAX);
	enum wpkg_status status = wpkg_json_read(&answer, &arena, text, NULL);
	struct wpkg_str token = wpkg_value_find_string(answer, "token");
	if (token.len == 0)
		token = wpkg_value_find_string(answer, "access_token");
	const struct wpkg_value *expires = wpkg_value_find(answer, "expires_in");
	if (expires && expires->kind == WPKG_VALUE_INTEGER && expires->integer > 0 &&
	    expires->integer < 86400)
		life = expires->integer;
	if (status != WPKG_OK || !is_header_text(token))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "the token service %s gave no token",
				   registry->realm);
	else
		status = keep_token(registry, scope, token, life, err);
	wpkg_arena_wipe(&arena);
	return status;
}

static void append_token_url(struct wpkg_buf *url, const struct wpkg_oci_registry *registry,
			     const char *scope)
{
	struct wpkg_str scopes = wpkg_str_from(scope);
	struct wpkg_str one;
	char mark = strchr(registry->realm, '?') ? '&' : '?';
	wpkg_buf_append_text(url, registry->realm);
	if (registry->service) {
		wpkg_buf_append_format(url, "%cservice=", mark);
		wpkg_url_append_value(url, wpkg_str_from(registry->service));
		mark = '&';
	}
	while (wpkg_str_split(&scopes, ' ', &one)) {
		wpkg_buf_append_format(url, "%cscope=", mark);
		wpkg_url_append_value(url, one);
		mark = '&';
	}
}

static enum wpkg_status fetch_token(struct wpkg_oci_registry *registry, const char *scope,
				    struct wpkg_err *err)
{
	struct wpkg_buf url;
	struct wpkg_http_exchange exchange = {.method = WPKG_HTTP_GET,
					      .accept = "application/json",
					      .max_answer = TOKEN_ANSWER_MAX};
	wpkg_buf_init(&url, OCI_URL_MAX);
	enum wpkg_status status = ask_credentials(registry, err);
	if (status == WPKG_OK && registry->known.len > 0) {
		exchange.authorization = wpkg_buf_text(&registry->known);
		struct wpkg_str realm = wpkg_str_from(registry->realm);
		status = check_way(registry, wpkg_str_slice(realm, 0, wpkg_str_find(realm, '?')),
				   err);
	}
	append_token_url(&url, registry, scope);
	if (status == WPKG_OK)
		status = wpkg_buf_check(&url, "URL", err);
	if (status == WPKG_OK) {
		exchange.url = wpkg_buf_text(&url);
		status = wpkg_http_run(registry->tokens, &exchange, err);
	}
	if (status == WPKG_OK)
		status = oci_judge(&exchange, false, err);
	if (status == WPKG_OK)
		status = read_token(registry, scope, wpkg_buf_str(&exchange.text), err);
	/* It held the token. */
	wpkg_buf_wipe(&exchange.text);
	wpkg_http_exchange_clear(&exchange);
	wpkg_buf_clear(&url);
	return status;
}

static enum wpkg_status authorize_bearer(const char **out, struct wpkg_oci_registry *registry,
					 const char *scope, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	/* A registry's own token, kept as such, needs no other. */
	if (wpkg_str_starts(wpkg_buf_str(&registry->known), WPKG_LIT("Bearer "))) {
		*out = wpkg_buf_text(&registry->known);
		return WPKG_OK;
	}
	int at = find_token(registry, scope);
	if (at >= 0 && registry->cache[at].ends - LIFE_MARGIN < seconds_now()) {
		forget_token(registry, (size_t)at);
		at = -1;
	}
	if (at < 0) {
		status = fetch_token(registry, scope, err);
		at = find_token(registry, scope);
	}
	if (status == WPKG_OK)
		*out = registry->cache[at].authorization;
	return status;
}

enum wpkg_status oci_authorize(const char **out, const struct wpkg_oci_repository *repository,
			       struct wpkg_err *err)
{
	struct wpkg_oci_registry *registry = repository->registry;
	struct wpkg_buf scope;
	*out = registry->fixed;
	if (registry->fixed || registry->scheme == OCI_OPEN)
		return WPKG_OK;
	if (registry->scheme == OCI_BASIC) {
		*out = registry->known.len > 0 ? wpkg_buf_text(&registry->known) : NULL;
		return WPKG_OK;
	}
	wpkg_buf_init(&scope, 2048);
	append_scope(&scope, repository);
	enum wpkg_status status = wpkg_buf_check(&scope, "scope", err);
	if (status == WPKG_OK)
		status = authorize_bearer(out, registry, wpkg_buf_text(&scope), err);
	wpkg_buf_clear(&scope);
	return status;
}

/* Challenges. */

static enum wpkg_status find_challenge(struct wpkg_challenge *out, struct wpkg_arena *arena,
				       const struct wpkg_http_exchange *exchange,
				       const char *scheme, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_ENOTFOUND;
	for (size_t i = 0; status == WPKG_ENOTFOUND; i++) {
		struct wpkg_str header = wpkg_http_header(exchange, "www-authenticate", i);
		if (!header.ptr)
			return WPKG_FAIL(err, WPKG_ENOTFOUND, "no challenge of %s", scheme);
		status = wpkg_challenge_find(out, arena, header, scheme, err);
	}
	return status;
}

/* A token that travelled in the open is anybody's: the service has TLS if the registry has. */
static enum wpkg_status check_realm(const struct wpkg_oci_registry *registry, struct wpkg_str realm,
				    struct wpkg_err *err)
{
	struct wpkg_url url;
	struct wpkg_str plain = wpkg_str_slice(realm, 0, wpkg_str_find(realm, '?'));
	if (wpkg_url_parse(&url, plain, NULL) != WPKG_OK || realm.len > OCI_URL_MAX / 2)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s names no token service: realm '%.*s'",
				 registry->origin, WPKG_STR_ARG(realm));
	if (strncmp(registry->origin, "https:", 6) == 0 &&
	    !wpkg_str_equal_text(url.scheme, "https"))
		return WPKG_FAIL(err, WPKG_EDENIED, "the token service %.*s has no TLS",
				 WPKG_STR_ARG(url.origin));
	return WPKG_OK;
}

static enum wpkg_status learn_bearer(struct wpkg_oci_registry *registry,
				     const struct wpkg_challenge *challenge, struct wpkg_err *err)
{
	enum wpkg_status status = check_realm(registry, challenge->realm, err);
	if (status != WPKG_OK)
		return status;
	char *realm = wpkg_mem_dup_text(challenge->realm.ptr, challenge->realm.len);
	char *service = NULL;
	if (challenge->service.len > 0)
		service = wpkg_mem_dup_text(challenge->service.ptr, challenge->service.len);
	if (!realm || (challenge->service.len > 0 && !service)) {
		wpkg_mem_free(realm);
		wpkg_mem_free(service);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a challenge");
	}
	wpkg_mem_free(registry->realm);
	wpkg_mem_free(registry->service);
	registry->realm = realm;
	registry->service = service;
	registry->scheme = OCI_BEARER;
	return ask_credentials(registry, err);
}

static enum wpkg_status learn_basic(struct wpkg_oci_registry *registry, struct wpkg_err *err)
{
	enum wpkg_status status = ask_credentials(registry, err);
	if (status != WPKG_OK)
		return status;
	if (registry->known.len == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s wants to know who you are",
				 registry->origin);
	registry->scheme = OCI_BASIC;
	return WPKG_OK;
}

/* Was what oci_authorize would give now sent already, and refused? */
static bool was_sent(const struct wpkg_oci_repository *repository,
		     const struct wpkg_http_exchange *exchange)
{
	struct wpkg_oci_registry *registry = repository->registry;
	if (!exchange->authorization)
		return false;
	if (registry->fixed || registry->scheme == OCI_BASIC)
		return true;
	return wpkg_str_starts(wpkg_buf_str(&registry->known), WPKG_LIT("Bearer "));
}

enum wpkg_status oci_challenged(const struct wpkg_oci_repository *repository,
				const struct wpkg_http_exchange *exchange, struct wpkg_err *err)
{
	struct wpkg_oci_registry *registry = repository->registry;
	struct wpkg_challenge challenge;
	struct wpkg_arena arena;
	if (was_sent(repository, exchange))
		return WPKG_FAIL(err, WPKG_EINVAL, "%s does not take the credentials",
				 registry->origin);
	/* A token that was refused has run out, or is for less than was asked. */
	while (registry->cached > 0)
		forget_token(registry, 0);
	wpkg_arena_init(&arena, MEMORY_MAX);
	enum wpkg_status status = find_challenge(&challenge, &arena, exchange, "Bearer", err);
	if (status == WPKG_OK) {
		status = learn_bearer(registry, &challenge, err);
	} else if (status == WPKG_ENOTFOUND) {
		status = find_challenge(&challenge, &arena, exchange, "Basic", err);
		if (status == WPKG_OK)
			status = learn_basic(registry, err);
	}
	wpkg_arena_clear(&arena);
	return status;
}
