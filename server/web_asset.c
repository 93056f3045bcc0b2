/* SPDX-License-Identifier: Apache-2.0 */
#include "web_asset.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "gzip.h"
#include "server.h"

#define PACKED_MAX ((size_t)8 << 20)
#define TAG_SIZE 35 /* 32 hex digits in quotes, and a NUL */

struct file {
	const char *name;
	struct wpkg_str bytes;
};

static const struct file files[] = {
#include "web/assets.inc"
};

#define FILES (sizeof(files) / sizeof(files[0]))

/* One form of a file's bytes, and its strong entity tag: RFC 9110 wants one for each coding. */
struct variant {
	struct wpkg_str bytes;
	char tag[TAG_SIZE];
};

struct asset {
	const char *type;
	struct variant plain;
	struct variant packed;	 /* no bytes when packing does not pay */
	struct wpkg_buf packing; /* what packed borrows */
};

struct web_assets {
	struct asset items[FILES];
};

static const char *type_of(const char *name)
{
	static const struct {
		struct wpkg_str ending;
		const char *type;
	} types[] = {{WPKG_STR(".js"), "text/javascript; charset=utf-8"},
		     {WPKG_STR(".css"), "text/css; charset=utf-8"},
		     {WPKG_STR(".svg"), "image/svg+xml"}};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (wpkg_str_ends(wpkg_str_from(name), types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

static enum wpkg_status set_variant(struct variant *variant, struct wpkg_str bytes,
				    struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	enum wpkg_status status = wpkg_digest_of(&digest, bytes, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(hex, &digest);
	variant->tag[0] = variant->tag[TAG_SIZE - 2] = '"';
	memcpy(variant->tag + 1, hex, TAG_SIZE - 3);
	variant->bytes = bytes;
	return WPKG_OK;
}

static enum wpkg_status pack(struct asset *asset, struct wpkg_err *err)
{
	wpkg_buf_init(&asset->packing, PACKED_MAX);
	enum wpkg_status status = gzip_pack(&asset->packing, asset->plain.bytes, GZIP_SMALL, err);
	if (status == WPKG_OK && asset->packing.len < asset->plain.bytes.len)
		status = set_variant(&asset->packed, wpkg_buf_str(&asset->packing), err);
	return status;
}

enum wpkg_status web_assets_new(struct web_assets **out, struct wpkg_err *err)
{
	struct web_assets *assets = wpkg_mem_calloc(1, sizeof(*assets));
	enum wpkg_status status = assets ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; status == WPKG_OK && i < FILES; i++) {
		assets->items[i].type = type_of(files[i].name);
		status = set_variant(&assets->items[i].plain, files[i].bytes, err);
		if (status == WPKG_OK)
			status = pack(&assets->items[i], err);
	}
	if (status == WPKG_OK)
		*out = assets;
	else
		web_assets_free(assets);
	return status;
}

void web_assets_free(struct web_assets *assets)
{
	for (size_t i = 0; assets && i < FILES; i++)
		wpkg_buf_clear(&assets->items[i].packing);
	wpkg_mem_free(assets);
}

static const struct asset *find(const struct web_assets *assets, struct wpkg_str name)
{
	for (size_t i = 0; i < FILES; i++)
		if (wpkg_str_equal_text(name, files[i].name))
			return &assets->items[i];
	return NULL;
}

/*
 * A worker's script brings its own policy: that of the page that starts it does not hold inside.
 * So this one is what a module that a visitor tries is held by: nothing to connect to, no
 * script but ours, and no code but what the page has compiled. Names do not change with versions: a
 * browser asks each time whether its copy is still good, and never mixes two versions' scripts.
 */
static void add_headers(struct request *request)
{
	respond_header(request, "Content-Security-Policy", "default-src 'none'; script-src 'self'");
	respond_header(request, "Cross-Origin-Resource-Policy", "same-origin");
	respond_header(request, "Cache-Control", "no-cache");
	respond_header(request, "Vary", "Accept-Encoding");
}

void web_asset_get(struct request *request)
{
	const struct asset *asset = find(request->server->assets, request->parts[0]);
	if (!asset) {
		respond_refusal(request, 404, "there is no asset %.*s",
				WPKG_STR_ARG(request->parts[0]));
		return;
	}
	bool is_packed = asset->packed.bytes.len > 0 && gzip_is_accepted(request->accept_encoding);
	const struct variant *variant = is_packed ? &asset->packed : &asset->plain;
	add_headers(request);
	if (respond_not_modified(request, variant->tag))
		return;
	if (is_packed)
		respond_header(request, "Content-Encoding", "gzip");
	respond_text(request, 200, asset->type, variant->bytes);
}

/* Browsers that do not read the page's link ask for this one. */
void web_asset_favicon(struct request *request)
{
	respond_header(request, "Location", "/assets/icon.svg");
	respond_header(request, "Cache-Control", "max-age=86400");
	respond_empty(request, 301);
}

/*
 * What a search engine should read is the pages of packages. A search, a diff of any two versions
 * and the code of any function have more addresses than there is anything to find at them.
 */
void web_asset_robots(struct request *request)
{
	const struct wpkg_str all = WPKG_STR("User-agent: *\nDisallow: /\n");
	const struct wpkg_str rest = WPKG_STR("User-agent: *\n"
					      "Disallow: /account\n"
					      "Disallow: /api/\n"
					      "Disallow: /index/\n"
					      "Disallow: /search\n"
					      "Disallow: /v1/\n"
					      "Disallow: /v2/\n"
					      "Disallow: /packages/*/diff\n"
					      "Disallow: /packages/*/modules/\n");
	respond_header(request, "Cache-Control", "max-age=86400");
	respond_text(request, 200, "text/plain; charset=utf-8",
		     request->server->config.is_private ? all : rest);
}
