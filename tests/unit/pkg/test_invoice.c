/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/invoice.h"

static struct wpkg_arena arena;

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)64 << 20);
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char full[] =
	"bindleVersion = \"1.0.0\"\nyanked = false\n\n[bindle]\nname = \"example.com/full\"\n"
	"version = \"1.2.3-rc.1+build\"\ndescription = \"all there is\\nin two lines\"\n"
	"authors = [\"A <a@example.com>\", \"B\"]\n\n[annotations]\n\"a key\" = \"1\"\nb = \"\"\n\n"
	"[[parcel]]\n\n[parcel.label]\nsha256 = \"" DIGEST "\"\nmediaType = \"application/wasm\"\n"
	"name = \"app.wasm\"\nsize = 7\norigin = \"x 1.0.0\"\n\n[parcel.label.annotations]\n"
	"k = \"v\"\n\n[parcel.label.feature]\n\n[parcel.label.feature.wasm]\nlibrary = \"false\"\n"
	"\n[parcel.conditions]\nmemberOf = [\"g\"]\nrequires = []\n\n[[group]]\nname = \"g\"\n"
	"required = true\nsatisfiedBy = \"allOf\"\n\n[[signature]]\nby = \"A\"\nsignature = \"s\"\n"
	"key = \"k\"\nrole = \"creator\"\nat = 12\n";

static struct wpkg_str write_text(const struct wpkg_invoice *invoice,
				  enum wpkg_invoice_format format)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	ck_ok(wpkg_invoice_write(&text, invoice, format, &err), err);
	struct wpkg_str copy = wpkg_arena_dup(&arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy;
}

static struct wpkg_invoice *read_text(struct wpkg_str text, enum wpkg_invoice_format format)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_invoice_read(&invoice, &arena, text, format, &err), err);
	return invoice;
}

START_TEST(every_field_survives_toml_and_json)
{
	setup();
	struct wpkg_invoice *first = read_text(wpkg_str_from(full), WPKG_INVOICE_TOML);
	struct wpkg_str toml = write_text(first, WPKG_INVOICE_TOML);
	struct wpkg_str json = write_text(first, WPKG_INVOICE_JSON);
	ck_assert_uint_eq(first->parcels[0].label.size, 7);
	ck_assert(wpkg_str_equal_text(first->parcels[0].label.origin, "x 1.0.0"));
	ck_assert(wpkg_str_equal_text(wpkg_map_find(&first->annotations, "a key"), "1"));
	ck_assert(first->parcels[0].conditions.has_requires);
	ck_assert(first->groups[0].required);
	ck_assert_uint_eq(first->signatures[0].at, 12);
	struct wpkg_invoice *again = read_text(json, WPKG_INVOICE_JSON);
	ck_assert(wpkg_str_equal(write_text(again, WPKG_INVOICE_TOML), toml));
	again = read_text(toml, WPKG_INVOICE_TOML);
	ck_assert(wpkg_str_equal(write_text(again, WPKG_INVOICE_JSON), json));
}
END_TEST

START_TEST(equal_invoices_give_equal_bytes_whatever_the_order_of_keys)
{
	setup();
	struct wpkg_str a =
		WPKG_STR("bindleVersion = \"1.0.0\"\n[annotations]\nx = \"1\"\na = \"2\"\n"
			 "[bindle]\nversion = \"1.0.0\"\nname = \"n\"\n");
	struct wpkg_str b = WPKG_STR("annotations = { a = '2', x = \"1\" }\n"
				     "bindle = {name=\"n\", version=\"1.0.0\"}\r\n"
				     "\"bindleVersion\" = '''1.0.0'''");
	ck_assert(wpkg_str_equal(write_text(read_text(a, WPKG_INVOICE_TOML), WPKG_INVOICE_TOML),
				 write_text(read_text(b, WPKG_INVOICE_TOML), WPKG_INVOICE_TOML)));
}
END_TEST

static void refused(const char *text, const char *words)
{
	struct wpkg_err err = {0};
	struct wpkg_invoice *invoice = NULL;
	setup();
	ck_status(wpkg_invoice_read(&invoice, &arena, wpkg_str_from(text), WPKG_INVOICE_TOML, &err),
		  WPKG_EFORMAT);
	ck_assert_ptr_null(invoice);
	ck_assert_msg(strstr(err.msg, words) != NULL, "'%s' without '%s'", err.msg, words);
}

#define HEAD "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"n\"\nversion = \"1.0.0\"\n"

START_TEST(unknown_keys_wrong_types_and_duplicates_are_refused_with_their_place)
{
	refused(HEAD "nmae = \"x\"\n", "line 5, column 1");
	refused(HEAD "nmae = \"x\"\n", "name");
	refused("bindleVersion = 1\n", "line 1, column 17");
	refused(HEAD "name = \"x\"\n", "line 5");
	refused(HEAD "[[parcel]]\nlabel.sha256 = \"\"\nlabel.size = -1\nlabel.mediaType=\"\"\n"
		     "label.name=\"\"\n",
		"negative");
	refused(HEAD "[[parcel]]\nlabel.sha256 = \"\"\nlabel.size = \"1\"\nlabel.mediaType=\"\"\n"
		     "label.name=\"\"\n",
		"line 7, column 14");
	refused(HEAD "[[signature]]\nby=\"\"\nsignature=\"\"\nkey=\"\"\nrole=\"Host\"\nat=1\n",
		"role");
	refused("[bindle]\nname = \"n\"\nversion = \"1.0.0\"\n", "bindleVersion");
	refused(HEAD "[annotations]\na = 1\n", "line 6");
}
END_TEST

