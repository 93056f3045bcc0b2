/* SPDX-License-Identifier: Apache-2.0 */
#include "new_token.h"

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "store/access.h"

#define PREFIX "wpkg_"
#define RANDOM_BYTES ((TOKEN_SECRET - sizeof(PREFIX)) / 2)

void new_token_secret(char out[TOKEN_SECRET])
{
	uint8_t random[RANDOM_BYTES];
	wpkg_random(random, sizeof(random));
	memcpy(out, PREFIX, sizeof(PREFIX) - 1);
	wpkg_hex_format(out + sizeof(PREFIX) - 1, random, sizeof(random));
	wpkg_mem_wipe(random, sizeof(random));
}

static enum wpkg_status check_scope(struct wpkg_str scope, struct wpkg_err *err)
{
	enum wpkg_right right;
	size_t colon = wpkg_str_find(scope, ':');
	if (colon == scope.len || !wpkg_right_parse(&right, wpkg_str_slice(scope, 0, colon)))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "scope '%.*s' is not read, push, yank or own, a colon and a "
				 "pattern",
				 WPKG_STR_ARG(scope));
	return wpkg_pattern_check(wpkg_str_from_offset(scope, colon + 1), err);
}

enum wpkg_status new_token_add_scopes(struct wpkg_buf *out, struct wpkg_str scopes,
				      struct wpkg_err *err)
{
	struct wpkg_str scope;
	while (wpkg_str_split(&scopes, ',', &scope)) {
		enum wpkg_status status = check_scope(scope, err);
		if (status != WPKG_OK)
			return status;
		if (out->len > 0)
			wpkg_buf_append_byte(out, ',');
		wpkg_buf_append_str(out, scope);
	}
	return wpkg_buf_check(out, "scope", err);
}
