/* SPDX-License-Identifier: Apache-2.0 */
#include "builder.h"

#include "wasm/facts.h"

/* A module with a bit of everything that facts tell. */
static void build(struct wpkg_buf *out)
{
	put_header(out);
	put_custom(out, "dylink.0", WPKG_LIT("\1\6\x90\x81\4\4\2\0\2\x7\1\5libm."));
	put_bytes(out, WPKG_SECTION_TYPE, "\3\x60\2\x7f\x7e\1\x7d\x60\0\0\x60\1\x7f\0");
	put_bytes(out, WPKG_SECTION_IMPORT,
		  "\4\3env\1f\0\0\3env\1m\2\3\1\2\3env\1g\3\x7f\1\3env\1e\4\0\2");
	put_bytes(out, WPKG_SECTION_FUNCTION, "\1\1");
	put_bytes(out, WPKG_SECTION_TABLE, "\1\x70\1\1\x0a");
	put_bytes(out, WPKG_SECTION_EXPORT, "\3\1t\1\0\2go\0\1\1x\4\0");
	put_bytes(out, WPKG_SECTION_START, "\1");
	put_bytes(out, WPKG_SECTION_CODE, "\1\2\0\x0b");
	put_custom(out, "name", WPKG_LIT("\0\3\2ab\1\5\1\1\2go"));
	put_custom(out, "producers",
		   WPKG_LIT("\2\x8language\1\4Rust\0\xcprocessed-by\2\5rustc\6"
			    "1.92.0\4wabt\1"
			    "2"));
	put_custom(out, "target_features", WPKG_LIT("\2+\x8sign-ext-\4simd"));
	put_custom(out, ".debug_info", WPKG_LIT(""));
}

#define ck_text(str, expected)                                                                     \
	ck_assert_msg(wpkg_str_equal_text((str), (expected)), "'%.*s', not '%s'",                  \
		      WPKG_STR_ARG(str), (expected))

