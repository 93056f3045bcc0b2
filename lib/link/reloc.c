/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations: what each type fills into its place (tool conventions, Linking.md). */
#include "link/object_int.h"
#include "wasm/writer.h"

/* What the value is of. */
enum { OF_SLOT, OF_ADDRESS, OF_TYPE, OF_CODE, OF_SECTION, OF_INDEX };
/* How it is written. */
enum { AS_ULEB, AS_SLEB, AS_FIXED };
/* What is subtracted. */
enum { FROM_ZERO, FROM_BASE, FROM_TLS, FROM_PLACE };

struct type {
	const char *name; /* NULL: unknown */
	uint8_t of, as, width, from;
	bool has_addend;
	uint8_t kind; /* enum obj_kind; OBJ_KIND_COUNT: a type */
};

#define ADDRESS(name, as, width, from)                                                             \
	{                                                                                          \
		name, OF_ADDRESS, as, width, from, true, OBJ_DATA                                  \
	}

static const struct type types[] = {
	{"FUNCTION_INDEX_LEB", OF_INDEX, AS_ULEB, 5, FROM_ZERO, false, OBJ_FUNC},
	{"TABLE_INDEX_SLEB", OF_SLOT, AS_SLEB, 5, FROM_ZERO, false, OBJ_FUNC},
	{"TABLE_INDEX_I32", OF_SLOT, AS_FIXED, 4, FROM_ZERO, false, OBJ_FUNC},
	ADDRESS("MEMORY_ADDR_LEB", AS_ULEB, 5, FROM_ZERO),
	ADDRESS("MEMORY_ADDR_SLEB", AS_SLEB, 5, FROM_ZERO),
	ADDRESS("MEMORY_ADDR_I32", AS_FIXED, 4, FROM_ZERO),
	{"TYPE_INDEX_LEB", OF_TYPE, AS_ULEB, 5, FROM_ZERO, false, OBJ_KIND_COUNT},
	{"GLOBAL_INDEX_LEB", OF_INDEX, AS_ULEB, 5, FROM_ZERO, false, OBJ_GLOBAL},
	{"FUNCTION_OFFSET_I32", OF_CODE, AS_FIXED, 4, FROM_ZERO, true, OBJ_FUNC},
	{"SECTION_OFFSET_I32", OF_SECTION, AS_FIXED, 4, FROM_ZERO, true, OBJ_SECTION},
	{"TAG_INDEX_LEB", OF_INDEX, AS_ULEB, 5, FROM_ZERO, false, OBJ_TAG},
	ADDRESS("MEMORY_ADDR_REL_SLEB", AS_SLEB, 5, FROM_ZERO),
	{"TABLE_INDEX_REL_SLEB", OF_SLOT, AS_SLEB, 5, FROM_BASE, false, OBJ_FUNC},
	{"GLOBAL_INDEX_I32", OF_INDEX, AS_FIXED, 4, FROM_ZERO, false, OBJ_GLOBAL},
	ADDRESS("MEMORY_ADDR_LEB64", AS_ULEB, 10, FROM_ZERO),
	ADDRESS("MEMORY_ADDR_SLEB64", AS_SLEB, 10, FROM_ZERO),
	ADDRESS("MEMORY_ADDR_I64", AS_FIXED, 8, FROM_ZERO),
	ADDRESS("MEMORY_ADDR_REL_SLEB64", AS_SLEB, 10, FROM_ZERO),
	{"TABLE_INDEX_SLEB64", OF_SLOT, AS_SLEB, 10, FROM_ZERO, false, OBJ_FUNC},
	{"TABLE_INDEX_I64", OF_SLOT, AS_FIXED, 8, FROM_ZERO, false, OBJ_FUNC},
	{"TABLE_NUMBER_LEB", OF_INDEX, AS_ULEB, 5, FROM_ZERO, false, OBJ_TABLE},
	ADDRESS("MEMORY_ADDR_TLS_SLEB", AS_SLEB, 5, FROM_TLS),
	{"FUNCTION_OFFSET_I64", OF_CODE, AS_FIXED, 8, FROM_ZERO, true, OBJ_FUNC},
	ADDRESS("MEMORY_ADDR_LOCREL_I32", AS_FIXED, 4, FROM_PLACE),
	{"TABLE_INDEX_REL_SLEB64", OF_SLOT, AS_SLEB, 10, FROM_BASE, false, OBJ_FUNC},
	ADDRESS("MEMORY_ADDR_TLS_SLEB64", AS_SLEB, 10, FROM_TLS),
	{"FUNCTION_INDEX_I32", OF_INDEX, AS_FIXED, 4, FROM_ZERO, false, OBJ_FUNC},
};

bool obj_reloc_known(uint8_t type)
{
	return type < sizeof(types) / sizeof(types[0]);
}

bool obj_reloc_has_addend(uint8_t type)
{
	return types[type].has_addend;
}

unsigned obj_reloc_width(uint8_t type)
{
	return types[type].width;
}

bool obj_reloc_is_leb(uint8_t type)
{
	return types[type].as != AS_FIXED;
}

uint32_t obj_reloc_kind(uint8_t type)
{
	return types[type].kind == OBJ_KIND_COUNT ? OBJ_NONE : types[type].kind;
}

const char *obj_reloc_name(uint8_t type)
{
	return types[type].name;
}

bool obj_reloc_is_slot(uint8_t type)
{
	return types[type].of == OF_SLOT;
}

