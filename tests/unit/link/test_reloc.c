/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each type of relocation of the tool conventions: an object with one place of that type, in code,
 * in data or in a custom section, and what stands there in the linked module.
 */
#include "../unit.h"

#include "link/object.h"
#include "wasm/module.h"
#include "wasm/reader.h"
#include "written_object.h"

/* Symbols of the object, in their order. */
enum { START, TARGET, THING, MINE_GLOBAL, SECTION, MINE_TABLE, MINE_TAG, SYMBOL_COUNT };
enum { IN_CODE, IN_DATA, IN_CUSTOM };

/* Sections, by number. */
enum { CODE_SECTION = 6, DATA_SECTION = 7, CUSTOM_SECTION = 8 };

struct place {
	const char *name;
	uint8_t type, where;
	uint8_t width;
	uint32_t index; /* symbol, or type */
	int64_t addend; /* -1: the type has none */
	bool is_64, is_tls;
	const char *before; /* code in front of the place and behind it, in hexadecimal */
	const char *after;
	uint8_t filler; /* what the place holds in the object */
	int64_t value;	/* in the module; 0x10000 is behind the stack; OFFSET: of target's body */
};

#define OFFSET INT64_MAX

static const struct place places[] = {
	{"FUNCTION_INDEX_LEB", 0, IN_CODE, 5, TARGET, -1, false, false, "10", "", 0, 1},
	{"TABLE_INDEX_SLEB", 1, IN_CODE, 5, TARGET, -1, false, false, "41", "1a", 0, 1},
	{"TABLE_INDEX_I32", 2, IN_DATA, 4, TARGET, -1, false, false, "", "", 0xee, 1},
	{"MEMORY_ADDR_LEB", 3, IN_CODE, 5, THING, 3, false, false, "41002802", "1a", 0, 0x1000b},
	{"MEMORY_ADDR_SLEB", 4, IN_CODE, 5, THING, 3, false, false, "41", "1a", 0, 0x1000b},
	{"MEMORY_ADDR_I32", 5, IN_DATA, 4, THING, 3, false, false, "", "", 0xee, 0x1000b},
	{"TYPE_INDEX_LEB", 6, IN_CODE, 5, 2, -1, false, false, "4100410011", "00", 2, 1},
	{"GLOBAL_INDEX_LEB", 7, IN_CODE, 5, MINE_GLOBAL, -1, false, false, "23", "1a", 1, 0},
	{"FUNCTION_OFFSET_I32", 8, IN_CUSTOM, 4, TARGET, 2, false, false, "", "", 0xee, OFFSET},
	{"SECTION_OFFSET_I32", 9, IN_CUSTOM, 4, SECTION, 2, false, false, "", "", 0xee, 2},
	{"TAG_INDEX_LEB", 10, IN_CODE, 5, MINE_TAG, -1, false, false, "08", "", 1, 0},
	{"MEMORY_ADDR_REL_SLEB", 11, IN_CODE, 5, THING, 3, false, false, "41", "1a", 0, 0x1000b},
	{"TABLE_INDEX_REL_SLEB", 12, IN_CODE, 5, TARGET, -1, false, false, "41", "1a", 7, 0},
	{"GLOBAL_INDEX_I32", 13, IN_CUSTOM, 4, MINE_GLOBAL, -1, false, false, "", "", 0xee, 0},
	{"MEMORY_ADDR_LEB64", 14, IN_CODE, 10, THING, 3, true, false, "42002802", "1a", 0, 0x1000b},
	{"MEMORY_ADDR_SLEB64", 15, IN_CODE, 10, THING, 3, true, false, "42", "1a", 0, 0x1000b},
	{"MEMORY_ADDR_I64", 16, IN_DATA, 8, THING, 3, true, false, "", "", 0xee, 0x1000b},
	{"MEMORY_ADDR_REL_SLEB64", 17, IN_CODE, 10, THING, 3, true, false, "42", "1a", 0, 0x1000b},
	{"TABLE_INDEX_SLEB64", 18, IN_CODE, 10, TARGET, -1, true, false, "42", "1a", 0, 1},
	{"TABLE_INDEX_I64", 19, IN_DATA, 8, TARGET, -1, true, false, "", "", 0xee, 1},
	{"TABLE_NUMBER_LEB", 20, IN_CODE, 5, MINE_TABLE, -1, false, false, "41001100", "", 0, 1},
	{"MEMORY_ADDR_TLS_SLEB", 21, IN_CODE, 5, THING, 3, false, true, "41", "1a", 0, 3},
	{"FUNCTION_OFFSET_I64", 22, IN_CUSTOM, 8, TARGET, 2, false, false, "", "", 0xee, OFFSET},
	{"MEMORY_ADDR_LOCREL_I32", 23, IN_DATA, 4, THING, 3, false, false, "", "", 0xee, 11},
	{"TABLE_INDEX_REL_SLEB64", 24, IN_CODE, 10, TARGET, -1, true, false, "42", "1a", 7, 0},
	{"MEMORY_ADDR_TLS_SLEB64", 25, IN_CODE, 10, THING, 3, true, true, "42", "1a", 0, 3},
	{"FUNCTION_INDEX_I32", 26, IN_CUSTOM, 4, TARGET, -1, false, false, "", "", 0xee, 1},
	/* Of a table of 64 bits. */
	{"TYPE_INDEX_LEB, 64", 6, IN_CODE, 5, 2, -1, true, false, "4100420011", "00", 2, 1},
};

