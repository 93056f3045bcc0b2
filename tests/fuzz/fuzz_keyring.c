/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "pkg/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_buf text;
	struct wpkg_keyring keyring;
	struct wpkg_keyring again;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	wpkg_buf_init(&text, (size_t)8 * WPKG_KEYRING_MAX);
	if (wpkg_keyring_read(&keyring, &arena, wpkg_str_of(data, size), &err) == WPKG_OK) {
		fuzz_must(wpkg_keyring_write(&text, &keyring, &err) == WPKG_OK);
		fuzz_must(wpkg_keyring_read(&again, &arena, wpkg_buf_str(&text), &err) == WPKG_OK);
		fuzz_must(again.count == keyring.count);
	}
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
	return 0;
}
