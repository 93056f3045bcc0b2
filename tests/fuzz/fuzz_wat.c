/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/script.h"
#include "wasm/wat.h"

/* A text that gave a valid module: what is printed gives the module again, and prints the same. */
static void check_print(const struct wpkg_module *module, bool fold)
{
	struct wpkg_wat_print_options options = {.fold = fold};
	struct wpkg_buf text, bytes, again;
	struct wpkg_module *second = NULL;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_buf_init(&bytes, SIZE_MAX);
	wpkg_buf_init(&again, SIZE_MAX);
	fuzz_must(wpkg_wat_print(&text, module, &options, NULL) == WPKG_OK);
	fuzz_must(wpkg_wat_parse(&bytes, wpkg_buf_str(&text), NULL, NULL) == WPKG_OK);
	fuzz_must(wpkg_module_read(&second, wpkg_buf_str(&bytes), NULL, NULL) == WPKG_OK);
	fuzz_must(wpkg_wat_print(&again, second, &options, NULL) == WPKG_OK);
	fuzz_must(wpkg_str_equal(wpkg_buf_str(&text), wpkg_buf_str(&again)));
	wpkg_module_free(second);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&bytes);
	wpkg_buf_clear(&again);
}

static void check_module(struct wpkg_str text)
{
	struct wpkg_err err;
	struct wpkg_buf bytes;
	struct wpkg_module *module;
	struct wpkg_wat_place place = {0};
	struct wpkg_wat_options options = {.fault = &place};
	wpkg_buf_init(&bytes, SIZE_MAX);
	if (wpkg_wat_parse(&bytes, text, &options, &err) != WPKG_OK) {
		fuzz_must(place.line > 0 && place.column > 0 && place.offset <= text.len);
		wpkg_wat_place_format(&bytes, text, &place);
	} else if (wpkg_module_read(&module, wpkg_buf_str(&bytes), NULL, &err) == WPKG_OK) {
		check_print(module, false);
		check_print(module, true);
		wpkg_module_free(module);
	}
	wpkg_buf_clear(&bytes);
}

static void check_script(struct wpkg_str text)
{
	struct wpkg_err err;
	struct wpkg_script *script;
	const struct wpkg_script_command *command = NULL;
	if (wpkg_script_open(&script, text, 0, 0, &err) != WPKG_OK)
		return;
	while (wpkg_script_next(&command, script, &err) == WPKG_OK && command)
		fuzz_must(command->line > 0 && command->module.end <= command->module.bytes.len);
	wpkg_script_close(script);
}

/* A text as a module and as a test script. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str text = wpkg_str_of(data, size);
	check_module(text);
	check_script(text);
	return 0;
}
