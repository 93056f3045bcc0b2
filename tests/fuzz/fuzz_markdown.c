/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a readme holds, a page gets well-formed elements of a short list out of it, with the
 * attributes that are written here, links to pages and mail alone, and none in another one. */
#include "fuzz.h"

#include <string.h>

#include "../../server/markdown.h"

#define OUT_MAX ((size_t)64 << 20)
#define NAME_MAX_LEN 16

static const char *const elements[] = {
	"p",  "span", "em", "strong", "del",	    "code",  "pre",   "a",     "ul",
	"ol", "li",   "h3", "h4",     "h5",	    "h6",    "br",    "hr",    "bdi",
	"td", "th",   "tr", "div",    "blockquote", "table", "thead", "tbody",
};

/* Element, attribute, and the value; NULL: any of its kind, see check_value. */
static const struct {
	const char *element, *attribute, *value;
} attributes[] = {
	{"a", "href", NULL},
	{"a", "rel", "nofollow noopener ugc"},
	{"ol", "start", NULL},
	{"pre", "tabindex", "0"},
	{"div", "class", "table"},
	{"div", "role", "group"},
	{"div", "aria-label", "Table"},
	{"div", "tabindex", "0"},
	{"th", "scope", "col"},
	{"th", "class", NULL},
	{"td", "class", NULL},
	{"span", "role", "img"},
	{"span", "aria-label", NULL},
};

static bool is_one_of(struct wpkg_str text, const char *const *texts)
{
	for (; *texts; texts++)
		if (wpkg_str_equal_text(text, *texts))
			return true;
	return false;
}

static void check_value(struct wpkg_str attribute, struct wpkg_str value)
{
	static const char *const classes[] = {"left", "center", "right", NULL};
	static const char *const labels[] = {"done", "to do", NULL};
	uint64_t number;
	if (wpkg_str_equal_text(attribute, "href"))
		fuzz_must(
			wpkg_str_equal_nocase(wpkg_str_slice(value, 0, 8), WPKG_LIT("https://")) ||
			wpkg_str_equal_nocase(wpkg_str_slice(value, 0, 7), WPKG_LIT("http://")) ||
			wpkg_str_equal_nocase(wpkg_str_slice(value, 0, 7), WPKG_LIT("mailto:")));
	else if (wpkg_str_equal_text(attribute, "class"))
		fuzz_must(is_one_of(value, classes));
	else if (wpkg_str_equal_text(attribute, "aria-label"))
		fuzz_must(is_one_of(value, labels));
	else
		fuzz_must(wpkg_str_parse_u64(value, &number));
}

static void check_attribute(struct wpkg_str element, struct wpkg_str attribute,
			    struct wpkg_str value)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (!wpkg_str_equal_text(element, attributes[i].element) ||
		    !wpkg_str_equal_text(attribute, attributes[i].attribute))
			continue;
		if (!attributes[i].value)
			check_value(attribute, value);
		else
			fuzz_must(wpkg_str_equal_text(value, attributes[i].value));
		return;
	}
	abort();
}

static struct wpkg_str known_element(struct wpkg_str name)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (wpkg_str_equal_text(name, elements[i]))
			return name;
	abort();
}

static struct wpkg_str take_name(struct wpkg_str *rest)
{
	size_t len = 0;
	while (len < rest->len && rest->ptr[len] &&
	       strchr("abcdefghijklmnopqrstuvwxyz123456-", rest->ptr[len]))
		len++;
	struct wpkg_str name = wpkg_str_slice(*rest, 0, len);
	*rest = wpkg_str_from_offset(*rest, len);
	fuzz_must(len > 0 && len <= NAME_MAX_LEN);
	return name;
}

static void take(struct wpkg_str *rest, const char *text)
{
	fuzz_must(wpkg_str_starts(*rest, wpkg_str_from(text)));
	*rest = wpkg_str_from_offset(*rest, strlen(text));
}

static void take_attributes(struct wpkg_str element, struct wpkg_str *rest)
{
	while (wpkg_str_starts(*rest, WPKG_LIT(" "))) {
		take(rest, " ");
		struct wpkg_str name = take_name(rest);
		take(rest, "=\"");
		size_t end = wpkg_str_find(*rest, '"');
		struct wpkg_str value = wpkg_str_slice(*rest, 0, end);
		fuzz_must(wpkg_str_find(value, '<') == value.len);
		check_attribute(element, name, value);
		*rest = wpkg_str_from_offset(*rest, end);
		take(rest, "\"");
	}
}

/* Tags, and nothing else that looks like one, each closed in its turn. */
static void check_elements(struct wpkg_str rest)
{
	struct wpkg_str open[HTML_DEPTH];
	size_t depth = 0;
	for (;;) {
		size_t at = wpkg_str_find(rest, '<');
		fuzz_must(wpkg_str_find(wpkg_str_slice(rest, 0, at), '>') == at);
		if (at == rest.len)
			break;
		rest = wpkg_str_from_offset(rest, at + 1);
		if (wpkg_str_starts(rest, WPKG_LIT("/"))) {
			take(&rest, "/");
			fuzz_must(depth > 0 && wpkg_str_equal(take_name(&rest), open[--depth]));
		} else {
			struct wpkg_str element = known_element(take_name(&rest));
			take_attributes(element, &rest);
			fuzz_must(depth < HTML_DEPTH);
			for (size_t i = 0; i < depth && wpkg_str_equal_text(element, "a"); i++)
				fuzz_must(!wpkg_str_equal(open[i], element));
			if (wpkg_str_starts(rest, WPKG_LIT("/")))
				take(&rest, "/");
			else
				open[depth++] = element;
		}
		take(&rest, ">");
	}
	fuzz_must(depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html h;
	struct wpkg_buf out;
	wpkg_buf_init(&out, OUT_MAX);
	html_init(&h, &out);
	struct markdown_outcome outcome =
		markdown_write(&h, wpkg_str_of((const char *)data, size), 3);
	html_say(&h, "\n"); /* a tag is ended by what follows it */
	fuzz_must(h.depth == 0 && out.failed == WPKG_OK);
	fuzz_must(!outcome.is_plain || !outcome.left_out_html);
	check_elements(wpkg_buf_str(&out));
	wpkg_buf_clear(&out);
	return 0;
}
