/* SPDX-License-Identifier: Apache-2.0 */
/* The home of libcmark. */
#include "markdown.h"

#include <cmark.h>
#include <setjmp.h>
#include <string.h>

#include "base/arena.h"

#define MEMORY_MAX ((size_t)96 << 20) /* bytes that libcmark may take for one text */
#define DEPTH_MAX 24		      /* elements within each other that are written as such */
#define MARKERS_MAX 32		      /* of quotes and lists, in front of one line */
#define INDENT_MAX 100		      /* spaces in front of one line */
#define BLANK_MAX 3		      /* blank lines that follow each other */
#define BRACKETS_MAX 1000	      /* that may begin links, in one paragraph */

/*
 * Memory. libcmark ends the program when it gets none, and its allocator is told nothing of who
 * asks. So all of it comes from an arena of the thread's present text, which has an end; there the
 * parsing is left by a jump, and the arena takes everything with it.
 */

struct parsing {
	struct wpkg_arena arena;
	jmp_buf out_of_memory;
};

static _Thread_local struct parsing *parsing;

/* In front of each piece: its size, which realloc needs. */
struct piece {
	_Alignas(max_align_t) size_t size;
};

static void *take(size_t count, size_t size)
{
	struct piece *piece = NULL;
	if (size == 0 || count <= (MEMORY_MAX - sizeof(*piece)) / size)
		piece = wpkg_arena_alloc(&parsing->arena, 1, sizeof(*piece) + count * size);
	if (!piece)
		longjmp(parsing->out_of_memory, 1);
	piece->size = count * size;
	return piece + 1;
}

static void *take_again(void *old, size_t size)
{
	void *fresh = take(1, size);
	if (old) {
		const struct piece *piece = (const struct piece *)old - 1;
		memcpy(fresh, old, piece->size < size ? piece->size : size);
	}
	return fresh;
}

static void forget(void *old)
{
	(void)old;
}

static cmark_mem memory = {take, take_again, forget};

/*
 * What takes long. Each blank line passes through every list that is open, and each link through
 * every bracket of its paragraph that may begin one (libcmark 0.30.2): many of both would take time
 * of their product. A text that nests so deeply, or has so many brackets without a break, is no
 * readme: it is shown as it stands. Of many blank lines a few say the same.
 */

static bool is_marker(const char *at, const char *end)
{
	if (*at == '>')
		return true;
	return strchr("-+*.)", *at) && at + 1 < end && (at[1] == ' ' || at[1] == '\t');
}

static bool is_front(char c)
{
	return c == ' ' || c == '\t' || c == '>' || c == '-' || c == '+' || c == '*' || c == '.' ||
	       c == ')' || (c >= '0' && c <= '9');
}

static bool is_deep(struct wpkg_str line)
{
	unsigned markers = 0;
	unsigned indent = 0;
	const char *end = line.ptr + line.len;
	for (const char *at = line.ptr; at < end && is_front(*at); at++) {
		markers += is_marker(at, end);
		indent += *at == ' ' ? 1 : *at == '\t' ? 4 : 0;
	}
	return markers > MARKERS_MAX || indent > INDENT_MAX;
}

/* A blank line, or an item of a list that is in no other one. */
static bool begins_paragraph(struct wpkg_str line)
{
	return wpkg_str_trim(line).len == 0 || wpkg_str_starts(line, WPKG_LIT("- ")) ||
	       wpkg_str_starts(line, WPKG_LIT("* "));
}

static size_t count_brackets(struct wpkg_str line)
{
	size_t count = 0;
	for (size_t i = 0; i < line.len; i++)
		count += line.ptr[i] == '[';
	return count;
}

static bool takes_long(struct wpkg_str text)
{
	struct wpkg_str line;
	size_t brackets = 0;
	while (wpkg_str_split(&text, '\n', &line)) {
		if (begins_paragraph(line))
			brackets = 0;
		brackets += count_brackets(line);
		if (brackets > BRACKETS_MAX || (line.len > 0 && is_deep(line)))
			return true;
	}
	return false;
}

/* Writing */

struct writer {
	struct html *h;
	struct markdown_outcome outcome;
	unsigned level;	       /* of the first headings */
	unsigned last_heading; /* its level; 0: none yet */
	unsigned depth;	       /* of containers, whether written or not */
	bool in_link;
};

static struct wpkg_str literal_of(cmark_node *node)
{
	return wpkg_str_from(cmark_node_get_literal(node));
}

static bool starts_nocase(struct wpkg_str text, struct wpkg_str prefix)
{
	return wpkg_str_equal_nocase(wpkg_str_slice(text, 0, prefix.len), prefix);
}

static bool is_good_address(struct wpkg_str url)
{
	return starts_nocase(url, WPKG_LIT("https://")) ||
	       starts_nocase(url, WPKG_LIT("http://")) || starts_nocase(url, WPKG_LIT("mailto:"));
}

