/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object: a valid module with two kinds of custom sections. "linking" says what is in it
 * (linking.c). "reloc.NAME" has the number of a section and a count of relocations, in the order of
 * offsets: type, offset, index and, for some types, an addend. (Tool conventions, Linking.md.)
 */
#include "base/mem.h"
#include "link/object_int.h"

struct reading {
	struct obj_link *o;
	struct obj_file *file;
	uint32_t number; /* of the file */
};

bool wpkg_object_is(struct wpkg_str bytes)
{
	struct wpkg_reader r;
	if (link_archive_is(bytes))
		return true;
	if (!wpkg_str_starts(bytes, WPKG_LIT("\0asm\1\0\0")) || bytes.len > UINT32_MAX)
		return false;
	wpkg_reader_init(&r, wpkg_str_from_offset(bytes, 8), 8, NULL);
	while (wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader body = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (id == WPKG_SECTION_CUSTOM &&
		    wpkg_str_equal_text(wpkg_reader_name(&body, OBJ_NAME_MAX_BYTES), "linking"))
			return true;
	}
	return false;
}

enum wpkg_status wpkg_object_thin_members(struct wpkg_str **names, size_t *count,
					  struct wpkg_str bytes, struct wpkg_err *err)
{
	struct link_archive archive;
	struct wpkg_str *list;
	if (!link_archive_is(bytes))
		return WPKG_OK;
	enum wpkg_status status = link_archive_read(&archive, bytes, err);
	if (status != WPKG_OK)
		return status;
	if (archive.is_thin) {
		list = wpkg_mem_calloc((size_t)archive.member_count + 1, sizeof(*list));
		if (!list)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "archive: no memory");
		for (uint32_t i = 0; list && i < archive.member_count; i++)
			list[i] = archive.members[i].name;
		if (list) {
			*names = list;
			*count = archive.member_count;
		}
	}
	link_archive_clear(&archive);
	return status;
}

void obj_file_clear(struct obj_file *file)
{
	wpkg_module_free(file->module);
	file->module = NULL;
}

/* The chunks of a section, in the order of their places. */
struct places {
	struct obj_chunk *chunks;
	uint32_t count, next;
	struct wpkg_range section; /* its body */
};

static bool places_of(struct places *out, const struct reading *in, uint32_t number)
{
	const struct obj_file *file = in->file;
	const struct wpkg_module *m = file->module;
	if (number >= m->section_count)
		return false;
	*out = (struct places){.section = m->sections[number].body};
	if (number == file->code_section) {
		out->chunks = file->funcs;
		out->count = m->func_count - m->func_import_count;
	} else if (number == file->data_section) {
		out->chunks = file->datas;
		out->count = m->data_count;
	} else if (number < file->custom_count && m->sections[number].id == WPKG_SECTION_CUSTOM) {
		out->chunks = &file->customs[number];
		out->count = 1;
	}
	return out->chunks != NULL;
}

/* A number in the padded form that all its values fit in. */
static bool is_padded(const uint8_t *at, unsigned width)
{
	for (unsigned i = 0; i + 1 < width; i++)
		if (!(at[i] & 0x80))
			return false;
	return !(at[width - 1] & 0x80);
}

/* Is the thing that it refers to there, and of its kind? */
static bool check_index(struct wpkg_reader *r, const struct reading *in, const uint8_t *where,
			const struct obj_reloc *reloc)
{
	const struct obj_file *file = in->file;
	uint32_t kind = obj_reloc_kind(reloc->type);
	if (kind == OBJ_NONE)
		return reloc->index < file->module->type_count ||
		       wpkg_reader_fail(r, where, WPKG_EFORMAT, "relocation has type %u of %u",
					reloc->index, file->module->type_count);
	if (reloc->index >= file->ref_count)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "relocation has symbol %u of %u",
					reloc->index, file->ref_count);
	uint8_t found = in->o->symbols[file->refs[reloc->index].symbol].kind;
	/* The global of something else is the one that holds its address. */
	bool fits =
		kind == found || (kind == OBJ_GLOBAL && (found == OBJ_FUNC || found == OBJ_DATA));
	return fits || wpkg_reader_fail(r, where, WPKG_EFORMAT, "relocation %s of %s",
					obj_reloc_name(reloc->type), obj_kind_name(found));
}

