/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_PUT_H
#define WPKG_LINK_PUT_H

/* Parts of an output that every kind of link writes. Types are numbered by canonical number: out
 * has the type index for each, live says which of them there are. */

#include "base/buf.h"
#include "wasm/module.h"

/* A type with the output's indices. */
void link_put_valtype(struct wpkg_buf *out, wpkg_valtype type, const uint32_t *type_out);

/* The content of a type section: a recursion group is live when its first type is. */
void link_put_types(struct wpkg_buf *out, const struct wpkg_types *types, const bool *live,
		    const uint32_t *type_out);

/* Limits of a table (page_log2 16) or memory. */
void link_put_size(struct wpkg_buf *out, const struct wpkg_size *size, uint8_t page_log2);

/*
 * Something with its size in front, written before the size is known: begin leaves room and says
 * where the content begins, end writes the size and moves the content up to it. Nothing is in
 * memory twice.
 */
size_t link_begin_sized(struct wpkg_buf *out);
void link_end_sized(struct wpkg_buf *out, size_t start);

/* Appends the output, if it is a valid module, and clears it in any case. What we wrote must be
 * what the specification allows, or it is not given out. */
WPKG_MUST_CHECK enum wpkg_status link_give(struct wpkg_buf *out, struct wpkg_buf *output,
					   unsigned threads, struct wpkg_err *err);

/* The modules of a link, of whose descriptions one is made. */
struct link_sources {
	const struct wpkg_module *const *modules;
	size_t count;
	void (*rest)(struct wpkg_str bytes); /* as in object.h; NULL */
};

static inline void link_rest(const struct link_sources *from, size_t module)
{
	if (from->rest)
		from->rest(from->modules[module]->bytes);
}

/* Sections of tool conventions: what the modules have, once each. */
void link_put_producers(struct wpkg_buf *out, const struct link_sources *from);
void link_put_features(struct wpkg_buf *out, const struct link_sources *from, bool with_refusals);

/* A custom section that is a count and its entries; none when the count is 0. */
void link_put_counted(struct wpkg_buf *out, struct wpkg_str name, uint32_t count,
		      const struct wpkg_buf *entries);

#endif
