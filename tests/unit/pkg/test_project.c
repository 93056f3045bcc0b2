/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/annotation.h"
#include "pkg/project.h"

static struct wpkg_arena arena;
static char folder[] = "/tmp/wpkg-test-XXXXXX";

static void put(const char *path, struct wpkg_str bytes)
{
	struct wpkg_err err;
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir, 0);
	ck_ok(wpkg_file_write(dir, path, bytes, 0644, 0, &err), err);
	close(dir);
}

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)64 << 20);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(dir, "www", 0755), 0);
	ck_assert_int_eq(mkdirat(dir, "www/deep", 0755), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "www/link.txt"), 0);
	close(dir);
	put("app.wasm", (struct wpkg_str)WPKG_STR("\0asm\1\0\0\0"));
	put("README.md", WPKG_LIT("# hi\n"));
	put("www/index.html", WPKG_LIT("<p>"));
	put("www/deep/a.css", WPKG_LIT("a{}"));
	put("www/.hidden", WPKG_LIT("no"));
}

static void teardown(void)
{
	struct wpkg_err err;
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
}

static enum wpkg_status pack(struct wpkg_invoice **invoice, const char *manifest,
			     struct wpkg_err *err)
{
	struct wpkg_project *project = NULL;
	struct wpkg_packed_file *files = NULL;
	struct wpkg_source source = {0};
	enum wpkg_status status = wpkg_project_read(&project, &arena, wpkg_str_from(manifest), err);
	if (status == WPKG_OK)
		status = wpkg_source_open_folder(&source, folder, err);
	if (status == WPKG_OK)
		status = wpkg_project_pack(invoice, &files, &arena, project, &source, err);
	if (source.state)
		wpkg_source_close_folder(&source);
	return status;
}

#define HEAD "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"

START_TEST(a_manifest_becomes_an_invoice)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_checks checks;
	setup();
	ck_ok(pack(&invoice,
		   HEAD "license = \"MIT\"\nreadme = \"README.md\"\nkeywords = [\"k\", \"l\"]\n"
			"authors = [\"X\"]\n"
			"[[parcel]]\npath = \"app.wasm\"\nname = \"main.wasm\"\n"
			"features.wasm.wasi = \"true\"\n"
			"[[parcel]]\npath = \"www/**\"\ngroups = [\"web\"]\n"
			"[[group]]\nname = \"web\"\nrequired = true\n"
			"[dependencies]\n\"x/y\" = \"^1.2\"\n"
			"[[check]]\narguments = [\"1\"]\noutput = \"2\"\ntimeout = \"2m\"\n",
		   &err),
	      err);
	ck_assert_uint_eq(invoice->parcel_count, 4);
	ck_assert(wpkg_str_equal_text(invoice->parcels[0].label.name, "main.wasm"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[0].label.media_type, "application/wasm"));
	ck_assert(wpkg_str_equal_text(
		invoice->parcels[0].label.sha256,
		"93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[1].label.name, "www/deep/a.css"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[2].label.name, "www/index.html"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[2].conditions.member_of.items[0], "web"));
	ck_assert(wpkg_str_equal_text(
		wpkg_map_find(&invoice->parcels[3].label.annotations, WPKG_ANNOTATION_README),
		"true"));
	ck_assert(wpkg_str_equal_text(
		wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_LICENSES), "MIT"));
	ck_assert(wpkg_str_equal_text(
		wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES), "x/y ^1.2"));
	ck_ok(wpkg_checks_of_invoice(&checks, &arena, invoice, &err), err);
	ck_assert_uint_eq(checks.count, 1);
	ck_assert_uint_eq(checks.items[0].timeout_ms, 120000);
	ck_assert(wpkg_str_equal_text(checks.items[0].output, "2"));
	teardown();
}
END_TEST

START_TEST(a_component_is_marked_as_one)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	setup();
	put("component.wasm", WPKG_LIT("\0asm\x0d\0\x01\0"));
	ck_ok(pack(&invoice,
		   HEAD "[[parcel]]\npath = \"component.wasm\"\n[[parcel]]\npath = \"app.wasm\"\n",
		   &err),
	      err);
	ck_assert(wpkg_str_equal_text(
		wpkg_map_find(&invoice->parcels[0].label.annotations, WPKG_ANNOTATION_WASM_KIND),
		"component"));
	ck_assert_uint_eq(invoice->parcels[1].label.annotations.count, 0);
	teardown();
}
END_TEST

