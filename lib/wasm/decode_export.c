/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The export section, entries of name, kind, index; and the start section, a function index. The
 * names are kept in a hash table: they must differ, and are looked up later.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "wasm/decode.h"

#define AHEAD 16

static uint32_t index_count(const struct wpkg_module *module, uint8_t kind)
{
	switch (kind) {
	case WPKG_EXTERN_FUNC:
		return module->func_count;
	case WPKG_EXTERN_TABLE:
		return module->table_count;
	case WPKG_EXTERN_MEMORY:
		return module->memory_count;
	case WPKG_EXTERN_GLOBAL:
		return module->global_count;
	default:
		return module->tag_count;
	}
}

/*
 * The bucket of the name's export, or the free one where it would go. The half of the hash that a
 * bucket keeps says of nearly every other name that it is another one, without looking at it.
 */
static uint64_t *find_bucket(const struct wpkg_module *module, struct wpkg_str name, uint64_t hash)
{
	uint32_t mask = module->export_bucket_count - 1;
	uint32_t i = (uint32_t)hash & mask;
	for (;; i = (i + 1) & mask) {
		uint64_t *bucket = &module->export_buckets[i];
		if (*bucket == 0)
			return bucket;
		if (*bucket >> 32 == hash >> 32 &&
		    wpkg_str_equal(module->exports[(uint32_t)*bucket - 1].name, name))
			return bucket;
	}
}

const struct wpkg_module_export *wpkg_module_find_export(const struct wpkg_module *module,
							 struct wpkg_str name)
{
	if (module->export_count == 0)
		return NULL;
	uint32_t found = (uint32_t)*find_bucket(module, name, wpkg_hash(name));
	return found ? &module->exports[found - 1] : NULL;
}

/* At most half of the buckets are in use. */
static bool make_buckets(struct decoder *d, uint32_t count)
{
	struct wpkg_module *module = d->module;
	uint32_t buckets = 4;
	while (buckets < 2 * count)
		buckets *= 2;
	module->export_buckets = wpkg_mem_calloc(buckets, sizeof(*module->export_buckets));
	module->export_bucket_count = buckets;
	return module->export_buckets ||
	       wpkg_reader_fail(&d->in->r, d->in->r.at, WPKG_ENOMEM, "no memory for exports");
}

static bool read_export(struct decoder *d, struct wpkg_module_export *export)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	export->offset = wpkg_reader_offset(r);
	export->name = wpkg_reader_name(r, d->limits.name_bytes);
	export->kind = wpkg_reader_byte(r);
	export->index = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	if (export->kind >= WPKG_EXTERN_COUNT)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed export kind 0x%02x",
					export->kind);
	if (export->index >= index_count(module, export->kind))
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown %s %u",
					wpkg_extern_name((enum wpkg_extern) export->kind),
					(unsigned)export->index);
	if (export->kind == WPKG_EXTERN_FUNC && !wasm_declare(&d->validator, export->index))
		return false;
	return export->kind != WPKG_EXTERN_GLOBAL || !module->globals[export->index].is_mutable ||
	       wasm_feature_need(d->in, WPKG_FEATURE_MUTABLE_GLOBALS, where);
}

/* Fails where the entry is, which is before whatever else may have gone wrong since it was read. */
static bool fail_duplicate(struct decoder *d, const struct wpkg_module_export *export)
{
	struct wpkg_reader *r = &d->in->r;
	r->status = WPKG_OK;
	r->is_short = false;
	return wpkg_reader_fail(r, r->base + (export->offset - r->origin), WPKG_EFORMAT,
				"duplicate export name \"%.*s\"", WPKG_STR_ARG(export->name));
}

/* Of the first export whose name is not in the table. */
static bool note_name(struct decoder *d, uint64_t hash)
{
	struct wpkg_module *module = d->module;
	const struct wpkg_module_export *export = &module->exports[module->export_count];
	uint64_t *bucket = find_bucket(module, export->name, hash);
	if (*bucket)
		return fail_duplicate(d, export);
	*bucket = hash >> 32 << 32 | ++module->export_count;
	return true;
}

/*
 * A name goes into the table when AHEAD more were read: its bucket, which may be anywhere in
 * memory, is on its way meanwhile.
 */
bool wasm_decode_exports(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	uint64_t hashes[AHEAD];
	uint32_t count = wpkg_reader_count(&d->in->r, d->limits.exports, "exports");
	uint32_t read = 0;
	module->exports = wasm_decode_room(d, NULL, 0, count, sizeof(*module->exports));
	if (d->in->r.status != WPKG_OK || !make_buckets(d, count))
		return false;
	for (; read < count && read_export(d, &module->exports[read]); read++) {
		uint64_t hash = wpkg_hash(module->exports[read].name);
		__builtin_prefetch(
			&module->export_buckets[hash & (module->export_bucket_count - 1)], 1);
		if (read >= AHEAD && !note_name(d, hashes[read % AHEAD]))
			return false;
		hashes[read % AHEAD] = hash;
	}
	while (module->export_count < read)
		if (!note_name(d, hashes[module->export_count % AHEAD]))
			return false;
	return d->in->r.status == WPKG_OK;
}

bool wasm_decode_start(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t index = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	if (index >= d->module->func_count)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown function %u",
					(unsigned)index);
	const struct wpkg_type *type = wpkg_module_func_type(d->module, index);
	if (type->param_count + type->result_count > 0)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"start function: it must take and return nothing");
	d->module->start = index;
	return true;
}
