/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "wpkg wast" with nothing of wpkg but the engine, which needs no library of others: so it can be
 * built for any machine that a compiler is there for.
 *
 *	engine-suite [--HOW]... SCRIPT...
 *
 * HOW is a way for the engine to work in, as of "wpkg wast --engine HOW".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/wast.h"

int main(int argc, char **argv)
{
	struct wast_tally tally = {0};
	wpkg_buf_init(&tally.failures, SIZE_MAX);
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			wast_text_run(argv[i], &tally);
		} else if (!wast_engine_set(&tally.limits, argv[i] + 2)) {
			fprintf(stderr, "engine-suite: %s: no such way\n", argv[i]);
			return 2;
		}
	}
	fputs(wpkg_buf_text(&tally.failures), stdout);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", tally.passed, tally.failed);
	wpkg_buf_clear(&tally.failures);
	return tally.failed > 0;
}
