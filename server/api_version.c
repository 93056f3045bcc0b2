/* SPDX-License-Identifier: Apache-2.0 */
/* One version: what it says, what its signatures mean, what admission found out. */
#include "api.h"

#include "blob_answer.h"
#include "server.h"
#include "store/blob.h"
#include "store/package.h"

static const char *word_of(enum wpkg_signature_verdict verdict)
{
	static const char *const words[] = {
		[WPKG_SIGNATURE_TRUSTED] = "trusted",
		[WPKG_SIGNATURE_UNKNOWN_KEY] = "unknown-key",
		[WPKG_SIGNATURE_WRONG_ROLE] = "wrong-role",
		[WPKG_SIGNATURE_EXPIRED] = "expired",
		[WPKG_SIGNATURE_REVOKED] = "revoked",
		[WPKG_SIGNATURE_INVALID] = "invalid",
	};
	return words[verdict];
}

/* What somebody claims who signs in that role. */
static const char *claim_of(enum wpkg_role role)
{
	static const char *const claims[] = {
		[WPKG_ROLE_CREATOR] = "made this version",
		[WPKG_ROLE_APPROVER] = "has looked at this version and approves of it",
		[WPKG_ROLE_HOST] = "has received, checked and published this version",
		[WPKG_ROLE_PROXY] = "has passed this version on as it was received",
	};
	return claims[role];
}

struct wpkg_str api_signature_meaning(struct wpkg_arena *arena,
				      const struct wpkg_signature *signature,
				      enum wpkg_signature_verdict verdict)
{
	return wpkg_arena_format(arena, "%.*s says that it %s: %s", WPKG_STR_ARG(signature->by),
				 claim_of(signature->role),
				 verdict == WPKG_SIGNATURE_TRUSTED
					 ? "the key is trusted in this role"
					 : wpkg_signature_verdict_text(verdict));
}

static void put_signature(struct api_answer *answer, struct wpkg_value *to,
			  const struct wpkg_signature *signature,
			  enum wpkg_signature_verdict verdict)
{
	struct wpkg_arena *arena = &answer->request->arena;
	api_put_text(answer, to, "by", signature->by);
	api_put_text(answer, to, "role", wpkg_str_from(wpkg_role_name(signature->role)));
	if (signature->at <= INT64_MAX)
		api_put_time(answer, to, "at", (int64_t)signature->at);
	api_put_text(answer, to, "key", signature->key);
	api_put_text(answer, to, "signature", signature->signature);
	api_put_flag(answer, to, "valid", verdict != WPKG_SIGNATURE_INVALID);
	api_put_flag(answer, to, "trusted", verdict == WPKG_SIGNATURE_TRUSTED);
	api_put_text(answer, to, "verdict", wpkg_str_from(word_of(verdict)));
	api_put_text(answer, to, "meaning", api_signature_meaning(arena, signature, verdict));
}

static void put_signatures(struct api_answer *answer, const struct wpkg_invoice *invoice)
{
	struct request *request = answer->request;
	const enum wpkg_signature_verdict *verdicts =
		host_keys_judge(request->server->keys, &request->arena, invoice);
	struct wpkg_value *array = api_put_array(answer, answer->root, "signatures");
	answer->failed = answer->failed || !verdicts;
	for (size_t i = 0; verdicts && i < invoice->signature_count; i++)
		put_signature(answer, api_put_table(answer, array, NULL), &invoice->signatures[i],
			      verdicts[i]);
}

static void put_parcels(struct api_answer *answer, const struct wpkg_invoice *invoice)
{
	struct wpkg_value *array = api_put_array(answer, answer->root, "parcels");
	for (size_t i = 0; i < invoice->parcel_count; i++)
		api_put_parcel(answer, api_put_table(answer, array, NULL), invoice,
			       &invoice->parcels[i].label);
}

struct wpkg_str api_parcel_name(const struct wpkg_invoice *invoice,
				const struct wpkg_digest *digest)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_str_equal_text(invoice->parcels[i].label.sha256, hex))
			return invoice->parcels[i].label.name;
	return (struct wpkg_str){0};
}

