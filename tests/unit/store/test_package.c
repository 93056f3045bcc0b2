/* SPDX-License-Identifier: Apache-2.0 */
/* Which version stands for a package, in lists, with dependents, and after yanks and deletions. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"

#include <sqlite3.h>

#include "store/package.h"

static int64_t add(const char *name, const char *version, const char *needs)
{
	struct package package = {.name = name, .version = version, .user = "jo"};
	struct wpkg_invoice *invoice;
	struct wpkg_created created;
	struct wpkg_err err;
	(void)canonical(&invoice, &package);
	if (needs)
		ck_assert(wpkg_map_set(&arena, &invoice->annotations,
				       WPKG_LIT("dev.wpkg.dependencies"), wpkg_str_from(needs)));
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	ck_ok(wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, &err), err);
	const struct wpkg_new_record record = {
		.invoice = invoice, .text = wpkg_buf_str(&text), .pusher = WPKG_LIT("jo")};
	ck_ok(wpkg_record_create(&created, &arena, store, &record, &err), err);
	wpkg_buf_clear(&text);
	settle(created.id, true);
	return created.id;
}

static void yank(int64_t id, const char *name, const char *version)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice;
	const struct wpkg_act act = {.actor = WPKG_LIT("jo"), .reason = WPKG_LIT("it leaks")};
	struct package package = {
		.name = name, .version = version, .user = "jo", .more = "yanked = true"};
	ck_ok(wpkg_record_yank(store, id, canonical(&invoice, &package), &act, &err), err);
}

static void ck_standing(const char *name, const char *version)
{
	struct wpkg_err err;
	struct wpkg_package package;
	ck_ok(wpkg_package_find(&package, &arena, store, wpkg_str_from(name), &err), err);
	ck_assert_msg(wpkg_str_equal_text(package.version, version), "%.*s, not %s",
		      WPKG_STR_ARG(package.version), version);
}

START_TEST(the_highest_release_stands_for_a_package_then_a_prerelease_then_what_was_yanked)
{
	struct wpkg_err err;
	struct wpkg_package package;
	const struct wpkg_act act = {0};
	setup();
	add("a/tool", "0.9.0-rc.1", NULL);
	ck_standing("a/tool", "0.9.0-rc.1");
	add("a/tool", "1.0.0", NULL);
	int64_t last = add("a/tool", "1.10.0", NULL);
	add("a/tool", "1.2.0", NULL);
	add("a/tool", "2.0.0-rc.1", NULL);
	ck_standing("a/tool", "1.10.0");
	yank(last, "a/tool", "1.10.0");
	ck_standing("a/tool", "1.2.0");
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/tool"), WPKG_LIT("1.2.0"), &act, &err), err);
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/tool"), WPKG_LIT("1.0.0"), &act, &err), err);
	ck_standing("a/tool", "2.0.0-rc.1");
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/tool"), WPKG_LIT("2.0.0-rc.1"), &act, &err),
	      err);
	ck_standing("a/tool", "0.9.0-rc.1");
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/tool"), WPKG_LIT("0.9.0-rc.1"), &act, &err),
	      err);
	ck_standing("a/tool", "1.10.0");
	ck_ok(wpkg_package_find(&package, &arena, store, WPKG_LIT("a/tool"), &err), err);
	ck_assert(package.is_yanked);
	ck_assert_uint_eq(package.version_count, 0);
	ck_assert_uint_eq(package.yanked_count, 1);
	ck_assert(wpkg_str_equal_text(package.owner, "jo"));
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a/tool"), WPKG_LIT("1.10.0"), &act, &err), err);
	ck_status(wpkg_package_find(&package, &arena, store, WPKG_LIT("a/tool"), &err),
		  WPKG_ENOTFOUND);
	ck_fsck(0, 0);
	teardown();
}
END_TEST

/* All pages of two, joined. */
static struct wpkg_str all_names(enum wpkg_package_order order)
{
	struct wpkg_err err;
	struct wpkg_str text = WPKG_STR("");
	struct wpkg_package_page page = {.order = order, .limit = 2};
	struct wpkg_package_list list;
	do {
		ck_ok(wpkg_package_list(&list, &arena, store, &page, &err), err);
		ck_assert_uint_le(list.count, 2);
		for (size_t i = 0; i < list.count; i++) {
			const struct wpkg_package *item = &list.items[i];
			text = wpkg_arena_format(&arena, "%.*s%.*s ", WPKG_STR_ARG(text),
						 WPKG_STR_ARG(item->name));
			page.after.name = item->name;
			page.after.at =
				order == WPKG_PACKAGES_NEWEST ? item->published : item->updated;
		}
	} while (list.count > 0);
	return text;
}

