/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_int.h"

#include <stdio.h>

#include "base/mem.h"
#include "data/json.h"
#include "net/url.h"
#include "pkg/oci_manifest.h"

#define ANSWER_MAX ((uint64_t)64 * 1024)
#define PAGES_MAX 64 /* of referrers */
/* A registry of ours may run a package's checks before it answers. */
#define CHECKING_SECONDS 600

static const char manifest_types[] = WPKG_OCI_MANIFEST_TYPE
	", " WPKG_OCI_INDEX_TYPE ", application/vnd.docker.distribution.manifest.v2+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json";

/* The registry. */

static enum wpkg_status check_origin(const struct wpkg_oci_registry_options *options,
				     struct wpkg_err *err)
{
	struct wpkg_url url;
	enum wpkg_status status = wpkg_url_parse(&url, wpkg_str_from(options->origin), err);
	if (status != WPKG_OK)
		return status;
	if (url.path.len > 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "'%s' has a path", options->origin);
	if (options->authorization && !options->plain_credentials &&
	    !wpkg_str_equal_text(url.scheme, "https") && !wpkg_url_is_loopback(&url))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%s has no TLS: credentials would be readable on their way",
				 options->origin);
	return WPKG_OK;
}

enum wpkg_status wpkg_oci_registry_new(struct wpkg_oci_registry **out,
				       const struct wpkg_oci_registry_options *options,
				       struct wpkg_err *err)
{
	enum wpkg_status status = check_origin(options, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_oci_registry *registry = wpkg_mem_calloc(1, sizeof(*registry));
	if (!registry)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a registry");
	wpkg_buf_init(&registry->known, OCI_URL_MAX);
	registry->options = *options;
	registry->origin = wpkg_mem_dup_text(options->origin, strlen(options->origin));
	if (options->authorization)
		registry->fixed =
			wpkg_mem_dup_text(options->authorization, strlen(options->authorization));
	if (!registry->origin || (options->authorization && !registry->fixed))
		status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a registry");
	if (status == WPKG_OK)
		status = wpkg_http_new(&registry->http, &options->http, err);
	if (status == WPKG_OK)
		status = wpkg_http_new(&registry->tokens, &options->http, err);
	if (status == WPKG_OK)
		*out = registry;
	else
		wpkg_oci_registry_free(registry);
	return status;
}

void wpkg_oci_registry_free(struct wpkg_oci_registry *registry)
{
	if (!registry)
		return;
	wpkg_http_free(registry->http);
	wpkg_http_free(registry->tokens);
	oci_access_clear(registry);
	if (registry->fixed)
		wpkg_mem_wipe(registry->fixed, strlen(registry->fixed));
	wpkg_mem_free(registry->fixed);
	wpkg_mem_free(registry->origin);
	wpkg_mem_free(registry);
}

void oci_append_url(struct wpkg_buf *url, const struct wpkg_oci_repository *repository,
		    const char *kind)
{
	wpkg_buf_append_format(url, "%s/v2/%.*s/%s/", repository->registry->origin,
			       WPKG_STR_ARG(repository->name), kind);
}

/* Refusals. */

/* The first of {"errors":[{"code","message"}]}; both empty when it is none. */
static void read_refusal(struct wpkg_str *code, struct wpkg_str *message, struct wpkg_arena *arena,
			 struct wpkg_str text)
{
	struct wpkg_value *root = NULL;
	*code = *message = (struct wpkg_str){0};
	if (wpkg_json_read(&root, arena, text, NULL) != WPKG_OK)
		return;
	const struct wpkg_value *errors = wpkg_value_find(root, "errors");
	if (!errors || errors->kind != WPKG_VALUE_ARRAY || errors->count == 0)
		return;
	const struct wpkg_value *value = wpkg_value_find(&errors->items[0], "code");
	if (value && value->kind == WPKG_VALUE_STRING)
		*code = value->string;
	value = wpkg_value_find(&errors->items[0], "message");
	if (value && value->kind == WPKG_VALUE_STRING)
		*message = value->string;
}

static const char *hint_of(unsigned code)
{
	return code == 401 ? " (credentials are looked for where 'wpkg help login' says)" : "";
}

enum wpkg_status oci_judge(const struct wpkg_http_exchange *exchange, bool pushed,
			   struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_str code, message;
	char request[REGISTRY_HINT];
	if (exchange->result != WPKG_OK) {
		if (err)
			*err = exchange->err;
		return exchange->result;
	}
	if (exchange->status >= 200 && exchange->status < 300)
		return WPKG_OK;
	enum wpkg_status status = registry_status_of(exchange->status, pushed);
	wpkg_arena_init(&arena, (size_t)4 * 1024 * 1024);
	read_refusal(&code, &message, &arena, wpkg_buf_str(&exchange->text));
	if (code.len + message.len > 0)
		wpkg_err_set(err, status, "%.*s%s%.*s%s%s", WPKG_STR_ARG(code),
			     code.len > 0 && message.len > 0 ? ": " : "", WPKG_STR_ARG(message),
			     hint_of(exchange->status), registry_request_hint(request, exchange));
	else
		wpkg_err_set(err, status, "%s answers %u to %s%s%s", exchange->url,
			     exchange->status, wpkg_http_method_name(exchange->method),
			     hint_of(exchange->status), registry_request_hint(request, exchange));
	wpkg_arena_clear(&arena);
	return status;
}

/* Requests. */

struct request {
	struct wpkg_http_exchange exchange;
	struct wpkg_buf url;
	bool pushed;
};

static void request_init(struct request *request, enum wpkg_http_method method, uint64_t max_answer)
{
	*request = (struct request){.exchange = {.method = method, .max_answer = max_answer}};
	wpkg_buf_init(&request->url, OCI_URL_MAX);
}

static void request_clear(struct request *request)
{
	wpkg_http_exchange_clear(&request->exchange);
	wpkg_buf_clear(&request->url);
}

/* Once more when the registry wants to know who asks and there is something to show. */
static enum wpkg_status request_run(struct request *request,
				    const struct wpkg_oci_repository *repository,
				    struct wpkg_err *err)
{
	struct wpkg_http_exchange *exchange = &request->exchange;
	struct wpkg_err why = {0};
	enum wpkg_status status = wpkg_buf_check(&request->url, "URL", err);
	if (status != WPKG_OK)
		return status;
	exchange->url = wpkg_buf_text(&request->url);
	for (unsigned tries = 0;; tries++) {
		status = oci_authorize(&exchange->authorization, repository, err);
		if (status == WPKG_OK)
			status = wpkg_http_run(repository->registry->http, exchange, err);
		if (status != WPKG_OK)
			return status;
		if (exchange->status != 401 || tries > 0)
			return oci_judge(exchange, request->pushed, err);
		status = oci_challenged(repository, exchange, &why);
		if (status != WPKG_OK)
			break;
		wpkg_http_exchange_clear(exchange);
	}
	if (err)
		*err = why;
	return status;
}

/* Manifests. */

static struct wpkg_str media_type_of(struct wpkg_arena *arena,
				     const struct wpkg_http_exchange *exchange)
{
	struct wpkg_str type = wpkg_http_header(exchange, "content-type", 0);
	return wpkg_arena_dup(arena,
			      wpkg_str_trim(wpkg_str_slice(type, 0, wpkg_str_find(type, ';'))));
}

/* The bytes have the digest that was asked for, or that the registry says they have. */
static enum wpkg_status check_digest(const struct wpkg_oci_document *document,
				     const struct wpkg_http_exchange *exchange,
				     struct wpkg_str reference, struct wpkg_err *err)
{
	struct wpkg_digest wanted;
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_str prefix = WPKG_STR("sha256:");
	if (!wpkg_str_starts(reference, prefix))
		reference = wpkg_http_header(exchange, "docker-content-digest", 0);
	if (!wpkg_str_starts(reference, prefix))
		return WPKG_OK;
	if (wpkg_digest_parse(&wanted, wpkg_str_from_offset(reference, prefix.len)) &&
	    wpkg_digest_equal(&wanted, &document->digest))
		return WPKG_OK;
	wpkg_digest_format(hex, &document->digest);
	return WPKG_FAIL(err, WPKG_EDENIED,
			 "the registry sent a manifest with the digest sha256:%s, not %.*s", hex,
			 WPKG_STR_ARG(reference));
}

static enum wpkg_status take_document(struct wpkg_oci_document *out, struct wpkg_arena *arena,
				      const struct wpkg_http_exchange *exchange,
				      struct wpkg_str reference, struct wpkg_err *err)
{
	struct wpkg_oci_document document = {
		.bytes = wpkg_arena_dup(arena, wpkg_buf_str(&exchange->text)),
		.media_type = media_type_of(arena, exchange),
	};
	if (!document.bytes.ptr || !document.media_type.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a manifest");
	enum wpkg_status status = wpkg_digest_of(&document.digest, document.bytes, err);
	if (status == WPKG_OK)
		status = check_digest(&document, exchange, reference, err);
	if (status == WPKG_OK)
		*out = document;
	return status;
}

enum wpkg_status wpkg_oci_get_manifest(struct wpkg_oci_document *out, struct wpkg_arena *arena,
				       const struct wpkg_oci_repository *repository,
				       struct wpkg_str reference, struct wpkg_err *err)
{
	struct request request;
	request_init(&request, WPKG_HTTP_GET, WPKG_OCI_MANIFEST_MAX);
	request.exchange.accept = manifest_types;
	oci_append_url(&request.url, repository, "manifests");
	wpkg_buf_append_str(&request.url, reference);
	enum wpkg_status status = request_run(&request, repository, err);
	if (status == WPKG_OK)
		status = take_document(out, arena, &request.exchange, reference, err);
	request_clear(&request);
	return status;
}

enum wpkg_status wpkg_oci_put_manifest(bool *subject_kept,
				       const struct wpkg_oci_repository *repository,
				       struct wpkg_str tag,
				       const struct wpkg_oci_document *document,
				       struct wpkg_err *err)
{
	struct request request;
	struct wpkg_buf type;
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &document->digest);
	request_init(&request, WPKG_HTTP_PUT, ANSWER_MAX);
	wpkg_buf_init(&type, 1024);
	wpkg_buf_append_str(&type, document->media_type);
	request.pushed = true;
	request.exchange.content_type = wpkg_buf_text(&type);
	request.exchange.body = document->bytes;
	request.exchange.stall_seconds = CHECKING_SECONDS;
	oci_append_url(&request.url, repository, "manifests");
	if (tag.len > 0)
		wpkg_buf_append_str(&request.url, tag);
	else
		wpkg_buf_append_format(&request.url, "sha256:%s", hex);
	enum wpkg_status status = wpkg_buf_check(&type, "media type", err);
	if (status == WPKG_OK)
		status = request_run(&request, repository, err);
	if (status == WPKG_OK && subject_kept)
		*subject_kept = wpkg_http_header(&request.exchange, "oci-subject", 0).ptr != NULL;
	wpkg_buf_clear(&type);
	request_clear(&request);
	return status;
}

/* Referrers. */

static enum wpkg_status add_page(struct wpkg_oci_index *all, struct wpkg_arena *arena,
				 const struct wpkg_oci_index *page, struct wpkg_str artifact_type,
				 struct wpkg_err *err)
{
	struct wpkg_oci_descriptor *items =
		wpkg_arena_alloc(arena, all->count + page->count, sizeof(*items));
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for referrers");
	for (size_t i = 0; i < all->count; i++)
		items[i] = all->manifests[i];
	for (size_t i = 0; i < page->count; i++)
		if (artifact_type.len == 0 ||
		    wpkg_str_equal(page->manifests[i].artifact_type, artifact_type))
			items[all->count++] = page->manifests[i];
	all->manifests = items;
	return WPKG_OK;
}

/* "<URL>; rel=\"next\"": appends the URL of the next page, nothing when this is the last. */
static enum wpkg_status append_next(struct wpkg_buf *url, struct wpkg_str origin,
				    struct wpkg_str link, struct wpkg_err *err)
{
	bool same = false;
	size_t end = wpkg_str_find(link, '>');
	if (link.len == 0 || link.ptr[0] != '<' ||
	    !wpkg_str_contains(wpkg_str_from_offset(link, end), WPKG_LIT("next")))
		return WPKG_OK;
	enum wpkg_status status =
		wpkg_url_resolve(url, &same, origin, wpkg_str_slice(link, 1, end), err);
	if (status == WPKG_OK && !same)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "the list of referrers goes on elsewhere");
	return status;
}

