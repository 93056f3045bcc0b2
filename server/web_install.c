/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to type to get a version, for each client that this registry serves. */
#include "web.h"

#include "pkg/oci_manifest.h"
#include "server.h"

/* What the lines are made of, each ready to be typed. */
struct place {
	struct wpkg_str url;	/* "https://host:port" */
	struct wpkg_str host;	/* "host:port" */
	struct wpkg_str id;	/* "name/version"; empty: it cannot be named so */
	struct wpkg_str image;	/* "host:port/name:tag"; the same */
	struct wpkg_str pinned; /* "host:port/name@sha256:HEX"; empty: without a manifest */
	struct wpkg_str tag;	/* that is the version */
	bool is_plain;		/* no TLS: clients must be told */
	bool is_repository;	/* OCI clients can name it */
	bool is_one_file;	/* and that is WebAssembly */
	bool is_program;	/* its one module is a program of WASI preview 1 */
	bool is_yanked;		/* who names it by a digest gets it, and nobody else */
};

struct way {
	const char *id, *title;
	const char *note; /* NULL: none */
	bool is_oci;
	/* The lines in the arena; empty: not for this version. */
	struct wpkg_str (*lines)(struct wpkg_arena *arena, const struct place *place);
};

static bool is_plain_word(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || (c && strchr("._-/:+@[]", c)) ||
			    (unsigned char)c >= 0x80;
		if (!good)
			return false;
	}
	return text.len > 0;
}

/* As a shell takes it for one word, whatever is in it. */
static struct wpkg_str shell_word(struct wpkg_arena *arena, struct wpkg_str text)
{
	struct wpkg_buf buf;
	if (is_plain_word(text))
		return text;
	wpkg_buf_init(&buf, 4 * text.len + 16);
	wpkg_buf_append_byte(&buf, '\'');
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\'')
			wpkg_buf_append_text(&buf, "'\\''");
		else
			wpkg_buf_append_byte(&buf, (uint8_t)text.ptr[i]);
	wpkg_buf_append_byte(&buf, '\'');
	struct wpkg_str word = wpkg_arena_dup(arena, wpkg_buf_str(&buf));
	wpkg_buf_clear(&buf);
	return word;
}

static struct wpkg_str wpkg_lines(struct wpkg_arena *arena, const struct place *place)
{
	struct wpkg_str pull =
		wpkg_arena_format(arena, "export WPKG_REGISTRY=%.*s\nwpkg pull %.*s -o .",
				  WPKG_STR_ARG(place->url), WPKG_STR_ARG(place->id));
	if (!place->is_program)
		return pull;
	return wpkg_arena_format(arena, "%.*s\nwpkg run %.*s", WPKG_STR_ARG(pull),
				 WPKG_STR_ARG(place->id));
}

static struct wpkg_str bindle_lines(struct wpkg_arena *arena, const struct place *place)
{
	if (place->is_yanked)
		return (struct wpkg_str){0};
	return wpkg_arena_format(arena, "export BINDLE_URL=%.*s/v1/\nbindle get --export . %.*s",
				 WPKG_STR_ARG(place->url), WPKG_STR_ARG(place->id));
}

static struct wpkg_str oras_lines(struct wpkg_arena *arena, const struct place *place)
{
	return wpkg_arena_format(arena, "oras pull %s%.*s", place->is_plain ? "--plain-http " : "",
				 WPKG_STR_ARG(place->image));
}

static struct wpkg_str skopeo_lines(struct wpkg_arena *arena, const struct place *place)
{
	return wpkg_arena_format(arena, "skopeo copy %sdocker://%.*s oci:package:%.*s",
				 place->is_plain ? "--src-tls-verify=false " : "",
				 WPKG_STR_ARG(place->image), WPKG_STR_ARG(place->tag));
}

static struct wpkg_str podman_lines(struct wpkg_arena *arena, const struct place *place)
{
	if (place->is_yanked)
		return (struct wpkg_str){0};
	return wpkg_arena_format(arena,
				 "podman artifact pull %s%.*s\npodman artifact extract %.*s .",
				 place->is_plain ? "--tls-verify=false " : "",
				 WPKG_STR_ARG(place->image), WPKG_STR_ARG(place->image));
}

static struct wpkg_str wkg_lines(struct wpkg_arena *arena, const struct place *place)
{
	if (!place->is_one_file)
		return (struct wpkg_str){0};
	return wpkg_arena_format(arena, "wkg oci pull %s%.*s%s%.*s -o package.wasm",
				 place->is_plain ? "--insecure " : "",
				 WPKG_STR_ARG(place->is_plain ? place->host : (struct wpkg_str){0}),
				 place->is_plain ? " " : "", WPKG_STR_ARG(place->image));
}

static struct wpkg_str pod_lines(struct wpkg_arena *arena, const struct place *place)
{
	if (!place->is_one_file || !place->is_program || place->pinned.len == 0)
		return (struct wpkg_str){0};
	return wpkg_arena_format(arena,
				 "apiVersion: v1\n"
				 "kind: Pod\n"
				 "metadata:\n"
				 "  name: example\n"
				 "spec:\n"
				 "  runtimeClassName: wasmtime\n"
				 "  restartPolicy: Never\n"
				 "  containers:\n"
				 "  - name: example\n"
				 "    image: %.*s",
				 WPKG_STR_ARG(place->pinned));
}

