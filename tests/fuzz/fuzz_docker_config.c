/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "net/docker_config.h"

/* A config.json, and what a helper printed: a helper's name leads to no other folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_arena arena;
	struct wpkg_docker_credentials found = {0};
	struct wpkg_str text = wpkg_str_of(data, size);
	wpkg_arena_init(&arena, (size_t)1 << 24);
	if (wpkg_docker_config_find(&found, &arena, text, WPKG_LIT("h:1"), WPKG_LIT("a/b"), NULL) ==
	    WPKG_OK)
		fuzz_must(!wpkg_str_contains(found.helper, WPKG_LIT("/")));
	(void)!wpkg_docker_helper_read(&found, &arena, text, NULL);
	wpkg_arena_clear(&arena);
	return 0;
}
