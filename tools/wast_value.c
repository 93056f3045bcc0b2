/* SPDX-License-Identifier: Apache-2.0 */
/* Values of test scripts: as arguments, and held against results. */
#include "exec/reference.h"
#include "value.h"
#include "wast.h"

union wpkg_wasm_value wast_argument(const struct wpkg_script_value *value)
{
	union wpkg_wasm_value out = {.v128 = {value->bits[0], value->bits[1]}};
	if (value->kind == WPKG_SCRIPT_NULL)
		out.ref = 0;
	else if (value->kind == WPKG_SCRIPT_HOST)
		out.ref = wpkg_ref_from_host(value->bits[0]);
	return out;
}

/* Numbers, lane by lane. */

static uint64_t lane_of(const uint64_t bits[2], unsigned lane, unsigned width)
{
	unsigned bit = lane * width;
	uint64_t word = bits[bit >= 64] >> bit % 64;
	return width == 64 ? word : word & ((UINT64_C(1) << width) - 1);
}

/* A NaN whose fraction has its top bit set; a canonical one has no other. The sign is free. */
static bool is_nan(uint64_t bits, unsigned width, enum wpkg_script_nan nan)
{
	uint64_t quiet = width == 32 ? UINT64_C(0x7fc00000) : UINT64_C(0x7ff8000000000000);
	uint64_t magnitude = bits & (UINT64_MAX >> (65 - width));
	return nan == WPKG_SCRIPT_NAN_CANONICAL ? magnitude == quiet : (magnitude & quiet) == quiet;
}

static bool lanes_match(const uint64_t found[2], const struct wpkg_script_value *expected,
			unsigned width)
{
	for (unsigned i = 0; i < expected->lanes; i++) {
		uint64_t lane = lane_of(found, i, width);
		enum wpkg_script_nan nan =
			i < 4 ? (enum wpkg_script_nan)expected->nans[i] : WPKG_SCRIPT_NO_NAN;
		if (nan != WPKG_SCRIPT_NO_NAN ? !is_nan(lane, width, nan)
					      : lane != lane_of(expected->bits, i, width))
			return false;
	}
	return true;
}

static bool number_matches(wpkg_valtype type, const union wpkg_wasm_value *found,
			   const struct wpkg_script_value *expected)
{
	static const struct {
		wpkg_valtype type;
		unsigned bits;
	} numbers[] = {[WPKG_SCRIPT_I32] = {WPKG_TYPE_I32, 32},
		       [WPKG_SCRIPT_I64] = {WPKG_TYPE_I64, 64},
		       [WPKG_SCRIPT_F32] = {WPKG_TYPE_F32, 32},
		       [WPKG_SCRIPT_F64] = {WPKG_TYPE_F64, 64},
		       [WPKG_SCRIPT_V128] = {WPKG_TYPE_V128, 128}};
	uint64_t bits[2] = {found->v128[0], found->v128[1]};
	return type == numbers[expected->kind].type &&
	       lanes_match(bits, expected, numbers[expected->kind].bits / expected->lanes);
}

/* References. */

/* Is what the reference refers to of the abstract heap type? Whatever is not null may be extern. */
static bool is_of(enum wpkg_ref_kind kind, enum wpkg_heap heap)
{
	switch (heap) {
	case WPKG_HEAP_FUNC:
		return kind == WPKG_REF_KIND_FUNC;
	case WPKG_HEAP_EXN:
		return kind == WPKG_REF_KIND_EXCEPTION;
	case WPKG_HEAP_I31:
		return kind == WPKG_REF_KIND_I31;
	case WPKG_HEAP_STRUCT:
		return kind == WPKG_REF_KIND_STRUCT;
	case WPKG_HEAP_ARRAY:
		return kind == WPKG_REF_KIND_ARRAY;
	case WPKG_HEAP_EQ:
		return kind == WPKG_REF_KIND_I31 || kind == WPKG_REF_KIND_STRUCT ||
		       kind == WPKG_REF_KIND_ARRAY;
	case WPKG_HEAP_ANY:
		return kind != WPKG_REF_KIND_FUNC && kind != WPKG_REF_KIND_EXCEPTION;
	default:
		return true;
	}
}

static bool is_extern(wpkg_valtype type)
{
	return (type & ~WPKG_TYPE_NULLABLE) == WPKG_REF(WPKG_HEAP_EXTERN);
}

