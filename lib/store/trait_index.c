/* SPDX-License-Identifier: Apache-2.0 */
#include "store/trait_index.h"

#define PART_IDS 4096
#define PART_BYTES (PART_IDS / 8)
#define LISTED_MAX 255 /* members that are written as a list */
#define DAMAGED "database: the index of traits is damaged"

/* A row's members */

static void set_bit(uint8_t *bits, size_t at, bool on)
{
	uint8_t bit = (uint8_t)(1U << (at % 8));
	bits[at / 8] = on ? (uint8_t)(bits[at / 8] | bit) : (uint8_t)(bits[at / 8] & ~bit);
}

static bool read_list(uint8_t bits[PART_BYTES], struct wpkg_str members)
{
	memset(bits, 0, PART_BYTES);
	if (members.len % 2 != 0 || members.len > (size_t)LISTED_MAX * 2)
		return false;
	for (size_t i = 0; i < members.len; i += 2) {
		size_t at = (size_t)(uint8_t)members.ptr[i] << 8 | (uint8_t)members.ptr[i + 1];
		if (at >= PART_IDS)
			return false;
		set_bit(bits, at, true);
	}
	return true;
}

static bool read_members(uint8_t bits[PART_BYTES], struct wpkg_str members)
{
	if (members.len != PART_BYTES)
		return read_list(bits, members);
	memcpy(bits, members.ptr, PART_BYTES);
	return true;
}

/* In out, which the text borrows when it is a list. */
static struct wpkg_str write_members(uint8_t out[PART_BYTES], const uint8_t bits[PART_BYTES])
{
	size_t count = 0;
	for (size_t i = 0; i < PART_BYTES; i++)
		count += (size_t)__builtin_popcount(bits[i]);
	if (count > LISTED_MAX)
		return wpkg_str_of((const char *)bits, PART_BYTES);
	size_t len = 0;
	for (size_t at = 0; at < PART_IDS; at++) {
		if ((bits[at / 8] >> (at % 8) & 1) == 0)
			continue;
		out[len++] = (uint8_t)(at >> 8);
		out[len++] = (uint8_t)at;
	}
	return wpkg_str_of((const char *)out, len);
}

/* Changes */

static enum wpkg_status find_part(uint8_t bits[PART_BYTES], struct db *db, int64_t trait,
				  int64_t part, struct wpkg_err *err)
{
	struct db_rows rows;
	memset(bits, 0, PART_BYTES);
	db_rows_open(&rows, db, "SELECT members FROM trait_members WHERE trait = $1 AND part = $2",
		     DB_VALUES(db_integer(trait), db_integer(part)));
	if (db_rows_next(&rows) && !read_members(bits, db_rows_bytes(&rows, 0)))
		db_rows_fail(&rows, WPKG_EIO, DAMAGED);
	return db_rows_close(&rows, err);
}

static enum wpkg_status set_member(struct db *db, int64_t trait, int64_t name_id, bool is_member,
				   struct wpkg_err *err)
{
	uint8_t bits[PART_BYTES];
	uint8_t room[PART_BYTES];
	int64_t part = name_id / PART_IDS;
	enum wpkg_status status = find_part(bits, db, trait, part, err);
	if (status != WPKG_OK)
		return status;
	set_bit(bits, (size_t)(name_id % PART_IDS), is_member);
	struct wpkg_str members = write_members(room, bits);
	if (members.len == 0)
		return db_run(NULL, db, "DELETE FROM trait_members WHERE trait = $1 AND part = $2",
			      DB_VALUES(db_integer(trait), db_integer(part)), err);
	return db_run(NULL, db,
		      "INSERT INTO trait_members VALUES ($1, $2, $3) "
		      "ON CONFLICT (trait, part) DO UPDATE SET members = excluded.members",
		      DB_VALUES(db_integer(trait), db_integer(part), db_bytes(members)), err);
}

