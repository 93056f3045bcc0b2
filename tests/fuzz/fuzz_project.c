/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_project *project = NULL;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	if (wpkg_project_read(&project, &arena, wpkg_str_of(data, size), &err) == WPKG_OK)
		fuzz_must(project->name.len > 0 && project->version.len > 0);
	wpkg_arena_clear(&arena);
	return 0;
}
