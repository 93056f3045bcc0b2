/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WRITER_H
#define WPKG_WASM_WRITER_H

/*
 * The binary format, written: each call appends to a buffer, whose failure sticks. Every number
 * gets its shortest form.
 */

#include <stdint.h>

#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/type.h"

/* The magic number and version 1. */
void wpkg_writer_header(struct wpkg_buf *out);

/* LEB128 numbers, unsigned and signed. */
void wpkg_writer_u32(struct wpkg_buf *out, uint32_t value);
void wpkg_writer_u64(struct wpkg_buf *out, uint64_t value);
void wpkg_writer_signed(struct wpkg_buf *out, int64_t value);

/* The low count bytes of a number, the lowest first. */
void wpkg_writer_fixed(struct wpkg_buf *out, uint64_t value, unsigned count);

/* A length and the bytes. */
void wpkg_writer_name(struct wpkg_buf *out, struct wpkg_str name);

/* Prefix and code of an opcode by its number (opcode.h). */
void wpkg_writer_opcode(struct wpkg_buf *out, unsigned opcode);

/* A value or storage type, and the heap type of a reference; what is concrete is a type index. */
void wpkg_writer_valtype(struct wpkg_buf *out, wpkg_valtype type);
void wpkg_writer_heap_type(struct wpkg_buf *out, wpkg_valtype ref);

/* Identifier, size and content. */
void wpkg_writer_section(struct wpkg_buf *out, enum wpkg_section id, struct wpkg_str content);

/* The same of a custom section, with its name. */
void wpkg_writer_custom(struct wpkg_buf *out, struct wpkg_str name, struct wpkg_str content);

#endif
