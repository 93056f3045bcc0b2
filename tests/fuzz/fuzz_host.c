/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/host_match.h"

/* A module with something of everything that a profile may speak of. */
static const char module_bytes[] = "\0asm\1\0\0\0"
				   "\1\5\1\x60\1\x7f\0"
				   "\2\x12\2\3env\1f\0\0\3env\1g\3\x7e\1"
				   "\4\4\1\x70\0\5"
				   "\5\4\1\1\2\3"
				   "\7\x10\2\3run\0\0\6memory\2\0";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_host_profiles profiles = {0};
	struct wpkg_module *module = NULL;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	fuzz_must(wpkg_module_read(&module, wpkg_str_of(module_bytes, sizeof(module_bytes) - 1),
				   NULL, &err) == WPKG_OK);
	const struct wpkg_host_subject subject = {.module = module};
	if (wpkg_host_profiles_add(&profiles, &arena, wpkg_str_of(data, size), &err) == WPKG_OK &&
	    wpkg_host_profiles_check(&profiles, &err) == WPKG_OK) {
		struct wpkg_host_report report;
		fuzz_must(wpkg_host_match(&report, &arena, &profiles, &profiles.items[0], &subject,
					  &err) == WPKG_OK);
		fuzz_must(report.matches == (report.problem_count == 0));
	}
	wpkg_module_free(module);
	wpkg_arena_clear(&arena);
	return 0;
}
