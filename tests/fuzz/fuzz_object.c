/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "link/object.h"
#include "wasm/module.h"

/* What the linker writes as an object it must be able to read. */
static void link_again(struct wpkg_str object)
{
	const struct wpkg_object_input input = {.name = WPKG_LIT("object"), .bytes = object};
	const struct wpkg_object_options options = {
		.inputs = &input, .input_count = 1, .relocatable = true, .no_check_features = true};
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 64 << 20);
	fuzz_must(wpkg_object_link(&out, &options, NULL, &err) == WPKG_OK);
	wpkg_buf_clear(&out);
}

/* Any bytes are linked to a module, which the linker has validated, or are refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wpkg_object_input input = {
		.name = WPKG_LIT("input"), .bytes = wpkg_str_of(data, size), .whole = true};
	const struct wpkg_object_options options = {.inputs = &input,
						    .input_count = 1,
						    .no_entry = true,
						    .export_all = true,
						    .allow_undefined = true,
						    .no_gc = size % 2 == 0,
						    .no_check_features = true,
						    .relocatable = size % 5 < 2,
						    .max_memory = UINT32_C(1) << 30,
						    .shared_memory = size % 3 == 0};
	struct wpkg_buf out, map, problems;
	struct wpkg_err err = {.msg = ""};
	wpkg_buf_init(&out, 64 << 20);
	wpkg_buf_init(&map, 64 << 20);
	wpkg_buf_init(&problems, 64 << 20);
	const struct wpkg_object_report report = {.map = &map, .problems = &problems};
	enum wpkg_status status = wpkg_object_link(&out, &options, &report, &err);
	fuzz_must(status == WPKG_OK ? out.len > 0 : out.len == 0 && err.msg[0] != '\0');
	if (status == WPKG_OK && options.relocatable)
		link_again(wpkg_buf_str(&out));
	wpkg_buf_clear(&problems);
	wpkg_buf_clear(&map);
	wpkg_buf_clear(&out);
	return 0;
}
