/* SPDX-License-Identifier: Apache-2.0 */
/* The home of libcmark. */
#include "markdown.h"

#include <cmark.h>
#include <setjmp.h>
#include <string.h>

#include "base/arena.h"
#include "markdown_address.h"
#include "markdown_cost.h"
#include "markdown_table.h"

#define MEMORY_MAX ((size_t)96 << 20) /* bytes that libcmark may take for one text */
#define DEPTH_MAX 24		      /* elements within each other that are written as such */
#define SOURCE_MAX ((size_t)4 << 20)  /* bytes that a text may be made to, and its tables */
#define AHEAD_MAX 16		      /* pieces of text that are looked through for an end */

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

/* Writing */

struct writer {
	struct html *h;
	struct markdown_outcome outcome;
	unsigned level;	       /* of the first headings */
	unsigned last_heading; /* its level; 0: none yet */
	unsigned depth;	       /* of containers, whether written or not */
	unsigned links; /* and images, which become links, that are open: none is in another one */
	size_t skip;	/* bytes of the next text that are no words */
	bool is_task, is_done;	/* it is that of an item to be ticked off */
	cmark_node *struck;	/* whose words are struck out now; NULL: none */
	cmark_node *not_struck; /* in whose words nothing more is struck out */
	const struct tables *tables;
	size_t next_table;
	const struct table *table; /* that is open; NULL: none */
	size_t cell, row, column;  /* of it, that are next */
	bool in_cell;
};

