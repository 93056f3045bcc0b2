/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_MARKDOWN_TABLE_H
#define WPKG_SERVER_MARKDOWN_TABLE_H

/*
 * Tables, as GitHub's Markdown has them and CommonMark has not:
 *
 *   | Name | Size |
 *   | ---- | ---: |
 *   | a    |   12 |
 *
 * They are taken apart before libcmark sees the text. In their place it gets a paragraph for each
 * cell, with a full stop in front, so that nothing in a cell begins anything but a paragraph, and
 * with a blank line behind. Which paragraphs are cells is known by their lines: whatever stands in
 * a text, it cannot pass for a cell.
 *
 * A table is found where it begins at most three spaces from the margin; one within a list ends the
 * list, one within a quote is none. It ends with a blank line, with a line that begins another
 * block, and where there are too many cells.
 *
 * libcmark-gfm, which knows tables, is not used: that of Debian 12 (0.29.0.gfm.6) takes ten seconds
 * for 64 KiB of small tables, and gigabytes for one of many columns and short rows.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define TABLE_COLUMNS_MAX 64
#define TABLE_CELLS_MAX 20000 /* of one text, those that short rows leave out among them */

enum table_align { TABLE_PLAIN, TABLE_LEFT, TABLE_CENTER, TABLE_RIGHT };

struct table {
	size_t line;  /* of its first cell, from 1; each further one is two lines below */
	size_t cells; /* that have a paragraph */
	size_t columns;
	enum table_align aligns[TABLE_COLUMNS_MAX];
	size_t row_count;    /* the head among them */
	const uint8_t *rows; /* how many cells each has; at least one */
};

/* In the arena, the first of the text first. */
struct tables {
	struct table *items;
	size_t count;
};

/* Appends the text as libcmark shall have it. The first of many blank lines stand for all. */
WPKG_MUST_CHECK enum wpkg_status tables_take_out(struct wpkg_buf *out, struct tables *tables,
						 struct wpkg_arena *arena, struct wpkg_str text,
						 struct wpkg_err *err);

#endif
