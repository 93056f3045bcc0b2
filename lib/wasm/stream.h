/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_STREAM_H
#define WPKG_WASM_STREAM_H

/*
 * Decoding and validating a module while its bytes arrive: the same verdict and the same first
 * error as wpkg_module_read has for the whole file, however the bytes are cut.
 *
 * Each body is validated when its last byte is there, and data segments pass by. So beyond the
 * module's tables there is in memory at most one body, or one section other than code and data.
 *
 * Object lifetime (new/free), one thread at a time. After a failure every call fails the same way.
 */

#include "wasm/module.h"

struct wpkg_module_stream;

/* options as of wpkg_module_read (bodies are validated on the caller's thread); may be NULL. */
WPKG_MUST_CHECK enum wpkg_status wpkg_module_stream_new(struct wpkg_module_stream **out,
							const struct wpkg_module_options *options,
							struct wpkg_err *err);
void wpkg_module_stream_free(struct wpkg_module_stream *stream);

/* The next bytes of the file, which need not outlive the call. Fails as wpkg_module_read. */
WPKG_MUST_CHECK enum wpkg_status wpkg_module_stream_feed(struct wpkg_module_stream *stream,
							 struct wpkg_str bytes,
							 struct wpkg_err *err);

/* There are no more bytes. The verdict: WPKG_OK when the module is valid. */
WPKG_MUST_CHECK enum wpkg_status wpkg_module_stream_finish(struct wpkg_module_stream *stream,
							   struct wpkg_err *err);

/*
 * What was read so far (all, once finish has succeeded), borrowed until free. It has no bytes:
 * ranges are right, but there is nothing behind them. Names of imports and exports are there.
 */
const struct wpkg_module *wpkg_module_stream_module(const struct wpkg_module_stream *stream);

#endif
