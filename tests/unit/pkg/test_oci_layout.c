/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/oci_layout.h"

static struct wpkg_err err;
static char folder[] = "/tmp/wpkg-test-layout-XXXXXX";
static char path[64];

static void begin(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/layout", folder);
}

static void end(void)
{
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
}

static int file_of(const char *text)
{
	int fd = memfd_create("blob", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static struct wpkg_label label_of(const char *text, char hex[WPKG_DIGEST_TEXT])
{
	struct wpkg_digest digest;
	ck_ok(wpkg_digest_of(&digest, wpkg_str_from(text), &err), err);
	wpkg_digest_format(hex, &digest);
	return (struct wpkg_label){.sha256 = wpkg_str_from(hex), .size = strlen(text)};
}

static enum wpkg_status put(struct wpkg_oci_layout *layout, const char *name, const char *text)
{
	struct wpkg_oci_descriptor descriptor = {
		.media_type = WPKG_LIT("m/t"), .name = wpkg_str_from(name), .size = strlen(text)};
	enum wpkg_status status = wpkg_digest_of(&descriptor.digest, wpkg_str_from(text), &err);
	return status == WPKG_OK ? wpkg_oci_layout_put_manifest(layout, wpkg_str_from(text),
								&descriptor, &err)
				 : status;
}

START_TEST(what_is_put_is_found)
{
	struct wpkg_oci_layout layout;
	struct wpkg_oci_index index;
	struct wpkg_arena arena;
	struct wpkg_str text;
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_label label = label_of("blob", hex);
	int fd = file_of("blob");
	begin();
	wpkg_arena_init(&arena, 1 << 20);
	ck_status(wpkg_oci_layout_open(&layout, path, false, &err), WPKG_ENOTFOUND);
	ck_ok(wpkg_oci_layout_open(&layout, path, true, &err), err);
	ck_ok(wpkg_oci_layout_put(&layout, &label, fd, &err), err);
	ck_ok(put(&layout, "1.0.0", "{}"), err);
	ck_ok(put(&layout, "latest", "{}"), err);
	wpkg_oci_layout_close(&layout);
	ck_ok(wpkg_oci_layout_open(&layout, path, false, &err), err);
	ck_ok(wpkg_oci_layout_list(&index, &arena, &layout, &err), err);
	ck_assert_uint_eq(index.count, 2);
	ck_ok(wpkg_oci_layout_read(&text, &arena, &layout, &index.manifests[0].digest, &err), err);
	ck_assert(wpkg_str_equal_text(text, "{}"));
	ck_assert(wpkg_digest_parse(&digest, label.sha256));
	ck_ok(wpkg_oci_layout_read(&text, &arena, &layout, &digest, &err), err);
	wpkg_oci_layout_close(&layout);
	wpkg_arena_clear(&arena);
	close(fd);
	end();
}
END_TEST

START_TEST(other_bytes_get_no_name)
{
	struct wpkg_oci_layout layout;
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_label label = label_of("blob", hex);
	int fd = file_of("blot");
	int found = -1;
	begin();
	ck_ok(wpkg_oci_layout_open(&layout, path, true, &err), err);
	ck_status(wpkg_oci_layout_put(&layout, &label, fd, &err), WPKG_EDENIED);
	ck_assert(wpkg_digest_parse(&digest, label.sha256));
	ck_status(wpkg_oci_layout_open_blob(&found, &layout, &digest, &err), WPKG_ENOTFOUND);
	wpkg_oci_layout_close(&layout);
	close(fd);
	end();
}
END_TEST

START_TEST(a_folder_with_something_else_is_left_alone)
{
	struct wpkg_oci_layout layout;
	begin();
	ck_ok(wpkg_file_make_dirs(AT_FDCWD, path, 0700, &err), err);
	strcat(path, "/index.json");
	ck_ok(wpkg_file_write(AT_FDCWD, path, WPKG_LIT("mine"), 0600, 0, &err), err);
	path[strlen(path) - strlen("/index.json")] = '\0';
	ck_status(wpkg_oci_layout_open(&layout, path, true, &err), WPKG_EFORMAT);
	end();
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_oci_layout layout = {.dir = -1};
	struct wpkg_oci_index index;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, 1 << 20);
	enum wpkg_status status = wpkg_oci_layout_open(&layout, path, true, &err);
	if (status == WPKG_OK)
		status = put(&layout, "1.0.0", "{}");
	if (status == WPKG_OK)
		status = wpkg_oci_layout_list(&index, &arena, &layout, &err);
	wpkg_oci_layout_close(&layout);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	begin();
	unit_fail_each_allocation(once());
	end();
}
END_TEST

UNIT_MAIN(what_is_put_is_found, other_bytes_get_no_name, a_folder_with_something_else_is_left_alone,
	  each_allocation_may_fail)
