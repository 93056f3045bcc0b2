/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/oci_signed.h"

#include "data/json.h"
#include "pkg/annotation.h"
#include "pkg/oci_manifest.h"

#define TREES_MAX ((size_t)512 << 20)

struct wpkg_str wpkg_oci_referrer_of_invoice(struct wpkg_arena *arena,
					     const struct wpkg_digest *invoice, uint64_t size,
					     const struct wpkg_oci_subject *subject,
					     struct wpkg_err *err)
{
	char empty[WPKG_DIGEST_TEXT];
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_digest config;
	struct wpkg_buf buf;
	struct wpkg_str text = {0};
	if (wpkg_digest_of(&config, WPKG_LIT(WPKG_OCI_EMPTY_CONFIG), err) != WPKG_OK)
		return text;
	wpkg_digest_format(empty, &config);
	wpkg_digest_format(hex, invoice);
	wpkg_buf_init(&buf, WPKG_OCI_MANIFEST_MAX);
	wpkg_buf_append_format(
		&buf,
		"{\"schemaVersion\":2,\"mediaType\":\"" WPKG_OCI_MANIFEST_TYPE "\","
		"\"artifactType\":\"" WPKG_OCI_INVOICE_TYPE "\","
		"\"config\":{\"mediaType\":\"" WPKG_OCI_EMPTY_TYPE "\",\"digest\":\"sha256:%s\","
		"\"size\":2},\"layers\":[{\"mediaType\":\"" WPKG_OCI_INVOICE_TYPE "\","
		"\"digest\":\"sha256:%s\",\"size\":%llu,\"annotations\":{"
		"\"org.opencontainers.image.title\":\"invoice.toml\"}}],\"subject\":{"
		"\"mediaType\":",
		empty, hex, (unsigned long long)size);
	wpkg_json_write_string(&buf, subject->media_type);
	wpkg_buf_append_format(&buf, ",\"digest\":\"%.*s\",\"size\":%llu}}",
			       WPKG_STR_ARG(subject->digest), (unsigned long long)subject->size);
	if (buf.failed == WPKG_OK)
		text = wpkg_arena_dup(arena, wpkg_buf_str(&buf));
	if (!text.ptr)
		wpkg_err_set(err, WPKG_ENOMEM, "manifest: no memory");
	wpkg_buf_clear(&buf);
	return text;
}

static enum wpkg_status is_computed(bool *same, struct wpkg_arena *arena, struct wpkg_str manifest,
				    const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_oci_manifest made;
	enum wpkg_status status = wpkg_oci_manifest_of_invoice(&made, arena, invoice, err);
	if (status == WPKG_OK)
		*same = wpkg_str_equal(made.text, manifest);
	return status;
}

/* Made by us, so that only the first way is right for it. */
static bool is_own(struct wpkg_arena *arena, struct wpkg_str manifest)
{
	struct wpkg_value *root = NULL;
	if (wpkg_json_read(&root, arena, manifest, NULL) != WPKG_OK)
		return false;
	const struct wpkg_value *notes = wpkg_value_find(root, "annotations");
	return wpkg_value_find(notes, WPKG_ANNOTATION_INVOICE) != NULL;
}

static enum wpkg_status check(struct wpkg_arena *arena, struct wpkg_str manifest,
			      const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	bool same = false;
	struct wpkg_invoice *told = NULL;
	enum wpkg_status status = is_computed(&same, arena, manifest, invoice, err);
	if (status == WPKG_OK && !same && !is_own(arena, manifest) &&
	    wpkg_oci_manifest_to_invoice(&told, arena, manifest, invoice->name, invoice->version,
					 NULL) == WPKG_OK)
		status = wpkg_invoice_same_content(&same, told, invoice, err);
	if (status == WPKG_OK && !same)
		status = WPKG_FAIL(err, WPKG_EDENIED,
				   "the signed invoice of %.*s/%.*s is about another manifest",
				   WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	return status;
}

enum wpkg_status wpkg_oci_check_signed(struct wpkg_str manifest, const struct wpkg_invoice *invoice,
				       struct wpkg_err *err)
{
	struct wpkg_arena trees;
	wpkg_arena_init(&trees, TREES_MAX);
	enum wpkg_status status = check(&trees, manifest, invoice, err);
	wpkg_arena_clear(&trees);
	return status;
}

static bool has_signature(const struct wpkg_invoice *invoice,
			  const struct wpkg_signature *signature)
{
	for (size_t i = 0; i < invoice->signature_count; i++) {
		const struct wpkg_signature *other = &invoice->signatures[i];
		if (wpkg_str_equal(other->key, signature->key) && other->role == signature->role &&
		    wpkg_str_equal(other->by, signature->by) &&
		    wpkg_str_equal(other->signature, signature->signature))
			return true;
	}
	return false;
}

enum wpkg_status wpkg_invoice_merge(struct wpkg_invoice *invoice, struct wpkg_arena *arena,
				    const struct wpkg_invoice *other, struct wpkg_err *err)
{
	size_t most = invoice->signature_count + other->signature_count;
	struct wpkg_signature *all = wpkg_arena_alloc(arena, most + 1, sizeof(*all));
	if (!all)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for signatures");
	if (invoice->signature_count > 0)
		memcpy(all, invoice->signatures, invoice->signature_count * sizeof(*all));
	invoice->signatures = all;
	for (size_t i = 0; i < other->signature_count; i++)
		if (!has_signature(invoice, &other->signatures[i]))
			all[invoice->signature_count++] = other->signatures[i];
	invoice->has_signatures = invoice->has_signatures || other->has_signatures;
	if (other->yanked && !invoice->yanked) {
		invoice->has_yanked = invoice->yanked = true;
		invoice->yanked_signatures = other->yanked_signatures;
		invoice->yanked_signature_count = other->yanked_signature_count;
	}
	return WPKG_OK;
}
