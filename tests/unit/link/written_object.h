/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TEST_WRITTEN_OBJECT_H
#define WPKG_TEST_WRITTEN_OBJECT_H

/* An object file that a test writes section by section. */

#include "wasm/writer.h"

static struct wpkg_buf section, object;

static void end_section(enum wpkg_section id)
{
	wpkg_writer_section(&object, id, wpkg_buf_str(&section));
	wpkg_buf_reset(&section);
}

static void end_custom(const char *name)
{
	wpkg_writer_custom(&object, wpkg_str_from(name), wpkg_buf_str(&section));
	wpkg_buf_reset(&section);
}

#define PUT(...)                                                                                   \
	do {                                                                                       \
		const uint8_t put_bytes[] = {__VA_ARGS__};                                         \
		wpkg_buf_append(&section, put_bytes, sizeof(put_bytes));                           \
	} while (0)

#endif