/* The times are of one second, in which the order is that of names' ids. */
START_TEST(lists_of_packages_go_on_where_they_ended)
{
	setup();
	add("b", "1.0.0", NULL);
	add("c", "1.0.0", NULL);
	add("a", "1.0.0", NULL);
	add("e", "1.0.0", NULL);
	add("d", "1.0.0", NULL);
	ck_assert_str_eq(all_names(WPKG_PACKAGES_BY_NAME).ptr, "a b c d e ");
	/* A second may end in between. */
	ck_assert_str_eq(all_names(WPKG_PACKAGES_NEWEST).ptr, "d e a c b ");
	ck_assert_uint_eq(all_names(WPKG_PACKAGES_UPDATED).len, 10);
	teardown();
}
END_TEST

START_TEST(versions_are_listed_highest_first_to_who_may_see_them)
{
	struct wpkg_err err;
	struct wpkg_created created;
	struct wpkg_package_version_list list;
	struct wpkg_package_versions_page page = {.name = WPKG_LIT("a/tool"), .limit = 10};
	setup();
	add("a/tool", "1.0.0", NULL);
	yank(add("a/tool", "1.2.0", NULL), "a/tool", "1.2.0");
	struct package pending = {.name = "a/tool", .version = "2.0.0", .user = "jo"};
	ck_ok(create(&created, &pending, &err), err);
	ck_ok(wpkg_package_versions(&list, &arena, store, &page, &err), err);
	ck_assert_uint_eq(list.count, 2);
	ck_assert(wpkg_str_equal_text(list.items[0].version, "1.2.0"));
	ck_assert(wpkg_str_equal_text(list.items[0].yank_reason, "it leaks"));
	ck_assert(wpkg_str_equal_text(list.items[0].yanked_by, "jo"));
	ck_assert_int_gt(list.items[0].yanked, 0);
	ck_assert(list.items[1].has_manifest);
	ck_assert_int_gt(list.items[1].published, 0);
	page.viewer.user = WPKG_LIT("jo");
	ck_ok(wpkg_package_versions(&list, &arena, store, &page, &err), err);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_int_eq(list.items[0].state, WPKG_RECORD_CHECKING);
	page.after = WPKG_LIT("1.2.0");
	ck_ok(wpkg_package_versions(&list, &arena, store, &page, &err), err);
	ck_assert_uint_eq(list.count, 1);
	page.after = WPKG_LIT("last");
	ck_status(wpkg_package_versions(&list, &arena, store, &page, &err), WPKG_EINVAL);
	teardown();
}
END_TEST

static void ck_dependents(const char *name, const char *expected)
{
	struct wpkg_err err;
	struct wpkg_dependent_list list;
	struct wpkg_str text = WPKG_STR("");
	ck_ok(wpkg_package_dependents(&list, &arena, store, wpkg_str_from(name), WPKG_LIT(""), 10,
				      &err),
	      err);
	for (size_t i = 0; i < list.count; i++)
		text = wpkg_arena_format(&arena, "%.*s%.*s/%.*s %.*s;", WPKG_STR_ARG(text),
					 WPKG_STR_ARG(list.items[i].name),
					 WPKG_STR_ARG(list.items[i].version),
					 WPKG_STR_ARG(list.items[i].requirement));
	ck_assert_str_eq(text.ptr, expected);
}

START_TEST(dependents_are_those_of_standing_versions)
{
	setup();
	add("z/app", "1.0.0", "b/lib ^1.2\nb/old *");
	add("a/app", "1.0.0", "b/lib =1.0.0\n");
	ck_dependents("b/lib", "a/app/1.0.0 =1.0.0;z/app/1.0.0 ^1.2;");
	ck_dependents("b/old", "z/app/1.0.0 *;");
	add("z/app", "1.1.0", "b/lib ^2");
	ck_dependents("b/lib", "a/app/1.0.0 =1.0.0;z/app/1.1.0 ^2;");
	ck_dependents("b/old", "");
	teardown();
}
END_TEST

