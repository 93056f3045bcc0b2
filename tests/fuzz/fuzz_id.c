/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/id.h"
#include "pkg/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str text = wpkg_str_of(data, size);
	struct wpkg_err err;
	struct wpkg_id id;
	struct wpkg_reference reference;
	struct wpkg_buf skeleton;
	if (wpkg_id_parse(&id, text, &err) == WPKG_OK)
		fuzz_must(id.name.len + 1 + id.version_text.len == size);
	(void)!wpkg_reference_parse(&reference, text, &err);
	wpkg_buf_init(&skeleton, 16 * WPKG_NAME_MAX);
	if (wpkg_name_check(text, &err) == WPKG_OK) {
		wpkg_name_append_skeleton(&skeleton, text);
		fuzz_must(skeleton.failed == WPKG_OK && skeleton.len > 0);
	}
	wpkg_buf_clear(&skeleton);
	return 0;
}
