/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_FORM_H
#define WPKG_NET_FORM_H

/*
 * What comes percent-encoded in a request's target: the segments of its path (RFC 3986) and the
 * pairs of its query (application/x-www-form-urlencoded). Strict: a '%' without two hex digits and
 * decoded text that is not UTF-8 or holds control characters are refused.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define WPKG_FORM_MAX 64 /* pairs in one query */

struct wpkg_form_pair {
	struct wpkg_str key;
	struct wpkg_str value; /* empty also when there was no '=' */
};

struct wpkg_form {
	struct wpkg_form_pair *pairs; /* in the arena, in the order given */
	size_t count;
};

/* The text after '?'. Empty parts between '&' are passed over. */
WPKG_MUST_CHECK enum wpkg_status wpkg_form_parse(struct wpkg_form *out, struct wpkg_arena *arena,
						 struct wpkg_str text, struct wpkg_err *err);

/*
 * A path decoded segment by segment: the slashes of the text stay, and an encoded slash (or NUL)
 * is WPKG_EFORMAT, because it would make two segments out of one.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_path_decode(struct wpkg_str *out, struct wpkg_arena *arena,
						  struct wpkg_str text, struct wpkg_err *err);

#endif
