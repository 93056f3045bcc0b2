/* SPDX-License-Identifier: Apache-2.0 */
/* Who says what of a version, and whether that is proven. */
#include "web.h"

#include "pkg/role.h"
#include "server.h"

static const char *role_words(enum wpkg_role role)
{
	static const char *const words[] = {
		[WPKG_ROLE_CREATOR] = "made it",
		[WPKG_ROLE_APPROVER] = "approves of it",
		[WPKG_ROLE_HOST] = "checked and published it",
		[WPKG_ROLE_PROXY] = "passed it on",
	};
	return words[role];
}

static void put_verdict(struct html *h, enum wpkg_signature_verdict verdict)
{
	if (verdict == WPKG_SIGNATURE_TRUSTED)
		page_put_tag(h, "good", "proven");
	else if (verdict == WPKG_SIGNATURE_UNKNOWN_KEY)
		page_put_tag(h, "note", "key not known here");
	else
		page_put_tag(h, "bad", wpkg_signature_verdict_text(verdict));
}

static bool has_creator(const struct wpkg_invoice *invoice)
{
	for (size_t i = 0; i < invoice->signature_count; i++)
		if (invoice->signatures[i].role == WPKG_ROLE_CREATOR)
			return true;
	return false;
}

void web_put_proof(struct html *h, struct request *request, const struct wpkg_invoice *invoice)
{
	const enum wpkg_signature_verdict *verdicts =
		host_keys_judge(request->server->keys, &request->arena, invoice);
	html_open_class(h, "ul", "plain");
	if (!has_creator(invoice)) {
		html_open(h, "li");
		html_say(h, "Nobody signed it as its maker ");
		page_put_tag(h, "note", "not proven");
		html_close(h);
	}
	for (size_t i = 0; verdicts && i < invoice->signature_count && i < 8; i++) {
		const struct wpkg_signature *signature = &invoice->signatures[i];
		html_open(h, "li");
		html_text(h, signature->by);
		html_say(h, " ");
		html_say(h, role_words(signature->role));
		html_say(h, " ");
		put_verdict(h, verdicts[i]);
		html_close(h);
	}
	html_close(h);
}

static void put_row(struct html *h, struct request *request, const struct wpkg_signature *signature,
		    enum wpkg_signature_verdict verdict)
{
	html_open(h, "tr");
	html_open(h, "th");
	html_attr(h, "scope", "row");
	html_text(h, signature->by);
	html_close(h);
	html_word(h, "td", wpkg_role_name(signature->role));
	html_open(h, "td");
	put_verdict(h, verdict);
	html_close(h);
	html_open_class(h, "td", "value");
	html_text(h, api_signature_meaning(&request->arena, signature, verdict));
	html_close(h);
	html_open(h, "td");
	if (signature->at <= INT64_MAX)
		html_time(h, (int64_t)signature->at);
	html_close(h);
	html_open(h, "td");
	html_code(h, signature->key);
	html_close(h);
	html_close(h);
}

void web_put_signatures(struct html *h, struct request *request, const struct wpkg_invoice *invoice)
{
	const enum wpkg_signature_verdict *verdicts =
		host_keys_judge(request->server->keys, &request->arena, invoice);
	if (invoice->signature_count == 0 || !verdicts) {
		html_word(h, "p", "Nobody has signed this version: nothing proves who made it.");
		return;
	}
	page_open_table(h, "Signatures", "Who|Role|Proof|What that means|Signed|Key");
	for (size_t i = 0; i < invoice->signature_count; i++)
		put_row(h, request, &invoice->signatures[i], verdicts[i]);
	page_close_table(h);
	html_open_class(h, "p", "quiet");
	html_say(h, "A signature covers the name, the version and the digests of all files. The "
		    "time and the texts are not covered. What is trusted is what this registry's "
		    "keyring says; your own may say other things: wpkg verify tells.");
	html_close(h);
}
