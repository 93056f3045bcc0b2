/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object says of itself: the custom section "linking", version 2, is a row of subsections,
 * each with a number and a size:
 *
 *   5  segments      count, each: name, alignment as a power of two, flags
 *   6  constructors  count, each: priority, symbol
 *   7  groups        count, each: name, flags, count of members, each: kind, index
 *   8  symbols       count, each: kind, flags and
 *                      function, global, tag, table: index; name, unless it is the import's
 *                      data: name; when defined segment, offset, size
 *                      section: number of the section
 *
 * (Tool conventions, Linking.md.)
 */
#include "link/object_int.h"

struct linking {
	struct obj_link *o;
	struct obj_file *file;
	uint32_t number; /* of the file */
	struct wpkg_reader subs[OBJ_SUB_END];
};

struct wpkg_reader obj_reader_of(const struct obj_link *o, const struct obj_file *file,
				 struct wpkg_range range)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, obj_bytes(file, range), range.start, o->err);
	return r;
}

/* Where the subsections are; ones of unknown numbers are skipped. */
static enum wpkg_status find_subsections(struct linking *in)
{
	struct wpkg_reader r = obj_reader_of(in->o, in->file, in->file->linking);
	uint32_t version = wpkg_reader_u32(&r);
	if (r.status == WPKG_OK && version != OBJ_LINKING_VERSION)
		wpkg_reader_fail(&r, r.base, WPKG_EFORMAT, "linking section of version %u, not %u",
				 version, OBJ_LINKING_VERSION);
	for (int id = 0; id < OBJ_SUB_END; id++)
		wpkg_reader_init(&in->subs[id], (struct wpkg_str){0}, 0, in->o->err);
	while (wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader sub = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (id < OBJ_SUB_END && r.status == WPKG_OK)
			in->subs[id] = sub;
		if (id == OBJ_SUB_GROUPS && r.status == WPKG_OK)
			in->file->groups = (struct wpkg_range){
				wpkg_reader_offset(&sub),
				wpkg_reader_offset(&sub) + (uint32_t)wpkg_reader_left(&sub)};
	}
	return r.status;
}

uint32_t obj_take_count(struct wpkg_reader *r, const char *what)
{
	return wpkg_reader_more(r) ? wpkg_reader_count(r, (uint32_t)wpkg_reader_left(r), what) : 0;
}

static enum wpkg_status read_segments(struct linking *in)
{
	struct wpkg_reader *r = &in->subs[OBJ_SUB_SEGMENTS];
	const uint8_t *start = r->at;
	uint32_t count = obj_take_count(r, "segments");
	if (r->status == WPKG_OK && count != in->file->module->data_count)
		wpkg_reader_fail(r, start, WPKG_EFORMAT,
				 "linking section describes %u segments, the module has %u", count,
				 in->file->module->data_count);
	for (uint32_t i = 0; r->status == WPKG_OK && i < count; i++) {
		struct obj_segment *segment = &in->file->segments[i];
		segment->name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
		const uint8_t *where = r->at;
		uint32_t alignment = wpkg_reader_u32(r);
		segment->flags = (uint8_t)wpkg_reader_u32(r);
		segment->alignment = (uint8_t)alignment;
		if (alignment > 31)
			wpkg_reader_fail(r, where, WPKG_EFORMAT, "alignment of 2 to the %u",
					 alignment);
	}
	return r->status;
}

/* The chunk that a member of a group is; NULL when there is none of that index. */
static struct obj_chunk *group_member(const struct linking *in, uint32_t kind, uint32_t index)
{
	const struct obj_file *file = in->file;
	uint32_t imports = obj_imports_of(file);
	if (kind == OBJ_GROUP_DATA)
		return index < file->module->data_count ? &file->datas[index] : NULL;
	if (kind == OBJ_GROUP_FUNC)
		return index >= imports && index < file->module->func_count
			       ? &file->funcs[index - imports]
			       : NULL;
	return kind == OBJ_GROUP_SECTION && index < file->custom_count ? &file->customs[index]
								       : NULL;
}

struct wpkg_reader obj_groups_of(const struct obj_file *file)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, obj_bytes(file, file->groups), file->groups.start, NULL);
	if (wpkg_reader_more(&r))
		wpkg_reader_u32(&r); /* their count */
	return r;
}

bool obj_group_take(struct obj_group *group, struct wpkg_reader *r)
{
	if (!wpkg_reader_more(r))
		return false;
	group->name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
	group->flags = wpkg_reader_u32(r);
	group->count = obj_take_count(r, "members");
	return r->status == WPKG_OK;
}

