/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module: 00 61 73 6d, version 01 00 00 00, then sections of identifier, size and body. Custom
 * sections stand anywhere, the others in a fixed order and once at most.
 */
#include "wasm/decode.h"

#include <string.h>

#include "base/mem.h"

static void *resize(struct decoder *d, void *block, size_t count, size_t size)
{
	void *larger = wpkg_mem_resize(block, count, size);
	if (larger)
		return larger;
	wpkg_reader_fail(&d->in->r, d->in->r.at, WPKG_ENOMEM, "no memory for the module");
	return block;
}

void *wasm_decode_room(struct decoder *d, void *block, uint32_t used, uint32_t count, size_t size)
{
	size_t have = used > 0, want = 1;
	while (have < used)
		have *= 2;
	while (want < (size_t)used + count)
		want *= 2;
	return want <= have || count == 0 ? block : resize(d, block, want, size);
}

void *wasm_decode_room_for_last(struct decoder *d, void *block, uint32_t used, uint32_t count,
				size_t size)
{
	return count == 0 ? block : resize(d, block, (size_t)used + count, size);
}

/* The order of sections in the file (binary format, "Modules"), and what reads each. */
static const struct {
	unsigned order;
	bool (*read)(struct decoder *d);
	bool is_list; /* begins with the number of its entries */
} sections[WPKG_SECTION_COUNT] = {
	[WPKG_SECTION_TYPE] = {1, wasm_decode_types, true},
	[WPKG_SECTION_IMPORT] = {2, wasm_decode_imports, true},
	[WPKG_SECTION_FUNCTION] = {3, wasm_decode_functions, true},
	[WPKG_SECTION_TABLE] = {4, wasm_decode_tables, true},
	[WPKG_SECTION_MEMORY] = {5, wasm_decode_memories, true},
	[WPKG_SECTION_TAG] = {6, wasm_decode_tags, true},
	[WPKG_SECTION_GLOBAL] = {7, wasm_decode_globals, true},
	[WPKG_SECTION_EXPORT] = {8, wasm_decode_exports, true},
	[WPKG_SECTION_START] = {9, wasm_decode_start, false},
	[WPKG_SECTION_ELEMENT] = {10, wasm_decode_elements, true},
	[WPKG_SECTION_DATA_COUNT] = {11, wasm_decode_data_count, false},
	[WPKG_SECTION_CODE] = {12, wasm_decode_code, true},
	[WPKG_SECTION_DATA] = {13, wasm_decode_data, true},
};

static bool check_order(struct decoder *d, uint8_t id, const uint8_t *where)
{
	if (id >= WPKG_SECTION_COUNT)
		return wpkg_reader_fail(&d->in->r, where, WPKG_EFORMAT, "malformed section id %u",
					id);
	if (id != WPKG_SECTION_CUSTOM && sections[id].order <= d->last_order)
		return wpkg_reader_fail(&d->in->r, where, WPKG_EFORMAT,
					"unexpected content: the %s section is repeated or out of "
					"order",
					wpkg_section_name((enum wpkg_section)id));
	return d->module->section_count < d->limits.sections ||
	       wpkg_reader_fail(&d->in->r, where, WPKG_ELIMIT, "more than %u sections",
				(unsigned)d->limits.sections);
}

struct wpkg_module_section *wasm_decode_section_head(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	struct wpkg_module_section section = {.all.start = wpkg_reader_offset(r)};
	const uint8_t *where = r->at;
	section.id = wpkg_reader_byte(r);
	if (r->status != WPKG_OK || !check_order(d, section.id, where))
		return NULL;
	uint32_t size = wpkg_reader_u32(r);
	module->sections = wasm_decode_room(d, module->sections, module->section_count, 1,
					    sizeof(*module->sections));
	if (r->status != WPKG_OK)
		return NULL;
	section.body.start = wpkg_reader_offset(r);
	section.body.end = section.body.start + size;
	section.all.end = section.body.end;
	if (section.id != WPKG_SECTION_CUSTOM)
		d->last_order = sections[section.id].order;
	module->sections[module->section_count] = section;
	return &module->sections[module->section_count++];
}

