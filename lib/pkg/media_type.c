/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/project.h"

#include "base/path.h"
#include "base/utf8.h"

static const struct {
	const char *extension;
	const char *media_type;
} by_extension[] = {
	{"aot", "application/vnd.wasm.aot"},
	{"avif", "image/avif"},
	{"bin", "application/octet-stream"},
	{"cbor", "application/cbor"},
	{"css", "text/css"},
	{"csv", "text/csv"},
	{"gif", "image/gif"},
	{"gz", "application/gzip"},
	{"htm", "text/html"},
	{"html", "text/html"},
	{"ico", "image/vnd.microsoft.icon"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript"},
	{"json", "application/json"},
	{"map", "application/json"},
	{"md", "text/markdown"},
	{"mjs", "text/javascript"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"toml", "application/toml"},
	{"txt", "text/plain"},
	{"wasm", "application/wasm"},
	{"wat", "text/wat"},
	{"webp", "image/webp"},
	{"wit", "text/wit"},
	{"woff2", "font/woff2"},
	{"xml", "application/xml"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

static const struct {
	struct wpkg_str magic;
	const char *media_type;
} by_content[] = {
	{WPKG_STR("\0asm"), "application/wasm"},
	{WPKG_STR("\x89PNG\r\n\x1a\n"), "image/png"},
	{WPKG_STR("\xff\xd8\xff"), "image/jpeg"},
	{WPKG_STR("GIF8"), "image/gif"},
	{WPKG_STR("%PDF-"), "application/pdf"},
	{WPKG_STR("\x1f\x8b"), "application/gzip"},
	{WPKG_STR("PK\x03\x04"), "application/zip"},
	{WPKG_STR("\x28\xb5\x2f\xfd"), "application/zstd"},
};

/* A character cut at the end of the sample is no sign of a binary file. */
static bool looks_like_text(struct wpkg_str head)
{
	if (memchr(head.ptr ? head.ptr : "", 0, head.len))
		return false;
	return head.len - wpkg_utf8_invalid(head) < 4;
}

const char *wpkg_media_type_guess(struct wpkg_str path, struct wpkg_str head)
{
	struct wpkg_str extension = wpkg_path_extension(path);
	for (size_t i = 0; i < sizeof(by_content) / sizeof(by_content[0]); i++)
		if (wpkg_str_starts(head, by_content[i].magic))
			return by_content[i].media_type;
	for (size_t i = 0; i < sizeof(by_extension) / sizeof(by_extension[0]); i++)
		if (wpkg_str_equal_nocase(extension, wpkg_str_from(by_extension[i].extension)))
			return by_extension[i].media_type;
	return looks_like_text(head) && head.len > 0 ? "text/plain" : "application/octet-stream";
}

bool wpkg_media_type_is_wasm(struct wpkg_str media_type)
{
	struct wpkg_str essence = wpkg_str_slice(media_type, 0, wpkg_str_find(media_type, ';'));
	return wpkg_str_equal_nocase(wpkg_str_trim(essence), WPKG_LIT("application/wasm"));
}

/* RFC 6838 section 4.2. */
static bool is_restricted_name(struct wpkg_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool alphanumeric =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alphanumeric && (i == 0 || !memchr("!#$&-^_.+", c, 9)))
			return false;
	}
	return name.len > 0 && name.len <= 127;
}

bool wpkg_media_type_is_essence(struct wpkg_str text)
{
	size_t slash = wpkg_str_find(text, '/');
	return is_restricted_name(wpkg_str_slice(text, 0, slash)) &&
	       is_restricted_name(wpkg_str_from_offset(text, slash + 1));
}
