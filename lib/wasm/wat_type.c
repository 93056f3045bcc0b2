/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the text format. A concrete reference is the word with its type index. */
#include "base/hash.h"
#include "base/mem.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

struct word {
	const char *text;
	wpkg_valtype type;
};

static const struct word value_words[] = {
	{"i32", WPKG_TYPE_I32}, {"i64", WPKG_TYPE_I64},	  {"f32", WPKG_TYPE_F32},
	{"f64", WPKG_TYPE_F64}, {"v128", WPKG_TYPE_V128}, {NULL, 0},
};

static const struct word packed_words[] = {
	{"i8", WPKG_TYPE_I8},
	{"i16", WPKG_TYPE_I16},
	{NULL, 0},
};

static const struct word reference_words[] = {
	{"funcref", WPKG_REF_NULL(WPKG_HEAP_FUNC)},
	{"externref", WPKG_REF_NULL(WPKG_HEAP_EXTERN)},
	{"anyref", WPKG_REF_NULL(WPKG_HEAP_ANY)},
	{"eqref", WPKG_REF_NULL(WPKG_HEAP_EQ)},
	{"i31ref", WPKG_REF_NULL(WPKG_HEAP_I31)},
	{"structref", WPKG_REF_NULL(WPKG_HEAP_STRUCT)},
	{"arrayref", WPKG_REF_NULL(WPKG_HEAP_ARRAY)},
	{"exnref", WPKG_REF_NULL(WPKG_HEAP_EXN)},
	{"nullref", WPKG_REF_NULL(WPKG_HEAP_NONE)},
	{"nullfuncref", WPKG_REF_NULL(WPKG_HEAP_NOFUNC)},
	{"nullexternref", WPKG_REF_NULL(WPKG_HEAP_NOEXTERN)},
	{"nullexnref", WPKG_REF_NULL(WPKG_HEAP_NOEXN)},
	{NULL, 0},
};

static const struct word heap_words[] = {
	{"func", WPKG_REF(WPKG_HEAP_FUNC)},
	{"extern", WPKG_REF(WPKG_HEAP_EXTERN)},
	{"any", WPKG_REF(WPKG_HEAP_ANY)},
	{"eq", WPKG_REF(WPKG_HEAP_EQ)},
	{"i31", WPKG_REF(WPKG_HEAP_I31)},
	{"struct", WPKG_REF(WPKG_HEAP_STRUCT)},
	{"array", WPKG_REF(WPKG_HEAP_ARRAY)},
	{"exn", WPKG_REF(WPKG_HEAP_EXN)},
	{"none", WPKG_REF(WPKG_HEAP_NONE)},
	{"nofunc", WPKG_REF(WPKG_HEAP_NOFUNC)},
	{"noextern", WPKG_REF(WPKG_HEAP_NOEXTERN)},
	{"noexn", WPKG_REF(WPKG_HEAP_NOEXN)},
	{NULL, 0},
};

/* What the next token's word stands for; WPKG_TYPE_NONE when it is none of them. */
static wpkg_valtype find_word(const struct wat_parser *p, const struct word *words)
{
	if (p->token.kind == WAT_WORD)
		for (; words->text; words++)
			if (wpkg_str_equal_text(wat_text(p), words->text))
				return words->type;
	return WPKG_TYPE_NONE;
}

static wpkg_valtype take_word(struct wat_parser *p, const struct word *words)
{
	wpkg_valtype type = find_word(p, words);
	if (type != WPKG_TYPE_NONE)
		wat_advance(p);
	return type;
}

/* What no type index reaches stands for every index that is too large for the word. */
static wpkg_valtype concrete(uint32_t index)
{
	return WPKG_REF_TYPE(index < WPKG_TYPE_INDEX ? index : WPKG_TYPE_INDEX);
}

wpkg_valtype wat_heap_type(struct wat_parser *p)
{
	wpkg_valtype type = take_word(p, heap_words);
	if (type != WPKG_TYPE_NONE)
		return type;
	if (wat_is_index(p))
		return concrete(wat_index(p, WAT_TYPE));
	wat_unexpected(p, "a heap type");
	return WPKG_REF(WPKG_HEAP_ANY);
}

bool wat_is_reftype(const struct wat_parser *p)
{
	return wat_is_open(p, "ref") || find_word(p, reference_words) != WPKG_TYPE_NONE;
}

