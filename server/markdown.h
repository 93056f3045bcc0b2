/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_MARKDOWN_H
#define WPKG_SERVER_MARKDOWN_H

/*
 * CommonMark as part of a page, and what people write beside it: tables, ~~struck out~~ words,
 * items with a box to tick, addresses without brackets around them. Nothing of the text becomes
 * markup by itself: libcmark says what it is made of, and html.h writes that. Raw HTML is left out;
 * an image becomes a link, since pages load nothing from elsewhere; a link that is not http, https
 * or mailto becomes its words.
 */

#include "html.h"

#define MARKDOWN_MAX ((size_t)128 << 10) /* bytes that are looked at */

struct markdown_outcome {
	bool left_out_html; /* there was some */
	bool is_plain;	    /* it would take too long to be taken apart: it stands as it is */
};

/* Headings begin at the level, and leave none out. */
struct markdown_outcome markdown_write(struct html *h, struct wpkg_str text, unsigned level);

#endif