enum wpkg_status trait_index_change(struct db *db, int64_t name_id, const struct traits *old,
				    const struct traits *fresh, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	size_t i = 0;
	size_t j = 0;
	while (status == WPKG_OK && (i < old->count || j < fresh->count)) {
		if (i < old->count && j < fresh->count && old->ids[i] == fresh->ids[j]) {
			i++;
			j++;
		} else if (j == fresh->count || (i < old->count && old->ids[i] < fresh->ids[j])) {
			status = set_member(db, old->ids[i++], name_id, false, err);
		} else {
			status = set_member(db, fresh->ids[j++], name_id, true, err);
		}
	}
	return status;
}

/* Sets */

/* As large as the trait's last member needs; the others that it is met with can only be fewer. */
static enum wpkg_status make_room(struct name_set *set, struct wpkg_arena *arena, struct db *db,
				  int64_t trait, struct wpkg_err *err)
{
	bool found = false;
	int64_t last = 0;
	enum wpkg_status status = db_find_integer(
		&found, &last, db,
		"SELECT part FROM trait_members WHERE trait = $1 ORDER BY part DESC LIMIT 1",
		DB_VALUES(db_integer(trait)), err);
	if (status != WPKG_OK || !found)
		return status;
	set->bits = last < 0 ? NULL : wpkg_arena_alloc(arena, (size_t)last + 1, PART_BYTES);
	if (!set->bits)
		return WPKG_FAIL(err, WPKG_ENOMEM, "search: no memory");
	set->end = (last + 1) * PART_IDS;
	return WPKG_OK;
}

static enum wpkg_status read_trait(const struct name_set *set, struct db *db, int64_t trait,
				   struct wpkg_err *err)
{
	struct db_rows rows;
	memset(set->bits, 0, (size_t)set->end / 8);
	db_rows_open(&rows, db,
		     "SELECT part, members FROM trait_members WHERE trait = $1 AND part < $2",
		     DB_VALUES(db_integer(trait), db_integer(set->end / PART_IDS)));
	while (db_rows_next(&rows)) {
		int64_t part = db_rows_integer(&rows, 0);
		if (part < 0 ||
		    !read_members(set->bits + part * PART_BYTES, db_rows_bytes(&rows, 1)))
			db_rows_fail(&rows, WPKG_EIO, DAMAGED);
	}
	return db_rows_close(&rows, err);
}

enum wpkg_status trait_index_find(struct name_set *out, struct wpkg_arena *arena, struct db *db,
				  const int64_t *traits, size_t count, struct wpkg_err *err)
{
	struct name_set all = {0};
	struct name_set one = {0};
	enum wpkg_status status = make_room(&all, arena, db, traits[0], err);
	if (status != WPKG_OK || all.end == 0)
		return status;
	status = read_trait(&all, db, traits[0], err);
	one.end = all.end;
	one.bits = wpkg_arena_alloc(arena, (size_t)all.end / 8, 1);
	if (status == WPKG_OK && !one.bits)
		status = WPKG_FAIL(err, WPKG_ENOMEM, "search: no memory");
	for (size_t i = 1; status == WPKG_OK && i < count; i++) {
		status = read_trait(&one, db, traits[i], err);
		for (size_t j = 0; j < (size_t)all.end / 8; j++)
			all.bits[j] &= one.bits[j];
	}
	if (status == WPKG_OK)
		*out = all;
	return status;
}

bool name_set_has(const struct name_set *set, int64_t id)
{
	return id >= 0 && id < set->end && (set->bits[id / 8] >> (id % 8) & 1) != 0;
}

int64_t name_set_below(const struct name_set *set, int64_t id)
{
	id = id < set->end ? id : set->end;
	while (id > 0) {
		id--;
		if (id % 8 == 7 && set->bits[id / 8] == 0)
			id -= 7;
		else if (name_set_has(set, id))
			return id;
	}
	return -1;
}
