/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, so that what was once found stays found under every compiler and
 * sanitizer, without libFuzzer.
 */
#include "../fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct wpkg_err err;
		struct wpkg_buf text;
		wpkg_buf_init(&text, (size_t)64 << 20);
		if (wpkg_file_read(&text, AT_FDCWD, argv[i], &err) != WPKG_OK) {
			fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
		/* A block of its own, so that reading past the end is seen. */
		uint8_t *bytes = malloc(text.len + 1);
		if (!bytes)
			return 1;
		memcpy(bytes, wpkg_buf_text(&text), text.len);
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(bytes, text.len);
		free(bytes);
		wpkg_buf_clear(&text);
	}
	return 0;
}