static uint64_t take_u(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << (shift & 63);
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int64_t take_s(const uint8_t **at)
{
	const uint8_t *start = *at;
	uint64_t value = take_u(at);
	unsigned bits = 7 * (unsigned)(*at - start);
	bool is_negative = (*at)[-1] & 0x40;
	return (int64_t)(is_negative && bits < 64 ? value | UINT64_MAX << bits : value);
}

struct obj_reloc obj_reloc_take(const uint8_t **at)
{
	struct obj_reloc reloc = {.type = *(*at)++};
	reloc.offset = (uint32_t)take_u(at);
	reloc.index = (uint32_t)take_u(at);
	if (obj_reloc_has_addend(reloc.type))
		reloc.addend = take_s(at);
	return reloc;
}

static uint64_t index_of(const struct obj_link *o, const struct obj_symbol *symbol, uint8_t kind)
{
	if (kind == OBJ_FUNC)
		return obj_func_index(o, symbol);
	if (kind == OBJ_GLOBAL && symbol->kind != OBJ_GLOBAL)
		return symbol->address_global - 1;
	return symbol->out;
}

/*
 * What debug information says of code that is gone: an address that cannot be, -1; where -1 means
 * something else in a list, -2.
 */
static int64_t tombstone(struct wpkg_str section, int64_t addend)
{
	if (wpkg_str_equal_text(section, ".debug_ranges") ||
	    wpkg_str_equal_text(section, ".debug_loc"))
		return -2;
	bool is_debug = wpkg_str_starts(section, WPKG_LIT(".debug_")) ||
			wpkg_str_starts(section, WPKG_LIT("llvm.func_attr."));
	return is_debug ? -1 : addend;
}

static int64_t address_value(const struct obj_link *o, const struct obj_symbol *symbol,
			     const struct type *type, const struct obj_reloc *reloc, uint64_t place)
{
	bool is_nowhere = symbol->state == OBJ_IS_UNDEFINED || symbol->state == OBJ_IS_LAZY;
	if (is_nowhere && type->from != FROM_PLACE)
		return 0;
	uint64_t address = obj_data_address(o, symbol) + (uint64_t)reloc->addend;
	if (type->from == FROM_TLS)
		address -= o->tls_at;
	else if (type->from == FROM_PLACE)
		address -= place;
	return (int64_t)address;
}

static int64_t section_value(const struct obj_link *o, const struct obj_file *file,
			     const struct obj_reloc *reloc)
{
	uint32_t index = file->refs[reloc->index].index;
	if (index >= file->custom_count)
		return reloc->addend;
	const struct obj_chunk *target = &file->customs[index];
	if (target->is_live && o->custom_parts[target->part].is_strings)
		return (int64_t)obj_strings_find(&o->custom_parts[target->part], file, target,
						 reloc->addend);
	return (int64_t)target->out + reloc->addend;
}

int64_t obj_reloc_value(const struct obj_link *o, const struct obj_file *file,
			const struct obj_chunk *chunk, const struct obj_reloc *reloc,
			struct wpkg_str section, uint32_t body_start)
{
	const struct type *type = &types[reloc->type];
	if (type->of == OF_TYPE)
		return o->type_out[file->types[reloc->index]];
	const struct obj_symbol *symbol = &o->symbols[file->refs[reloc->index].symbol];
	const struct obj_chunk *target = obj_symbol_chunk(o, symbol);
	if (section.len > 0 && type->of != OF_SECTION && type->of != OF_INDEX &&
	    (!target || !target->is_live))
		return tombstone(section, reloc->addend);
	switch (type->of) {
	case OF_SLOT:
		return (int64_t)symbol->slot - (type->from == FROM_BASE);
	case OF_ADDRESS:
		return address_value(o, symbol, type, reloc,
				     obj_chunk_address(o, chunk) + body_start + reloc->offset -
					     chunk->range.start);
	case OF_CODE:
		return (target ? (int64_t)target->code_at : 0) + reloc->addend;
	case OF_SECTION:
		return section_value(o, file, reloc);
	default:
		if (section.len > 0 && target && !target->is_live)
			return tombstone(section, 0);
		return (int64_t)index_of(o, symbol, type->kind);
	}
}

static void put_padded(struct wpkg_buf *out, int64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		wpkg_buf_append_byte(out, (uint8_t)((value & 0x7f) | (i + 1 < width ? 0x80 : 0)));
		value >>= 7;
	}
}

static void put_value(struct wpkg_buf *out, const struct type *type, int64_t value, bool is_short)
{
	/* The values of 32 bits wrap around in the form that they are read in. */
	if (type->as == AS_SLEB && type->width == 5)
		value = (int32_t)(uint32_t)(uint64_t)value;
	else if (type->as == AS_ULEB && type->width == 5)
		value = (uint32_t)(uint64_t)value;
	if (type->as == AS_FIXED)
		wpkg_writer_fixed(out, (uint64_t)value, type->width);
	else if (!is_short)
		put_padded(out, value, type->width);
	else if (type->as == AS_SLEB)
		wpkg_writer_signed(out, value);
	else
		wpkg_writer_u64(out, (uint64_t)value);
}

void obj_reloc_apply(struct wpkg_buf *out, const struct obj_link *o, const struct obj_file *file,
		     const struct obj_chunk *chunk, uint32_t section_start, struct wpkg_str name,
		     bool is_short)
{
	uint32_t copied = chunk->range.start;
	const uint8_t *at = obj_relocs_of(file, chunk);
	for (uint32_t i = 0; i < chunk->reloc_count; i++) {
		struct obj_reloc reloc = obj_reloc_take(&at);
		uint32_t place = section_start + reloc.offset;
		if (place < copied)
			continue; /* two for one place: the first holds */
		wpkg_buf_append(out, wpkg_module_at(file->module, copied), place - copied);
		put_value(out, &types[reloc.type],
			  obj_reloc_value(o, file, chunk, &reloc, name, section_start), is_short);
		copied = place + types[reloc.type].width;
	}
	wpkg_buf_append(out, wpkg_module_at(file->module, copied), chunk->range.end - copied);
}