static const struct way ways[] = {
	{"wpkg", "wpkg", "It checks the signatures before it takes a file.", false, wpkg_lines},
	{"bindle", "Bindle CLI", NULL, false, bindle_lines},
	{"oras", "oras", NULL, true, oras_lines},
	{"skopeo", "skopeo", NULL, true, skopeo_lines},
	{"podman", "podman", "Of podman 5.5 or newer.", true, podman_lines},
	{"wkg", "wkg", NULL, true, wkg_lines},
	{"kubernetes", "Kubernetes",
	 "On nodes whose containerd has the shim of runwasi under that runtime class.", true,
	 pod_lines},
};

/* How clients name it: by its version, or where that is yanked by its digest. */
static void put_names(struct place *place, struct request *request,
		      const struct wpkg_record *record)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_arena *arena = &request->arena;
	struct wpkg_str name = shell_word(arena, record->name);
	struct wpkg_str path = wpkg_arena_format(arena, "%.*s/%.*s", WPKG_STR_ARG(place->host),
						 WPKG_STR_ARG(name));
	if (record->has_manifest) {
		wpkg_digest_format(hex, &record->manifest);
		place->pinned = wpkg_arena_format(arena, "%.*s@sha256:%s", WPKG_STR_ARG(path), hex);
	}
	if (!place->is_yanked) {
		place->id = wpkg_arena_format(arena, "%.*s/%.*s", WPKG_STR_ARG(name),
					      WPKG_STR_ARG(shell_word(arena, record->version)));
		place->image = wpkg_arena_format(arena, "%.*s:%.*s", WPKG_STR_ARG(path),
						 WPKG_STR_ARG(place->tag));
	} else if (record->has_manifest) {
		place->id = wpkg_arena_format(arena, "%.*s@sha256:%s", WPKG_STR_ARG(name), hex);
		place->image = place->pinned;
	}
}

static struct place place_of(struct request *request, const struct api_known *known)
{
	struct wpkg_arena *arena = &request->arena;
	const struct wpkg_record *record = &known->record;
	struct wpkg_str url = page_base_url(request);
	size_t colon = wpkg_str_find(url, ':');
	struct place place = {
		.url = shell_word(arena, url),
		.host = shell_word(arena, wpkg_str_from_offset(url, colon + 3)),
		.tag = shell_word(arena, wpkg_oci_tag_of_version(arena, record->version)),
		.is_plain = wpkg_str_starts(url, WPKG_LIT("http:")),
		.is_repository = wpkg_oci_is_repository(record->name),
		.is_one_file = known->invoice->parcel_count == 1 && known->modules.count == 1,
		.is_program = known->modules.count == 1 && web_is_program(known->facts[0]),
		.is_yanked = record->state == WPKG_RECORD_YANKED,
	};
	put_names(&place, request, record);
	return place;
}

static void put_way(struct html *h, const struct way *way, struct wpkg_str lines, bool is_open)
{
	html_open(h, "details");
	html_attr(h, "name", "install");
	if (is_open)
		html_attr(h, "open", "open");
	html_word(h, "summary", way->title);
	html_open_class(h, "div", "line");
	html_open(h, "pre");
	html_attr(h, "tabindex", "0");
	html_open(h, "code");
	html_lines(h, lines);
	html_close(h);
	html_close(h);
	html_open(h, "button");
	html_attr(h, "type", "button");
	html_attr(h, "hidden", "hidden");
	html_attr(h, "data-copy", way->id);
	html_say(h, "Copy");
	html_close(h);
	html_close(h);
	if (way->note) {
		html_open_class(h, "p", "quiet");
		html_say(h, way->note);
		html_close(h);
	}
	html_close(h);
}

/* Why some clients are not listed; NULL: all are. */
static const char *left_out_of(const struct place *place)
{
	if (!place->is_repository)
		return "OCI clients cannot name it: their names have no capitals and only plain "
		       "letters.";
	if (!place->is_one_file)
		return "wkg and Kubernetes pods take a package that is one WebAssembly file, which "
		       "this is not.";
	return NULL;
}

void web_put_install(struct html *h, struct request *request, const struct api_known *known)
{
	const struct place place = place_of(request, known);
	page_open_section(h, "install", "Get it");
	if (place.is_yanked)
		html_word(h, "p", "It is yanked: nobody gets it but who names its digest.");
	html_open_class(h, "div", "ways");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].is_oci ? place.image.len == 0 || !place.is_repository
				   : place.id.len == 0)
			continue;
		struct wpkg_str lines = ways[i].lines(&request->arena, &place);
		if (lines.len > 0)
			put_way(h, &ways[i], lines, i == 0);
	}
	html_close(h);
	const char *left_out = left_out_of(&place);
	if (left_out) {
		html_open_class(h, "p", "quiet");
		html_say(h, left_out);
		html_close(h);
	}
	html_close(h);
}
