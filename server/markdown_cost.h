/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_MARKDOWN_COST_H
#define WPKG_SERVER_MARKDOWN_COST_H

/*
 * What takes libcmark long. Each blank line passes through every list that is open, and each link
 * through every bracket of its paragraph that may begin one (libcmark 0.30.2): many of both would
 * take time of their product. A text that nests so deeply, or has so many brackets without a break,
 * is no readme.
 */

#include <stdbool.h>

#include "base/str.h"

bool markdown_takes_long(struct wpkg_str text);

#endif