/* One page; *next holds the URL of the page that follows it. */
static enum wpkg_status get_page(struct wpkg_oci_index *out, struct wpkg_arena *arena,
				 const struct wpkg_oci_repository *repository,
				 struct wpkg_buf *next, struct wpkg_err *err)
{
	struct request request;
	struct wpkg_str origin = wpkg_str_from(repository->registry->origin);
	request_init(&request, WPKG_HTTP_GET, WPKG_OCI_MANIFEST_MAX);
	request.exchange.accept = WPKG_OCI_INDEX_TYPE;
	wpkg_buf_append_str(&request.url, wpkg_buf_str(next));
	wpkg_buf_reset(next);
	enum wpkg_status status = request_run(&request, repository, err);
	if (status != WPKG_OK && (request.exchange.status == 405 || request.exchange.status == 501))
		status = WPKG_ENOTFOUND;
	if (status == WPKG_OK) {
		struct wpkg_str link = wpkg_http_header(&request.exchange, "link", 0);
		status = append_next(next, origin, link, err);
	}
	if (status == WPKG_OK) {
		struct wpkg_str text = wpkg_arena_dup(arena, wpkg_buf_str(&request.exchange.text));
		if (!text.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "no memory for referrers");
		else
			status = wpkg_oci_index_read(out, arena, text, err);
		if (status == WPKG_EFORMAT)
			wpkg_err_prepend(err, "%s", request.exchange.url);
	}
	request_clear(&request);
	return status;
}