START_TEST(imports_and_exports_have_their_types_as_text)
{
	struct wpkg_buf bytes;
	struct wpkg_facts *facts = NULL;
	struct wpkg_err err;
	build(&bytes);
	struct wpkg_module *module = read_valid(&bytes);
	ck_ok(wpkg_facts_of_module(&facts, module, &err), err);
	wpkg_module_free(module);
	ck_assert_int_eq(facts->kind, WPKG_WASM_MODULE);
	ck_assert_uint_eq(facts->import_count, 4);
	ck_text(facts->imports[0].type, "func (param i32 i64) (result f32)");
	ck_text(facts->imports[1].type, "memory 1 2 shared");
	ck_text(facts->imports[2].type, "global (mut i32)");
	ck_text(facts->imports[3].type, "tag (param i32)");
	ck_text(facts->imports[3].module, "env");
	ck_assert_uint_eq(facts->export_count, 3);
	ck_text(facts->exports[0].type, "table 1 10 funcref");
	ck_text(facts->exports[1].type, "func");
	ck_text(facts->exports[1].name, "go");
	ck_assert_uint_eq(facts->memory_count, 1);
	ck_assert(facts->memories[0].is_imported);
	ck_assert(facts->has_start);
	ck_assert_uint_eq(facts->functions, 1);
	wpkg_facts_free(facts);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(features_come_in_the_order_of_their_first_use)
{
	struct wpkg_buf bytes;
	struct wpkg_facts *facts = NULL;
	struct wpkg_err err;
	build(&bytes);
	struct wpkg_module *module = read_valid(&bytes);
	ck_ok(wpkg_facts_of_module(&facts, module, &err), err);
	ck_assert_uint_eq(facts->feature_count, 3);
	ck_assert_int_eq(facts->features[0].feature, WPKG_FEATURE_THREADS);
	ck_assert_int_eq(facts->features[1].feature, WPKG_FEATURE_MUTABLE_GLOBALS);
	ck_assert_int_eq(facts->features[2].feature, WPKG_FEATURE_EXCEPTIONS);
	ck_assert_uint_lt(facts->features[0].offset, facts->features[1].offset);
	wpkg_facts_free(facts);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(custom_sections_say_who_made_it)
{
	struct wpkg_buf bytes;
	struct wpkg_facts *facts = NULL;
	struct wpkg_err err;
	build(&bytes);
	struct wpkg_module *module = read_valid(&bytes);
	ck_ok(wpkg_facts_of_module(&facts, module, &err), err);
	ck_text(facts->name, "ab");
	ck_assert(facts->has_function_names);
	ck_assert(facts->has_debug_info);
	ck_assert_uint_eq(facts->producer_count, 3);
	ck_text(facts->producers[1].field, "processed-by");
	ck_text(facts->producers[1].name, "rustc");
	ck_text(facts->producers[1].version, "1.92.0");
	ck_assert_uint_eq(facts->target_count, 2);
	ck_assert_int_eq(facts->targets[1].prefix, '-');
	ck_text(facts->targets[0].name, "sign-ext");
	ck_text(facts->dylink.section, "dylink.0");
	ck_assert_uint_eq(facts->dylink.memory_size, 65680);
	ck_assert_uint_eq(facts->dylink.needed_count, 1);
	ck_text(facts->dylink.needed[0], "libm.");
	ck_assert_uint_eq(facts->section_count, module->section_count);
	ck_text(facts->sections[0].custom, "dylink.0");
	ck_assert_uint_eq(facts->sections[1].count, 3);
	uint64_t sum = 8;
	for (uint32_t i = 0; i < facts->section_count; i++)
		sum += facts->sections[i].size;
	ck_assert_uint_eq(sum, facts->size);
	wpkg_facts_free(facts);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(a_broken_custom_section_counts_up_to_the_break)
{
	struct wpkg_buf bytes;
	struct wpkg_facts *facts = NULL;
	struct wpkg_err err;
	put_header(&bytes);
	put_custom(&bytes, "producers", WPKG_LIT("\x1\3sdk\xff\xff\xff\xff\xf\1a\1b\1c"));
	put_custom(&bytes, "target_features", WPKG_LIT("\x7f+\3mem"));
	put_custom(&bytes, "name", WPKG_LIT("\0\x7f"));
	struct wpkg_module *module = read_valid(&bytes);
	ck_ok(wpkg_facts_of_module(&facts, module, &err), err);
	ck_assert_uint_eq(facts->producer_count, 1);
	ck_assert_uint_eq(facts->target_count, 0);
	ck_assert_uint_eq(facts->name.len, 0);
	wpkg_facts_free(facts);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(a_component_is_known_as_one_and_refused_as_a_module)
{
	static const char component[] = "\0asm\xd\0\1\0\1\x8\0asm\1\0\0\0\0\xe\tproducers\0\0\0\0";
	struct wpkg_str bytes = wpkg_str_of(component, sizeof(component) - 1);
	struct wpkg_facts *facts = NULL;
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	ck_assert_int_eq(wpkg_wasm_kind_of(bytes), WPKG_WASM_COMPONENT);
	ck_status(wpkg_module_read(&module, bytes, NULL, &err), WPKG_EFORMAT);
	ck_assert_str_eq(err.msg, "0x4: this is a component, not a core module");
	ck_ok(wpkg_facts_of_component(&facts, bytes, &err), err);
	ck_assert_uint_eq(facts->section_count, 2);
	ck_assert_str_eq(facts->sections[0].name, "core module");
	ck_text(facts->sections[1].custom, "producers");
	wpkg_facts_free(facts);
	facts = NULL;
	bytes.len--;
	ck_status(wpkg_facts_of_component(&facts, bytes, &err), WPKG_EFORMAT);
	ck_assert_ptr_null(facts);
	ck_assert_int_eq(wpkg_wasm_kind_of(WPKG_LIT("\0asm\2\0\0\0")), WPKG_WASM_UNKNOWN);
}
END_TEST

static enum wpkg_status read_all(struct wpkg_str bytes)
{
	struct wpkg_module *module = NULL;
	struct wpkg_facts *facts = NULL;
	enum wpkg_status status = wpkg_module_read(&module, bytes, NULL, NULL);
	if (status == WPKG_OK)
		status = wpkg_facts_of_module(&facts, module, NULL);
	wpkg_facts_free(facts);
	wpkg_module_free(module);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes;
	build(&bytes);
	unit_fail_each_allocation(read_all(wpkg_buf_str(&bytes)));
	wpkg_buf_clear(&bytes);
}
END_TEST

UNIT_MAIN(imports_and_exports_have_their_types_as_text,
	  features_come_in_the_order_of_their_first_use, custom_sections_say_who_made_it,
	  a_broken_custom_section_counts_up_to_the_break,
	  a_component_is_known_as_one_and_refused_as_a_module, every_failed_allocation_is_reported)