wpkg_valtype wat_reftype(struct wat_parser *p)
{
	wpkg_valtype type = take_word(p, reference_words);
	if (type != WPKG_TYPE_NONE)
		return type;
	if (!wat_accept_open(p, "ref")) {
		wat_unexpected(p, "a reference type");
		return WPKG_TYPE_FUNCREF;
	}
	bool is_nullable = wat_accept_word(p, "null");
	type = wat_heap_type(p);
	wat_expect_close(p);
	return is_nullable ? type | WPKG_TYPE_NULLABLE : type;
}

wpkg_valtype wat_valtype(struct wat_parser *p)
{
	wpkg_valtype type = take_word(p, value_words);
	if (type != WPKG_TYPE_NONE)
		return type;
	if (wat_is_reftype(p))
		return wat_reftype(p);
	wat_unexpected(p, "a value type");
	return WPKG_TYPE_I32;
}

static wpkg_valtype storage_type(struct wat_parser *p)
{
	wpkg_valtype type = take_word(p, packed_words);
	return type != WPKG_TYPE_NONE ? type : wat_valtype(p);
}

void wat_global_type(struct wat_parser *p, struct wpkg_buf *out)
{
	bool is_mutable = wat_accept_open(p, "mut");
	wpkg_writer_valtype(out, wat_valtype(p));
	wpkg_buf_append_byte(out, is_mutable);
	if (is_mutable)
		wat_expect_close(p);
}

/* Signatures. */

static void add_value(struct wat_parser *p, uint32_t *count)
{
	wpkg_valtype type = wat_valtype(p);
	if (wat_push(p, &p->signature.values, &type, sizeof(type)))
		++*count;
}

/* Behind "(param": one with a name, or any number of them. */
static void param(struct wat_parser *p, enum wat_params params)
{
	struct wat_signature *signature = &p->signature;
	if (params != WAT_PARAMS_UNNAMED && p->token.kind == WAT_ID) {
		if (params == WAT_PARAMS_BOUND)
			wat_bind_local(p, signature->params);
		else
			wat_skip_binding(p);
		add_value(p, &signature->params);
	} else {
		while (p->token.kind == WAT_WORD || p->token.kind == WAT_OPEN)
			add_value(p, &signature->params);
	}
	wat_expect_close(p);
}

void wat_results(struct wat_parser *p)
{
	while (wat_accept_open(p, "result")) {
		while (p->token.kind == WAT_WORD || p->token.kind == WAT_OPEN)
			add_value(p, &p->signature.results);
		wat_expect_close(p);
	}
}

void wat_signature(struct wat_parser *p, enum wat_params params)
{
	wpkg_buf_reset(&p->signature.values);
	p->signature.params = p->signature.results = 0;
	while (wat_accept_open(p, "param"))
		param(p, params);
	wat_results(p);
}

/* The signature as a function type of the binary format. */
static void write_signature(const struct wat_signature *signature, struct wpkg_buf *out)
{
	const wpkg_valtype *values = (const wpkg_valtype *)(const void *)signature->values.ptr;
	wpkg_buf_append_byte(out, 0x60);
	wpkg_writer_u32(out, signature->params);
	for (uint32_t i = 0; i < signature->params; i++)
		wpkg_writer_valtype(out, values[i]);
	wpkg_writer_u32(out, signature->results);
	for (uint32_t i = 0; i < signature->results; i++)
		wpkg_writer_valtype(out, values[signature->params + i]);
}

static bool encode_signature(struct wat_parser *p)
{
	wpkg_buf_reset(&p->encoded);
	write_signature(&p->signature, &p->encoded);
	return p->encoded.failed == WPKG_OK || wat_no_memory(p);
}

/* The types that are there. */

const struct wat_type *wat_type_at(const struct wat_parser *p, uint32_t index)
{
	const struct wat_type *types = (const struct wat_type *)(const void *)p->types.ptr;
	return index < p->types.len / sizeof(*types) ? &types[index] : NULL;
}

static struct wpkg_str type_bytes(const struct wat_parser *p, const struct wat_type *type)
{
	return wpkg_str_slice(wpkg_buf_str(&p->sections[WPKG_SECTION_TYPE].bytes), type->start,
			      type->end);
}

/* The bucket of the function type of these bytes, or the free one where it would stand. */
static uint32_t *bucket_of(const struct wat_parser *p, struct wpkg_str bytes)
{
	uint32_t mask = p->type_bucket_count - 1;
	for (uint32_t i = (uint32_t)wpkg_hash(bytes);; i++) {
		uint32_t *bucket = &p->type_buckets[i & mask];
		if (*bucket == 0 ||
		    wpkg_str_equal(type_bytes(p, wat_type_at(p, *bucket - 1)), bytes))
			return bucket;
	}
}