static enum wpkg_status ask_referrers(struct wpkg_oci_index *all, struct wpkg_arena *arena,
				      const struct wpkg_oci_repository *repository,
				      const struct wpkg_digest *subject,
				      struct wpkg_str artifact_type, struct wpkg_err *err)
{
	struct wpkg_buf url;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status = WPKG_OK;
	wpkg_digest_format(hex, subject);
	wpkg_buf_init(&url, OCI_URL_MAX);
	oci_append_url(&url, repository, "referrers");
	wpkg_buf_append_format(&url, "sha256:%s", hex);
	if (artifact_type.len > 0) {
		wpkg_buf_append_text(&url, "?artifactType=");
		wpkg_url_append_value(&url, artifact_type);
	}
	for (unsigned page = 0; status == WPKG_OK && url.len > 0; page++) {
		struct wpkg_oci_index some = {0};
		if (page == PAGES_MAX)
			status = WPKG_FAIL(err, WPKG_ELIMIT,
					   "the list of referrers has more than %d pages",
					   PAGES_MAX);
		else
			status = get_page(&some, arena, repository, &url, err);
		if (status == WPKG_OK)
			status = add_page(all, arena, &some, artifact_type, err);
	}
	wpkg_buf_clear(&url);
	return status;
}

/* The tag's index; an absent one has no entries. */
static enum wpkg_status get_fallback(struct wpkg_oci_document *out, struct wpkg_arena *arena,
				     const struct wpkg_oci_repository *repository,
				     const struct wpkg_digest *subject, struct wpkg_err *err)
{
	char tag[WPKG_OCI_REFERRERS_TAG];
	wpkg_oci_referrers_tag(tag, subject);
	*out = (struct wpkg_oci_document){0};
	enum wpkg_status status =
		wpkg_oci_get_manifest(out, arena, repository, wpkg_str_from(tag), err);
	return status == WPKG_ENOTFOUND ? WPKG_OK : status;
}

