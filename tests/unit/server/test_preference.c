/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "../../../server/preference.h"

static struct preference parse(const char *text)
{
	return preference_parse(wpkg_str_from(text));
}

START_TEST(what_is_preferred_is_found_among_others)
{
	static const char *const headers[] = {
		"respond-async, wait=10",
		"wait=10,respond-async",
		"return=minimal; foo=\"some, parameter\", Respond-Async, WAIT = \"10\"",
		"respond-async;x=1;y, wait=10;z=\"\\\",\", wait=20",
		",, respond-async ,wait=10,",
	};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct preference preference = parse(headers[i]);
		ck_assert_msg(preference.respond_async && preference.has_wait &&
				      preference.wait == 10,
			      "%s", headers[i]);
	}
}
END_TEST

START_TEST(what_is_malformed_is_passed_over)
{
	static const char *const headers[] = {
		"",
		",",
		"respond-async\"",
		"wait",
		"wait=",
		"wait=-1",
		"wait=1s",
		"await=1",
		"\"respond-async",
		"wait=\"1",
		";",
		"=",
		"wait=99999999999999999999",
		"\"",
		"\\",
	};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct preference preference = parse(headers[i]);
		ck_assert_msg(!preference.respond_async && !preference.has_wait, "%s", headers[i]);
	}
}
END_TEST

UNIT_MAIN(what_is_preferred_is_found_among_others, what_is_malformed_is_passed_over)