static bool room_for_bucket(struct wat_parser *p)
{
	if (p->type_bucket_used < p->type_bucket_count / 2)
		return true;
	uint32_t old_count = p->type_bucket_count;
	uint32_t count = old_count ? old_count * 2 : 64;
	uint32_t *old = p->type_buckets;
	uint32_t *buckets = wpkg_mem_calloc(count, sizeof(*buckets));
	if (!buckets)
		return wat_no_memory(p);
	p->type_buckets = buckets;
	p->type_bucket_count = count;
	for (uint32_t i = 0; i < old_count; i++)
		if (old[i])
			*bucket_of(p, type_bytes(p, wat_type_at(p, old[i] - 1))) = old[i];
	wpkg_mem_free(old);
	return true;
}

/*
 * Notes a type. A final function type without supertype that is a group of its own is what a type
 * use may stand for: the first one of its bytes.
 */
static void add_type(struct wat_parser *p, const struct wat_type *type, bool is_plain)
{
	if (!wat_push(p, &p->types, type, sizeof(*type)))
		return;
	uint32_t index = (uint32_t)(p->types.len / sizeof(*type)) - 1;
	if (!is_plain || type->start == type->end || !room_for_bucket(p))
		return;
	uint32_t *bucket = bucket_of(p, type_bytes(p, type));
	if (*bucket == 0) {
		*bucket = index + 1;
		p->type_bucket_used++;
	}
}

/* The index of the signature's type, which is added behind all others when it is not there. */
static uint32_t find_or_add_signature(struct wat_parser *p)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_TYPE];
	if (!encode_signature(p) || !room_for_bucket(p))
		return 0;
	uint32_t found = *bucket_of(p, wpkg_buf_str(&p->encoded));
	if (found)
		return found - 1;
	struct wat_type type = {.start = (uint32_t)section->bytes.len,
				.params = p->signature.params};
	wpkg_buf_append_str(&section->bytes, wpkg_buf_str(&p->encoded));
	type.end = (uint32_t)section->bytes.len;
	section->count++;
	if (section->bytes.failed != WPKG_OK)
		wat_no_memory(p);
	else
		add_type(p, &type, true);
	return p->counts[WAT_TYPE]++;
}

/* A type use that says both: what it says must be what the index is. */
static void check_signature(struct wat_parser *p, uint32_t index, uint32_t where)
{
	const struct wat_type *type = wat_type_at(p, index);
	if (!encode_signature(p))
		return;
	if (!type)
		wat_fail_at(p, where, "unknown type %u", (unsigned)index);
	else if (!wpkg_str_equal(type_bytes(p, type), wpkg_buf_str(&p->encoded)))
		wat_fail_at(p, where, "inline function type differs from type %u", (unsigned)index);
}

uint32_t wat_type_use(struct wat_parser *p, enum wat_params params)
{
	uint32_t where = p->token.start;
	if (!wat_accept_open(p, "type")) {
		wat_signature(p, params);
		return p->lexer.status == WPKG_OK ? find_or_add_signature(p) : 0;
	}
	uint32_t index = wat_index(p, WAT_TYPE);
	wat_expect_close(p);
	wat_signature(p, params);
	if (p->signature.params + p->signature.results > 0 && p->lexer.status == WPKG_OK)
		check_signature(p, index, where);
	return index;
}

void wat_block_type(struct wat_parser *p, struct wpkg_buf *out)
{
	if (wat_is_open(p, "type")) {
		wpkg_writer_signed(out, wat_type_use(p, WAT_PARAMS_UNNAMED));
		return;
	}
	wat_signature(p, WAT_PARAMS_UNNAMED);
	if (p->lexer.status != WPKG_OK)
		return;
	const wpkg_valtype *values = (const wpkg_valtype *)(const void *)p->signature.values.ptr;
	if (p->signature.params > 0 || p->signature.results > 1)
		wpkg_writer_signed(out, find_or_add_signature(p));
	else if (p->signature.results == 1)
		wpkg_writer_valtype(out, values[0]);
	else
		wpkg_buf_append_byte(out, 0x40);
}

/* Definitions of types. */

static void field_type(struct wat_parser *p, struct wpkg_buf *out)
{
	bool is_mutable = wat_accept_open(p, "mut");
	wpkg_writer_valtype(out, storage_type(p));
	wpkg_buf_append_byte(out, is_mutable);
	if (is_mutable)
		wat_expect_close(p);
}