static bool put_modules(struct api_answer *answer, const struct wpkg_record *record,
			const struct wpkg_invoice *invoice)
{
	struct wpkg_err err;
	struct request *request = answer->request;
	struct wpkg_module_facts_list list;
	if (wpkg_record_modules(&list, &request->arena, request->server->store, record->id, &err) !=
	    WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	struct wpkg_value *array = api_put_array(answer, answer->root, "modules");
	for (size_t i = 0; i < list.count; i++) {
		struct wpkg_value *item = api_put_table(answer, array, NULL);
		api_put_text(answer, item, "parcel",
			     api_parcel_name(invoice, &list.items[i].digest));
		api_put_digest(answer, item, "digest", &list.items[i].digest);
		api_put_document(answer, item, "facts", list.items[i].json);
	}
	return true;
}

/* A later verdict than the one that it was published with. */
static void put_flagged(struct api_answer *answer, const struct wpkg_record *record,
			const struct wpkg_value *verdict)
{
	const struct wpkg_value *accepted = wpkg_value_find(verdict, "accepted");
	const struct wpkg_value *reason = wpkg_value_find(verdict, "reason");
	if (record->published != 0 && accepted && !accepted->boolean && reason &&
	    reason->kind == WPKG_VALUE_STRING)
		api_put_text(answer, answer->root, "flagged", reason->string);
}

/* What modules are stands elsewhere. */
void api_put_verdict(struct api_answer *answer, const struct wpkg_record *record)
{
	api_put_document(answer, answer->root, "verdict", record->verdict);
	const struct wpkg_value *verdict = wpkg_value_find(answer->root, "verdict");
	struct wpkg_value *modules = wpkg_value_find(verdict, "modules");
	for (size_t i = 0; modules && i < modules->count; i++)
		api_drop(&modules->items[i], "facts");
	put_flagged(answer, record, verdict);
}

static void put_record(struct api_answer *answer, const struct wpkg_record *record)
{
	struct wpkg_value *to = answer->root;
	api_put_text(answer, to, "name", record->name);
	api_put_text(answer, to, "version", record->version);
	api_put_text(answer, to, "state", wpkg_str_from(wpkg_record_state_name(record->state)));
	api_put_time(answer, to, "created", record->created);
	api_put_time(answer, to, "published", record->published);
	api_put_optional(answer, to, "pusher", record->pusher);
	if (record->yanked != 0)
		api_put_yank(answer, to, record->yanked, record->yanked_by, record->yank_reason);
	api_put_number(answer, to, "size", record->size);
	api_put_digest(answer, to, "invoice_digest", &record->invoice_digest);
	if (record->has_manifest)
		api_put_digest(answer, to, "manifest_digest", &record->manifest);
}

void api_version(struct request *request)
{
	struct api_query query;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	if (!api_take_query(&query, request, "") ||
	    !api_find_record(&record, request, request->parts[0]) ||
	    !api_read_invoice(&invoice, request, &record))
		return;
	struct api_answer answer = api_answer_begin(request);
	put_record(&answer, &record);
	api_put_about(&answer, answer.root, invoice);
	put_parcels(&answer, invoice);
	put_signatures(&answer, invoice);
	api_put_verdict(&answer, &record);
	struct wpkg_value *table = api_put_table(&answer, answer.root, "invoice");
	if (wpkg_invoice_to_value(&request->arena, table, invoice, NULL) != WPKG_OK)
		answer.failed = true;
	if (put_modules(&answer, &record, invoice))
		api_answer_end(&answer, &query);
}

/* Those of a yanked version, too: a lock file may still name it. */
void api_parcel(struct request *request)
{
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	size_t slash = wpkg_str_find_last(request->parts[0], '/');
	struct wpkg_str sha256 = wpkg_str_from_offset(request->parts[0], slash + 1);
	if (!api_find_record(&record, request, wpkg_str_slice(request->parts[0], 0, slash)) ||
	    !api_read_invoice(&invoice, request, &record))
		return;
	const struct wpkg_label *label = wpkg_invoice_find_label(invoice, sha256);
	if (label)
		respond_parcel(request, record.id, label);
	else
		respond_refusal(request, 404, "%.*s/%.*s has no parcel %.*s",
				WPKG_STR_ARG(record.name), WPKG_STR_ARG(record.version),
				WPKG_STR_ARG(sha256));
}
