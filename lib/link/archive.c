/* SPDX-License-Identifier: Apache-2.0 */
#include "link/archive.h"

#include "base/mem.h"

#define MAGIC_BYTES 8
#define HEADER_BYTES 60
#define NAME_BYTES 16
#define SIZE_AT 48
#define SIZE_BYTES 10

struct reading {
	struct wpkg_str bytes;
	uint64_t at;		    /* of the next header */
	struct wpkg_str index;	    /* GNU's, of symbols */
	unsigned index_word;	    /* bytes of its numbers; 0: there is none */
	struct wpkg_str long_names; /* GNU's */
	struct link_archive archive;
	uint32_t capacity;
	struct wpkg_err *err;
};

bool link_archive_is(struct wpkg_str bytes)
{
	return wpkg_str_starts(bytes, WPKG_LIT("!<arch>\n")) ||
	       wpkg_str_starts(bytes, WPKG_LIT("!<thin>\n"));
}

void link_archive_clear(struct link_archive *archive)
{
	wpkg_mem_free(archive->members);
	wpkg_mem_free(archive->symbols);
	*archive = (struct link_archive){0};
}

#define FAIL(r, offset, ...) fail_at((r)->err, offset, __VA_ARGS__)

static enum wpkg_status fail_at(struct wpkg_err *err, uint64_t offset, const char *what)
{
	return WPKG_FAIL(err, WPKG_EFORMAT, "0x%llx: %s", (unsigned long long)offset, what);
}

static struct wpkg_str padded_field(struct wpkg_str header, size_t at, size_t size)
{
	struct wpkg_str field = wpkg_str_slice(header, at, at + size);
	while (field.len > 0 && field.ptr[field.len - 1] == ' ')
		field.len--;
	return field;
}

/* A name that stands in the table of long names, where it ends with "/\n". */
static enum wpkg_status find_long_name(struct wpkg_str *out, const struct reading *r,
				       struct wpkg_str digits)
{
	uint64_t start;
	if (!wpkg_str_parse_u64(digits, &start) || start >= r->long_names.len)
		return FAIL(r, r->at, "a member's name is not in the table of long names");
	struct wpkg_str rest = wpkg_str_from_offset(r->long_names, (size_t)start);
	struct wpkg_str name = wpkg_str_slice(rest, 0, wpkg_str_find(rest, '\n'));
	*out = wpkg_str_ends(name, WPKG_LIT("/")) ? wpkg_str_slice(name, 0, name.len - 1) : name;
	return WPKG_OK;
}

static enum wpkg_status name_member(struct link_member *member, const struct reading *r,
				    struct wpkg_str field)
{
	uint64_t length;
	if (wpkg_str_starts(field, WPKG_LIT("#1/"))) {
		if (!wpkg_str_parse_u64(wpkg_str_from_offset(field, 3), &length) ||
		    length > member->bytes.len)
			return FAIL(r, r->at, "a member's name is longer than the member");
		member->name = wpkg_str_slice(member->bytes, 0, (size_t)length);
		member->name = wpkg_str_slice(member->name, 0, wpkg_str_find(member->name, '\0'));
		member->bytes = wpkg_str_from_offset(member->bytes, (size_t)length);
		return WPKG_OK;
	}
	if (wpkg_str_starts(field, WPKG_LIT("/")))
		return find_long_name(&member->name, r, wpkg_str_from_offset(field, 1));
	member->name = wpkg_str_slice(field, 0, wpkg_str_find(field, '/'));
	return WPKG_OK;
}

static enum wpkg_status add_member(struct reading *r, const struct link_member *member)
{
	struct link_archive *archive = &r->archive;
	if (archive->member_count == r->capacity) {
		uint32_t capacity = r->capacity > 0 ? r->capacity * 2 : 64;
		struct link_member *more =
			wpkg_mem_resize(archive->members, capacity, sizeof(*more));
		if (!more)
			return WPKG_FAIL(r->err, WPKG_ENOMEM, "archive: no memory");
		archive->members = more;
		r->capacity = capacity;
	}
	archive->members[archive->member_count++] = *member;
	return WPKG_OK;
}

