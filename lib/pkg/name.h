/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_NAME_H
#define WPKG_PKG_NAME_H

/*
 * Package names: parts joined by '/', such as "example.com/tools/greet".
 *
 * Bindle accepts any text. What we accept on create: each part is 1 to 128 bytes of Unicode
 * letters and digits and '_', '-', '.', beginning with a letter, digit or '_', and neither "." nor
 * ".."; the whole is at most 255 bytes; letters of one script a part (Latin, Greek, Cyrillic, ...;
 * Han with Hiragana, Katakana, Bopomofo and Hangul counts as one, as UTS 39's "highly restrictive"
 * level has it); what begins with "bindle:" cannot pass, since ':' is no letter. What is older than
 * that rule may still be read.
 *
 * Two names are confusable when their skeletons are equal: case folded, look-alikes folded to one
 * letter, '-', '_' and '.' alike. A registry refuses a new name whose skeleton is taken.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define WPKG_NAME_MAX 255

WPKG_MUST_CHECK enum wpkg_status wpkg_name_check(struct wpkg_str name, struct wpkg_err *err);

/* Appends the skeleton of a checked name. */
void wpkg_name_append_skeleton(struct wpkg_buf *buf, struct wpkg_str name);

#endif