static void put_import(const char *field, uint8_t kind)
{
	wpkg_writer_name(&section, WPKG_LIT("env"));
	wpkg_writer_name(&section, wpkg_str_from(field));
	PUT(kind);
}

static size_t put_hex(const char *text)
{
	for (const char *at = text; *at; at += 2) {
		const char digits[] = {at[0], at[1], 0};
		PUT((uint8_t)strtoul(digits, NULL, 16));
	}
	return strlen(text) / 2;
}

/* Bytes of that width, in code a number with padding. */
static void put_filler(const struct place *place)
{
	for (unsigned i = 0; i < place->width; i++) {
		bool is_last = i + 1 == place->width;
		if (place->where != IN_CODE)
			PUT(place->filler);
		else
			PUT((uint8_t)((i == 0 ? place->filler : 0) | (is_last ? 0 : 0x80)));
	}
}

/* Where the place is in its section. */
static uint8_t put_code(const struct place *place)
{
	bool is_here = place->where == IN_CODE;
	size_t around = is_here ? (strlen(place->before) + strlen(place->after)) / 2 : 0;
	PUT(2, (uint8_t)(2 + (is_here ? around + place->width : 0)), 0);
	size_t at = 3;
	if (is_here) {
		at += put_hex(place->before);
		put_filler(place);
		put_hex(place->after);
	}
	PUT(0x0b, 2, 0, 0x0b);
	return (uint8_t)at;
}

/* The place, which 8 bytes are for, and the thing. */
static uint8_t put_data(const struct place *place)
{
	uint8_t constant = place->is_64 ? 0x42 : 0x41;
	PUT(2, 0, constant, 0, 0x0b, 8);
	struct place filling = *place;
	filling.where = IN_DATA;
	filling.width = 8;
	put_filler(&filling);
	PUT(0, constant, 8, 0x0b, 4, 1, 2, 3, 4);
	return 6;
}

static void put_symbols(void)
{
	static const struct {
		uint8_t kind, flags, index;
		const char *name;
	} symbols[SYMBOL_COUNT] = {[START] = {0, 0, 0, "_start"},
				   [TARGET] = {0, 0, 1, "target"},
				   [THING] = {1, 0, 1, "thing"},
				   [MINE_GLOBAL] = {2, 0, 1, "mine_global"},
				   [SECTION] = {3, 2, CUSTOM_SECTION, NULL},
				   [MINE_TABLE] = {5, 0, 1, "mine_table"},
				   [MINE_TAG] = {4, 0, 1, "mine_tag"}};
	PUT(SYMBOL_COUNT);
	for (unsigned i = 0; i < SYMBOL_COUNT; i++) {
		PUT(symbols[i].kind, symbols[i].flags);
		if (i == THING) {
			wpkg_writer_name(&section, wpkg_str_from(symbols[i].name));
			PUT(symbols[i].index, 0, 4);
			continue;
		}
		PUT(symbols[i].index);
		if (symbols[i].name)
			wpkg_writer_name(&section, wpkg_str_from(symbols[i].name));
	}
}

static void put_linking(const struct place *place)
{
	struct wpkg_buf linking = section;
	wpkg_buf_init(&section, 1 << 12);
	PUT(2);
	wpkg_writer_name(&section, WPKG_LIT(".data.place"));
	PUT(3, 0);
	wpkg_writer_name(&section,
			 place->is_tls ? WPKG_LIT(".tdata.thing") : WPKG_LIT(".data.thing"));
	PUT(2, place->is_tls ? 2 : 0);
	struct wpkg_buf segments = section;
	wpkg_buf_init(&section, 1 << 12);
	put_symbols();
	struct wpkg_buf symbols = section;
	section = linking;
	PUT(2, 5);
	wpkg_writer_name(&section, wpkg_buf_str(&segments));
	PUT(8);
	wpkg_writer_name(&section, wpkg_buf_str(&symbols));
	end_custom("linking");
	wpkg_buf_clear(&segments);
	wpkg_buf_clear(&symbols);
}

