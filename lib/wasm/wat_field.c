/* SPDX-License-Identifier: Apache-2.0 */
/* Imports, exports, and what is defined without code: tables, memories, globals, tags. */
#include "wasm/opcode.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

void wat_define(struct wat_parser *p, enum wpkg_extern kind)
{
	if (!p->defined)
		p->defined = wpkg_extern_name(kind);
}

/* Exports. */

static void add_export(struct wat_parser *p, struct wpkg_str name, enum wpkg_extern kind,
		       uint32_t index)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_EXPORT];
	wpkg_writer_name(&section->bytes, name);
	wpkg_buf_append_byte(&section->bytes, (uint8_t)kind);
	wpkg_writer_u32(&section->bytes, index);
	section->count++;
}

void wat_inline_exports(struct wat_parser *p, enum wpkg_extern kind, uint32_t index)
{
	while (wat_accept_open(p, "export")) {
		add_export(p, wat_name(p), kind, index);
		wat_expect_close(p);
	}
}

/* "(func", "(table", ...: true, and the kind. */
static bool accept_kind(struct wat_parser *p, enum wpkg_extern *kind)
{
	for (unsigned i = 0; i < WPKG_EXTERN_COUNT; i++) {
		*kind = (enum wpkg_extern)i;
		if (wat_accept_open(p, wpkg_extern_name(*kind)))
			return true;
	}
	return wat_unexpected(p, "(func, (table, (memory, (global or (tag");
}

void wat_export(struct wat_parser *p)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_EXPORT];
	enum wpkg_extern kind;
	wpkg_writer_name(&section->bytes, wat_name(p));
	if (!accept_kind(p, &kind))
		return;
	wpkg_buf_append_byte(&section->bytes, (uint8_t)kind);
	wpkg_writer_u32(&section->bytes, wat_index(p, (enum wat_space)kind));
	section->count++;
	wat_expect_close(p);
}

void wat_start(struct wat_parser *p)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_START];
	if (section->count++ > 0)
		wat_fail(p, "multiple start sections");
	wpkg_writer_u32(&section->bytes, wat_index(p, WAT_FUNC));
}

/* Types of what is imported or defined. */

struct limits {
	bool is_64, has_max, is_shared;
	uint64_t min, max;
	unsigned page_log2;
};

/* "i64"? */
static bool address_type(struct wat_parser *p)
{
	if (wat_accept_word(p, "i64"))
		return true;
	(void)wat_accept_word(p, "i32");
	return false;
}

static void limits(struct wat_parser *p, struct limits *limits)
{
	limits->min = wat_u64(p);
	limits->has_max = p->token.kind == WAT_NUMBER;
	if (limits->has_max)
		limits->max = wat_u64(p);
}

/* Binary format, "Limits"; bits 1 and 3 are the proposals' threads and custom page sizes. */
static void write_limits(struct wpkg_buf *out, const struct limits *limits)
{
	bool has_page = limits->page_log2 != 16;
	wpkg_buf_append_byte(out, (uint8_t)(limits->has_max | limits->is_shared << 1 |
					    limits->is_64 << 2 | has_page << 3));
	wpkg_writer_u64(out, limits->min);
	if (limits->has_max)
		wpkg_writer_u64(out, limits->max);
	if (has_page)
		wpkg_writer_u32(out, limits->page_log2);
}

/* "(pagesize N)"? */
static void page_size(struct wat_parser *p, struct limits *limits)
{
	uint32_t where = p->token.start;
	limits->page_log2 = 16;
	if (!wat_accept_open(p, "pagesize"))
		return;
	uint64_t bytes = wat_u64(p);
	wat_expect_close(p);
	if (bytes == 0 || (bytes & (bytes - 1)) != 0)
		wat_fail_at(p, where, "invalid custom page size: not a power of two");
	else
		limits->page_log2 = (unsigned)__builtin_ctzll(bytes);
}

static void memory_type(struct wat_parser *p, struct wpkg_buf *out)
{
	struct limits type = {.is_64 = address_type(p)};
	limits(p, &type);
	type.is_shared = wat_accept_word(p, "shared");
	page_size(p, &type);
	write_limits(out, &type);
}

static void write_table_type(struct wpkg_buf *out, const struct limits *limits,
			     wpkg_valtype element)
{
	wpkg_writer_valtype(out, element);
	write_limits(out, limits);
}

static void table_type(struct wat_parser *p, struct wpkg_buf *out)
{
	struct limits type = {.is_64 = address_type(p), .page_log2 = 16};
	limits(p, &type);
	write_table_type(out, &type, wat_reftype(p));
}

static void tag_type(struct wat_parser *p, struct wpkg_buf *out)
{
	wpkg_buf_append_byte(out, 0);
	wpkg_writer_u32(out, wat_type_use(p, WAT_PARAMS_IGNORED));
}

