/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every valid module of the official suite is linked: alone, where the result must have the same
 * imports and exports and linking it again must change nothing, and beside itself, where every
 * index of the second one moves. What comes out is validated by the linker itself.
 */
#include "../vectors.h"

#include <dirent.h>

#include "link/link.h"

static unsigned linked;

static struct wpkg_module *read_module(struct wpkg_str bytes)
{
	struct wpkg_module *module = NULL;
	return wpkg_module_read(&module, bytes, NULL, NULL) == WPKG_OK ? module : NULL;
}

static void link_copies(struct wpkg_buf *out, const struct wpkg_module *module, size_t copies,
			const char *path)
{
	struct wpkg_err err = {0};
	const struct wpkg_link_input items[2] = {{.name = WPKG_LIT("\x01one"), .module = module},
						 {.name = WPKG_LIT("\x01two"), .module = module}};
	const struct wpkg_link_inputs inputs = {items, copies};
	const struct wpkg_link_options options = {.keep_all = true, .prefix = true};
	enum wpkg_status status = wpkg_link_merge(out, &inputs, &options, &err);
	/* Two copies of a module at a limit (memories, tables) are beyond it. */
	ck_assert_msg(status == WPKG_OK || (copies == 2 && status == WPKG_ELIMIT), "%s: %s", path,
		      err.msg);
}

static void check_surface(const struct wpkg_module *before, const struct wpkg_module *after,
			  const char *path)
{
	ck_assert_msg(before->export_count == after->export_count, "%s: exports", path);
	for (uint32_t i = 0; i < before->export_count; i++) {
		ck_assert(wpkg_str_equal(before->exports[i].name, after->exports[i].name));
		ck_assert_uint_eq(before->exports[i].kind, after->exports[i].kind);
	}
	/* Identical imports are one. */
	ck_assert_msg(before->import_count >= after->import_count, "%s: imports", path);
	ck_assert_uint_eq(before->elem_count <= after->elem_count, 1);
	ck_assert_uint_eq(before->data_count, after->data_count);
}

static void check_module(struct wpkg_str bytes, const char *path)
{
	struct wpkg_buf once, twice, beside;
	struct wpkg_module *module = read_module(bytes);
	if (!module)
		return;
	wpkg_buf_init(&once, (size_t)64 << 20);
	wpkg_buf_init(&twice, (size_t)64 << 20);
	wpkg_buf_init(&beside, (size_t)64 << 20);
	link_copies(&once, module, 1, path);
	struct wpkg_module *again = read_module(wpkg_buf_str(&once));
	ck_assert_msg(again != NULL, "%s", path);
	check_surface(module, again, path);
	link_copies(&twice, again, 1, path);
	ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&once), wpkg_buf_str(&twice)) ||
			      again->elem_count > module->elem_count,
		      "%s: linking again changes it", path);
	link_copies(&beside, module, 2, path);
	linked++;
	wpkg_module_free(again);
	wpkg_module_free(module);
	wpkg_buf_clear(&once);
	wpkg_buf_clear(&twice);
	wpkg_buf_clear(&beside);
}

static void check_folder(const char *group)
{
	char folder[512];
	char path[800];
	const char *vectors = getenv("WPKG_VECTORS");
	snprintf(folder, sizeof(folder), "%s/wasm-spec/%s", vectors ? vectors : "../shared/vectors",
		 group);
	DIR *dir = opendir(folder);
	ck_assert_msg(dir != NULL,
		      "missing test data: %s (set WPKG_VECTORS to the folder of vectors; README "
		      "says where to get them)",
		      folder);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct wpkg_arena arena;
		if (!wpkg_str_ends(wpkg_str_from(entry->d_name), WPKG_LIT(".wasm")))
			continue;
		wpkg_arena_init(&arena, (size_t)64 << 20);
		snprintf(path, sizeof(path), "wasm-spec/%s/%s", group, entry->d_name);
		check_module(vectors_load(&arena, path), path);
		wpkg_arena_clear(&arena);
	}
	closedir(dir);
}

START_TEST(every_valid_module_of_the_suite_can_be_linked)
{
	static const char *const groups[] = {"core",	     "simd",	    "gc",
					     "exceptions",   "memory64",    "multi-memory",
					     "relaxed-simd", "bulk-memory", "threads"};
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		check_folder(groups[i]);
	printf("%u modules linked\n", linked);
	ck_assert_uint_gt(linked, 1500);
}
END_TEST

UNIT_MAIN(every_valid_module_of_the_suite_can_be_linked)
