/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices: created, read, yanked. */
#include "bindle.h"

#include "crypto/digest.h"
#include "holder.h"
#include "server.h"
#include "yank.h"

/* What the body is, by its Content-Type; without one it is JSON, as the original has it. */
static bool find_format(enum wpkg_invoice_format *out, struct request *request)
{
	struct wpkg_str type = request->content_type;
	type = wpkg_str_trim(wpkg_str_slice(type, 0, wpkg_str_find(type, ';')));
	if (type.len == 0 || wpkg_str_equal_nocase(type, WPKG_LIT("application/json")))
		*out = WPKG_INVOICE_JSON;
	else if (wpkg_str_equal_nocase(type, WPKG_LIT("application/toml")))
		*out = WPKG_INVOICE_TOML;
	else
		return false;
	return true;
}

static bool read_body(struct wpkg_invoice **out, struct request *request)
{
	struct wpkg_err err;
	enum wpkg_invoice_format format;
	if (!find_format(&format, request)) {
		respond_refusal(request, 400, "content-type is neither TOML nor JSON");
		return false;
	}
	if (wpkg_invoice_read(out, &request->arena, wpkg_buf_str(&request->body), format, &err) ==
		    WPKG_OK &&
	    wpkg_invoice_check(*out, &err) == WPKG_OK)
		return true;
	respond_refusal(request, err.status == WPKG_ENOMEM ? 503 : 400, "%s", err.msg);
	return false;
}

static bool has_larger(const struct wpkg_invoice *invoice, uint64_t most)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (invoice->parcels[i].label.size > most)
			return true;
	return false;
}

/* Everything that an invoice must pass before it is stored. */
static bool accept_invoice(struct request *request, struct wpkg_invoice *invoice)
{
	struct wpkg_err err;
	struct host_keys *keys = request->server->keys;
	uint64_t max_parcel = atomic_load(&request->server->limits.max_parcel);
	if (!bindle_allow(request, WPKG_RIGHT_PUSH, invoice->name))
		return false;
	if (host_keys_verify(keys, invoice, &err) != WPKG_OK) {
		respond_refusal(request, 400, "%s", err.msg);
		return false;
	}
	if (invoice->yanked || invoice->yanked_signature_count > 0) {
		respond_refusal(request, 422, "bindle cannot be created as yanked");
		return false;
	}
	if (has_larger(invoice, max_parcel)) {
		respond_refusal(request, 413, "a parcel is larger than the limit of %llu bytes",
				(unsigned long long)max_parcel);
		return false;
	}
	if (host_keys_sign(keys, invoice, &request->arena, &err) != WPKG_OK) {
		respond_refusal(request, 400, "%s", err.msg);
		return false;
	}
	return true;
}

/* The labels whose digests are missing: all of them, where two share one. */
static bool add_missing(struct request *request, struct wpkg_value *table,
			const struct wpkg_invoice *invoice, const struct wpkg_digest *missing,
			size_t count)
{
	struct wpkg_value *array =
		wpkg_value_add(&request->arena, table, "missing", WPKG_VALUE_ARRAY);
	for (size_t i = 0; array && i < invoice->parcel_count; i++) {
		struct wpkg_digest digest;
		bool lacks = false;
		if (!wpkg_digest_parse(&digest, invoice->parcels[i].label.sha256))
			continue;
		for (size_t m = 0; m < count; m++)
			lacks = lacks || wpkg_digest_equal(&missing[m], &digest);
		if (!lacks)
			continue;
		struct wpkg_value *label =
			wpkg_value_add(&request->arena, array, NULL, WPKG_VALUE_TABLE);
		if (!label || wpkg_label_to_value(&request->arena, label,
						  &invoice->parcels[i].label, NULL) != WPKG_OK)
			return false;
	}
	return array != NULL;
}

static void respond_created(struct request *request, unsigned status,
			    const struct wpkg_invoice *invoice, const struct wpkg_created *created)
{
	struct wpkg_arena *arena = &request->arena;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	struct wpkg_value *inner = wpkg_value_add(arena, table, "invoice", WPKG_VALUE_TABLE);
	if (!inner || wpkg_invoice_to_value(arena, inner, invoice, NULL) != WPKG_OK ||
	    (created->missing_count > 0 &&
	     !add_missing(request, table, invoice, created->missing, created->missing_count)))
		respond_refusal(request, 503, "no memory");
	else
		respond_document(request, status, table);
}

static void respond_published(struct request *request, int64_t id)
{
	struct wpkg_err err;
	struct wpkg_record record;
	const struct wpkg_created created = {0};
	struct wpkg_invoice *invoice = NULL;
	if (wpkg_record_find_id(&record, &request->arena, request->server->store, id, &err) !=
	    WPKG_OK)
		respond_error(request, &err);
	else if (bindle_read(&invoice, request, &record))
		respond_created(request, 201, invoice, &created);
}

