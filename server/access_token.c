/* SPDX-License-Identifier: Apache-2.0 */
/* In Base64: a keyed hash of the rest, the second it ends at, "user LF scope". */
#include "access_token.h"

#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "crypto/random.h"

#define PREFIX "wpkgs_"
#define HASH 32
#define HEAD (HASH + sizeof(int64_t))
#define TOKEN_MAX 8192

void access_token_key_new(struct access_token_key *out)
{
	wpkg_random(out->bytes, sizeof(out->bytes));
}

static void hash(uint8_t out[HASH], const struct access_token_key *key, const char *rest,
		 size_t len)
{
	crypto_generichash(out, HASH, (const unsigned char *)rest, len, key->bytes,
			   sizeof(key->bytes));
}

struct wpkg_str access_token_make(const struct access_token_key *key, struct wpkg_arena *arena,
				  struct wpkg_str user, struct wpkg_str scope)
{
	struct wpkg_buf bytes, text;
	struct wpkg_str out = {0};
	uint8_t zeros[HASH] = {0};
	int64_t ends = wpkg_clock_now() + ACCESS_TOKEN_LIFETIME;
	wpkg_buf_init(&bytes, TOKEN_MAX / 2);
	wpkg_buf_init(&text, TOKEN_MAX);
	wpkg_buf_append(&bytes, zeros, sizeof(zeros));
	wpkg_buf_append(&bytes, &ends, sizeof(ends));
	wpkg_buf_append_format(&bytes, "%.*s\n%.*s", WPKG_STR_ARG(user), WPKG_STR_ARG(scope));
	if (bytes.failed == WPKG_OK) {
		hash((uint8_t *)bytes.ptr, key, (char *)bytes.ptr + HASH, bytes.len - HASH);
		wpkg_buf_append_text(&text, PREFIX);
		wpkg_base64_append(&text, bytes.ptr, bytes.len);
	}
	if (bytes.failed == WPKG_OK && text.failed == WPKG_OK)
		out = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&bytes);
	return out;
}

bool access_token_read(struct wpkg_str *user, struct wpkg_str *scope,
		       const struct access_token_key *key, struct wpkg_arena *arena,
		       struct wpkg_str token)
{
	char bytes[TOKEN_MAX];
	uint8_t expected[HASH];
	int64_t ends;
	size_t len = 0;
	if (!wpkg_str_starts(token, WPKG_LIT(PREFIX)) ||
	    !wpkg_base64_parse(bytes, sizeof(bytes), &len,
			       wpkg_str_from_offset(token, sizeof(PREFIX) - 1)) ||
	    len <= HEAD)
		return false;
	hash(expected, key, bytes + HASH, len - HASH);
	memcpy(&ends, bytes + HASH, sizeof(ends));
	if (sodium_memcmp(expected, bytes, HASH) != 0 || ends <= wpkg_clock_now())
		return false;
	struct wpkg_str rest = wpkg_arena_dup(arena, wpkg_str_of(bytes + HEAD, len - HEAD));
	if (!rest.ptr)
		return false;
	size_t line = wpkg_str_find(rest, '\n');
	*user = wpkg_str_slice(rest, 0, line);
	*scope = wpkg_str_from_offset(rest, line + 1);
	return true;
}
