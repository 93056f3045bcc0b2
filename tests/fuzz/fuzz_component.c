/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "wasm/component.h"
#include "wasm/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str bytes = wpkg_str_of(data, size);
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_component component;
	struct wpkg_facts *facts = NULL;
	wpkg_arena_init(&arena, (size_t)64 << 20);
	if (wpkg_component_read(&component, &arena, bytes, &err) == WPKG_OK)
		/* Whoever finds the names finds the sections, too. */
		fuzz_must(wpkg_facts_of_component(&facts, bytes, &err) == WPKG_OK);
	wpkg_facts_free(facts);
	wpkg_arena_clear(&arena);
	return 0;
}