static void refused(const char *manifest, const char *words)
{
	struct wpkg_err err = {0};
	struct wpkg_invoice *invoice = NULL;
	setup();
	ck_assert_int_ne(pack(&invoice, manifest, &err), WPKG_OK);
	ck_assert_ptr_null(invoice);
	ck_assert_msg(strstr(err.msg, words) != NULL, "'%s' without '%s'", err.msg, words);
	teardown();
}

START_TEST(bad_manifests_are_refused_with_their_place)
{
	refused("[package]\nname = \"a b\"\nversion = \"1.0.0\"\n", "line 2");
	refused("[package]\nname = \"a\"\nversion = \"1.0\"\n", "line 3");
	refused(HEAD "[[parcels]]\n", "parcel");
	refused(HEAD "[[parcel]]\npath = \"../x\"\n", "line 4");
	refused(HEAD "[[parcel]]\npath = \"/etc/passwd\"\n", "path");
	refused(HEAD "[[parcel]]\npath = \"none.wasm\"\n", "none.wasm");
	refused(HEAD "[[parcel]]\npath = \"none/*\"\n", "matches no file");
	refused(HEAD "[[parcel]]\npath = \"www/link.txt\"\n", "www/link.txt");
	refused(HEAD "[[parcel]]\npath = \"www/*\"\nname = \"x\"\n", "name");
	refused(HEAD "[[parcel]]\npath = \"app.wasm\"\ngroups = [\"none\"]\n", "not declared");
	refused(HEAD "[dependencies]\nx = \"one\"\n", "dependencies.x");
	refused(HEAD "[[check]]\nexit-code = \"1\"\n", "exit-code");
	refused(HEAD "[[check]]\nexitcode = 1\n", "exit-code");
}
END_TEST

START_TEST(the_example_is_a_manifest)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_project *project = NULL;
	setup();
	wpkg_buf_init(&text, 100000);
	wpkg_project_write_example(&text, WPKG_LIT("example.com/greet"));
	ck_ok(wpkg_project_read(&project, &arena, wpkg_buf_str(&text), &err), err);
	ck_assert(wpkg_str_equal_text(project->name, "example.com/greet"));
	ck_assert(wpkg_str_equal_text(project->parcels[0].path, "greet.wasm"));
	/* And so is every line that it comments out. */
	struct wpkg_buf open;
	struct wpkg_str rest = wpkg_buf_str(&text);
	struct wpkg_str line;
	wpkg_buf_init(&open, 100000);
	while (wpkg_str_split(&rest, '\n', &line)) {
		if (wpkg_str_starts(line, WPKG_LIT("# ")) &&
		    (wpkg_str_contains(line, WPKG_LIT(" = ")) ||
		     wpkg_str_starts(line, WPKG_LIT("# ["))))
			line = wpkg_str_from_offset(line, 2);
		wpkg_buf_append_str(&open, line);
		wpkg_buf_append_byte(&open, '\n');
	}
	ck_ok(wpkg_project_read(&project, &arena, wpkg_buf_str(&open), &err), err);
	ck_assert_uint_eq(project->checks.count, 1);
	ck_assert_uint_eq(project->dependencies.count, 1);
	wpkg_buf_clear(&open);
	wpkg_buf_clear(&text);
	teardown();
}
END_TEST

static enum wpkg_status pack_once(void)
{
	struct wpkg_invoice *invoice = NULL;
	wpkg_arena_clear(&arena);
	return pack(&invoice,
		    HEAD "readme = \"README.md\"\n[[parcel]]\npath = \"www/**\"\n"
			 "[[parcel]]\npath = \"app.wasm\"\nfeatures.a.b = \"c\"\n[[check]]\n",
		    NULL);
}

START_TEST(each_failed_allocation_is_reported)
{
	setup();
	unit_fail_each_allocation(pack_once());
	teardown();
}
END_TEST

UNIT_MAIN(a_manifest_becomes_an_invoice, a_component_is_marked_as_one,
	  bad_manifests_are_refused_with_their_place, the_example_is_a_manifest,
	  each_failed_allocation_is_reported)