static void build(const struct place *place)
{
	static const uint8_t numbers[] = {CODE_SECTION, DATA_SECTION, CUSTOM_SECTION};
	static const char *const names[] = {"reloc.CODE", "reloc.DATA", "reloc..debug_place"};
	uint8_t wide = place->is_64 ? 4 : 0, pointer = place->is_64 ? 0x7e : 0x7f;
	wpkg_writer_header(&object);
	PUT(3, 0x60, 0, 0, 0x60, 1, 0x7e, 0, 0x60, 1, 0x7f, 0);
	end_section(WPKG_SECTION_TYPE);
	PUT(4);
	put_import("__linear_memory", 2);
	PUT(wide, 1);
	put_import("__indirect_function_table", 1);
	PUT(0x70, wide, 0);
	put_import("__stack_pointer", 3);
	PUT(pointer, 1);
	put_import("other_tag", 4);
	PUT(0, 0);
	end_section(WPKG_SECTION_IMPORT);
	PUT(2, 0, 0);
	end_section(WPKG_SECTION_FUNCTION);
	PUT(1, 0x70, 0, 1);
	end_section(WPKG_SECTION_TABLE);
	PUT(1, 0, 0);
	end_section(WPKG_SECTION_TAG);
	PUT(1, 0x7f, 0, 0x41, 5, 0x0b);
	end_section(WPKG_SECTION_GLOBAL);
	uint8_t offsets[3] = {put_code(place)};
	end_section(WPKG_SECTION_CODE);
	offsets[IN_DATA] = put_data(place);
	end_section(WPKG_SECTION_DATA);
	PUT(0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee);
	end_custom(".debug_place");
	put_linking(place);
	PUT(numbers[place->where], 1, place->type, offsets[place->where], (uint8_t)place->index);
	if (place->addend >= 0)
		PUT((uint8_t)place->addend);
	end_custom(names[place->where]);
}

/* What stands where the place was. */
static int64_t value_in(const struct wpkg_module *module, const struct place *place)
{
	struct wpkg_range range = wpkg_module_body(module, 0);
	if (place->where == IN_DATA)
		range = module->datas[place->is_tls ? 1 : 0].bytes;
	else if (place->where == IN_CUSTOM)
		range = wpkg_module_find_custom(module, WPKG_LIT(".debug_place"))->body;
	struct wpkg_reader r;
	wpkg_reader_init(&r, wpkg_module_slice(module, range), range.start, NULL);
	if (place->where == IN_CODE) {
		wpkg_reader_skip(&r, 1 + (uint32_t)strlen(place->before) / 2);
		return (place->before[0] == '4' && place->before[2] == '\0')
			       ? wpkg_reader_signed(&r, 64)
			       : (int64_t)wpkg_reader_u64(&r);
	}
	uint64_t value = 0;
	for (unsigned i = 0; i < place->width; i++)
		value |= (uint64_t)wpkg_reader_byte(&r) << 8 * i;
	return (int64_t)value;
}

static int64_t wanted_in(const struct wpkg_module *module, const struct place *place)
{
	if (place->value != OFFSET)
		return place->value;
	for (uint32_t i = 0; i < module->section_count; i++)
		if (module->sections[i].id == WPKG_SECTION_CODE)
			return wpkg_module_body(module, 1).start - module->sections[i].body.start +
			       place->addend;
	return -1;
}

static void check_place(const struct place *place)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	struct wpkg_module *module = NULL;
	static const struct wpkg_str kept[] = {WPKG_STR("target"), WPKG_STR("thing")};
	wpkg_buf_init(&section, 1 << 12);
	wpkg_buf_init(&object, 1 << 12);
	wpkg_buf_init(&out, 1 << 16);
	build(place);
	const struct wpkg_object_input input = {.name = WPKG_LIT("a.o"),
						.bytes = wpkg_buf_str(&object)};
	const struct wpkg_object_options options = {
		.inputs = &input, .input_count = 1, .undefined = {kept, 2}, .no_gc = true};
	enum wpkg_status status = wpkg_object_link(&out, &options, NULL, &err);
	ck_assert_msg(status == WPKG_OK, "%s: %s", place->name, err.msg);
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(&out), NULL, &err), err);
	int64_t found = value_in(module, place), wanted = wanted_in(module, place);
	ck_assert_msg(found == wanted, "%s: 0x%llx, not 0x%llx", place->name,
		      (unsigned long long)found, (unsigned long long)wanted);
	wpkg_module_free(module);
	wpkg_buf_clear(&out);
	wpkg_buf_clear(&object);
	wpkg_buf_clear(&section);
}

START_TEST(each_type_gets_its_value)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		check_place(&places[i]);
}
END_TEST

UNIT_MAIN(each_type_gets_its_value)
