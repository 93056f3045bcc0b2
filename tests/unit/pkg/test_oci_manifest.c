/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/oci_manifest.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd"

static const char module_invoice[] =
	"bindleVersion = \"1.0.0\"\n\n[bindle]\nname = \"example.com/greet\"\nversion = \"1.2.0\"\n"
	"description = \"says hello\"\nauthors = [\"Ada\", \"Bob\"]\n\n"
	"[annotations]\n\"org.opencontainers.image.licenses\" = \"MIT\"\n\n"
	"[[parcel]]\n[parcel.label]\nsha256 = \"" A
	"\"\nmediaType = \"application/wasm\"\nname = \"greet.wasm\"\nsize = 7\n";

static const char package_invoice[] =
	"bindleVersion = \"1.0.0\"\n\n[bindle]\nname = \"example.com/site\"\n"
	"version = \"2.0.0-rc.1+b7\"\n\n"
	"[[parcel]]\n[parcel.label]\nsha256 = \"" A
	"\"\nmediaType = \"application/wasm\"\nname = \"site.wasm\"\nsize = 7\n"
	"[parcel.label.feature.wasm]\nui_kit = \"none\"\n\n"
	"[[parcel]]\n[parcel.label]\nsha256 = \"" B
	"\"\nmediaType = \"text/css\"\nname = \"a/b.css\"\nsize = 9\n"
	"[parcel.conditions]\nmemberOf = [\"style\"]\n\n"
	"[[group]]\nname = \"style\"\nrequired = true\n";

static const char signature[] =
	"\n[[signature]]\nby = \"Ada\"\nsignature = \"QQ==\"\nkey = \"QQ==\"\nrole = \"creator\"\n"
	"at = 1\n";

static struct wpkg_invoice *read_invoice(struct wpkg_arena *arena, const char *text)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_invoice_read(&invoice, arena, wpkg_str_from(text), WPKG_INVOICE_TOML, &err),
	      err);
	return invoice;
}

