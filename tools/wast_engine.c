/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which an engine can work that must change nothing that a script sees. */
#include <string.h>

#include "wast.h"

/* So much that no script of the suite uses it up. */
#define MUCH_FUEL ((uint64_t)1 << 50)
#define MUCH_TIME ((uint64_t)1 << 30)

bool wast_engine_set(struct wpkg_engine_limits *limits, const char *how)
{
	static const struct {
		const char *name;
		unsigned optimisation;
	} without[] = {
		{"no-destination", WPKG_OPT_DESTINATION},
		{"no-accumulator", WPKG_OPT_ACCUMULATOR},
		{"no-branch", WPKG_OPT_BRANCH},
		{"no-pin", WPKG_OPT_PIN},
		{"no-address", WPKG_OPT_ADDRESS},
		{"no-fuse", WPKG_OPT_FUSE},
		{"no-join", WPKG_OPT_JOIN},
		{"no-align", WPKG_OPT_ALIGN},
		{"no-avx2", WPKG_OPT_AVX2},
		{"no-sse41", WPKG_OPT_AVX2 | WPKG_OPT_SSE41},
		{"no-optimisation", WPKG_OPT_ALL},
	};
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcmp(how, without[i].name) == 0) {
			limits->optimisations_off |= without[i].optimisation;
			return true;
		}
	if (strcmp(how, "eager") == 0)
		limits->eager = true;
	else if (strcmp(how, "collect") == 0)
		limits->collect_always = true;
	else if (strcmp(how, "deterministic") == 0)
		limits->deterministic = true;
	else if (strcmp(how, "fuel") == 0)
		limits->fuel = MUCH_FUEL;
	else if (strcmp(how, "time") == 0)
		limits->time_ms = MUCH_TIME;
	else
		return false;
	return true;
}