/* A heading is at most one level below the one before. */
static const char *heading_element(struct writer *writer, cmark_node *node)
{
	static const char *const elements[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
	unsigned level = writer->level + (unsigned)cmark_node_get_heading_level(node) - 1;
	unsigned most = writer->last_heading > 0 ? writer->last_heading + 1 : writer->level;
	level = level < most ? level : most;
	level = level < 1 ? 1 : level > 6 ? 6 : level;
	writer->last_heading = level;
	return elements[level - 1];
}

static bool is_tight(cmark_node *paragraph)
{
	cmark_node *list = cmark_node_parent(cmark_node_parent(paragraph));
	return list && cmark_node_get_type(list) == CMARK_NODE_LIST &&
	       cmark_node_get_list_tight(list);
}

static void open_list(struct writer *writer, cmark_node *node)
{
	int start = cmark_node_get_list_start(node);
	bool is_ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
	html_open(writer->h, is_ordered ? "ol" : "ul");
	if (is_ordered && start != 1)
		html_attr_number(writer->h, "start", start);
}

/* An image within a link is the link's words. */
static void open_link(struct writer *writer, cmark_node *node)
{
	struct wpkg_str url = wpkg_str_from(cmark_node_get_url(node));
	if (writer->in_link || !is_good_address(url)) {
		html_open(writer->h, "span");
		return;
	}
	html_open(writer->h, "a");
	html_attr_text(writer->h, "href", url);
	html_attr(writer->h, "rel", "nofollow noopener ugc");
}

static void open_container(struct writer *writer, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		html_open(writer->h, "blockquote");
		break;
	case CMARK_NODE_LIST:
		open_list(writer, node);
		break;
	case CMARK_NODE_ITEM:
		html_open(writer->h, "li");
		break;
	case CMARK_NODE_HEADING:
		html_open(writer->h, heading_element(writer, node));
		break;
	case CMARK_NODE_EMPH:
		html_open(writer->h, "em");
		break;
	case CMARK_NODE_STRONG:
		html_open(writer->h, "strong");
		break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE:
		open_link(writer, node);
		break;
	default:
		html_open(writer->h, is_tight(node) ? "span" : "p");
	}
}

static bool is_container(cmark_node_type type)
{
	return type == CMARK_NODE_BLOCK_QUOTE || type == CMARK_NODE_LIST ||
	       type == CMARK_NODE_ITEM || type == CMARK_NODE_PARAGRAPH ||
	       type == CMARK_NODE_HEADING || type == CMARK_NODE_EMPH || type == CMARK_NODE_STRONG ||
	       type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE;
}

static void enter(struct writer *writer, cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	if (writer->depth++ < DEPTH_MAX)
		open_container(writer, node);
	if (type == CMARK_NODE_IMAGE)
		html_say(writer->h, "Image: ");
	if (type == CMARK_NODE_LINK)
		writer->in_link = true;
}

static void leave(struct writer *writer, cmark_node *node)
{
	if (--writer->depth < DEPTH_MAX)
		html_close(writer->h);
	if (cmark_node_get_type(node) == CMARK_NODE_LINK)
		writer->in_link = false;
	if (cmark_node_get_type(node) == CMARK_NODE_PARAGRAPH && is_tight(node))
		html_say(writer->h, " ");
}

static void put_code_block(struct html *h, struct wpkg_str text)
{
	html_open(h, "pre");
	html_attr(h, "tabindex", "0");
	html_open(h, "code");
	html_lines(h, text);
	html_close(h);
	html_close(h);
}

static void put_leaf(struct writer *writer, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
		html_text(writer->h, literal_of(node));
		break;
	case CMARK_NODE_SOFTBREAK:
		html_say(writer->h, "\n");
		break;
	case CMARK_NODE_LINEBREAK:
		html_void(writer->h, "br");
		break;
	case CMARK_NODE_CODE:
		html_code(writer->h, literal_of(node));
		break;
	case CMARK_NODE_CODE_BLOCK:
		put_code_block(writer->h, literal_of(node));
		break;
	case CMARK_NODE_THEMATIC_BREAK:
		html_void(writer->h, "hr");
		break;
	case CMARK_NODE_HTML_BLOCK:
	case CMARK_NODE_HTML_INLINE:
		writer->outcome.left_out_html = true;
		break;
	default:
		break;
	}
}

static void write_document(struct writer *writer, cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);
	cmark_event_type event = cmark_iter_next(iter);
	for (; event != CMARK_EVENT_DONE; event = cmark_iter_next(iter)) {
		cmark_node *node = cmark_iter_get_node(iter);
		if (!is_container(cmark_node_get_type(node)))
			put_leaf(writer, node);
		else if (event == CMARK_EVENT_ENTER)
			enter(writer, node);
		else
			leave(writer, node);
	}
}

static void feed(cmark_parser *parser, struct wpkg_str text)
{
	struct wpkg_str line;
	unsigned blank = 0;
	while (wpkg_str_split(&text, '\n', &line)) {
		blank = wpkg_str_trim(line).len == 0 ? blank + 1 : 0;
		if (blank > BLANK_MAX)
			continue;
		cmark_parser_feed(parser, line.ptr, line.len);
		cmark_parser_feed(parser, "\n", 1);
	}
}

static bool parse_and_write(struct writer *writer, struct wpkg_str text)
{
	struct parsing mine;
	wpkg_arena_init(&mine.arena, MEMORY_MAX);
	parsing = &mine;
	bool good = setjmp(mine.out_of_memory) == 0;
	if (good) {
		cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &memory);
		feed(parser, text);
		write_document(writer, cmark_parser_finish(parser));
	}
	parsing = NULL;
	wpkg_arena_clear(&mine.arena);
	return good;
}

struct markdown_outcome markdown_write(struct html *h, struct wpkg_str text, unsigned level)
{
	struct writer writer = {.h = h, .level = level};
	const struct html before = *h;
	const size_t len = h->out->len;
	text = wpkg_str_slice(text, 0, MARKDOWN_MAX);
	if (!takes_long(text) && parse_and_write(&writer, text))
		return writer.outcome;
	*h = before;
	wpkg_buf_truncate(h->out, len);
	put_code_block(h, text);
	return (struct markdown_outcome){.is_plain = true};
}