/* The digests stand in schema/oci-manifest.md, too: whoever changes one breaks every lock file. */
START_TEST(a_manifest_is_what_the_schema_says)
{
	static const struct {
		const char *invoice, *config, *digest;
	} vectors[] = {
		{module_invoice,
		 "{\"created\":\"1970-01-01T00:00:00Z\",\"author\":null,\"architecture\":\"wasm\","
		 "\"os\":\"wasip1\",\"layerDigests\":[\"sha256:" A "\"],\"component\":null}",
		 "19b763bfdb2efde29fbfc4a2b8b63bdf8e168b13e3c168d6d8b4d98d46a6ec23"},
		{package_invoice, "{}",
		 "9dafd797ec4e256cd0c02f840584b97a656e2f1c3356964e87fcdba7372ad589"},
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct wpkg_arena arena;
		struct wpkg_oci_manifest made;
		struct wpkg_err err;
		char hex[WPKG_DIGEST_TEXT];
		wpkg_arena_init(&arena, 1 << 24);
		ck_ok(wpkg_oci_manifest_of_invoice(&made, &arena,
						   read_invoice(&arena, vectors[i].invoice), &err),
		      err);
		ck_assert(wpkg_str_equal_text(made.config, vectors[i].config));
		wpkg_digest_format(hex, &made.digest);
		ck_assert_str_eq(hex, vectors[i].digest);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

static struct wpkg_oci_manifest manifest_of(struct wpkg_arena *arena, const char *text)
{
	struct wpkg_oci_manifest made;
	struct wpkg_err err;
	ck_ok(wpkg_oci_manifest_of_invoice(&made, arena, read_invoice(arena, text), &err), err);
	return made;
}

START_TEST(signing_and_yanking_do_not_change_it)
{
	struct wpkg_arena arena;
	struct wpkg_buf text;
	wpkg_arena_init(&arena, 1 << 24);
	wpkg_buf_init(&text, 1 << 16);
	wpkg_buf_append_text(&text, "yanked = true\n");
	wpkg_buf_append_text(&text, module_invoice);
	wpkg_buf_append_text(&text, signature);
	struct wpkg_oci_manifest plain = manifest_of(&arena, module_invoice);
	struct wpkg_oci_manifest other = manifest_of(&arena, wpkg_buf_text(&text));
	ck_assert(wpkg_digest_equal(&plain.digest, &other.digest));
	wpkg_buf_clear(&text);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_manifest_of_ours_gives_its_invoice_back)
{
	static const struct {
		const char *invoice, *name, *version;
	} cases[] = {{module_invoice, "example.com/greet", "1.2.0"},
		     {package_invoice, "example.com/site", "2.0.0-rc.1+b7"}};
	for (size_t i = 0; i < 2; i++) {
		struct wpkg_arena arena;
		struct wpkg_buf expected, got;
		struct wpkg_err err;
		struct wpkg_invoice *invoice = NULL;
		wpkg_arena_init(&arena, 1 << 24);
		wpkg_buf_init(&expected, 1 << 20);
		wpkg_buf_init(&got, 1 << 20);
		struct wpkg_oci_manifest made = manifest_of(&arena, cases[i].invoice);
		ck_ok(wpkg_oci_manifest_to_invoice(&invoice, &arena, made.text,
						   wpkg_str_from(cases[i].name),
						   wpkg_str_from(cases[i].version), &err),
		      err);
		ck_ok(wpkg_invoice_write(&got, invoice, WPKG_INVOICE_TOML, &err), err);
		ck_ok(wpkg_invoice_write(&expected, read_invoice(&arena, cases[i].invoice),
					 WPKG_INVOICE_TOML, &err),
		      err);
		ck_assert_str_eq(wpkg_buf_text(&got), wpkg_buf_text(&expected));
		ck_status(wpkg_oci_manifest_to_invoice(&invoice, &arena, made.text,
						       wpkg_str_from(cases[i].name),
						       WPKG_LIT("9.0.0"), &err),
			  WPKG_EINVAL);
		wpkg_buf_clear(&expected);
		wpkg_buf_clear(&got);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

#define LAYER(type, digest, more)                                                                  \
	"{\"mediaType\":\"" type "\",\"digest\":\"sha256:" digest "\",\"size\":7" more "}"
#define MANIFEST(layers)                                                                           \
	"{\"schemaVersion\":2,\"config\":" LAYER(                                                  \
		"a/b", A, "") ",\"layers\":[" layers "],\"annotations\":{\"org.opencontainers."    \
			      "image.description\":\"d\",\"k\":\"v\"}}"

static enum wpkg_status to_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
				   const char *manifest, struct wpkg_err *err)
{
	return wpkg_oci_manifest_to_invoice(out, arena, wpkg_str_from(manifest), WPKG_LIT("a/b"),
					    WPKG_LIT("1.0.0"), err);
}

START_TEST(a_manifest_of_others_becomes_an_invoice_with_a_parcel_a_layer)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	wpkg_arena_init(&arena, 1 << 24);
	ck_ok(to_invoice(
		      &invoice, &arena,
		      MANIFEST(LAYER("application/vnd.wasm.content.layer.v1+wasm", A, "") "," LAYER(
			      "text/css", B,
			      ",\"annotations\":{\"org.opencontainers.image.title\":\"s.css\"}")),
		      &err),
	      err);
	ck_assert_uint_eq(invoice->parcel_count, 2);
	const struct wpkg_label *module = &invoice->parcels[0].label;
	ck_assert(wpkg_str_equal_text(module->media_type, "application/wasm"));
	ck_assert(wpkg_str_equal_text(module->name, "layer-0.wasm"));
	ck_assert(wpkg_str_equal_text(wpkg_map_find(&module->annotations, "dev.wpkg.layer-type"),
				      "application/vnd.wasm.content.layer.v1+wasm"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[1].label.name, "s.css"));
	ck_assert(wpkg_str_equal_text(invoice->parcels[1].label.media_type, "text/css"));
	ck_assert(wpkg_str_equal_text(invoice->description, "d"));
	ck_assert_uint_eq(invoice->annotations.count, 1);
	ck_ok(wpkg_invoice_check(invoice, &err), err);
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(what_is_no_manifest_is_refused)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "line 1"},
		{"[]", "no layers"},
		{"{\"layers\":{}}", "no layers"},
		{MANIFEST("1"), "mediaType"},
		{MANIFEST(LAYER("a/b", "12", "")), "sha256:12"},
		{MANIFEST("{\"mediaType\":\"a/b\",\"digest\":\"sha256:" A "\",\"size\":-1}"),
		 "size"},
		{"{\"layers\":[],\"annotations\":{\"dev.wpkg.invoice\":\"{}\"}}", "bindleVersion"},
		{"{\"layers\":[],\"annotations\":{\"dev.wpkg.invoice\":"
		 "\"{\\\"bindleVersion\\\":\\\"1.0.0\\\",\\\"yanked\\\":true,\\\"bindle\\\":"
		 "{\\\"name\\\":\\\"a/b\\\",\\\"version\\\":\\\"1.0.0\\\"}}\"}}",
		 "do not belong"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_arena arena;
		struct wpkg_err err = {0};
		struct wpkg_invoice *invoice = NULL;
		wpkg_arena_init(&arena, 1 << 24);
		ck_assert(to_invoice(&invoice, &arena, cases[i].text, &err) != WPKG_OK);
		ck_assert_msg(strstr(err.msg, cases[i].message) != NULL, "'%s' not in '%s'",
			      cases[i].message, err.msg);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

START_TEST(a_version_is_a_tag_with_an_underscore_for_the_plus)
{
	struct wpkg_arena arena;
	struct wpkg_str version;
	wpkg_arena_init(&arena, 1 << 16);
	ck_assert(wpkg_str_equal_text(wpkg_oci_tag_of_version(&arena, WPKG_LIT("1.0.0-a+b.7")),
				      "1.0.0-a_b.7"));
	ck_assert(wpkg_oci_version_of_tag(&version, &arena, WPKG_LIT("1.0.0-a_b.7")));
	ck_assert(wpkg_str_equal_text(version, "1.0.0-a+b.7"));
	ck_assert(!wpkg_oci_version_of_tag(&version, &arena, WPKG_LIT("latest")));
	ck_assert(!wpkg_oci_version_of_tag(&version, &arena, WPKG_LIT("v1.0.0")));
	ck_assert(!wpkg_oci_version_of_tag(&version, &arena, WPKG_LIT("1.0")));
	wpkg_arena_clear(&arena);
}
END_TEST

START_TEST(a_repository_is_what_the_specification_allows)
{
	static const char *const good[] = {"a", "example.com/a", "a--b/c__d/e_f", "0/1"};
	static const char *const bad[] = {"",	  "A",	"a/",	 "/a",	"a//b",	    ".a",   "a.",
					  "a..b", "a_", "a___b", "a b", "\xc3\xa4", "a._b", "a-.b"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(wpkg_oci_is_repository(wpkg_str_from(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!wpkg_oci_is_repository(wpkg_str_from(bad[i])), "%s", bad[i]);
}
END_TEST

static enum wpkg_status there_and_back(void)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_oci_manifest made;
	wpkg_arena_init(&arena, 1 << 24);
	enum wpkg_status status = wpkg_invoice_read(
		&invoice, &arena, wpkg_str_from(package_invoice), WPKG_INVOICE_TOML, &err);
	if (status == WPKG_OK)
		status = wpkg_oci_manifest_of_invoice(&made, &arena, invoice, &err);
	if (status == WPKG_OK)
		status = wpkg_oci_manifest_to_invoice(&invoice, &arena, made.text, invoice->name,
						      invoice->version, &err);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(every_failed_allocation_is_no_memory)
{
	unit_fail_each_allocation(there_and_back());
}
END_TEST

UNIT_MAIN(a_manifest_is_what_the_schema_says, signing_and_yanking_do_not_change_it,
	  a_manifest_of_ours_gives_its_invoice_back,
	  a_manifest_of_others_becomes_an_invoice_with_a_parcel_a_layer,
	  what_is_no_manifest_is_refused, a_version_is_a_tag_with_an_underscore_for_the_plus,
	  a_repository_is_what_the_specification_allows, every_failed_allocation_is_no_memory)