void obj_group_member_take(struct obj_group_member *member, struct wpkg_reader *r)
{
	member->kind = wpkg_reader_u32(r);
	member->index = wpkg_reader_u32(r);
}

static enum wpkg_status read_members(struct linking *in, uint32_t count, bool is_used)
{
	struct wpkg_reader *r = &in->subs[OBJ_SUB_GROUPS];
	for (; r->status == WPKG_OK && count > 0; count--) {
		const uint8_t *where = r->at;
		struct obj_group_member member;
		obj_group_member_take(&member, r);
		struct obj_chunk *chunk = group_member(in, member.kind, member.index);
		if (r->status == WPKG_OK && !chunk)
			wpkg_reader_fail(r, where, WPKG_EFORMAT,
					 "group has a member of kind %u and index %u that there is "
					 "not",
					 member.kind, member.index);
		else if (chunk)
			chunk->is_grouped = true;
		if (chunk && !is_used)
			chunk->is_discarded = true;
	}
	return r->status;
}

/* Of the groups of one name the first file's is used; the members of the others are discarded. */
static enum wpkg_status read_groups(struct linking *in)
{
	struct wpkg_reader *r = &in->subs[OBJ_SUB_GROUPS];
	uint32_t count = obj_take_count(r, "groups");
	for (struct obj_group group; r->status == WPKG_OK && count > 0; count--) {
		bool is_new;
		if (!obj_group_take(&group, r)) {
			if (r->status == WPKG_OK)
				wpkg_reader_fail(r, r->at, WPKG_EFORMAT,
						 "fewer groups than their count says");
			break;
		}
		uint32_t *owner = link_names_put(&in->o->comdats, group.name, &is_new);
		if (!owner)
			return obj_no_memory(in->o);
		if (is_new)
			*owner = in->number;
		read_members(in, group.count, *owner == in->number);
	}
	/* Who writes them again reads until the end. */
	if (r->status == WPKG_OK && wpkg_reader_more(r))
		wpkg_reader_fail(r, r->at, WPKG_EFORMAT, "more groups than their count says");
	return r->status;
}

struct space {
	enum wpkg_extern kind;
	uint32_t count, imports;
};

static struct space space_of(const struct wpkg_module *m, uint8_t kind)
{
	switch (kind) {
	case OBJ_GLOBAL:
		return (struct space){WPKG_EXTERN_GLOBAL, m->global_count, m->global_import_count};
	case OBJ_TAG:
		return (struct space){WPKG_EXTERN_TAG, m->tag_count, m->tag_import_count};
	case OBJ_TABLE:
		return (struct space){WPKG_EXTERN_TABLE, m->table_count, m->table_import_count};
	default:
		return (struct space){WPKG_EXTERN_FUNC, m->func_count, m->func_import_count};
	}
}

static uint32_t import_of(const struct wpkg_module *m, uint8_t kind, uint32_t index)
{
	return kind == OBJ_GLOBAL  ? m->globals[index].import
	       : kind == OBJ_TAG   ? m->tags[index].import
	       : kind == OBJ_TABLE ? m->tables[index].import
				   : wpkg_module_func_import(m, index);
}

static void take_indexed(struct wpkg_reader *r, const struct wpkg_module *m,
			 struct obj_record *record)
{
	const uint8_t *where = r->at;
	struct space space = space_of(m, record->kind);
	record->index = wpkg_reader_u32(r);
	bool is_undefined = record->flags & OBJ_UNDEFINED;
	if (r->status == WPKG_OK &&
	    (record->index >= space.count || (record->index < space.imports) != is_undefined)) {
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "symbol is %s %u, which is not %s",
				 wpkg_extern_name(space.kind), record->index,
				 is_undefined ? "imported" : "defined");
		return;
	}
	if (!is_undefined || record->flags & OBJ_EXPLICIT_NAME)
		record->name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
	else if (r->status == WPKG_OK)
		record->name = m->imports[import_of(m, record->kind, record->index)].field;
}

static void take_data(struct wpkg_reader *r, const struct wpkg_module *m, struct obj_record *record)
{
	record->name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
	record->index = OBJ_NONE;
	if (record->flags & OBJ_UNDEFINED)
		return;
	const uint8_t *where = r->at;
	record->index = wpkg_reader_u32(r);
	record->offset = wpkg_reader_u64(r);
	record->size = (uint32_t)wpkg_reader_u64(r);
	if (r->status != WPKG_OK || record->flags & OBJ_ABSOLUTE)
		return;
	uint32_t bytes = record->index < m->data_count ? m->datas[record->index].bytes.end -
								 m->datas[record->index].bytes.start
						       : 0;
	if (record->index >= m->data_count || record->offset > bytes)
		wpkg_reader_fail(r, where, WPKG_EFORMAT,
				 "symbol '%.*s' is at %llu of segment %u, which is not there",
				 WPKG_STR_ARG(record->name), (unsigned long long)record->offset,
				 record->index);
}