static void bind_field(struct wat_parser *p, uint32_t type, uint32_t index)
{
	uint32_t where = p->token.start;
	struct wat_field_name field = {type, wat_take_symbol(p), index};
	struct wpkg_str name = {0};
	bool is_named = field.symbol != WAT_SYMBOL_NONE;
	if (is_named) {
		name = p->symbols.items[field.symbol].name;
		if (wat_symbols_find_field(&p->symbols, type, field.symbol) != WPKG_INDEX_NONE)
			wat_fail_at(p, where, "duplicate field $%.*s", WPKG_STR_ARG(name));
		else if (!wat_symbols_add_field(&p->symbols, &field))
			wat_no_memory(p);
	}
	is_named |= wat_take_name(p, &name);
	if (is_named && p->lexer.status == WPKG_OK)
		wat_add_name(p, &p->inner_names[0], index, name);
}

/* Behind "(struct": each "(field ...)" has one with a name, or any number of them. */
static void struct_type(struct wat_parser *p, uint32_t type, struct wpkg_buf *out)
{
	uint32_t count = 0;
	wpkg_buf_reset(&p->parts[0]);
	while (wat_accept_open(p, "field")) {
		bool is_single = p->token.kind == WAT_ID;
		bind_field(p, type, count);
		while (is_single || p->token.kind == WAT_WORD || p->token.kind == WAT_OPEN) {
			field_type(p, &p->parts[0]);
			count++;
			if (is_single)
				break;
		}
		wat_expect_close(p);
	}
	wpkg_buf_append_byte(out, 0x5f);
	wpkg_writer_u32(out, count);
	wat_move(p, out, &p->parts[0]);
	wat_add_inner(p, &p->names[WAT_NAME_FIELD], type, &p->inner_names[0]);
}

/* "(func ...)", "(struct ...)" or "(array ...)". */
static void composite_type(struct wat_parser *p, uint32_t index, bool is_plain)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_TYPE].bytes;
	struct wat_type type = {.start = (uint32_t)out->len};
	if (wat_accept_open(p, "func")) {
		wat_signature(p, WAT_PARAMS_IGNORED);
		if (p->lexer.status != WPKG_OK)
			return;
		write_signature(&p->signature, out);
		type.params = p->signature.params;
		type.end = (uint32_t)out->len;
	} else if (wat_accept_open(p, "struct")) {
		struct_type(p, index, out);
		type.end = type.start;
	} else if (wat_accept_open(p, "array")) {
		wpkg_buf_append_byte(out, 0x5e);
		field_type(p, out);
		type.end = type.start;
	} else {
		wat_unexpected(p, "func, struct or array");
	}
	if (wat_expect_close(p) && out->failed != WPKG_OK)
		wat_no_memory(p);
	if (p->lexer.status == WPKG_OK)
		add_type(p, &type, is_plain);
}

/* Behind "(sub". */
static void sub_type(struct wat_parser *p, uint32_t index, bool is_alone)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_TYPE].bytes;
	bool is_final = wat_accept_word(p, "final");
	uint32_t count = 0;
	wpkg_buf_reset(&p->parts[0]);
	for (; wat_is_index(p); count++)
		wpkg_writer_u32(&p->parts[0], wat_index(p, WAT_TYPE));
	if (!is_final || count > 0) {
		wpkg_buf_append_byte(out, is_final ? 0x4f : 0x50);
		wpkg_writer_u32(out, count);
		wat_move(p, out, &p->parts[0]);
	}
	composite_type(p, index, is_alone && is_final && count == 0);
	wat_expect_close(p);
}

/* "(type $id? ...)" */
static void type_definition(struct wat_parser *p, bool is_alone)
{
	uint32_t index = p->counts[WAT_TYPE]++;
	wat_expect_open(p, "type");
	wat_skip_binding(p);
	if (wat_accept_open(p, "sub"))
		sub_type(p, index, is_alone);
	else
		composite_type(p, index, is_alone);
	wat_expect_close(p);
	wat_check_notes(p);
}

void wat_type_field(struct wat_parser *p, const struct wat_type_start *start)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_TYPE];
	bool is_alone = start->count == 1;
	wat_seek(p, start->offset);
	section->count++;
	if (!is_alone) {
		wpkg_buf_append_byte(&section->bytes, 0x4e);
		wpkg_writer_u32(&section->bytes, start->count);
	}
	if (!wat_accept_open(p, "rec")) {
		type_definition(p, true);
		return;
	}
	while (wat_is_open(p, "type"))
		type_definition(p, is_alone);
	wat_expect_close(p);
	wat_check_notes(p);
}
