/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_FUZZ_H
#define WPKG_TESTS_FUZZ_H

/* What each fuzz target defines; libFuzzer calls it, and tests/fuzz/replay runs the corpus by it.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold ends the program, in every build. */
#define fuzz_must(condition)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#endif
