/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, as JSON since a cursor and as an Atom feed (RFC 4287) of the latest. */
#include "api.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "html.h"
#include "net/url.h"
#include "server.h"
#include "store/event.h"

#define ATOM_ENTRIES 50

static bool read_feed(struct wpkg_event_list *out, struct request *request,
		      const struct wpkg_event_feed *feed)
{
	struct wpkg_err err;
	enum wpkg_status status =
		wpkg_event_read_feed(out, &request->arena, request->server->store, feed, &err);
	if (status == WPKG_EINVAL)
		respond_problem(request, 400, "bad-cursor", "%s", err.msg);
	else if (status != WPKG_OK)
		respond_error(request, &err);
	return status == WPKG_OK;
}

static void put_event(struct api_answer *answer, struct wpkg_value *to,
		      const struct wpkg_event *event)
{
	api_put_number(answer, to, "id", (uint64_t)event->id);
	api_put_time(answer, to, "at", event->at);
	api_put_text(answer, to, "kind", event->kind);
	api_put_text(answer, to, "name", event->name);
	api_put_text(answer, to, "version", event->version);
	api_put_optional(answer, to, "actor", event->actor);
	api_put_optional(answer, to, "detail", event->detail);
	if (event->manifest)
		api_put_digest(answer, to, "digest", event->manifest);
}

/* "cursor" is where to go on the next time, also when there is nothing new; "next", when there is
 * more at once. */
void api_events(struct request *request)
{
	struct api_query query;
	struct wpkg_event_list list;
	uint64_t after = 0;
	if (!api_take_query(&query, request, "name"))
		return;
	if (query.cursor.len > 0 &&
	    (!wpkg_str_parse_u64(query.cursor, &after) || after > INT64_MAX)) {
		respond_problem(request, 400, "bad-cursor", "the cursor is none of this list");
		return;
	}
	const struct wpkg_event_feed feed = {.after = (int64_t)after,
					     .name = api_parameter(&query, "name"),
					     .limit = query.limit + 1};
	if (!read_feed(&list, request, &feed))
		return;
	struct api_answer answer = api_answer_begin(request);
	struct wpkg_value *array = api_put_array(&answer, answer.root, "events");
	size_t count = list.count < query.limit ? list.count : query.limit;
	for (size_t i = 0; i < count; i++) {
		after = (uint64_t)list.items[i].id;
		if (api_may_read(request, list.items[i].name))
			put_event(&answer, api_put_table(&answer, array, NULL), &list.items[i]);
	}
	struct wpkg_str cursor =
		wpkg_arena_format(&request->arena, "%llu", (unsigned long long)after);
	api_put_text(&answer, answer.root, "cursor", cursor);
	if (list.count > count)
		api_put_next(&answer, &query, cursor.ptr);
	api_answer_end(&answer, &query);
}

/* Text of XML, also within quotes. Controls and noncharacters have no place in XML 1.0 (section
 * 2.2): one of them in a reason would end the feed for all who read it. */
static void append_xml(struct wpkg_buf *out, struct wpkg_str text)
{
	uint32_t c;
	while (wpkg_utf8_next(&text, &c)) {
		const char *reference = html_reference(c);
		if (reference)
			wpkg_buf_append_text(out, reference);
		else
			wpkg_utf8_append(out, wpkg_utf8_printable(c) ? c : ' ');
	}
}

static void append_time(struct wpkg_buf *out, int64_t at)
{
	char text[WPKG_CLOCK_TEXT];
	wpkg_clock_format(text, at);
	wpkg_buf_append_format(out, "<updated>%s</updated>", text);
}

/* An entry's id must be the same for ever, wherever the registry is served: event's number and
 * moment make one with the feed's. */
static void append_entry(struct wpkg_buf *out, const struct wpkg_event *event)
{
	wpkg_buf_append_format(out, "<entry><id>urn:wpkg:event:%lld:%lld</id><title>",
			       (long long)event->at, (long long)event->id);
	append_xml(out, event->kind);
	wpkg_buf_append_byte(out, ' ');
	append_xml(out, event->name);
	wpkg_buf_append_byte(out, '/');
	append_xml(out, event->version);
	wpkg_buf_append_text(out, "</title>");
	append_time(out, event->at);
	wpkg_buf_append_text(out, "<author><name>");
	append_xml(out, event->actor.len > 0 ? event->actor : WPKG_LIT("the registry"));
	wpkg_buf_append_text(out, "</name></author><link type=\"text/html\" href=\"/packages/");
	wpkg_url_append_path(out, event->name);
	wpkg_buf_append_text(out, "/versions/");
	wpkg_url_append_path(out, event->version);
	wpkg_buf_append_text(out, "\"/><category term=\"");
	append_xml(out, event->kind);
	wpkg_buf_append_text(out, "\"/><content>");
	append_xml(out, event->detail);
	wpkg_buf_append_text(out, "</content></entry>\n");
}

void api_atom(struct request *request)
{
	struct api_query query;
	struct wpkg_event_list list;
	struct wpkg_buf *out = &request->response.body;
	if (!api_take_query(&query, request, "name"))
		return;
	struct wpkg_str name = api_parameter(&query, "name");
	const struct wpkg_event_feed feed = {
		.name = name, .newest_first = true, .limit = ATOM_ENTRIES};
	if (!read_feed(&list, request, &feed))
		return;
	respond_text(request, 200, "application/atom+xml", (struct wpkg_str){0});
	wpkg_buf_append_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
				  "<feed xmlns=\"http://www.w3.org/2005/Atom\">"
				  "<id>urn:wpkg:events");
	wpkg_buf_append_text(out, name.len > 0 ? ":" : "");
	wpkg_url_append_path(out, name);
	wpkg_buf_append_text(out, "</id><title>What is new");
	wpkg_buf_append_text(out, name.len > 0 ? " of " : "");
	append_xml(out, name);
	wpkg_buf_append_text(out, "</title>");
	append_time(out, list.count > 0 ? list.items[0].at : 0);
	wpkg_buf_append_byte(out, '\n');
	for (size_t i = 0; i < list.count; i++)
		if (api_may_read(request, list.items[i].name))
			append_entry(out, &list.items[i]);
	wpkg_buf_append_text(out, "</feed>\n");
	api_finish(request, "application/atom+xml");
}
