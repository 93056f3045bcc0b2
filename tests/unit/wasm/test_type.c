/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/buf.h"
#include "wasm/format.h"
#include "wasm/type.h"

#define RELATIVE(i) (WPKG_TYPE_REF | WPKG_TYPE_CONCRETE | WPKG_TYPE_RELATIVE | (i))

/* An open struct type with one field. */
static struct wpkg_type one_field(const struct wpkg_field *field, uint32_t super, uint8_t depth)
{
	return (struct wpkg_type){.composite = WPKG_COMPOSITE_STRUCT,
				  .super = super,
				  .depth = depth,
				  .field_count = 1,
				  .fields = field};
}

static uint32_t add(struct wpkg_types *types, const struct wpkg_type *group, uint32_t size)
{
	uint32_t id = 0;
	struct wpkg_err err;
	ck_ok(wpkg_types_add(&id, types, group, size, &err), err);
	return id;
}

START_TEST(equal_groups_get_equal_numbers)
{
	static const wpkg_valtype values[] = {WPKG_TYPE_I32, WPKG_TYPE_I64};
	struct wpkg_types types;
	struct wpkg_err err;
	uint32_t a, b, c;
	wpkg_types_init(&types, SIZE_MAX);
	ck_ok(wpkg_types_add_func(&a, &types, values, 1, 1, &err), err);
	ck_ok(wpkg_types_add_func(&b, &types, values, 1, 1, &err), err);
	ck_ok(wpkg_types_add_func(&c, &types, values, 2, 0, &err), err);
	ck_assert_uint_eq(a, b);
	ck_assert_uint_ne(a, c);
	wpkg_types_clear(&types);
}
END_TEST

START_TEST(recursive_types_are_equal_by_structure_and_position)
{
	const struct wpkg_field self = {.type = RELATIVE(0)}, other = {.type = RELATIVE(1)};
	struct wpkg_types types;
	wpkg_types_init(&types, SIZE_MAX);
	const struct wpkg_type single = one_field(&self, WPKG_TYPE_ID_NONE, 0);
	const struct wpkg_type pair[] = {one_field(&other, WPKG_TYPE_ID_NONE, 0),
					 one_field(&self, WPKG_TYPE_ID_NONE, 0)};
	uint32_t a = add(&types, &single, 1);
	ck_assert_uint_eq(add(&types, &single, 1), a);
	uint32_t b = add(&types, pair, 2);
	ck_assert_uint_eq(add(&types, pair, 2), b);
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(types.types[b].fields[0].type, WPKG_REF_TYPE(b + 1));
	/* a type outside that refers to the first one is not of its group */
	const struct wpkg_field outside = {.type = WPKG_REF_TYPE(a)};
	const struct wpkg_type user = one_field(&outside, WPKG_TYPE_ID_NONE, 0);
	ck_assert_uint_ne(add(&types, &user, 1), a);
	wpkg_types_clear(&types);
}
END_TEST

START_TEST(subtypes_match_their_supertypes_only)
{
	static const struct wpkg_field field = {.type = WPKG_TYPE_I8, .is_mutable = true};
	struct wpkg_types types;
	wpkg_types_init(&types, SIZE_MAX);
	struct wpkg_type type = one_field(&field, WPKG_TYPE_ID_NONE, 0);
	uint32_t a = add(&types, &type, 1);
	type = one_field(&field, a, 1);
	uint32_t b = add(&types, &type, 1);
	type = one_field(&field, b, 2);
	uint32_t c = add(&types, &type, 1);
	type.is_final = true;
	uint32_t d = add(&types, &type, 1);
	ck_assert(wpkg_types_id_matches(&types, c, a));
	ck_assert(wpkg_types_id_matches(&types, d, b));
	ck_assert(!wpkg_types_id_matches(&types, c, d));
	ck_assert(!wpkg_types_id_matches(&types, a, b));
	ck_assert(wpkg_types_matches(&types, WPKG_REF_TYPE(c), WPKG_REF_NULL_TYPE(a)));
	ck_assert(!wpkg_types_matches(&types, WPKG_REF_NULL_TYPE(c), WPKG_REF_TYPE(a)));
	ck_assert(wpkg_types_matches(&types, WPKG_REF_TYPE(a), WPKG_REF(WPKG_HEAP_STRUCT)));
	ck_assert(!wpkg_types_matches(&types, WPKG_REF_TYPE(a), WPKG_REF(WPKG_HEAP_ARRAY)));
	ck_assert(wpkg_types_matches(&types, WPKG_REF(WPKG_HEAP_NONE), WPKG_REF_TYPE(d)));
	ck_assert(!wpkg_types_matches(&types, WPKG_REF(WPKG_HEAP_NOFUNC), WPKG_REF_TYPE(d)));
	wpkg_types_clear(&types);
}
END_TEST

