/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types in the binary format:
 *
 *   7f i32    7c f64    78 i8     74 noexn     70 func    6c i31     64 ht  (ref ht)
 *   7e i64    7b v128   77 i16    73 nofunc    6f extern  6b struct  63 ht  (ref null ht)
 *   7d f32                        72 noextern  6e any     6a array
 *                                 71 none      6d eq      69 exn
 *
 * A heap type is one of the last four columns' bytes or a type index; both are one signed number
 * of 33 bits. An abstract heap type in the place of a reference type is short for (ref null ht).
 */
#include "wasm/input.h"

bool wasm_feature_first(struct wasm_input *in, enum wpkg_feature feature, const uint8_t *where)
{
	if (!(in->allowed >> feature & 1))
		return wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "needs the feature %s",
					wpkg_feature_name(feature));
	in->used |= (wpkg_features)1 << feature;
	in->feature_offsets[feature] = wpkg_reader_offset_of(&in->r, where);
	return true;
}

/* The abstract heap type of a byte from 0x69 to 0x74; WPKG_HEAP_COUNT for others. */
static enum wpkg_heap heap_of_byte(uint8_t byte)
{
	static const uint8_t heaps[] = {WPKG_HEAP_EXN,	    WPKG_HEAP_ARRAY,  WPKG_HEAP_STRUCT,
					WPKG_HEAP_I31,	    WPKG_HEAP_EQ,     WPKG_HEAP_ANY,
					WPKG_HEAP_EXTERN,   WPKG_HEAP_FUNC,   WPKG_HEAP_NONE,
					WPKG_HEAP_NOEXTERN, WPKG_HEAP_NOFUNC, WPKG_HEAP_NOEXN};
	if (byte < 0x69 || byte > 0x74)
		return WPKG_HEAP_COUNT;
	return (enum wpkg_heap)heaps[byte - 0x69];
}

static enum wpkg_feature heap_feature(wpkg_valtype ref)
{
	if (ref & WPKG_TYPE_CONCRETE)
		return WPKG_FEATURE_FUNCTION_REFERENCES;
	switch ((enum wpkg_heap)(ref & WPKG_TYPE_INDEX)) {
	case WPKG_HEAP_FUNC:
	case WPKG_HEAP_EXTERN:
		return wpkg_valtype_is_nullable(ref) ? WPKG_FEATURE_REFERENCE_TYPES
						     : WPKG_FEATURE_FUNCTION_REFERENCES;
	case WPKG_HEAP_EXN:
	case WPKG_HEAP_NOEXN:
		return WPKG_FEATURE_EXCEPTIONS;
	default:
		return WPKG_FEATURE_GC;
	}
}

bool wasm_need_valtype(struct wasm_input *in, wpkg_valtype type, const uint8_t *where)
{
	if (type == WPKG_TYPE_V128)
		return wasm_feature_need(in, WPKG_FEATURE_SIMD, where);
	if (!wpkg_valtype_is_ref(type))
		return true;
	return wasm_feature_need(in, WPKG_FEATURE_REFERENCE_TYPES, where) &&
	       wasm_feature_need(in, heap_feature(type), where);
}

static wpkg_valtype type_of_index(struct wasm_input *in, uint32_t index, const uint8_t *where)
{
	if (index < in->type_count)
		return WPKG_REF_TYPE(in->type_ids[index]);
	if (index - in->type_count < in->group_size)
		return WPKG_REF_TYPE(WPKG_TYPE_RELATIVE | (index - in->type_count));
	wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "unknown type %u", (unsigned)index);
	return WPKG_TYPE_NONE;
}

wpkg_valtype wasm_read_heap_type(struct wasm_input *in)
{
	const uint8_t *where = in->r.at;
	int64_t number = wpkg_reader_signed(&in->r, 33);
	if (in->r.status != WPKG_OK)
		return WPKG_TYPE_NONE;
	if (number >= 0)
		return type_of_index(in, (uint32_t)number, where);
	enum wpkg_heap heap = heap_of_byte(*where);
	if (number < -0x40 || heap == WPKG_HEAP_COUNT) {
		wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "malformed heap type");
		return WPKG_TYPE_NONE;
	}
	return WPKG_REF(heap);
}

wpkg_valtype wasm_read_storage_type(struct wasm_input *in)
{
	const uint8_t *where = in->r.at;
	uint8_t byte = wpkg_reader_byte(&in->r);
	wpkg_valtype type = WPKG_TYPE_NONE;
	if (byte >= 0x7b && byte <= 0x7f) {
		type = WPKG_TYPE_I32 + (wpkg_valtype)(0x7f - byte);
	} else if (byte == 0x78 || byte == 0x77) {
		type = WPKG_TYPE_I8 + (wpkg_valtype)(0x78 - byte);
	} else if (byte == 0x64 || byte == 0x63) {
		type = wasm_read_heap_type(in);
		if (byte == 0x63 && type)
			type |= WPKG_TYPE_NULLABLE;
	} else if (heap_of_byte(byte) != WPKG_HEAP_COUNT) {
		type = WPKG_REF_NULL(heap_of_byte(byte));
	} else if (in->r.status == WPKG_OK) {
		wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "malformed value type 0x%02x", byte);
	}
	return type;
}

wpkg_valtype wasm_read_valtype(struct wasm_input *in)
{
	const uint8_t *where = in->r.at;
	if (wpkg_reader_more(&in->r) && *where >= 0x7c && *where <= 0x7f)
		return WPKG_TYPE_I32 + (wpkg_valtype)(0x7f - *in->r.at++);
	wpkg_valtype type = wasm_read_storage_type(in);
	if (type == WPKG_TYPE_I8 || type == WPKG_TYPE_I16) {
		wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "malformed value type 0x%02x",
				 *where);
		return WPKG_TYPE_NONE;
	}
	return type && wasm_need_valtype(in, type, where) ? type : (wpkg_valtype)WPKG_TYPE_NONE;
}

wpkg_valtype wasm_read_reftype(struct wasm_input *in)
{
	const uint8_t *where = in->r.at;
	wpkg_valtype type = wasm_read_storage_type(in);
	if (type && !wpkg_valtype_is_ref(type)) {
		wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "malformed reference type");
		return WPKG_TYPE_NONE;
	}
	/* funcref as the element of a table is of the first version */
	if (type && type != WPKG_TYPE_FUNCREF && !wasm_need_valtype(in, type, where))
		return WPKG_TYPE_NONE;
	return type;
}

uint32_t wasm_read_type_index(struct wasm_input *in)
{
	const uint8_t *where = in->r.at;
	uint32_t index = wpkg_reader_u32(&in->r);
	if (index < in->type_count)
		return index;
	wpkg_reader_fail(&in->r, where, WPKG_EFORMAT, "unknown type %u", (unsigned)index);
	return 0;
}