/* A header and what is behind it: a member, or one of GNU's tables. */
static enum wpkg_status take_member(struct reading *r)
{
	struct wpkg_str header = wpkg_str_from_offset(r->bytes, (size_t)r->at);
	uint64_t size;
	if (header.len < HEADER_BYTES || header.ptr[58] != '`' || header.ptr[59] != '\n')
		return FAIL(r, r->at, "there should be a member's header");
	struct wpkg_str field = padded_field(header, 0, NAME_BYTES);
	bool is_table = wpkg_str_equal_text(field, "/") || wpkg_str_equal_text(field, "//") ||
			wpkg_str_equal_text(field, "/SYM64/");
	bool has_size = wpkg_str_parse_u64(padded_field(header, SIZE_AT, SIZE_BYTES), &size);
	size = r->archive.is_thin && !is_table ? 0 : size;
	if (!has_size || size > header.len - HEADER_BYTES)
		return FAIL(r, r->at, "a member goes beyond the end of the archive");
	struct link_member member = {
		.offset = r->at,
		.bytes = wpkg_str_slice(header, HEADER_BYTES, HEADER_BYTES + (size_t)size)};
	bool is_wide = wpkg_str_equal_text(field, "/SYM64/");
	enum wpkg_status status = WPKG_OK;
	if (is_wide || wpkg_str_equal_text(field, "/")) {
		r->index = member.bytes;
		r->index_word = is_wide ? 8 : 4;
	} else if (wpkg_str_equal_text(field, "//")) {
		r->long_names = member.bytes;
	} else {
		status = name_member(&member, r, field);
		if (status == WPKG_OK && !wpkg_str_starts(member.name, WPKG_LIT("__.SYMDEF")))
			status = add_member(r, &member);
	}
	r->at += HEADER_BYTES + size;
	r->at += r->at & 1;
	return status;
}

static uint64_t take_word(const struct reading *r, uint64_t number)
{
	const uint8_t *at = (const uint8_t *)r->index.ptr + number * r->index_word;
	uint64_t word = 0;
	for (unsigned i = 0; i < r->index_word; i++)
		word = word << 8 | at[i];
	return word;
}

/* Members are in the order of their offsets. */
static bool find_member(uint32_t *out, const struct link_archive *archive, uint64_t offset)
{
	uint32_t low = 0, high = archive->member_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (archive->members[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return low < archive->member_count && archive->members[low].offset == offset;
}

/* A count, so many offsets of members, and so many names that end with NUL. */
static enum wpkg_status read_index(struct reading *r)
{
	uint64_t count = r->index.len >= r->index_word ? take_word(r, 0) : 0;
	if (count > r->index.len / (r->index_word + 1) || count > UINT32_MAX)
		return FAIL(r, MAGIC_BYTES, "the index of symbols is shorter than it says");
	struct wpkg_str names = wpkg_str_from_offset(r->index, (size_t)(count + 1) * r->index_word);
	r->archive.symbols = wpkg_mem_calloc((size_t)count + 1, sizeof(*r->archive.symbols));
	if (!r->archive.symbols)
		return WPKG_FAIL(r->err, WPKG_ENOMEM, "archive: no memory");
	for (uint64_t i = 0; i < count; i++) {
		struct link_archive_symbol *symbol = &r->archive.symbols[i];
		size_t length = wpkg_str_find(names, '\0');
		if (length == names.len)
			return FAIL(r, MAGIC_BYTES, "the index of symbols has too few names");
		symbol->name = wpkg_str_slice(names, 0, length);
		names = wpkg_str_from_offset(names, length + 1);
		if (!find_member(&symbol->member, &r->archive, take_word(r, i + 1)))
			return FAIL(r, MAGIC_BYTES,
				    "the index of symbols names an offset where no member is");
	}
	r->archive.symbol_count = (uint32_t)count;
	return WPKG_OK;
}

enum wpkg_status link_archive_read(struct link_archive *out, struct wpkg_str bytes,
				   struct wpkg_err *err)
{
	struct reading r = {.bytes = bytes, .at = MAGIC_BYTES, .err = err};
	enum wpkg_status status = WPKG_OK;
	r.archive.is_thin = wpkg_str_starts(bytes, WPKG_LIT("!<thin>\n"));
	while (status == WPKG_OK && r.at < bytes.len)
		status = take_member(&r);
	r.archive.has_index = r.index_word > 0;
	if (status == WPKG_OK && r.archive.has_index)
		status = read_index(&r);
	if (status == WPKG_OK)
		*out = r.archive;
	else
		link_archive_clear(&r.archive);
	return status;
}