START_TEST(abstract_heap_types_form_four_hierarchies)
{
	static const enum wpkg_heap tops[WPKG_HEAP_COUNT] = {
		[WPKG_HEAP_ANY] = WPKG_HEAP_ANY,       [WPKG_HEAP_EQ] = WPKG_HEAP_ANY,
		[WPKG_HEAP_I31] = WPKG_HEAP_ANY,       [WPKG_HEAP_STRUCT] = WPKG_HEAP_ANY,
		[WPKG_HEAP_ARRAY] = WPKG_HEAP_ANY,     [WPKG_HEAP_NONE] = WPKG_HEAP_ANY,
		[WPKG_HEAP_FUNC] = WPKG_HEAP_FUNC,     [WPKG_HEAP_NOFUNC] = WPKG_HEAP_FUNC,
		[WPKG_HEAP_EXTERN] = WPKG_HEAP_EXTERN, [WPKG_HEAP_NOEXTERN] = WPKG_HEAP_EXTERN,
		[WPKG_HEAP_EXN] = WPKG_HEAP_EXN,       [WPKG_HEAP_NOEXN] = WPKG_HEAP_EXN};
	struct wpkg_types types;
	wpkg_types_init(&types, SIZE_MAX);
	for (unsigned i = 0; i < WPKG_HEAP_BOTTOM; i++) {
		ck_assert_int_eq(wpkg_types_top(&types, WPKG_REF(i)), tops[i]);
		for (unsigned j = 0; j < WPKG_HEAP_BOTTOM; j++) {
			bool is_below = wpkg_types_matches(&types, WPKG_REF(i), WPKG_REF(j));
			if (is_below)
				ck_assert_int_eq(tops[i], tops[j]);
			if (j == tops[i])
				ck_assert(is_below);
		}
	}
	wpkg_types_clear(&types);
}
END_TEST

START_TEST(a_table_adopts_the_types_of_another)
{
	const struct wpkg_field self = {.type = RELATIVE(0), .is_mutable = true};
	static const wpkg_valtype value = WPKG_TYPE_F64;
	struct wpkg_types from, into;
	struct wpkg_err err;
	uint32_t map[2], first, known;
	wpkg_types_init(&from, SIZE_MAX);
	wpkg_types_init(&into, SIZE_MAX);
	const struct wpkg_type recursive = one_field(&self, WPKG_TYPE_ID_NONE, 0);
	ck_ok(wpkg_types_add_func(&first, &from, &value, 1, 0, &err), err);
	uint32_t second = add(&from, &recursive, 1);
	known = add(&into, &recursive, 1);
	ck_ok(wpkg_types_adopt(map, &into, &from, &err), err);
	ck_assert_uint_eq(map[second], known);
	ck_assert_uint_eq(into.types[map[first]].params[0], WPKG_TYPE_F64);
	ck_assert_uint_eq(into.count, 2);
	ck_assert_uint_eq(wpkg_valtype_map(WPKG_REF_NULL_TYPE(second), map),
			  WPKG_REF_NULL_TYPE(known));
	wpkg_types_clear(&from);
	wpkg_types_clear(&into);
}
END_TEST

START_TEST(types_are_written_as_in_the_text_format)
{
	static const wpkg_valtype values[] = {WPKG_TYPE_I32, WPKG_TYPE_FUNCREF, WPKG_REF_TYPE(1),
					      WPKG_REF(WPKG_HEAP_EQ)};
	static const struct wpkg_field fields[] = {{WPKG_TYPE_I8, true},
						   {WPKG_REF_NULL_TYPE(0), false}};
	static const uint32_t names[] = {7, 9};
	struct wpkg_type func = {.composite = WPKG_COMPOSITE_FUNC,
				 .is_final = true,
				 .super = WPKG_TYPE_ID_NONE,
				 .param_count = 2,
				 .result_count = 2,
				 .params = values};
	struct wpkg_type record = {
		.composite = WPKG_COMPOSITE_STRUCT, .super = 1, .field_count = 2, .fields = fields};
	struct wpkg_buf out;
	wpkg_buf_init(&out, 1000);
	wpkg_type_format(&out, &func, NULL);
	wpkg_buf_append_byte(&out, '\n');
	wpkg_type_format(&out, &record, names);
	ck_assert_str_eq(wpkg_buf_text(&out),
			 "(func (param i32 funcref) (result (ref 1) (ref eq)))\n"
			 "(sub 9 (struct (field (mut i8)) (field (ref null 7))))");
	wpkg_buf_clear(&out);
}
END_TEST

/* Many types, so that the table grows. */
static enum wpkg_status add_many(void)
{
	wpkg_valtype values[20];
	struct wpkg_types types;
	enum wpkg_status status = WPKG_OK;
	uint32_t id;
	for (unsigned i = 0; i < 20; i++)
		values[i] = WPKG_TYPE_I32 + i % 4;
	wpkg_types_init(&types, SIZE_MAX);
	for (unsigned i = 0; status == WPKG_OK && i < 60; i++)
		status = wpkg_types_add_func(&id, &types, values, i % 10, i / 10, NULL);
	if (status == WPKG_OK)
		ck_assert_uint_eq(types.count, 60);
	wpkg_types_clear(&types);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(add_many());
}
END_TEST

UNIT_MAIN(equal_groups_get_equal_numbers, recursive_types_are_equal_by_structure_and_position,
	  subtypes_match_their_supertypes_only, abstract_heap_types_form_four_hierarchies,
	  a_table_adopts_the_types_of_another, types_are_written_as_in_the_text_format,
	  every_failed_allocation_is_reported)