static bool check_place(struct wpkg_reader *r, const struct reading *in, const uint8_t *where,
			const struct obj_reloc *reloc, struct places *places)
{
	unsigned width = obj_reloc_width(reloc->type);
	uint64_t start = (uint64_t)places->section.start + reloc->offset;
	while (places->next < places->count && places->chunks[places->next].range.end <= start)
		places->next++;
	if (places->next == places->count || start < places->chunks[places->next].range.start ||
	    start + width > places->chunks[places->next].range.end)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"relocation at 0x%x is outside of what its section holds",
					reloc->offset);
	if (obj_reloc_is_leb(reloc->type) &&
	    !is_padded(wpkg_module_at(in->file->module, (uint32_t)start), width))
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"relocation at 0x%x is not at a padded number",
					reloc->offset);
	return true;
}

static struct obj_reloc take_reloc(struct wpkg_reader *r)
{
	const uint8_t *where = r->at;
	struct obj_reloc reloc = {.type = wpkg_reader_byte(r)};
	if (r->status == WPKG_OK && !obj_reloc_known(reloc.type)) {
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "relocation of unknown type %u",
				 reloc.type);
		return reloc;
	}
	reloc.offset = wpkg_reader_u32(r);
	reloc.index = wpkg_reader_u32(r);
	if (obj_reloc_has_addend(reloc.type))
		reloc.addend = wpkg_reader_signed(r, 64);
	return reloc;
}

static enum wpkg_status read_relocs(struct reading *in, struct wpkg_range section)
{
	struct wpkg_reader r = obj_reader_of(in->o, in->file, section);
	struct places places = {0};
	uint32_t number = wpkg_reader_u32(&r), last = 0;
	if (r.status == WPKG_OK && !places_of(&places, in, number))
		wpkg_reader_fail(&r, r.base, WPKG_EFORMAT,
				 "relocations of section %u, which has none", number);
	uint32_t count = obj_take_count(&r, "relocations");
	for (; places.chunks && count > 0; count--) {
		const uint8_t *where = r.at;
		struct obj_reloc reloc = take_reloc(&r);
		if (r.status == WPKG_OK && reloc.offset < last)
			wpkg_reader_fail(&r, where, WPKG_EFORMAT,
					 "relocations are not in the order of their offsets");
		if (r.status != WPKG_OK || !check_index(&r, in, where, &reloc) ||
		    !check_place(&r, in, where, &reloc, &places))
			break;
		last = reloc.offset;
		/* A chunk's relocations are read from the first one on. */
		struct obj_chunk *chunk = &places.chunks[places.next];
		if (chunk->reloc_count == 0) {
			chunk->relocs = (uint32_t)(where - wpkg_module_at(in->file->module, 0));
		} else if (chunk->relocs < section.start) {
			wpkg_reader_fail(&r, where, WPKG_EFORMAT,
					 "relocations of section %u are in two sections", number);
			break;
		}
		chunk->reloc_count++;
	}
	return r.status;
}

static bool is_kept(struct wpkg_str name)
{
	static const char *const own[] = {"linking",	     "name",   "producers",
					  "target_features", "dylink", "dylink.0"};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (wpkg_str_equal_text(name, own[i]))
			return false;
	return !wpkg_str_starts(name, WPKG_LIT("reloc."));
}

