/* SPDX-License-Identifier: Apache-2.0 */
#include "markdown_table.h"

#include <string.h>

#define MARGIN_MAX 3 /* spaces in front of a table's line */
#define BLANK_MAX 3  /* blank lines that follow each other */

struct taking {
	struct wpkg_buf *out;
	struct wpkg_arena *arena;
	struct tables *tables;
	size_t table_room;
	size_t line;  /* that is written next */
	size_t cells; /* of all tables */
	char fence;   /* of the code block that is open; 0: none */
	size_t fence_len;
	bool failed; /* memory is out */
};

/* Lines */

/* As libcmark ends them: with a line feed, a carriage return, or both. */
static bool next_line(struct wpkg_str *line, struct wpkg_str *rest)
{
	size_t end = 0;
	if (rest->len == 0)
		return false;
	while (end < rest->len && rest->ptr[end] != '\n' && rest->ptr[end] != '\r')
		end++;
	*line = wpkg_str_slice(*rest, 0, end);
	*rest = wpkg_str_from_offset(*rest, end);
	bool both = wpkg_str_starts(*rest, WPKG_LIT("\r\n"));
	*rest = wpkg_str_from_offset(*rest, both ? 2 : rest->len > 0);
	return true;
}

static size_t count_front(struct wpkg_str line, char c)
{
	size_t count = 0;
	while (count < line.len && line.ptr[count] == c)
		count++;
	return count;
}

static void put_line(struct taking *taking, struct wpkg_str line)
{
	wpkg_buf_append_str(taking->out, line);
	wpkg_buf_append_byte(taking->out, '\n');
	taking->line++;
}

/* Behind the marks of quotes and lists, which a fence may stand in. */
static struct wpkg_str inner(struct wpkg_str line)
{
	size_t at = 0;
	while (at < line.len && line.ptr[at] && strchr(" \t>-+*.)0123456789", line.ptr[at]))
		at++;
	return wpkg_str_from_offset(line, at);
}

/* Within a fenced block of code, its first and last line among it? */
static bool is_code(struct taking *taking, struct wpkg_str line)
{
	struct wpkg_str rest = inner(line);
	char c = rest.len > 0 ? rest.ptr[0] : '\0';
	size_t len = c == '`' || c == '~' ? count_front(rest, c) : 0;
	struct wpkg_str info = wpkg_str_trim(wpkg_str_from_offset(rest, len));
	if (taking->fence != 0) {
		if (c == taking->fence && len >= taking->fence_len && info.len == 0)
			taking->fence = '\0';
		return true;
	}
	/* What has backticks behind three of them is code within a line. */
	if (len < 3 || (c == '`' && wpkg_str_find(info, '`') < info.len))
		return false;
	taking->fence = c;
	taking->fence_len = len;
	return true;
}

/* Of a table's line, what is between its outer bars; false when it can be none. */
static bool take_row(struct wpkg_str *out, struct wpkg_str line)
{
	if (count_front(line, ' ') > MARGIN_MAX)
		return false;
	line = wpkg_str_trim(line);
	if (line.len == 0)
		return false;
	if (line.ptr[0] == '|')
		line = wpkg_str_from_offset(line, 1);
	*out = line;
	return true;
}

/* The next cell, as far as the bar behind it; false behind the last. A bar behind a backslash is
 * none, and behind the last one of a line there is no cell. */
static bool next_cell(struct wpkg_str *cell, struct wpkg_str *row, bool is_first)
{
	size_t end = 0;
	if (row->len == 0 && !is_first)
		return false;
	while (end < row->len && row->ptr[end] != '|')
		end += row->ptr[end] == '\\' && end + 1 < row->len ? 2 : 1;
	*cell = wpkg_str_trim(wpkg_str_slice(*row, 0, end));
	*row = wpkg_str_from_offset(*row, end < row->len ? end + 1 : end);
	return true;
}

static size_t count_cells(struct wpkg_str line)
{
	struct wpkg_str row;
	struct wpkg_str cell;
	size_t count = 0;
	if (!take_row(&row, line))
		return 0;
	while (count <= TABLE_COLUMNS_MAX && next_cell(&cell, &row, count == 0))
		count++;
	return count;
}

/* ":---", ":-:" and so on. */
static bool take_align(enum table_align *out, struct wpkg_str cell)
{
	static const enum table_align aligns[2][2] = {{TABLE_PLAIN, TABLE_RIGHT},
						      {TABLE_LEFT, TABLE_CENTER}};
	bool left = cell.len > 0 && cell.ptr[0] == ':';
	bool right = cell.len > 1 && cell.ptr[cell.len - 1] == ':';
	struct wpkg_str dashes = wpkg_str_slice(cell, left, cell.len - right);
	*out = aligns[left][right];
	return dashes.len > 0 && count_front(dashes, '-') == dashes.len;
}

/* Is the line the one below a head, and of as many cells? */
static bool take_aligns(struct table *table, struct wpkg_str line)
{
	struct wpkg_str row;
	struct wpkg_str cell;
	size_t count = 0;
	if (!take_row(&row, line))
		return false;
	while (next_cell(&cell, &row, count == 0)) {
		if (count == table->columns || !take_align(&table->aligns[count], cell))
			return false;
		count++;
	}
	return count == table->columns;
}