void bindle_create(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_created created;
	struct wpkg_invoice *invoice = NULL;
	const struct wpkg_digests *shown = NULL;
	if (!read_body(&invoice, request) || !accept_invoice(request, invoice))
		return;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status = wpkg_invoice_write(&text, invoice, WPKG_INVOICE_TOML, &err);
	if (status == WPKG_OK)
		status = holder_show(&shown, request, invoice, &err);
	const struct wpkg_new_record record = {.invoice = invoice,
					       .text = wpkg_buf_str(&text),
					       .pusher = request->user,
					       .address = wpkg_str_from(request->address),
					       .shown = shown};
	if (status == WPKG_OK)
		status = wpkg_record_create(&created, &request->arena, request->server->store,
					    &record, &err);
	wpkg_buf_clear(&text);
	if (status == WPKG_EDENIED)
		/* A name that can be mistaken for another: what was sent is wrong, not who. */
		respond_refusal(request, 400, "%s", err.msg);
	else if (status != WPKG_OK)
		respond_error(request, &err);
	else if (created.state == WPKG_RECORD_CHECKING)
		/* Also where it existed: an earlier answer may have got lost. */
		bindle_publish(request, created.id, respond_published);
	else if (created.existed)
		/* The original's clients then ask for what is missing, and go on. */
		respond_refusal(request, 409, "resource already exists");
	else
		respond_created(request, 202, invoice, &created);
}

/* "yanked=true" in the query; false, and the answer is made, for another value. */
static bool wants_yanked(bool *out, struct request *request)
{
	struct wpkg_err err;
	struct wpkg_form form;
	*out = false;
	if (request_form(&form, request, &err) != WPKG_OK) {
		respond_error(request, &err);
		return false;
	}
	for (size_t i = 0; i < form.count; i++) {
		if (!wpkg_str_equal_text(form.pairs[i].key, "yanked"))
			continue;
		*out = wpkg_str_equal_text(form.pairs[i].value, "true");
		if (!*out && !wpkg_str_equal_text(form.pairs[i].value, "false")) {
			respond_refusal(request, 400, "yanked is neither true nor false");
			return false;
		}
	}
	return true;
}

static void respond_invoice(struct request *request, const struct wpkg_record *record)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_invoice *invoice = NULL;
	bool json = request_wants_json(request);
	wpkg_digest_format(hex, &record->invoice_digest);
	const char *tag =
		wpkg_arena_format(&request->arena, "\"%s%s\"", hex, json ? "-json" : "").ptr;
	respond_header(request, "Cache-Control", "no-cache");
	respond_header(request, "Vary", "Accept");
	if (respond_not_modified(request, tag))
		return;
	if (!json) {
		respond_text(request, 200, "application/toml", record->invoice);
		return;
	}
	if (!bindle_read(&invoice, request, record))
		return;
	struct wpkg_value *table = wpkg_value_new_table(&request->arena);
	if (!table || wpkg_invoice_to_value(&request->arena, table, invoice, NULL) != WPKG_OK)
		respond_refusal(request, 503, "no memory");
	else
		respond_document(request, 200, table);
}

void bindle_get(struct request *request)
{
	struct bindle_address address;
	struct wpkg_record record;
	bool yanked = false;
	if (!bindle_parse(&address, request) ||
	    (!address.has_parcel && !wants_yanked(&yanked, request)) ||
	    !bindle_find(&record, request, &address))
		return;
	if (record.state == WPKG_RECORD_YANKED && !yanked)
		respond_refusal(request, 403, "bindle is yanked");
	else if (address.has_parcel)
		bindle_get_parcel(request, &record, &address);
	else
		respond_invoice(request, &record);
}

/* "reason=..." in the query of a yank. */
static struct wpkg_str reason_of(struct request *request)
{
	struct wpkg_form form;
	if (request_form(&form, request, NULL) == WPKG_OK)
		for (size_t i = 0; i < form.count; i++)
			if (wpkg_str_equal_text(form.pairs[i].key, "reason"))
				return form.pairs[i].value;
	return (struct wpkg_str){0};
}

void bindle_yank(struct request *request)
{
	struct wpkg_err err;
	struct bindle_address address;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	if (!bindle_parse(&address, request))
		return;
	if (address.has_parcel) {
		bindle_none(request);
		return;
	}
	if (!bindle_find(&record, request, &address) ||
	    !bindle_allow(request, WPKG_RIGHT_YANK, record.name) ||
	    !bindle_read(&invoice, request, &record))
		return;
	const struct wpkg_act act = {.actor = request->user,
				     .reason = reason_of(request),
				     .address = wpkg_str_from(request->address)};
	if (yank_version(request->server->store, record.id, invoice, &act, &err) != WPKG_OK)
		respond_error(request, &err);
	else
		bindle_respond_message(request, "invoice yanked");
}

void bindle_missing(struct request *request)
{
	struct wpkg_err err;
	struct bindle_address address;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_digests missing = {0};
	if (!bindle_parse(&address, request))
		return;
	if (address.has_parcel) {
		bindle_none(request);
		return;
	}
	if (!bindle_find(&record, request, &address))
		return;
	if (record.state == WPKG_RECORD_YANKED) {
		respond_refusal(request, 403, "bindle is yanked");
		return;
	}
	if (!bindle_read(&invoice, request, &record))
		return;
	if (wpkg_record_missing(&missing, &request->arena, request->server->store, record.id,
				&err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	struct wpkg_value *table = wpkg_value_new_table(&request->arena);
	if (!table || !add_missing(request, table, invoice, missing.items, missing.count))
		respond_refusal(request, 503, "no memory");
	else
		respond_document(request, 200, table);
}