static void ck_dependencies(const char *name, const char *expected)
{
	struct wpkg_err err;
	struct wpkg_dependency_list list;
	struct wpkg_str text = WPKG_STR("");
	ck_ok(wpkg_package_dependencies(&list, &arena, store, wpkg_str_from(name), &err), err);
	for (size_t i = 0; i < list.count; i++)
		text = wpkg_arena_format(&arena, "%.*s%.*s %.*s;", WPKG_STR_ARG(text),
					 WPKG_STR_ARG(list.items[i].name),
					 WPKG_STR_ARG(list.items[i].requirement));
	ck_assert_str_eq(text.ptr, expected);
}

static void ck_most_needed(size_t limit, const char *expected)
{
	struct wpkg_err err;
	struct wpkg_needed_list list;
	struct wpkg_str text = WPKG_STR("");
	ck_ok(wpkg_package_most_needed(&list, &arena, store, limit, &err), err);
	for (size_t i = 0; i < list.count; i++)
		text = wpkg_arena_format(&arena, "%.*s%.*s %llu;", WPKG_STR_ARG(text),
					 WPKG_STR_ARG(list.items[i].name),
					 (unsigned long long)list.items[i].dependents);
	ck_assert_str_eq(text.ptr, expected);
}

START_TEST(dependencies_are_the_standing_versions_and_what_is_needed_most_comes_first)
{
	setup();
	add("b/lib", "1.0.0", "");
	add("c/lib", "1.0.0", "b/lib ^1");
	add("z/app", "1.0.0", "c/lib *\nb/lib ^1\nelse/where *");
	ck_dependencies("z/app", "b/lib ^1;c/lib *;else/where *;");
	ck_dependencies("b/lib", "");
	ck_dependencies("no/such", "");
	ck_most_needed(10, "b/lib 2;c/lib 1;");
	ck_most_needed(1, "b/lib 2;");
	add("z/app", "2.0.0", "c/lib *");
	ck_dependencies("z/app", "c/lib *;");
	ck_most_needed(10, "b/lib 1;c/lib 1;");
	teardown();
}
END_TEST

/* As the migration leaves a store of an older program. */
START_TEST(what_an_older_program_left_is_derived_a_few_at_a_time)
{
	struct wpkg_err err;
	struct wpkg_registry_figures figures;
	sqlite3 *db = NULL;
	bool done = false;
	setup();
	for (unsigned i = 0; i < 5; i++)
		add(wpkg_arena_format(&arena, "a/n%u", i).ptr, "1.0.0", "b/lib ^1");
	close_store();
	ck_assert_int_eq(sqlite3_open(in_folder("registry.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "DELETE FROM package_dependencies; UPDATE packages SET "
				      "record_id = NULL, published = 0, updated = 0, stale = 1",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	open_store(WPKG_STORE_SERVE);
	ck_assert_str_eq(all_names(WPKG_PACKAGES_BY_NAME).ptr, "");
	ck_ok(wpkg_packages_catch_up(&done, store, 3, &err), err);
	ck_assert(!done);
	ck_assert_str_eq(all_names(WPKG_PACKAGES_NEWEST).ptr, "a/n2 a/n1 a/n0 ");
	ck_ok(wpkg_packages_catch_up(&done, store, 3, &err), err);
	ck_assert(done);
	ck_ok(wpkg_registry_figures(&figures, store, &err), err);
	ck_assert_uint_eq(figures.packages, 5);
	ck_assert_uint_eq(figures.versions, 5);
	ck_dependents("b/lib", "a/n0/1.0.0 ^1;a/n1/1.0.0 ^1;a/n2/1.0.0 ^1;a/n3/1.0.0 ^1;"
			       "a/n4/1.0.0 ^1;");
	teardown();
}
END_TEST

UNIT_MAIN(the_highest_release_stands_for_a_package_then_a_prerelease_then_what_was_yanked,
	  lists_of_packages_go_on_where_they_ended,
	  versions_are_listed_highest_first_to_who_may_see_them,
	  dependents_are_those_of_standing_versions,
	  dependencies_are_the_standing_versions_and_what_is_needed_most_comes_first,
	  what_an_older_program_left_is_derived_a_few_at_a_time)
