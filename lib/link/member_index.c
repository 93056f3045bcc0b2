/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of an archive that has none, from what its members say of themselves: each name that a
 * member defines for others, as ranlib would write it. What is no object has none.
 */
#include "base/mem.h"
#include "link/object_int.h"

struct indexing {
	struct link_archive *archive;
	uint32_t capacity;
	uint32_t member;
	struct wpkg_err *err;
};

static enum wpkg_status add_name(struct indexing *in, struct wpkg_str name)
{
	struct link_archive *archive = in->archive;
	if (archive->symbol_count == in->capacity) {
		uint32_t capacity = in->capacity > 0 ? in->capacity * 2 : 256;
		struct link_archive_symbol *more =
			wpkg_mem_resize(archive->symbols, capacity, sizeof(*more));
		if (!more)
			return WPKG_FAIL(in->err, WPKG_ENOMEM, "archive: no memory");
		archive->symbols = more;
		in->capacity = capacity;
	}
	archive->symbols[archive->symbol_count++] = (struct link_archive_symbol){name, in->member};
	return WPKG_OK;
}

/* A symbol's name, empty when it is not one that the member defines for others. */
static struct wpkg_str take_defined(struct wpkg_reader *r)
{
	struct wpkg_str name = {0};
	uint8_t kind = wpkg_reader_byte(r);
	uint32_t flags = wpkg_reader_u32(r);
	bool is_undefined = flags & OBJ_UNDEFINED;
	if (kind == OBJ_DATA) {
		name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
		if (!is_undefined) {
			wpkg_reader_u32(r);
			wpkg_reader_u64(r);
			wpkg_reader_u64(r);
		}
	} else {
		wpkg_reader_u32(r);
		if (kind != OBJ_SECTION && (!is_undefined || flags & OBJ_EXPLICIT_NAME))
			name = wpkg_reader_name(r, OBJ_NAME_MAX_BYTES);
	}
	if (is_undefined || flags & OBJ_LOCAL)
		name.len = 0;
	return name;
}

static enum wpkg_status index_symbols(struct indexing *in, struct wpkg_reader *r)
{
	enum wpkg_status status = WPKG_OK;
	uint32_t count = wpkg_reader_u32(r);
	for (; status == WPKG_OK && r->status == WPKG_OK && count > 0; count--) {
		struct wpkg_str name = take_defined(r);
		if (r->status == WPKG_OK && name.len > 0)
			status = add_name(in, name);
	}
	return status == WPKG_OK ? r->status : status;
}

/* The section "linking": a version, then parts with a number and a size each. */
static enum wpkg_status index_linking(struct indexing *in, struct wpkg_reader *r)
{
	enum wpkg_status status = WPKG_OK;
	wpkg_reader_u32(r);
	while (status == WPKG_OK && r->status == WPKG_OK && wpkg_reader_more(r)) {
		bool is_symbols = wpkg_reader_byte(r) == OBJ_SUB_SYMBOLS;
		struct wpkg_reader part = wpkg_reader_sub(r, wpkg_reader_u32(r));
		if (r->status == WPKG_OK && is_symbols)
			status = index_symbols(in, &part);
	}
	return status == WPKG_OK ? r->status : status;
}

static enum wpkg_status index_member(struct indexing *in, struct wpkg_str bytes)
{
	struct wpkg_reader r;
	enum wpkg_status status = WPKG_OK;
	if (!wpkg_str_starts(bytes, WPKG_LIT("\0asm\1\0\0")) || bytes.len > UINT32_MAX)
		return WPKG_OK;
	wpkg_reader_init(&r, wpkg_str_from_offset(bytes, 8), 8, in->err);
	while (status == WPKG_OK && r.status == WPKG_OK && wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader body = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (r.status == WPKG_OK && id == WPKG_SECTION_CUSTOM &&
		    wpkg_str_equal_text(wpkg_reader_name(&body, OBJ_NAME_MAX_BYTES), "linking"))
			status = index_linking(in, &body);
	}
	return status == WPKG_OK ? r.status : status;
}

enum wpkg_status obj_index_members(struct link_archive *archive, struct wpkg_err *err)
{
	struct indexing in = {.archive = archive, .err = err};
	enum wpkg_status status = WPKG_OK;
	for (; status == WPKG_OK && in.member < archive->member_count; in.member++) {
		const struct link_member *member = &archive->members[in.member];
		status = index_member(&in, member->bytes);
		if (status != WPKG_OK && status != WPKG_ENOMEM)
			wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(member->name));
	}
	return status;
}
