/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sparse index, as Cargo has one: a file for each package with a line of JSON for each version,
 * lowest first. Of a line only what a yank says may ever change, so that a reader who has the file
 * asks with its entity tag and gets nothing, or reads on. Only what is published stands there.
 */
#include "api.h"

#include "data/json.h"
#include "server.h"

static void put_line(struct api_answer *answer, const struct wpkg_record *record,
		     const struct wpkg_invoice *invoice)
{
	struct wpkg_value *to = answer->root;
	api_put_text(answer, to, "name", record->name);
	api_put_text(answer, to, "vers", record->version);
	api_put_dependencies(answer, to, "deps", invoice);
	if (record->has_manifest)
		api_put_digest(answer, to, "manifest", &record->manifest);
	api_put_number(answer, to, "size", record->size);
	struct wpkg_value *parcels = api_put_array(answer, to, "parcels");
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		struct wpkg_value *item = api_put_table(answer, parcels, NULL);
		api_put_text(answer, item, "name", invoice->parcels[i].label.name);
		api_put_text(answer, item, "sha256", invoice->parcels[i].label.sha256);
		api_put_number(answer, item, "size", invoice->parcels[i].label.size);
	}
	api_put_time(answer, to, "pubtime", record->published);
	api_put_flag(answer, to, "yanked", record->yanked != 0);
	if (record->yanked != 0)
		api_put_text(answer, to, "yank_reason", record->yank_reason);
}

/* One that an old store holds and nobody can read must not hide the others. */
static bool append_line(struct request *request, const struct wpkg_record *record)
{
	struct wpkg_invoice *invoice = NULL;
	struct api_answer answer = api_answer_begin(request);
	if (wpkg_invoice_read(&invoice, &request->arena, record->invoice, WPKG_INVOICE_TOML,
			      NULL) != WPKG_OK)
		return true;
	put_line(&answer, record, invoice);
	if (answer.failed)
		return false;
	wpkg_json_write(&request->response.body, answer.root, WPKG_JSON_COMPACT);
	wpkg_buf_append_byte(&request->response.body, '\n');
	return true;
}

/* Whoever asks: the index is the same for all. */
static void keep_published(struct wpkg_record_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].published != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

void api_index(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_record_list list = {0};
	struct wpkg_str name = request->parts[0];
	bool good = true;
	const struct wpkg_viewer nobody = {0};
	if (api_may_read(request, name) &&
	    wpkg_record_versions(&list, &request->arena, request->server->store, name, &nobody,
				 &err) != WPKG_OK) {
		respond_error(request, &err);
		return;
	}
	keep_published(&list);
	if (list.count == 0) {
		respond_refusal(request, 404, "there is no package %.*s", WPKG_STR_ARG(name));
		return;
	}
	respond_text(request, 200, "text/plain; charset=utf-8", (struct wpkg_str){0});
	for (size_t i = list.count; good && i > 0; i--)
		good = append_line(request, &list.items[i - 1]);
	if (good)
		api_finish(request, "text/plain; charset=utf-8");
	else
		respond_refusal(request, 503, "no memory");
}

void api_index_config(struct request *request)
{
	const struct api_query all = {0};
	struct api_answer answer = api_answer_begin(request);
	api_put_text(&answer, answer.root, "index", WPKG_LIT("/index/packages/{name}"));
	api_put_text(&answer, answer.root, "invoice", WPKG_LIT("/v1/_i/{name}/{version}"));
	api_put_text(&answer, answer.root, "dl",
		     WPKG_LIT("/api/v1/parcels/{name}/{version}/{sha256}"));
	api_put_text(&answer, answer.root, "api", WPKG_LIT("/api/v1"));
	api_put_flag(&answer, answer.root, "auth-required", request->server->config.is_private);
	api_answer_end(&answer, &all);
}
