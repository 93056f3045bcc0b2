/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/requirement.h"

/* The first line is a requirement, the second a version. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str rest = wpkg_str_of(data, size);
	struct wpkg_str line = {0};
	struct wpkg_err err;
	struct wpkg_requirement requirement;
	struct wpkg_requirement filter;
	struct wpkg_version version;
	(void)wpkg_str_split(&rest, '\n', &line);
	bool parsed = wpkg_requirement_parse(&requirement, line, &err) == WPKG_OK;
	bool filtered = wpkg_requirement_parse_filter(&filter, line, &err) == WPKG_OK;
	if (wpkg_version_parse(&version, rest, &err) != WPKG_OK)
		return 0;
	fuzz_must(wpkg_version_compare(&version, &version) == 0);
	if (parsed)
		(void)wpkg_requirement_matches(&requirement, &version);
	if (filtered)
		(void)wpkg_requirement_matches(&filter, &version);
	return 0;
}
