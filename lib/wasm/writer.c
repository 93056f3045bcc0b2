/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/writer.h"

#include "wasm/opcode.h"

void wpkg_writer_header(struct wpkg_buf *out)
{
	wpkg_buf_append(out, "\0asm\1\0\0\0", 8);
}

void wpkg_writer_u64(struct wpkg_buf *out, uint64_t value)
{
	uint8_t bytes[10];
	unsigned count = 0;
	for (; value >= 0x80; value >>= 7)
		bytes[count++] = (uint8_t)(value | 0x80);
	bytes[count++] = (uint8_t)value;
	wpkg_buf_append(out, bytes, count);
}

void wpkg_writer_u32(struct wpkg_buf *out, uint32_t value)
{
	if (value < 0x80)
		wpkg_buf_append_byte(out, (uint8_t)value);
	else
		wpkg_writer_u64(out, value);
}

/* The last byte is the one from which on only the sign is left, its own bit 6 included. */
void wpkg_writer_signed(struct wpkg_buf *out, int64_t value)
{
	uint8_t bytes[10];
	unsigned count = 0;
	for (; value < -64 || value > 63; value >>= 7)
		bytes[count++] = (uint8_t)((value & 0x7f) | 0x80);
	bytes[count++] = (uint8_t)(value & 0x7f);
	wpkg_buf_append(out, bytes, count);
}

void wpkg_writer_fixed(struct wpkg_buf *out, uint64_t value, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		wpkg_buf_append_byte(out, (uint8_t)(value >> 8 * i));
}

void wpkg_writer_name(struct wpkg_buf *out, struct wpkg_str name)
{
	wpkg_writer_u64(out, name.len);
	wpkg_buf_append_str(out, name);
}

void wpkg_writer_opcode(struct wpkg_buf *out, unsigned opcode)
{
	static const struct {
		unsigned base;
		uint8_t prefix;
	} spaces[] = {{WPKG_OP_BASE_FE, 0xfe},
		      {WPKG_OP_BASE_FD, 0xfd},
		      {WPKG_OP_BASE_FB, 0xfb},
		      {WPKG_OP_BASE_FC, 0xfc}};
	for (unsigned i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		if (opcode >= spaces[i].base) {
			wpkg_buf_append_byte(out, spaces[i].prefix);
			wpkg_writer_u32(out, opcode - spaces[i].base);
			return;
		}
	}
	wpkg_buf_append_byte(out, (uint8_t)opcode);
}

/* Binary format, "Heap Types" and "Number Types". */
static const uint8_t heap_codes[WPKG_HEAP_COUNT] = {
	[WPKG_HEAP_ANY] = 0x6e,	     [WPKG_HEAP_EQ] = 0x6d,	[WPKG_HEAP_I31] = 0x6c,
	[WPKG_HEAP_STRUCT] = 0x6b,   [WPKG_HEAP_ARRAY] = 0x6a,	[WPKG_HEAP_NONE] = 0x71,
	[WPKG_HEAP_FUNC] = 0x70,     [WPKG_HEAP_NOFUNC] = 0x73, [WPKG_HEAP_EXTERN] = 0x6f,
	[WPKG_HEAP_NOEXTERN] = 0x72, [WPKG_HEAP_EXN] = 0x69,	[WPKG_HEAP_NOEXN] = 0x74,
};

static const uint8_t number_codes[] = {
	[WPKG_TYPE_I32] = 0x7f, [WPKG_TYPE_I64] = 0x7e,	 [WPKG_TYPE_F32] = 0x7d,
	[WPKG_TYPE_F64] = 0x7c, [WPKG_TYPE_V128] = 0x7b, [WPKG_TYPE_I8] = 0x78,
	[WPKG_TYPE_I16] = 0x77,
};

void wpkg_writer_heap_type(struct wpkg_buf *out, wpkg_valtype ref)
{
	if (ref & WPKG_TYPE_CONCRETE)
		wpkg_writer_signed(out, ref & WPKG_TYPE_INDEX);
	else
		wpkg_buf_append_byte(out, heap_codes[ref & WPKG_TYPE_INDEX]);
}

void wpkg_writer_valtype(struct wpkg_buf *out, wpkg_valtype type)
{
	if (!wpkg_valtype_is_ref(type)) {
		wpkg_buf_append_byte(out, number_codes[type]);
		return;
	}
	bool is_nullable = wpkg_valtype_is_nullable(type);
	if (type & WPKG_TYPE_CONCRETE || !is_nullable)
		wpkg_buf_append_byte(out, is_nullable ? 0x63 : 0x64);
	wpkg_writer_heap_type(out, type);
}

void wpkg_writer_section(struct wpkg_buf *out, enum wpkg_section id, struct wpkg_str content)
{
	wpkg_buf_append_byte(out, (uint8_t)id);
	wpkg_writer_name(out, content);
}

void wpkg_writer_custom(struct wpkg_buf *out, struct wpkg_str name, struct wpkg_str content)
{
	size_t length_bytes = 1;
	for (size_t rest = name.len; rest >= 0x80; rest >>= 7)
		length_bytes++;
	wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
	wpkg_writer_u64(out, length_bytes + name.len + content.len);
	wpkg_writer_name(out, name);
	wpkg_buf_append_str(out, content);
}