enum wpkg_status wpkg_oci_get_referrers(struct wpkg_oci_index *out, struct wpkg_arena *arena,
					const struct wpkg_oci_repository *repository,
					const struct wpkg_digest *subject,
					struct wpkg_str artifact_type, struct wpkg_err *err)
{
	struct wpkg_oci_index all = {0};
	struct wpkg_oci_index listed = {0};
	struct wpkg_oci_document fallback;
	enum wpkg_status status =
		ask_referrers(&all, arena, repository, subject, artifact_type, err);
	if (status == WPKG_ENOTFOUND) {
		all = (struct wpkg_oci_index){0};
		status = get_fallback(&fallback, arena, repository, subject, err);
		if (status == WPKG_OK && fallback.bytes.len > 0)
			status = wpkg_oci_index_read(&listed, arena, fallback.bytes, err);
		if (status == WPKG_OK)
			status = add_page(&all, arena, &listed, artifact_type, err);
	}
	if (status == WPKG_OK)
		*out = all;
	return status;
}

enum wpkg_status wpkg_oci_add_referrer(const struct wpkg_oci_repository *repository,
				       const struct wpkg_digest *subject,
				       const struct wpkg_oci_descriptor *descriptor,
				       struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct wpkg_buf text;
	struct wpkg_oci_document index;
	char tag[WPKG_OCI_REFERRERS_TAG];
	wpkg_oci_referrers_tag(tag, subject);
	wpkg_arena_init(&arena, (size_t)4 * WPKG_OCI_MANIFEST_MAX);
	wpkg_buf_init(&text, WPKG_OCI_MANIFEST_MAX);
	enum wpkg_status status = get_fallback(&index, &arena, repository, subject, err);
	if (status == WPKG_OK)
		status = wpkg_oci_index_add(&text, index.bytes, descriptor, err);
	if (status == WPKG_OK && !wpkg_str_equal(wpkg_buf_str(&text), index.bytes)) {
		index.bytes = wpkg_buf_str(&text);
		index.media_type = WPKG_LIT(WPKG_OCI_INDEX_TYPE);
		status = wpkg_digest_of(&index.digest, index.bytes, err);
		if (status == WPKG_OK)
			status = wpkg_oci_put_manifest(NULL, repository, wpkg_str_from(tag), &index,
						       err);
	}
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status wpkg_oci_check_login(struct wpkg_oci_registry *registry, struct wpkg_err *err)
{
	struct request request;
	const struct wpkg_oci_repository nowhere = {.registry = registry};
	request_init(&request, WPKG_HTTP_GET, ANSWER_MAX);
	wpkg_buf_append_format(&request.url, "%s/v2/", registry->origin);
	enum wpkg_status status = request_run(&request, &nowhere, err);
	request_clear(&request);
	return status;
}