static struct wpkg_str literal_of(cmark_node *node)
{
	return wpkg_str_from(cmark_node_get_literal(node));
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
	if (writer->links > 0 || !address_is_good(url)) {
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

/* "[ ] " and "[x] " in front of an item's words. */
static void look_for_task(struct writer *writer, cmark_node *item)
{
	cmark_node *text = cmark_node_first_child(cmark_node_first_child(item));
	if (!text || cmark_node_get_type(text) != CMARK_NODE_TEXT)
		return;
	struct wpkg_str mark = wpkg_str_slice(literal_of(text), 0, 4);
	writer->is_done = wpkg_str_equal_nocase(mark, WPKG_LIT("[x] "));
	writer->is_task = writer->is_done || wpkg_str_equal_text(mark, "[ ] ");
	writer->skip = writer->is_task ? mark.len : 0;
}

/* Tables */

static const char *align_class(enum table_align align)
{
	static const char *const classes[] = {
		[TABLE_LEFT] = "left", [TABLE_CENTER] = "center", [TABLE_RIGHT] = "right"};
	return classes[align];
}

static void open_cell(struct writer *writer)
{
	const char *align = align_class(writer->table->aligns[writer->column]);
	html_open(writer->h, writer->row == 0 ? "th" : "td");
	if (writer->row == 0)
		html_attr(writer->h, "scope", "col");
	if (align)
		html_attr(writer->h, "class", align);
}

static void open_table(struct writer *writer, const struct table *table)
{
	html_open_class(writer->h, "div", "table");
	html_attr(writer->h, "role", "group");
	html_attr(writer->h, "aria-label", "Table");
	html_attr(writer->h, "tabindex", "0");
	html_open(writer->h, "table");
	html_open(writer->h, "thead");
	writer->table = table;
	writer->cell = writer->row = writer->column = 0;
}

/* Is the paragraph a cell, by the line that it begins in? Cells that something before them has
 * swallowed leave the others of their table mere paragraphs. */
static bool enter_cell(struct writer *writer, cmark_node *paragraph)
{
	const struct tables *tables = writer->tables;
	size_t line = (size_t)cmark_node_get_start_line(paragraph);
	if (cmark_node_get_type(cmark_node_parent(paragraph)) != CMARK_NODE_DOCUMENT)
		return false;
	while (writer->next_table < tables->count &&
	       line >= tables->items[writer->next_table].line +
			       2 * tables->items[writer->next_table].cells)
		writer->next_table++;
	if (writer->next_table == tables->count || line < tables->items[writer->next_table].line)
		return false;
	const struct table *table = &tables->items[writer->next_table];
	size_t cell = (line - table->line) / 2;
	writer->skip = 1;
	if (cell == 0)
		open_table(writer, table);
	if (table != writer->table || cell != writer->cell)
		return false;
	if (writer->column == 0)
		html_open(writer->h, "tr");
	open_cell(writer);
	writer->in_cell = true;
	return true;
}

static void end_row(struct writer *writer)
{
	const struct table *table = writer->table;
	for (; writer->column < table->columns; writer->column++) {
		open_cell(writer);
		html_close(writer->h);
	}
	html_close(writer->h);
	writer->column = 0;
	writer->row++;
	bool is_last = writer->row == table->row_count;
	if (writer->row == 1 || is_last)
		html_close(writer->h); /* thead or tbody */
	if (writer->row == 1 && !is_last)
		html_open(writer->h, "tbody");
	if (!is_last)
		return;
	html_close(writer->h);
	html_close(writer->h);
	writer->table = NULL;
}

static void leave_cell(struct writer *writer)
{
	html_close(writer->h);
	writer->in_cell = false;
	writer->cell++;
	writer->column++;
	if (writer->column == writer->table->rows[writer->row])
		end_row(writer);
}

static bool is_link(cmark_node_type type)
{
	return type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE;
}

static void enter(struct writer *writer, cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	bool is_cell = type == CMARK_NODE_PARAGRAPH && enter_cell(writer, node);
	if (writer->depth++ < DEPTH_MAX && !is_cell)
		open_container(writer, node);
	if (type == CMARK_NODE_IMAGE)
		html_say(writer->h, "Image: ");
	if (is_link(type))
		writer->links++;
	if (type == CMARK_NODE_ITEM)
		look_for_task(writer, node);
}

static void leave(struct writer *writer, cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);
	writer->depth--;
	if (type == CMARK_NODE_PARAGRAPH && writer->in_cell)
		leave_cell(writer);
	else if (writer->depth < DEPTH_MAX)
		html_close(writer->h);
	if (is_link(type))
		writer->links--;
	if (type == CMARK_NODE_PARAGRAPH && is_tight(node))
		html_say(writer->h, " ");
}

/* Words */

static void put_words(struct writer *writer, struct wpkg_str text)
{
	struct wpkg_str before;
	struct wpkg_str address;
	while (writer->links == 0 && address_take(&before, &address, &text)) {
		if (before.len > 0)
			html_text(writer->h, before);
		html_open(writer->h, "a");
		html_attr_text(writer->h, "href", address);
		html_attr(writer->h, "rel", "nofollow noopener ugc");
		html_text(writer->h, address);
		html_close(writer->h);
	}
	if (text.len > 0)
		html_text(writer->h, text);
}

static size_t count_tildes(struct wpkg_str text, size_t at)
{
	size_t end = at;
	while (end < text.len && text.ptr[end] == '~')
		end++;
	return end - at;
}

/* Where two tildes, and no more, begin from an offset on; the text's length when there are none. */
static size_t find_tildes(struct wpkg_str text, size_t from)
{
	size_t at = from;
	while (at < text.len) {
		size_t count = count_tildes(text, at);
		if (count == 2)
			return at;
		at += count > 0 ? count : 1;
	}
	return text.len;
}

static bool is_space(struct wpkg_str text, size_t at)
{
	return at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t');
}

static bool can_end(struct wpkg_str text, size_t at)
{
	return at == 0 || !is_space(text, at - 1);
}

/* Do two tildes end what two tildes begin before an offset of a node's text? */
static bool ends_ahead(cmark_node *node, struct wpkg_str text, size_t from)
{
	for (unsigned i = 0; node && i < AHEAD_MAX; i++) {
		for (size_t at = find_tildes(text, from); at < text.len;
		     at = find_tildes(text, at + 2))
			if (can_end(text, at))
				return true;
		node = cmark_node_next(node);
		text = node && cmark_node_get_type(node) == CMARK_NODE_TEXT ? literal_of(node)
									    : (struct wpkg_str){0};
		from = 0;
	}
	return false;
}

/* Two tildes: a beginning, an end, or just these. A beginning without an end ahead is looked for
 * once in each element: it would take time of the number of both. */
static void put_tildes(struct writer *writer, cmark_node *node, struct wpkg_str text, size_t at)
{
	cmark_node *parent = cmark_node_parent(node);
	if (writer->struck == parent && can_end(text, at)) {
		html_close(writer->h);
		writer->struck = NULL;
		return;
	}
	bool can_begin = !writer->struck && writer->not_struck != parent && !is_space(text, at + 2);
	if (can_begin && ends_ahead(node, text, at + 2)) {
		html_open(writer->h, "del");
		writer->struck = parent;
		return;
	}
	if (can_begin)
		writer->not_struck = parent;
	html_say(writer->h, "~~");
}

static void put_text(struct writer *writer, cmark_node *node)
{
	struct wpkg_str text = literal_of(node);
	size_t from = writer->skip < text.len ? writer->skip : text.len;
	if (writer->is_task) {
		html_open(writer->h, "span");
		html_attr(writer->h, "role", "img");
		html_attr(writer->h, "aria-label", writer->is_done ? "done" : "to do");
		html_say(writer->h, writer->is_done ? "\xe2\x98\x91" : "\xe2\x98\x90");
		html_close(writer->h);
		html_say(writer->h, " ");
	}
	writer->is_task = false;
	writer->skip = 0;
	for (;;) {
		size_t at = find_tildes(text, from);
		put_words(writer, wpkg_str_slice(text, from, at));
		if (at == text.len)
			return;
		put_tildes(writer, node, text, at);
		from = at + 2;
	}
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
		put_text(writer, node);
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

/* The text as libcmark is to have it, with the tables that were in it. */
struct source {
	struct wpkg_buf text;
	struct wpkg_arena arena;
	struct tables tables;
};

static bool read_source(struct source *source, struct wpkg_str text)
{
	wpkg_buf_init(&source->text, SOURCE_MAX);
	wpkg_arena_init(&source->arena, SOURCE_MAX);
	return tables_take_out(&source->text, &source->tables, &source->arena, text, NULL) ==
		       WPKG_OK &&
	       !markdown_takes_long(wpkg_buf_str(&source->text));
}

static bool parse_and_write(struct writer *writer, const struct wpkg_buf *text)
{
	struct parsing mine;
	wpkg_arena_init(&mine.arena, MEMORY_MAX);
	parsing = &mine;
	bool good = setjmp(mine.out_of_memory) == 0;
	if (good) {
		cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &memory);
		cmark_parser_feed(parser, text->ptr, text->len);
		write_document(writer, cmark_parser_finish(parser));
	}
	parsing = NULL;
	wpkg_arena_clear(&mine.arena);
	return good;
}

struct markdown_outcome markdown_write(struct html *h, struct wpkg_str text, unsigned level)
{
	struct source source = {0};
	struct writer writer = {.h = h, .level = level, .tables = &source.tables};
	const struct html before = *h;
	const size_t len = h->out->len;
	text = wpkg_str_slice(text, 0, MARKDOWN_MAX);
	bool good = read_source(&source, text) && parse_and_write(&writer, &source.text);
	wpkg_buf_clear(&source.text);
	wpkg_arena_clear(&source.arena);
	if (good)
		return writer.outcome;
	*h = before;
	wpkg_buf_truncate(h->out, len);
	put_code_block(h, text);
	return (struct markdown_outcome){.is_plain = true};
}