/* Does it begin another block, or is it blank? */
static bool ends_table(struct wpkg_str line)
{
	struct wpkg_str text = wpkg_str_trim(line);
	if (text.len == 0 || count_front(line, ' ') > MARGIN_MAX || line.ptr[0] == '\t')
		return true;
	char c = text.ptr[0];
	bool is_item = (c == '-' || c == '*' || c == '+') && text.len > 1 && text.ptr[1] == ' ';
	return c == '>' || c == '#' || is_item || wpkg_str_starts(text, WPKG_LIT("```")) ||
	       wpkg_str_starts(text, WPKG_LIT("~~~"));
}

/* Writing */

/* A bar that was escaped is one, in code as well. */
static void put_cell(struct taking *taking, struct wpkg_str cell)
{
	wpkg_buf_append_byte(taking->out, '.');
	for (size_t i = 0; i < cell.len; i++)
		if (cell.ptr[i] != '\\' || i + 1 == cell.len || cell.ptr[i + 1] != '|')
			wpkg_buf_append_byte(taking->out, (uint8_t)cell.ptr[i]);
	put_line(taking, (struct wpkg_str){0});
	put_line(taking, (struct wpkg_str){0});
}

/* How many cells it has; those behind the last column are left out. */
static size_t put_row(struct taking *taking, const struct table *table, struct wpkg_str line)
{
	struct wpkg_str row;
	struct wpkg_str cell;
	size_t count = 0;
	if (!take_row(&row, line))
		return 0;
	while (count < table->columns && next_cell(&cell, &row, count == 0)) {
		put_cell(taking, cell);
		count++;
	}
	taking->cells += table->columns;
	return count;
}

static struct table *add_table(struct taking *taking, const struct table *table)
{
	struct tables *tables = taking->tables;
	if (tables->count == taking->table_room) {
		size_t room = tables->count > 0 ? 2 * tables->count : 8;
		struct table *items = wpkg_arena_alloc(taking->arena, room, sizeof(*items));
		if (!items)
			return NULL;
		if (tables->count > 0)
			memcpy(items, tables->items, tables->count * sizeof(*items));
		tables->items = items;
		taking->table_room = room;
	}
	tables->items[tables->count] = *table;
	return &tables->items[tables->count++];
}

/* The head is written already; text is what stands below the dashes. */
static void put_rows(struct taking *taking, struct table *table, struct wpkg_str *text)
{
	struct wpkg_buf rows;
	struct wpkg_str rest = *text;
	struct wpkg_str line;
	wpkg_buf_init(&rows, TABLE_CELLS_MAX + 1);
	wpkg_buf_append_byte(&rows, (uint8_t)table->columns);
	table->cells = table->columns;
	while (taking->cells + table->columns <= TABLE_CELLS_MAX && next_line(&line, &rest) &&
	       !ends_table(line)) {
		size_t cells = put_row(taking, table, line);
		table->cells += cells;
		wpkg_buf_append_byte(&rows, (uint8_t)cells);
		*text = rest;
	}
	table->row_count = rows.len;
	table->rows = (const uint8_t *)wpkg_arena_dup(taking->arena, wpkg_buf_str(&rows)).ptr;
	taking->failed = taking->failed || !table->rows || rows.failed != WPKG_OK;
	wpkg_buf_clear(&rows);
}

/* Takes a table off the text whose first line is its head; false when there is none. */
static bool take_table(struct taking *taking, struct wpkg_str head, struct wpkg_str *text)
{
	struct table table = {.columns = count_cells(head)};
	struct wpkg_str rest = *text;
	struct wpkg_str dashes;
	if (table.columns == 0 || table.columns > TABLE_COLUMNS_MAX ||
	    wpkg_str_find(head, '|') == head.len || ends_table(head) ||
	    taking->cells + table.columns > TABLE_CELLS_MAX || !next_line(&dashes, &rest) ||
	    !take_aligns(&table, dashes))
		return false;
	put_line(taking, (struct wpkg_str){0});
	table.line = taking->line;
	(void)put_row(taking, &table, head);
	*text = rest;
	struct table *added = add_table(taking, &table);
	if (added)
		put_rows(taking, added, text);
	else
		taking->failed = true;
	return true;
}

enum wpkg_status tables_take_out(struct wpkg_buf *out, struct tables *tables,
				 struct wpkg_arena *arena, struct wpkg_str text,
				 struct wpkg_err *err)
{
	struct taking taking = {.out = out, .arena = arena, .tables = tables, .line = 1};
	struct wpkg_str line;
	size_t blank = 0;
	*tables = (struct tables){0};
	while (!taking.failed && next_line(&line, &text)) {
		blank = wpkg_str_trim(line).len == 0 ? blank + 1 : 0;
		if (blank > BLANK_MAX)
			continue;
		if (is_code(&taking, line) || !take_table(&taking, line, &text))
			put_line(&taking, line);
	}
	if (taking.failed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for tables");
	return wpkg_buf_check(out, "the text", err);
}
