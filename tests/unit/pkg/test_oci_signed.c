/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/oci_image.h"
#include "pkg/oci_manifest.h"
#include "pkg/oci_signed.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SIGNED(by, role)                                                                           \
	"\n[[signature]]\nby = \"" by "\"\nsignature = \"QQ==\"\nkey = \"QQ==\"\nrole = \"" role   \
	"\"\nat = 1\n"
#define INVOICE(version)                                                                           \
	"bindleVersion = \"1.0.0\"\n\n[bindle]\nname = \"example.com/greet\"\nversion = "          \
	"\"" version "\"\n\n[[parcel]]\n[parcel.label]\nsha256 = \"" A                             \
	"\"\nmediaType = \"application/wasm\"\nname = \"greet.wasm\"\nsize = 7\n"

/* The same layer as another tool would push it. */
static const char foreign[] =
	"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.wasm.config.v0+json\","
	"\"digest\":\"sha256:" A "\",\"size\":7},\"layers\":[{\"mediaType\":\"application/wasm\","
	"\"digest\":\"sha256:" A "\",\"size\":7,\"annotations\":{"
	"\"org.opencontainers.image.title\":\"greet.wasm\"}}]}";

static struct wpkg_arena arena;
static struct wpkg_err err;

static struct wpkg_invoice *invoice_of(const char *text)
{
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_invoice_read(&invoice, &arena, wpkg_str_from(text), WPKG_INVOICE_TOML, &err),
	      err);
	return invoice;
}

START_TEST(a_referrer_is_about_its_subject)
{
	struct wpkg_oci_image image;
	struct wpkg_digest invoice, subject;
	const struct wpkg_oci_subject about = {
		.media_type = WPKG_LIT("a/b\""), .digest = WPKG_LIT("sha256:" A), .size = 5};
	wpkg_arena_init(&arena, 1 << 24);
	ck_assert(wpkg_digest_parse(&subject, WPKG_LIT(A)));
	ck_ok(wpkg_digest_of(&invoice, WPKG_LIT("invoice"), &err), err);
	struct wpkg_str text = wpkg_oci_referrer_of_invoice(&arena, &invoice, 7, &about, &err);
	ck_ok(wpkg_oci_image_read(&image, &arena, text, &err), err);
	ck_assert(wpkg_str_equal_text(image.artifact_type, WPKG_OCI_INVOICE_TYPE));
	ck_assert_uint_eq(image.count, 2);
	ck_assert(wpkg_digest_equal(&image.blobs[1].digest, &invoice));
	ck_assert_uint_eq(image.blobs[1].size, 7);
	ck_assert(image.has_subject && wpkg_digest_equal(&image.subject, &subject));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(an_invoice_is_about_the_manifest_it_gives)
{
	struct wpkg_oci_manifest made;
	wpkg_arena_init(&arena, 1 << 24);
	struct wpkg_invoice *invoice = invoice_of(INVOICE("1.0.0") SIGNED("Jo", "creator"));
	ck_ok(wpkg_oci_manifest_of_invoice(&made, &arena, invoice, &err), err);
	ck_ok(wpkg_oci_check_signed(made.text, invoice, &err), err);
	ck_status(wpkg_oci_check_signed(made.text, invoice_of(INVOICE("1.0.1")), &err),
		  WPKG_EDENIED);
	invoice->description = WPKG_LIT("another");
	ck_status(wpkg_oci_check_signed(made.text, invoice, &err), WPKG_EDENIED);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(an_invoice_is_about_the_foreign_manifest_that_gives_it)
{
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_str text = wpkg_str_from(foreign);
	wpkg_arena_init(&arena, 1 << 24);
	ck_ok(wpkg_oci_manifest_to_invoice(&invoice, &arena, text, WPKG_LIT("a/b"),
					   WPKG_LIT("1.0.0"), &err),
	      err);
	ck_ok(wpkg_oci_check_signed(text, invoice, &err), err);
	invoice->parcels[0].label.size = 8;
	ck_status(wpkg_oci_check_signed(text, invoice, &err), WPKG_EDENIED);
	ck_status(wpkg_oci_manifest_to_invoice(&invoice, &arena, text, (struct wpkg_str){0},
					       (struct wpkg_str){0}, &err),
		  WPKG_ENOTFOUND);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_manifest_of_ours_says_what_it_is)
{
	struct wpkg_oci_manifest made;
	struct wpkg_invoice *told = NULL;
	wpkg_arena_init(&arena, 1 << 24);
	ck_ok(wpkg_oci_manifest_of_invoice(&made, &arena, invoice_of(INVOICE("1.0.0")), &err), err);
	ck_ok(wpkg_oci_manifest_to_invoice(&told, &arena, made.text, (struct wpkg_str){0},
					   (struct wpkg_str){0}, &err),
	      err);
	ck_assert(wpkg_str_equal_text(told->name, "example.com/greet"));
	ck_assert(wpkg_str_equal_text(told->version, "1.0.0"));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(signatures_of_two_invoices_come_together)
{
	wpkg_arena_init(&arena, 1 << 24);
	struct wpkg_invoice *mine = invoice_of(INVOICE("1.0.0") SIGNED("Jo", "creator"));
	struct wpkg_invoice *other = invoice_of("yanked = true\n" INVOICE("1.0.0") SIGNED(
		"Jo", "creator") SIGNED("Al", "approver"));
	ck_ok(wpkg_invoice_merge(mine, &arena, other, &err), err);
	ck_assert_uint_eq(mine->signature_count, 2);
	ck_assert(wpkg_str_equal_text(mine->signatures[1].by, "Al"));
	ck_assert(mine->yanked && mine->has_signatures);
	ck_ok(wpkg_invoice_merge(mine, &arena, other, &err), err);
	ck_assert_uint_eq(mine->signature_count, 2);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_oci_manifest made;
	struct wpkg_oci_subject about = {.media_type = WPKG_LIT("a/b"), .size = 5};
	wpkg_arena_init(&arena, 1 << 24);
	enum wpkg_status status = wpkg_invoice_read(
		&invoice, &arena, wpkg_str_from(INVOICE("1.0.0")), WPKG_INVOICE_TOML, &err);
	if (status == WPKG_OK)
		status = wpkg_oci_manifest_of_invoice(&made, &arena, invoice, &err);
	if (status == WPKG_OK)
		status = wpkg_oci_check_signed(made.text, invoice, &err);
	if (status == WPKG_OK)
		status = wpkg_invoice_merge(invoice, &arena, invoice, &err);
	if (status == WPKG_OK &&
	    !wpkg_oci_referrer_of_invoice(&arena, &made.digest, 7, &about, &err).ptr)
		status = err.status;
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_allocation_may_fail)
{
	unit_fail_each_allocation(once());
}
END_TEST

UNIT_MAIN(a_referrer_is_about_its_subject, an_invoice_is_about_the_manifest_it_gives,
	  an_invoice_is_about_the_foreign_manifest_that_gives_it,
	  a_manifest_of_ours_says_what_it_is, signatures_of_two_invoices_come_together,
	  each_allocation_may_fail)
