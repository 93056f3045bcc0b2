/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "link/link.h"

/* What fits by the check must merge, unless a name would be exported twice; and merge to something
 * valid, which the merge itself looks at. */
static void merge(const struct wpkg_link_inputs *inputs, uint8_t how)
{
	const struct wpkg_link_options options = {
		.prefix = how & 1, .keep_all = how & 2, .strip = how & 4, .max_size = 1 << 24};
	struct wpkg_link_report report = {0};
	struct wpkg_arena arena;
	struct wpkg_buf out;
	struct wpkg_err err = {.msg = ""};
	wpkg_arena_init(&arena, (size_t)64 << 20);
	wpkg_buf_init(&out, 1 << 24);
	enum wpkg_status checked = wpkg_link_check(&report, &arena, inputs, &err);
	fuzz_must(checked == WPKG_OK || checked == WPKG_ELIMIT || checked == WPKG_ENOMEM);
	enum wpkg_status merged = wpkg_link_merge(&out, inputs, &options, &err);
	if (checked == WPKG_OK && report.problem_count == 0)
		fuzz_must(merged == WPKG_OK || merged == WPKG_ELIMIT || merged == WPKG_ENOMEM ||
			  strstr(err.msg, "exported twice"));
	else if (checked == WPKG_OK)
		fuzz_must(merged == WPKG_EINVAL);
	fuzz_must(merged == WPKG_OK || out.len == 0);
	wpkg_buf_clear(&out);
	wpkg_arena_clear(&arena);
}

/* A byte of options, the length of the first module in two, and two modules: "a" and "b". Where
 * bodies are is kept of the first, or not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_module *modules[2] = {NULL, NULL};
	struct wpkg_err err;
	if (size < 3)
		return 0;
	struct wpkg_str rest = wpkg_str_of(data + 3, size - 3);
	size_t first = data[1] | (size_t)data[2] << 8;
	first = first < rest.len ? first : rest.len;
	const struct wpkg_module_options options = {.no_bodies = data[0] & 8};
	if (wpkg_module_read(&modules[0], wpkg_str_slice(rest, 0, first), &options, &err) ==
		    WPKG_OK &&
	    wpkg_module_read(&modules[1], wpkg_str_from_offset(rest, first), NULL, &err) ==
		    WPKG_OK) {
		const struct wpkg_link_input items[] = {
			{.name = WPKG_LIT("a"), .module = modules[0]},
			{.name = WPKG_LIT("b"), .module = modules[1]}};
		merge(&(struct wpkg_link_inputs){items, 2}, data[0]);
	}
	wpkg_module_free(modules[0]);
	wpkg_module_free(modules[1]);
	return 0;
}
