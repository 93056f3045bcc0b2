/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_ROLE_H
#define WPKG_PKG_ROLE_H

/* In which role a key signs. */

#include <stdbool.h>

#include "base/str.h"

enum wpkg_role { WPKG_ROLE_CREATOR, WPKG_ROLE_APPROVER, WPKG_ROLE_HOST, WPKG_ROLE_PROXY };
#define WPKG_ROLE_COUNT 4

/* The lower-case word. Static text. */
const char *wpkg_role_name(enum wpkg_role role);

/* In a document: exactly the lower-case word. */
bool wpkg_role_parse(enum wpkg_role *out, struct wpkg_str text);

/* From a person: any case, spaces around, or the first letter. */
bool wpkg_role_parse_loose(enum wpkg_role *out, struct wpkg_str text);

#endif