static bool note_sections(struct reading *in)
{
	struct obj_file *file = in->file;
	const struct wpkg_module *m = file->module;
	file->code_section = file->data_section = OBJ_NONE;
	for (uint32_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].id == WPKG_SECTION_CODE)
			file->code_section = i;
		else if (m->sections[i].id == WPKG_SECTION_DATA)
			file->data_section = i;
		else if (m->sections[i].id != WPKG_SECTION_CUSTOM)
			continue;
		else if (is_kept(m->sections[i].name))
			file->custom_count = m->section_count;
		else if (wpkg_str_equal_text(m->sections[i].name, "linking"))
			file->linking = m->sections[i].body;
	}
	file->customs = wpkg_arena_alloc(&in->o->arena, file->custom_count, sizeof(*file->customs));
	for (uint32_t i = 0; file->customs && i < file->custom_count; i++) {
		const struct wpkg_module_section *section = &m->sections[i];
		file->customs[i].symbol = OBJ_NONE;
		if (section->id == WPKG_SECTION_CUSTOM && is_kept(section->name))
			file->customs[i].range = section->body;
	}
	return file->customs != NULL;
}

/* The names that export_name gives to functions; few files have one. */
static bool note_exports(struct reading *in)
{
	struct obj_file *file = in->file;
	const struct wpkg_module *m = file->module;
	uint32_t imports = m->func_import_count;
	if (m->export_count == 0)
		return true;
	file->exports = wpkg_arena_alloc(&in->o->arena, (size_t)m->func_count - imports + 1,
					 sizeof(*file->exports));
	for (uint32_t i = m->export_count; file->exports && i > 0; i--)
		if (m->exports[i - 1].kind == WPKG_EXTERN_FUNC &&
		    m->exports[i - 1].index >= imports)
			file->exports[m->exports[i - 1].index - imports] = i;
	return file->exports != NULL;
}

static enum wpkg_status make_chunks(struct reading *in)
{
	struct obj_file *file = in->file;
	const struct wpkg_module *m = file->module;
	struct wpkg_arena *arena = &in->o->arena;
	uint32_t imports = m->func_import_count;
	file->funcs = wpkg_arena_alloc(arena, m->func_count - imports + 1, sizeof(*file->funcs));
	file->datas = wpkg_arena_alloc(arena, (size_t)m->data_count + 1, sizeof(*file->datas));
	file->segments =
		wpkg_arena_alloc(arena, (size_t)m->data_count + 1, sizeof(*file->segments));
	file->types = wpkg_arena_alloc(arena, (size_t)m->type_count + 1, sizeof(*file->types));
	file->canonical =
		wpkg_arena_alloc(arena, (size_t)m->types.count + 1, sizeof(*file->canonical));
	if (!file->funcs || !file->datas || !file->segments || !file->types || !file->canonical)
		return obj_no_memory(in->o);
	for (uint32_t i = imports; i < m->func_count; i++)
		file->funcs[i - imports] =
			(struct obj_chunk){.range = wpkg_module_body(m, i), .symbol = OBJ_NONE};
	for (uint32_t i = 0; i < m->data_count; i++)
		file->datas[i] = (struct obj_chunk){.range = m->datas[i].bytes, .symbol = OBJ_NONE};
	return note_sections(in) && note_exports(in) ? WPKG_OK : obj_no_memory(in->o);
}

static enum wpkg_status adopt_types(struct reading *in)
{
	struct obj_file *file = in->file;
	enum wpkg_status status =
		wpkg_types_adopt(file->canonical, &in->o->types, &file->module->types, in->o->err);
	for (uint32_t i = 0; status == WPKG_OK && i < file->module->type_count; i++)
		file->types[i] = file->canonical[file->module->type_ids[i]];
	return status;
}

/* Objects share one memory and one table of functions, which they import. */
static enum wpkg_status check_shape(struct reading *in)
{
	struct obj_file *file = in->file;
	const struct wpkg_module *m = file->module;
	/* Compilers import it; what LLVM's linker joins (-r) has it. */
	if (m->memory_count > 1)
		return WPKG_FAIL(in->o->err, WPKG_EFORMAT, "an object has one memory, not %u",
				 m->memory_count);
	if (m->start != WPKG_INDEX_NONE)
		return WPKG_FAIL(in->o->err, WPKG_EFORMAT, "an object has no start function");
	for (uint32_t i = 0; i < m->data_count; i++)
		if (m->datas[i].mode != WPKG_SEGMENT_ACTIVE)
			return WPKG_FAIL(in->o->err, WPKG_EFORMAT, "segment %u is not active", i);
	bool is_64 = m->memory_count > 0 && m->memories[0].size.is_64;
	if (in->number > 0 && m->memory_count > 0 && is_64 != in->o->is_64)
		return WPKG_FAIL(in->o->err, WPKG_EINVAL, "%s-bit object among those of %s bits",
				 is_64 ? "64" : "32", is_64 ? "32" : "64");
	in->o->is_64 = in->o->is_64 || is_64;
	return WPKG_OK;
}