bool wasm_decode_section_body(struct decoder *d, struct wpkg_module_section *section)
{
	struct wpkg_reader *r = &d->in->r;
	if (section->id == WPKG_SECTION_CUSTOM) {
		section->name = wpkg_reader_name(r, d->limits.name_bytes);
		section->body.start = wpkg_reader_offset(r);
		return r->status == WPKG_OK;
	}
	if (sections[section->id].is_list) {
		struct wpkg_reader peek = *r;
		peek.err = NULL;
		section->count = wpkg_reader_u32(&peek);
	}
	if (!sections[section->id].read(d))
		return false;
	return !wpkg_reader_more(r) || wasm_decode_excess(d);
}

bool wasm_decode_excess(struct decoder *d)
{
	return wpkg_reader_fail(&d->in->r, d->in->r.at, WPKG_EFORMAT,
				"section size mismatch: more bytes behind its last entry");
}

/* What there is of a section that the end of the file cuts off may have the first error. */
static bool read_section(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	struct wpkg_module_section *section = wasm_decode_section_head(d);
	if (!section)
		return false;
	struct wpkg_reader outer = *r;
	uint32_t size = section->body.end - section->body.start;
	bool is_cut = size > wpkg_reader_left(r);
	r->end = is_cut ? outer.end : r->at + size;
	if (wasm_decode_section_body(d, section) && is_cut)
		wpkg_reader_short(r);
	outer.at = r->end;
	wpkg_reader_join(&outer, r);
	*r = outer;
	return r->status == WPKG_OK;
}

/* Header: magic and version. A component has the same magic. */
bool wasm_decode_header(struct decoder *d)
{
	static const uint8_t magic[4] = {0, 'a', 's', 'm'};
	static const uint8_t version[4] = {1, 0, 0, 0};
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *start = r->at;
	size_t have = wpkg_reader_left(r) < 4 ? wpkg_reader_left(r) : 4;
	if (have > 0 && memcmp(start, magic, have) != 0)
		return wpkg_reader_fail(r, start, WPKG_EFORMAT, "magic header not detected");
	const uint8_t *at = wpkg_reader_skip(r, 4) ? wpkg_reader_skip(r, 4) : NULL;
	if (!at)
		return false;
	if (memcmp(at, version, 4) == 0)
		return true;
	if (at[2] == 1 && at[3] == 0)
		return wpkg_reader_fail(r, at, WPKG_EFORMAT,
					"this is a component, not a core module");
	return wpkg_reader_fail(r, at, WPKG_EFORMAT, "unknown binary version");
}

/* What can be said only when all sections were read. */
bool wasm_decode_end(struct decoder *d)
{
	const struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	uint32_t bodies = module->func_count - module->func_import_count;
	if (d->body_count < bodies)
		return wpkg_reader_fail(r, r->at, WPKG_EFORMAT,
					"function and code section have inconsistent lengths: "
					"%u and 0",
					(unsigned)bodies);
	if (module->has_data_count && module->data_count > 0 && !module->datas)
		return wpkg_reader_fail(r, r->at, WPKG_EFORMAT,
					"data count and data section have inconsistent lengths: "
					"%u and 0",
					(unsigned)module->data_count);
	return true;
}

static bool read_module(struct decoder *d)
{
	if (!wasm_decode_header(d))
		return false;
	while (wpkg_reader_more(&d->in->r))
		if (!read_section(d))
			return false;
	return d->in->r.status == WPKG_OK && wasm_decode_end(d);
}

static uint32_t or_default(uint32_t limit, uint32_t otherwise)
{
	return limit ? limit : otherwise;
}