static void extern_type(struct wat_parser *p, enum wpkg_extern kind, struct wpkg_buf *out)
{
	switch (kind) {
	case WPKG_EXTERN_FUNC:
		wpkg_writer_u32(out, wat_type_use(p, WAT_PARAMS_IGNORED));
		break;
	case WPKG_EXTERN_TABLE:
		table_type(p, out);
		break;
	case WPKG_EXTERN_MEMORY:
		memory_type(p, out);
		break;
	case WPKG_EXTERN_GLOBAL:
		wat_global_type(p, out);
		break;
	default:
		tag_type(p, out);
		break;
	}
}

/* Imports. */

/* Both names; true when an import may stand here. */
static bool import_names(struct wat_parser *p, uint32_t where)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_IMPORT];
	if (p->defined)
		return wat_fail_at(p, where, "import after %s definition", p->defined);
	wpkg_writer_name(&section->bytes, wat_name(p));
	wpkg_writer_name(&section->bytes, wat_name(p));
	section->count++;
	return true;
}

void wat_import(struct wat_parser *p)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_IMPORT].bytes;
	enum wpkg_extern kind;
	if (!import_names(p, p->token.start) || !accept_kind(p, &kind))
		return;
	p->counts[kind]++;
	wat_skip_binding(p);
	wpkg_buf_append_byte(out, (uint8_t)kind);
	extern_type(p, kind, out);
	wat_expect_close(p);
}

bool wat_inline_import(struct wat_parser *p, enum wpkg_extern kind)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_IMPORT].bytes;
	uint32_t where = p->token.start;
	if (!wat_accept_open(p, "import"))
		return false;
	if (!import_names(p, where) || !wat_expect_close(p))
		return true;
	wpkg_buf_append_byte(out, (uint8_t)kind);
	extern_type(p, kind, out);
	return true;
}

/* Definitions. */

/* The index, its exports, and an import when it is one: true. */
static bool begin(struct wat_parser *p, enum wpkg_extern kind, uint32_t *index)
{
	static const enum wpkg_section sections[] = {WPKG_SECTION_FUNCTION, WPKG_SECTION_TABLE,
						     WPKG_SECTION_MEMORY, WPKG_SECTION_GLOBAL,
						     WPKG_SECTION_TAG};
	*index = p->counts[kind]++;
	wat_skip_binding(p);
	wat_inline_exports(p, kind, *index);
	if (wat_inline_import(p, kind))
		return true;
	wat_define(p, kind);
	p->sections[sections[kind]].count++;
	return false;
}

void wat_table(struct wat_parser *p)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_TABLE].bytes;
	uint32_t index;
	if (begin(p, WPKG_EXTERN_TABLE, &index))
		return;
	struct limits type = {.is_64 = address_type(p), .page_log2 = 16};
	if (p->token.kind != WAT_NUMBER) { /* as many entries as it brings along */
		wpkg_valtype element = wat_reftype(p);
		type.has_max = true;
		type.min = type.max = wat_inline_elem(p, index, type.is_64, element);
		write_table_type(out, &type, element);
		return;
	}
	limits(p, &type);
	wpkg_valtype element = wat_reftype(p);
	bool has_init = p->token.kind != WAT_CLOSE;
	if (has_init)
		wpkg_buf_append(out, "\x40\x00", 2);
	write_table_type(out, &type, element);
	if (!has_init)
		return;
	wat_instructions(p, out);
	wpkg_writer_opcode(out, WPKG_OP_END);
}

void wat_memory(struct wat_parser *p)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_MEMORY].bytes;
	uint32_t index;
	if (begin(p, WPKG_EXTERN_MEMORY, &index))
		return;
	struct limits type = {.is_64 = address_type(p)};
	if (p->token.kind != WAT_NUMBER) { /* as large as the data it brings along */
		page_size(p, &type);
		uint64_t length = wat_inline_data(p, index, type.is_64);
		uint64_t mask = (UINT64_C(1) << type.page_log2) - 1;
		type.has_max = true;
		type.min = type.max = (length + mask) >> type.page_log2;
	} else {
		limits(p, &type);
		type.is_shared = wat_accept_word(p, "shared");
		page_size(p, &type);
	}
	write_limits(out, &type);
}

void wat_global(struct wat_parser *p)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_GLOBAL].bytes;
	uint32_t index;
	if (begin(p, WPKG_EXTERN_GLOBAL, &index))
		return;
	wat_global_type(p, out);
	wat_instructions(p, out);
	wpkg_writer_opcode(out, WPKG_OP_END);
}

void wat_tag(struct wat_parser *p)
{
	uint32_t index;
	if (!begin(p, WPKG_EXTERN_TAG, &index))
		tag_type(p, &p->sections[WPKG_SECTION_TAG].bytes);
}