static bool reference_matches(const struct wpkg_engine *engine, wpkg_valtype type, uint64_t ref,
			      const struct wpkg_script_value *expected)
{
	if (!wpkg_valtype_is_ref(type))
		return false;
	enum wpkg_ref_kind kind = wpkg_ref_kind(engine, ref);
	if (expected->kind == WPKG_SCRIPT_NULL || kind == WPKG_REF_KIND_NULL)
		return kind == WPKG_REF_KIND_NULL && expected->kind == WPKG_SCRIPT_NULL;
	if (expected->kind == WPKG_SCRIPT_HOST)
		return kind == WPKG_REF_KIND_HOST && wpkg_ref_to_host(ref) == expected->bits[0];
	enum wpkg_heap heap = (enum wpkg_heap)expected->heap;
	return is_of(kind, heap) && is_extern(type) == (heap == WPKG_HEAP_EXTERN);
}

bool wast_matches(const struct wpkg_engine *engine, wpkg_valtype type,
		  const union wpkg_wasm_value *result, const struct wpkg_script_value *expected)
{
	if (expected->kind == WPKG_SCRIPT_EITHER) {
		for (uint32_t i = 0; i < expected->count; i++)
			if (wast_matches(engine, type, result, &expected->items[i]))
				return true;
		return false;
	}
	if (expected->kind <= WPKG_SCRIPT_V128)
		return number_matches(type, result, expected);
	return reference_matches(engine, type, result->ref, expected);
}

/* Text. */

static void format_lane(struct wpkg_buf *out, const struct wpkg_script_value *value, unsigned lane,
			unsigned width)
{
	static const char *const nans[] = {"", "nan:canonical", "nan:arithmetic"};
	unsigned nan = lane < 4 ? value->nans[lane] : 0;
	if (nan)
		wpkg_buf_append_format(out, " %s", nans[nan]);
	else
		wpkg_buf_append_format(out, " 0x%llx",
				       (unsigned long long)lane_of(value->bits, lane, width));
}

static void format_number(struct wpkg_buf *out, const struct wpkg_script_value *value)
{
	static const wpkg_valtype types[] = {WPKG_TYPE_I32, WPKG_TYPE_I64, WPKG_TYPE_F32,
					     WPKG_TYPE_F64};
	static const char *const words[] = {"i32", "i64", "f32", "f64"};
	union wpkg_wasm_value number = {.v128 = {value->bits[0], value->bits[1]}};
	wpkg_buf_append_format(out, "(%s.const", words[value->kind]);
	if (value->nans[0]) {
		format_lane(out, value, 0, 64);
	} else {
		wpkg_buf_append_byte(out, ' ');
		tool_value_format(out, types[value->kind], &number);
	}
	wpkg_buf_append_byte(out, ')');
}

static void format_vector(struct wpkg_buf *out, const struct wpkg_script_value *value)
{
	wpkg_buf_append_format(out, "(v128.const %u lanes:", (unsigned)value->lanes);
	for (unsigned i = 0; i < value->lanes; i++)
		format_lane(out, value, i, 128U / value->lanes);
	wpkg_buf_append_byte(out, ')');
}

static const char *reference_word(const struct wpkg_script_value *value)
{
	switch (value->heap) {
	case WPKG_HEAP_FUNC:
		return "ref.func";
	case WPKG_HEAP_EXTERN:
		return "ref.extern";
	case WPKG_HEAP_EXN:
		return "ref.exn";
	case WPKG_HEAP_I31:
		return "ref.i31";
	case WPKG_HEAP_STRUCT:
		return "ref.struct";
	case WPKG_HEAP_ARRAY:
		return "ref.array";
	case WPKG_HEAP_EQ:
		return "ref.eq";
	default:
		return value->kind == WPKG_SCRIPT_HOST ? "ref.host" : "ref";
	}
}

void wast_value_format(struct wpkg_buf *out, const struct wpkg_script_value *value)
{
	switch (value->kind) {
	case WPKG_SCRIPT_V128:
		format_vector(out, value);
		break;
	case WPKG_SCRIPT_NULL:
		wpkg_buf_append_text(out, "(ref.null)");
		break;
	case WPKG_SCRIPT_HOST:
		wpkg_buf_append_format(out, "(%s %llu)", reference_word(value),
				       (unsigned long long)value->bits[0]);
		break;
	case WPKG_SCRIPT_REF:
		wpkg_buf_append_format(out, "(%s)", reference_word(value));
		break;
	case WPKG_SCRIPT_EITHER:
		wpkg_buf_append_text(out, "(either");
		for (uint32_t i = 0; i < value->count; i++) {
			wpkg_buf_append_byte(out, ' ');
			wast_value_format(out, &value->items[i]);
		}
		wpkg_buf_append_byte(out, ')');
		break;
	default:
		format_number(out, value);
		break;
	}
}