static struct wpkg_module_limits limits_of(const struct wpkg_module_options *options)
{
	struct wpkg_module_limits l = {0};
	if (options)
		l = options->limits;
	return (struct wpkg_module_limits){
		.types = or_default(l.types, 1000000),
		.functions = or_default(l.functions, 1000000),
		.imports = or_default(l.imports, 1000000),
		.exports = or_default(l.exports, 1000000),
		.globals = or_default(l.globals, 1000000),
		.tags = or_default(l.tags, 1000000),
		.tables = or_default(l.tables, 100000),
		.memories = or_default(l.memories, 100),
		.segments = or_default(l.segments, 100000),
		.sections = or_default(l.sections, 100000),
		.name_bytes = or_default(l.name_bytes, 100000),
		.body_bytes = or_default(l.body_bytes, 7654321),
		.locals = or_default(l.locals, 50000),
		.params = or_default(l.params, 1000),
		.results = or_default(l.results, 1000),
		.fields = or_default(l.fields, 10000),
		.operands = or_default(l.operands, 8000000),
	};
}

void wasm_decoder_init(struct decoder *d, struct wpkg_module *module,
		       const struct wpkg_module_options *options)
{
	memset(d, 0, sizeof(*d));
	d->module = module;
	d->limits = limits_of(options);
	d->threads = options ? options->threads : 0;
	d->no_bodies = options && options->no_bodies;
	d->failed_function = WPKG_INDEX_NONE;
	wasm_validator_init(&d->validator, module);
	d->validator.operand_limit = d->limits.operands;
	d->validator.local_limit = d->limits.locals;
	d->validator.is_slow = options && options->is_slow;
	d->in = &d->validator.in;
	d->in->allowed = options && options->features ? options->features : wpkg_features_all();
	wpkg_arena_init(&d->scratch, SIZE_MAX);
}

void wasm_decoder_clear(struct decoder *d)
{
	if (d->no_bodies) {
		wpkg_mem_free(d->module->bodies);
		d->module->bodies = NULL;
	}
	wasm_validator_clear(&d->validator);
	wpkg_arena_clear(&d->scratch);
	wpkg_mem_free(d->values);
	wpkg_mem_free(d->type_calls);
}

void wasm_decode_note_features(const struct decoder *d)
{
	struct wpkg_module *module = d->module;
	const struct wasm_input *in = d->in;
	module->features = in->used;
	for (unsigned i = 0; i < WPKG_FEATURE_COUNT; i++)
		module->feature_offsets[i] = in->used >> i & 1 ? in->feature_offsets[i] : 0;
}

struct wpkg_module *wasm_module_alloc(struct wpkg_str bytes)
{
	struct wpkg_module *module = wpkg_mem_calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	wpkg_types_init(&module->types, SIZE_MAX);
	module->bytes = bytes;
	module->start = WPKG_INDEX_NONE;
	return module;
}

struct wpkg_module_fault wasm_decode_fault(const struct decoder *d)
{
	struct wpkg_module_fault fault = {.offset = d->in->r.failed_at,
					  .function = d->failed_function};
	if (fault.function != WPKG_INDEX_NONE)
		fault.name = wasm_function_name(d->module->bytes, fault.function);
	return fault;
}

enum wpkg_status wpkg_module_read(struct wpkg_module **out, struct wpkg_str bytes,
				  const struct wpkg_module_options *options, struct wpkg_err *err)
{
	if (bytes.len > UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a module of 4 GiB or more");
	struct wpkg_module *module = wasm_module_alloc(bytes);
	if (!module)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the module");
	struct decoder d;
	wasm_decoder_init(&d, module, options);
	wpkg_reader_init(&d.in->r, bytes, 0, err);
	read_module(&d);
	enum wpkg_status status = d.in->r.status;
	if (status != WPKG_OK && options && options->fault)
		*options->fault = wasm_decode_fault(&d);
	wasm_decode_note_features(&d);
	wasm_decoder_clear(&d);
	struct wpkg_module *packed = status == WPKG_OK ? wasm_module_pack(module) : NULL;
	if (!packed)
		wpkg_module_free(module);
	if (status != WPKG_OK)
		return status;
	if (!packed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the module");
	*out = packed;
	return WPKG_OK;
}
