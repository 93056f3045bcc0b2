/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HTML_H
#define WPKG_SERVER_HTML_H

/*
 * A page, written from its first byte to its last. The writer keeps the open elements, so that what
 * it writes is well-formed as HTML and as XML, and escapes every text and every attribute: there is
 * no call that writes markup as it is given.
 *
 *   html_open(h, "p");                      <p
 *   html_attr(h, "class", "note");             class="note"
 *   html_say(h, "Made by ");                             >Made by
 *   html_text(h, author);                                        <bdi>...</bdi>
 *   html_close(h);                                                             </p>
 *
 * Names of elements and attributes, and what html_say and html_attr write, are texts of this
 * program. What comes from elsewhere goes through html_text, html_label, html_lines, html_attr_text
 * and html_address: characters that hide or reorder text are shown as \u{202e}, and a text that may
 * run from right to left cannot reach into its surroundings.
 *
 * A failure sticks to the buffer that is written to.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define HTML_DEPTH 96 /* elements within each other */

struct html {
	struct wpkg_buf *out;
	const char *elements[HTML_DEPTH]; /* open ones */
	unsigned depth;
	bool in_tag;  /* attributes may follow */
	bool is_void; /* the tag is of an element without content */
};

void html_init(struct html *h, struct wpkg_buf *out);

void html_open(struct html *h, const char *element);
void html_open_class(struct html *h, const char *element, const char *class_);
void html_close(struct html *h);		     /* the innermost */
void html_void(struct html *h, const char *element); /* an element without content: br, meta */

/* Attributes of the element that was opened last, before its content. */
void html_attr(struct html *h, const char *name, const char *value);
void html_attr_text(struct html *h, const char *name, struct wpkg_str value);
void html_attr_number(struct html *h, const char *name, int64_t value);

/*
 * An address of this server: for each '*' of the pattern one struct wpkg_str, percent-encoded as
 * its place in the path or, behind '?', in the query demands.
 */
void html_address(struct html *h, const char *name, const char *pattern, ...);

/* Content. */
void html_say(struct html *h, const char *words);
void html_text(struct html *h, struct wpkg_str text);
void html_label(struct html *h, struct wpkg_str text); /* where no element may be: title, option */
void html_lines(struct html *h, struct wpkg_str text); /* line ends and tabs stay */
void html_number(struct html *h, uint64_t number);
void html_size(struct html *h, uint64_t bytes);			/* "28.8 KiB" */
void html_share(struct html *h, uint64_t part, uint64_t whole); /* "12.5%"; whole is not 0 */
void html_time(struct html *h, int64_t seconds);		/* a day, with its moment */

/* "1 version", "2 versions" */
void html_count(struct html *h, uint64_t count, const char *one, const char *many);

/* An element with words or a text in it. */
void html_word(struct html *h, const char *element, const char *words);
void html_code(struct html *h, struct wpkg_str text);

/* How a character that means something in HTML and XML is written; NULL for every other one. */
const char *html_reference(uint32_t c);

/* A link within this server; the address as of html_address, around what is written next. */
void html_link(struct html *h, const char *pattern, ...);

#endif