static void take_record(struct wpkg_reader *r, const struct wpkg_module *m,
			struct obj_record *record)
{
	const uint8_t *where = r->at;
	*record = (struct obj_record){.kind = wpkg_reader_byte(r)};
	record->flags = wpkg_reader_u32(r);
	switch ((enum obj_kind)record->kind) {
	case OBJ_DATA:
		take_data(r, m, record);
		break;
	case OBJ_SECTION:
		where = r->at;
		record->index = wpkg_reader_u32(r);
		record->flags |= OBJ_LOCAL;
		if (r->status == WPKG_OK && (record->index >= m->section_count ||
					     m->sections[record->index].id != WPKG_SECTION_CUSTOM))
			wpkg_reader_fail(r, where, WPKG_EFORMAT,
					 "symbol is section %u, which is not a custom one",
					 record->index);
		break;
	case OBJ_FUNC:
	case OBJ_GLOBAL:
	case OBJ_TAG:
	case OBJ_TABLE:
		take_indexed(r, m, record);
		break;
	case OBJ_KIND_COUNT:
	default:
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "symbol of unknown kind %u", record->kind);
	}
}

static void note_defined(struct linking *in, const struct obj_record *record, uint32_t symbol)
{
	struct obj_file *file = in->file;
	struct obj_chunk *chunk = NULL;
	if (record->flags & (OBJ_UNDEFINED | OBJ_ABSOLUTE))
		return;
	if (record->kind == OBJ_FUNC)
		chunk = &file->funcs[record->index - obj_imports_of(file)];
	else if (record->kind == OBJ_DATA)
		chunk = &file->datas[record->index];
	if (chunk && chunk->symbol == OBJ_NONE)
		chunk->symbol = symbol;
}

static enum wpkg_status read_symbols(struct linking *in)
{
	struct wpkg_reader *r = &in->subs[OBJ_SUB_SYMBOLS];
	struct obj_file *file = in->file;
	uint32_t count = obj_take_count(r, "symbols");
	file->refs = wpkg_arena_alloc(&in->o->arena, (size_t)count + 1, sizeof(*file->refs));
	if (!file->refs)
		return obj_no_memory(in->o);
	for (uint32_t i = 0; r->status == WPKG_OK && i < count; i++) {
		struct obj_record record;
		take_record(r, file->module, &record);
		if (r->status != WPKG_OK)
			break;
		struct obj_ref *ref = &file->refs[i];
		enum wpkg_status status = obj_symbol_bind(&ref->symbol, in->o, in->number, &record);
		if (status != WPKG_OK)
			return status;
		ref->index = record.index;
		file->ref_count = i + 1;
		note_defined(in, &record, ref->symbol);
	}
	return r->status;
}

static enum wpkg_status read_inits(struct linking *in)
{
	struct wpkg_reader *r = &in->subs[OBJ_SUB_INITS];
	struct obj_file *file = in->file;
	uint32_t count = obj_take_count(r, "constructors");
	file->inits = wpkg_arena_alloc(&in->o->arena, (size_t)count + 1, sizeof(*file->inits));
	if (!file->inits)
		return obj_no_memory(in->o);
	for (uint32_t i = 0; r->status == WPKG_OK && i < count; i++) {
		struct obj_init *init = &file->inits[i];
		init->priority = wpkg_reader_u32(r);
		const uint8_t *where = r->at;
		uint32_t ref = wpkg_reader_u32(r);
		if (r->status == WPKG_OK &&
		    (ref >= file->ref_count ||
		     in->o->symbols[file->refs[ref].symbol].kind != OBJ_FUNC)) {
			wpkg_reader_fail(r, where, WPKG_EFORMAT,
					 "constructor is symbol %u, which is not a function", ref);
			break;
		}
		init->symbol = ref;
		file->init_count = i + 1;
	}
	return r->status;
}

enum wpkg_status obj_linking_read(struct obj_link *o, uint32_t number)
{
	struct linking in = {.o = o, .file = &o->files[number], .number = number};
	enum wpkg_status status = find_subsections(&in);
	if (status == WPKG_OK)
		status = read_segments(&in);
	if (status == WPKG_OK)
		status = read_groups(&in);
	if (status == WPKG_OK)
		status = read_symbols(&in);
	return status == WPKG_OK ? read_inits(&in) : status;
}
