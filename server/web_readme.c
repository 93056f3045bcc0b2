/* SPDX-License-Identifier: Apache-2.0 */
/* The readme of a version: the file that its invoice marks as one. */
#include "web.h"

#include <unistd.h>

#include "markdown.h"
#include "pkg/annotation.h"
#include "server.h"
#include "store/blob.h"

/* Its beginning, in the arena; empty when it cannot be had. */
static struct wpkg_str read_beginning(struct request *request, const struct wpkg_blob *blob)
{
	size_t size = blob->size < MARKDOWN_MAX ? (size_t)blob->size : MARKDOWN_MAX;
	size_t done = 0;
	if (blob->fd < 0)
		return wpkg_arena_dup(&request->arena, wpkg_str_slice(blob->bytes, 0, size));
	char *bytes = wpkg_arena_alloc(&request->arena, 1, size + 1);
	while (bytes && done < size) {
		ssize_t got = pread(blob->fd, bytes + done, size - done, (off_t)done);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return wpkg_str_of(bytes, bytes ? done : 0);
}

/* What was cut ends with its last whole line. */
static struct wpkg_str cut(struct wpkg_str text, uint64_t size)
{
	size_t end = wpkg_str_find_last(text, '\n');
	return size > text.len && end < text.len ? wpkg_str_slice(text, 0, end + 1) : text;
}

static void put_notes(struct html *h, const struct api_known *known, const struct wpkg_label *label,
		      const struct markdown_outcome *outcome, bool is_cut)
{
	html_open_class(h, "p", "quiet");
	if (is_cut)
		html_say(h, "This is its beginning; it is too long to be shown. ");
	if (outcome->is_plain)
		html_say(h, "It is shown as it stands: it nests too deeply, or links too much. ");
	if (outcome->left_out_html)
		html_say(h, "HTML in it is not shown. ");
	html_link(h, "/api/v1/parcels/*/*/*", known->record.name, known->record.version,
		  label->sha256);
	html_say(h, "The whole file");
	html_close(h);
	html_say(h, ", ");
	html_size(h, label->size);
	html_close(h);
}

void web_put_readme(struct html *h, struct request *request, const struct api_known *known)
{
	struct wpkg_blob blob;
	struct wpkg_digest digest;
	const struct wpkg_parcel *readme = wpkg_invoice_readme(known->invoice);
	if (!readme || !wpkg_digest_parse(&digest, readme->label.sha256) ||
	    wpkg_parcel_open(&blob, request->server->store, known->record.id, &digest, NULL) !=
		    WPKG_OK)
		return;
	struct wpkg_str text = cut(read_beginning(request, &blob), blob.size);
	bool is_cut = blob.size > text.len;
	wpkg_blob_close(&blob);
	page_open_section(h, "readme", "Readme");
	html_open_class(h, "div", "readme");
	struct markdown_outcome outcome = markdown_write(h, text, 3);
	html_close(h);
	if (is_cut || outcome.is_plain || outcome.left_out_html)
		put_notes(h, known, &readme->label, &outcome, is_cut);
	html_close(h);
}