/* Compilers of later versions have a table of 64 bits where addresses are; older ones do not. */
static enum wpkg_status check_table(struct reading *in)
{
	const struct wpkg_module *m = in->file->module;
	struct obj_link *o = in->o;
	for (uint32_t i = 0; i < m->table_import_count; i++) {
		bool is_64 = m->tables[i].size.is_64;
		if (!wpkg_str_equal_text(m->imports[m->tables[i].import].field,
					 "__indirect_function_table"))
			continue;
		if (o->has_table && o->is_table_64 != is_64)
			return WPKG_FAIL(in->o->err, WPKG_EINVAL,
					 "%s-bit table of functions among those of %s bits",
					 is_64 ? "64" : "32", is_64 ? "32" : "64");
		in->file->has_table = o->has_table = true;
		o->is_table_64 = is_64;
	}
	return WPKG_OK;
}

static enum wpkg_status read_parts(struct reading *in)
{
	enum wpkg_status status = make_chunks(in);
	if (status == WPKG_OK && in->file->linking.end == 0)
		status = WPKG_FAIL(in->o->err, WPKG_EFORMAT,
				   "not an object: it has no linking section");
	if (status == WPKG_OK)
		status = check_shape(in);
	if (status == WPKG_OK)
		status = check_table(in);
	if (status == WPKG_OK)
		status = adopt_types(in);
	if (status == WPKG_OK)
		status = obj_linking_read(in->o, in->number);
	const struct wpkg_module *m = in->file->module;
	for (uint32_t i = 0; status == WPKG_OK && i < m->section_count; i++)
		if (m->sections[i].id == WPKG_SECTION_CUSTOM &&
		    wpkg_str_starts(m->sections[i].name, WPKG_LIT("reloc.")))
			status = read_relocs(in, m->sections[i].body);
	return status;
}

/* From now on types are those of the link, the chunks say where bodies and data are, and the rest
 * is looked at when its turn comes. */
static void settle(struct reading *in)
{
	wpkg_module_forget_content(in->file->module);
	obj_rest(in->o, in->file);
}

enum wpkg_status obj_file_add(uint32_t *number, struct obj_link *o, struct wpkg_str name,
			      struct wpkg_str bytes)
{
	if (o->file_count == o->file_capacity) {
		uint32_t capacity = o->file_capacity > 0 ? o->file_capacity * 2 : 64;
		struct obj_file *more = wpkg_mem_resize(o->files, capacity, sizeof(*more));
		if (!more)
			return obj_no_memory(o);
		o->files = more;
		o->file_capacity = capacity;
	}
	struct reading in = {.o = o, .file = &o->files[o->file_count], .number = o->file_count};
	*in.file = (struct obj_file){.name = name, .pulled_for = OBJ_NONE, .pulled_by = OBJ_NONE};
	enum wpkg_status status;
	if (wpkg_str_starts(bytes, wpkg_str_of("BC\xc0\xde", 4)))
		status = WPKG_FAIL(o->err, WPKG_EFORMAT,
				   "LLVM bitcode, which only LLVM's linker makes code of");
	else
		status = wpkg_module_read(&in.file->module, bytes, NULL, o->err);
	if (status == WPKG_OK) {
		o->file_count++;
		status = read_parts(&in);
	}
	if (status == WPKG_OK)
		settle(&in);
	if (status == WPKG_OK)
		*number = in.number;
	else if (status != WPKG_ENOMEM)
		wpkg_err_prepend(o->err, "%.*s", WPKG_STR_ARG(name));
	return status;
}
