/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/err.h"
#include "wasm/facts.h"
#include "wasm/module.h"
#include "wasm/stream.h"

/* Facts and names of what was read, for their memory accesses. */
static void use(const struct wpkg_module *module)
{
	struct wpkg_facts *facts = NULL;
	if (wpkg_facts_of_module(&facts, module, NULL) == WPKG_OK)
		fuzz_must(facts->import_count == module->import_count);
	wpkg_facts_free(facts);
	for (uint32_t i = 0; i < module->func_count && i < 10; i++)
		wpkg_module_func_name(module, i);
	for (uint32_t i = module->func_import_count; i < module->func_count; i++) {
		struct wpkg_range body = wpkg_module_body(module, i);
		fuzz_must(body.start <= body.end && body.end <= module->bytes.len);
	}
	for (uint32_t i = 0; i < module->export_count && i < 10; i++)
		fuzz_must(wpkg_module_find_export(module, module->exports[i].name) ==
			  &module->exports[i]);
}

/* However the bytes are cut, a stream says the same. */
static void compare_stream(struct wpkg_str bytes, enum wpkg_status status,
			   const struct wpkg_err *err)
{
	struct wpkg_module_stream *stream = NULL;
	struct wpkg_err stream_err = {.msg = ""};
	size_t piece = 1 + bytes.len % 37;
	if (wpkg_module_stream_new(&stream, NULL, NULL) != WPKG_OK)
		return;
	enum wpkg_status fed = WPKG_OK;
	for (size_t at = 0; fed == WPKG_OK && at < bytes.len; at += piece)
		fed = wpkg_module_stream_feed(stream, wpkg_str_slice(bytes, at, at + piece),
					      &stream_err);
	if (fed == WPKG_OK)
		fed = wpkg_module_stream_finish(stream, &stream_err);
	fuzz_must(fed == status && strcmp(err->msg, stream_err.msg) == 0);
	wpkg_module_stream_free(stream);
}

/* The quick walk over bodies changes nothing. */
static void compare_slow(struct wpkg_str bytes, enum wpkg_status status, const struct wpkg_err *err)
{
	const struct wpkg_module_options options = {.is_slow = true};
	struct wpkg_module *module = NULL;
	struct wpkg_err slow_err = {.msg = ""};
	enum wpkg_status slow = wpkg_module_read(&module, bytes, &options, &slow_err);
	fuzz_must(slow == status && strcmp(err->msg, slow_err.msg) == 0);
	wpkg_module_free(module);
}

/* Any bytes are a module or are refused at an offset within the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str bytes = wpkg_str_of(data, size);
	struct wpkg_module_fault fault = {.offset = UINT32_MAX};
	struct wpkg_module_options options = {.fault = &fault};
	struct wpkg_module *module = NULL;
	struct wpkg_facts *facts = NULL;
	struct wpkg_err err = {.msg = ""};
	enum wpkg_status status = wpkg_module_read(&module, bytes, &options, &err);
	compare_stream(bytes, status, &err);
	compare_slow(bytes, status, &err);
	if (status == WPKG_OK)
		use(module);
	else
		fuzz_must(fault.offset <= size && err.msg[0] == '0' && err.msg[1] == 'x');
	wpkg_module_free(module);
	if (wpkg_facts_of_component(&facts, bytes, NULL) == WPKG_OK)
		wpkg_facts_free(facts);
	return 0;
}
