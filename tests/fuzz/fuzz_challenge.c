/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "net/challenge.h"

/* A WWW-Authenticate header: what is found lies in the arena and is no longer than the header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_arena arena;
	struct wpkg_challenge found = {0};
	wpkg_arena_init(&arena, (size_t)1 << 24);
	if (wpkg_challenge_find(&found, &arena, wpkg_str_of(data, size), "Bearer", NULL) == WPKG_OK)
		fuzz_must(found.realm.len + found.service.len + found.scope.len <= size);
	wpkg_arena_clear(&arena);
	return 0;
}
