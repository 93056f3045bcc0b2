/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of packages by trait: written as lists and as bits, changed, met with each other. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"

#include "store/store_int.h"
#include "store/trait_index.h"

#define IDS 20000 /* in five rows of a trait */
#define ONE 7
#define TWO (-3)

/* A change, or a look. */
struct step {
	int64_t id;
	struct traits old, fresh;
	const int64_t *traits;
	size_t count;
	struct name_set found;
};

static struct step step;

static enum wpkg_status change(struct wpkg_store *self, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	const struct step *change = arguments;
	(void)self;
	return trait_index_change(db, change->id, &change->old, &change->fresh, err);
}

static enum wpkg_status look(struct wpkg_store *self, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	struct step *look = arguments;
	(void)self;
	return trait_index_find(&look->found, &arena, db, look->traits, look->count, err);
}

static void set_traits(struct traits *traits, const int64_t *ids, size_t count)
{
	traits->count = count;
	for (size_t i = 0; i < count; i++)
		traits->ids[i] = ids[i];
	traits_sort(traits);
}

static void become(int64_t id, const int64_t *old, size_t olds, const int64_t *fresh, size_t count)
{
	struct wpkg_err err;
	step.id = id;
	set_traits(&step.old, old, olds);
	set_traits(&step.fresh, fresh, count);
	ck_ok(store_write(store, change, &step, &err), err);
}

static struct name_set find_all(const int64_t *traits, size_t count)
{
	struct wpkg_err err;
	step.traits = traits;
	step.count = count;
	step.found = (struct name_set){0};
	ck_ok(store_read(store, look, &step, &err), err);
	return step.found;
}

static bool is_even(int64_t id)
{
	return id % 2 == 0;
}

static bool is_rare(int64_t id)
{
	return id % 1000 == 0 || id == 4095 || id == 4097;
}

static bool is_both(int64_t id)
{
	return is_even(id) && is_rare(id);
}

static bool is_none(int64_t id)
{
	(void)id;
	return false;
}

/* By asking for each, and by going down. */
static void ck_set(const struct name_set *set, bool (*is_member)(int64_t id))
{
	int64_t below = name_set_below(set, set->end);
	for (int64_t id = IDS + 5000; id >= 0; id--) {
		bool expected = id < IDS && is_member(id);
		ck_assert_msg(name_set_has(set, id) == expected, "%lld", (long long)id);
		if (!expected)
			continue;
		ck_assert_int_eq(below, id);
		below = name_set_below(set, id);
	}
	ck_assert_int_eq(below, -1);
	ck_assert(!name_set_has(set, -1));
}

static enum wpkg_status fill(struct wpkg_store *self, struct db *db, void *arguments,
			     struct wpkg_err *err)
{
	const bool *leaves = arguments;
	enum wpkg_status status = WPKG_OK;
	(void)self;
	for (int64_t id = 0; status == WPKG_OK && id < IDS; id++) {
		size_t count = 0;
		int64_t ids[2];
		if (is_even(id))
			ids[count++] = ONE;
		if (is_rare(id))
			ids[count++] = TWO;
		set_traits(*leaves ? &step.old : &step.fresh, ids, count);
		set_traits(*leaves ? &step.fresh : &step.old, NULL, 0);
		status = trait_index_change(db, id, &step.old, &step.fresh, err);
	}
	return status;
}

static void fill_or_leave(bool leaves)
{
	struct wpkg_err err;
	ck_ok(store_write(store, fill, &leaves, &err), err);
}

START_TEST(sets_hold_who_has_a_trait)
{
	const int64_t one = ONE;
	const int64_t two = TWO;
	const int64_t both[] = {ONE, TWO};
	const int64_t three[] = {TWO, ONE, 12345};
	setup();
	fill_or_leave(false);
	struct name_set set = find_all(&one, 1);
	ck_set(&set, is_even);
	set = find_all(&two, 1);
	ck_set(&set, is_rare);
	set = find_all(both, 2);
	ck_set(&set, is_both);
	set = find_all(three, 3);
	ck_set(&set, is_none);
	set = find_all(three + 2, 1);
	ck_set(&set, is_none);
	fill_or_leave(true);
	set = find_all(&one, 1);
	ck_set(&set, is_none);
	ck_assert_int_eq(set.end, 0);
	teardown();
}
END_TEST

START_TEST(what_stays_is_left_alone)
{
	const int64_t first[] = {3, 1, 3, 2};
	const int64_t second[] = {2, 4};
	const int64_t each[] = {1, 2, 3, 4};
	setup();
	become(5000, NULL, 0, first, 4);
	become(5000, first, 4, second, 2);
	for (size_t i = 0; i < 4; i++) {
		struct name_set set = find_all(&each[i], 1);
		ck_assert_int_eq(name_set_has(&set, 5000), each[i] == 2 || each[i] == 4);
	}
	teardown();
}
END_TEST

START_TEST(traits_go_to_bytes_and_back)
{
	static struct traits traits;
	static struct traits again;
	const int64_t ids[] = {INT64_MAX, 0, INT64_MIN, -1, 0x0102030405060708};
	wpkg_arena_init(&arena, 65536);
	set_traits(&traits, ids, 5);
	struct wpkg_str bytes = traits_write(&traits, &arena);
	ck_assert_uint_eq(bytes.len, 40);
	traits_read(&again, bytes);
	ck_assert_uint_eq(again.count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(again.ids[i], traits.ids[i]);
	ck_assert_int_eq(traits.ids[0], INT64_MIN);
	ck_assert_int_eq(traits.ids[4], INT64_MAX);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status damage(struct wpkg_store *self, struct db *db, void *arguments,
			       struct wpkg_err *err)
{
	(void)self;
	return db_run(NULL, db, "UPDATE trait_members SET members = $1",
		      DB_VALUES(db_bytes(*(const struct wpkg_str *)arguments)), err);
}

START_TEST(damage_is_said)
{
	struct wpkg_err err;
	const int64_t one = 1;
	const struct wpkg_str bad[] = {WPKG_STR("\0"), WPKG_STR("\xff\xff")};
	setup();
	become(5, NULL, 0, &one, 1);
	for (size_t i = 0; i < 2; i++) {
		struct wpkg_str bytes = bad[i];
		ck_ok(store_write(store, damage, &bytes, &err), err);
		step.traits = &one;
		step.count = 1;
		ck_status(store_read(store, look, &step, &err), WPKG_EIO);
		step.id = 6;
		set_traits(&step.old, NULL, 0);
		set_traits(&step.fresh, &one, 1);
		ck_status(store_write(store, change, &step, &err), WPKG_EIO);
	}
	teardown();
}
END_TEST

UNIT_MAIN(sets_hold_who_has_a_trait, what_stays_is_left_alone, traits_go_to_bytes_and_back,
	  damage_is_said)