static void check_refused(const char *tail, const char *words)
{
	struct wpkg_err err = {0};
	setup();
	struct wpkg_str text = wpkg_arena_format(&arena, HEAD "%s", tail);
	struct wpkg_invoice *invoice = read_text(text, WPKG_INVOICE_TOML);
	ck_status(wpkg_invoice_check(invoice, &err), WPKG_EINVAL);
	ck_assert_msg(strstr(err.msg, words) != NULL, "'%s' without '%s'", err.msg, words);
}

#define PARCEL(digest, name, size)                                                                 \
	"[[parcel]]\nlabel = {sha256 = \"" digest "\", name = \"" name                             \
	"\", mediaType = \"text/plain\", size = " size "}\n"

START_TEST(what_bindle_leaves_unchecked_is_refused_with_its_field)
{
	check_refused(PARCEL("../../../etc", "a", "1"), "parcel[0]: label: sha256");
	check_refused(PARCEL("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
			     "a", "1"),
		      "parcel[0]: label: sha256");
	check_refused(PARCEL(DIGEST, "../a", "1"), "parcel[0]: label: name");
	check_refused(PARCEL(DIGEST, "a\\nb", "1"), "parcel[0]: label: name");
	check_refused(PARCEL(DIGEST, "a", "1") PARCEL(DIGEST, "b", "2"), "parcel[1].label.size");
	check_refused(PARCEL(DIGEST, "a", "1") PARCEL(DIGEST, "a", "1"), "parcel[1].label.name");
	check_refused(PARCEL(DIGEST, "a", "1") "conditions.memberOf = [\"none\"]\n",
		      "conditions.memberOf: group 'none' is not declared");
	check_refused("[[group]]\nname = \"g\"\n[[group]]\nname = \"g\"\n", "group[1]");
	check_refused("[[group]]\nname = \"\"\n", "group[0]: name");
	check_refused("[annotations]\nx = \"a\\u001bb\"\n", "annotations");
}
END_TEST

START_TEST(a_good_invoice_passes_the_check)
{
	struct wpkg_err err;
	setup();
	struct wpkg_invoice *invoice = read_text(wpkg_str_from(full), WPKG_INVOICE_TOML);
	ck_ok(wpkg_invoice_check(invoice, &err), err);
}
END_TEST

START_TEST(one_name_in_two_groups_is_fine)
{
	struct wpkg_err err;
	setup();
	struct wpkg_invoice *invoice = read_text(
		WPKG_LIT(HEAD PARCEL(DIGEST, "a", "1") "conditions.memberOf = [\"x\"]\n" PARCEL(
			DIGEST, "a", "1") "conditions.memberOf = [\"y\"]\n[[group]]\nname = "
					  "\"x\"\n[[group]]\nname = \"y\"\n"),
		WPKG_INVOICE_TOML);
	ck_ok(wpkg_invoice_check(invoice, &err), err);
}
END_TEST

START_TEST(signatures_and_a_yank_are_no_other_content)
{
	struct wpkg_err err;
	bool same = false;
	setup();
	struct wpkg_invoice *before = read_text(wpkg_str_from(full), WPKG_INVOICE_TOML);
	struct wpkg_invoice *after = read_text(wpkg_str_from(full), WPKG_INVOICE_TOML);
	after->yanked = true;
	after->has_yanked = true;
	after->signature_count = 0;
	ck_ok(wpkg_invoice_same_content(&same, before, after, &err), err);
	ck_assert(same);
	after->parcels[0].label.name = WPKG_LIT("other.wasm");
	ck_ok(wpkg_invoice_same_content(&same, before, after, &err), err);
	ck_assert(!same);
}
END_TEST

static enum wpkg_status read_and_write(void)
{
	struct wpkg_arena own;
	struct wpkg_buf text;
	struct wpkg_invoice *invoice = NULL;
	bool same = false;
	wpkg_arena_init(&own, (size_t)8 << 20);
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status =
		wpkg_invoice_read(&invoice, &own, wpkg_str_from(full), WPKG_INVOICE_TOML, NULL);
	if (status == WPKG_OK)
		status = wpkg_invoice_check(invoice, NULL);
	if (status == WPKG_OK)
		status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_JSON, NULL);
	if (status == WPKG_OK)
		status = wpkg_invoice_same_content(&same, invoice, invoice, NULL);
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&own);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(read_and_write());
}
END_TEST

UNIT_MAIN(every_field_survives_toml_and_json,
	  equal_invoices_give_equal_bytes_whatever_the_order_of_keys,
	  unknown_keys_wrong_types_and_duplicates_are_refused_with_their_place,
	  what_bindle_leaves_unchecked_is_refused_with_its_field, a_good_invoice_passes_the_check,
	  one_name_in_two_groups_is_fine, signatures_and_a_yank_are_no_other_content,
	  each_failed_allocation_is_reported)
